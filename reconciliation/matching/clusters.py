"""Clusters of items whose totals agree: which of them are more than one group."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.subset_sum import MAX_AMOUNT, subset_sums

_BUDGET = 1 << 16  # subset sums of one half of a cluster
_COUNTED = 8
_MOST_TRIED = 16  # members of a cluster of which parts are tried


def balances(members: pl.DataFrame) -> pl.DataFrame:
    """Clusters (`label`) of equal totals, with `sums`: how many of their parts balance, the whole among them, up to
    eight; null where there are too many members to tell.

    `members` has label, side (0 left, 1 right), row, applied (minor units).
    """
    signed = members.select("label", _signed())
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


def only_parts(members: pl.DataFrame) -> pl.DataFrame:
    """Of clusters whose totals differ, the members of the only part of two or more a side that balances; and the `parts` that
    were tried."""
    small = members.with_columns(_signed()).filter(
        pl.len().over("label").is_between(5, _MOST_TRIED),
        (pl.col("value").abs() <= MAX_AMOUNT).all().over("label"),
        (pl.col("value").sum() != 0).over("label"),
    )
    small = small.sort("label", "value", "side", "row")
    heads = small.group_by("label", maintain_order=True).len()
    bounds = np.concatenate([[0], np.cumsum(heads["len"].to_numpy())]).astype(np.int64)
    zeros = subset_sums(
        np.zeros(heads.height, np.int64), bounds, small["value"].to_numpy(), min_size=4, alternatives=_COUNTED
    )
    side = small["side"].to_numpy()
    chosen = [np.zeros(0, dtype=np.int64)]
    for case in np.flatnonzero(zeros.count):
        found = (zeros.solution(int(case), number) for number in range(int(zeros.count[case])))
        parts = [own for own in found if 2 <= side[own].sum() <= len(own) - 2]
        chosen.extend(parts if len(parts) == 1 else ())
    picked = small[np.concatenate(chosen)]
    tried = heads.select("label", parts=pl.lit(2.0) ** (pl.col("len") - 1))
    return picked.drop("value").join(tried, on="label", how="left", maintain_order="left")


def _signed() -> pl.Expr:
    return pl.when(pl.col("side") == 0).then("applied").otherwise(-pl.col("applied")).alias("value")


def falling_apart() -> pl.Expr:
    """By `sums`: two or three groups that have nothing to do with each other, each of which is found for itself.

    Parts that balance in more ways than that may belong together in several: which with which nobody can tell, but all
    with all.
    """
    return pl.col("sums").is_in([2**2 - 1, 2**3 - 1])
