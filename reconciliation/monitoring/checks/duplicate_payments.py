"""Payments that may pay twice: two for one invoice, or one reference sent again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.ages import live_payments, live_settlements
from reconciliation.monitoring.config import DuplicatePayment
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Stop the later payment while the bank still can; else ask the supplier for the money back"
NO_REFERENCE = ("NOTPROVIDED", "NONREF", "")


def find(inputs: MonitoringInputs, settings: DuplicatePayment, as_of: date) -> pl.DataFrame:
    """One finding per later payment of a pair, neither of them stopped or returned, that

    - settles an item an earlier payment settles, where both together exceed the item (or do not say how much they
      settle), or
    - has the end-to-end id, beneficiary account and amount of an earlier one within `within_days`.

    The money at stake is the later payment. Age: days since its execution date.
    """
    payments = (
        live_payments(inputs)
        .filter(pl.col("direction") == "credit_transfer")
        .with_columns(pl.coalesce("execution_date", "sent_on").alias("day"))
    )
    pairs = pl.concat([_same_item(inputs, payments), _same_reference(payments, settings.within_days)])
    rows = (
        pairs.sort("payment_id", "why", "first_payment_id", "what")
        .unique("payment_id", keep="first", maintain_order=True)
        .join(payments, on="payment_id")
        .with_columns(pl.col("day").alias("since"))
        .filter((pl.col("day") >= as_of - timedelta(days=settings.within_days)).fill_null(value=True))
    )
    return findings(rows, object_type="payment", object_id="payment_id", message=_message, next_step=NEXT_STEP)


def _same_item(inputs: MonitoringInputs, payments: pl.DataFrame) -> pl.DataFrame:
    """Later payments of an item that is paid beyond its amount."""
    paid = (
        live_settlements(inputs)
        .group_by("open_item_id", "payment_id")
        .agg(
            pl.when(pl.col("amount").null_count() == 0).then(pl.col("amount").sum()).alias("settled"),
        )
        .join(payments.select("payment_id", "day"), on="payment_id")
        .join(inputs.open_items.select("open_item_id", "document_number", "reference", "amount"), on="open_item_id")
        .sort("open_item_id", "day", "payment_id")
        .with_columns(
            pl.col("payment_id").first().over("open_item_id").alias("first_payment_id"),
            pl.col("day").first().over("open_item_id").alias("first_day"),
            pl.col("settled").null_count().over("open_item_id").alias("unsaid"),
            pl.col("settled").sum().over("open_item_id").abs().alias("total"),
            pl.len().over("open_item_id").alias("payments"),
        )
    )
    return paid.filter(
        (pl.col("payments") > 1)
        & (pl.col("payment_id") != pl.col("first_payment_id"))
        & ((pl.col("unsaid") > 0) | (pl.col("total") > pl.col("amount").abs()))
    ).select(
        "payment_id",
        "first_payment_id",
        "first_day",
        pl.lit("item").alias("why"),
        pl.coalesce("reference", "document_number").alias("what"),
    )


def _same_reference(payments: pl.DataFrame, within_days: int) -> pl.DataFrame:
    """Later payments with the end-to-end id, beneficiary account, currency and amount of an earlier one."""
    keys = ["end_to_end_id", "counterparty_account", "currency", "amount"]
    named = payments.filter(~pl.col("end_to_end_id").str.to_uppercase().is_in(NO_REFERENCE))
    first = named.select(*keys, pl.col("payment_id").alias("first_payment_id"), pl.col("day").alias("first_day"))
    return (
        named.join(first, on=keys)
        .filter(
            (pl.col("day") > pl.col("first_day"))
            | ((pl.col("day") == pl.col("first_day")) & (pl.col("payment_id") > pl.col("first_payment_id")))
        )
        .filter((pl.col("day") - pl.col("first_day")).dt.total_days() <= within_days)
        .select(
            "payment_id",
            "first_payment_id",
            "first_day",
            pl.lit("reference").alias("why"),
            pl.col("end_to_end_id").alias("what"),
        )
    )


def _message(row: Mapping[str, Value]) -> str:
    party = row["counterparty_name"] or "(no name)"
    if row["why"] == "item":
        return (
            f"{money(row)} to {party} for {row['day']} pays {row['what']} again: payment {row['first_payment_id']} of "
            f"{row['first_day']} settles it already"
        )
    return (
        f"{money(row)} to {party} for {row['day']} repeats the reference {row['what']} of payment "
        f"{row['first_payment_id']} of {row['first_day']}"
    )
