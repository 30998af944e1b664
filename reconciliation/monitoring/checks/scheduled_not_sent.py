"""Payments whose day has passed and that never left: made, perhaps approved and released, and not handed over to the bank."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.monitoring.ages import with_business_age
from reconciliation.monitoring.config import ScheduledNotSent
from reconciliation.monitoring.findings import findings, money, party
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Release the payment and send it, with a new execution date, or cancel it so that the invoice is free for another run"


def find(inputs: MonitoringInputs, settings: ScheduledNotSent, default_calendar: str, as_of: date) -> pl.DataFrame:
    """One finding per payment that nobody says has left, that the bank has neither answered nor booked, and whose day is past.

    Age: business days since the execution date; a finding from the business day after `after_days`.
    """
    waiting = inputs.payments.filter(
        pl.col("status").is_in(["created", "approved", "released"])
        & pl.col("sent_on").is_null()
        & ~pl.col("is_acknowledged").fill_null(value=False)
        & ~pl.col("is_booked").fill_null(value=False)
    )
    rows = (
        with_business_age(waiting, "execution_date", inputs, default_calendar, as_of)
        .filter(pl.col("business_age") > settings.after_days)
        .with_columns(pl.col("execution_date").alias("since"))
    )
    return findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        message=lambda row: (
            f"Payment of {money(row)} {party(row)} was to be executed on {row['execution_date']} and has not left: it is "
            f"{row['status']} since {row['status_on']}"
        ),
        next_step=NEXT_STEP,
        days="business_age",
    )
