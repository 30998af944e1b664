"""What a payer's text says was deducted, or paid on top: `LESS DEDUCTION 461.80`, `2% SKONTO`, `JUROS/MULTA 12,34`.

A difference that is written down, to the cent, is no unexplained one, whatever it is for.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.amount_rules import AmountRule
from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Mask
from reconciliation.matching.reference_keys import written
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.stated_amounts import shares_stated, stated_amounts

_LARGEST = 2  # a difference is at most one in so many of the amount
_ROUNDED = 5  # minor units by which shares of several bills, each rounded, may miss the share of their sum


def stated(context: LegContext, edges: pl.DataFrame, rule: AmountRule) -> Mask:
    """By edge (`left`, `right`, `mine`, `other` in minor units): whether the left text states the difference, as an amount that is
    neither side's own or as a share of the right one."""
    left = edges["left"].to_numpy()
    rows = np.unique(left)
    texts = context.left.dataset.take([written("text")], rows)["text"]
    exponents = np.asarray(context.encoding.exponents, dtype=np.int64)[context.left.dataset.currency[rows]]
    told = pl.DataFrame({"left": rows, "text": ascii_upper_series(texts), "exponent": exponents})
    told = told.filter(pl.col("text").str.contains("[0-9]"))
    pairs = edges.select("left", "right", "mine", "other").with_row_index("pair")
    pairs = pairs.with_columns(apart=(pl.col("mine") - pl.col("other")).abs()).filter(
        pl.col("apart") > 0,
        pl.col("apart") * _LARGEST <= pl.min_horizontal(pl.col("mine").abs(), pl.col("other").abs()),
    )
    amounts = pairs.join(stated_amounts(told), on="left").filter(pl.col("apart") == pl.col("amount"))
    shares = pairs.join(shares_stated(told), on="left")
    taken = pl.col("other").abs().cast(pl.Float64) * pl.col("share")
    shares = shares.filter(pl.col("mine").abs() < pl.col("other").abs(), (taken - pl.col("apart")).abs() <= _ROUNDED)
    # what is written of a bill is its amount, not what was taken off another's
    whole = context.right.dataset.amount
    bills = pl.DataFrame({"left": left, "apart": np.abs(whole[edges["right"].to_numpy()])}).unique()
    amounts = amounts.join(bills, on=["left", "apart"], how="anti")
    found = np.zeros(edges.height, dtype=np.bool_)
    found[pl.concat([amounts["pair"], shares["pair"]]).to_numpy()] = True
    return found
