"""Lines that say they undo another, and the line they undo: a payment that came back, a booking corrected by the bank.

The text, or the kind of the line, says *that* something is undone (RETURN, STORNO, REVERSAL, ...), the opposite amount in
the same account says what. How often such an amount is there by chance is counted outside the window (`chance`), by what
else the two have in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.booking_of_another import of_another_payment
from reconciliation.matching.chance import Level, Window, pair_odds
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.counterparty_keys import account_keys
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.joins import among, key_pairs
from reconciliation.matching.party_evidence import OTHER, party_classes
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.passes.described_reversal import UNDOING
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.reference_keys import DATE
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.legal_forms import FORMS

LEVELS = (
    Level("number", 0.0001, "the text says that it undoes another, both name the same number, {days}"),
    Level("account", 0.001, "the text says that it undoes another of the same counterparty account, {days}"),
    Level("word", 0.001, "the text says that it undoes another, both texts share a rare word, {days}"),
    Level("amount", 0.005, "the text says that it undoes another, the only opposite amount before it, {days}"),
    Level(
        "name",
        0.1,
        "the text says that it undoes another, the only opposite amount before it but of another name, {days}",
    ),
)
_LEVEL = {level.name: place for place, level in enumerate(LEVELS)}
_AMOUNT = r"^[0-9.,]*[.,][0-9]{2}$"  # written in a text it says no more than the amount itself
_NEARER = 0.8  # of several that name the number, one a day further off is so much less likely
_OTHER = len(LEVELS)  # of another counterparty: no candidate
_KINDS = ["return", "reversal"]  # of lines that the bank has coded so
_RARE_WORD, _RARE_NUMBER = 0.02, 0.005  # share of texts up to which a word or a number tells one from another
_RARE_NAME = 0.1  # the same of two words beside each other: one payer may have paid several times
_FEW, _MANY = 3, 20  # texts that may share a word, however few texts there are, and a number, however many


class Returned(PassConfig):
    """Pairs of opposite amount in one account of one dataset, the left item saying that it undoes another.

    The left item is at most `after` days later than the right one. Of an amount that makes more than `max_pairs` pairs
    none stands out, unless both name a number that few others name; with `by: number` only such pairs are taken. `of` names payments and
    documents: a left item that names a payment of its amount undoes no item that names others, and neither it nor what it pays.
    """

    KIND: ClassVar[str] = "returned"

    kind: Literal["returned"] = "returned"
    by: Literal["any", "number"] = "any"
    after: int = 30
    decoy_days: int = 60
    max_pairs: int = 400
    odds: float = 1e5  # of a line that names the number of the one it undoes
    of: tuple[str, ...] = ()

    @property
    def beside(self) -> tuple[str, ...]:
        """The datasets that `of` names."""
        return self.of

    @property
    def weighs_all(self) -> bool:
        """By a number it looks at those alone that name it."""
        return self.by != "number"

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs that cancel out, with odds from decoy windows."""
        window = Window(0, self.after, self.decoy_days)
        undoing = undoing_rows(context)
        named = self._naming(context, undoing)
        if not named.is_empty():  # however often the amount is there
            yield Proposals(
                pairs=pairs_frame(named, "open", "opposite", "none", 1.0), evidence=[LEVELS[0].sentence], sure_only=True
            )
            undoing = undoing.filter(pl.Series(context.left.open[undoing["row"].to_numpy()] != 0))
        if self.by == "number":
            return
        pairs = self._pairs(context, undoing)
        if pairs.is_empty():
            return
        pairs = pairs.with_columns(_levels(context, pairs).alias("level"))
        # on one day the money goes out before it comes back, but for what is known to be of one party
        pairs = pairs.filter((pl.col("lag") != 0) | (pl.col("open") > 0) | (pl.col("level") < _LEVEL["amount"]))
        beside = [context.datasets[name] for name in self.of if name in context.datasets]
        if beside:
            another = of_another_payment(context, beside[0], beside[1:], pairs)
            pairs = pairs.filter(~pl.Series(another, dtype=pl.Boolean))
        inside = pairs.filter(pl.col("lag").is_between(0, self.after), pl.col("level") < _OTHER)
        # of two that both say it, the first is the one undone
        explained = pl.concat([inside["left"], inside["right"]]).unique()
        alone = undoing.filter(~pl.col("row").is_in(explained.implode())).height
        known = pairs.filter(pl.col("level") < _OTHER)
        known = known.with_columns(density=pl.lit(float("inf")))  # the level alone says how rare they are
        weighed = pair_odds(known, window, context.lags(), LEVELS, [alone] * len(LEVELS))
        weighed = self._of_a_price(context, weighed, undoing)
        shaped = weighed.with_columns(pl.col("level").cast(pl.UInt16).alias("evidence"), opposite=-pl.col("open"))
        yield Proposals(
            pairs=pairs_frame(shaped, "open", "opposite", "none", 1.0), evidence=[level.sentence for level in LEVELS]
        )

    def _naming(self, context: LegContext, undoing: pl.DataFrame) -> pl.DataFrame:
        """Pairs of a line that undoes and an earlier one of opposite amount that names a number which few others name."""
        right = (
            context.right.frame()
            .with_columns(-pl.col("open"))
            .join(
                undoing.select("open", "currency", "account").unique(), on=["open", "currency", "account"], how="semi"
            )
        )
        rows = np.unique(np.concatenate([undoing["row"].to_numpy(), right["row"].to_numpy()]))
        numbers = rare_words(context.left, rows, "number")
        sides = (undoing.join(numbers, on="row"), right.join(numbers, on="row"))
        pairs, _ = key_pairs(*sides, ["said", "open", "currency", "account"], self.max_pairs)
        pairs = self._later(context, pairs).unique(["left", "right"], maintain_order=True)
        odds = self.odds * pl.lit(_NEARER).pow(pl.col("lag").cast(pl.Float64))
        return pairs.with_columns(odds=odds, opposite=-pl.col("open"), evidence=pl.lit(0))

    def _pairs(self, context: LegContext, undoing: pl.DataFrame) -> pl.DataFrame:
        right = context.right.frame().with_columns(-pl.col("open"))
        keys = ["open", "currency", "account"]
        pairs, crowded = key_pairs(undoing, right, keys, self.max_pairs)
        if not crowded.is_empty():  # of an amount that very many have: those that say something in common
            often = undoing.join(crowded, on="row", how="semi")
            there = right.join(often.select(keys).unique(), on=keys, how="semi")
            rows = np.union1d(often["row"].to_numpy(), there["row"].to_numpy()).astype(np.uint32)
            words = rare_words(context.left, rows, "word")
            one, two = (each.join(words, on="row") for each in (often, there))
            of_one, _ = key_pairs(one, two, [*keys, "said"], self.max_pairs)
            pairs = pl.concat([pairs, of_one.select(pairs.columns)]).unique(["left", "right"], maintain_order=True)
        # chance is counted before the window alone: after a return the payment is made again
        pairs = self._later(context, pairs, 2 * self.decoy_days)
        return pairs.with_columns(is_open=pl.lit(True), recurs=pl.lit(False))

    def _of_a_price(self, context: LegContext, pairs: pl.DataFrame, undoing: pl.DataFrame) -> pl.DataFrame:
        """The pairs of nothing but an amount that others have as well, with the odds that one of these stands there by chance."""
        keys = ["amount", "currency", "account"]
        data = context.right.dataset
        rows = pairs["right"].to_numpy()
        alike = np.flatnonzero(among(data.amount, data.amount[rows])).astype(np.uint32)
        originals = np.setdiff1d(alike, undoing["row"].to_numpy())
        every = pl.DataFrame({key: getattr(data, key)[originals] for key in keys})
        common = every.group_by(keys).len("others").with_columns(pl.col("others").cast(pl.Int64) - 1)
        own = pairs.with_columns(pl.Series(key, getattr(data, key)[rows]) for key in keys)
        own = own.join(common, on=keys, how="left", maintain_order="left")
        span = max(int(data.date.max()) - int(data.date.min()) + 1, self.after + 1)
        by_chance = pl.col("others") * (self.after + 1) / span
        alone = pl.col("level") >= _LEVEL["amount"]
        most = pl.when(alone & (pl.col("others") > 0)).then(1 / by_chance).otherwise(pl.col("odds"))
        return own.with_columns(odds=pl.min_horizontal("odds", most)).drop(*keys, "others")

    def _later(self, context: LegContext, pairs: pl.DataFrame, more: int = 0) -> pl.DataFrame:
        """Compatible pairs whose left item is later than the right one, by up to `after` days and so many more: `left`, `right`,
        `open`, `lag`."""
        lag = pl.col("date").cast(pl.Int64) - pl.col("date_right").cast(pl.Int64)
        pairs = pairs.with_columns(lag.alias("lag")).filter(
            pl.col("lag").is_between(0, self.after + more), pl.col("left") != pl.col("right")
        )
        fits = context.compatible(pairs["left"].to_numpy(), pairs["right"].to_numpy())
        return pairs.filter(pl.Series(fits)).select("left", "right", "open", "lag")


