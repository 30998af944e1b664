"""Payments the bank accepted, whose day is past, and that are not on the statements that cover it."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.monitoring.ages import with_business_age
from reconciliation.monitoring.config import NotBooked
from reconciliation.monitoring.findings import findings, money, party
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Look for the booking among the unmatched bank lines; if it is not there, ask the bank to trace the payment"


def find(inputs: MonitoringInputs, settings: NotBooked, default_calendar: str, as_of: date) -> pl.DataFrame:
    """One finding per payment accepted or executed that statements up to `after_days` after its day do not show.

    While the statements of those days are missing nothing is found: that is `stale_statement`'s word. Age: business
    days from the execution date to the account's newest statement.
    """
    accepted = inputs.payments.filter(
        pl.col("status").is_in(["accepted", "executed"])
        & ~pl.col("is_booked").fill_null(value=False)
        & pl.col("returned_on").is_null()  # what came back had left
        & (pl.col("execution_date") <= as_of)
    )
    newest = (
        inputs.statements.filter((pl.col("kind") == "statement") & (pl.col("statement_date") <= as_of))
        .group_by("account_id")
        .agg(pl.col("statement_date").max().alias("covered_until"))
    )
    with_age = with_business_age(accepted, "execution_date", inputs, default_calendar, as_of).join(
        newest, on="account_id", how="inner"
    )
    unseen = with_business_age(with_age.drop("business_age"), "covered_until", inputs, default_calendar, as_of).rename(
        {"business_age": "unseen"}
    )
    rows = (
        unseen.join(with_age.select("payment_id", "business_age"), on="payment_id")
        .with_columns(
            (pl.col("business_age") - pl.col("unseen")).alias("covered"), pl.col("execution_date").alias("since")
        )
        .filter(pl.col("covered") > settings.after_days)
    )
    return findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        message=lambda row: (
            f"The bank has {row['status']} the payment of {money(row)} {party(row)} for "
            f"{row['execution_date']}, but no statement up to {row['covered_until']} shows it"
        ),
        next_step=NEXT_STEP,
        days="covered",
    )
