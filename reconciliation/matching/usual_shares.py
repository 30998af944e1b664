"""The share that a counterparty keeps back of each of its bills: a tax withheld at source, a retention. Who has lacked it before, to
the cent, lacks it again."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Ints
from reconciliation.matching.marginals import Floats
from reconciliation.matching.party_codes import party_codes
from reconciliation.matching.withheld import reach_of_share

_FEWEST, _MOSTLY = 2, 0.5  # of its payments that lacked the share, and the part of them that it is usual in
_LARGEST = 0.25  # of a bill


def usual_shares(context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
    """By pair (`left`, `right`, and `others`: how many items the left one may mean): the `odds` that the left item lacks the share which
    its counterparty usually lacks, 0 where it has no such habit; and `in_part`: whether most of what lacked it is open for the rest, as
    for a retention that is paid later."""
    odds, in_part = np.zeros(pairs.height), np.zeros(pairs.height, dtype=np.bool_)
    asked = _lacking(context, pairs["left"].to_numpy(), pairs["right"].to_numpy()).with_row_index("pair")
    asked = asked.filter(pl.col("lacks").is_between(0, _LARGEST, closed="right"))
    known = _lacking(context, *context.accepted, of=asked["party"])
    counted = known.group_by("party").agg(payments=pl.len()).sort("party").with_row_index("place")
    known = known.filter(pl.col("lacks").is_between(0, _LARGEST, closed="right")).join(counted, on="party")
    asked = asked.join(counted, on="party", maintain_order="left")
    if known.is_empty() or asked.is_empty():
        return pl.DataFrame({"odds": odds, "in_part": in_part})
    times, left_open = _alike(asked, known), _alike(asked, known.filter("rest"))
    usual = (times >= _FEWEST) & (times >= _MOSTLY * asked["payments"].to_numpy())
    rows = asked["pair"].to_numpy()
    by_chance = pairs["others"].to_numpy()[rows] * asked["reach"].to_numpy()
    odds[rows] = np.where(usual, times / (asked["payments"].to_numpy() + 1) / by_chance, 0.0)
    in_part[rows] = 2 * left_open > times
    return pl.DataFrame({"odds": odds, "in_part": in_part})


def _alike(asked: pl.DataFrame, known: pl.DataFrame) -> Ints:
    """By row asked: how many known ones of its counterparty lack the same share."""
    ordered = np.sort(
        known["place"].to_numpy() + known["lacks"].to_numpy()
    )  # shares are less than what counterparties lie apart
    own, reach = asked["place"].to_numpy() + asked["lacks"].to_numpy(), asked["reach"].to_numpy()
    alike: Ints = np.searchsorted(ordered, own + reach, side="right") - np.searchsorted(ordered, own - reach)
    return alike


def _lacking(context: LegContext, left: Rows, right: Rows, of: pl.Series | None = None) -> pl.DataFrame:
    """By pair of rows (where asked, of the counterparties `of` alone): `party` of the right item, the share of it that the left one
    `lacks`, how far shares may lie apart that are one (`reach`), and whether some of it is open (`rest`)."""
    party = party_codes(context.right.dataset).gather(right).alias("party")
    if of is not None:
        wanted = party.is_in(of.unique().implode()).fill_null(False)
        left, right, party = left[wanted.to_numpy()], right[wanted.to_numpy()], party.filter(wanted)
    mine, other = (view.dataset.amount[rows] for view, rows in zip(context.sides, (left, right), strict=True))
    reach: Floats = reach_of_share(np.maximum(np.abs(other), 1))
    return pl.DataFrame(
        {"party": party, "lacks": 1 - mine / other, "reach": reach, "rest": context.right.open[right] != 0}
    )
