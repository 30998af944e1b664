"""Texts of two items that name numbers of one shape, and not the same: another order, delivery or contract is meant.

Whether texts of a company share such numbers at all is learned from surer pairs: a bank's own number in every line looks like an
order's, and is in no bill.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Mask
from reconciliation.matching.reference_index import references_of
from reconciliation.matching.reference_keys import DATE
from reconciliation.matching.standing_words import learned_from
from reconciliation.matching.taught_pairs import taught_pairs
from reconciliation.matching.text import identifier_words
from reconciliation.matching.text.folding import ascii_upper_series

_LEAST = 5  # characters of a number
_MET = {"pair": pl.UInt32(), "shape": pl.String(), "shared": pl.Boolean(), "slip": pl.Boolean()}
_ENOUGH, _SELDOM = 10, 0.05  # pairs that share a number of a shape, and how many for each of them may not


def another_order(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left text names a number of a shape that pairs share, and the right one another."""
    against = np.zeros(len(left), dtype=np.bool_)
    if not len(left):
        return against
    met = _numbers_met(context, left, right)
    if met.is_empty():
        return against
    telling = met.join(_shared_shapes(context), on="shape", how="semi")
    strange = telling.group_by("pair").agg(pl.col("shared", "slip").any()).filter(~pl.col("shared"), ~pl.col("slip"))
    against[strange["pair"].to_numpy()] = True
    return against


def _shared_shapes(context: LegContext) -> pl.DataFrame:
    """`shape` of the numbers that the texts of surer pairs share, with few exceptions."""
    pairs = learned_from(context)
    name = f"shared_shapes_{len(pairs[0])}"
    if name not in context.cache:
        met = _numbers_met(context, *taught_pairs(context, pairs))
        counts = met.group_by("shape").agg(same=pl.col("shared").sum(), other=(~pl.col("shared")).sum())
        enough = counts.filter(pl.col("same") >= _ENOUGH, pl.col("other") <= pl.col("same") * _SELDOM)
        context.cache[name] = enough.select("shape")
    return context.cache[name]


def _numbers_met(context: LegContext, left: Rows, right: Rows) -> pl.DataFrame:
    """`pair` (place), `shape`, `shared`, `slip` (but for one slip of the keys) of the left texts' numbers where the right one of the
    pair names one of their shape; parts of the right item's references are none."""
    named, of_bill = (
        _numbers(view.dataset.take(["text"], rows)["text"])
        for view, rows in zip(context.sides, (left, right), strict=True)
    )
    pairs = pl.DataFrame({"pair": np.arange(len(left), dtype=np.uint32), "right": right})
    if named.is_empty() or of_bill.is_empty():
        return pl.DataFrame(schema=_MET)
    owned = references_of(context.right.dataset, right)
    owned = pairs.join(
        owned.with_columns(whole=ascii_upper_series(owned["reference"])), left_on="right", right_on="row"
    )
    own = named.join(owned, on="pair").filter(pl.col("whole").str.contains(pl.col("word"), literal=True))  # or a part
    named = named.join(own, on=["pair", "word"], how="anti")
    met = named.join(of_bill, on=["pair", "shape"], suffix="_right")
    distance = process.cpdist(met["word"].to_list(), met["word_right"].to_list(), scorer=OSA.distance, score_cutoff=1)
    same, slip = (pl.Series(distance == off, dtype=pl.Boolean) for off in (0, 1))
    told = met.select("pair", "shape", "word", shared=same, slip=slip)
    return told.group_by("pair", "shape", "word").agg(pl.col("shared", "slip").any()).select(list(_MET))


def _numbers(texts: pl.Series) -> pl.DataFrame:
    """`pair` (place), `word`, `shape` (its digits as 9, its letters as A) of the numbers in texts, without dates."""
    placed = pl.DataFrame(
        {"row": np.arange(len(texts), dtype=np.uint32), "text": ascii_upper_series(texts)}
    ).drop_nulls()
    words = identifier_words(placed, _LEAST).filter(~pl.col("word").str.contains(DATE))
    shape = pl.col("word").str.replace_all("[0-9]", "9").str.replace_all("[A-Z]", "A")
    return words.select("word", pair="row", shape=shape).unique()
