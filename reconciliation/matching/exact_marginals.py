"""Exact probabilities of competing pairs in one knot of candidates, where message passing is too sure of itself.

Around a short cycle (two like payments and two like entries, each of which fits each) message passing takes the better
way round for nearly certain, whatever the other is worth. Here all ways are summed: item by item of the left, keeping
the total weight by which of the right items are used that may be asked for again (forward), and that of all that can
follow (backward). Series that recur make long knots that are nowhere wide. Knots of one shape are summed together.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

WIDEST = 9  # right items that may be asked for again at any moment: 2 to that power ways are kept
MOST_PAIRS = 400
_BITS = 62  # right items of a knot at most: bits of an Int64


def exact_probabilities(left: Index, right: Index, odds: Floats) -> Floats | None:
    """The probability of each pair of a knot, from the items of each pair and its odds; None where it is too wide.

    `odds` is by pair, or by pair and knot for knots whose pairs are of the same items, and so is the result. The model is
    that of `marginals`: each item belongs to at most one other, and a set of pairs weighs the product of their odds.
    """
    one = np.unique(left, return_inverse=True)[1]
    rights, two = np.unique(right, return_inverse=True)
    if len(odds) > MOST_PAIRS or len(rights) > _BITS:
        return None
    bits = np.int64(1) << two.astype(np.int64)
    starts = np.cumsum(np.bincount(one))[:-1]
    edges = np.split(np.argsort(one, kind="stable"), starts)
    order = _order([bits[own].tolist() for own in edges])
    if order is None:
        return None
    last = np.zeros(len(rights), dtype=np.int64)
    for place, node in enumerate(order):
        last[two[edges[node]]] = place
    kept = [np.bitwise_or.reduce(bits[last[two] > place], initial=0) for place in range(len(order))]
    before = [(np.zeros(1, dtype=np.int64), np.ones((1, *odds.shape[1:])))]
    for place, node in enumerate(order):
        before.append(_forward(*before[-1], bits[edges[node]], odds[edges[node]], kept[place]))
    probability = np.zeros(odds.shape)
    after = np.ones(before[-1][1].shape)
    for place in reversed(range(len(order))):
        mine = edges[order[place]]
        masks, weights = before[place]
        later = before[place + 1][0]
        total = after[np.searchsorted(later, masks & kept[place])]
        ways = np.zeros((len(mine), *weights.shape))
        for number, edge in enumerate(mine):
            free = (masks & bits[edge]) == 0
            reached = np.searchsorted(later, (masks[free] | bits[edge]) & kept[place])
            ways[number, free] = odds[edge] * after[reached]
        after = total + ways.sum(axis=0)
        probability[mine] = (ways * weights).sum(axis=1) / (after * weights).sum(axis=0)
        after = after / after.max(axis=0)
    return probability


def _forward(masks: Index, weights: Floats, bits: Index, odds: Floats, kept: int) -> tuple[Index, Floats]:
    """The used right items, and the weight of each way to use them, when one more left item is looked at."""
    ways, worth = [masks], [weights]
    for bit, odd in zip(bits, odds, strict=True):
        free = (masks & bit) == 0
        ways.append(masks[free] | bit)
        worth.append(weights[free] * odd)
    used = np.concatenate(ways) & kept
    together = np.argsort(used, kind="stable")
    starts = np.flatnonzero(np.diff(used[together], prepend=-1))  # no mask is negative
    summed = np.add.reduceat(np.concatenate(worth)[together], starts, axis=0)
    return used[together][starts], summed / summed.max(axis=0)


def _order(asked: list[list[int]]) -> list[int] | None:
    """The left items in an order that keeps few right items in doubt; None where there are too many at some point.

    `asked` holds the bits of the right items that each left item asks for.
    """
    # sets of at most 62 items are bits of a number, not arrays: such knots are many and small
    wanted = [sum(bits) for bits in asked]
    waiting = Counter(bit for bits in asked for bit in bits)
    seen, once = 0, sum(bit for bit, times in waiting.items() if times == 1)
    todo, order = list(range(len(asked))), []
    while todo:
        growth = [(wanted[node] & ~seen).bit_count() - (wanted[node] & once).bit_count() for node in todo]
        node = todo.pop(growth.index(min(growth)))
        order.append(node)
        seen |= wanted[node]
        for bit in asked[node]:
            waiting[bit] -= 1
            if waiting[bit] == 1:
                once |= bit
            elif not waiting[bit]:
                once &= ~bit
                seen &= ~bit  # asked for by no other any more
        if seen.bit_count() > WIDEST:
            return None
    return order
