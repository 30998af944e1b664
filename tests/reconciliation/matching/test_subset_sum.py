"""Exact subset sums: every answer against brute force, and the compiled kernel against numpy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.matching import subset_sum
from reconciliation.matching.subset_sum import MAX_AMOUNT, SubsetSums, subset_sums


def one(target: int, values: list[int], **options: int) -> SubsetSums:
    return subset_sums([target], [0, len(values)], values, **options)


def brute_force(target: int, values: list[int], tolerance: int, min_size: int, max_size: int) -> int:
    return sum(
        abs(sum(chosen) - target) <= tolerance
        for size in range(min_size, min(max_size, len(values)) + 1)
        for chosen in combinations(values, size)
    )


def test_the_only_subset_is_found_and_named_by_position() -> None:
    answer = one(1750, [1000, 333, 750, 999])
    assert answer.count.tolist() == [1]
    assert answer.solution(0, 0).tolist() == [0, 2]


def test_two_solutions_are_both_reported() -> None:
    answer = one(300, [100, 200, 150, 150])
    assert answer.count.tolist() == [2]
    assert sorted([answer.solution(0, 0).tolist(), answer.solution(0, 1).tolist()]) == [[0, 1], [2, 3]]


def test_a_credit_memo_nets() -> None:
    assert one(70, [100, -30, 55]).solution(0, 0).tolist() == [0, 1]


def test_tolerance_is_absolute_and_closed() -> None:
    assert one(103, [60, 40], tolerances=3).count.tolist() == [1]
    assert one(104, [60, 40], tolerances=3).count.tolist() == [0]


def test_the_empty_subset_solves_nothing() -> None:
    assert one(0, [5, 7]).count.tolist() == [0]
    assert one(0, []).count.tolist() == [0]


def test_a_budget_too_small_says_so_and_claims_nothing() -> None:
    answer = one(21, [1, 2, 3, 4, 5, 6] * 5, budget=1000)
    assert answer.exhausted.tolist() == [True]
    assert answer.count.tolist() == [0]
    assert np.isinf(answer.chance[0])


def test_a_bounded_size_makes_many_candidates_decidable() -> None:
    values = [10_007 * (i + 1) ** 2 + 13 * i for i in range(60)]
    answer = one(values[3] + values[17] + values[59], values, max_size=3, budget=1 << 14)
    assert not answer.exhausted[0]
    assert answer.solution(0, 0).tolist() == [3, 17, 59]


def test_chance_grows_with_the_candidates_and_with_round_amounts() -> None:
    random = np.random.default_rng(5)
    few, many = (random.integers(10_000, 90_000, n).tolist() for n in (6, 22))
    round_amounts = [value // 1000 * 1000 for value in many]
    assert one(100_000, few).chance[0] < one(100_000, many).chance[0] < one(100_000, round_amounts).chance[0]


def test_amounts_that_could_overflow_are_refused() -> None:
    with pytest.raises(ValueError, match="exact"):
        one(1, [MAX_AMOUNT + 1])
    with pytest.raises(ValueError, match="exact"):
        one(-(2**63), [1])


def test_offsets_must_fit() -> None:
    with pytest.raises(ValueError, match="offsets"):
        subset_sums([1, 2], [0, 1], [5])


CASES = st.lists(st.tuples(st.integers(-40, 90), st.lists(st.integers(-20, 40), max_size=8)), min_size=1, max_size=6)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(CASES, st.integers(0, 2), st.integers(1, 2), st.integers(1, 5))
def test_counts_equal_brute_force(
    cases: list[tuple[int, list[int]]], tolerance: int, min_size: int, max_size: int
) -> None:
    targets = [target for target, _ in cases]
    offsets = np.cumsum([0] + [len(values) for _, values in cases])
    values = [value for _, case in cases for value in case]
    answer = subset_sums(
        targets, offsets, values, tolerances=tolerance, min_size=min_size, max_size=max_size, alternatives=3
    )
    for case, (target, candidates) in enumerate(cases):
        assert answer.count[case] == min(3, brute_force(target, candidates, tolerance, min_size, max_size))
        for number in range(answer.count[case]):
            chosen = answer.solution(case, number)
            assert len(set(chosen.tolist())) == len(chosen)
            assert abs(sum(values[i] for i in chosen) - target) <= tolerance


def test_the_compiled_kernel_answers_as_numpy_does(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(9)
    sizes = random.integers(0, 15, 200)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    values = random.integers(-300, 900, offsets[-1])
    targets = random.integers(-200, 4000, 200)
    answers = []
    for work in (10**12, 0):
        monkeypatch.setattr(subset_sum, "_NUMPY_WORK", work)
        answers.append(subset_sums(targets, offsets, values, tolerances=1, max_size=6, by_size=True))
    numpy_answer, compiled = answers
    assert numpy_answer.count.tolist() == compiled.count.tolist()
    assert numpy_answer.members.tolist() == compiled.members.tolist()
    assert np.allclose(numpy_answer.chance, compiled.chance)
    assert np.allclose(numpy_answer.sized, compiled.sized)
    assert set(numpy_answer.count.tolist()) == {0, 1, 2}


def test_a_pair_that_meets_the_target_is_less_likely_chance_than_any_number_of_items() -> None:
    values = np.random.default_rng(3).integers(1_000, 90_000, 20)
    target = int(values[3] + values[11])
    found = subset_sums([target], [0, 20], values, min_size=2, alternatives=8, by_size=True)
    sizes = [len(found.solution(0, number)) for number in range(int(found.count[0]))]
    assert found.sized[0, sizes.index(2)] < found.chance[0] / 10
    assert all(found.sized[0, number] <= found.chance[0] for number in range(len(sizes)))
