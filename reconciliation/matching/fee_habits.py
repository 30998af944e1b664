"""Fees come in habits: the same few amounts, or the same share of what is paid. A difference that others have too is
likelier a fee than one that stands alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STEP = 0.001  # shares of the amount closer than this are one
_PRIOR = 20.0  # fees by no habit that are added to those there are


def habit_ratios(differences: Ints, amounts: Ints, bounds: Floats, probable: Floats) -> Floats:
    """By candidate: how many times likelier its difference is among fees than by chance, between zero and its bound.

    `differences` and `amounts` in minor units, signed alike or not; `bounds` the largest fee of each; `probable` how
    likely each candidate is a fee by all else: the others count by that much. A third of fees is taken to have no habit.
    """
    size, whole = np.abs(differences), np.maximum(np.abs(amounts), 1)
    total = float(probable.sum()) - probable + _PRIOR
    flat = _others(size, probable) / total * np.maximum(bounds, 1.0)
    share = np.round(size / whole / _STEP).astype(np.int64)
    widest = np.maximum(bounds / whole / _STEP, 1.0)
    by_share = _others(share, probable) / total * widest
    ratios: Floats = (1 + flat + by_share) / 3
    return ratios


def _others(key: Ints, weight: Floats) -> Floats:
    """By candidate: the weight of the others of its key."""
    place = np.unique(key, return_inverse=True)[1]
    return np.asarray(np.maximum(np.bincount(place, weights=weight)[place] - weight, 0.0), dtype=np.float64)
