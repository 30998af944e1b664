"""Gaps in what the bank says: received and then silence, or booked without ever a word."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.ages import with_business_age
from reconciliation.monitoring.config import AcknowledgementGap
from reconciliation.monitoring.findings import findings, money, party
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Ask the bank for the final status; it may hold the payment for screening or missing cover"

MANY = 20  # payments of an account from which silence is the bank's habit


def find(inputs: MonitoringInputs, settings: AcknowledgementGap, default_calendar: str, as_of: date) -> pl.DataFrame:
    """One finding per payment

    - whose newest status is the bank's receipt, whose day has come and that is not booked; age: business days since
      the later of that receipt and the execution date;
    - that was sent within `booked_within_days` and is booked although the bank never answered: the money moved, the
      status channel did not work; age 0. Where an account's bank has answered none of many, that is one finding per account
      and currency.
    """
    booked = _unannounced(inputs, settings, as_of)
    mute = _mute(inputs, booked)
    return pl.concat(
        [
            _silent(inputs, settings, default_calendar, as_of),
            _of_payments(booked.join(mute, on="account_id", how="anti")),
            _of_accounts(booked.join(mute, on="account_id", how="semi")),
        ]
    )


def _silent(inputs: MonitoringInputs, settings: AcknowledgementGap, default_calendar: str, as_of: date) -> pl.DataFrame:
    waiting = inputs.payments.filter(
        (pl.col("status") == "acknowledged")
        & ~pl.col("is_booked").fill_null(value=False)
        & pl.col("returned_on").is_null()
    ).with_columns(pl.max_horizontal("status_on", "execution_date").alias("since"))
    rows = with_business_age(waiting, "since", inputs, default_calendar, as_of).filter(
        pl.col("business_age") > settings.after_days
    )
    return findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        message=lambda row: (
            f"The bank received the payment of {money(row)} {party(row)} and has said "
            f"neither yes nor no since {row['since']}, {row['business_age']} business days"
        ),
        next_step=NEXT_STEP,
        days="business_age",
    )


def _unannounced(inputs: MonitoringInputs, settings: AcknowledgementGap, as_of: date) -> pl.DataFrame:
    """Payments booked without an answer, with `since` and `age`."""
    return inputs.payments.filter(
        pl.col("status").is_in(["created", "approved", "released", "sent"])
        & pl.col("is_booked").fill_null(value=False)
        & ~pl.col("is_acknowledged").fill_null(value=False)
        & pl.col("sent_on").is_between(as_of - timedelta(days=settings.booked_within_days), as_of)
        & ~pl.col("is_cheque").fill_null(value=False)
        & ~pl.col("account_id").is_in(list(settings.exempt_accounts)).fill_null(value=False)
    ).with_columns(pl.col("sent_on").alias("since"), pl.lit(0, pl.Int64).alias("age"))


def _mute(inputs: MonitoringInputs, booked: pl.DataFrame) -> pl.DataFrame:
    """The accounts (account_id) with many such payments and not one that the bank has ever answered."""
    answered = inputs.payments.filter(pl.col("is_acknowledged").fill_null(value=False)).select("account_id")
    many = booked.group_by("account_id").agg(pl.len().alias("payments")).filter(pl.col("payments") >= MANY)
    return many.join(answered, on="account_id", how="anti").select("account_id")


def _of_accounts(booked: pl.DataFrame) -> pl.DataFrame:
    rows = booked.group_by("account_id", "currency").agg(
        pl.col("entity_id").min(),
        pl.col("amount").abs().sum(),
        pl.len().alias("payments"),
        pl.col("since").min(),
        pl.col("age").max(),
        pl.concat_str(pl.col("account_id").first(), pl.col("currency").first(), separator="|").alias("object"),
    )
    return findings(
        rows,
        object_type="bank_account",
        object_id="object",
        message=lambda row: (
            f"The bank of {row['account_id']} has never acknowledged a payment: {row['payments']} of {money(row)} in all are booked "
            f"without a word since {row['since']}"
        ),
        next_step="Ask the bank for status reports, or name the account under exempt_accounts of this check",
        days="age",
    )


def _of_payments(rows: pl.DataFrame) -> pl.DataFrame:
    return findings(
        rows,
        object_type="payment",
        object_id="payment_id",
        message=lambda row: (
            f"Payment of {money(row)} {party(row)}, sent on {row['sent_on']}, is on "
            "the statement although the bank never acknowledged it"
        ),
        next_step="Ask the bank why it sent no status report; until then a rejection would go unseen",
        days="age",
    )
