"""Invoices that wait for approval too long, or so long that they cannot be paid in time."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.config import LateApproval
from reconciliation.monitoring.findings import findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Remind the approver or pass the invoice on to the deputy"


def find(inputs: MonitoringInputs, settings: LateApproval, as_of: date) -> pl.DataFrame:
    """One finding per open payable whose approval is pending and that is waiting or due beyond the limits.

    Age: days since posting.
    """
    since = pl.coalesce("posting_date", "document_date")
    waits = since <= as_of - timedelta(days=settings.pending_days)
    due = pl.col("due_date") <= as_of + timedelta(days=settings.due_within_days)
    rows = inputs.open_items.filter(
        (pl.col("ledger") == "payable")
        & (pl.col("status") == "open")
        & (pl.col("approval_status") == "pending")
        & (pl.col("kind") != "payment")
        & (pl.col("open_amount") < 0)
        & (waits.fill_null(value=False) | due.fill_null(value=False))
    ).with_columns(pl.col("open_amount").alias("amount"), since.alias("since"))
    return findings(
        rows,
        object_type="open_item",
        object_id="open_item_id",
        message=lambda row: (
            f"Invoice {row['reference'] or row['document_number']} over {money(row)} waits for approval since "
            f"{row['since']}" + (f"; it is due on {row['due_date']}" if row["due_date"] else "")
        ),
        next_step=NEXT_STEP,
        account=None,
    )
