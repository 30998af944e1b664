"""Clusters of items whose totals agree: which of them are more than one group."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.subset_sum import MAX_AMOUNT, subset_sums

_BUDGET = 1 << 16  # subset sums of one half of a cluster
_COUNTED = 8


def balances(members: pl.DataFrame) -> pl.DataFrame:
    """Clusters (`label`) of equal totals, with `sums`: how many of their parts balance, the whole among them, up to
    eight; null where there are too many members to tell.

    `members` has label, side (0 left, 1 right), row, applied (minor units).
    """
    signed = members.select(
        "label", pl.when(pl.col("side") == 0).then("applied").otherwise(-pl.col("applied")).alias("value")
    )
    signed = signed.filter(
        (pl.col("value").abs() <= MAX_AMOUNT).all().over("label"), (pl.col("value").sum() == 0).over("label")
    ).sort("label", "value")
    heads = signed.group_by("label", maintain_order=True).len()
    bounds = np.concatenate([[0], np.cumsum(heads["len"].to_numpy())]).astype(np.int64)
    zeros = subset_sums(
        np.zeros(heads.height, np.int64),
        bounds,
        signed["value"].to_numpy(),
        min_size=2,
        alternatives=_COUNTED,
        budget=_BUDGET,
    )
    too_many = pl.Series(zeros.exhausted, dtype=pl.Boolean)
    return heads.select("label", pl.when(too_many).then(None).otherwise(pl.Series(zeros.count)).alias("sums"))


def falling_apart() -> pl.Expr:
    """By `sums`: two or three groups that have nothing to do with each other, each of which is found for itself.

    Parts that balance in more ways than that may belong together in several: which with which nobody can tell, but all
    with all.
    """
    return pl.col("sums").is_in([2**2 - 1, 2**3 - 1])
