"""Money moved between own accounts: out of one, into another, the one pair of lines that may cross accounts and entities.

A line may name the other account as its counterparty, or only be coded as a transfer. One that names somebody else is
none. Where the two accounts have different currencies, the amounts agree at the rate of the day.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.exchange import valued
from reconciliation.matching.nearby import within_days
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import KIND, PAIRS, Proposals

_SENTENCES = (
    "out of one own account and into another, both lines coded as transfers, {days}",
    "out of one own account and into the other that one of the lines names, {days}",
    "out of one own account and into another, each line names the other account, {days}",
)  # by how many of the two lines name the other's account
_NEARER = 0.5  # a day further apart is half as likely


class OwnTransfer(PassConfig):
    """Pairs of opposite amount on two own accounts of one dataset, `window` days apart at most.

    `account` is the own account; `counterparty_account` is the `account` of another own account, somebody else's, or null.
    Where neither line names the other's account, both have to be of one of `kinds`, and of one currency. Of two currencies,
    the amounts lie within `share` at the newest rate of at most `max_age` days before; without rates none is found.
    """

    KIND: ClassVar[str] = "own_transfer"
    ACROSS_ENTITIES: ClassVar[bool] = True

    kind: Literal["own_transfer"] = "own_transfer"
    kinds: tuple[str, ...] = ("transfer",)
    window: int = 5
    share: Annotated[float, Field(gt=0, lt=0.2)] = 0.03
    max_age: Annotated[int, Field(ge=0)] = 7
    odds: float = 1e5

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of one currency and of two, weighed together."""
        sides = [self._lines(view) for view in context.sides]
        own = pl.concat([side["own"] for side in sides]).unique().implode()
        sides = [side.filter(pl.col("names").is_null() | pl.col("names").is_in(own)) for side in sides]
        if not any((side["names"].is_not_null() | side["coded"]).any() for side in sides):
            return
        met = [self._equal(sides)]
        if context.rates is not None and not context.rates.is_empty():
            met.append(self._exchanged(context, sides))
        pairs = pl.concat(met)
        left, right = (pairs[side].to_numpy() for side in ("left", "right"))
        fits = context.compatible(left, right, same_currency=False, across_accounts=True)
        pairs = pairs.filter(pl.Series(fits, dtype=pl.Boolean))
        odds = self.odds * pl.lit(_NEARER).pow(pl.col("lag").abs().cast(pl.Float64))
        frame = pairs.with_columns(odds.alias("odds"), pl.col("naming").alias("evidence"))
        # beyond the shape of pairs, `valued`: what `results` balances the group with
        yield Proposals(pairs=frame.select(*PAIRS, "valued").cast(PAIRS), evidence=_SENTENCES)  # type: ignore[arg-type]

    def _lines(self, view: SideView) -> pl.DataFrame:
        """The open lines with `own` and `names` (accounts), `coded` (as a transfer), `size` (minor units)."""
        lines = view.frame(
            pl.col("account").alias("own"),
            pl.col("counterparty_account").alias("names"),
            pl.col("kind").is_in(list(self.kinds)).fill_null(False).alias("coded"),
        )
        return lines.select("row", "open", "currency", "date", "own", "names", "coded", size=pl.col("open").abs())

    def _equal(self, sides: list[pl.DataFrame]) -> pl.DataFrame:
        """Pairs of equal amount and currency."""
        out, into = sides
        keys = ["size", "currency"]
        silent = [side.filter("coded", pl.col("names").is_null()) for side in sides]
        met = [
            within_days(_naming(out, into), ["account", *keys], self.window),
            within_days(_naming(into, out)[::-1], ["account", *keys], self.window),
            within_days(silent, keys, self.window),
        ]
        return _facts(met, sides).with_columns(
            valued=pl.col("right_applied"), difference_kind=pl.lit(KIND["none"])
        )  # fmt: skip

    def _exchanged(self, context: LegContext, sides: list[pl.DataFrame]) -> pl.DataFrame:
        """Pairs of two currencies, where a line names the other account, near the rate of the day."""
        out, into = sides
        held = [side.select("currency", account="own").unique() for side in sides]
        abroad = [
            side.join(other, left_on="names", right_on="account", suffix="_held")
            .filter(pl.col("currency") != pl.col("currency_held"))
            .select(side.columns)
            .unique()
            for side, other in ((out, held[1]), (into, held[0]))
        ]
        met = [
            within_days(_naming(abroad[0], into), ["account"], self.window),
            within_days(_naming(abroad[1], out)[::-1], ["account"], self.window),
        ]
        unlike = [pairs.filter(pl.col("currency") != pl.col("currency_right")) for pairs in met]
        pairs = _facts(unlike, sides)
        left, right = (pairs[side].to_numpy() for side in ("left", "right"))
        assert context.rates is not None  # noqa: S101 - `propose` has looked
        worth, known = valued(
            context.rates, context.encoding, (context.left, left), (context.right, right), self.max_age
        )
        near = known & (np.abs(context.left.open[left] + worth) <= np.abs(worth) * self.share)
        pairs = pairs.with_columns(valued=pl.Series(worth), difference_kind=pl.lit(KIND["fx"]))
        return pairs.filter(pl.Series(near, dtype=pl.Boolean))


def _naming(lines: pl.DataFrame, others: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines that name an account, and the others on those accounts, both by `account`."""
    naming = lines.rename({"names": "account"}).drop_nulls("account")
    return naming, others.rename({"own": "account"}).join(naming.select("account").unique(), on="account", how="semi")


def _facts(met: list[pl.DataFrame], sides: list[pl.DataFrame]) -> pl.DataFrame:
    """Each pair once, none that names somebody else: `left`, `right`, amounts, `lag`, `naming` (lines that name the other)."""
    pairs = pl.concat([pairs.select(left="row", right="row_right", lag="lag") for pairs in met]).unique()
    out, into = (side.select("row", "open", "own", "names") for side in sides)
    told = pairs.join(out, left_on="left", right_on="row").join(into, left_on="right", right_on="row", suffix="_right")
    agree = [pl.col("names") == pl.col("own_right"), pl.col("names_right") == pl.col("own")]
    told = told.filter(pl.col("own") != pl.col("own_right"), *(each.fill_null(True) for each in agree))
    naming = pl.sum_horizontal(each.fill_null(False).cast(pl.UInt16) for each in agree)
    return told.sort("left", "right").select(
        "left", "right", "lag", naming.alias("naming"), left_applied="open", right_applied="open_right"
    )
