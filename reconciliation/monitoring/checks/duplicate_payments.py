"""Payments that may pay twice: two for one invoice, one reference sent again, or one word for word like another."""

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
MINIMUM_DIGITS = 3  # of a number that names a document


def find(inputs: MonitoringInputs, settings: DuplicatePayment, as_of: date) -> pl.DataFrame:
    """One finding per later payment of a pair, neither of them stopped or returned, that

    - settles an item an earlier payment settles, where both together exceed the item (or do not say how much they
      settle), or
    - has the end-to-end id, beneficiary account and amount of an earlier one within `within_days`, or
    - has its beneficiary account, amount and remittance text, settles nothing that is known, and the text names what the
      earlier one settles, or an invoice of that amount. Rent says the same each month, and names no invoice.

    The money at stake is the later payment. Age: days since it was sent, or was to be executed: it is serious at once, while it
    can still be stopped.
    """
    payments = (
        live_payments(inputs)
        .filter(pl.col("direction") == "credit_transfer")
        .with_columns(pl.coalesce("execution_date", "sent_on").alias("day"))
    )
    pairs = pl.concat(
        [
            _same_item(inputs, payments),
            _same_reference(payments, settings.within_days),
            _same_text(inputs, payments, settings.within_days),
        ]
    )
    rows = (
        pairs.sort("payment_id", "why", "first_payment_id", "what")
        .unique("payment_id", keep="first", maintain_order=True)
        .join(payments, on="payment_id")
        .with_columns(pl.min_horizontal("day", "sent_on", pl.lit(as_of)).alias("since"))
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
    named = payments.filter(~pl.col("end_to_end_id").str.to_uppercase().is_in(NO_REFERENCE))
    return _later_of_pairs(named, ["end_to_end_id", "counterparty_account", "currency", "amount"], within_days).select(
        "payment_id",
        "first_payment_id",
        "first_day",
        pl.lit("reference").alias("why"),
        pl.col("end_to_end_id").alias("what"),
    )


def _same_text(inputs: MonitoringInputs, payments: pl.DataFrame, within_days: int) -> pl.DataFrame:
    """Later payments that settle nothing known and say what an earlier one of the same amount to the same account says, where
    that names the invoice: the same text without a number, as of rent, is no sign.
    """
    settled = live_settlements(inputs)
    saying = payments.filter(pl.col("remittance_text").str.count_matches(r"\d") >= MINIMUM_DIGITS).with_columns(
        _letters_and_digits("remittance_text").alias("said")
    )
    pairs = _later_of_pairs(
        saying, ["said", "counterparty_account", "entity_id", "currency", "amount"], within_days
    ).join(settled, on="payment_id", how="anti")
    items = inputs.open_items.select("open_item_id", "entity_id", "currency", "amount", "reference", "document_number")
    by_settlement = pairs.join(
        settled.select("open_item_id", pl.col("payment_id").alias("first_payment_id")), on="first_payment_id"
    ).join(items.select("open_item_id", "reference", "document_number"), on="open_item_id")
    by_amount = pairs.join(items, on=["entity_id", "currency", "amount"])
    columns = ["payment_id", "first_payment_id", "first_day", "remittance_text", "said", "reference", "document_number"]
    return (
        pl.concat([by_settlement.select(columns), by_amount.select(columns)])
        .unpivot(["reference", "document_number"], index=columns[:5], value_name="name")
        .with_columns(_letters_and_digits("name"))
        .filter(
            (pl.col("name").str.count_matches(r"\d") >= MINIMUM_DIGITS)
            & pl.col("said").str.contains(pl.col("name"), literal=True)
        )
        .select(
            "payment_id",
            "first_payment_id",
            "first_day",
            pl.lit("text").alias("why"),
            pl.col("remittance_text").alias("what"),
        )
        .unique()
    )


def _letters_and_digits(column: str) -> pl.Expr:
    return pl.col(column).str.to_uppercase().str.replace_all(r"[^\pL\pN]", "")


def _later_of_pairs(payments: pl.DataFrame, keys: list[str], within_days: int) -> pl.DataFrame:
    """The payments that agree in the keys with an earlier one, with its id and day."""
    first = payments.select(*keys, pl.col("payment_id").alias("first_payment_id"), pl.col("day").alias("first_day"))
    return (
        payments.join(first, on=keys)
        .filter(
            (pl.col("day") > pl.col("first_day"))
            | ((pl.col("day") == pl.col("first_day")) & (pl.col("payment_id") > pl.col("first_payment_id")))
        )
        .filter((pl.col("day") - pl.col("first_day")).dt.total_days() <= within_days)
    )


def _message(row: Mapping[str, Value]) -> str:
    party = row["counterparty_name"] or "(no name)"
    if row["why"] == "item":
        return (
            f"{money(row)} to {party} for {row['day']} pays {row['what']} again: payment {row['first_payment_id']} of "
            f"{row['first_day']} settles it already"
        )
    if row["why"] == "text":
        return (
            f"{money(row)} to {party} for {row['day']} says what payment {row['first_payment_id']} of {row['first_day']} says, word "
            f"for word ({row['what']}), and settles no other item"
        )
    return (
        f"{money(row)} to {party} for {row['day']} repeats the reference {row['what']} of payment "
        f"{row['first_payment_id']} of {row['first_day']}"
    )
