"""Which of several payments of the same bills settles them: the one that the bank has booked, of several the first.

A cheque is lost and written anew, a payment run is sent a second time: both payments state the bills, for which one alone
pays. A side of a leg names the leg whose matches say what the bank has booked (`booked_by: bank_lines_payments`). Where
it has booked as many payments of an amount as the bills have room for, the others settle nothing; nor does one that it has not
booked where those that it has leave less of its bills than it pays: a payment of two bills, of which another has paid one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.counterparty_keys import same_parties
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.named_items import named_by

_SAME = ["bills", "amount"]
_LEAST_PAID = 9  # tenths of the bills that a payment names, discounts deducted, from which it pays them


def paid_by_another(
    payments: Dataset,
    bills: Dataset,
    links: pl.DataFrame,
    standing: pl.DataFrame,
    booked_rows: Sequence[Rows],
    takes: Mask,
    maybe_back: Mask,
) -> Mask:
    """By row of `payments`: whether it settles nothing. `links` and `standing`, what earlier runs have matched, have left (payments) and
    right (bills), `booked_rows` are the payments that the bank has booked; `takes` says whether one takes part at all,
    `maybe_back` whether it may have come back."""
    booked, without = (np.zeros(payments.height, dtype=np.bool_) for _ in range(2))
    for rows in booked_rows:
        booked[rows] = True
    if not booked.any():
        return without
    # what stands says what a payment pays that the bank has not booked; what it has booked says so itself
    waiting = standing.filter(~pl.Series(booked[standing["left"].to_numpy()], dtype=pl.Boolean))
    named = [_named(payments, bills, links, takes)] if (takes & ~booked).any() else []
    stated = pl.concat([links, waiting, *named]).unique(maintain_order=True)
    claims = _of_shared_bills(payments, bills, stated, takes)
    if claims.is_empty():
        return without
    without[_later(payments, claims, booked, maybe_back)] = True
    without[_without_room(payments, claims.filter(~pl.Series(without[claims["row"].to_numpy()])), booked)] = True
    return without


def _named(payments: Dataset, bills: Dataset, links: pl.DataFrame, takes: Mask) -> pl.DataFrame:
    """The bills (`left`, `right`) that payments without a link name, where they come to what is paid."""
    loose = takes.copy()
    loose[links["left"].to_numpy()] = False
    named = named_by(payments, np.flatnonzero(loose).astype(np.uint32), bills)
    rows = named["left"].to_numpy(), named["named"].to_numpy()
    shown, same = same_parties((payments, rows[0]), (bills, rows[1]))
    # a short number may well be another supplier's
    told = named.filter(pl.Series(same) | (pl.col("telling") & pl.Series(~shown)))
    told = told.select("left", right="named").unique().sort("left", "right")
    told = told.with_columns(
        paid=pl.Series(payments.amount[told["left"].to_numpy()]).cast(pl.Int128),
        asked=pl.Series(bills.amount[told["right"].to_numpy()]).cast(pl.Int128),
    ).with_columns(pl.col("asked").sum().over("left"))
    size, whole = pl.col("paid").abs(), pl.col("asked").abs()
    pays = (size <= whole) & (10 * size >= _LEAST_PAID * whole) & (pl.col("paid").sign() == pl.col("asked").sign())
    return told.filter(pays).select("left", "right")


def _later(payments: Dataset, claims: pl.DataFrame, booked: Mask, maybe_back: Mask) -> Rows:
    """Payments of an amount beyond as many of the same bills as these have room for, where the bank has booked those."""
    paid = claims.group_by("row", maintain_order=True).agg(bills=pl.col("bill").sort(), asked=pl.col("asked").sum())
    rows = paid["row"].to_numpy()
    paid = paid.with_columns(
        amount=pl.Series(payments.amount[rows]),
        day=pl.Series(payments.date[rows]).cast(pl.Int64),
        booked=pl.Series(booked[rows]),
        back=pl.Series(maybe_back[rows]),
    ).filter(pl.col("amount") != 0)
    room = (pl.col("asked").abs() // pl.col("amount").abs()).clip(lower_bound=1)
    # a day for each: what may have come back stands behind, and what the bank has not booked behind all others
    span = pl.col("day").max() - pl.col("day").min() + 1
    turn = pl.when(~pl.col("booked")).then(pl.col("day").max() + span).otherwise(pl.col("day") + pl.col("back") * span)
    paid = paid.with_columns(room=room, turn=turn)
    place = pl.col("turn").rank("ordinal").over(_SAME)
    filled = pl.col("turn").filter(place <= pl.col("room")).max().over(_SAME)
    enough = pl.col("booked").sum().over(_SAME) >= pl.col("room")
    later: Rows = paid.filter(enough, pl.col("turn") > filled)["row"].to_numpy()
    return later


def _without_room(payments: Dataset, claims: pl.DataFrame, booked: Mask) -> Rows:
    """Payments that the bank has not booked, of bills of which those that it has leave less than they pay."""
    rows = claims["row"].to_numpy()
    claims = claims.with_columns(amount=pl.Series(payments.amount[rows]), booked=pl.Series(booked[rows]))
    asked, amount = (pl.col(name).cast(pl.Int128) for name in ("asked", "amount"))
    every = asked.sum().over("row")
    # a part is paid of each bill alike
    share = pl.when(amount.abs() >= every.abs()).then(asked).otherwise(asked * amount // every)
    taken = claims.filter("booked").with_columns(taken=share).group_by("bill").agg(pl.col("taken").sum())
    waiting = claims.filter(~pl.col("booked")).join(taken, on="bill", how="left", maintain_order="left")
    left = waiting.group_by("row", maintain_order=True).agg(
        pl.col("amount").first(),
        room=(asked - pl.col("taken").fill_null(0)).sum(),
        shared=pl.col("taken").is_not_null().any(),
    )
    sign = pl.col("amount").sign().cast(pl.Int128)
    crowded = left.filter("shared", sign * pl.col("amount") > sign * pl.col("room"))
    found: Rows = crowded["row"].to_numpy()
    return found


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
