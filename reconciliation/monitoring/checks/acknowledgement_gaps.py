"""Payments the bank has received and then said nothing more about: neither accepted, nor rejected, nor booked."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.monitoring.ages import with_business_age
from reconciliation.monitoring.config import AcknowledgementGap
from reconciliation.monitoring.findings import findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Ask the bank for the final status; it may hold the payment for screening or missing cover"


def find(inputs: MonitoringInputs, settings: AcknowledgementGap, default_calendar: str, as_of: date) -> pl.DataFrame:
    """One finding per payment whose newest status is the bank's receipt, whose day has come and that is not booked.

    Age: business days since the later of that receipt and the execution date.
    """
    waiting = inputs.payments.filter(
        (pl.col("status") == "acknowledged") & ~pl.col("is_booked").fill_null(value=False)
    ).with_columns(pl.max_horizontal("status_on", "execution_date").alias("since"))
    rows = with_business_age(waiting, "since", inputs, default_calendar, as_of).filter(
        pl.col("business_age") > settings.after_days
    )
    return findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        message=lambda row: (
            f"The bank received the payment of {money(row)} to {row['counterparty_name'] or '(no name)'} and has said "
            f"neither yes nor no since {row['since']}, {row['business_age']} business days"
        ),
        next_step=NEXT_STEP,
        days="business_age",
    )
