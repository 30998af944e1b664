"""Payments that are short of all that they are known to settle by a share that others are short by as well: tax withheld
at source, a contractual deduction. Their bills are settled whole; a payment that alone is short tells no such thing."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints
from reconciliation.matching.marginals import Floats

_NEAR = 0.00005  # shares closer than this are one
_ROUNDED = 100  # minor units to which a deduction may be rounded: taxes are often rounded to whole units
_WIDEST = 0.0005  # within which shares are one, however small the amount and coarse the rounding
_OTHERS = 3  # other payments that have to be short by the share
_OFTENER = 5.0  # than chance would have so many of them near one share


def withheld(context: LegContext, edges: pl.DataFrame, share: float) -> pl.DataFrame:
    """Edges (as in `settlement`, with the `amount` that links state, null where they mean the whole) of the left items that are short
    of the whole of what they are linked to by a share of at most `share` that others are short by too."""
    rows = edges["right"].to_numpy()
    whole = pl.Series(context.right.open[rows] == context.right.dataset.amount[rows], dtype=pl.Boolean)
    stated = whole & (edges["amount"] == edges["other"]).fill_null(True)
    stars = edges.with_columns(stated.alias("stated")).filter(pl.col("stated").all().over("left"))
    totals = stars.group_by("left").agg(pl.col("mine").first(), pl.col("other").sum().alias("total"))
    short = totals.with_columns(lacks=1 - pl.col("mine") / pl.col("total")).filter(
        pl.col("lacks") > 0, pl.col("lacks") <= share
    )
    if short.height <= _OTHERS:
        return stars.clear().drop("stated")
    lacks = np.sort(short["lacks"].to_numpy())
    own, size = short["lacks"].to_numpy(), np.abs(short["total"].to_numpy())
    reach = reach_of_share(size)
    alike = np.searchsorted(lacks, own + reach, side="right") - np.searchsorted(lacks, own - reach)
    by_chance = len(lacks) * 2 * reach / share
    usual = short.filter(pl.Series(alike > np.maximum(_OTHERS, _OFTENER * by_chance)))
    return stars.join(usual.select("left"), on="left", how="semi").drop("stated")


def reach_of_share(sizes: Ints) -> Floats:
    """By amount in minor units: how far two shares of it may lie apart that are one."""
    return np.asarray(np.minimum(_NEAR + _ROUNDED / sizes, _WIDEST), dtype=np.float64)
