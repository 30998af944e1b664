"""Statements that should have arrived: per account, against its bank's calendar, cut-off time and lag."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.monitoring.arrival_habits import (
    YEAR,
    delays_of,
    first_span,
    silences_of,
    usual_delay,
    usual_silence,
)
from reconciliation.monitoring.arrivals import ArrivalCalendar, arrival_calendar
from reconciliation.monitoring.config import ExpectedStatement, StaleStatement
from reconciliation.monitoring.findings import Row, rows_of
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Ask the bank or the channel for the missing statement; it is caught up when it comes"


def find(inputs: MonitoringInputs, settings: StaleStatement, as_of: date) -> pl.DataFrame:
    """One finding per account and currency whose newest statement is older than the newest one that was due.

    An account that has never sent a statement is stale too. One that sends a statement on some business days only, as at the end
    of the month or where something was booked, is late once it is silent for longer than is usual of it. A list of one account that
    came without an entry says that nothing was booked. The money at stake is the last balance. Age: statements missed, beyond what
    was usual.
    """
    usual = usual_wait(inputs, settings, as_of)
    found: list[Row] = []
    for account in last_balances(inputs, as_of, kinds=("statement",)).iter_rows(named=True):
        expected = settings.accounts.get(account["account_id"], ExpectedStatement())
        calendar = account_calendar(account, settings, as_of)
        last = told_until(account["date"], account, inputs, calendar, as_of)
        due = calendar.latest_due(inputs.known_at, as_of)
        missed = calendar.missed(last, inputs.known_at, as_of) if last is not None else None
        name = account["account_id"]
        silence = usual.get((name, account["currency"]), 0)
        if missed is not None and missed <= max(expected.tolerance_days, silence):
            continue
        if last is None or missed is None:
            since = None
            message = f"No statement of {name} has ever arrived; the one of {due} was due"
        elif silence:
            since = calendar.first_missed(calendar.days.add(last, silence))
            message = f"{name}: the newest statement is of {last}; {missed} business days without one, where up to {silence} were usual"
            missed -= silence
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
                "since": since,
                "days": missed if missed is not None else settings.critical_days,
            }
        )
    return rows_of(found)


def told_until(
    last: date | None, account: dict[str, object], inputs: MonitoringInputs, calendar: ArrivalCalendar, as_of: date
) -> date | None:
    """The day up to which an account is told of: that of its newest statement, or the one that an empty list of it covers."""
    empty = inputs.sources.filter(pl.col("account_id") == account["account_id"])["last_empty_at"].drop_nulls()
    if last is None or empty.is_empty():
        return last
    return max([last, *(min(calendar.covered_by(one), as_of) for one in empty.to_list())])


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


def usual_wait(inputs: MonitoringInputs, settings: StaleStatement, as_of: date) -> dict[tuple[str, str | None], int]:
    """How many business days in a row an account and currency is usually without a statement, what came late included; see
    `arrival_habits`.

    Known only of accounts for which that is a habit and for which the config says nothing itself.
    """
    key = ["account_id", "currency"]
    told = (
        inputs.statements.filter(
            (pl.col("kind") == "statement") & pl.col("statement_date").is_between(as_of - YEAR, as_of)
        )
        .group_by(*key, "statement_date")
        .agg((pl.col("continuity") == "gap").any().fill_null(value=False).alias("is_gap"), pl.col("known_at").min())
        .sort(*key, "statement_date")
    )
    accounts = {str(row["account_id"]): row for row in inputs.accounts.iter_rows(named=True)}
    found: dict[tuple[str, str | None], int] = {}
    for (name, currency), days in told.group_by(*key):
        account = accounts.get(str(name))
        if account is None or str(name) in settings.accounts:
            continue
        calendar = account_calendar(account, settings, as_of)
        silences = (
            silences_of(days, calendar)
            if days.height > 1
            else first_span(inputs, str(name), days["statement_date"][0], calendar)
        )
        wait = usual_silence(silences) + usual_delay(delays_of(days, calendar))
        if wait:
            found[str(name), None if currency is None else str(currency)] = wait
    return found
