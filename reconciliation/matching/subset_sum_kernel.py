"""The compiled form of the subset-sum search; importing it loads numba, so `subset_sum` does so only for large work.

The same method and the same answers as `subset_sum._solve_numpy`, which the tests compare it with.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ROUND_STEPS = (1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000)  # as in `subset_sum`
_UNSEEN = 0.1
_MIN_BAND = 64
_ENOUGH_NEAR = 4000
_MOST_MEMBERS = 128


@njit(cache=True)
def _enumerate(values: Ints, max_size: int) -> tuple[Ints, Ints, Ints]:
    room, ways = 0, 1  # the subsets of at most `max_size` members: a sum of binomials
    for size in range(min(len(values), max_size) + 1):
        room += ways
        ways = ways * (len(values) - size) // (size + 1)
    sums = np.zeros(room, dtype=np.int64)
    masks = np.zeros(room, dtype=np.int64)
    sizes = np.zeros(room, dtype=np.int64)
    used = 1
    for bit in range(len(values)):
        known = used
        for i in range(known):
            if sizes[i] < max_size:
                sums[used] = sums[i] + values[bit]
                masks[used] = masks[i] | (1 << bit)
                sizes[used] = sizes[i] + 1
                used += 1
    order = np.argsort(sums[:used], kind="mergesort")
    sums, masks, sizes = sums[order], masks[order], sizes[order]
    # equal sums by mask, so that which solution comes first does not depend on the sort
    start = 0
    while start < used:
        stop = start + 1
        while stop < used and sums[stop] == sums[start]:
            stop += 1
        if stop - start > 1:
            inner = start + np.argsort(masks[start:stop], kind="mergesort")
            ordered, their_sizes = masks[inner], sizes[inner]
            for place in range(stop - start):
                masks[start + place], sizes[start + place] = ordered[place], their_sizes[place]
        start = stop
    return sums, masks, sizes


@njit(cache=True)
def _pairs_within(left: Ints, right: Ints, low: int, high: int) -> int:
    """How many pairs of the two sorted arrays sum to between `low` and `high`, ends included."""
    total = 0
    above = len(right)  # first position whose sum is over `high`
    below = len(right)  # first position whose sum is at least `low`
    for i in range(len(left)):
        while above > 0 and left[i] + right[above - 1] > high:
            above -= 1
        while below > 0 and left[i] + right[below - 1] >= low:
            below -= 1
        total += above - below
    return total


@njit(cache=True)
def _sizes_within(
    left: Ints, left_sizes: Ints, right: Ints, right_sizes: Ints, target: int, tolerance: int, band: int
) -> Ints:
    """By number of members: the sums of the two sorted halves within `band` of the target, those that meet it left out."""
    counts = np.zeros(_MOST_MEMBERS, dtype=np.int64)
    below = len(right)
    for i in range(len(left)):
        while below > 0 and left[i] + right[below - 1] >= target - band:
            below -= 1
        j = below
        while j < len(right) and left[i] + right[j] <= target + band:
            if abs(left[i] + right[j] - target) > tolerance:
                counts[left_sizes[i] + right_sizes[j]] += 1
            j += 1
    return counts


@njit(cache=True)
def _members(mask: int) -> int:
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@njit(cache=True)
def solve(
    goal: Ints,
    bounds: Ints,
    amounts: Ints,
    slack: Ints,
    skip: Bools,
    min_size: int,
    max_size: int,
    count: Ints,
    chance: Floats,
    masks: Ints,
    sized: Floats,
) -> None:
    """Fill `count`, `chance`, `masks` and, where it is not empty, `sized`, case by case."""
    alternatives = masks.shape[1]
    for case in range(len(goal)):
        if skip[case]:
            continue
        candidates = amounts[bounds[case] : bounds[case + 1]]
        middle = len(candidates) // 2
        left_sums, left_masks, left_sizes = _enumerate(candidates[:middle], max_size)
        right_sums, right_masks, right_sizes = _enumerate(candidates[middle:], max_size)
        target, tolerance = goal[case], slack[case]
        below = len(right_sums)
        for i in range(len(left_sums)):
            if count[case] == alternatives:
                break
            while below > 0 and left_sums[i] + right_sums[below - 1] >= target - tolerance:
                below -= 1
            j = below
            while j < len(right_sums) and left_sums[i] + right_sums[j] <= target + tolerance:
                size = left_sizes[i] + right_sizes[j]
                if min_size <= size <= max_size:
                    masks[case, count[case], 0] = left_masks[i]
                    masks[case, count[case], 1] = right_masks[j]
                    count[case] += 1
                    if count[case] == alternatives:
                        break
                j += 1
        grid = 0
        for value in candidates:
            a, b = grid, abs(value)
            while b:
                a, b = b, a % b
            grid = a
        divisor, grid = grid, 1
        for step in ROUND_STEPS:
            if divisor > 0 and divisor % step == 0:
                grid = step
        band = max(_MIN_BAND * grid, abs(target) // 100, 4 * tolerance)
        exact = _pairs_within(left_sums, right_sums, target - tolerance, target + tolerance)
        near = _pairs_within(left_sums, right_sums, target - band, target + band)
        chance[case] = (max(0, near - exact) + _UNSEEN) * (2 * tolerance + grid) / (2 * band + grid)
        if count[case] and len(sized):
            if near > _ENOUGH_NEAR:
                band = max(_MIN_BAND * grid, 4 * tolerance, band * _ENOUGH_NEAR // near)
            near_by_size = _sizes_within(left_sums, left_sizes, right_sums, right_sizes, target, tolerance, band)
            for number in range(count[case]):
                size = _members(masks[case, number, 0]) + _members(masks[case, number, 1])
                expected = near_by_size[size] + _UNSEEN
                sized[case, number] = expected * (2 * tolerance + grid) / (2 * band + grid)
