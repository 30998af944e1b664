"""Customers have pay runs of their own: some pay on Fridays, some on the 15th, some at the month's end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from forecast_facts import AS_OF, ITEM, TARGET, Row, facts, layer


def last_day(day: date) -> date:
    """The last business day of the month."""
    return TARGET.on_or_before((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))


def friday(day: date) -> date:
    """The first Friday on or after a day."""
    return TARGET.on_or_after(day + timedelta(days=(4 - day.weekday()) % 7))


def fifteenth(day: date) -> date:
    """The first 15th on or after a day."""
    month = day if day.day <= 15 else (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return TARGET.on_or_after(month.replace(day=15))


def month_end(day: date) -> date:
    """The last business day of the month of a day, or of the next month where it has passed."""
    return last_day(day) if last_day(day) >= day else last_day(day + timedelta(days=10))


def customers(habit: Callable[[date], date]) -> list[Row]:
    """A customer with a habit who is billed often, beside one who pays any day a week late."""
    rows: list[Row] = []
    for number in range(90):
        due = date(2025, 9, 1) + timedelta(days=3 * number)
        for party, paid in (("habit", habit(due)), ("other", TARGET.on_or_after(due + timedelta(days=7)))):
            if paid < AS_OF:
                rows.append(
                    ITEM
                    | {"open_item_id": f"{party}{number}", "party": party, "due_date": due, "paid_on": paid,
                       "entered_on": due - timedelta(days=30), "remaining": Decimal(0)}
                )  # fmt: skip
    return rows


@pytest.mark.parametrize(
    ("habit", "due", "expected"),
    [
        (friday, date(2026, 7, 7), date(2026, 7, 10)),
        (fifteenth, date(2026, 7, 4), date(2026, 7, 15)),
        (month_end, date(2026, 7, 20), date(2026, 7, 31)),
    ],
)
def test_a_customer_pays_on_its_own_days(habit: Callable[[date], date], due: date, expected: date) -> None:
    days = layer(facts(open_items=[*customers(habit), ITEM | {"party": "habit", "due_date": due}]), "open_items")
    assert max(days, key=lambda day: days[day]) == expected
    assert days[expected] > 30


def test_bills_that_are_all_due_on_one_day_are_no_habit_of_the_payer() -> None:
    """Due at each month's end and paid a few days late: that is a delay, and another due date moves it."""
    rows = []
    for month in range(1, 7):
        due = last_day(date(2026, month, 1)) if month < 6 else date(2026, 5, 29)
        for number in range(8):
            paid = TARGET.add(due, 2 + number % 3)
            rows.append(
                ITEM
                | {"open_item_id": f"{month}-{number}", "due_date": due, "paid_on": paid, "remaining": Decimal(0),
                   "entered_on": due - timedelta(days=30)}
            )  # fmt: skip
    days = layer(facts(open_items=[*rows, ITEM | {"due_date": date(2026, 7, 14)}]), "open_items")
    assert sum(days.get(TARGET.add(date(2026, 7, 14), late), Decimal(0)) for late in (2, 3, 4)) > 60
