"""Suppliers whose bank account changed shortly before money goes to the new one, or whose money goes to one that is on no record: the
pattern of payment fraud."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.accounts_on_no_record import accounts_on_no_record
from reconciliation.monitoring.ages import live_payments
from reconciliation.monitoring.config import BankDetailChange
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Call the supplier on a number that was known before the change; hold the payment until it is confirmed"


def find(inputs: MonitoringInputs, settings: BankDetailChange, as_of: date) -> pl.DataFrame:
    """One finding per party, new account and currency with live payments to it within `before_payment_days` of the change, for as
    many days after the first of them.

    New is an account that the party, over all systems, did not have before, on a record that had another one; a record's first
    account is new where a party of another name has it already. The money at stake is the sum of those payments. Age: days since
    the change.

    And one per party and account on none of its records that is paid for the first time (see `accounts_on_no_record`). Age: days
    since the first payment.
    """
    changed = _with_refusal(_changed(inputs, as_of, settings.before_payment_days), inputs, settings.before_payment_days)
    payments = live_payments(inputs).filter(pl.col("direction") == "credit_transfer").select(
        "payment_id", "currency", "amount", "execution_date", "sent_on", "entity_id",
        pl.col("counterparty_account").alias("account_identifier"),
        pl.coalesce("golden_id", "counterparty_id").alias("paid_party"),
    )  # fmt: skip
    within = pl.duration(days=settings.before_payment_days)
    rows = (
        changed.join(payments, on="account_identifier")
        .with_columns(pl.coalesce("execution_date", "sent_on").alias("day"))
        .filter(
            (pl.col("paid_party").is_null() | (pl.col("paid_party") == pl.col("party")))
            & pl.col("day").is_between(pl.col("changed_on"), pl.col("changed_on") + within)
        )
        .group_by(*changed.columns, "currency")
        .agg(
            pl.col("amount").sum(),
            pl.len().alias("payments"),
            pl.col("day").min().alias("first_day"),
            pl.when(pl.col("entity_id").n_unique() == 1).then(pl.col("entity_id").min()).alias("entity_id"),
        )
        .filter(pl.col("first_day") >= as_of - timedelta(days=settings.before_payment_days))
        .with_columns(
            pl.concat_str(["counterparty_id", "account_identifier", "currency"], separator="|").alias("object"),
            pl.col("changed_on").alias("since"),
        )
    )
    of_changes = findings(
        rows,
        object_type="counterparty_bank_account",
        object_id="object",
        message=_message,
        next_step=NEXT_STEP,
        account=None,
    )
    return pl.concat([of_changes, accounts_on_no_record(inputs, settings.before_payment_days, as_of)])


def _changed(inputs: MonitoringInputs, as_of: date, known_days: int) -> pl.DataFrame:
    """Accounts that are new to their party, known for no longer than so many days on any of its records: one row a party and account,
    of the record that changed to it first; with `shared_with`, the name of another party that had it before.
    """
    accounts = inputs.counterparty_accounts.with_columns(
        pl.coalesce("valid_from", "first_seen").alias("changed_on"),
        pl.coalesce("golden_id", "counterparty_id").alias("party"),
        pl.col("name").str.to_uppercase().str.replace_all(r"[^\pL\pN]", "").alias("called"),
    ).filter(pl.col("changed_on") <= as_of)
    per_record = (
        accounts.sort("counterparty_id", "account_identifier", "changed_on", "changed_by")
        .unique(["counterparty_id", "account_identifier"], keep="first", maintain_order=True)
        .with_columns(
            has_other=pl.col("changed_on").min().over("counterparty_id") < pl.col("changed_on"),
            known_since=pl.col("changed_on").min().over("party", "account_identifier"),
        )
    )
    known, window = pl.duration(days=known_days), timedelta(days=2 * known_days)
    new = per_record.filter(
        (pl.col("known_since") >= pl.col("changed_on") - known) & (pl.col("changed_on") >= as_of - window)
    )
    had_first = (
        per_record.sort("account_identifier", "changed_on", "counterparty_id")
        .unique("account_identifier", keep="first", maintain_order=True)
        .select(
            "account_identifier",
            pl.col("party").alias("other_party"),
            pl.col("called").alias("other_called"),
            pl.col("name").alias("shared_with"),
            pl.col("changed_on").alias("other_from"),
        )
    )
    shared = new.join(had_first, on="account_identifier").filter(
        (pl.col("other_party") != pl.col("party"))
        & (pl.col("other_called") != pl.col("called"))
        & (pl.col("other_from") < pl.col("changed_on"))
    )
    return (
        new.join(
            shared.select("counterparty_id", "account_identifier", "shared_with"),
            on=["counterparty_id", "account_identifier"],
            how="left",
        )
        .filter(pl.col("has_other") | pl.col("shared_with").is_not_null())
        .sort("party", "account_identifier", "changed_on", "counterparty_id")
        .unique(["party", "account_identifier"], keep="first", maintain_order=True)
        .select(
            "party",
            "counterparty_id",
            "name",
            "account_identifier",
            "changed_on",
            "changed_by",
            "has_other",
            "shared_with",
        )
    )


def _with_refusal(changed: pl.DataFrame, inputs: MonitoringInputs, within_days: int) -> pl.DataFrame:
    """The changes with `refused_on`: when, in the days before, the bank last rejected or returned a payment to another account of the
    party. Such a change has a reason; it is to be confirmed all the same.
    """
    refused = inputs.payments.select(
        pl.coalesce("golden_id", "counterparty_id").alias("party"),
        pl.col("counterparty_account").alias("refused_account"),
        pl.coalesce("returned_on", pl.when(pl.col("status") == "rejected").then(pl.col("status_on"))).alias(
            "refused_on"
        ),
    ).filter(pl.col("refused_on").is_not_null())
    before = (
        changed.select("party", "account_identifier", "changed_on")
        .join(refused, on="party")
        .filter(
            (pl.col("refused_account") != pl.col("account_identifier"))
            & pl.col("refused_on").is_between(
                pl.col("changed_on") - pl.duration(days=within_days), pl.col("changed_on")
            )
        )
        .group_by("party", "account_identifier")
        .agg(pl.col("refused_on").max())
    )
    return changed.join(before, on=["party", "account_identifier"], how="left")


def _message(row: Mapping[str, Value]) -> str:
    said = [
        f"The bank account of {row['name'] or row['counterparty_id']} {'changed' if row['has_other'] else 'came'} on"
    ]
    said.append(f"{row['changed_on']}" + (f" by {row['changed_by']}" if row["changed_by"] else ""))
    if row["refused_on"]:
        said.append(f"after the bank refused a payment to the old one on {row['refused_on']}")
    if row["shared_with"]:
        said.append(f"and is that of {row['shared_with']} too")
    payments = f"{row['payments']} payment{'s' if row['payments'] != 1 else ''}"
    return f"{' '.join(said)}; {payments} of {money(row)} to the new one from {row['first_day']}"
