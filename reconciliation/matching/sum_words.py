"""Which texts speak of many at once: a deposit, a card settlement, a payroll; learned from the sums found so far.

A word that sums show and single pairs do not makes the next line that shows it a likelier sum, in any language; a
line with the words of single pairs, a party's name, is a less likely one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text.words import SideWords

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.uint32]

_SHAPE = 2.0  # of the gamma prior of a word's rate: one that is not seen where few are expected says little
_MOST = 3.0  # nats that a text may tell


def told_by_words(words: SideWords, sums: Rows, pairs: Rows, asked: Rows) -> Floats:
    """By `asked` row: how many times likelier its words are in a sum than in a pair, given rows of known `sums` and
    `pairs`."""
    if not len(sums):
        return np.ones(len(asked))
    said = words.rows.join(words.words.filter(pl.col("weight") > 0), on="document").select("row", "word")
    everywhere = pl.len() / max(1, words.rows.height)
    rates = said.group_by("word").agg(everywhere.alias("usual"))
    for name, of in (("sum", sums), ("pair", pairs)):
        known = pl.DataFrame({"row": np.unique(of)}, schema={"row": pl.UInt32})
        seen = said.join(known, on="row").group_by("word").agg(pl.len().alias("times"))
        rate = (_SHAPE + pl.col("times").fill_null(0)) / (_SHAPE / pl.col("usual") + known.height)
        rates = rates.join(seen, on="word", how="left").with_columns(rate.alias(name)).drop("times")
    nats = rates.select("word", (pl.col("sum") / pl.col("pair")).log().alias("nats"))
    rows = pl.DataFrame({"row": asked}, schema={"row": pl.UInt32})
    told = said.join(rows.unique(), on="row", how="semi").join(nats, on="word").sort("row", "word")
    best = told.group_by("row").agg(
        (pl.col("nats").max().clip(0) + pl.col("nats").min().clip(upper_bound=0)).alias("nats")
    )
    found = rows.join(best, on="row", how="left", maintain_order="left")["nats"].fill_null(0.0).to_numpy()
    return np.asarray(np.exp(np.clip(found, -_MOST, _MOST)), dtype=np.float64)
