"""Items of one dataset that cancel each other out: a payment that came back, a booking and its reversal, a voided
cheque."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.joins import key_pairs, without_frequent
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import KIND, PAIRS, Proposals
from reconciliation.matching.reference_keys import side_keys

_SENTENCES = ("the same reference with the opposite amount", "the same counterparty with the opposite amount")


class Offsetting(PassConfig):
    """Pairs of opposite amount in one dataset, the left item at most `after` days later than the right one.

    `by` is the evidence: a shared reference, or the counterparty's account, unless that is an own one, or name.
    """

    KIND: ClassVar[str] = "offset"

    kind: Literal["offset"] = "offset"
    by: Literal["reference", "counterparty_account", "counterparty_name"] = "reference"
    after: int = 90
    odds: float = 1e5

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
            & ((days > 0) | ((days == 0) & (first > 0)))
            & (days <= self.after)
        )
        met = met.with_columns(pl.Series("days", days)).filter(pl.Series(fits))
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
