"""Exact probabilities of competing pairs in knots of candidates, where message passing is too sure of itself.

Around a short cycle (two like payments and two like entries, each of which fits each) message passing takes the better
way round for nearly certain, whatever the other is worth. Here all ways are summed: item by item of the left, keeping
the total weight by which of the right items are used that may be asked for again (forward), and that of all that can
follow (backward). Series that recur make long knots that are nowhere wide. All knots are summed together, step by step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

WIDEST = 9  # right items that may be asked for again at any moment: 2 to that power ways are kept
MOST_PAIRS = 400
_BITS = 62  # right items of a knot at most: bits of an Int64
_AT_ONCE = 500_000  # ways that are kept in memory, about


def exact_probabilities(knot: Index, left: Index, right: Index, odds: Floats) -> Floats:
    """The probability of each pair, not a number in knots that are too wide to be summed.

    Pairs come knot by knot, with the places of their items in the knot, from 0. The model is that of `marginals`: each item
    belongs to at most one other, and a set of pairs weighs the product of their odds.
    """
    if not len(odds):
        return np.zeros(0)
    bits = np.int64(1) << np.minimum(right, _BITS)
    steps, ways = np.full(len(odds), -1, dtype=np.int64), np.zeros(len(odds), dtype=np.int64)
    known: dict[bytes, tuple[Index | int, int]] = {}
    starts = np.flatnonzero(np.diff(knot, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(knot)], strict=True):
        own = slice(start, end)
        if end - start > MOST_PAIRS or right[own].max() >= _BITS:
            continue
        shape = left[own].tobytes() + right[own].tobytes()
        if shape not in known:
            known[shape] = _steps(left[own], bits[own])
        steps[own], ways[start] = known[shape]
    probability = np.full(len(odds), np.nan)
    narrow = np.flatnonzero(steps >= 0)
    # as many knots at a time as memory allows
    lot = (np.cumsum(ways) // _AT_ONCE)[narrow]
    for number in np.unique(lot):
        mine = narrow[lot == number]
        dense = np.unique(knot[mine], return_inverse=True)[1].astype(np.int64)
        probability[mine] = _summed(dense, steps[mine], bits[mine], odds[mine])
    return probability


@dataclass(frozen=True)
class _Step:
    """One left item of every knot that has so many is looked at: from some of the `states` before it, the `live` ones.

    A state is a set of right items in use that are asked for again, of a knot (`owner`), with the `weight` of all ways to get
    there. It leads to another (`target`) without the left item, and by each `pair` of it (a place in `pairs`) from its `state`.
    """

    states: int
    live: Index
    owner: Index
    weight: Floats
    pairs: Index
    state: Index
    pair: Index
    target: Index


def _summed(knot: Index, step: Index, bits: Index, odds: Floats) -> Floats:
    """The probability of each pair, whose left item is looked at in a `step` of its knot and whose right one is a bit."""
    knots = int(knot.max()) + 1
    trail = list(_forward(knot, step, bits, odds, knots))
    probability, after = np.zeros(len(odds)), np.ones(knots)
    for each in reversed(trail):
        without, by_pair = np.split(each.target, [len(each.live)])
        ways = odds[each.pairs[each.pair]] * after[by_pair]
        total = after[without] + np.bincount(each.state, ways, minlength=len(each.live))
        held = np.bincount(each.pair, ways * each.weight[each.state], minlength=len(each.pairs))
        whole = np.bincount(each.owner, total * each.weight, minlength=knots)
        probability[each.pairs] = held / whole[knot[each.pairs]]
        after = np.ones(each.states)
        after[each.live] = _scaled(total, each.owner, knots)
    return probability


def _forward(knot: Index, step: Index, bits: Index, odds: Floats, knots: int) -> Iterator[_Step]:
    """The steps of all knots, from the first left item of each."""
    length = int(step.max()) + 1
    ends = np.zeros(knots, dtype=np.int64)
    np.maximum.at(ends, knot, step + 1)
    done = _done(knot, step, bits, (knots, length))
    owner, used, weight = np.arange(knots), np.zeros(knots, dtype=np.int64), np.ones(knots)
    for place in range(length):
        states, live = len(owner), np.flatnonzero(ends[owner] > place)
        owner, used, weight = owner[live], used[live], weight[live]
        pairs = np.flatnonzero(step == place)
        state, pair = _each_of(owner, knot[pairs], knots)
        free = (used[state] & bits[pairs[pair]]) == 0
        state, pair = state[free], pair[free]
        whose = np.concatenate([owner, owner[state]])
        reached = np.concatenate([used, used[state] | bits[pairs[pair]]]) & ~done[whose, place]
        order = np.lexsort((reached, whose))
        new = (np.diff(whose[order], prepend=-1) != 0) | (np.diff(reached[order], prepend=-1) != 0)
        target = np.empty_like(order)
        target[order] = np.cumsum(new) - 1
        yield _Step(states, live, owner, weight, pairs, state, pair, target)
        gained = np.concatenate([weight, weight[state] * odds[pairs[pair]]])
        first = order[new]
        owner, used = whose[first], reached[first]
        weight = _scaled(np.bincount(target, gained).astype(np.float64), owner, knots)


def _done(knot: Index, step: Index, bits: Index, shape: tuple[int, int]) -> Index:
    """By knot and step: the right items that no later left item asks for."""
    order = np.lexsort((step, bits, knot))
    last = order[(np.diff(knot[order], append=-1) != 0) | (np.diff(bits[order], append=-1) != 0)]
    done = np.zeros(shape, dtype=np.int64)
    np.bitwise_or.at(done, (knot[last], step[last]), bits[last])
    return done


def _each_of(owner: Index, knot: Index, knots: int) -> tuple[Index, Index]:
    """Each state with each pair of its knot (ascending), as places among both."""
    counts = np.bincount(knot, minlength=knots)
    times = counts[owner]
    state = np.repeat(np.arange(len(owner)), times)
    within = np.arange(len(state)) - np.repeat(np.cumsum(times) - times, times)
    return state, (np.cumsum(counts) - counts)[owner[state]] + within


def _scaled(value: Floats, owner: Index, knots: int) -> Floats:
    """The values, the largest of each knot 1: what counts is how they compare, and they would grow out of bounds."""
    largest = np.zeros(knots)
    np.maximum.at(largest, owner, value)
    scaled: Floats = value / largest[owner]
    return scaled


def _steps(left: Index, bits: Index) -> tuple[Index | int, int]:
    """By pair of a knot, when its left item is looked at, so that few right items are in doubt at any moment, and how many ways
    there are to keep, about; -1 where there are too many at some point.
    """
    # sets of at most 62 items are bits of a number, not arrays: such knots are many and small
    asked = [bits[left == node].tolist() for node in range(int(left.max()) + 1)]
    wanted = [sum(each) for each in asked]
    waiting = Counter(bit for each in asked for bit in each)
    seen, once = 0, sum(bit for bit, times in waiting.items() if times == 1)
    todo, ways = list(range(len(asked))), 0
    step = np.zeros(len(asked), dtype=np.int64)
    while todo:
        growth = [(wanted[node] & ~seen).bit_count() - (wanted[node] & once).bit_count() for node in todo]
        node = todo.pop(growth.index(min(growth)))
        step[node] = len(asked) - len(todo) - 1
        ways += (1 + len(asked[node])) << seen.bit_count()
        seen |= wanted[node]
        for bit in asked[node]:
            waiting[bit] -= 1
            if waiting[bit] == 1:
                once |= bit
            elif not waiting[bit]:
                once &= ~bit
                seen &= ~bit  # asked for by no other any more
        if seen.bit_count() > WIDEST:
            return -1, 0
    return step[left], ways
