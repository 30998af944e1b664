"""One item that several of the other side come to which speak of one thing, whatever their signs: a booking and the
commission on it, a dividend and the tax withheld from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.coincidence import Floats, expected_equals, lag_shares
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.described import (
    days_covered,
    learned_lags,
    learned_share,
    learned_texts,
    leg_words,
    meant_elsewhere,
    shown_alone,
)
from reconciliation.matching.nearby import within_days
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals

_SENTENCE = (
    "all open items that show one number or name, takings and what was taken off them, add up to the amount, {days}"
)
_TELLING = 2.0  # nats of a number that brings items together
_DAILY = 1.0  # nats of a word that brings those of one day together
_MOST = 8  # items that speak of one thing
_MOST_OF_A_BATCH = 1_000  # items of one deposit or payment run
_ENTERED_WITHIN = 3  # days within which these are entered
_PRIOR_ITEMS = 20.0  # items that the configured share of such items counts for
_LEAST_TOLD = 0.1  # the least that texts tell: a bank that names its customer only says little against it
_ALONE = 0.02  # how much less a total is believed where the other side shows the amount by itself
_TURNS = 3  # times that date distances are learned
_KEYS = ["key", "currency", "entity", "account"]


class DescribedTogether(PassConfig):
    """One item (`one`) of the total of two to eight of the other side that show one number within `window` days, or one rare
    word on one day: all there are, at least one of either sign. Or of all that show one number and were entered within few
    days, whatever their signs: a deposit, a payment run.

    The odds are how often an open item is such a total (`together`, corrected by the data), times what date distances
    and texts say, over the number of such totals that chance lets expect.
    """

    KIND: ClassVar[str] = "described_together"
    WEIGHS_SUGGESTED: ClassVar[bool] = True

    kind: Literal["described_together"] = "described_together"
    one: Literal["left", "right"] = "left"
    window: int = 14
    together: Annotated[float, Field(gt=0, lt=1)] = 0.05

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """All such items, weighed against each other."""
        one, many = (context.left, context.right) if self.one == "left" else (context.right, context.left)
        members = self._sets(context, many)
        met = self._met(context, one, many, members)
        if met.is_empty():
            return
        odds = self._odds(context, (one, many), members, met)
        met = met.with_columns(pl.Series("odds", odds)).with_row_index("proposal")
        groups = met.select("proposal", "odds", difference_kind=KIND["none"], evidence=0).select(list(GROUPS))
        whole = met.select("proposal", pl.lit(one.index).alias("side"), row="one", applied="total")
        parts = met.select("proposal", "set").join(members, on="set")
        parts = parts.select("proposal", pl.lit(many.index).alias("side"), "row", applied="open")
        both = [part.select(list(MEMBERS)).cast(MEMBERS) for part in (whole, parts)]  # type: ignore[arg-type]
        together = pl.concat(both).sort("proposal", "side", "row")
        yield Proposals(
            groups=meant_elsewhere(context, groups.cast(GROUPS), together, one.index),  # type: ignore[arg-type]
            members=together,
            evidence=(_SENTENCE,),
        )

    def _sets(self, context: LegContext, many: SideView) -> pl.DataFrame:
        """The members of all sets of open items that show one number, or one rare word on one day: `set`, `row`, `open`,
        `currency`, `date` (the set's last), `total`; each set once, however many words it has in common."""
        words = leg_words(context)[many.index]
        spoken = words.rows.join(words.words.filter(pl.col("weight") >= _DAILY), on="document")
        items = many.frame()
        daily = items.join(spoken.select("row", key="word"), on="row").with_columns(first="date", batch=pl.lit(False))
        numbers = words.numbers.filter(pl.col("weight") >= _TELLING).select("row", key="number")
        numbered = items.join(numbers, on="row").with_columns(first=pl.col("date").min().over(_KEYS))
        numbered = numbered.with_columns(batch=(pl.col("date").max().over(_KEYS) - pl.col("first")) <= _ENTERED_WITHIN)
        keyed = pl.concat([daily, numbered])
        over = [*_KEYS, "first"]
        both_signs = (pl.col("open") > 0).any().over(over) & (pl.col("open") < 0).any().over(over)
        several = keyed.filter(
            (pl.len().over(over).is_between(2, _MOST) & both_signs)
            | (pl.len().over(over).is_between(2, _MOST_OF_A_BATCH) & pl.col("batch")),
            (pl.col("date").max() - pl.col("first").min()).over(over) <= self.window,
        )
        sets = several.sort("row").group_by(over).agg(
            pl.col("row").alias("rows"), pl.col("open"), pl.col("date").max(), pl.col("open").sum().alias("total")
        )  # fmt: skip
        sets = sets.filter(pl.col("total") != 0).with_columns(
            pl.col("rows").cast(pl.List(pl.String)).list.join(",").alias("same")
        )
        sets = sets.unique("same").sort("same").with_row_index("set")
        return sets.select("set", "currency", "date", "total", pl.col("rows").alias("row"), "open").explode(
            "row", "open"
        )

    def _met(self, context: LegContext, one: SideView, many: SideView, members: pl.DataFrame) -> pl.DataFrame:
        """Items of the one side with the sets whose total they are: `one`, `set`, `total`, `lag` (left date minus right)."""
        items = one.frame().select("currency", "date", total="open", one="row")
        sets = members.select("set", "currency", "date", "total").unique("set")
        met = within_days((items, sets), ["total", "currency"], self.window)
        pairs = met.join(members.select("set", "row"), on="set")
        rows = (pairs["one"].to_numpy(), pairs["row"].to_numpy())
        fits = pl.Series(context.compatible(*(rows if self.one == "left" else rows[::-1])), dtype=pl.Boolean)
        met = met.join(pairs.filter(~fits), on=["one", "set"], how="anti")
        lag = pl.col("lag") if self.one == "left" else -pl.col("lag")
        orders = (
            pl.Series("one order", one.order(met["one"].to_numpy())),
            pl.Series("set order", self._set_order(many, met, members)),
        )
        return met.with_columns(lag.alias("lag"), *orders).sort("one order", "set order")

    def _set_order(self, many: SideView, met: pl.DataFrame, members: pl.DataFrame) -> list[int]:
        """By set that was met: an order that does not depend on the order of rows."""
        first = members.with_columns(pl.Series("order", many.order(members["row"].to_numpy())))
        first = first.group_by("set").agg(pl.col("order").sort().cast(pl.String).str.zfill(10).str.join(","))
        ranked = first.with_columns(pl.col("order").rank("dense"))
        return met.join(ranked, on="set", how="left", maintain_order="left")["order"].to_list()

    def _odds(
        self, context: LegContext, sides: tuple[SideView, SideView], members: pl.DataFrame, met: pl.DataFrame
    ) -> Floats:
        """By group: the odds that it is together for a reason. What is booked and paid together has days of its own: they are
        learned with the share of such items."""
        one, many = sides
        sets = members.unique("set").sort("set")
        own = met["one"].to_numpy()
        amounts, currency = (sets[name].to_numpy() for name in ("total", "currency"))
        by_chance = expected_equals(one.open[own], one.dataset.currency[own], amounts, currency, own=1)
        ratios = self._told(context, members, met) * days_covered(sets) / by_chance
        # an item of the amount itself is likelier the partner
        ratios = ratios * np.where(shown_alone(one, many, own, self.window), _ALONE, 1.0)
        lags, items = met["lag"].to_numpy(), own.astype(np.int64)
        shares = (learned_lags(context, self.window) + 1 / (2 * self.window + 1)) / 2
        for _ in range(_TURNS):
            weighed = ratios * shares[lags + self.window]
            share = learned_share(weighed, items, len(one.rows()), self.together, _PRIOR_ITEMS)
            odds: Floats = share / (1 - share) * weighed
            rivals = np.bincount(np.unique(items, return_inverse=True)[1], weights=odds)
            probable = odds / (1 + rivals[np.unique(items, return_inverse=True)[1]])
            shares = (lag_shares(lags, self.window, weights=probable) + learned_lags(context, self.window)) / 2
        return odds

    def _told(self, context: LegContext, members: pl.DataFrame, met: pl.DataFrame) -> Floats:
        """By group: what the texts say of the one item and of the member that says most."""
        other = "right" if self.one == "left" else "left"
        pairs = met.select("one", "set").with_row_index("place").join(members.select("set", "row"), on="set")
        told = learned_texts(context).odds(pairs.select(pl.col("one").alias(self.one), pl.col("row").alias(other)))
        best = pairs.with_columns(pl.Series("told", told)).group_by("place").agg(pl.col("told").max()).sort("place")
        ratios: Floats = np.maximum(best["told"].to_numpy(), _LEAST_TOLD)
        return ratios
