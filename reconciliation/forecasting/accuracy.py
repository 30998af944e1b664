"""Earlier forecasts against what the statements say happened, beside two naive ones: that everything is paid on its
due date, and that each day brings the mean of the last eight weeks.
"""

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
DIGITS = 9  # of what is summed as floats: the order of a sum must not show
FOUR_WEEKS = 20  # business days


def accuracy(vintages: pl.DataFrame, inputs: ForecastInputs, config: ForecastingConfig, as_of: date) -> pl.DataFrame:
    """Per vintage, account, currency and horizon bucket: error, bias and coverage (FORECAST_ACCURACY, sorted).

    `vintages` are forecasts made before `as_of` (CASH_FORECAST); `inputs` the facts known now. Compared are the
    business days after the vintage that statements cover by now, gaps left out; nothing is said of a bucket none of
    whose days has come. Forecast and actual are movements: opening balance and `beyond_horizon` are left out. WAPE
    is the sum of daily absolute errors over the sum of daily absolute movements, bias the sum of errors over the
    same; all that is relative to movements is null without any. Coverage is the share of days whose movement lies in
    the 80 % interval. MASE compares with taking the movement of the same business day a week before, over the history
    up to the vintage; null where that has less than four weeks.
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
    days = days.join(_before(actual, made), on=["vintage", "account", "currency"], how="left").with_columns(
        pl.col("mean").fill_null(0.0)
    )
    key = ["vintage", "account", "currency", "horizon_bucket"]
    error = (pl.col("amount") - pl.col("net")).cast(pl.Float64)
    absolute = (pl.col("amount") - pl.col("net")).abs().sum().cast(AMOUNT)
    moved = pl.col("net").abs().sum().cast(pl.Float64)
    inside = (pl.col("net") >= pl.col("low")) & (pl.col("net") <= pl.col("high"))
    has_moved = pl.when(moved > 0)
    pinball = (pinball_loss("low", 0.1) + pinball_loss("amount", 0.5) + pinball_loss("high", 0.9)) / 3
    weekly = (
        days.group_by(*key, pl.col("date").dt.truncate("1w").alias("week"))
        .agg(pl.col("amount", "net").sum())
        .group_by(key)
        .agg(has_moved.then(absolute.cast(pl.Float64) / moved).alias("weekly_wape"))
    )
    return (
        days.group_by(key)
        .agg(
            pl.len().cast(pl.Int64).alias("days_compared"),
            pl.col("amount").sum().cast(AMOUNT).alias("forecast"),
            pl.col("net").sum().cast(AMOUNT).alias("actual"),
            absolute.alias("absolute_error"),
            has_moved.then(absolute.cast(pl.Float64) / moved).alias("wape"),
            has_moved.then((pl.col("amount") - pl.col("net")).sum().cast(pl.Float64) / moved).alias("bias"),
            inside.mean().alias("coverage"),
            has_moved.then((pl.col("naive") - pl.col("net")).abs().sum().cast(pl.Float64) / moved).alias("naive_wape"),
            has_moved.then((pl.col("mean") - pl.col("net").cast(pl.Float64)).abs().sum() / moved)
            .round(DIGITS)
            .alias("mean_wape"),
            (error.abs().mean() / pl.col("week_before").first()).round(DIGITS).alias("mase"),
            has_moved.then(pinball.sum() / moved).round(DIGITS).alias("pinball"),
            has_moved.then((pl.col("high") - pl.col("low")).sum().cast(pl.Float64) / moved).alias("width"),
        )
        .join(weekly, on=key)
        .select(pl.col(name).cast(kind) for name, kind in FORECAST_ACCURACY.items())
        .sort(key)
    )


def _before(actual: pl.DataFrame, made: list[date]) -> pl.DataFrame:
    """Per vintage, account and currency what its history says: `mean` movement of a day in the eight weeks before
    (zero without any), and `week_before`, how far a day usually is from the one five business days earlier.
    """
    own = ["account", "currency"]
    net = pl.col("net").cast(pl.Float64)
    history = (
        actual.sort(*own, "date")
        .with_columns(net.alias("net"), (net - net.shift(5).over(own)).abs().alias("change"))
        .join(pl.DataFrame({"vintage": made}, schema={"vintage": pl.Date}), how="cross")
        .filter(pl.col("date") <= pl.col("vintage"))
    )
    recent = pl.col("date") > pl.col("vintage") - pl.duration(weeks=8)
    change = pl.col("change")
    return (
        history.group_by("vintage", *own)
        .agg(
            pl.col("net").filter(recent).mean().fill_null(0.0).alias("mean"),
            pl.when((change.count() >= FOUR_WEEKS) & (change.mean() > 0)).then(change.mean()).alias("week_before"),
        )
        .select("vintage", *own, "mean", "week_before")
    )


def pinball_loss(name: str, level: float) -> pl.Expr:
    """How far the quantile in a column misses the movement `net`: in proportion to `level` from below, to the rest from above."""
    missed = (pl.col("net") - pl.col(name)).cast(pl.Float64)
    return pl.max_horizontal(level * missed, (level - 1) * missed)


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
