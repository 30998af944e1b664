"""Payments that did not go through: the bank rejected them or sent the money back, or they were cancelled; and whether another one has
taken their place."""

from __future__ import annotations

import polars as pl

from reconciliation.contracts import FAILED_PAYMENT
from reconciliation.monitoring.ages import live_payments, live_settlements
from reconciliation.monitoring.inputs import MonitoringInputs
from reconciliation.monitoring.left_to_pay import is_paid_by_lines


def failed_payments(inputs: MonitoringInputs) -> pl.DataFrame:
    """One row a failed payment (FAILED_PAYMENT).

    Replaced means: of the items it was to settle none is still unpaid and without a live payment; where it names no item,
    a live payment of the same amount to the same account or party was sent after it. An item that the ERP cleared with the
    payment run, before the bank said no, is unpaid.
    """
    was_stopped = pl.col("status").is_in(["rejected", "cancelled"])
    failed = inputs.payments.with_columns(
        pl.coalesce("returned_on", pl.when(was_stopped).then("status_on")).alias("failed_on"),
        pl.when(pl.col("returned_on").is_not_null())
        .then(pl.lit("returned"))
        .otherwise(pl.col("status"))
        .alias("outcome"),
    ).filter(pl.col("failed_on").is_not_null())
    named = (
        inputs.settlements.join(failed.select("payment_id", "failed_on"), on="payment_id")
        .select("payment_id", "open_item_id", "failed_on")
        .unique()
    )
    not_paid = inputs.open_items.filter(~is_paid_by_lines()).select(
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
    unnamed = failed.join(named, on="payment_id", how="anti").join(
        _again(failed, live_payments(inputs)), on="payment_id", how="anti"
    )
    waiting = (
        pl.concat([unpaid, unnamed.select("payment_id")]).unique().with_columns(pl.lit(value=False).alias("replaced"))
    )
    return (
        failed.join(waiting, on="payment_id", how="left")
        .with_columns(pl.col("replaced").fill_null(value=True).alias("is_replaced"))
        .select(list(FAILED_PAYMENT))
        .sort("payment_id")
    )


def _again(failed: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """The failed payments that another one of their amount was sent for later: to the same account, or to another one of the
    party, for a wrong account is what banks reject most. A twin that left together with the rejected one replaces nothing.
    """
    sent = pl.coalesce("sent_on_right", "execution_date")
    same_file = (pl.col("batch_id") == pl.col("batch_id_right")).fill_null(value=False)
    is_later = (sent > pl.col("sent_on")) | ((sent >= pl.col("failed_on")) & ~same_file)
    found = []
    for who in ("counterparty_account", "golden_id", "counterparty_name"):
        same = [who, "direction", "currency", "amount"]
        found.append(
            failed.select("payment_id", "batch_id", "failed_on", "sent_on", *same)
            .join(live.select(*same, "batch_id", "sent_on", "execution_date"), on=same)
            .filter(is_later)
            .select("payment_id")
        )
    return pl.concat(found)
