"""The opening balance and the committed layer: what the bank holds, and payments made that it has not booked yet."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.business_days import business_days
from reconciliation.contracts import AMOUNT
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.history import SILENT_AFTER
from reconciliation.forecasting.horizon import Horizon
from reconciliation.forecasting.inputs import ForecastInputs
from reconciliation.forecasting.layer import LAYER

RELEASED = ("released", "sent", "acknowledged", "accepted", "executed")


def opening(inputs: ForecastInputs, stale_spread: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The newest balance of each account, standing at `as_of`, with what later statements have booked that say none;
    certainty `actual`, or `expected` where it is older or carried on so.

    `stale_spread` has account, currency and spread: what may have moved since an old balance (one standard deviation).
    """
    last = pl.when("is_carried_on").then("covered_until").otherwise("balance_date")
    age = (
        pl.when("is_stale").then(pl.lit("stale balance of ")).otherwise(pl.lit("balance of ")),
        pl.col("balance_date").cast(pl.String),
        pl.when("is_carried_on").then(pl.format(", with what statements until {} booked", "covered_until")),
        pl.when(last < as_of - SILENT_AFTER).then(pl.lit("; silent for a quarter")),
    )
    return (
        inputs.balances.filter(pl.col("balance").is_not_null() & (pl.col("balance_date") <= as_of))
        .rename({"entity_id": "entity", "account_id": "account"})
        .join(stale_spread, on=["account", "currency"], how="left")
        .with_columns(
            pl.col("spread").is_not_null().alias("is_stale"),
            pl.col("booked_since").is_not_null().alias("is_carried_on"),
            pl.col("spread").fill_null(0.0),
        )
        .select(
            "entity",
            "account",
            "currency",
            pl.lit(as_of).alias("date"),
            pl.lit("opening").alias("layer"),
            pl.when(pl.col("is_stale") | pl.col("is_carried_on"))
            .then(pl.lit("expected"))
            .otherwise(pl.lit("actual"))
            .alias("certainty"),
            (pl.col("balance") + pl.col("booked_since").fill_null(0)).alias("amount"),
            "spread",
            pl.lit(1, pl.Int64).alias("item_count"),
            pl.concat_str(*(one.fill_null("") for one in age)).alias("sources"),
        )
        .select(pl.col(name).cast(kind) for name, kind in LAYER.items())
    )


def committed(inputs: ForecastInputs, config: ForecastingConfig, horizon: Horizon) -> pl.DataFrame:
    """Payments that were made and are not booked, on the days the bank will book them (LAYER, summed)."""
    return (
        placed(inputs, config, horizon)
        .group_by("entity", "account", "currency", "date", "layer", "certainty")
        .agg(pl.col("amount").sum().cast(AMOUNT), pl.lit(0.0).alias("spread"), pl.len().alias("item_count"))
        .with_columns(pl.lit("payments instructed and not booked").alias("sources"))
        .select(pl.col(name).cast(kind) for name, kind in LAYER.items())
    )


def placed(inputs: ForecastInputs, config: ForecastingConfig, horizon: Horizon) -> pl.DataFrame:
    """Payments that were made and are not booked, each on the day the bank will book it: payment_id, entity, account, currency,
    date, layer, certainty, amount.

    That is its execution date or the next business day, but not a day that statements already cover: a payment they
    do not show is expected on the first day after them, not before `as_of`. After `expires_after_days` of covered
    days without a booking it is not expected any more; monitoring calls it out. Released payments are `committed`,
    others `expected`.
    """
    covered = inputs.balances.select("account_id", "currency", "covered_until").unique(["account_id", "currency"])
    calendars = inputs.accounts.select("account_id", "calendar").unique("account_id", keep="any")
    waiting = (
        inputs.payments.filter(pl.col("booked_on").is_null())
        .join(covered, on=["account_id", "currency"], how="left")
        .join(calendars, on="account_id", how="left")
        .with_columns(
            pl.col("calendar").fill_null(config.default_calendar),
            pl.coalesce("execution_date", "created_on", pl.lit(horizon.first)).alias("day"),
        )
        .filter(
            (
                pl.col("covered_until") - pl.col("day") <= pl.duration(days=config.committed.expires_after_days)
            ).fill_null(value=True)
        )
        .with_columns(
            pl.max_horizontal("day", pl.col("covered_until") + pl.duration(days=1), pl.lit(horizon.as_of)).alias("day")
        )
    )
    days = waiting.select("calendar", "day").unique().sort("calendar", "day")
    rolled = [business_days(name, horizon.as_of).on_or_after(day) for name, day in days.iter_rows()]
    return waiting.join(
        days.with_columns(pl.Series("date", rolled, dtype=pl.Date)), on=["calendar", "day"], how="left"
    ).select(
        "payment_id",
        pl.col("entity_id").alias("entity"),
        pl.col("account_id").alias("account"),
        "currency",
        pl.when(pl.col("date") > horizon.last).then(pl.lit(horizon.beyond)).otherwise("date").alias("date"),
        pl.when(pl.col("date") > horizon.last)
        .then(pl.lit("beyond_horizon"))
        .otherwise(pl.lit("committed"))
        .alias("layer"),
        pl.when(pl.col("status").is_in(RELEASED))
        .then(pl.lit("committed"))
        .otherwise(pl.lit("expected"))
        .alias("certainty"),
        "amount",
    )
