"""Statements that should have arrived: per account, against its bank's calendar, cut-off time and lag."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.monitoring.arrivals import ArrivalCalendar, arrival_calendar
from reconciliation.monitoring.config import ExpectedStatement, StaleStatement
from reconciliation.monitoring.findings import Row, rows_of
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Ask the bank or the channel for the missing statement; it is caught up when it comes"


def find(inputs: MonitoringInputs, settings: StaleStatement, as_of: date) -> pl.DataFrame:
    """One finding per account and currency whose newest statement is older than the newest one that was due.

    An account that has never sent a statement is stale too. The money at stake is the last balance. Age: statements
    missed.
    """
    found: list[Row] = []
    for account in last_balances(inputs, as_of, kinds=("statement",)).iter_rows(named=True):
        expected = settings.accounts.get(account["account_id"], ExpectedStatement())
        calendar = account_calendar(account, settings, as_of)
        last = account["date"]
        due = calendar.latest_due(inputs.known_at, as_of)
        missed = calendar.missed(last, inputs.known_at, as_of) if last is not None else None
        if missed is not None and missed <= expected.tolerance_days:
            continue
        name = account["account_id"]
        if last is None:
            message = f"No statement of {name} has ever arrived; the one of {due} was due"
        else:
            since = calendar.first_missed(last)
            message = (
                f"{name}: the newest statement is of {last}, the one of {due} was due; "
                f"{missed} business day{'s' if missed != 1 else ''} late since {since}"
            )
        found.append(
            {
                "object_type": "bank_account",
                "object_id": f"{name}|{account['currency']}",
                "entity": account["entity_id"],
                "account": name,
                "currency": account["currency"],
                "amount": None if account["balance"] is None else abs(account["balance"]),
                "owner": account["owner"],
                "message": message,
                "next_step": NEXT_STEP,
                "since": None if last is None else calendar.first_missed(last),
                "days": missed if missed is not None else settings.critical_days,
            }
        )
    return rows_of(found)


def account_calendar(account: dict[str, object], settings: StaleStatement, as_of: date) -> ArrivalCalendar:
    """When the account's statements are due."""
    own = settings.accounts.get(str(account["account_id"]), ExpectedStatement()).lag_days
    calendar, due_by, timezone = (account[name] for name in ("calendar", "statement_by", "timezone"))
    return arrival_calendar(
        str(calendar) if calendar else None,
        str(due_by) if due_by else None,
        str(timezone) if timezone else None,
        settings.lag_days if own is None else own,
        settings.default_calendar,
        as_of,
    )


def last_balances(inputs: MonitoringInputs, as_of: date, kinds: tuple[str, ...]) -> pl.DataFrame:
    """Per account and currency the newest statement (or report) date up to as_of, and the newest balance: columns
    of the account plus `date`, `balance`, `balance_date`. An account that never sent one has a row in its own
    currency.
    """
    seen = inputs.statements.filter(pl.col("kind").is_in(kinds) & (pl.col("statement_date") <= as_of)).sort(
        "account_id", "currency", "statement_date", "sequence", "page", "known_at", "statement_key", nulls_last=False
    )
    newest = seen.group_by("account_id", "currency").agg(pl.col("statement_date").max().alias("date"))
    with_balance = (
        seen.filter(pl.col("closing_balance").is_not_null())
        .group_by("account_id", "currency", maintain_order=True)
        .agg(pl.col("closing_balance").last().alias("balance"), pl.col("statement_date").last().alias("balance_date"))
    )
    accounts = inputs.accounts.rename({"currency": "own_currency"})
    return (
        accounts.join(newest, on="account_id", how="left")
        .join(with_balance, on=["account_id", "currency"], how="left")
        .with_columns(pl.coalesce("currency", "own_currency").alias("currency"))
        .sort("account_id", "currency")
    )
