"""Which days a payout is for, as others of its kind teach."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching.payout_habits import HABITS, habit_shares


def candidates(*asked: tuple[str, int]) -> pl.DataFrame:
    """Payouts of one wording each, so many days late, for all items of one day."""
    return pl.DataFrame(
        {"wording": [wording for wording, _ in asked], "lag": [lag for _, lag in asked]}
    ).with_columns(length=0, family=pl.lit(""), lag_share=0.1, length_share=0.6, family_share=0.5)  # fmt: skip


def seen(*told: tuple[str, int, float]) -> pl.DataFrame:
    """Habits: so many payouts of a wording came so many days late."""
    rows = [(wording, lag, 0, "", times) for wording, lag, times in told]
    return pl.DataFrame(rows, schema=HABITS, orient="row")


def test_what_a_payout_alone_taught_does_not_speak_for_it() -> None:
    only, never = candidates(("DEPOSIT", 5)), candidates(("DEPOSIT", 4))
    habits = seen(("DEPOSIT", 5, 0.9))
    assert habit_shares(only, habits, own=1.0) == pytest.approx(habit_shares(never, habits, own=1.0))
    assert habit_shares(only, habits) > habit_shares(never, habits)


def test_payouts_worded_alike_come_alike() -> None:
    habits = seen(("STRIPE", 2, 12.0), ("DEPOSIT", 0, 6.0))
    stripe, deposit = habit_shares(candidates(("STRIPE", 0), ("DEPOSIT", 0)), habits, own=1.0)
    assert deposit > 2 * stripe
    assert deposit > habit_shares(candidates(("DEPOSIT", 2)), habits, own=1.0)


def test_of_a_wording_that_was_never_seen_all_payouts_tell() -> None:
    late, early = habit_shares(candidates(("SQUARE", 2), ("SQUARE", 0)), seen(("STRIPE", 2, 12.0)), own=1.0)
    assert late > 3 * early
