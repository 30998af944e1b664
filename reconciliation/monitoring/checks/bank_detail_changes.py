"""Suppliers whose bank account changed shortly before money goes to the new one: the pattern of payment fraud."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.ages import live_payments
from reconciliation.monitoring.config import BankDetailChange
from reconciliation.monitoring.findings import findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Call the supplier on a number that was known before the change; hold the payment until it is confirmed"


def find(inputs: MonitoringInputs, settings: BankDetailChange, as_of: date) -> pl.DataFrame:
    """One finding per party, new account and currency with live payments to it within `before_payment_days` of the
    change.

    New is an account of a party that had another one before; a party's first account is no change. The money at
    stake is the sum of those payments. Age: days since the change.
    """
    accounts = inputs.counterparty_accounts.with_columns(pl.coalesce("valid_from", "first_seen").alias("changed_on"))
    before = accounts.select(
        "counterparty_id",
        pl.col("account_identifier").alias("old_identifier"),
        pl.col("changed_on").alias("old_from"),
    )
    changed = (
        accounts.join(before, on="counterparty_id")
        .filter(
            (pl.col("old_from") < pl.col("changed_on"))
            & (pl.col("old_identifier") != pl.col("account_identifier"))
            & pl.col("changed_on").is_between(as_of - timedelta(days=settings.before_payment_days), as_of)
        )
        .sort("counterparty_id", "account_identifier", "changed_on", "old_from", "old_identifier", "changed_by")
        .unique(["counterparty_id", "account_identifier"], keep="last", maintain_order=True)
        .select("counterparty_id", "name", "account_identifier", "old_identifier", "changed_on", "changed_by")
    )
    payments = live_payments(inputs).filter(pl.col("direction") == "credit_transfer").select(
        "payment_id", "currency", "amount", "execution_date", "sent_on", "entity_id",
        pl.col("counterparty_account").alias("account_identifier"), pl.col("counterparty_id").alias("paid_party"),
    )  # fmt: skip
    rows = (
        changed.join(payments, on="account_identifier")
        .with_columns(pl.coalesce("execution_date", "sent_on").alias("day"))
        .filter(
            (pl.col("paid_party").is_null() | (pl.col("paid_party") == pl.col("counterparty_id")))
            & (pl.col("day") >= pl.col("changed_on"))
            & (pl.col("day") <= pl.col("changed_on") + pl.duration(days=settings.before_payment_days))
        )
        .group_by(*changed.columns, "currency")
        .agg(
            pl.col("amount").sum(),
            pl.len().alias("payments"),
            pl.col("day").min().alias("first_day"),
            pl.when(pl.col("entity_id").n_unique() == 1).then(pl.col("entity_id").min()).alias("entity_id"),
        )
        .with_columns(
            pl.concat_str(["counterparty_id", "account_identifier", "currency"], separator="|").alias("object"),
            pl.col("changed_on").alias("since"),
        )
    )
    return findings(
        rows,
        object_type="counterparty_bank_account",
        object_id="object",
        message=lambda row: (
            f"The bank account of {row['name'] or row['counterparty_id']} changed on {row['changed_on']}"
            + (f" by {row['changed_by']}" if row["changed_by"] else "")
            + f"; {row['payments']} payment{'s' if row['payments'] != 1 else ''} of {money(row)} to the new one "
            f"from {row['first_day']}"
        ),
        next_step=NEXT_STEP,
        account=None,
    )
