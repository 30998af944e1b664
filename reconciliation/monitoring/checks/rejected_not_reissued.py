"""Payments the bank rejected or sent back and that nothing has replaced: the supplier is still unpaid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.config import NotReissued
from reconciliation.monitoring.failed_payments import failed_payments
from reconciliation.monitoring.findings import Value, findings, money, party
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Correct what the bank objected to and instruct again, or release the invoice for another run"


def find(inputs: MonitoringInputs, settings: NotReissued, as_of: date) -> pl.DataFrame:
    """One finding per rejected or returned payment that is not replaced (see `failed_payments`). Age: days since the rejection."""
    failed = failed_payments(inputs).filter(
        pl.col("outcome").is_in(["rejected", "returned"])
        & ~pl.col("is_replaced")
        & (pl.col("failed_on") <= as_of - timedelta(days=settings.after_days))
    )
    rows = inputs.payments.join(failed, on="payment_id").with_columns(pl.col("failed_on").alias("since"))
    return findings(rows, object_type="payment", object_id="payment_id", message=_message, next_step=NEXT_STEP)


def _message(row: Mapping[str, Value]) -> str:
    why = f" ({row['failed_because']})" if row["failed_because"] else ""
    return f"The payment of {money(row)} {party(row)} was {row['outcome']} on {row['failed_on']}{why} and nothing has replaced it"
