"""What a run need not look at any more: items settled long ago, with all that they were settled with.

Rules look no further back than months. What was settled before that is history: its matches stand in the ledger, and the
cost of a run follows what is open and what is recent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from reconciliation.matching.decided_groups import applied_in_pools
from reconciliation.matching.known_groups import Ledger
from reconciliation.matching.rules import Rules

DAYS = 400  # a year's rhythm and more than any window of a pass

_ITEM = ["dataset", "item_id"]


def without_history(
    items: Mapping[str, pl.DataFrame], ledger: Ledger, rules: Rules, before: date
) -> dict[str, pl.DataFrame]:
    """The items without those dated before `before` that are settled wholly, in groups of nothing but such items.

    `ledger` holds the groups in force. An item is settled wholly where no leg would report it as open: in each pool it
    would be asked for, all of its amount is applied by matched groups, or a pool that blocks it is used.
    """
    if not any((frame["date"] < before).any() for frame in items.values() if not frame.is_empty()):
        return dict(items)
    members = ledger.items.join(ledger.groups.select("group_id", "leg", "status"), on="group_id")
    dated = pl.concat(
        frame.lazy()
        .filter(pl.col("date") < before)
        .select(pl.lit(name).alias("dataset"), "item_id", pl.col("amount").cast(pl.Decimal(38, 5)))
        .collect()
        for name, frame in items.items()
    )
    settled = _settled(members.filter(pl.col("status") == "matched").join(dated, on=_ITEM), rules)
    while True:
        # a group that holds anything else keeps all its items, and they keep their other groups
        mixed = members.join(settled, on=_ITEM, how="anti").select("group_id").unique()
        kept = members.join(mixed, on="group_id", how="semi").select(_ITEM).unique()
        left = settled.join(kept, on=_ITEM, how="anti")
        if left.height == settled.height:
            break
        settled = left
    return {
        name: frame.join(settled.filter(pl.col("dataset") == name), on="item_id", how="anti", maintain_order="left")
        for name, frame in items.items()
    }


def _settled(members: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """`dataset`, `item_id` of the members (with `amount`, the item's) that no leg would report as open."""
    used = (
        applied_in_pools(members, rules)
        .group_by(*_ITEM, "pool")
        .agg((pl.col("applied_amount").cast(pl.Decimal(38, 5)).sum() == pl.col("amount").first()).alias("whole"))
    )
    asked = [side for leg in rules.legs for side in leg.sides if side.report_unmatched]
    settled: list[pl.DataFrame] = [used.select(_ITEM).clear()]
    for dataset in dict.fromkeys(side.dataset for side in asked):
        own = used.filter(pl.col("dataset") == dataset)
        done = own.select(_ITEM).unique()
        for side in (each for each in asked if each.dataset == dataset):
            closed = (pl.col("pool") == side.pool) & pl.col("whole") | pl.col("pool").is_in(list(side.blocked_by))
            done = done.join(own.filter(closed), on=_ITEM, how="semi")
        settled.append(done)
    return pl.concat(settled)
