"""How likely a few of many amounts make up a given rest by chance: the members missing from a batch, the memos
deducted.

There are few ways to choose a few, so they are counted outright instead of being measured near the rest, where most
often there is none to measure.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.encoding import Ints
from reconciliation.matching.marginals import Floats

_DENSER = 3.0  # a few members make a small sum, and small sums lie closer than over the whole range
_STEPS = (5, 10, 50, 100, 500, 1_000, 10_000, 100_000)


def chance_of_few(count: Ints, size: Ints, total: Ints, grid: Ints) -> Floats:
    """By case: how many choices of at most `size` (1 to 3) of `count` amounts meet any given rest by chance, up to 1.

    `total` is the sum of all amounts, `grid` the step they lie on, both in minor units.
    """
    many = count.astype(np.float64)
    ways = np.cumsum(np.vstack([many, many * (many - 1) / 2, many * (many - 1) * (many - 2) / 6]), axis=0)
    places = np.maximum(np.abs(total) / grid, 1.0)
    chance: Floats = np.minimum(_DENSER * ways[size - 1, np.arange(len(size))] / places, 1.0)
    return chance


def grids(amounts: pl.Series) -> Ints:
    """By list of amounts: the roundest step on which they all lie, in minor units (100: whole units of two decimals)."""
    numbered = pl.DataFrame({"amounts": amounts}).with_row_index("case").explode("amounts", empty_as_null=False)
    step = pl.lit(1, pl.Int64)
    for each in _STEPS:  # one amount alone is a multiple of itself: only round steps count
        step = pl.when(pl.col("amounts") % each == 0).then(pl.lit(each, pl.Int64)).otherwise(step)
    return (
        numbered.with_columns(step.alias("step"))
        .group_by("case", maintain_order=True)
        .agg(pl.col("step").min())["step"]
        .to_numpy()
    )
