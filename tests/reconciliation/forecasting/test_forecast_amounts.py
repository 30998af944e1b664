"""Exactness: amounts over days add up to the amount, in whole minor units, whatever the currency."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.forecasting.minor_amounts import amounts, minor_unit_points, points, rounded, spread_out


def spread(amount: str, currency: str, weights: list[float]) -> list[Decimal]:
    """One amount over days."""
    total = points(pl.Series([Decimal(amount)], dtype=pl.Decimal(23, 5)))
    cells = spread_out(total, np.array([weights]), minor_unit_points(pl.Series([currency])))
    return [one.normalize() for one in amounts(cells[0]).to_list()]


def test_a_third_each_gives_the_odd_cent_to_the_first_day() -> None:
    assert spread("100.00", "EUR", [1, 1, 1]) == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert spread("-100.00", "EUR", [1, 1, 1]) == [Decimal("-33.34"), Decimal("-33.33"), Decimal("-33.33")]


def test_yen_have_no_cents_and_dinars_have_three() -> None:
    assert spread("100", "JPY", [1, 1, 1]) == [34, 33, 33]
    assert spread("0.002", "KWD", [1, 1]) == [Decimal("0.001"), Decimal("0.001")]


def test_what_is_finer_than_a_cent_stays_with_the_likeliest_day() -> None:
    assert spread("1.00001", "EUR", [0.2, 0.8]) == [Decimal("0.2"), Decimal("0.80001")]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    amount=st.decimals("-99999999999999", "99999999999999", places=5).map(lambda one: min(max(one, -(10**13)), 10**13)),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
    weights=st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=92).filter(lambda one: sum(one) > 1e-6),
)
def test_no_amount_is_lost_and_no_day_turns_its_sign(amount: Decimal, currency: str, weights: list[float]) -> None:
    cells = spread(str(amount), currency, weights)
    assert sum(cells) == amount
    assert all(cell == 0 or (cell > 0) == (amount > 0) for cell in cells)


def test_estimates_are_rounded_to_the_minor_unit() -> None:
    unit = minor_unit_points(pl.Series(["EUR", "JPY"]))
    assert amounts(rounded(np.array([1.239, 1.6]), unit)).to_list() == [Decimal("1.24"), Decimal(2)]


def test_an_amount_too_large_for_exact_arithmetic_is_refused() -> None:
    with pytest.raises(OverflowError, match="46 trillion"):
        points(pl.Series([Decimal(10) ** 15], dtype=pl.Decimal(23, 5)))
