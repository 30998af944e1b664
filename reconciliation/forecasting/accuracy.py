"""Earlier forecasts against what the statements say happened, beside the naive forecast that pays on the due date."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.contracts import AMOUNT, CASH_FORECAST, FORECAST_ACCURACY
from reconciliation.forecasting.committed import committed
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.history import daily_net
from reconciliation.forecasting.horizon import Horizon, bucket
from reconciliation.forecasting.inputs import ForecastInputs, known_by
from reconciliation.forecasting.open_items import naive_days
from reconciliation.forecasting.paying_accounts import paying_accounts
from reconciliation.frames import conform

_DAY = ("account", "currency", "date")


def accuracy(vintages: pl.DataFrame, inputs: ForecastInputs, config: ForecastingConfig, as_of: date) -> pl.DataFrame:
    """Per vintage, account, currency and horizon bucket: error, bias and coverage (FORECAST_ACCURACY, sorted).

    `vintages` are forecasts made before `as_of` (CASH_FORECAST); `inputs` the facts known now. Compared are the
    business days after the vintage that statements cover by now, gaps left out; nothing is said of a bucket none of
    whose days has come. Forecast and actual are movements: opening balance and `beyond_horizon` are left out. WAPE
    is the sum of daily absolute errors over the sum of daily absolute movements, bias the sum of errors over the
    same; both null without movement. Coverage is the share of days whose movement lies in the 80 % interval.
    """
    vintages = conform(vintages, CASH_FORECAST, "vintages").filter(
        (pl.col("vintage") < as_of) & ~pl.col("layer").is_in(["opening", "beyond_horizon"])
    )
    actual = daily_net(inputs, config, as_of)
    if vintages.is_empty() or actual.is_empty():
        return pl.DataFrame(schema=dict(FORECAST_ACCURACY))
    made = sorted(vintages["vintage"].unique().to_list())
    forecast = vintages.group_by("vintage", *_DAY).agg(pl.col("amount", "low", "high").sum())
    ends = vintages.group_by("vintage").agg(pl.col("date").max().alias("last"))
    naive = pl.concat([_naive(inputs, config, Horizon(day, config.weeks)) for day in made])
    known = vintages.select("vintage", "account", "currency").unique()
    days = (
        actual.select(*_DAY, "net")
        .join(known, on=["account", "currency"])
        .join(ends, on="vintage")
        .filter((pl.col("date") > pl.col("vintage")) & (pl.col("date") <= pl.col("last")))
        .join(forecast, on=["vintage", *_DAY], how="left")
        .join(naive, on=["vintage", *_DAY], how="left")
        .with_columns(
            pl.col("amount", "low", "high", "naive").fill_null(0),
            bucket((pl.col("date") - pl.col("vintage")).dt.total_days()).alias("horizon_bucket"),
        )
    )
    error = pl.col("amount") - pl.col("net")
    moved = pl.col("net").abs().sum().cast(pl.Float64)
    inside = (pl.col("net") >= pl.col("low")) & (pl.col("net") <= pl.col("high"))
    has_moved = pl.when(moved > 0)
    return (
        days.group_by("vintage", "account", "currency", "horizon_bucket")
        .agg(
            pl.len().cast(pl.Int64).alias("days_compared"),
            pl.col("amount").sum().cast(AMOUNT).alias("forecast"),
            pl.col("net").sum().cast(AMOUNT).alias("actual"),
            error.abs().sum().cast(AMOUNT).alias("absolute_error"),
            has_moved.then(error.abs().sum().cast(pl.Float64) / moved).alias("wape"),
            has_moved.then(error.sum().cast(pl.Float64) / moved).alias("bias"),
            inside.mean().alias("coverage"),
            has_moved.then((pl.col("naive") - pl.col("net")).abs().sum().cast(pl.Float64) / moved).alias("naive_wape"),
        )
        .select(pl.col(name).cast(kind) for name, kind in FORECAST_ACCURACY.items())
        .sort("vintage", "account", "currency", "horizon_bucket")
    )


def _naive(inputs: ForecastInputs, config: ForecastingConfig, horizon: Horizon) -> pl.DataFrame:
    """The due-date forecast of a vintage: every open item on its due date, overdue ones tomorrow, payments as made."""
    then = known_by(inputs, horizon.as_of)
    moves = pl.concat(
        [
            naive_days(then, paying_accounts(then, config), config, horizon),
            committed(then, config, horizon).select(*_DAY, "amount"),
        ]
    )
    return moves.group_by(*_DAY).agg(pl.lit(horizon.as_of).alias("vintage"), pl.col("amount").sum().alias("naive"))
