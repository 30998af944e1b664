"""Flows that come again by themselves: their days, their amounts, and which lines are one flow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from forecast_facts import ACCOUNT, AS_OF, BALANCE, FAST, FLOW, PAYMENT, Row, facts, layer

from reconciliation.business_days import BusinessDays, business_days
from reconciliation.forecasting import ForecastInputs, forecast
from reconciliation.forecasting.cadence import cadence
from reconciliation.forecasting.config import RunOff

NO_RUN_OFF = FAST.model_copy(update={"run_off": RunOff(enabled=False)})
LONDON, FED, JAPAN = (business_days(name, AS_OF) for name in ("GB", "FED", "JP"))
MONTHS = [date(2025 + number // 12, number % 12 + 1, 1) for number in range(18)]  # until June 2026


def end_of(month: date) -> date:
    """The last day of the month."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def last_friday(month: date) -> date:
    """The last Friday of the month."""
    end = end_of(month)
    return end - timedelta(days=(end.weekday() - 4) % 7)


RULES: list[tuple[str, BusinessDays, Callable[[date], date], int, list[date]]] = [
    ("the last Friday", LONDON, last_friday, 1, [date(2026, 7, 31), date(2026, 8, 28)]),
    ("a tax on the 7th each quarter", LONDON, lambda m: LONDON.on_or_before(m.replace(day=7)), 3,
     [date(2026, 7, 7), date(2026, 10, 7)]),
    ("the last day rolled into the next month", JAPAN, lambda m: JAPAN.on_or_after(end_of(m)), 1,
     [date(2026, 7, 31), date(2026, 8, 31)]),
    ("the fifth business day", FED, lambda m: FED.add(m - timedelta(days=1), 5), 1,
     [date(2026, 7, 7), date(2026, 8, 7)]),
    ("a coupon in January and July", FED, lambda m: FED.on_or_after(m.replace(day=15)), 6,
     [date(2026, 7, 15), date(2027, 1, 15)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("calendar", "rule", "step", "expected"), [one[1:] for one in RULES], ids=[one[0] for one in RULES]
)
def test_a_day_of_the_month_is_fixed_in_many_ways(
    calendar: BusinessDays, rule: Callable[[date], date], step: int, expected: list[date]
) -> None:
    days = [rule(month) for month in MONTHS[::step]]
    found = cadence(days, calendar, AS_OF, 3.0)
    assert found is not None
    ahead = found.upcoming()
    assert [next(ahead) for _ in expected] == expected


def test_a_payroll_twice_a_month_and_one_each_fourth_week() -> None:
    twice = [FED.on_or_before(day) for month in MONTHS for day in (month.replace(day=15), end_of(month))]
    found = cadence(twice, FED, AS_OF, 3.0)
    assert found is not None
    assert found.title == "twice a month"
    ahead = found.upcoming()
    # the 15th of August is a Saturday: that it goes back and not on shows in earlier months
    assert [next(ahead) for _ in range(3)] == [date(2026, 7, 15), date(2026, 7, 31), date(2026, 8, 14)]
    fourth = [date(2026, 6, 26) - timedelta(weeks=4 * number) for number in range(9)]
    found = cadence(fourth[::-1], LONDON, AS_OF, 3.0)
    assert found is not None
    assert (found.title, next(found.upcoming())) == ("four-weekly", date(2026, 7, 24))


@pytest.mark.parametrize(("title", "months"), [("quarterly", 3), ("yearly", 12)])
def test_a_flow_that_has_come_for_ten_years_still_has_its_cadence(title: str, months: int) -> None:
    days = [FED.on_or_after(date(year, month, 15)) for year in range(2016, 2027) for month in range(3, 13, months)]
    found = cadence([day for day in days if day < AS_OF], FED, AS_OF, 3.0)
    assert found is not None
    due = {"quarterly": date(2026, 9, 15), "yearly": date(2027, 3, 15)}
    assert (found.title, next(found.upcoming())) == (title, due[title])


def test_one_missed_cycle_long_ago_is_forgiven() -> None:
    days = [month.replace(day=10) for month in MONTHS]
    without_march = [day for day in days if day != date(2026, 3, 10)]
    assert cadence(without_march, FED, AS_OF, 3.0) is not None
    assert cadence(without_march[:-2], FED, AS_OF, 3.0) is None  # April only since: it may have changed its rhythm


def flow(day: date, amount: int, **more: str) -> Row:
    """A booked line of the German account."""
    return FLOW | {"date": day, "amount": Decimal(amount)} | more


def recurring(*flows: Row, until: date = date(2026, 6, 29)) -> dict[date, Decimal]:
    """The recurring layer of these lines."""
    balance = BALANCE | {"covered_from": date(2025, 1, 1), "covered_until": until}
    return layer(facts(balances=[balance], flows=list(flows)), "recurring", NO_RUN_OFF)


def test_one_tax_office_two_taxes() -> None:
    office = {"counterparty_account": "DE99"}
    flows = [
        flow(month.replace(day=day), amount, text=f"{text} {month:%m.%Y}", **office)
        for month in MONTHS[12:]
        for day, text, amount in ((12, "WAGE TAX", -300), (18, "SALES TAX", -800))
    ]
    days = recurring(*flows)
    assert [(day.month, int(amount)) for day, amount in days.items()] == [
        (7, -300), (7, -800), (8, -300), (8, -800), (9, -300), (9, -800)
    ]  # fmt: skip


def test_a_text_that_names_the_month_and_carries_a_reference_is_one_flow() -> None:
    names = ["JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE"]
    flows = [
        flow(month.replace(day=12), -1000, text=f"SALARIES {name} 2026 REF A7X{month.month}9K2")
        for month, name in zip(MONTHS[12:], names, strict=True)
    ]
    assert [day.month for day in recurring(*flows)] == [7, 8, 9]


def test_two_loans_at_one_bank_are_told_apart_by_their_size() -> None:
    flows = [
        flow(month.replace(day=day), amount, counterparty_name="Bank")
        for month in MONTHS[10:]
        for day, amount in ((5, -100), (23, -900))
    ]
    assert sorted(set(recurring(*flows).values())) == [-900, -100]


def test_a_bonus_comes_in_its_month_and_does_not_end_the_payroll() -> None:
    flows = [
        flow(month.replace(day=12), -2000 if month.month in (7, 12) else -1000, text="SALARIES") for month in MONTHS
    ]
    assert list(recurring(*flows).values()) == [-2000, -1000, -1000]


def test_an_interest_of_nothing_is_no_flow() -> None:
    """Banks report it each month all the same."""
    assert recurring(*[flow(month.replace(day=12), 0, text="INTEREST") for month in MONTHS]) == {}


def test_a_tax_whose_amount_varies_comes_on_its_day_all_the_same() -> None:
    varied = [-900, -1300, -1000, -700, -1400, -950]
    flows = [flow(month.replace(day=12), amount, text="VAT") for month, amount in zip(MONTHS[12:], varied, strict=True)]
    assert [day.month for day in recurring(*flows)] == [7, 8, 9]


def test_a_new_rent_is_expected_at_its_new_amount() -> None:
    flows = [
        flow(month.replace(day=12), -1500 if month >= date(2026, 5, 1) else -1000, text="RENT") for month in MONTHS
    ]
    assert set(recurring(*flows).values()) == {-1500}


def test_a_party_that_pays_invoices_is_no_recurring_flow() -> None:
    """Its lines that no match explains yet are payments of invoices that the open items layer has."""
    flows = [
        flow(month.replace(day=12), 1000, counterparty_name="Customer") | {"settles_item": month.month % 3 != 0}
        for month in MONTHS
    ]
    assert recurring(*flows) == {}


def test_a_payroll_instructed_beside_a_tax_is_not_expected_again() -> None:
    flows = [flow(month.replace(day=12), -1000, text="SALARIES") for month in MONTHS[12:]]
    wages = [PAYMENT | {"payment_id": f"w{n}", "amount": Decimal(-100)} for n in range(10)]
    tax = PAYMENT | {"payment_id": "t", "amount": Decimal(-700)}
    payments: list[Row] = [
        one | {"execution_date": date(2026, 7, 13), "settles_item": False} for one in (*wages, tax)
    ]  # fmt: skip
    balance = BALANCE | {"covered_from": date(2025, 1, 1)}
    found = facts(balances=[balance], flows=flows, payments=payments)
    assert [day.month for day in layer(found, "recurring", NO_RUN_OFF)] == [8, 9]
    assert layer(found, "committed", NO_RUN_OFF) == {date(2026, 7, 13): Decimal(-1700)}


def test_what_has_ended_is_not_in_the_run_off_either() -> None:
    def inputs(*flows: Row) -> ForecastInputs:
        balance = BALANCE | {"covered_from": date(2025, 1, 1)}
        return facts(accounts=[ACCOUNT], balances=[balance], flows=list(flows))

    lease = [flow(month.replace(day=15), -5000, text="LEASE") for month in MONTHS[:16]]  # the last one in April
    daily = [flow(date(2025, 1, 2) + timedelta(days=number), 10, text=f"TILL {number}") for number in range(540)]
    rows = forecast(inputs(*lease, *daily), FAST, AS_OF)
    assert (rows.filter(rows["layer"].is_in(["run_off", "recurring"]))["amount"] >= 0).all()


def test_on_a_young_account_two_wages_a_month_apart_are_a_flow() -> None:
    days = [date(2026, 5, 28), date(2026, 6, 26)]
    assert [LONDON.on_or_before(day.replace(day=28)) for day in days] == days
    wages = [
        FLOW | {"bank_line_id": f"{day}", "date": day, "amount": Decimal(-amount), "text": f"WAGES {day:%B} 2026"}
        for day, amount in zip(days, (1000, 1010), strict=True)
    ]
    young = BALANCE | {"covered_from": date(2026, 4, 20)}
    expected = {date(2026, 7, 28): Decimal(-1010), date(2026, 8, 28): Decimal(-1010), date(2026, 9, 28): Decimal(-1010)}
    assert layer(facts(balances=[young], flows=wages), "recurring", NO_RUN_OFF) == expected
    # not on an account that could have shown a third one, nor of two amounts, nor six weeks apart
    assert layer(facts(balances=[BALANCE], flows=wages), "recurring", NO_RUN_OFF) == {}
    for change in ({"amount": Decimal(-1200)}, {"date": date(2026, 5, 15)}):
        assert layer(facts(balances=[young], flows=[wages[0] | change, wages[1]]), "recurring", NO_RUN_OFF) == {}


def test_a_tax_in_the_same_uneven_months_each_year() -> None:
    paid = [(2025, 1), (2025, 4), (2025, 6), (2025, 9), (2026, 1), (2026, 4), (2026, 6)]
    days = [FED.on_or_after(date(year, month, 15)) for year, month in paid]
    found = cadence(days, FED, AS_OF, 3.0)
    assert found is not None
    ahead = found.upcoming()
    assert [next(ahead) for _ in range(3)] == [date(2026, 9, 15), date(2027, 1, 15), date(2027, 4, 15)]
    assert cadence(days[:5], FED, AS_OF, 3.0) is None  # one year alone says nothing of the next
    one_left_out = [day for day in days if day.month != 4 or day.year != 2026]
    assert cadence(one_left_out, FED, AS_OF, 3.0) is None


def test_rates_paid_in_ten_months_of_the_year_pause_in_the_other_two() -> None:
    """From April to January, as council tax: in December two months without are to come, in March it comes again."""
    tens = [LONDON.on_or_after(date(2024 + number // 12, number % 12 + 1, 15)) for number in range(3, 36)]
    paid = [day for day in tens if day.month not in (2, 3)]
    for last, ahead in (
        (date(2025, 12, 31), [date(2026, 1, 15), date(2026, 4, 15)]),
        (date(2026, 1, 31), [date(2026, 4, 15)]),
    ):
        history = [day for day in paid if day <= last]
        found = cadence(history, LONDON, last, 3.0)
        assert found is not None and found.title == "10 months a year"
        upcoming = found.upcoming()
        assert [next(upcoming) for _ in ahead] == ahead
    every_month = cadence([day for day in tens if day.year < 2026], LONDON, date(2026, 1, 31), 3.0)
    assert every_month is not None and every_month.title == "monthly"


def test_two_cycles_missed_over_a_holiday_week_are_not_expected_both() -> None:
    """A weekly run that left out Christmas and New Year comes once, and then each week."""
    thursdays = [date(2025, 9, 4) + timedelta(weeks=week) for week in range(16)]
    until = date(2026, 1, 2)
    flows = [
        FLOW | {"bank_line_id": f"r{day}", "date": day, "amount": Decimal(-500), "text": "SUPPLIERS RUN"}
        for day in thursdays
    ]
    balance = BALANCE | {"balance_date": until, "covered_from": date(2025, 8, 1), "covered_until": until}
    found = forecast(facts(balances=[balance], flows=flows), NO_RUN_OFF, until).filter(pl.col("layer") == "recurring")
    assert found.sort("date")["amount"].to_list()[:2] == [Decimal(-500), Decimal(-500)]
    assert found.sort("date")["date"].to_list()[:2] == [date(2026, 1, 5), date(2026, 1, 8)]
