"""When open items are paid: each party's habit, pay-run days, holidays, and nothing lost."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
from forecast_facts import AS_OF, BALANCE, FAST, FLOW, ITEM, PAYMENT, TARGET, Row, company, facts, layer

from reconciliation.forecasting import ForecastInputs, forecast
from reconciliation.forecasting.config import PaymentDelay
from reconciliation.forecasting.payment_days import payment_days
from reconciliation.forecasting.payment_delay import FIRST_STEP, STEPS, Observed, chances, hazards

SETTINGS = PaymentDelay()


def paid(number: int, party: str, due: date, late: int) -> Row:
    """An item of a party that paid so many business days late."""
    return ITEM | {
        "open_item_id": f"{party}{number}", "party": party, "due_date": due, "entered_on": due - timedelta(days=30),
        "paid_on": TARGET.add(due, late), "remaining": Decimal(0),
    }  # fmt: skip


def history(party: str, late: int, count: int = 20) -> list[Row]:
    """A party that always pays so many business days late."""
    return [paid(number, party, TARGET.add(date(2026, 2, 2), number * 3), late) for number in range(count)]


def likeliest(days: dict[date, Decimal]) -> date:
    """The day with the largest amount."""
    return max(days, key=lambda day: abs(days[day]))


def test_each_party_pays_by_its_own_habit() -> None:
    past = history("prompt", 0) + history("late", 8)
    prompt = facts(open_items=[*past, ITEM | {"party": "prompt"}])
    late = facts(open_items=[*past, ITEM | {"party": "late"}])
    assert likeliest(layer(prompt, "open_items")) == date(2026, 7, 10)
    assert likeliest(layer(late, "open_items")) == TARGET.add(date(2026, 7, 10), 8)


def test_a_newcomer_pays_like_the_others() -> None:
    inputs = facts(open_items=[*history("a", 5), *history("b", 5), ITEM | {"party": "new"}])
    assert likeliest(layer(inputs, "open_items")) == TARGET.add(date(2026, 7, 10), 5)


def test_one_late_payment_moves_a_party_a_little_only() -> None:
    others = [row for party in "abcdef" for row in history(party, 0)]
    inputs = facts(open_items=[*others, paid(0, "new", date(2026, 3, 2), 20), ITEM | {"party": "new"}])
    days = layer(inputs, "open_items")
    assert likeliest(days) == date(2026, 7, 10)


def test_an_overdue_item_is_expected_from_tomorrow_on_never_before() -> None:
    days = layer(
        facts(open_items=[*history("a", 0), ITEM | {"party": "a", "due_date": date(2026, 6, 1)}]), "open_items"
    )
    assert min(days) == date(2026, 7, 1)
    assert sum(days.values()) <= Decimal(100)


def test_what_may_be_paid_after_the_horizon_is_kept_beyond_it() -> None:
    inputs = facts(open_items=[*history("a", 0), ITEM | {"party": "a", "due_date": date(2026, 12, 1)}])
    assert layer(inputs, "beyond_horizon") == {date(2026, 9, 30): Decimal(100)}
    assert layer(inputs, "open_items") == {}


def test_without_any_history_items_are_expected_around_their_due_date() -> None:
    days = layer(facts(open_items=[ITEM]), "open_items")
    assert likeliest(days) == date(2026, 7, 10)
    assert min(days) >= date(2026, 7, 1)


def test_no_mass_is_lost_in_any_company() -> None:
    for seed in (1, 2):
        inputs = company(seed, items=250)
        rows = forecast(inputs, FAST, AS_OF).filter(pl.col("layer").is_in(["open_items", "beyond_horizon"]))
        assert rows["amount"].sum() == inputs.open_items["remaining"].sum()


def test_items_stand_on_the_account_used_most_or_the_one_configured() -> None:
    accounts: list[Row] = [
        {"account_id": name, "entity_id": "DE", "currency": "EUR", "calendar": "TARGET2"} for name in ("A", "B", "C")
    ]
    flows = [
        FLOW | {"account_id": name, "bank_line_id": f"{name}{n}", "date": AS_OF, "amount": Decimal(sign)}
        for name, sign, count in (("B", 1, 3), ("C", -1, 5))
        for n in range(count)
    ]
    inputs = facts(accounts=accounts, flows=flows, open_items=[ITEM])
    rows = forecast(inputs, FAST, AS_OF)
    assert set(rows["account"]) == {"B"}  # money comes in on B, goes out on C
    config = FAST.model_copy(update={"paying_accounts": {"DE": {"EUR": "A"}}})
    assert set(forecast(inputs, config, AS_OF)["account"]) == {"A"}
    dollars = facts(accounts=accounts, open_items=[ITEM | {"currency": "USD"}])
    assert set(forecast(dollars, FAST, AS_OF)["account"]) == {None}


def test_suppliers_are_paid_on_pay_run_days_only() -> None:
    inputs = company(items=500)
    payables = inputs.open_items.filter(pl.col("ledger") == "payable")
    rows = forecast(facts_with(inputs, payables), FAST, AS_OF).filter(pl.col("layer") == "open_items")
    assert rows.height > 3
    assert {day.weekday() for day in rows["date"]} == {3}


def facts_with(inputs: ForecastInputs, items: pl.DataFrame, payments: pl.DataFrame | None = None) -> ForecastInputs:
    """The inputs with other items and, where given, other payments."""
    return replace(inputs, open_items=items, payments=inputs.payments if payments is None else payments)


def test_what_missed_a_pay_run_waits_for_the_next_one() -> None:
    inputs = company(items=500)
    payables = inputs.open_items.filter(pl.col("ledger") == "payable")
    none_made = facts_with(inputs, payables, inputs.payments.filter(pl.col("booked_on").is_not_null()))
    made = facts_with(
        inputs, payables, pl.concat([none_made.payments, facts(payments=[PAYMENT]).payments])
    )  # for Thursday, July 2nd

    def first_day(of: ForecastInputs) -> date:
        rows = forecast(of, FAST, AS_OF).filter(pl.col("layer") == "open_items")
        return rows["date"].to_list()[0]

    assert first_day(none_made) == date(2026, 7, 2)
    assert first_day(made) == date(2026, 7, 9)


def every(step: int, weekday_of: date, count: int) -> np.ndarray:
    """Payments on run days, three a run, newest first run near AS_OF."""
    days = [TARGET.on_or_after(weekday_of - timedelta(days=step * n)) for n in range(count)]
    return np.array(sorted(days * 3), dtype="datetime64[D]")


def test_weekly_and_biweekly_runs_are_learned_and_holidays_moved() -> None:
    thursday = date(2026, 6, 25)
    weekly = payment_days(every(7, thursday, 20), TARGET, AS_OF, SETTINGS, runs=True)
    ahead = [day for day in weekly.days.tolist() if AS_OF < day <= date(2026, 7, 20)]
    assert ahead == [date(2026, 7, 2), date(2026, 7, 9), date(2026, 7, 16)]
    biweekly = payment_days(every(14, thursday, 12), TARGET, AS_OF, SETTINGS, runs=True)
    ahead = [day for day in biweekly.days.tolist() if AS_OF < day <= date(2026, 8, 10)]
    assert ahead == [date(2026, 7, 9), date(2026, 7, 23), date(2026, 8, 6)]
    fridays = payment_days(every(7, date(2026, 6, 26), 20), TARGET, AS_OF, SETTINGS, runs=True)
    assert date(2026, 12, 28) in fridays.days.tolist()  # Friday is Christmas Day


def test_payments_on_all_days_are_no_runs() -> None:
    spread = TARGET.days(date(2026, 4, 1), AS_OF)
    assert payment_days(spread, TARGET, AS_OF, SETTINGS, runs=True).is_run is False
    few = every(7, date(2026, 6, 25), 5)
    assert payment_days(few, TARGET, AS_OF, SETTINGS, runs=True).is_run is False


def test_open_items_count_as_unpaid_so_far() -> None:
    def hazard_at_due(open_for: int) -> float:
        n = 40
        group = np.zeros(n, dtype=np.int64)
        is_paid = np.arange(n) % 2 == 0
        observed = Observed(group, group, group - 20, np.where(is_paid, 0, open_for), is_paid, np.ones(len(is_paid)))
        return float(hazards(observed, 1, 1, np.zeros(1, dtype=np.int64), 8, 0)[0, -FIRST_STEP])

    assert hazard_at_due(open_for=5) < 0.65  # half of them passed the due date unpaid
    assert hazard_at_due(open_for=-1) > 0.85  # none of the open ones has reached it


def test_a_customer_who_takes_the_discount_long_before_the_due_date_is_known_for_it() -> None:
    early = [
        ITEM
        | {"open_item_id": f"e{number}", "party": "early", "due_date": entered + timedelta(days=90),
           "entered_on": entered, "paid_on": TARGET.add(entered, 6), "remaining": Decimal(0)}
        for number in range(20)
        for entered in [TARGET.add(date(2026, 2, 2), number * 3)]
    ]  # fmt: skip
    new = ITEM | {"party": "early", "entered_on": date(2026, 6, 29), "due_date": date(2026, 9, 27)}
    assert likeliest(layer(facts(open_items=[*early, new]), "open_items")) <= date(2026, 7, 15)


def test_what_nobody_has_paid_for_a_year_is_not_expected_this_month() -> None:
    disputed = [
        ITEM
        | {"open_item_id": f"d{number}", "party": "sour", "due_date": date(2025, 6, 2) + timedelta(days=number),
           "entered_on": date(2025, 5, 2)}
        for number in range(10)
    ]  # fmt: skip
    late = [paid(number, "sour", date(2025, 1, 6) + timedelta(days=7 * number), 65 + number) for number in range(6)]
    days = layer(facts(open_items=[*history("good", 1), *late, *disputed]), "open_items")
    assert sum(amount for day, amount in days.items() if day <= date(2026, 7, 31)) < 200  # of a thousand


def test_chances_are_a_distribution_given_that_the_item_is_unpaid() -> None:
    hazard = np.full((1, STEPS), 0.5)
    found = chances(hazard, np.zeros(2, dtype=np.int64), np.array([0, FIRST_STEP - 2]), 4)
    assert found.sum(axis=1).tolist() == [1.0, 1.0]
    assert found[0].tolist() == [0.5, 0.25, 0.125, 0.0625, 0.0625]
    assert found[1].tolist() == [0.0, 0.0, 0.5, 0.25, 0.25]  # too long before the due date nothing is paid


def test_an_item_that_a_payment_settles_is_forecast_once() -> None:
    settled = ITEM | {"ledger": "payable", "amount": Decimal(-100), "remaining": Decimal(0), "instructed_on": AS_OF}
    inputs = facts(open_items=[settled], payments=[PAYMENT], balances=[BALANCE])
    moves = forecast(inputs, FAST, AS_OF).filter(pl.col("layer") != "opening")
    assert moves.select("layer", "date", "amount").rows() == [("committed", date(2026, 7, 2), Decimal(-100))]


def test_items_of_an_unknown_entity_are_forecast_without_a_complaint() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = forecast(facts(open_items=[ITEM | {"entity_id": None}]), FAST, AS_OF)
    assert found["amount"].sum() == 100


def test_a_company_that_pays_its_runs_later_from_month_to_month_is_expected_to_pay_as_it_does_now() -> None:
    """On the first Thursday after the due date for a year, then four days later each month: last year says nothing of next week."""
    found: list[Row] = []
    came = 0
    for number in range(700):
        due = date(2025, 1, 6) + timedelta(days=number * 9 // 12)
        paid_on = due + timedelta(days=max((due - date(2025, 10, 1)).days, 0) * 4 // 30 + number % 9)
        paid_on += timedelta(days=(3 - paid_on.weekday()) % 7)
        is_paid = paid_on < AS_OF
        own: Row = {"open_item_id": f"s{number}", "ledger": "payable", "party": f"s{number % 9}", "due_date": due}
        paid_with: Row = {"paid_on": paid_on if is_paid else None, "remaining": Decimal(0 if is_paid else -100)}
        entered = due - timedelta(days=30)
        found += [ITEM | own | paid_with | {"amount": Decimal(-100), "entered_on": entered}] if entered < AS_OF else []
        came += AS_OF <= paid_on <= AS_OF + timedelta(days=14)
    days = layer(facts(open_items=found), "open_items")
    expected = -sum((amount for day, amount in days.items() if day <= AS_OF + timedelta(days=14)), Decimal(0)) / 100
    assert came == 16
    assert abs(expected - came) < 7  # 25.8 are expected where last year counts as much
