"""Payments of one amount for one item: a payment that came back and the one that replaced it.

A text that names the item names them all, so it is evidence for a payment only where the dates tell which one: the line
has to be clearly nearer to it than to its repeats, those already settled included.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext, SideView

CLEARLY_NEARER = 4  # days


def told_by_date(context: LegContext, edges: pl.DataFrame, linked: SideView, through: str) -> pl.DataFrame:
    """The `edges` (`left`, `right`, ...) without those of a repeated payment that another repeat is as near to.

    `linked` is the side whose items are linked to those of `through`.
    """
    if edges.is_empty():
        return edges
    links = context.links(linked.dataset.name, through)
    pays = links.select(row="left", item="right").with_columns(
        pl.Series("amount", linked.dataset.amount[links["left"].to_numpy()]),
        pl.Series("day", linked.dataset.date[links["left"].to_numpy()]),
    )
    repeats = pays.filter(pl.col("row").n_unique().over("item", "amount") > 1)
    if repeats.is_empty():
        return edges
    mine, other = ("right", "left") if linked.index == 1 else ("left", "right")
    line_dates = context.sides[1 - linked.index].dataset.date
    named = edges.select("left", "right").unique().filter(pl.col(mine).is_in(repeats["row"].unique().to_list()))
    named = named.with_columns(pl.Series("line_day", line_dates[named[other].to_numpy()]))
    rivals = (
        named.join(repeats, left_on=mine, right_on="row")
        .join(repeats.select("item", "amount", rival="row", rival_day="day"), on=["item", "amount"])
        .filter(pl.col(mine) != pl.col("rival"))
        .filter(
            (pl.col("line_day") - pl.col("rival_day")).abs()
            < (pl.col("line_day") - pl.col("day")).abs() + CLEARLY_NEARER
        )
    )
    return edges.join(rivals.select("left", "right").unique(), on=["left", "right"], how="anti", maintain_order="left")
