"""Payments that left and that the bank has not answered."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.monitoring.ages import with_business_age
from reconciliation.monitoring.config import SentNotAcknowledged
from reconciliation.monitoring.findings import findings, money, party
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Ask the bank whether the file arrived before anything is sent again: a blind repeat may pay twice"


def find(inputs: MonitoringInputs, settings: SentNotAcknowledged, default_calendar: str, as_of: date) -> pl.DataFrame:
    """One finding per payment that was sent, has no answer of the bank and is not on a statement either. A cheque is answered by nobody.

    Age: business days since it was sent; a finding from the business day after `after_days`.
    """
    waiting = inputs.payments.filter(
        pl.col("status").is_in(["created", "approved", "released", "sent"])
        & pl.col("sent_on").is_not_null()
        & ~pl.col("is_acknowledged").fill_null(value=False)
        & ~pl.col("is_booked").fill_null(value=False)
        & ~pl.col("is_cheque").fill_null(value=False)
        & ~pl.col("account_id").is_in(list(settings.exempt_accounts)).fill_null(value=False)
    )
    rows = (
        with_business_age(waiting, "sent_on", inputs, default_calendar, as_of)
        .filter(pl.col("business_age") > settings.after_days)
        .with_columns(pl.col("sent_on").alias("since"))
    )
    return findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        message=lambda row: (
            f"Payment of {money(row)} {party(row)} was sent on {row['sent_on']}; "
            f"the bank has not answered for {row['business_age']} business days"
        ),
        next_step=NEXT_STEP,
        days="business_age",
    )
