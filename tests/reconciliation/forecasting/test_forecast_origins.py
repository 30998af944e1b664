"""A forecast taken apart: payments and open items add up to its figures, estimates name the bank lines they were learned from."""

from dataclasses import replace

import polars as pl
from forecast_facts import AS_OF, FAST, PAYMENT, company, frame

from reconciliation.forecasting import ForecastInputs, forecast, origins
from reconciliation.forecasting.inputs import SHAPES

KEY = ["entity", "account", "currency", "date", "layer", "certainty"]


def with_a_payment_on_its_way() -> ForecastInputs:
    inputs = company()
    return replace(inputs, payments=pl.concat([inputs.payments, frame(SHAPES["payments"], PAYMENT)]))


def test_every_figure_but_the_opening_balance_is_the_sum_of_its_parts() -> None:
    inputs = with_a_payment_on_its_way()
    made = forecast(inputs, FAST, AS_OF).filter(pl.col("layer") != "opening")
    parts = origins(inputs, FAST, AS_OF).parts.group_by(KEY).agg(pl.col("amount").sum().alias("sum"))
    both = made.join(parts, on=KEY, how="full", nulls_equal=True)
    assert set(made["layer"]) >= {"committed", "open_items", "recurring", "run_off"}
    assert both.filter(pl.col("amount").ne_missing(pl.col("sum"))).is_empty()


def test_an_open_item_adds_up_to_what_remains_of_it() -> None:
    inputs = company()
    items = origins(inputs, FAST, AS_OF).parts.filter(pl.col("object_type") == "open_item")
    spread = items.group_by(pl.col("object_id").alias("open_item_id")).agg(pl.col("amount").sum())
    remaining = inputs.open_items.filter(pl.col("remaining") != 0).select("open_item_id", "remaining")
    both = remaining.join(spread, on="open_item_id", how="full")
    assert both.filter(pl.col("remaining").ne_missing(pl.col("amount"))).is_empty()


def test_an_estimate_names_the_lines_it_was_learned_from() -> None:
    inputs = company()
    found = origins(inputs, FAST, AS_OF)
    estimates = (
        found.parts.filter(pl.col("object_type").is_in(["series", "usual"])).select("object_type", "object_id").unique()
    )
    assert estimates.join(found.learned, on=["object_type", "object_id"], how="anti").is_empty()
    lines = inputs.flows["bank_line_id"]
    assert found.learned["bank_line_id"].is_in(lines.to_list()).all()
