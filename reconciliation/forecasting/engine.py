"""Makes a forecast: layers that add up, each with its certainty and sources, and an interval calibrated on the past."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from reconciliation.contracts import CASH_FORECAST
from reconciliation.forecasting import committed, open_items, recurring, run_off
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.history import stale_spread
from reconciliation.forecasting.horizon import Horizon
from reconciliation.forecasting.inputs import ForecastInputs
from reconciliation.forecasting.intervals import backtest, calibrate, correlations, with_interval
from reconciliation.forecasting.layer import LAYER
from reconciliation.forecasting.paying_accounts import paying_accounts


def forecast(inputs: ForecastInputs, config: ForecastingConfig, as_of: date) -> pl.DataFrame:
    """The forecast of `as_of` for every account and currency (CASH_FORECAST, sorted).

    Rows stand at `as_of` (the opening balance, and what moves from the day after it until `as_of`: statements arrive
    a day late, or more), at business days of the horizon, and in the layer `beyond_horizon` at the day after it, which
    stands for everything later; so nothing is lost. Summed over layers, `amount` is the expected movement of a day and
    `low` to `high` its 80 % interval; what the days of an account add up to is as uncertain as their errors are alike (see
    `intervals.correlations`).
    Raises `OverflowError` for amounts beyond 46 trillion units, `UnknownCalendarError` for a calendar no bank has.
    """
    horizon = Horizon(as_of, config.weeks)
    moves = movements(inputs, config, horizon)
    opened = committed.opening(inputs, stale_spread(inputs, config, as_of, _of_a_day(moves, horizon)), as_of)
    scores = backtest(inputs, config, as_of, movements)
    factors = calibrate(scores, config)
    alike = correlations(scores, factors)
    usual = alike.filter(pl.col("account").is_null())["error_correlation"][0]
    rows = with_interval(pl.concat([opened, moves]), factors, as_of)
    return (
        rows.join(
            inputs.balances.select(
                pl.col("account_id").alias("account"), "currency", pl.lit("opening").alias("layer"), "balance_date"
            ),
            on=["account", "currency", "layer"],
            how="left",
        )
        .join(alike, on=["account", "currency"], how="left")
        .with_columns(pl.lit(as_of).alias("vintage"), pl.col("error_correlation").fill_null(usual))
        .select(pl.col(name).cast(kind) for name, kind in CASH_FORECAST.items())
        .sort("entity", "account", "currency", "date", "layer", "certainty", nulls_last=True)
    )


def _of_a_day(moves: pl.DataFrame, horizon: Horizon) -> pl.DataFrame:
    """How far next week's days usually stray from what is expected of them, by what nobody announced: account,
    currency, spread.
    """
    next_week = pl.col("date").is_between(horizon.first, horizon.as_of + timedelta(weeks=1))
    return (
        moves.filter((pl.col("layer") == "run_off") & next_week)
        .group_by("account", "currency")
        .agg((pl.col("spread") ** 2).mean().sqrt().alias("of_a_day"))
    )


def movements(inputs: ForecastInputs, config: ForecastingConfig, horizon: Horizon) -> pl.DataFrame:
    """All layers but the opening balance (LAYER, one row per key, day, layer and certainty)."""
    accounts = paying_accounts(inputs, config)
    found = list(open_items.schedules(inputs, accounts, config, horizon))
    series = recurring.find_series(inputs, config, horizon)
    layers = [
        committed.committed(inputs, config, horizon),
        open_items.layer(found, horizon),
        recurring.layer(series, inputs),
        run_off.layer(inputs, series, config, horizon),
    ]
    merged = (
        pl.concat(layers)
        .group_by("entity", "account", "currency", "date", "layer", "certainty")
        .agg(
            pl.col("amount").sum(),
            (pl.col("spread") ** 2).sum().sqrt().alias("spread"),
            pl.col("item_count").sum(),
            pl.col("sources").unique().sort().str.join("; ").alias("sources"),
        )
    )
    return merged.select(pl.col(name).cast(kind) for name, kind in LAYER.items())
