"""Bookings that no payment explains and that name an invoice which a payment has settled: paid once more, through another channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.ages import live_payments, live_settlements
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs
from reconciliation.monitoring.invoice_names import (
    LONG_NAME,
    MINIMUM_DIGITS,
    ends_of_numbers,
    is_named,
    last_digits,
    named_items,
)

NEXT_STEP = "Find out who instructed it; if it pays the invoice once more, ask the supplier for the money back"


def second_bookings(inputs: MonitoringInputs, within_days: int, as_of: date) -> pl.DataFrame:
    """One finding per booked debit that nothing explains, of the amount of an invoice that its text names, where a booked payment not
    further away than so many days settles the invoice, to the party's account as far as the booking says one.
    """
    lines = inputs.bank_lines.filter(
        (pl.col("amount") < 0)
        & (pl.col("open_amount") == pl.col("amount"))
        & pl.col("state").is_in(["open", "ambiguous"])
        & pl.col("date").is_between(as_of - timedelta(days=within_days), as_of)
        & (pl.col("text").str.count_matches(r"\d") >= MINIMUM_DIGITS)
    )
    paid = (
        live_settlements(inputs)
        .join(
            live_payments(inputs)
            .filter(pl.col("is_booked").fill_null(value=False))
            .select(
                pl.col("payment_id"),
                pl.coalesce("execution_date", "sent_on").alias("day"),
                pl.col("counterparty_account").alias("paid_account"),
            ),
            on="payment_id",
        )
        .select("open_item_id", "payment_id", "day", "paid_account", pl.col("amount").alias("settled"))
    )
    known = inputs.counterparty_accounts.select(
        pl.coalesce("golden_id", "counterparty_id").alias("party"),
        pl.col("account_identifier").alias("counterparty_account"),
        pl.lit(value=True).alias("is_of_party"),
    ).unique()
    account = pl.col("counterparty_account")
    rows = (
        lines.with_columns(key=ends_of_numbers("text"))
        .explode("key")
        .join(named_items(inputs).with_columns(key=last_digits("name")), on=["entity_id", "currency", "amount", "key"])
        .filter(is_named("text"))
        .join(paid, on="open_item_id")
        .join(known, on=["party", "counterparty_account"], how="left")
        .filter(
            (pl.col("settled").is_null() | (pl.col("settled").abs() * 2 > pl.col("amount").abs()))
            & ((pl.col("date") - pl.col("day")).dt.total_days().abs() <= within_days)
            & pl.when(account.is_null())
            .then(pl.col("name").str.len_chars() >= LONG_NAME)
            .otherwise((account == pl.col("paid_account")).fill_null(value=False) | pl.col("is_of_party").is_not_null())
        )
        .sort("bank_line_id", "day", "payment_id")
        .unique("bank_line_id", keep="first", maintain_order=True)
        .with_columns(pl.col("date").alias("since"))
    )
    return findings(
        rows,
        object_type="bank_line",
        object_id="bank_line_id",
        related="payment_id",
        message=_message,
        next_step=NEXT_STEP,
    )


def _message(row: Mapping[str, Value]) -> str:
    party = f" to {row['counterparty_name']}" if row["counterparty_name"] else ""
    return (
        f"{row['account_id']}: {money(row)}{party}, booked on {row['date']}, names {row['name']}, which payment {row['payment_id']} of "
        f"{row['day']} settles"
    )
