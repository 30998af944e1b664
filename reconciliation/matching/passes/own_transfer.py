"""Money moved between own accounts: out of one, into another, the one pair of lines that may cross accounts and entities.

A line may name the other account as its counterparty or in its text, or only be coded as a transfer or say that it is one. One
that names somebody else is none. Where the two accounts have different currencies, the amounts agree at the rate of the day.

Two lines that name each other's account belong together. Where one of them says nothing, it may as well be somebody else's
money of that amount: how many such lines the account has that no transfer explains says how likely.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.counterparty_keys import account_key, account_keys
from reconciliation.matching.exchange import valued
from reconciliation.matching.joins import among
from reconciliation.matching.learned_rates import learned_rates
from reconciliation.matching.nearby import about, within_days
from reconciliation.matching.own_accounts import named_in_field, named_in_text, says_moved
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import KIND, PAIRS, Proposals

_SENTENCES = (
    "out of one own account and into another, both lines coded as transfers, {days}",
    "out of one own account and into the other that one of the lines names, {days}",
    "out of one own account and into the other, each line names the other account, {days}",
)  # by how many of the two lines name the other's account
_MUTUAL, _CODED, _SILENT = range(3)  # each names the other; both are transfers; one names the other, which says nothing
_NEARER = 0.5  # a day further apart is so much less likely
_BEFORE = 0.3  # and so much less again where money arrives before it leaves
_PRIOR_PAIRS = 4.0  # pairs that these count for
_ALONE = 0.05  # lines whose other side is not among the data
_UNSEEN = 0.02  # further lines of an amount assumed around a line where none is seen
_SPREAD = 3.0  # amounts of an account spread over so many powers of e


class OwnTransfer(PassConfig):
    """Pairs of opposite amount on two own accounts of one dataset, `window` days apart at most.

    `account` is the own account; `counterparty_account` is the `account` of another own account, somebody else's, or null.
    Where neither line names the other's account, both have to be of one of `kinds` or say that money is moved (`own_accounts`),
    and of one currency. Of two currencies, the amounts lie within `share` at the newest rate of at most `max_age` days before,
    or, where no rates are given, at that of other such transfers (`learned_rates`). Up to `around` days outside the window,
    lines that say nothing show how often an amount is there by chance.
    """

    KIND: ClassVar[str] = "own_transfer"
    ACROSS_ENTITIES: ClassVar[bool] = True

    kind: Literal["own_transfer"] = "own_transfer"
    kinds: tuple[str, ...] = ("transfer",)
    window: int = 5
    around: int = 60
    share: Annotated[float, Field(gt=0, lt=0.2)] = 0.03
    max_age: Annotated[int, Field(ge=0)] = 7
    odds: float = 1e5

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of one currency and of two, weighed together."""
        sides = self._sides(context)
        if not any((side["names"].is_not_null() | side["coded"]).any() for side in sides):
            return
        pairs = pl.concat([self._equal(sides), self._exchanged(context, sides)])
        left, right = (pairs[side].to_numpy() for side in ("left", "right"))
        fits = context.compatible(left, right, same_currency=False, across_accounts=True)
        pairs = _of_the_surest(pairs.filter(pl.Series(fits, dtype=pl.Boolean)), self.window)
        inside = pairs.filter(pl.col("lag").abs() <= self.window)
        if inside.is_empty():
            return
        likely = self._likely(inside)[inside["lag"].to_numpy() + self.window]
        by_chance = (_unexplained(inside, pairs, self.window) + _UNSEEN) / (2 * self.around)
        # of two currencies the amount tells less: any other line that is there then may lie as near
        by_chance = np.where(inside["unlike"], (inside["others"] + _UNSEEN) * 2 * self.share / _SPREAD, by_chance)
        silent = inside["tier"].to_numpy() == _SILENT
        odds = np.where(silent, (1 - _ALONE) / _ALONE / by_chance, self.odds) * likely
        frame = inside.with_columns(pl.Series("odds", odds), evidence="naming")
        # beyond the shape of pairs, `valued`: what `results` balances the group with
        yield Proposals(pairs=frame.select(*PAIRS, "valued").cast(PAIRS), evidence=_SENTENCES)  # type: ignore[arg-type]

    def _sides(self, context: LegContext) -> list[pl.DataFrame]:
        """By side the open lines that name nobody else: `own` and `names` (accounts), `coded` (as a transfer, or in words), `size`
        (minor units), `currency`, `date`."""
        own = pl.concat(account_key(view.dataset.columns.coded("account")[1]) for view in context.sides)
        accounts = own.drop_nulls().unique().sort().to_list()
        sides = [self._lines(view, accounts) for view in context.sides]
        return [self._told(*each, accounts) for each in zip(context.sides, sides, sides[::-1], strict=True)]

    def _lines(self, view: SideView, accounts: list[str]) -> pl.DataFrame:
        """The open lines of a side as their fields tell of them."""
        rows = view.rows()
        given = account_keys(view.dataset, rows)
        coded = pl.col("kind").is_in(list(self.kinds)).fill_null(False).alias("coded")
        lines = view.selected(rows, coded).with_columns(
            view.dataset.by_value("account", account_key, rows).alias("own"),
            named_in_field(given, accounts).alias("names"),
            size=pl.col("open").abs(),
        )
        lines = lines.select("row", "open", "currency", "date", "size", "own", "names", "coded")
        return lines.filter(given.is_null() | lines["names"].is_not_null())

    def _told(self, view: SideView, lines: pl.DataFrame, others: pl.DataFrame, accounts: list[str]) -> pl.DataFrame:
        """The lines with what the texts add of those whose fields name nobody, and whose amount the other side has about then, or
        whose account a line in another currency names."""
        nameless = lines.filter(pl.col("names").is_null())
        mine, other = nameless["size"].to_numpy(), others["size"].to_numpy()
        silent, alike = nameless.filter(pl.Series(among(mine, other))), others.filter(pl.Series(among(other, mine)))
        silent = about(silent, alike, ["size", "currency"], self.window)
        abroad = _abroad(others, lines).select("date", own="names")
        silent = (
            pl.concat([silent, about(nameless, abroad, ["own"], self.window)]).select("row", "own").unique().sort("row")
        )
        texts = view.dataset.take(["text"], silent["row"].to_numpy())["text"]
        named = named_in_text(silent.with_columns(texts), accounts).rename({"account": "told"})
        said = silent.select("row").filter(says_moved(texts)).with_columns(said=pl.lit(True))
        lines = lines.join(named, on="row", how="left").join(said, on="row", how="left", maintain_order="left")
        return lines.with_columns(
            names=pl.coalesce("names", "told"), coded=pl.col("coded") | pl.col("said").fill_null(False)
        ).drop("told", "said")

    def _equal(self, sides: list[pl.DataFrame]) -> pl.DataFrame:
        """Pairs of equal amount and currency, also those up to `around` days outside the window of a line that says nothing."""
        out, into = sides
        keys = ["size", "currency"]
        silent = [side.filter("coded", pl.col("names").is_null()) for side in sides]
        reach = self.window + self.around
        met = [
            within_days(_naming(out, into), ["account", *keys], reach),
            within_days(_naming(into, out)[::-1], ["account", *keys], reach),
            within_days(silent, keys, self.window),
        ]
        return _facts(met, sides).with_columns(
            valued=pl.col("right_applied"), difference_kind=pl.lit(KIND["none"]), unlike=pl.lit(False)
        )

    def _likely(self, pairs: pl.DataFrame) -> npt.NDArray[np.float64]:
        """How likely each date distance is, from `-window` to `window`, from the lines that name each other and nobody else."""
        one = pl.all_horizontal(pl.len().over(side) == 1 for side in ("left", "right"))
        lags = pairs.filter(pl.col("tier") == _MUTUAL).filter(one)["lag"].to_numpy()
        days = np.arange(-self.window, self.window + 1)
        prior = np.where(days > 0, _BEFORE, 1.0) * _NEARER ** np.abs(days)
        seen = np.bincount(lags + self.window, minlength=len(days))
        return np.asarray((seen + _PRIOR_PAIRS * prior / prior.sum()) / (len(lags) + _PRIOR_PAIRS), dtype=np.float64)

    def _exchanged(self, context: LegContext, sides: list[pl.DataFrame]) -> pl.DataFrame:
        """Pairs of two currencies, where a line names the other account, near the rate of the day."""
        out, into = sides
        abroad = [_abroad(side, other) for side, other in ((out, into), (into, out))]
        met = [
            within_days(_naming(abroad[0], into), ["account"], self.window),
            within_days(_naming(abroad[1], out)[::-1], ["account"], self.window),
        ]
        unlike = [pairs.filter(pl.col("currency") != pl.col("currency_right")) for pairs in met]
        pairs = _facts(unlike, sides)
        given = context.rates is not None and not context.rates.is_empty()
        rates = context.rates if given else learned_rates(context.encoding, *_surely(context, pairs))
        assert rates is not None  # noqa: S101 - given or learned
        left, right = (pairs[side].to_numpy() for side in ("left", "right"))
        worth, known = valued(rates, context.encoding, (context.left, left), (context.right, right), self.max_age)
        near = known & (np.abs(context.left.open[left] + worth) <= np.abs(worth) * self.share)
        pairs = pairs.with_columns(valued=pl.Series(worth), difference_kind=pl.lit(KIND["fx"]), unlike=pl.lit(True))
        return pairs.filter(pl.Series(near, dtype=pl.Boolean))


