"""Items of one dataset that cancel each other out: a payment that came back, a booking and its reversal, a voided
cheque."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.joins import key_pairs, without_frequent
from reconciliation.matching.nearby import about
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import KIND, PAIRS, Proposals
from reconciliation.matching.reference_keys import shared_keys, side_keys

_LEAST = 5  # characters of a number in a text
_MOST = 50  # texts that show it: what more show, a customer's number, says nothing
_SENTENCES = ("the same reference with the opposite amount", "the same counterparty with the opposite amount")


class Offsetting(PassConfig):
    """Pairs of opposite amount in one dataset, the left item at most `after` days later than the right one.

    `by` is the evidence: a shared reference, or the counterparty's account, unless that is an own one, or name. By the
    counterparty alone only money that comes back undoes a payment, and not where both lines name numbers of which they share
    none, or where `unless` has an item of its amount about then: it may be what that item is for.
    """

    KIND: ClassVar[str] = "offset"

    kind: Literal["offset"] = "offset"
    by: Literal["reference", "counterparty_account", "counterparty_name"] = "reference"
    after: int = 90
    unless: str = ""
    odds: float = 1e5

    @property
    def weighs_all(self) -> bool:
        """By a reference it looks at those two items alone."""
        return self.by != "reference"

    @property
    def beside(self) -> tuple[str, ...]:
        """The dataset that `unless` names."""
        return (self.unless,) if self.unless else ()

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs that cancel out."""
        if self.by == "reference":
            left, right = (without_frequent(side_keys(context, view), 50) for view in context.sides)
            met = left.join(right, on=["key", "check"], suffix="_right").select(left="row", right="row_right").unique()
        else:
            # between own accounts money goes to and fro, which undoes nothing
            own = context.left.dataset.columns.coded("account")[1].drop_nulls().implode()
            sides = [
                view.frame(pl.col(self.by).alias("party"))
                .drop_nulls("party")
                .filter(~pl.col("party").is_in(own))
                .with_columns(pl.col("open").abs().alias("size"))
                for view in context.sides
            ]
            pairs, _ = key_pairs(sides[0], sides[1], ["party", "size", "currency"], 2500)
            met = pairs.select("left", "right")
        rows = met["left"].to_numpy(), met["right"].to_numpy()
        days = context.left.dataset.date[rows[0]].astype(np.int64) - context.right.dataset.date[rows[1]]
        first = context.left.open[rows[0]]
        fits = (
            context.compatible(*rows)
            & (first == -context.right.open[rows[1]])
            & (rows[0] != rows[1])
            & ((first > 0) | ((days > 0) & (self.by == "reference")))
            & (days >= 0)
            & (days <= self.after)
        )
        met = met.with_columns(pl.Series("days", days)).filter(pl.Series(fits))
        if self.by != "reference":
            met = _of_no_other_number(context, self._unbooked(context, met))
        if met.is_empty():
            return
        # the nearer original is the likelier one: a day apart counts for a little, equally near ones stay tied
        odds = self.odds * pl.lit(0.8).pow(pl.col("days").cast(pl.Float64))
        amounts = context.left.open[met["left"].to_numpy()]
        pairs = met.select(
            "left",
            "right",
            pl.Series("left_applied", amounts),
            pl.Series("right_applied", -amounts),
            pl.lit(KIND["none"], pl.UInt8).alias("difference_kind"),
            odds.alias("odds"),
            pl.lit(0 if self.by == "reference" else 1, pl.UInt16).alias("evidence"),
        )
        yield Proposals(pairs=pairs.cast(PAIRS), evidence=_SENTENCES)  # type: ignore[arg-type]

    def _unbooked(self, context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs for whose left item `unless` has none of its amount about then."""
        if self.unless not in context.datasets:
            return pairs
        rows, booked = pairs["left"].to_numpy(), context.datasets[self.unless]
        lines = pl.DataFrame({"left": rows}).unique().sort("left")
        rows = lines["left"].to_numpy()
        view = context.left
        lines = lines.with_columns(
            date=pl.Series(view.dataset.date[rows]),
            amount=pl.Series(view.open[rows]),
            currency=pl.Series(view.dataset.currency[rows]),
        )
        items = pl.DataFrame({"date": booked.date, "amount": booked.amount, "currency": booked.currency})
        return pairs.join(
            about(lines, items, ["amount", "currency"], self.after), on="left", how="anti", maintain_order="left"
        )


def _of_no_other_number(context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs whose items share a number, or one of which names none."""
    if pairs.is_empty():
        return pairs
    one, two = (shared_keys(context, view, _LEAST, _MOST).select("row", "key").unique() for view in context.sides)
    named = pairs.join(one.select(left="row").unique(), on="left", how="semi")
    named = named.join(two.select(right="row").unique(), on="right", how="semi")
    shared = named.join(one, left_on="left", right_on="row").join(
        two, left_on=["right", "key"], right_on=["row", "key"], how="semi"
    )
    strange = named.join(shared, on=["left", "right"], how="anti")
    return pairs.join(strange, on=["left", "right"], how="anti", maintain_order="left")
