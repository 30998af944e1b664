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


def test_so_is_a_rate_on_which_a_tax_is_charged() -> None:
    """2 % and 18 % tax on that, each rounded, make 2.36 %."""
    amounts = [312_956, 750_310, 1_288_121, 484_203, 933_377, 1_710_219]
    fees = [(fee := round(amount * 0.02)) + round(fee * 0.18) for amount in amounts]
    found = ratios([*fees, 9_115], [*amounts, 1_070_555])
    assert min(found[:6]) > 20 > 1 > found[6]


def test_fees_that_are_settled_already_teach_what_is_usual() -> None:
    amounts = np.array([312_956, 750_310, 1_288_121, 484_203])
    known = (np.rint(amounts * 0.0236).astype(np.int64), amounts)
    asked = np.array([933_377])
    fee = np.rint(asked * 0.0236).astype(np.int64)
    alone = habit_ratios(fee, asked, asked * 0.035, np.full(1, 0.1))
    taught = habit_ratios(fee, asked, asked * 0.035, np.full(1, 0.1), known=known)
    assert taught[0] > 20 > 1 > alone[0]


def test_a_side_that_never_bears_a_fee_hardly_bears_this_one() -> None:
    amounts = [50_000 + 1_234 * n for n in range(30)]
    assert ratios([*[-1500] * 29, 1500], amounts)[29] < ratios([1500] * 30, amounts)[29] / 3


def test_where_fees_have_no_habit_one_without_is_believed_and_where_they_have_it_is_not() -> None:
    amounts = [40_000 + 977 * number for number in range(60)]
    irregular = ratios([101 + 37 * number % 1_300 for number in range(60)], amounts)
    usual = ratios([1_500] * 59 + [733], amounts)
    assert min(irregular) > 2 * usual[-1]
