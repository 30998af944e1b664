"""Which texts speak of many at once: a deposit, a card settlement, a payroll; learned from the sums found so far.

A word that sums show and single pairs do not makes the next line that shows it a likelier sum, in any language; a
line with the words of single pairs, a party's name, is a less likely one.
"""

from __future__ import annotations

from math import lgamma

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text.words import SideWords

_NO_WORD = 0.1  # how likely texts of one source have no word of their own

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


def words_in_common(words: SideWords, rows: Rows) -> float:
    """How many times likelier the texts of some `rows` are if they come from one source, which has words of its own, than if
    they were any texts of their side; 1 where they say nothing."""
    said = words.rows.join(words.words, on="document").select("row", "word").unique()
    ours = said.join(pl.DataFrame({"row": np.unique(rows)}, schema={"row": pl.UInt32}), on="row", how="semi")
    spoken = ours["row"].n_unique()
    if spoken == 0:
        return 1.0
    usual = said.group_by("word").len("everywhere").with_columns((pl.col("everywhere") + 1) / (words.rows.height + 2))
    counted = ours.group_by("word").len("times").join(usual, on="word").sort("word")
    times, rate = counted["times"].to_numpy().astype(np.float64), counted["everywhere"].to_numpy()
    # a word of the source may be in all its texts or in some: any share is as likely; the first text only names the word
    any_share = np.array([lgamma(k) + lgamma(spoken - k + 1) - lgamma(spoken + 1) for k in times])
    by_chance = (times - 1) * np.log(rate) + (spoken - times) * np.log1p(-rate)
    told = float(np.exp(np.clip(any_share - by_chance, -50, 50)).mean())
    return _NO_WORD + (1 - _NO_WORD) * told
