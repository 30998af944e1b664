"""Fees come in habits: the same few amounts, the same share of what is paid, or a share and a fixed charge (2.90 % and
0.30). A difference that others have too is likelier a fee than one that stands alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STEP = 0.001  # shares of the amount closer than this are one
_PRIOR = 20.0  # fees by no habit that are added to those there are
_RATE, _EACH = 2_000, np.arange(0, 65, 5)  # rates are multiples of one over so many; fixed charges in minor units
_EVEN = 0.1  # the share of fees that are as likely of any amount
_OFF = 1.0  # minor units by which rounding may put a fee off
_FEWEST = 3.0  # other fees that a rate and a fixed charge have to explain: among so many of them, chance explains a few


def habit_ratios(
    differences: Ints, amounts: Ints, bounds: Floats, probable: Floats, unseen: Floats | None = None
) -> Floats:
    """By candidate: how many times likelier its difference is among fees than by chance, between zero and its bound.

    `differences` and `amounts` in minor units, signed alike or not; `bounds` the largest fee of each; `probable` how
    likely each candidate is a fee by all else: the others count by that much. A quarter of fees is taken to have no habit;
    `unseen` says how likely these are, and those of habits of which few fees are known to tell.
    """
    size, whole = np.abs(differences), np.maximum(np.abs(amounts), 1)
    total = float(probable.sum()) - probable + _PRIOR
    flat = _others(size, probable) / total * np.maximum(bounds, 1.0)
    share = np.round(size / whole / _STEP).astype(np.int64)
    widest = np.maximum(bounds / whole / _STEP, 1.0)
    by_share = _others(share, probable) / total * widest
    by_schedule = _by_schedule(size, whole, probable) / total * np.maximum(bounds, 1.0) / (2 * _OFF + 1)
    none = 1.0 if unseen is None else unseen * (1 + 3 * _PRIOR / total)
    ratios: Floats = (none + flat + by_share + by_schedule) / 4
    return ratios


def unseen_fees(differences: Ints, bounds: Floats) -> Floats:
    """By candidate: how many times likelier a fee of its amount is than by chance, before any other fee is known: few are spread
    evenly up to the bound, most over the orders of magnitude, for rounding is of cents."""
    size, most = np.maximum(np.abs(differences), 1), np.maximum(bounds, np.e)
    ratios: Floats = _EVEN + (1 - _EVEN) * most / (size * np.log(most))
    return ratios


def _by_schedule(size: Ints, whole: Ints, probable: Floats) -> Floats:
    """By candidate: the weight of the others that the best of the rates and fixed charges explains that explain it."""
    best = np.zeros(len(size))
    for each in _EACH:
        rate = np.rint((size - each) / whole * _RATE).astype(np.int64)
        fits = (rate > 0) & (np.abs(size - each - rate * whole / _RATE) <= _OFF)
        others = _others(rate[fits], probable[fits])
        best[fits] = np.maximum(best[fits], np.where(others >= _FEWEST, others, 0.0))
    return best


def _others(key: Ints, weight: Floats) -> Floats:
    """By candidate: the weight of the others of its key."""
    place = np.unique(key, return_inverse=True)[1]
    return np.asarray(np.maximum(np.bincount(place, weights=weight)[place] - weight, 0.0), dtype=np.float64)
