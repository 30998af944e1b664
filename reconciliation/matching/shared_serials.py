"""Pairs whose left text shows the right item's number within its series (`text.serial_numbers`), without the letters and the year
around it.

So short a number alone says little. Beside an equal amount it says much: another document's would be another number.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.marginals import Floats
from reconciliation.matching.reference_index import references_of
from reconciliation.matching.reference_keys import written
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.serial_numbers import numbers_in, serial_number

_SHOWN = 0.3  # of true partners that show it in this way
_MOST = 1000.0  # documents of one series, one of which a text may name


def serial_ratios(context: LegContext, left: Rows, right: Rows) -> Floats:
    """By pair of rows: how many times likelier the right item's serial number in the left text makes it; 1 where it is not there."""
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair")
    rows = np.unique(left)
    texts = ascii_upper_series(context.left.dataset.take([written("text")], rows)["text"])
    told = pl.DataFrame({"left": rows, "text": texts}).select("left", numbers=numbers_in(pl.col("text")))
    told = told.with_columns(count=pl.col("numbers").list.len()).filter(pl.col("count") > 0)
    told = told.explode("numbers", empty_as_null=False, keep_nulls=False).rename({"numbers": "serial"})
    given = references_of(context.right.dataset, right)
    given = given.with_columns(ascii_upper_series(given["reference"]))
    owned = given.select(right="row", serial=serial_number(pl.col("reference"))).drop_nulls().unique()
    met = pairs.join(told.unique(), on="left").join(owned, on=["right", "serial"])
    rarity = pl.lit(10.0).pow(met["serial"].str.len_bytes().cast(pl.Float64) - 1).clip(upper_bound=_MOST)
    ratios = np.ones(len(left))
    found = met.group_by("pair").agg((_SHOWN * rarity / pl.col("count")).max().alias("ratio"))
    ratios[found["pair"].to_numpy()] = np.maximum(found["ratio"].to_numpy(), 1.0)
    return ratios
