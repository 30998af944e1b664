"""Of equal monthly bills the one is paid whose month the payer names, however late; dates alone would tell the nearest."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from example_items import items, members

from reconciliation.matching import match, preset

TENANT = {"counterparty_name": "Rosa Winterfeld", "counterparty_id": "T1"}
Row = dict[str, object]


def rents(*, text: str | None = "Miete {month:02}/2026", months: int = 6, **more: object) -> list[Row]:
    """A rent of 850 for each month, due on its third day."""
    return [
        {"item_id": f"rent {month}", "amount": 850, "date": date(2026, month, 1), "due_date": date(2026, month, 3)}
        | {"text": text and text.format(month=month)}
        | TENANT
        | more
        for month in range(1, months + 1)
    ]


def paid(text: str, on: date, *, amount: int = 850, name: str = "line", **more: object) -> Row:
    return {"item_id": name, "amount": amount, "date": on, "text": text} | TENANT | more


def matched(lines: list[Row], bills: list[Row]) -> list[tuple[str, ...]]:
    return members(match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables")), "matched")


@pytest.mark.parametrize(
    "text",
    ["Miete Februar", "RENT FEB 2026", "Miete 02/26", "loyer février", "alquiler febrero 2026", "2026-02 Winterfeld"],
)
def test_the_month_named_tells_which_rent_is_paid_though_anothers_due_date_is_nearer(text: str) -> None:
    assert matched([paid(text, date(2026, 4, 2))], rents()) == [("line", "rent 2")]


def test_several_months_are_paid_at_once() -> None:
    line = paid("Miete Februar + März", date(2026, 4, 2), amount=1700)
    assert matched([line], rents()) == [("line", "rent 2", "rent 3")]


@pytest.mark.parametrize(
    "text",
    [
        "Miete Jan-Mrz 2026",
        "RENT JANUARY TO MARCH",
        "Miete Q1/2026",
        "1. Quartal 2026",
        "loyer 01/2026 - 03/2026",
        "3Q2026",
    ],
)
def test_a_span_of_months_is_paid_at_once(text: str) -> None:
    bills, first = rents(months=10), 7 if text == "3Q2026" else 1
    line = paid(text, date(2026, first + 1, 20), amount=2550)
    assert matched([line], bills) == [("line", *(f"rent {month}" for month in range(first, first + 3)))]


def test_who_names_a_month_that_is_not_there_pays_no_other_one() -> None:
    assert matched([paid("Miete Februar", date(2026, 4, 2))], rents()[2:]) == []


def test_a_month_paid_twice_leaves_the_second_line_open() -> None:
    lines = [paid("Miete März", date(2026, 3, 3), name="first"), paid("Miete März", date(2026, 3, 5), name="second")]
    assert matched(lines, rents()) == [("first", "rent 3")]


def test_two_bills_of_the_month_and_amount_are_not_guessed_between() -> None:
    twins = [*rents(), *({**bill, "item_id": f"garage {n}"} for n, bill in enumerate(rents()))]
    assert matched([paid("Miete Februar", date(2026, 4, 2))], twins) == []


@pytest.mark.parametrize("text", ["Miete 02/2026 03/2026", "Miete Feb, März 2026", "Miete Feb 2026/März"])
def test_each_of_several_months_may_have_its_year_or_one_for_all(text: str) -> None:
    assert matched([paid(text, date(2026, 4, 2), amount=1700)], rents()) == [("line", "rent 2", "rent 3")]


@pytest.mark.parametrize("text", ["Miete 02/2025", "RENT FEB 2025", "Miete Feb, 2025", "RENT FEB 25"])
def test_the_month_of_another_year_is_another_month(text: str) -> None:
    assert matched([paid(text, date(2026, 4, 2))], rents()) == []


def test_of_two_bills_of_a_month_the_year_named_tells_which() -> None:
    before = {"item_id": "old", "date": date(2025, 2, 1), "due_date": date(2025, 2, 3), "text": "Miete 02/2025"}
    assert matched([paid("RENT FEB 2025", date(2026, 4, 2))], [*rents(), rents()[0] | before]) == [("line", "old")]


def test_months_around_new_year_have_the_year_of_the_last() -> None:
    december = {"item_id": "rent 12", "date": date(2025, 12, 1), "due_date": date(2025, 12, 3), "text": "Miete 12/2025"}
    line = paid("Miete Dez/Jan 2026", date(2026, 4, 2), amount=1700)
    assert matched([line], [*rents(), rents()[0] | december]) == [("line", "rent 1", "rent 12")]


@pytest.mark.parametrize(
    "text",
    [
        "05 MAR 2026 Zahlung",
        "Zahlung vom 12.03.2026",
        "Danke",
        "RENT PYMT 03/15",
        "RENT MAR 03, 2026",
        "RENT 03-MAR-2026",
        "RENT MARCH 3RD",
    ],
)
def test_the_day_of_a_date_names_no_month(text: str) -> None:
    assert ("line", "rent 3") not in matched([paid(text, date(2026, 4, 3))], rents())


def test_a_month_in_the_payers_name_is_none() -> None:
    jan: dict[str, Any] = {"counterparty_name": "Jan Kowalski", "counterparty_id": "T2"}
    assert matched([paid("czynsz Jan Kowalski", date(2026, 4, 3), **jan)], rents(**jan)[3:4]) == [("line", "rent 4")]


def test_a_month_in_the_bills_name_is_none_where_the_line_shows_names_in_its_text_alone() -> None:
    jan: dict[str, Any] = {"counterparty_name": "Jan Kowalski", "counterparty_id": "T2"}
    line = paid("czynsz Jan Kowalski", date(2026, 4, 3), counterparty_name=None, counterparty_id=None)
    assert matched([line], rents(**jan)[3:4]) == [("line", "rent 4")]


def _tenants(ahead: int, late: int = 0) -> tuple[list[Row], list[Row]]:
    """Tenants who name the month that they pay, whose bills name none and are due so many months later; one of them pays a month
    still later than that."""
    lines, bills = [], []
    for number in range(8):
        tenant: Row = {"counterparty_name": f"{'ABCDEFGH'[number] * 4} Verwaltung", "counterparty_id": f"V{number}"}
        for month in range(1, 6):
            due = date(2026, month + ahead, 3)
            bill: Row = {"item_id": f"bill {number} {month}", "amount": 700 + number, "date": due, "due_date": due}
            bills.append(bill | tenant)
            on = date(2026, month + ahead + (late if number == 7 else 0), 4)
            text = f"Miete {month:02}/2026"
            lines.append(paid(text, on, amount=700 + number, name=f"line {number} {month}", **tenant))
    return lines, bills


@pytest.mark.parametrize("ahead", [0, 1])
def test_bills_that_name_no_month_are_of_that_of_their_due_date_or_as_far_from_it_as_payments_show(ahead: int) -> None:
    found = matched(*_tenants(ahead, late=2))
    assert found == [
        (f"bill {number} {month}", f"line {number} {month}") for number in range(8) for month in range(1, 6)
    ]


def _purchases(**more: object) -> list[Row]:
    """Five purchases of one price, a week apart."""
    return [
        {"item_id": f"bill {day}", "amount": 850, "date": date(2026, 3, day), "due_date": date(2026, 4, day)}
        | TENANT
        | more
        for day in (5, 12, 19, 26, 30)
    ]


@pytest.mark.parametrize(
    "text", ["RG vom 12.03.2026", "Rechnung v.12.03.26", "inv dated 03/12/26", "2026-03-12", "12.3.26"]
)
def test_the_date_of_the_bill_tells_which_of_equal_ones_is_paid(text: str) -> None:
    assert matched([paid(text, date(2026, 4, 20))], _purchases()) == [("bill 12", "line")]


@pytest.mark.parametrize("text", ["Zahlung 12.03.2026", "4711-12.03.26", "13.03.2026"])
def test_the_day_of_paying_a_part_of_a_number_and_a_day_without_a_bill_tell_none(text: str) -> None:
    assert ("bill 12", "line") not in matched([paid(text, date(2026, 3, 13))], _purchases())


def test_of_two_customers_of_one_name_the_date_tells_which_has_paid_and_no_sum_is_made_of_both() -> None:
    twin = [{**bill, "item_id": f"twin {n}"} for n, bill in enumerate(_purchases(counterparty_id="T2"))]
    on_the_day, others = twin[1], [twin[0], *twin[2:]]
    line = paid("RG vom 12.03.2026", date(2026, 4, 20))
    assert matched([line], [*_purchases(), *others]) == [("bill 12", "line")]
    lines = [line, line | {"item_id": "second"}]
    assert matched(lines, [*_purchases(), *others, on_the_day]) == []
