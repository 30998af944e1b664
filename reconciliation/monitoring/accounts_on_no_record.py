"""Payments to a bank account that is on no record of the party paid: it was put into the payment itself, past the master data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.ages import live_payments
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Find out who gave the account, and call the supplier on a number that is on record; hold the payment until it is confirmed"
TELLING = 6  # characters of an account number by which two ways of writing it are known to be one


def accounts_on_no_record(inputs: MonitoringInputs, within_days: int, as_of: date) -> pl.DataFrame:
    """One finding per party, account and currency with live payments to an account that no record of the party has, of a party that
    has accounts on record, for so many days after the first of them. The money at stake is the sum of those payments.

    A record that has the number without bank and country (or a payment that has) names the account as well.
    """
    records = inputs.counterparty_accounts.select(
        pl.coalesce("golden_id", "counterparty_id").alias("party"),
        pl.col("account_identifier").str.strip_chars_start("0").alias("recorded"),
        "name",
    ).drop_nulls("recorded")
    of_party = records.group_by("party").agg(pl.col("recorded").unique(), pl.col("name").drop_nulls().min())
    holders = (
        records.sort("recorded", "name").unique("recorded", keep="first", maintain_order=True)
        .select(pl.col("recorded").alias("account"), pl.col("name").alias("holder"))
    )  # fmt: skip
    paid = (
        live_payments(inputs)
        .filter((pl.col("direction") == "credit_transfer") & (pl.col("counterparty_account") != ""))
        .select(
            "counterparty_id", "counterparty_account", "currency", "amount", "entity_id",
            pl.coalesce("golden_id", "counterparty_id").alias("party"),
            pl.col("counterparty_account").str.strip_chars_start("0").alias("account"),
            pl.coalesce("execution_date", "sent_on").alias("day"),
        )
        .filter(pl.col("day").is_not_null())
    )  # fmt: skip
    other = pl.col("recorded")
    is_one = (
        (other == pl.col("account"))
        | ((other.str.len_chars() >= TELLING) & pl.col("account").str.ends_with(other))
        | ((pl.col("account").str.len_chars() >= TELLING) & other.str.ends_with(pl.col("account")))
    )
    pairs = paid.select("party", "account").unique()
    known = pairs.join(of_party.select("party", "recorded").explode("recorded"), on="party").filter(is_one)
    rows = (
        paid.join(of_party, on="party")
        .join(known.select("party", "account").unique(), on=["party", "account"], how="anti")
        .group_by("party", "account", "currency")
        .agg(
            pl.col("amount").sum(),
            pl.len().alias("payments"),
            pl.col("day").min().alias("since"),
            pl.col("counterparty_id").min(),
            pl.col("counterparty_account").min(),
            pl.col("name").first(),
            pl.col("recorded").first().list.len().alias("accounts"),
            pl.when(pl.col("entity_id").n_unique() == 1).then(pl.col("entity_id").min()).alias("entity_id"),
        )
        .filter(pl.col("since") >= as_of - timedelta(days=within_days))
        .join(holders, on="account", how="left")
        .with_columns(
            pl.concat_str(["counterparty_id", "counterparty_account", "currency"], separator="|").alias("object")
        )
        .sort("object")
    )
    return findings(
        rows,
        object_type="counterparty_bank_account",
        object_id="object",
        message=_message,
        next_step=NEXT_STEP,
        account=None,
    )


def _message(row: Mapping[str, Value]) -> str:
    payments = f"{row['payments']} payment{'s' if row['payments'] != 1 else ''}"
    others = f"which has {row['accounts']} other{'s' if row['accounts'] != 1 else ''}"
    holder = f"; it is that of {row['holder']}" if row["holder"] else ""
    return (
        f"{payments} of {money(row)} from {row['since']} to {row['name'] or row['counterparty_id']} into {row['counterparty_account']}: "
        f"the account is on no record of the party, {others}{holder}"
    )
