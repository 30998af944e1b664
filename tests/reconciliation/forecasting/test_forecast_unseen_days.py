"""Days that no balance and no statement shows yet: what should have moved on them stands at `as_of`, once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from forecast_facts import AS_OF, BALANCE, FAST, FLOW, ITEM, TARGET, Row, facts, layer

from reconciliation.forecasting import forecast


def till(until: date) -> list[Row]:
    """A till that pays in 100 each business day."""
    return [
        FLOW | {"bank_line_id": f"{day}", "date": day, "amount": Decimal(100)}
        for day in TARGET.days(date(2026, 1, 2), until).tolist()
    ]


def balance_of(day: date) -> Row:
    """A balance and statements until a day."""
    return BALANCE | {"balance_date": day, "covered_until": day}


def test_an_old_balance_is_rolled_forward_with_what_usually_moves() -> None:
    for business_days_old in (0, 1, 3, 5):
        day = TARGET.add(AS_OF, -business_days_old)
        rows = forecast(facts(balances=[balance_of(day)], flows=till(day)), FAST, AS_OF)
        until_today = rows.filter(pl.col("date") == AS_OF)["amount"].sum()
        assert until_today == Decimal(1000 + 100 * business_days_old)


def test_statements_that_say_no_balance_carry_the_last_one_on() -> None:
    said, shown = date(2026, 6, 22), date(2026, 6, 29)
    balance = balance_of(said) | {"covered_until": shown, "booked_since": Decimal(500)}
    rows = forecast(facts(balances=[balance], flows=till(shown)), FAST, AS_OF)
    opening = rows.filter(pl.col("layer") == "opening").row(0, named=True)
    assert opening["amount"] == opening["high"] == Decimal(1500)
    assert (opening["certainty"], opening["balance_date"]) == ("expected", said)
    assert opening["sources"] == "balance of 2026-06-22, with what statements until 2026-06-29 booked"
    assert rows.filter(pl.col("date") == AS_OF)["amount"].sum() == Decimal(1600)  # today's takings are on no statement


def test_a_customer_may_have_paid_on_a_day_that_no_statement_shows_yet() -> None:
    past = [
        ITEM
        | {"open_item_id": f"p{number}", "due_date": due, "paid_on": due, "remaining": Decimal(0),
           "entered_on": due - timedelta(days=30)}
        for number in range(40)
        for due in [TARGET.add(date(2026, 2, 2), number * 2)]
    ]  # fmt: skip
    due_unseen = ITEM | {"due_date": date(2026, 6, 26)}
    flows = [FLOW | {"date": date(2026, 6, 1), "amount": Decimal(1), "settles_item": True}]
    seen = facts(balances=[balance_of(AS_OF)], flows=flows, open_items=[*past, due_unseen])
    unseen = facts(balances=[balance_of(date(2026, 6, 25))], flows=flows, open_items=[*past, due_unseen])
    assert AS_OF not in layer(seen, "open_items")
    assert layer(unseen, "open_items")[AS_OF] > 80


def test_an_item_without_any_statement_is_expected_from_tomorrow_on() -> None:
    assert min(layer(facts(open_items=[ITEM | {"due_date": date(2026, 6, 1)}]), "open_items")) == date(2026, 7, 1)


def test_an_account_silent_for_a_quarter_moves_nothing_more() -> None:
    last = date(2026, 3, 20)
    rent = [
        FLOW | {"date": TARGET.on_or_after(date(2025 + number // 12, number % 12 + 1, 3)), "amount": Decimal(-9),
                "text": "RENT"}
        for number in range(15)
    ]  # fmt: skip
    rows = forecast(facts(balances=[balance_of(last)], flows=[*till(last), *rent]), FAST, AS_OF)
    assert rows["layer"].to_list() == ["opening"]
    assert rows["sources"].to_list() == ["stale balance of 2026-03-20; silent for a quarter"]
