"""Which of several payments of the same bills settles them: the one that the bank has booked, of several the first.

A cheque is lost and written anew, a payment run is sent a second time: both payments are linked to the bills, for which one
alone pays. A side of a leg names the leg whose matches say what the bank has booked (`booked_by: bank_lines_payments`). Where
it has booked as many payments of an amount as the bills have room for, the others settle nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Dataset, Mask

_SAME = ["bills", "amount"]


def paid_by_another(
    payments: Dataset, bills: Dataset, links: pl.DataFrame, booked_rows: Sequence[Rows], takes: Mask
) -> Mask:
    """By row of `payments`: whether it settles nothing. `links` has left (payments) and right (bills), `booked_rows` are the
    payments that the bank has booked; `takes` says whether one takes part at all."""
    booked, without = (np.zeros(payments.height, dtype=np.bool_) for _ in range(2))
    for rows in booked_rows:
        booked[rows] = True
    claims = _of_shared_bills(payments, bills, links, takes)
    if claims.is_empty() or not booked.any():
        return without
    paid = claims.group_by("row", maintain_order=True).agg(bills=pl.col("bill").sort(), asked=pl.col("asked").sum())
    rows = paid["row"].to_numpy()
    paid = paid.with_columns(
        amount=pl.Series(payments.amount[rows]), day=pl.Series(payments.date[rows]), booked=pl.Series(booked[rows])
    ).filter(pl.col("amount") != 0)
    room = (pl.col("asked").abs() // pl.col("amount").abs()).clip(lower_bound=1)
    # a day for each: those that the bank has not booked come after all others
    last = pl.col("day").max()
    paid = paid.with_columns(room=room, turn=pl.when("booked").then("day").otherwise(last + 1))
    place = pl.col("turn").rank("ordinal").over(_SAME)
    filled = pl.col("turn").filter(place <= pl.col("room")).max().over(_SAME)
    enough = pl.col("booked").sum().over(_SAME) >= pl.col("room")
    without[paid.filter(enough, pl.col("turn") > filled)["row"].to_numpy()] = True
    return without


def _of_shared_bills(payments: Dataset, bills: Dataset, links: pl.DataFrame, takes: Mask) -> pl.DataFrame:
    """The links (`row`, `bill`, `asked`: the bill's amount) of payments that have a bill in common, in their currency."""
    links = links.filter(pl.Series(takes[links["left"].to_numpy()], dtype=pl.Boolean))
    left, right = links["left"].to_numpy(), links["right"].to_numpy()
    shared = (np.bincount(right, minlength=bills.height) > 1)[right]
    foreign = payments.currency[left] != bills.currency[right]
    concerned, abroad = np.zeros(payments.height, dtype=np.bool_), np.zeros(payments.height, dtype=np.bool_)
    concerned[left[shared]], abroad[left[foreign]] = True, True
    kept = (concerned & ~abroad)[left]
    return pl.DataFrame({"row": left[kept], "bill": right[kept], "asked": bills.amount[right[kept]]})
