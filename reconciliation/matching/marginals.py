"""How likely each of several competing pairs is: belief propagation on the graph of candidates.

The model: each item belongs to at most one other. A set of pairs in which no item occurs twice has a weight, the
product of its pairs' odds (how much likelier the evidence is if the two belong together than by chance, times prior
odds). The probability of a pair is the weight of all such sets that hold it over the weight of all. Without a rival
that is odds / (1 + odds), the Fellegi-Sunter posterior; rivals of equal odds share it equally, which is how a tie
shows.

The sums are made by message passing, exact on graphs without cycles and convergent on all (Bayati, Gamarnik, Katz,
Nair, Tetali: Simple deterministic approximation algorithms for counting matchings, 2007).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reconciliation.matching.exact_marginals import exact_probabilities

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ROUNDS = 200
_SETTLED = 1e-9
_WEAKEST = (1e-4, 1e-3, 1e-2)


def pair_probabilities(left: Index, right: Index, odds: Floats, weakest: tuple[float, ...] = _WEAKEST) -> Floats:
    """The probability of each pair, given the dense numbers of its left and right item (from 0) and its odds.

    `weakest` are the shares of the best odds of an item below which pairs are left out, one after the other, where a knot of
    candidates is too wide to be summed.
    """
    if not len(odds):
        return np.zeros(0)
    alone_left, alone_right = (np.bincount(node)[node] == 1 for node in (left, right))
    # a message says how free its sender is if this pair is left out: 1 / (1 + weight of its other pairs)
    from_left = np.ones(len(odds))
    from_right = np.ones(len(odds))
    for _ in range(_ROUNDS):
        at_left = odds * from_right
        new_left = 1 / (1 + _others(at_left, left, alone_left))
        at_right = odds * new_left
        new_right = 1 / (1 + _others(at_right, right, alone_right))
        moved = max(float(np.abs(new_left - from_left).max()), float(np.abs(new_right - from_right).max()))
        # half steps keep cycles of even length from swinging between two states
        from_left, from_right = (from_left + new_left) / 2, (from_right + new_right) / 2
        if moved < _SETTLED:
            break
    weight = odds * from_left * from_right
    probable = weight / (1 + weight)
    pairs, knot, one, two = _knots(left, right)
    exact = exact_probabilities(knot, one, two, odds[pairs])
    summed = ~np.isnan(exact)
    probable[pairs[summed]] = exact[summed]
    _untie(left, right, odds, pairs[~summed], probable, weakest)
    return probable


def _untie(left: Index, right: Index, odds: Floats, wide: Index, probable: Floats, weakest: tuple[float, ...]) -> None:
    """Give the pairs of knots that are too wide their probabilities without the pairs that are far weaker than the best of
    either of their items: what they leave is several narrow knots. A knot that has no such pairs waits for the next share."""
    for place, share in enumerate(weakest, start=1):
        if not len(wide):
            return
        best = np.zeros(len(odds))
        for node in (left, right):
            strongest = np.zeros(int(node.max()) + 1)
            np.maximum.at(strongest, node[wide], odds[wide])
            best = np.maximum(best, strongest[node])
        weak = odds[wide] < share * best[wide]
        label = components(left[wide], right[wide])
        loosened = np.zeros(len(left), dtype=np.bool_)
        loosened[label[weak]] = True
        kept = wide[loosened[label] & ~weak]
        one, two = (np.unique(node[kept], return_inverse=True)[1].astype(np.int64) for node in (left, right))
        probable[kept] = pair_probabilities(one, two, odds[kept], weakest[place:])
        wide = wide[~loosened[label]]


def _knots(left: Index, right: Index) -> tuple[Index, Index, Index, Index]:
    """The pairs of the connected sets of items that have a cycle, set by set: with the number of their set, and the places of
    their items in it."""
    label = components(left, right)
    order = np.lexsort((right, left, label))
    label = label[order]
    one, two = _places(left[order], label), _places(right[order], label)
    starts = np.flatnonzero(np.diff(label, prepend=-1))
    size = np.diff(starts, append=len(label))
    items = np.maximum.reduceat(one, starts) + np.maximum.reduceat(two, starts) + 2
    tied = np.repeat((size > 3) & (size >= items), size)
    return order[tied], label[tied], one[tied], two[tied]


def _places(node: Index, label: Index) -> Index:
    """The place of each pair's item, from 0, among the items of its connected set."""
    order = np.lexsort((node, label))
    first = np.diff(label[order], prepend=-1) != 0
    rank = np.cumsum(first | (np.diff(node[order], prepend=-1) != 0))
    place = np.empty_like(rank)
    place[order] = rank - rank[first][np.cumsum(first) - 1]
    return place


def _others(value: Floats, node: Index, alone: Mask) -> Floats:
    """For each pair, the sum of `value` over the other pairs of its node (none where it is `alone`); never below zero by
    rounding."""
    rest: Floats = np.where(alone, 0.0, np.maximum(np.bincount(node, weights=value)[node] - value, 0.0))
    return rest


def components(left: Index, right: Index) -> Index:
    """The connected component of each pair, as the smallest left number in it."""
    if not len(left):
        return np.zeros(0, dtype=np.int64)
    label_left = np.arange(int(left.max()) + 1, dtype=np.int64)
    label_right = np.full(int(right.max()) + 1, len(label_left), dtype=np.int64)
    while True:
        before = label_left.copy()
        np.minimum.at(label_right, right, label_left[left])
        np.minimum.at(label_left, left, label_right[right])
        label_left = label_left[label_left]
        if np.array_equal(before, label_left):
            return label_left[left]
