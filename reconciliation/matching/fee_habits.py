"""Fees come in habits: the same few amounts, the same share of what is paid, or a share and a fixed charge (2.90 % and
0.30). A difference that others have too is likelier a fee than one that stands alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.typing_errors import looks_mistyped

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NONE_KNOWN = (np.zeros(0, np.int64), np.zeros(0, np.int64))
_STEP = 0.001  # shares of the amount closer than this are one
_PRIOR = 20.0  # fees by no habit that are added to those there are
_RATE, _EACH = 2_000, np.arange(0, 65, 5)  # rates are multiples of one over so many; fixed charges in minor units
_TAXED = (20_000, 100_000)  # the same, where a tax is charged on the fee: 18 % on 2 % make 2.36 %
_SCHEDULES = [(_RATE, each) for each in _EACH] + [(parts, 0) for parts in _TAXED]
_EVEN = 0.1  # the share of fees that are as likely of any amount
_OFF = 1.0  # minor units by which rounding may put a fee off
_LARGEST = 3  # a fee is at most one in so many of the amount
_EITHER = 5.0  # fees that each side bears, before any is known
_TURNS, _LEAST = 20, 1e-300  # steps in which the shares of the habits are learned, and what is no likelihood at all
_FEWEST = 3.0  # other fees that a rate and a fixed charge have to explain: among so many of them, chance explains a few


def known_fees(context: LegContext) -> tuple[Ints, Ints]:
    """The differences of the pairs that earlier passes accepted though their amounts do not agree, and no slip of the keys
    explains them; and the right amounts."""
    mine, other = (
        view.dataset.amount[rows].astype(np.int64) for view, rows in zip(context.sides, context.accepted, strict=True)
    )
    differs = (mine != other) & ((mine > 0) == (other > 0)) & (np.abs(mine - other) <= np.abs(other) // _LARGEST)
    mine, other = mine[differs], other[differs]
    fees = ~looks_mistyped(pl.Series(mine), pl.Series(other))
    return (mine - other)[fees], other[fees]


def habit_ratios(
    differences: Ints,
    amounts: Ints,
    bounds: Floats,
    probable: Floats,
    unseen: Floats | None = None,
    known: tuple[Ints, Ints] = _NONE_KNOWN,
) -> Floats:
    """By candidate: how many times likelier its difference is among fees than by chance, between zero and its bound.

    `differences` and `amounts` in minor units, signed alike or not; `bounds` the largest fee of each; `probable` how
    likely each candidate is a fee by all else: the others count by that much. How many fees have which habit, or none, is
    learned of them, from a quarter each; `unseen` says how likely those of none are, and those of habits of which few fees
    are known to tell. The `known` (differences and amounts of pairs that are settled) count in full.
    """
    asked = len(differences)
    signed = np.concatenate([differences, known[0]]) * np.sign(np.concatenate([amounts, known[1]]))
    size = np.abs(np.concatenate([differences, known[0]]))
    whole = np.maximum(np.abs(np.concatenate([amounts, known[1]])), 1)
    probable = np.concatenate([probable, np.ones(len(known[0]))])
    total = (float(probable.sum()) - probable + _PRIOR)[:asked]
    flat = _others(size, probable)[:asked] / total * np.maximum(bounds, 1.0)
    share = np.round(size / whole / _STEP).astype(np.int64)
    widest = np.maximum(bounds / whole[:asked] / _STEP, 1.0)
    by_share = _others(share, probable)[:asked] / total * widest
    by_schedule = _by_schedule(size, whole, probable)[:asked] / total * np.maximum(bounds, 1.0) / (2 * _OFF + 1)
    habits = [flat, by_share, by_schedule]
    if unseen is not None:  # of few known fees none may have the habit yet
        habits = [each + unseen * _PRIOR / total for each in habits]
    kinds = np.column_stack([np.ones(asked) if unseen is None else unseen, *habits])
    ratios: Floats = kinds @ _shares(kinds, probable[:asked]) * _by_bearer(signed, probable)[:asked]
    return ratios


def _shares(ratios: Floats, probable: Floats) -> Floats:
    """The share of each kind, by how likely each candidate (row) is of each kind (column), by expectation and maximisation."""
    kinds = ratios.shape[1]
    shares = np.full(kinds, 1 / kinds)
    for _ in range(_TURNS):
        told = ratios * shares
        told *= (probable / np.maximum(told.sum(axis=1), _LEAST))[:, None]
        shares = (told.sum(axis=0) + _PRIOR / kinds) / (probable.sum() + _PRIOR)
    return shares


def unseen_fees(differences: Ints, bounds: Floats) -> Floats:
    """By candidate: how many times likelier a fee of its amount is than by chance, before any other fee is known: few are spread
    evenly up to the bound, most over the orders of magnitude, for rounding is of cents."""
    size, most = np.maximum(np.abs(differences), 1), np.maximum(bounds, np.e)
    ratios: Floats = _EVEN + (1 - _EVEN) * most / (size * np.log(most))
    return ratios


def _by_schedule(size: Ints, whole: Ints, probable: Floats) -> Floats:
    """By candidate: the weight of the others that the best of the rates and fixed charges explains that explain it."""
    best = np.zeros(len(size))
    for parts, each in _SCHEDULES:
        rate = np.rint((size - each) / whole * parts).astype(np.int64)
        fits = (rate > 0) & (rate <= parts) & (np.abs(size - each - rate * whole / parts) <= _OFF)
        of, weights = rate[fits], probable[fits]
        others = np.bincount(of, weights)[of] - weights
        best[fits] = np.maximum(best[fits], np.where(others >= _FEWEST, others, 0.0))
    return best


def _by_bearer(signed: Ints, probable: Floats) -> Floats:
    """By candidate: how much oftener than every second time the others' fees are borne by the side that bears its own."""
    others = _others((signed > 0).astype(np.int64), probable)
    ratios: Floats = 2 * (others + _EITHER) / (float(probable.sum()) - probable + 2 * _EITHER)
    return ratios


def _others(key: Ints, weight: Floats) -> Floats:
    """By candidate: the weight of the others of its key."""
    place = np.unique(key, return_inverse=True)[1]
    return np.asarray(np.maximum(np.bincount(place, weights=weight)[place] - weight, 0.0), dtype=np.float64)
