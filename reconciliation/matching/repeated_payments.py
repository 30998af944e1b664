"""Payments of one amount for one item: a payment that came back and the one that replaced it.

A text that names the item names them all, so it is evidence for a payment only where the dates tell which one: the line
has to be clearly nearer to it than to its repeats, those already settled included. A payment of the same counterparty
and amount that nobody has linked to any item may be such a repeat too.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.counterparty_keys import account_keys
from reconciliation.matching.joins import key_pairs

CLEARLY_NEARER = 4  # days
_MAX_PAIRS = 10_000  # of one amount in one account: beyond it no repeat is looked for without a link


def told_by_date(context: LegContext, edges: pl.DataFrame, linked: SideView, through: str) -> pl.DataFrame:
    """The `edges` (`left`, `right`, ...) without those of a repeated payment that another repeat is as near to.

    `linked` is the side whose items are linked to those of `through`.
    """
    if edges.is_empty():
        return edges
    mine, other = ("right", "left") if linked.index == 1 else ("left", "right")
    line_dates = context.sides[1 - linked.index].dataset.date
    named = edges.select("left", "right").unique()
    named = named.select(
        "left",
        "right",
        row=pl.col(mine),
        day=pl.Series(linked.dataset.date[named[mine].to_numpy()]),
        line_day=pl.Series(line_dates[named[other].to_numpy()]),
    )
    rivals = pl.concat([_of_one_item(context, named, linked, through), _unlinked(context, named, linked, through)])
    if rivals.is_empty():
        return edges
    return edges.join(rivals.unique(), on=["left", "right"], how="anti", maintain_order="left")


def _as_near() -> pl.Expr:
    to_rival, to_named = (pl.col("line_day") - pl.col(day) for day in ("rival_day", "day"))
    return to_rival.abs() < to_named.abs() + CLEARLY_NEARER


def _of_one_item(context: LegContext, named: pl.DataFrame, linked: SideView, through: str) -> pl.DataFrame:
    """`left`, `right` of named payments with as near a payment of the same amount that is linked to the same item."""
    links = context.links(linked.dataset.name, through)
    several = np.bincount(links["right"].to_numpy()) > 1
    links = links.filter(pl.Series(several[links["right"].to_numpy()]))
    pays = links.select(row="left", item="right").with_columns(
        pl.Series("amount", linked.dataset.amount[links["left"].to_numpy()]),
        pl.Series("day", linked.dataset.date[links["left"].to_numpy()]),
    )
    repeats = pays.filter(pl.col("row").n_unique().over("item", "amount") > 1)
    return (
        named.join(repeats.drop("day"), on="row")
        .join(repeats.select("item", "amount", rival="row", rival_day="day"), on=["item", "amount"])
        .filter(pl.col("row") != pl.col("rival"), _as_near())
        .select("left", "right")
    )


def _unlinked(context: LegContext, named: pl.DataFrame, linked: SideView, through: str) -> pl.DataFrame:
    """The same for a payment of the same amount and counterparty that is linked to no item."""
    data = linked.dataset
    loose = np.ones(data.height, dtype=np.bool_)
    loose[context.links(data.name, through)["left"].to_numpy()] = False
    rows = np.flatnonzero(loose).astype(np.uint32)
    keys = ["amount", "currency", "account", "entity"]
    asked, others = (
        pl.DataFrame({"row": each, **{key: getattr(data, key)[each] for key in keys}})
        for each in (named["row"].to_numpy(), rows)
    )
    asked = named.with_columns(asked.drop("row").get_columns())
    others = others.join(asked.select(keys).unique(), on=keys, how="semi")
    if others.is_empty():
        return named.select("left", "right").clear()
    others = others.with_columns(pl.Series("rival_day", data.date[others["row"].to_numpy()]), rival="row")
    pairs, _ = key_pairs(asked.rename({"left": "one", "right": "two"}), others, keys, _MAX_PAIRS)
    pairs = pairs.filter(pl.col("left") != pl.col("rival"), _as_near())
    wanted = np.unique(np.concatenate([pairs["left"].to_numpy(), pairs["rival"].to_numpy()])).astype(np.uint32)
    ids = linked.dataset.take(["counterparty_id"], wanted)
    parties = ids.select(
        pl.Series("row", wanted),
        pl.coalesce(pl.lit("i") + pl.col("counterparty_id"), pl.lit(account_keys(linked.dataset, wanted))).alias(
            "party"
        ),
    )
    same = (
        pairs.join(parties, left_on="left", right_on="row")
        .join(parties, left_on="rival", right_on="row", suffix="_rival")
        .filter(pl.col("party") == pl.col("party_rival"))
    )
    return same.select(left="one", right="two")
