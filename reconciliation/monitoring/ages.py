"""Ages in business days, per account's own calendar; vectorised over the rows of each calendar."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from reconciliation.business_days import business_days
from reconciliation.monitoring.inputs import MonitoringInputs

LIVE = ("created", "approved", "released", "sent", "acknowledged", "accepted", "executed")


def with_business_age(
    rows: pl.DataFrame, day: str, inputs: MonitoringInputs, default_calendar: str, as_of: date
) -> pl.DataFrame:
    """Rows with `business_age`: business days after the column `day` up to and including as_of; null where the day
    is null.

    The calendar is that of the row's `account_id`; without one the default. Negative for days to come.
    """
    calendars = inputs.accounts.select("account_id", "calendar").unique("account_id", keep="any")
    rows = rows.join(calendars, on="account_id", how="left")
    rows = rows.with_columns(pl.col("calendar").fill_null(default_calendar))
    parts = []
    for (name,), part in rows.group_by("calendar", maintain_order=True):
        known = part.filter(pl.col(day).is_not_null())
        days = known[day].to_numpy().astype("datetime64[D]")
        calendar = business_days(str(name), as_of)
        ages = calendar.count(days, np.datetime64(as_of))
        parts.append(known.with_columns(pl.Series("business_age", ages, dtype=pl.Int64)))
        parts.append(part.filter(pl.col(day).is_null()).with_columns(pl.lit(None, pl.Int64).alias("business_age")))
    if not parts:
        return rows.drop("calendar").with_columns(pl.lit(None, pl.Int64).alias("business_age"))
    return pl.concat(parts).drop("calendar")


def live_payments(inputs: MonitoringInputs) -> pl.DataFrame:
    """Payments that were neither rejected nor cancelled nor came back."""
    return inputs.payments.filter(pl.col("status").is_in(LIVE) & pl.col("returned_on").is_null())


def live_settlements(inputs: MonitoringInputs) -> pl.DataFrame:
    """What live payments settle: payment_id, open_item_id, amount; one row a pair."""
    return inputs.settlements.join(live_payments(inputs), on="payment_id", how="semi")
