"""Pairs that are told again and again: the rent of one tenant from one payer, month after month.

That such a pair was right last month is no news about the next: taken for right by its text, it would teach its own words,
and be the surer the oftener it is wrong. What its amount and date say of it by themselves is news each time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text.words import SideWords

Floats = npt.NDArray[np.float64]


def pair_counts(left: SideWords, right: SideWords, pairs: pl.DataFrame) -> Floats:
    """By pair (`left`, `right` rows, and `by_amount`, its probability without its text): how many pairs it counts for. All of
    one series count for one, or for as much as their amounts say."""
    keyed = pairs.select("left", "right")
    for side, name in ((left, "left"), (right, "right")):
        named = _rarest(side).select(pl.col("row").alias(name), pl.col("word").alias(f"{name}_word"))
        keyed = keyed.join(named, on=name, how="left", maintain_order="left")
    # where a text has no such word the pair is no other's series
    told = pl.all_horizontal(pl.col("left_word", "right_word").is_not_null())
    times = keyed.select(pl.when(told).then(1 / pl.len().over("left_word", "right_word")).otherwise(1.0))
    counted: Floats = np.maximum(times.to_series().to_numpy(), pairs["by_amount"].to_numpy())
    return counted


def _rarest(side: SideWords) -> pl.DataFrame:
    """`row`, `word`: of each text the word that fewest others say, but some do."""
    texts = side.rows.group_by("document").len("texts")
    spoken = side.words.join(texts, on="document").with_columns(said=pl.col("texts").sum().over("word"))
    several = spoken.filter(pl.col("said") > 1).sort("document", "said", "word")
    return side.rows.join(several.group_by("document", maintain_order=True).agg(pl.col("word").first()), on="document")
