"""Bookings that no payment explains and that pay once more what a payment or another booking has paid, through another channel."""

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
    """One finding per booked debit that nothing explains and that pays again what was paid not further away than so many days:

    - of the amount of an invoice that its text names, which a booked payment or another booking settles, to the party's account as
      far as the booking says one, or
    - to the account and of the amount of a booked payment, where nothing else ever was; the party has no other bill of it,
      and the text says no other number.
    """
    lines = inputs.bank_lines.filter(
        (pl.col("amount") < 0)
        & (pl.col("open_amount") == pl.col("amount"))
        & pl.col("state").is_in(["open", "ambiguous"])
        & pl.col("date").is_between(as_of - timedelta(days=within_days), as_of)
    )
    rows = pl.concat([_named(inputs, lines, within_days), _of_a_payment(inputs, lines, within_days)], how="diagonal")
    return findings(
        rows.unique("bank_line_id", keep="first", maintain_order=True).with_columns(pl.col("date").alias("since")),
        object_type="bank_line",
        object_id="bank_line_id",
        related="payment_id",
        message=_message,
        next_step=NEXT_STEP,
    )


def _named(inputs: MonitoringInputs, lines: pl.DataFrame, within_days: int) -> pl.DataFrame:
    """The lines that name an invoice, with the `name`, and the payment and its day, none where a booking settles it."""
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
    booked = inputs.open_items.filter(pl.col("paid_amount") > 0).select(
        "open_item_id",
        pl.lit(None, pl.String).alias("payment_id"),
        pl.col("cleared_on").alias("day"),
        pl.lit(None, pl.String).alias("paid_account"),
        pl.col("paid_amount").alias("settled"),
    )
    near = (pl.col("date") - pl.col("day")).dt.total_days().abs() <= within_days
    known = inputs.counterparty_accounts.select(
        pl.coalesce("golden_id", "counterparty_id").alias("party"),
        pl.col("account_identifier").alias("counterparty_account"),
        pl.lit(value=True).alias("is_of_party"),
    ).unique()
    account = pl.col("counterparty_account")
    return (
        lines.filter(pl.col("text").str.count_matches(r"\d") >= MINIMUM_DIGITS)
        .with_columns(key=ends_of_numbers("text"))
        .explode("key")
        .join(named_items(inputs).with_columns(key=last_digits("name")), on=["entity_id", "currency", "amount", "key"])
        .filter(is_named("text"))
        .join(pl.concat([paid, booked]), on="open_item_id")
        .join(known, on=["party", "counterparty_account"], how="left")
        .filter(
            (pl.col("settled").is_null() | (pl.col("settled").abs() * 2 > pl.col("amount").abs()))
            & (near | (pl.col("payment_id").is_null() & pl.col("day").is_null())).fill_null(value=False)
            & pl.when(account.is_null())
            .then(pl.col("name").str.len_chars() >= LONG_NAME)
            .otherwise((account == pl.col("paid_account")).fill_null(value=False) | pl.col("is_of_party").is_not_null())
        )
        .sort(
            "bank_line_id", "day", "payment_id", -pl.col("name").str.len_chars().cast(pl.Int64), "name", nulls_last=True
        )
    )


def _of_a_payment(inputs: MonitoringInputs, lines: pl.DataFrame, within_days: int) -> pl.DataFrame:
    """The lines that repeat a booked payment, with it and its day; what is paid again and again is no sign."""
    keys = ["counterparty_account", "entity_id", "currency", "amount"]
    ever = inputs.bank_lines.filter((pl.col("amount") < 0) & (pl.col("open_amount") == pl.col("amount")))
    says_no_other = pl.col("text").fill_null("").str.count_matches(r"\d") < MINIMUM_DIGITS
    alone = ever.filter((pl.len().over(keys) == 1) & says_no_other).select("bank_line_id")
    payments = live_payments(inputs).filter(
        (pl.len().over(keys) == 1) & pl.col("is_booked").fill_null(value=False)
    )  # fmt: skip
    party = pl.coalesce("golden_id", "counterparty_id")
    bills = inputs.open_items.group_by(party.alias("party"), "currency", "amount").agg(pl.len().alias("bills"))
    of_payment = live_settlements(inputs).join(
        inputs.open_items.select("open_item_id", party.alias("party")), on="open_item_id"
    )
    return (
        lines.join(alone, on="bank_line_id", how="semi")
        .join(
            payments.select(*keys, "payment_id", pl.coalesce("execution_date", "sent_on").alias("day")),
            on=keys,
        )
        .join(of_payment.select("payment_id", "party").unique("payment_id", keep="any"), on="payment_id")
        .join(bills, on=["party", "currency", "amount"])
        .filter(
            ((pl.col("date") - pl.col("day")).dt.total_days().abs() <= within_days).fill_null(value=False)
            & (pl.col("bills") == 1)
        )
        .sort("bank_line_id", "day", "payment_id")
    )


def _message(row: Mapping[str, Value]) -> str:
    party = f" to {row['counterparty_name']}" if row["counterparty_name"] else ""
    said = f"{row['account_id']}: {money(row)}{party}, booked on {row['date']},"
    if row["payment_id"] is None:
        return f"{said} names {row['name']}, which another booking settles"
    if row["name"] is None:
        return f"{said} repeats payment {row['payment_id']} of {row['day']}, the only one of that amount to the account"
    return f"{said} names {row['name']}, which payment {row['payment_id']} of {row['day']} settles"
