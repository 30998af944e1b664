"""The item that shows by itself the charge by which two amounts differ: it belongs to them, and nothing is left over."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext, SideView

CHARGED_WITHIN = 3  # days after the last of its items until when a charge is booked
_HABIT = 3  # open items of one amount from which it is a charge that many bear


def charge_rows(context: LegContext, side: SideView, wanted: pl.DataFrame, habit: bool = False) -> pl.DataFrame:
    """`proposal`, `row`, `applied` of the open items of a side that are what proposals lack.

    `wanted` has `proposal`, `one` (the row of the other side), `currency`, `open` (what is lacking, in minor units), `first`,
    `last` (days of its items). Only the one item of that amount that lies nearest to the last of the days, from the first of
    them until three days after it, and that no other item of the other side lacks as well; with `habit` one of an amount that
    several have.
    """
    items = side.frame().select("row", "open", "currency", "date")
    if habit:
        items = items.filter(pl.len().over("open", "currency") >= _HABIT)
    near = pl.col("date").is_between(pl.col("first"), pl.col("last") + CHARGED_WITHIN)
    met = wanted.join(items, on=["open", "currency"]).filter(near)
    rows = (met["one"].to_numpy(), met["row"].to_numpy())
    met = met.filter(pl.Series(context.compatible(*(rows if side.index else rows[::-1])), dtype=pl.Boolean))
    apart = (pl.col("date") - pl.col("last")).abs()
    met = met.filter(apart == apart.min().over("proposal"))
    alone = (pl.len().over("proposal") == 1) & (pl.col("one").n_unique().over("row") == 1)
    return met.filter(alone).select("proposal", "row", applied="open")
