"""Likelihood ratios of classes of evidence that rises, as counted among true pairs and strangers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_UNSEEN = 0.5  # pairs of any class that were just not seen


def counted_odds(bounds: Floats, seen: Sequence[Floats], priors: Sequence[Floats], weight: float) -> Floats:
    """By class between `bounds`: its share of what is `seen` of true pairs over that of strangers, with `priors` that count
    for so many pairs."""
    shares = []
    for values, prior in zip(seen, priors, strict=True):
        counts = np.bincount(np.searchsorted(bounds, values, side="right"), minlength=len(prior))
        counted = counts + weight * prior + _UNSEEN * len(values) / (len(values) + weight)
        shares.append(counted / counted.sum())
    return never_falling(*shares)


def never_falling(true: Floats, strange: Floats) -> Floats:
    """The ratio of each class's shares, more in common never being weaker evidence.

    Of what speaks against a pair, classes of falling ratios are pooled: few strangers show so little in common, and
    that no true pair does says nothing of those who show more. What speaks for a pair and rises by small numbers alone
    is levelled from above.
    """
    pools: list[tuple[float, float, int]] = []
    for one, two in zip(true.tolist(), strange.tolist(), strict=True):
        pool = (one, two, 1)
        while pools and pools[-1][0] * pool[1] > pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = (pool[0] + before[0], pool[1] + before[1], pool[2] + before[2])
        pools.append(pool)
    pooled: Floats = np.repeat([one / two for one, two, _ in pools], [classes for _, _, classes in pools])
    levelled = np.maximum.accumulate(np.where(pooled >= 1, true / strange, 0.0))
    return np.maximum(pooled, levelled)