def undoing_rows(context: LegContext) -> pl.DataFrame:
    """Open left items (`SideView.selected`) that have an opposite amount somewhere, of those that say they undo."""
    left, right = context.left.rows(), context.right.rows()
    mine, other = context.left.open[left], -context.right.open[right]
    asked = context.left.selected(left[among(mine, other)], "text", "kind")
    said = ascii_upper_series(asked["text"]).str.contains(UNDOING) | asked["kind"].is_in(_KINDS)
    asked = asked.filter(said).drop("text", "kind")
    there = context.right.selected(right[among(other, asked["open"].to_numpy())]).with_columns(-pl.col("open"))
    return asked.join(there, on=["open", "currency"], how="semi").sort("row")


def _levels(context: LegContext, pairs: pl.DataFrame) -> pl.Series:
    """What the two items of each pair have in common besides the amount."""
    view = context.left
    rows = np.unique(np.concatenate([pairs["left"].to_numpy(), pairs["right"].to_numpy()])).astype(np.uint32)
    accounts = pl.DataFrame({"row": rows, "party": account_keys(view.dataset, rows)})
    told = pairs.select("left", "right").join(
        accounts, left_on="left", right_on="row", maintain_order="left", how="left"
    )
    told = told.join(accounts, left_on="right", right_on="row", maintain_order="left", how="left", suffix="_right")
    same = told["party"] == told["party_right"]
    numbers, words = (_shared(pairs, rare_words(view, rows, each)) for each in ("number", "word"))
    strange = party_classes(context, pairs["left"].to_numpy(), pairs["right"].to_numpy()) == OTHER
    level = (
        pl.when(pl.Series(numbers))
        .then(_LEVEL["number"])
        .when(same.fill_null(False))
        .then(_LEVEL["account"])
        .when((~same).fill_null(False))
        .then(_OTHER)
        .when(pl.Series(words))
        .then(_LEVEL["word"])
        .when(pl.Series(strange))
        .then(_LEVEL["name"])
        .otherwise(_LEVEL["amount"])
    )
    return pl.select(level.alias("level")).to_series()


