"""Payments the bank rejected or sent back and that nothing has replaced: the supplier is still unpaid."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.ages import live_payments, live_settlements
from reconciliation.monitoring.config import NotReissued
from reconciliation.monitoring.findings import findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Correct what the bank objected to and instruct again, or release the invoice for another run"


def find(inputs: MonitoringInputs, settings: NotReissued, as_of: date) -> pl.DataFrame:
    """One finding per rejected or returned payment that is not replaced.

    Replaced means: of the items it was to settle none is still open without a live payment; where it names no item,
    a live payment of the same amount to the same account came after the rejection. Age: days since the rejection.
    """
    failed_on = pl.coalesce("returned_on", pl.when(pl.col("status") == "rejected").then(pl.col("status_on")))
    rejected = inputs.payments.with_columns(failed_on.alias("failed_on")).filter(
        pl.col("failed_on") <= as_of - timedelta(days=settings.after_days)
    )
    named = inputs.settlements.join(rejected, on="payment_id", how="semi").select("payment_id", "open_item_id").unique()
    still_open = inputs.open_items.filter(
        (pl.col("status") == "open") & (pl.col("open_amount") != 0) & ~pl.col("is_paid").fill_null(value=False)
    )
    unpaid = (
        named.join(still_open, on="open_item_id", how="semi")
        .join(live_settlements(inputs), on="open_item_id", how="anti")
        .select("payment_id")
        .unique()
    )
    same = ["counterparty_account", "currency", "amount"]
    again = (
        rejected.select("payment_id", "failed_on", "sent_on", *same)
        .join(live_payments(inputs).select(*same, "sent_on", "execution_date"), on=same)
        .filter(pl.coalesce("sent_on_right", "execution_date") >= pl.coalesce(pl.col("sent_on"), pl.col("failed_on")))
    )
    unnamed = rejected.join(named, on="payment_id", how="anti").join(again, on="payment_id", how="anti")
    rows = pl.concat([rejected.join(unpaid, on="payment_id", how="semi"), unnamed]).with_columns(
        pl.col("failed_on").alias("since")
    )
    return findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        message=lambda row: (
            f"The payment of {money(row)} to {row['counterparty_name'] or '(no name)'} was "
            f"{'returned' if row['returned_on'] else 'rejected'} on {row['failed_on']} and nothing has replaced it"
        ),
        next_step=NEXT_STEP,
    )
