"""Rivals share the probability; elimination decides what evidence alone cannot."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from example_items import items
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from reconciliation.matching.context import SideView
from reconciliation.matching.encoding import encode
from reconciliation.matching.exact_marginals import Floats, exact_probabilities
from reconciliation.matching.marginals import components, pair_probabilities
from reconciliation.matching.rules import Side


def _exact(left: list[int], right: list[int], odds: list[float]) -> list[float]:
    """By enumerating every set of pairs in which no item occurs twice."""
    total, held = 0.0, [0.0] * len(odds)
    for size in range(len(odds) + 1):
        for chosen in combinations(range(len(odds)), size):
            if len({left[e] for e in chosen}) == size == len({right[e] for e in chosen}):
                weight = float(np.prod([odds[e] for e in chosen]))
                total += weight
                for edge in chosen:
                    held[edge] += weight
    return [each / total for each in held]


def _in_one_knot(left: ArrayLike, right: ArrayLike, odds: ArrayLike) -> Floats:
    one, two = (np.unique(np.asarray(side), return_inverse=True)[1] for side in (left, right))
    return exact_probabilities(np.zeros(len(one), dtype=np.int64), one, two, np.asarray(odds))


@pytest.mark.parametrize(
    ("pairs", "odds"),
    [
        ([(0, 0)], [1000.0]),
        ([(0, 0), (0, 1)], [50.0, 50.0]),
        ([(0, 0), (0, 1), (1, 1)], [50.0, 50.0, 50.0]),
        ([(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)], [9.0, 3.0, 20.0, 1.0, 5.0]),
    ],
)
def test_without_cycles_the_probabilities_are_exact(pairs: list[tuple[int, int]], odds: list[float]) -> None:
    left, right = [each[0] for each in pairs], [each[1] for each in pairs]
    found = pair_probabilities(np.array(left), np.array(right), np.array(odds))
    assert found == pytest.approx(_exact(left, right, odds), abs=1e-4)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_no_item_is_given_away_twice(pairs: set[tuple[int, int]]) -> None:
    edges = sorted(pairs)
    left, right = np.array([each[0] for each in edges]), np.array([each[1] for each in edges])
    found = pair_probabilities(left, right, np.full(len(edges), 100.0))
    for node in (left, right):
        assert (np.bincount(node, weights=found) <= 1.05).all()


def test_components_are_named_by_their_smallest_left_item() -> None:
    left, right = np.array([3, 1, 1, 0]), np.array([5, 5, 6, 7])
    assert components(left, right).tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("odds", [[900.0, 600.0, 600.0, 300.0], [1e9, 5e8, 2e8, 3e8]])
def test_around_a_cycle_the_second_best_way_keeps_its_share(odds: list[float]) -> None:
    """Two like payments and two like entries: message passing alone would be all but certain of the better way."""
    left, right = [0, 0, 1, 1], [0, 1, 0, 1]
    found = pair_probabilities(np.array(left), np.array(right), np.array(odds))
    assert found == pytest.approx(_exact(left, right, odds), rel=1e-6)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.floats(1e-3, 1e6), min_size=1, max_size=10))
def test_a_knot_is_summed_exactly(pairs: dict[tuple[int, int], float]) -> None:
    edges = sorted(pairs)
    left, right = [each[0] for each in edges], [each[1] for each in edges]
    odds = [pairs[edge] for edge in edges]
    assert _in_one_knot(left, right, odds) == pytest.approx(_exact(left, right, odds), abs=1e-9)


def test_a_series_of_any_length_is_summed_and_a_crowd_is_not() -> None:
    series = [(week, other) for week in range(50) for other in (week - 1, week, week + 1) if 0 <= other < 50]
    left, right = (np.array(side) for side in zip(*series, strict=True))
    assert (_in_one_knot(left, right, np.where(left == right, 1e6, 1e3))[left == right] > 0.99).all()
    crowd = [(one, other) for one in range(15) for other in range(15)]
    left, right = (np.array(side) for side in zip(*crowd, strict=True))
    assert np.isnan(_in_one_knot(left, right, np.ones(len(crowd)))).all()


def test_knots_of_one_shape_are_summed_as_each_alone() -> None:
    """Three squares of pairs of different odds, between them a chain and a pair without a rival."""
    squares = [(0, 0), (0, 1), (1, 0), (1, 1), (4, 4), (4, 5), (5, 4), (5, 5), (7, 7), (7, 8), (8, 7), (8, 8)]
    others = [(2, 2), (2, 3), (3, 3), (6, 6)]
    left, right = (np.array(side) for side in zip(*squares, *others, strict=True))
    odds = np.arange(1.0, len(left) + 1) * 7
    found = pair_probabilities(left, right, odds)
    for start in (0, 4, 8):
        own = slice(start, start + 4)
        assert found[own] == pytest.approx(_exact([0, 0, 1, 1], [0, 1, 0, 1], odds[own].tolist()), rel=1e-9)


def test_weak_ties_to_many_others_do_not_make_one_way_round_of_twins_certain() -> None:
    pairs = [(0, 0, 1000.0), (1, 1, 1000.0), (0, 1, 900.0), (1, 0, 900.0)]
    pairs += [(one, two, 1e-5) for one in range(15) for two in range(15) if max(one, two) > 1]
    left, right, odds = (np.array(each) for each in zip(*pairs, strict=True))
    assert np.isnan(_in_one_knot(left, right, odds)).all()  # too wide to be summed as it is
    probability = pair_probabilities(left, right, odds)
    assert probability[0] == pytest.approx(1000**2 / (1000**2 + 900**2), abs=0.01)


@pytest.mark.parametrize("ids", [["A", "B", "C", "D"], ["C", "A", "D", "B"]])
def test_items_have_the_same_place_in_a_graph_in_any_order_of_rows(ids: list[str]) -> None:
    """Which knots are too wide to be summed depends on it."""
    data = encode({"left": items(*({"item_id": each, "amount": 1} for each in ids))}).datasets["left"]
    view = SideView(0, Side(dataset="left", pool="cash"), data, data.amount)
    rows = np.array([3, 0, 1, 3], dtype=np.uint32)  # of these only: numbers are dense
    places = dict(zip((ids[row] for row in rows), view.places(rows).tolist(), strict=True))
    assert [places[each] for each in sorted(places)] == [0, 1, 2]
