"""Opening balance, committed payments, recurring flows and run-off, one by one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from forecast_facts import AS_OF, BALANCE, FAST, FLOW, PAYMENT, TARGET, Row, company, facts, layer

from reconciliation.forecasting import forecast
from reconciliation.forecasting.calendar_model import calendar_features, usual
from reconciliation.forecasting.config import RunOff
from reconciliation.forecasting.levels import way_of_the_level

NO_RUN_OFF = FAST.model_copy(update={"run_off": RunOff(enabled=False)})


def monthly(text: str, day: int, amounts: list[int]) -> list[Row]:
    """A flow on a day of each month from January on, rolled back to a business day."""
    return [
        FLOW
        | {"bank_line_id": f"{text}{month}", "date": TARGET.on_or_before(date(2026, month, day)),
           "amount": Decimal(amount), "text": f"{text} 2026-0{month}"}
        for month, amount in enumerate(amounts, start=1)
    ]  # fmt: skip


def test_a_fresh_balance_is_actual_and_certain() -> None:
    row = forecast(facts(balances=[BALANCE]), FAST, AS_OF).row(0, named=True)
    assert (row["layer"], row["certainty"], row["date"]) == ("opening", "actual", AS_OF)
    assert row["low"] == row["amount"] == row["high"] == Decimal(1000)


def test_a_stale_balance_is_uncertain_and_says_so() -> None:
    old = BALANCE | {"balance_date": date(2026, 6, 15), "covered_until": date(2026, 6, 15)}
    old |= {"covered_from": date(2026, 6, 8)}  # too short a past to know how far it moves
    row = forecast(facts(balances=[old]), NO_RUN_OFF, AS_OF).row(0, named=True)
    assert (row["certainty"], row["sources"]) == ("expected", "stale balance of 2026-06-15")
    assert row["low"] < Decimal(900) < row["amount"] == Decimal(1000) < Decimal(1100) < row["high"]


def test_the_older_the_balance_the_wider() -> None:
    flows = [
        FLOW | {"bank_line_id": f"{day}", "date": day, "amount": Decimal(100 if day.day % 2 else -100)}
        for day in TARGET.days(date(2026, 1, 2), date(2026, 6, 29)).tolist()
    ]
    widths = []
    for balance_date in (date(2026, 6, 29), date(2026, 6, 25), date(2026, 6, 10)):
        rows = forecast(facts(balances=[BALANCE | {"balance_date": balance_date}], flows=flows), NO_RUN_OFF, AS_OF)
        opening = rows.filter(pl.col("layer") == "opening").row(0, named=True)
        widths.append(opening["high"] - opening["low"])
    assert widths == sorted(widths)
    assert widths[0] == 0 < widths[1]


@pytest.mark.parametrize(
    ("execution_date", "expected"),
    [
        (date(2026, 7, 2), date(2026, 7, 2)),
        (date(2026, 7, 4), date(2026, 7, 6)),  # a Saturday
        (date(2026, 6, 30), date(2026, 6, 30)),  # today, and today's statement has not come
        (date(2026, 6, 26), date(2026, 6, 30)),  # statements until yesterday do not show it
    ],
)
def test_a_payment_is_expected_when_the_bank_can_book_it(execution_date: date, expected: date) -> None:
    inputs = facts(balances=[BALANCE], payments=[PAYMENT | {"execution_date": execution_date}])
    assert layer(inputs, "committed") == {expected: Decimal(-100)}


def test_payments_that_are_booked_or_long_overdue_are_not_expected() -> None:
    booked = PAYMENT | {"booked_on": date(2026, 6, 29)}
    forgotten = PAYMENT | {"execution_date": date(2026, 6, 1)}
    assert layer(facts(balances=[BALANCE], payments=[booked, forgotten | {"payment_id": "q"}]), "committed") == {}
    blind = BALANCE | {"covered_until": date(2026, 5, 29), "balance_date": date(2026, 5, 29)}
    assert layer(facts(balances=[blind], payments=[forgotten]), "committed") == {AS_OF: Decimal(-100)}


def test_a_payment_beyond_the_horizon_is_kept() -> None:
    inputs = facts(balances=[BALANCE], payments=[PAYMENT | {"execution_date": date(2026, 11, 2)}])
    assert layer(inputs, "beyond_horizon") == {date(2026, 9, 30): Decimal(-100)}


def test_certainty_follows_the_release() -> None:
    inputs = facts(balances=[BALANCE], payments=[PAYMENT, PAYMENT | {"payment_id": "q", "status": "created"}])
    rows = forecast(inputs, FAST, AS_OF).filter(pl.col("layer") == "committed")
    assert rows["certainty"].to_list() == ["committed", "expected"]
    assert rows["low"].to_list() == rows["high"].to_list() == [Decimal(-100)] * 2


def test_payroll_comes_again_on_its_day_rolled_to_a_business_day() -> None:
    inputs = facts(balances=[BALANCE], flows=monthly("PAYROLL", 25, [-1000, -1010, -1000, -1000, -1005, -1000]))
    assert layer(inputs, "recurring", NO_RUN_OFF) == {
        date(2026, 7, 24): Decimal(-1000),  # the 25th is a Saturday
        date(2026, 8, 25): Decimal(-1000),
        date(2026, 9, 25): Decimal(-1000),
    }


def test_rent_on_the_last_business_day_of_the_month() -> None:
    flows = [
        FLOW
        | {"bank_line_id": f"{month}", "date": TARGET.on_or_before(date(2026, month + 1, 1) - timedelta(days=1)),
           "amount": Decimal(-500), "counterparty_name": "Landlord"}
        for month in range(1, 6)
    ]  # fmt: skip
    days = layer(facts(balances=[BALANCE | {"covered_until": date(2026, 6, 26)}], flows=flows), "recurring", NO_RUN_OFF)
    assert list(days) == [date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)]


def test_a_weekly_flow_keeps_its_weekday() -> None:
    flows = [
        FLOW | {"bank_line_id": f"{n}", "date": date(2026, 6, 24) - timedelta(weeks=n), "amount": Decimal(70),
                "counterparty_account": "CARDS"}
        for n in range(8)
    ]  # fmt: skip
    days = layer(facts(balances=[BALANCE], flows=flows), "recurring", NO_RUN_OFF)
    assert len(days) == 13
    assert {day.weekday() for day in days} == {2}


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        ([-1000, -1000, -1000, -1000], "May's and June's did not come"),
        ([-1000, -1000], "two are no habit"),
        ([-1000, -10, -1000, -3000, -1000, -1], "no steady amount"),
    ],
)
def test_what_is_no_habit_or_has_ended_is_not_expected(amounts: list[int], why: str) -> None:
    flows = monthly("RENT", 25, amounts)[-6:]
    assert layer(facts(balances=[BALANCE], flows=flows), "recurring", NO_RUN_OFF) == {}, why


def test_what_settles_invoices_is_not_recurring() -> None:
    flows = [row | {"settles_item": True} for row in monthly("RENT", 25, [-1000] * 6)]
    assert layer(facts(balances=[BALANCE], flows=flows), "recurring", NO_RUN_OFF) == {}


def test_a_payroll_already_instructed_is_not_expected_twice() -> None:
    flows = monthly("PAYROLL", 25, [-1000] * 6)
    parts = [
        PAYMENT
        | {"payment_id": f"w{n}", "amount": Decimal(-500), "execution_date": date(2026, 7, 24), "settles_item": False}
        for n in range(2)
    ]
    inputs = facts(balances=[BALANCE], flows=flows, payments=parts)
    assert list(layer(inputs, "recurring", NO_RUN_OFF)) == [date(2026, 8, 25), date(2026, 9, 25)]
    assert layer(inputs, "committed", NO_RUN_OFF) == {date(2026, 7, 24): Decimal(-1000)}


def test_the_calendar_model_learns_the_month_end_and_yields_to_the_mean_where_there_is_nothing_to_learn() -> None:
    around = TARGET.days(date(2024, 6, 3), date(2026, 9, 30))
    history = around[: np.searchsorted(around, np.datetime64(AS_OF))]
    last = np.append(history[1:].astype("datetime64[M]") != history[:-1].astype("datetime64[M]"), True)
    model = usual(history, np.where(last, 1000.0, 10.0), around)
    assert model.name.startswith("calendar ridge")
    month_end, other = model.predict(np.array(["2026-07-31", "2026-07-21"], dtype="datetime64[D]"))
    assert month_end > 700 > 100 > other
    noise = np.random.default_rng(1).lognormal(5, 1.0, 400)
    assert "mean" in usual(history[-400:], noise, around).name


def test_what_came_once_is_not_expected_a_bit_every_day() -> None:
    history, ahead = TARGET.days(date(2025, 7, 1), AS_OF), TARGET.days(AS_OF + timedelta(days=1), date(2026, 9, 29))
    around = TARGET.days(date(2025, 5, 1), date(2026, 11, 30))
    every_day = np.full(len(history), 100.0)
    machine = np.where(history == np.datetime64("2026-05-20"), 50_000.0, every_day)
    assert (
        usual(history, machine, around).predict(ahead).sum()
        < 1.2 * usual(history, every_day, around).predict(ahead).sum()
    )
    # but it widens the interval
    assert usual(history, machine, around).spread(ahead).min() > 1_000


def test_days_of_the_month_roll_over_days_off() -> None:
    days = TARGET.days(date(2026, 8, 3), date(2026, 8, 31))
    features = calendar_features(days)
    monday_17 = days.tolist().index(date(2026, 8, 17))
    assert features[monday_17, 7 + 14 : 7 + 17].tolist() == [1, 1, 1]  # the 15th, 16th and 17th


def test_run_off_adds_what_is_not_yet_on_the_books_the_further_ahead_the_more() -> None:
    rows = forecast(company(items=500), FAST, AS_OF).filter(pl.col("layer") == "run_off")
    weeks = (
        rows.group_by(((pl.col("date") - pl.lit(AS_OF)).dt.total_days() // 28).alias("month"))
        .agg((pl.col("high") - pl.col("low")).mean().cast(pl.Float64).alias("width"))
        .sort("month")
    )
    assert weeks["width"].is_sorted()
    assert rows["certainty"].unique().to_list() == ["statistical"]


def test_an_account_with_little_history_has_no_run_off() -> None:
    young = BALANCE | {"covered_from": date(2026, 6, 1)}
    flows = [FLOW | {"date": date(2026, 6, 10), "amount": Decimal(5)}]
    assert layer(facts(balances=[young], flows=flows), "run_off") == {}


def test_what_moves_with_the_season_is_expected_at_the_season_s_level() -> None:
    """A shop that sells twice as much before Christmas, seen in October and again after it."""
    around = TARGET.days(date(2022, 10, 3), date(2026, 3, 31))
    month = around.astype("datetime64[M]").astype(np.int64) % 12
    sold = np.where(month >= 10, 200.0, 100.0) * (1.0 + 0.1 * np.sin(np.arange(len(around))))
    for as_of, ahead, level in (
        (date(2025, 10, 17), TARGET.days(date(2025, 12, 1), date(2025, 12, 19)), 200.0),
        (date(2025, 12, 31), TARGET.days(date(2026, 1, 19), date(2026, 2, 27)), 100.0),
    ):
        known = int(np.searchsorted(around, np.datetime64(as_of), side="right"))
        model = usual(around[:known], sold[:known], around)
        assert abs(model.predict(ahead).mean() - level) < 25.0, model.name
        short = usual(around[known - 200 : known], sold[known - 200 : known], around)
        assert "season" not in short.name


def test_a_few_large_receipts_make_no_season() -> None:
    """Fourteen projects are paid for a year, each at a day of its own: where they fell last year says nothing of this one."""
    around = TARGET.days(date(2022, 10, 3), date(2026, 3, 31))
    known = int(np.searchsorted(around, np.datetime64(date(2025, 10, 17))))
    for seed in range(8):
        rng = np.random.default_rng(seed)
        paid = np.where(rng.random(known) < 14 / 250, rng.lognormal(8, 1, known), 0.0)
        assert "season" not in usual(around[:known], paid, around).name, seed


def test_a_season_that_the_newest_months_no_longer_show() -> None:
    """Two years of one season, and weeks of large orders at the end: the older part has a season, the whole has none."""
    around = TARGET.days(date(2023, 12, 1), date(2026, 10, 1))
    known = around[(around >= np.datetime64("2024-02-01")) & (around <= np.datetime64(AS_OF))]
    day, place = known.astype(np.int64), np.arange(len(known))
    sold = 100.0 * (1.0 + 0.9 * np.sin(2 * np.pi * day / 364))
    orders = np.where((day // 7 % 3 == 0) & (place > 0.85 * len(known)), 500.0, 0.0)
    model = usual(known, sold + orders, around)
    assert "sharp season" not in model.name
    assert model.predict(around[-20:]).mean() > 0


def test_fees_that_come_at_the_same_times_of_each_year_come_there_again() -> None:
    """A school's terms: little comes in the weeks between, so that the newest weeks say nothing of the next ones; fees rise by a tenth."""
    around = TARGET.days(date(2023, 6, 1), date(2026, 12, 31))
    years = around.astype("datetime64[Y]").astype(np.int64) - 53
    day = (around - around.astype("datetime64[Y]")).astype(np.int64)
    in_term = np.isin(day // 10, [0, 10, 24])
    fees = np.where(in_term, 1000.0, 20.0) * 1.1**years
    history = around[(around >= np.datetime64("2024-01-01")) & (around <= np.datetime64("2026-06-30"))]
    known = fees[(around >= history[0]) & (around <= history[-1])]
    assert way_of_the_level(history, known, around) == "returns"
    model = usual(history, known, around)
    ahead = around[(around > history[-1]) & (around <= np.datetime64("2026-09-30"))]
    came = fees[np.isin(around, ahead)]
    assert "of a year before" in model.name
    assert abs(model.predict(ahead).sum() / came.sum() - 1) < 0.1
    assert model.predict(ahead)[came < 100].mean() < 0.15 * model.predict(ahead)[came > 100].mean()


@pytest.mark.parametrize("trend", [0.0, 0.4, -0.4], ids=["steady", "growing", "shrinking"])
def test_chance_and_a_trend_are_no_time_of_the_year(trend: float) -> None:
    history = TARGET.days(date(2024, 1, 2), AS_OF)
    for seed in range(5):
        noise = np.random.default_rng(seed).lognormal(0, 1, len(history))
        values = noise * np.exp(trend * np.arange(len(history)) / 250)
        assert way_of_the_level(history, values, history) is None, seed
        assert way_of_the_level(history[-300:], values[-300:], history) is None