def _abroad(lines: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The lines that name an account on which the others have lines in another currency."""
    held = others.select("currency", account="own").unique()
    naming = lines.drop_nulls("names").join(held, left_on="names", right_on="account", suffix="_held")
    return naming.filter(pl.col("currency") != pl.col("currency_held")).select(lines.columns).unique()


def _naming(lines: pl.DataFrame, others: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines that name an account, and the others on those accounts, both by `account`."""
    naming = lines.rename({"names": "account"}).drop_nulls("account")
    return naming, others.rename({"own": "account"}).join(naming.select("account").unique(), on="account", how="semi")


def _surely(context: LegContext, pairs: pl.DataFrame) -> list[tuple[SideView, Rows]]:
    """Both sides' rows of the pairs that name each other and nobody else."""
    mutual = pairs.filter(pl.col("tier") == _MUTUAL)
    alone = mutual.filter(pl.all_horizontal(pl.len().over(side) == 1 for side in ("left", "right")))
    return [(view, alone[side].to_numpy()) for view, side in zip(context.sides, ("left", "right"), strict=True)]


def _facts(met: list[pl.DataFrame], sides: list[pl.DataFrame]) -> pl.DataFrame:
    """Each pair once, none that names somebody else: `left`, `right`, amounts, `lag`, `naming` (lines that name the other; `by_left`:
    the left one does), the `tier` of its evidence, and how many `others` the line that names meets."""
    pairs = pl.concat([pairs.select(left="row", right="row_right", lag="lag") for pairs in met]).unique()
    out, into = (side.select("row", "open", "own", "names", "coded") for side in sides)
    told = pairs.join(out, left_on="left", right_on="row").join(into, left_on="right", right_on="row", suffix="_right")
    agree = [pl.col("names") == pl.col("own_right"), pl.col("names_right") == pl.col("own")]
    told = told.filter(pl.col("own") != pl.col("own_right"), *(each.fill_null(True) for each in agree))
    naming = [each.fill_null(False) for each in agree]
    both = pl.all_horizontal(pl.col("coded") | naming[0], pl.col("coded_right") | naming[1])
    tier = pl.when(pl.all_horizontal(naming)).then(_MUTUAL).when(both).then(_CODED).otherwise(_SILENT)
    told = told.sort("left", "right").with_columns(tier=tier, by_left=naming[0])
    met_by = [pl.len().over(side, "tier", "by_left").cast(pl.Int64) - 1 for side in ("left", "right")]
    return told.select(
        "left", "right", "lag", "tier", "by_left", pl.sum_horizontal(each.cast(pl.UInt16) for each in naming).alias("naming"),
        left_applied="open", right_applied="open_right", others=pl.when("by_left").then(met_by[0]).otherwise(met_by[1]),
    )  # fmt: skip


def _of_the_surest(pairs: pl.DataFrame, window: int) -> pl.DataFrame:
    """The pairs of which neither line has surer ones inside the window: who is named by a line, and names it, is its partner, not
    a line that says nothing."""
    tier = pl.when(pl.col("lag").abs() <= window).then("tier")
    surest = pl.min_horizontal(tier.min().over(side).fill_null(_SILENT) for side in ("left", "right"))
    return pairs.filter(pl.col("tier") <= surest)


def _unexplained(inside: pl.DataFrame, pairs: pl.DataFrame, window: int) -> npt.NDArray[np.float64]:
    """By pair inside the window: how many lines outside it would fit as well, beyond those that other lines name."""
    counted = np.zeros(inside.height)
    for by_left, naming, other in ((True, "left", "right"), (False, "right", "left")):
        silent = (pl.col("tier") == _SILENT) & (pl.col("by_left") == by_left)
        named = inside.filter(silent)[other].unique().implode()
        more = (
            pairs.filter(silent, pl.col("lag").abs() > window, ~pl.col(other).is_in(named)).group_by(naming).len("more")
        )
        found = inside.with_row_index("place").filter(silent).join(more, on=naming)
        counted[found["place"].to_numpy()] = found["more"].to_numpy()
    return counted
