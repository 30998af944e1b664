"""The whole forecast: layers, days, intervals, vintages and what became of them."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from forecast_facts import AS_OF, BALANCE, FLOW, ITEM, PAYMENT, TARGET, company, facts
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from reconciliation.contracts import CASH_FORECAST, FORECAST_ACCURACY
from reconciliation.forecasting import (
    ForecastingConfig,
    ForecastingConfigError,
    ForecastInputs,
    accuracy,
    forecast,
    known_by,
    parse_forecasting,
)

CONFIG = ForecastingConfig()


@pytest.fixture(scope="module")
def inputs() -> ForecastInputs:
    return company()


@pytest.fixture(scope="module")
def made(inputs: ForecastInputs) -> pl.DataFrame:
    return forecast(inputs, CONFIG, AS_OF)


def test_the_shape_is_the_contract(made: pl.DataFrame) -> None:
    assert made.schema == pl.Schema(CASH_FORECAST)
    assert made["vintage"].unique().to_list() == [AS_OF]
    assert set(made["layer"]) >= {"opening", "open_items", "recurring", "run_off"}
    assert forecast(ForecastInputs(), CONFIG, AS_OF).schema == pl.Schema(CASH_FORECAST)


def test_no_day_lies_before_as_of_and_all_are_business_days(made: pl.DataFrame) -> None:
    days = made.filter(pl.col("layer") != "beyond_horizon")["date"].unique().to_list()
    assert min(days) == AS_OF
    assert max(days) <= AS_OF + timedelta(weeks=13)
    assert all(TARGET.is_business_day(day) for day in days)


def test_amounts_are_whole_cents_inside_their_interval(made: pl.DataFrame) -> None:
    for name in ("amount", "low", "high"):
        cents = (made[name] * 100).cast(pl.Int64).cast(pl.Decimal(38, 5)) / 100
        assert (cents.cast(pl.Decimal(23, 5)) == made[name]).all()
    assert (made["low"] <= made["amount"]).all()
    assert (made["amount"] <= made["high"]).all()


def test_a_layer_says_a_day_once(made: pl.DataFrame) -> None:
    assert not made.select("entity", "account", "currency", "date", "layer", "certainty").is_duplicated().any()


@settings(max_examples=2, derandomize=True, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    small = company(seed, items=120)
    shuffled = replace(
        small,
        **{one.name: getattr(small, one.name).sample(fraction=1, shuffle=True, seed=seed) for one in fields(small)},
    )
    assert_frame_equal(forecast(shuffled, CONFIG, AS_OF), forecast(small, CONFIG, AS_OF))


def test_the_past_is_forecast_without_the_future(inputs: ForecastInputs) -> None:
    """What happens after a cut-off leaves the forecast made as of it unchanged."""
    cutoff = date(2026, 5, 29)
    blind = replace(
        inputs,
        flows=inputs.flows.filter(pl.col("date") <= cutoff),
        payments=inputs.payments.filter(pl.col("created_on") <= cutoff),
        open_items=inputs.open_items.filter(pl.col("entered_on") <= cutoff).with_columns(
            pl.when(pl.col("paid_on") <= cutoff).then("paid_on").alias("paid_on")
        ),
    )
    assert_frame_equal(
        forecast(known_by(inputs, cutoff), CONFIG, cutoff), forecast(known_by(blind, cutoff), CONFIG, cutoff)
    )


def test_known_by_gives_back_what_was_open_then() -> None:
    paid_later = ITEM | {"remaining": Decimal(0), "paid_on": date(2026, 6, 25)}
    then = known_by(facts(open_items=[paid_later]), date(2026, 6, 24)).open_items
    assert then.select("remaining", "paid_on").row(0) == (Decimal(100), None)
    assert known_by(facts(open_items=[paid_later]), date(2026, 6, 9)).open_items.is_empty()
    on_its_way = ITEM | {"remaining": Decimal(0), "instructed_on": date(2026, 6, 20)}
    then = known_by(facts(open_items=[on_its_way]), date(2026, 6, 24)).open_items
    assert then["remaining"].to_list() == [Decimal(0)]
    booked = PAYMENT | {"created_on": date(2026, 6, 20), "booked_on": date(2026, 6, 25)}
    assert known_by(facts(payments=[booked]), date(2026, 6, 24)).payments["booked_on"].to_list() == [None]


def vintage(day: date, **amounts: tuple[int, int, int]) -> pl.DataFrame:
    """A vintage with one amount, low and high per July day named d1, d2, ..."""
    rows = [
        {"vintage": day, "entity": "DE", "account": "DE-EUR", "currency": "EUR", "date": date(2026, 6, int(name[1:])),
         "layer": "open_items", "certainty": "expected", "amount": Decimal(amount), "low": Decimal(low),
         "high": Decimal(high), "item_count": 1, "sources": "test"}
        for name, (amount, low, high) in amounts.items()
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(CASH_FORECAST))


def test_an_earlier_vintage_against_what_the_statements_say() -> None:
    flows = [
        FLOW | {"bank_line_id": "a", "date": date(2026, 6, 23), "amount": Decimal(80)},
        FLOW | {"bank_line_id": "b", "date": date(2026, 6, 25), "amount": Decimal(-20)},
    ]
    item = ITEM | {
        "due_date": date(2026, 6, 25), "entered_on": date(2026, 6, 1), "remaining": Decimal(0),
        "paid_on": date(2026, 6, 23),
    }  # fmt: skip
    now = facts(balances=[BALANCE | {"covered_until": date(2026, 6, 26)}], flows=flows, open_items=[item])
    earlier = vintage(date(2026, 6, 22), d23=(100, 90, 110), d24=(0, -5, 5), d29=(7, 0, 9))
    row = accuracy(earlier, now, CONFIG, AS_OF).row(0, named=True)
    # compared are the 23rd to the 26th: the statement of the 29th has not arrived
    assert (row["horizon_bucket"], row["days_compared"]) == ("w1", 4)
    assert (row["forecast"], row["actual"], row["absolute_error"]) == (Decimal(100), Decimal(60), Decimal(40))
    assert (row["wape"], row["bias"], row["coverage"]) == (0.4, 0.4, 0.5)
    assert row["naive_wape"] == 2.0  # 100 on the due date: misses 80 on the 23rd, is off by 120 on the 25th
    assert row["mean_wape"] == 1.0  # nothing had moved in the eight weeks before
    assert row["mase"] is None  # nor had a day ever differed from the one a week before
    assert row["weekly_wape"] == pytest.approx(40 / 60)
    assert row["width"] == pytest.approx(0.3)
    assert row["pinball"] == pytest.approx((22 + 1 + 30) / 3 / 100)


def test_the_mean_of_eight_weeks_and_the_week_before_are_what_a_forecast_has_to_beat() -> None:
    days = TARGET.days(date(2026, 1, 2), date(2026, 6, 26)).tolist()
    flows = [
        FLOW | {"bank_line_id": f"{day}", "date": day, "amount": Decimal(10 + 4 * (n % 2))}
        for n, day in enumerate(days)
    ]
    now = facts(balances=[BALANCE | {"covered_until": date(2026, 6, 26)}], flows=flows)
    row = accuracy(vintage(date(2026, 6, 22), d23=(11, 9, 13)), now, CONFIG, AS_OF).row(0, named=True)
    assert row["days_compared"] == 1
    actual = dict(zip(days, (flow["amount"] for flow in flows), strict=True))[date(2026, 6, 23)]
    assert row["mase"] == pytest.approx(
        abs(11 - float(actual)) / 4
    )  # a day and the one five business days before differ by 4
    assert row["mean_wape"] == pytest.approx(abs(12 - float(actual)) / float(actual), abs=0.01)


def test_days_inside_a_gap_of_the_statements_are_not_compared() -> None:
    now = facts(
        balances=[BALANCE],
        gaps=[{"account_id": "DE-EUR", "currency": "EUR", "after": date(2026, 6, 22), "before": date(2026, 6, 25)}],
        flows=[FLOW | {"date": date(2026, 6, 25), "amount": Decimal(1)}],
    )
    earlier = vintage(date(2026, 6, 19), d23=(100, 90, 110), d29=(7, 0, 9))
    rows = accuracy(earlier, now, CONFIG, AS_OF)
    assert (rows["days_compared"].sum(), rows["forecast"].sum()) == (4, 7)


def test_vintages_of_a_company_beat_the_due_date_and_keep_their_interval(inputs: ForecastInputs) -> None:
    days = [AS_OF - timedelta(weeks=weeks) for weeks in (1, 2, 4, 8, 12)]
    vintages = pl.concat([forecast(known_by(inputs, day), CONFIG, day) for day in days])
    rows = accuracy(vintages, inputs, CONFIG, AS_OF)
    assert rows.schema == pl.Schema(FORECAST_ACCURACY)
    overall = rows.group_by("horizon_bucket").agg(pl.col("wape", "naive_wape", "coverage").mean())
    assert (overall["wape"] < overall["naive_wape"]).all()
    weights = rows["days_compared"]
    assert 0.6 < (rows["coverage"] * weights).sum() / weights.sum() < 0.95


def test_an_interval_without_a_past_is_wide_and_says_so() -> None:
    rows = forecast(facts(open_items=[ITEM]), CONFIG, AS_OF).filter(pl.col("layer") == "open_items")
    assert rows["sources"].str.ends_with("wide interval: too little history to calibrate it").all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("weeks: 0", "f.yml: weeks: Input should be greater than or equal to 1 (found 0)"),
        ("week: 13", "f.yml: week: Extra inputs are not permitted (found 13)"),
        ("run_off: {enabled: perhaps}", "f.yml: run_off.enabled: Input should be a valid boolean"),
        ("weeks: {", "f.yml: not valid YAML"),
    ],
)
def test_a_wrong_config_names_file_and_key(text: str, message: str) -> None:
    with pytest.raises(ForecastingConfigError) as caught:
        parse_forecasting(text, "f.yml")
    assert message in str(caught.value)


def test_inputs_that_lack_a_column_are_refused() -> None:
    with pytest.raises(ValueError, match="flows: missing columns amount"):
        ForecastInputs(flows=facts().flows.drop("amount"))
