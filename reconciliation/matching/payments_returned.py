"""Payments that a return speaks of whose own booking it does not undo: the bank booked them with others, or an amount that many
have does not tell which booking came back.

A return that names a payment by its id, to the cent, brought it back. One that names none, while nobody knows what it
undoes, makes any earlier payment of its amount and party one that may have come back.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.counterparty_keys import account_keys, same_parties
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.joins import among, key_pairs
from reconciliation.matching.named_items import named_by
from reconciliation.matching.passes.described_reversal import UNDOING
from reconciliation.matching.reference_index import references_of, repeated_references
from reconciliation.matching.reference_keys import written
from reconciliation.matching.text.folding import ascii_upper_series, compact

RETURNS = ("return", "reversal")  # kinds of lines that the bank has coded so
_AFTER = 60  # days after the payment
_LEAST = 7  # characters of an identifier that a text shows
_MOST_PAIRS = 20_000  # of one amount
_SAME = ["amount", "currency"]


def payments_returned(lines: Dataset, payments: Dataset, explained: Mask) -> tuple[Mask, Mask]:
    """By row of `payments`: whether a return names it and no other, and whether one may be its. `explained` says by row of
    `lines` whether it is known what a line undoes."""
    named, maybe = (np.zeros(payments.height, dtype=np.bool_) for _ in range(2))
    pairs = _pairs(lines, payments, _returns(lines, payments, explained))
    if pairs.is_empty():
        return named, maybe
    told = named_by(lines, pairs["line"].unique().sort().to_numpy(), payments).filter("telling")
    met = pairs.join(told.select(line="left", payment="named").unique(), on=["line", "payment"], how="semi")
    only = met.filter(pl.len().over("line") == 1)
    returned = only.group_by("payment").len("returns")
    # what is booked once more than it came back was booked twice, or anew
    booked = returned.join(_bookings(lines, payments, returned["payment"]), on="payment", how="left")
    back = booked.filter(pl.col("returns") >= pl.col("bookings").fill_null(1))
    named[back["payment"].to_numpy()] = True
    others = pairs.join(met.select("line").unique(), on="line", how="anti")
    rows = others["line"].to_numpy(), others["payment"].to_numpy()
    shown, same = same_parties((lines, rows[0]), (payments, rows[1]))
    accounts = account_keys(lines, rows[0]) == account_keys(payments, rows[1])
    strange = (shown & ~same) | (~accounts).fill_null(False).to_numpy()
    maybe[rows[1][~strange]] = True
    return named, maybe


def _bookings(lines: Dataset, payments: Dataset, asked: pl.Series) -> pl.DataFrame:
    """`payment`, `bookings`: how many lines of the amount of each of these payments hold an identifier that it alone has."""
    own = asked.sort().to_numpy()
    shared = repeated_references(payments).select("row", "reference")
    said = references_of(payments, own).join(shared, on=["row", "reference"], how="anti")
    said = said.filter(pl.col("reference").str.len_bytes() >= _LEAST)
    rows = np.flatnonzero(among(lines.amount, payments.amount[own])).astype(np.uint32)
    texts = pl.DataFrame({"row": rows, "amount": lines.amount[rows]}).hstack(lines.take([written("text")], rows))
    paid = pl.DataFrame({"row": own, "amount": payments.amount[own]})
    met, _ = key_pairs(paid, texts.drop_nulls("text"), ["amount"], _MOST_PAIRS)
    # a bank wraps its texts anywhere
    met = met.join(said, left_on="left", right_on="row")
    met = met.with_columns(ascii_upper_series(met[name]) for name in ("text", "reference"))
    met = met.with_columns(compact(pl.col("text")), compact(pl.col("reference")))
    met = met.filter(pl.col("text").str.contains(pl.col("reference"), literal=True))
    return met.group_by(payment="left").agg(bookings=pl.col("right").n_unique())


def _returns(lines: Dataset, payments: Dataset, explained: Mask) -> Rows:
    """Lines not explained that say they undo another, of the opposite of a payment's amount."""
    rows = np.flatnonzero(~explained & (lines.amount != 0)).astype(np.uint32)
    rows = rows[among(lines.amount[rows], -payments.amount)]
    said = lines.take(["text", "kind"], rows)
    undoing = ascii_upper_series(said["text"]).str.contains(UNDOING).fill_null(False)
    returns: Rows = rows[(undoing | said["kind"].is_in(RETURNS).fill_null(False)).to_numpy()]
    return returns


def _pairs(lines: Dataset, payments: Dataset, rows: Rows) -> pl.DataFrame:
    """`line`, `payment` (rows) of these lines and the payments of the opposite amount before them."""
    every = np.flatnonzero(among(payments.amount, -lines.amount[rows])).astype(np.uint32)
    back, paid = (
        pl.DataFrame(
            {"row": own}
            | {name: getattr(data, name)[own] for name in ("amount", "currency", "date", "entity", "account")}
        )
        for data, own in ((lines, rows), (payments, every))
    )
    met, _ = key_pairs(back.with_columns(-pl.col("amount")), paid, _SAME, _MOST_PAIRS)
    lag = pl.col("date").cast(pl.Int64) - pl.col("date_right").cast(pl.Int64)
    fits = [
        (pl.col(name) == pl.col(f"{name}_right")) | (pl.col(name) == 0) | (pl.col(f"{name}_right") == 0)
        for name in ("entity", "account")
    ]
    return met.filter(lag.is_between(0, _AFTER), *fits).select(line="left", payment="right")
