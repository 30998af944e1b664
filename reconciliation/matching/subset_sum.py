"""Exact subset sums of integer amounts, many cases in one call: how many subsets of the candidates meet the target.

Meet in the middle: all subset sums of each half, sorted, met by two pointers, so that 2^(n/2) steps decide what 2^n
would. Solutions are counted until `alternatives` are known, because a second one already proves that the first is
no proof. With many candidates even the only solution may be chance, so each case also carries the number of
solutions expected by chance. The compiled kernel (numba) is loaded when the work is worth its start; small work is
done in numpy by the same method.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HALF_LIMIT = 40  # candidates of one half are bits of an Int64 mask, and their sums must fit Int64 with it
MAX_AMOUNT = 2**62 // (2 * HALF_LIMIT)  # no subset sum, nor its distance to a target, can leave Int64
_NUMPY_WORK = 100_000  # subset sums of one call above which loading the kernel pays; a run makes many calls
_CASE_WORK = 200  # what numpy's calls cost per case, in subset sums
_KERNEL = "reconciliation.matching.subset_sum_kernel"
ROUND_STEPS = (1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000)  # in minor units
_UNSEEN = 0.1  # sums near the target that are assumed beyond those there are: none near is no proof of none
_ENOUGH_NEAR = 4000  # sums near the target that tell how many members such sums have
_MIN_BAND = 64  # grid steps around the target in which chance is measured at least


@dataclass(frozen=True)
class SubsetSums:
    """The answers, one row per case; solutions name candidates by their position in `values`.

    `count` is the number of solutions found, up to `alternatives` (that many means "at least that many").
    `members[s]` of case c is `members[starts[c, s] : starts[c, s + 1]]` (see `solution`). `chance` is the expected
    number of solutions if the amounts had nothing to do with the target. `exhausted` says that the budget was too
    small to decide: the count is then 0 and means nothing. `sized[c, s]`, where asked for, is the expected number of
    solutions by chance that have as many members as solution s: of two items there are far fewer than of any number.
    """

    count: Ints
    chance: Floats
    exhausted: Bools
    starts: Ints
    members: Ints
    sized: Floats

    def solution(self, case: int, number: int) -> Ints:
        """Positions in `values` of the candidates of solution `number` (0 is the first) of `case`, ascending."""
        return self.members[self.starts[case, number] : self.starts[case, number + 1]]


def subset_sums(
    targets: npt.ArrayLike,
    offsets: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    tolerances: npt.ArrayLike = 0,
    min_size: int = 1,
    max_size: int = 64,
    alternatives: int = 2,
    budget: int = 1 << 20,
    by_size: bool = False,
) -> SubsetSums:
    """For each case, the non-empty subsets of its candidates whose sum is its target.

    Takes integer minor units: `targets[c]`; the candidates of case c are `values[offsets[c] : offsets[c + 1]]`, of
    either sign; a subset solves the case if it has `min_size` to `max_size` members and |sum - target| <= tolerance
    (one for all, or one per case). Equal candidates are different candidates. The order of candidates changes which
    of several solutions come first, not how many there are: give them in an order of business ids. `budget` bounds
    the subset sums of one half of a case. `by_size` asks for `sized`.

    Raises ValueError if an amount is too large for exact Int64 sums, or the arrays do not fit together.
    """
    slack = np.broadcast_to(np.asarray(tolerances, dtype=np.int64), np.shape(targets))
    # numba would compile anew for arrays that may not be written
    goal, bounds, amounts, slack = (np.require(a, np.int64, ("C", "W")) for a in (targets, offsets, values, slack))
    _check(goal, bounds, amounts, slack, min_size, alternatives)
    sizes = np.diff(bounds)
    work = np.array([_half_subsets(int(size), max_size) for size in np.unique(sizes)], dtype=np.float64)
    steps = work[np.searchsorted(np.unique(sizes), sizes)]
    exhausted = (steps > budget) | (sizes > 2 * HALF_LIMIT)
    loaded = _KERNEL in sys.modules
    solve = _compiled() if loaded or float((steps[~exhausted] + _CASE_WORK).sum()) > _NUMPY_WORK else _solve_numpy
    count = np.zeros(len(goal), dtype=np.int64)
    chance = np.zeros(len(goal), dtype=np.float64)
    masks = np.zeros((len(goal), alternatives, 2), dtype=np.int64)
    sized = np.zeros((len(goal) if by_size else 0, alternatives), dtype=np.float64)
    solve(goal, bounds, amounts, slack, exhausted, min_size, max_size, count, chance, masks, sized)
    chance[exhausted] = np.inf
    starts, members = _members(bounds, sizes, count, masks)
    return SubsetSums(count, chance, exhausted, starts, members, sized)


def _check(goal: Ints, bounds: Ints, amounts: Ints, slack: Ints, min_size: int, alternatives: int) -> None:
    if len(bounds) != len(goal) + 1 or bounds[0] != 0 or bounds[-1] != len(amounts) or (np.diff(bounds) < 0).any():
        raise ValueError("offsets must rise from 0 to the number of values, one more than there are targets")
    if min_size < 1 or alternatives < 1 or (slack < 0).any():
        raise ValueError("min_size and alternatives are at least 1, tolerances not negative")
    for name, array in (("values", amounts), ("targets", goal), ("tolerances", slack)):
        # the smallest Int64 has no positive counterpart, so both ends are compared, not the absolute value
        if len(array) and (array.max() > MAX_AMOUNT or array.min() < -MAX_AMOUNT):
            raise ValueError(f"{name} hold an amount beyond {MAX_AMOUNT} minor units; subset sums would not be exact")


def _half_subsets(candidates: int, max_size: int) -> int:
    """The number of subsets of the larger half, of at most `max_size` members."""
    half = candidates - candidates // 2
    return sum(comb(half, size) for size in range(min(half, max_size) + 1))


def _members(bounds: Ints, sizes: Ints, count: Ints, masks: Ints) -> tuple[Ints, Ints]:
    """Masks of the two halves into member positions."""
    alternatives = masks.shape[1]
    solved = np.arange(alternatives) < count[:, None]
    cases = np.nonzero(solved)[0]
    of_halves = masks[solved].astype("<i8")[..., None].view(np.uint8)
    chosen = np.unpackbits(of_halves, axis=2, bitorder="little")[..., :HALF_LIMIT].reshape(-1, 2 * HALF_LIMIT)
    row, bit = np.nonzero(chosen)
    second_half = bit >= HALF_LIMIT
    place = np.where(second_half, bit - HALF_LIMIT + (sizes // 2)[cases[row]], bit)
    lengths = np.zeros(solved.shape, dtype=np.int64)
    lengths[solved] = chosen.sum(axis=1, dtype=np.int64)
    ends = np.cumsum(lengths).reshape(solved.shape)
    starts = np.concatenate([ends[:, :1] - lengths[:, :1], ends], axis=1)
    return starts, bounds[cases[row]] + place


def _enumerate(values: Ints, max_size: int) -> tuple[Ints, Ints, Ints]:
    """Sums, masks and sizes of all subsets of at most `max_size` members, sorted by sum, then mask."""
    sums, masks, sizes = (np.zeros(1, dtype=np.int64) for _ in range(3))
    for bit, value in enumerate(values):
        room = sizes < max_size
        sums = np.concatenate([sums, sums[room] + value])
        masks = np.concatenate([masks, masks[room] | (1 << bit)])
        sizes = np.concatenate([sizes, sizes[room] + 1])
    order = np.lexsort((masks, sums))
    return sums[order], masks[order], sizes[order]


def _solve_numpy(
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
    """Fill `count`, `chance`, `masks` and, where it is not empty, `sized`; the loop is over cases, each of which is vectorised."""
    alternatives = masks.shape[1]
    for case in np.flatnonzero(~skip):
        candidates = amounts[bounds[case] : bounds[case + 1]]
        middle = len(candidates) // 2
        left_sums, left_masks, left_sizes = _enumerate(candidates[:middle], max_size)
        right_sums, right_masks, right_sizes = _enumerate(candidates[middle:], max_size)
        target, tolerance = goal[case], slack[case]
        low = np.searchsorted(right_sums, target - tolerance - left_sums, side="left")
        high = np.searchsorted(right_sums, target + tolerance - left_sums, side="right")
        for i in np.flatnonzero(high > low):
            if count[case] == alternatives:
                break
            for j in range(low[i], high[i]):
                if min_size <= left_sizes[i] + right_sizes[j] <= max_size:
                    masks[case, count[case]] = left_masks[i], right_masks[j]
                    count[case] += 1
                    if count[case] == alternatives:
                        break
        grid = _grid(candidates)
        band = max(_MIN_BAND * grid, abs(int(target)) // 100, 4 * int(tolerance))
        near = np.searchsorted(right_sums, target + band - left_sums, side="right") - np.searchsorted(
            right_sums, target - band - left_sums, side="left"
        )
        exact, close = int((high - low).sum()), int(near.sum())
        chance[case] = (max(0, close - exact) + _UNSEEN) * (2 * int(tolerance) + grid) / (2 * band + grid)
        if count[case] and len(sized):
            if close > _ENOUGH_NEAR:
                band = max(_MIN_BAND * grid, 4 * int(tolerance), band * _ENOUGH_NEAR // close)
            halves = (left_sums, left_sizes, right_sums, right_sizes)
            near_by_size = _sizes_within(halves, int(target), int(tolerance), band)
            for number in range(int(count[case])):
                size = sum(int(mask).bit_count() for mask in masks[case, number])
                expected = near_by_size[size] + _UNSEEN
                sized[case, number] = expected * (2 * int(tolerance) + grid) / (2 * band + grid)


def _sizes_within(halves: tuple[Ints, Ints, Ints, Ints], target: int, tolerance: int, band: int) -> Ints:
    """By number of members: the sums of the two sorted halves within `band` of the target, those that meet it left out."""
    left, left_sizes, right, right_sizes = halves
    low = np.searchsorted(right, target - band - left, side="left")
    high = np.searchsorted(right, target + band - left, side="right")
    one = np.repeat(np.arange(len(left)), high - low)
    two = np.arange(len(one)) + np.repeat(low - np.cumsum(high - low) + (high - low), high - low)
    apart = np.abs(left[one] + right[two] - target) > tolerance
    counts: Ints = np.bincount((left_sizes[one] + right_sizes[two])[apart], minlength=2 * HALF_LIMIT + 1)
    return counts


def _grid(candidates: Ints) -> int:
    """The round step all subset sums lie on: whole hundreds meet a target a hundred times as often as cents do.

    Only round steps count: equal instalments are all multiples of one of them, which says nothing of the target.
    """
    divisor = int(np.gcd.reduce(candidates)) if len(candidates) else 1
    return max(step for step in ROUND_STEPS if divisor % step == 0)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., None]:
    from reconciliation.matching.subset_sum_kernel import solve

    return solve
