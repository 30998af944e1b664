"""The forecast by week: one account has one balance, whoever's items move on it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from small_warehouse import SmallWarehouse, Value


def expected(day: str, amount: int, half: int, layer: str = "open_items", **more: Value) -> dict[str, Value]:
    """A row of the vintage of Tuesday the 29th of September."""
    return {
        "vintage": "2026-09-29", "entity": "DE", "account": "A", "currency": "EUR", "date": day, "layer": layer,
        "certainty": "expected", "amount": amount, "low": amount - half, "high": amount + half, "item_count": 1,
        "sources": layer,
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def outlook(empty_group: SmallWarehouse) -> SmallWarehouse:
    """A German account that pays Swiss invoices too, and a Swiss invoice in a currency without an account."""
    empty_group.insert(
        "forecasting.cash_forecast",
        expected("2026-09-29", 1000, 0, "opening", balance_date="2026-09-25"),
        expected("2026-09-29", -50, 0, "committed", certainty="committed"),
        expected("2026-10-01", -200, 30),
        expected("2026-10-01", -300, 10, entity="CH"),
        expected("2026-10-02", 100, 30, "run_off", certainty="statistical"),
        expected("2026-10-06", -600, 0, entity="CH"),
        expected("2026-12-30", -9000, 0, "beyond_horizon"),
        expected("2026-10-05", -7, 0, entity="CH", account=None, currency="GBP"),
        expected("2026-09-29", 90, 0, "opening", account="B", currency="GBP"),
        expected("2026-10-01", -10, 30, account="B", currency="GBP", error_correlation=1.0),
        expected("2026-10-02", -10, 40, account="B", currency="GBP", error_correlation=1.0),
    )
    empty_group.dbt("build", "2026-09-30", "2026-09-30 21:59:59+00", "--select", "+cash_outlook")
    return empty_group


def test_an_account_that_pays_for_another_entity_has_one_balance(outlook: SmallWarehouse) -> None:
    assert outlook.rows(
        "SELECT entity_id, week::VARCHAR, opening_balance, inflow, outflow, closing_balance, lowest_balance "
        "FROM marts.cash_outlook WHERE account_id = 'A' ORDER BY week"
    ) == [
        ("DE", "2026-09-28", *map(Decimal, (1000, 100, -550, 550, 450))),
        ("DE", "2026-10-05", *map(Decimal, (550, 0, -600, -50, -50))),
    ]


def test_errors_of_layers_add_up_and_those_of_days_are_independent(outlook: SmallWarehouse) -> None:
    assert outlook.rows(
        "SELECT closing_low, closing_high, committed, expected, statistical FROM marts.cash_outlook "
        "WHERE account_id = 'A' ORDER BY week LIMIT 1"
    ) == [tuple(map(Decimal, (500, 600, -50, -500, 100)))]


def test_errors_of_days_that_are_alike_add_up_in_the_balance(outlook: SmallWarehouse) -> None:
    """And where nothing was measured they cancel out, as those of account A: the root of 40 and 30 squared is 50."""
    assert outlook.rows("SELECT closing_high - closing_low FROM marts.cash_outlook WHERE account_id = 'B'") == [
        (Decimal(140),)
    ]


def test_items_without_an_account_move_money_and_no_balance(outlook: SmallWarehouse) -> None:
    assert outlook.rows(
        "SELECT entity_id, outflow, opening_balance, closing_balance FROM marts.cash_outlook WHERE account_id IS NULL"
    ) == [("CH", Decimal(-7), None, None)]


def test_every_row_of_the_forecast_says_how_old_its_account_s_balance_is(outlook: SmallWarehouse) -> None:
    assert outlook.rows(
        "SELECT account_id, balance_date::VARCHAR, is_stale, count(*) FROM marts.cash_forecast GROUP BY ALL ORDER BY 1"
    ) == [("A", "2026-09-25", True, 7), ("B", None, True, 3), (None, None, None, 1)]
