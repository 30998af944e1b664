"""A fee that others are charged too is believed sooner than a difference that stands alone."""

from __future__ import annotations

import numpy as np

from reconciliation.matching.fee_habits import habit_ratios


def ratios(differences: list[int], amounts: list[int]) -> list[float]:
    bounds = np.maximum(3000.0, np.array(amounts) * 0.035)
    return list(habit_ratios(np.array(differences), np.array(amounts), bounds, np.full(len(amounts), 0.9)))


def test_the_same_amount_over_and_over_is_a_fee() -> None:
    found = ratios([1500] * 6 + [1273], [71_234, 50_310, 88_121, 64_203, 93_377, 41_002, 70_555])
    assert min(found[:6]) > 50 > 1 > found[6]


def test_so_is_the_same_share_of_different_amounts() -> None:
    amounts = [71_234, 150_310, 288_121, 364_203, 93_377, 541_002]
    found = ratios([*(round(amount * 0.029) for amount in amounts), 911], [*amounts, 70_555])
    assert min(found[:6]) > 2 > 1 > found[6]


def test_a_candidate_does_not_speak_for_itself() -> None:
    assert ratios([1500], [71_234])[0] < 1


def test_so_is_a_rate_with_a_fixed_charge_to_the_cent() -> None:
    amounts = [12_956, 50_310, 88_121, 4_203, 33_377, 7_102]
    found = ratios([*(int(amount * 0.029) + 30 for amount in amounts), 911], [*amounts, 70_555])
    assert min(found[:6]) > 20 > 1 > found[6]