def rare_words(view: SideView, rows: np.ndarray[tuple[int], np.dtype[np.uint32]], what: str) -> pl.DataFrame:
    """`row`, `said`: the words (letters alone) or the numbers (with a digit) that few of these items' texts hold."""
    said = pl.concat_str(
        "counterparty_name", "text", pl.col("references").list.join(" "), separator=" ", ignore_nulls=True
    )
    texts = view.selected(rows, said.alias("said")).select("row", "said").drop_nulls("said")
    pattern = r"\b[A-Z]{4,}\b" if what == "word" else r"[A-Z0-9/._-]*[0-9][A-Z0-9/._-]*[A-Z0-9]"
    upper = texts.select("row", text=ascii_upper_series(texts["said"]))
    found = (
        upper.select("row", pl.col("text").str.extract_all(pattern).alias("said"))
        .explode("said", empty_as_null=False, keep_nulls=False)
        .filter(pl.col("said").str.len_bytes() >= 4, ~pl.col("said").str.contains(f"{_AMOUNT}|{DATE}"))
        .filter(~pl.col("said").is_in(FORMS))
        .unique()
    )
    most = _RARE_WORD * texts.height if what == "word" else min(_RARE_NUMBER * texts.height, _MANY)
    rare = found.filter(pl.len().over("said") <= max(_FEW, int(most)))
    return rare if what == "number" else pl.concat([rare, _names_of_two_words(upper)])


def _names_of_two_words(texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `said`: two words of texts (`row`, `text`) that stand together in few of them, a first and a family name, however often
    either is said."""
    words = texts.select("row", word=pl.col("text").str.extract_all(r"\b[A-Z]{2,}\b"))
    words = words.explode("word", empty_as_null=False, keep_nulls=False)
    following = pl.when(pl.col("row").shift(-1) == pl.col("row")).then(pl.col("word").shift(-1))
    both = words.select("row", said=pl.col("word") + " " + following).drop_nulls().unique()
    most = min(max(_FEW, int(_RARE_NAME * texts.height)), _MANY)
    return both.filter(pl.len().over("said") <= most)


def _shared(pairs: pl.DataFrame, said: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """By pair: whether the two items say something in common."""
    numbered = pairs.select("left", "right").with_row_index("pair")
    met = numbered.join(said, left_on="left", right_on="row").join(
        said, left_on=["right", "said"], right_on=["row", "said"], how="semi"
    )
    shared = np.zeros(pairs.height, dtype=np.bool_)
    shared[met["pair"].unique().to_numpy()] = True
    return shared
