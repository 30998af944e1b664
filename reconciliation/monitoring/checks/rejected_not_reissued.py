"""Payments the bank rejected or sent back and that nothing has replaced: the supplier is still unpaid."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.ages import live_payments, live_settlements
from reconciliation.monitoring.config import NotReissued
from reconciliation.monitoring.findings import findings, money, party
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Correct what the bank objected to and instruct again, or release the invoice for another run"


def find(inputs: MonitoringInputs, settings: NotReissued, as_of: date) -> pl.DataFrame:
    """One finding per rejected or returned payment that is not replaced.

    Replaced means: of the items it was to settle none is still unpaid and without a live payment; where it names no item,
    a live payment of the same amount to the same account or party was sent after it. An item that the ERP cleared with the
    payment run, before the bank said no, is unpaid. Age: days since the rejection.
    """
    failed_on = pl.coalesce("returned_on", pl.when(pl.col("status") == "rejected").then(pl.col("status_on")))
    rejected = inputs.payments.with_columns(failed_on.alias("failed_on")).filter(
        pl.col("failed_on") <= as_of - timedelta(days=settings.after_days)
    )
    named = (
        inputs.settlements.join(rejected.select("payment_id", "failed_on"), on="payment_id")
        .select("payment_id", "open_item_id", "failed_on")
        .unique()
    )
    not_paid = inputs.open_items.filter(~pl.col("is_paid").fill_null(value=False)).select(
        "open_item_id", "status", "open_amount", "cleared_on"
    )
    is_open = (pl.col("status") == "open") & (pl.col("open_amount") != 0)
    was_cleared = (pl.col("status") == "cleared") & (pl.col("cleared_on") <= pl.col("failed_on"))
    unpaid = (
        named.join(not_paid, on="open_item_id")
        .filter(is_open.fill_null(value=False) | was_cleared.fill_null(value=False))
        .join(live_settlements(inputs), on="open_item_id", how="anti")
        .select("payment_id")
        .unique()
    )
    unnamed = rejected.join(named, on="payment_id", how="anti").join(
        _again(rejected, live_payments(inputs)), on="payment_id", how="anti"
    )
    rows = pl.concat([rejected.join(unpaid, on="payment_id", how="semi"), unnamed]).with_columns(
        pl.col("failed_on").alias("since")
    )
    return findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        message=lambda row: (
            f"The payment of {money(row)} {party(row)} was "
            f"{'returned' if row['returned_on'] else 'rejected'} on {row['failed_on']} and nothing has replaced it"
        ),
        next_step=NEXT_STEP,
    )


def _again(rejected: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """The rejected payments that another one of their amount was sent for later: to the same account, or to another one of the
    party, for a wrong account is what banks reject most. A twin that left together with the rejected one replaces nothing.
    """
    sent = pl.coalesce("sent_on_right", "execution_date")
    same_file = (pl.col("batch_id") == pl.col("batch_id_right")).fill_null(value=False)
    is_later = (sent > pl.col("sent_on")) | ((sent >= pl.col("failed_on")) & ~same_file)
    found = []
    for who in ("counterparty_account", "golden_id", "counterparty_name"):
        same = [who, "direction", "currency", "amount"]
        found.append(
            rejected.select("payment_id", "batch_id", "failed_on", "sent_on", *same)
            .join(live.select(*same, "batch_id", "sent_on", "execution_date"), on=same)
            .filter(is_later)
            .select("payment_id")
        )
    return pl.concat(found)
