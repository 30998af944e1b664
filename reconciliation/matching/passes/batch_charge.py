"""Batches paid out less a charge: an entry that names a batch, and is less than its total as the processor's other payouts are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.batches import batched_items
from reconciliation.matching.context import LegContext
from reconciliation.matching.fee_schedules import MOST_EACH, MOST_SHARE, best_schedule
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.passes.batch_sum import naming_batches
from reconciliation.matching.payout_habits import known_days
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals

_SENTENCE = (
    "the batch is named and adds up to the amount, less the share and the fixed charge that others are charged too"
)
_SCHEDULES = 3  # processors whose charges are learned
_FEWEST = 3  # payouts by which a schedule is believed


class BatchCharge(PassConfig):
    """Entries of the left side that name a batch of the right one (`batch_id`) and are less than its total by a charge.

    The charge is one that a schedule explains, as it does those of two other entries at least (`fee_schedules`): where an entry
    lacks anything else, a member may be missing.
    """

    KIND: ClassVar[str] = "batch_charge"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["batch_charge"] = "batch_charge"
    odds: float = 1e5

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Groups of an entry and all open members of its batch."""
        batched = batched_items(context.right)
        if batched.is_empty():
            return
        found = pl.concat(
            each.select("entry", "batch_id") for each in naming_batches(context, context.left, batched)
        ).unique()
        one = (pl.len().over("entry") == 1) & (pl.len().over("batch_id") == 1)
        payouts = self._payouts(context, found.filter(one), batched)
        if payouts.is_empty():
            return
        heads = payouts.filter(pl.col("row").is_in(_explained(payouts).implode()))
        heads = heads.unique("row", keep="first", maintain_order=True).sort("row").with_row_index("proposal")
        groups = heads.select(
            "proposal",
            pl.lit(KIND["fee"]).alias("difference_kind"),
            pl.lit(self.odds).alias("odds"),
            pl.lit(0).alias("evidence"),
        )
        entry = heads.select("proposal", pl.lit(0, pl.UInt8).alias("side"), "row", applied="open")
        parts = heads.select("proposal", "batch_id").join(batched.select("batch_id", "row", "open"), on="batch_id")
        parts = parts.select("proposal", pl.lit(1, pl.UInt8).alias("side"), "row", applied="open")
        members = pl.concat([entry.cast(MEMBERS), parts.cast(MEMBERS)])  # type: ignore[arg-type]
        yield Proposals(
            groups=groups.cast(GROUPS),  # type: ignore[arg-type]
            members=members.sort("proposal", "side", "row"),
            evidence=(_SENTENCE,),
        )

    def _payouts(self, context: LegContext, found: pl.DataFrame, batched: pl.DataFrame) -> pl.DataFrame:
        """Entries less than their batch by what a processor may ask: `batch_id` and the columns of `fee_schedules`; twice where
        something was given back, with its charge or without."""
        met = found.join(batched.select("batch_id", "row", "open"), on="batch_id")
        fits = context.compatible(met["entry"].to_numpy(), met["row"].to_numpy())
        met = met.with_columns(pl.Series("fits", fits, dtype=pl.Boolean)).filter(pl.col("fits").all().over("entry"))
        entry = met["entry"].to_numpy()
        met = met.with_columns(paid=pl.Series(context.left.open[entry]))
        size = pl.col("open") * pl.col("paid").sign()
        totals = met.group_by("entry", "batch_id", pl.col("paid").alias("whole")).agg(
            total=size.sum(),
            gross=size.filter(size > 0).sum(),
            takings=(size > 0).sum().cast(pl.Int64),
            returns=(size < 0).sum().cast(pl.Int64),
        )
        payouts = totals.select(
            "batch_id", "total", "gross", "takings", "returns", *known_days(), row="entry", open="whole",
            fee=pl.col("total") - pl.col("whole").abs(),
        ).filter(
            pl.col("fee") > 0,
            pl.col("fee") <= pl.col("gross") * (MOST_SHARE / 10_000) + MOST_EACH * pl.col("takings"),
            pl.col("fee") <= pl.col("open").abs() / 2,
        )  # fmt: skip
        back = payouts.filter(pl.col("returns") > 0).with_columns(gross="total")
        return pl.concat([payouts, back]).sort("row", "gross", descending=[False, True])


def _explained(payouts: pl.DataFrame) -> pl.Series:
    """The `row` of those whose charge is that of a schedule."""
    rows = payouts["row"].clear()
    for _ in range(_SCHEDULES):
        schedule = best_schedule(payouts)
        if schedule is None:
            return rows
        fits = payouts.filter(pl.Series(np.asarray(schedule.ratios(payouts) > 0)))
        if fits["row"].n_unique() < _FEWEST or schedule.probable < 1 - 1e-6:
            return rows
        rows = pl.concat([rows, fits["row"].unique()])
        payouts = payouts.join(fits, on="row", how="anti")
    return rows
