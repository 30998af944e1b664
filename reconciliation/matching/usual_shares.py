"""The share that a counterparty keeps back of each of its bills: a tax withheld at source, a retention. Who has lacked it before, to
the cent, lacks it again."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.marginals import Floats
from reconciliation.matching.party_codes import party_codes
from reconciliation.matching.withheld import reach_of_share

_FEWEST, _MOSTLY = 2, 0.5  # of its payments that lacked the share, and the part of them that it is usual in
_LARGEST = 0.25  # of a bill


def usual_share_odds(context: LegContext, pairs: pl.DataFrame) -> Floats:
    """By pair (`left`, `right`, and `others`: how many items the left one may mean): the odds that the left item lacks the share which
    its counterparty usually lacks; 0 where it has no such habit."""
    odds = np.zeros(pairs.height)
    asked = _lacking(context, pairs["left"].to_numpy(), pairs["right"].to_numpy()).with_row_index("pair")
    asked = asked.filter(pl.col("lacks") > 0)
    known = _lacking(context, *context.accepted, of=asked["party"])
    counted = known.group_by("party").agg(payments=pl.len())
    known = known.filter(pl.col("lacks").is_between(0, _LARGEST, closed="right")).join(counted, on="party")
    if known.is_empty():
        return odds
    met = asked.join(known.select("party", "payments", known="lacks"), on="party")
    alike = (pl.col("lacks") - pl.col("known")).abs() <= pl.col("reach")
    times = met.group_by("pair").agg(alike.sum().alias("times"), pl.col("payments", "reach").first())
    usual = times.filter(pl.col("times") >= _FEWEST, pl.col("times") >= _MOSTLY * pl.col("payments"))
    rows = usual["pair"].to_numpy()
    by_chance = pairs["others"].to_numpy()[rows] * usual["reach"].to_numpy()
    odds[rows] = usual["times"].to_numpy() / (usual["payments"].to_numpy() + 1) / by_chance
    return odds


def _lacking(context: LegContext, left: Rows, right: Rows, of: pl.Series | None = None) -> pl.DataFrame:
    """By pair of rows (where asked, of the counterparties `of` alone): `party` of the right item, the share of it that the left one
    `lacks`, and how far shares may lie apart that are one (`reach`)."""
    party = party_codes(context.right.dataset).gather(right)
    if of is not None:
        wanted = party.is_in(of.unique().implode()).fill_null(False)
        left, right, party = left[wanted.to_numpy()], right[wanted.to_numpy()], party.filter(wanted)
    mine, other = (view.dataset.amount[rows] for view, rows in zip(context.sides, (left, right), strict=True))
    reach = reach_of_share(np.maximum(np.abs(other), 1))
    return pl.DataFrame({"party": party, "lacks": 1 - mine / other, "reach": reach})
