"""Cash positions computed from what is too old: no statement and no intraday report covers the day that was due."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.minor_units import show
from reconciliation.monitoring.checks.stale_statements import (
    account_calendar,
    last_balances,
    told_until,
    usual_wait,
)
from reconciliation.monitoring.config import ExpectedStatement, StaleStatement
from reconciliation.monitoring.findings import Row, rows_of
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Do not lend or invest against this position before the bank portal confirms it"


def find(inputs: MonitoringInputs, arrivals: StaleStatement, as_of: date) -> pl.DataFrame:
    """One finding per position whose newest balance, of a statement or an intraday report, is older than was due, and which no later one
    carries on: what statements book that state no balance is counted.

    Uses the arrival settings of `stale_statement`. An account without any balance has no position to be stale. Age:
    business days beyond what was due.
    """
    usual = usual_wait(inputs, arrivals, as_of)
    found: list[Row] = []
    for account in last_balances(inputs, as_of, kinds=("statement", "report")).iter_rows(named=True):
        if account["balance_date"] is None:
            continue
        calendar = account_calendar(account, arrivals, as_of)
        newest = max(account["date"], account["balance_date"])
        last = told_until(newest, account, inputs, calendar, as_of) or newest
        missed = calendar.missed(last, inputs.known_at, as_of)
        tolerance = arrivals.accounts.get(account["account_id"], ExpectedStatement()).tolerance_days
        silence = usual.get((account["account_id"], account["currency"]), 0)
        if missed <= max(tolerance, silence):
            continue
        missed -= silence
        carried_on = f", with what is booked until {newest}" if newest > account["balance_date"] else ""
        found.append(
            {
                "object_type": "position",
                "object_id": f"{account['account_id']}|{account['currency']}",
                "entity": account["entity_id"],
                "account": account["account_id"],
                "currency": account["currency"],
                "amount": abs(account["balance"]),
                "owner": account["owner"],
                "message": (
                    f"The position of {account['account_id']} rests on {show(account['balance'], account['currency'])} "
                    f"of {account['balance_date']}{carried_on}, {missed} business day{'s' if missed != 1 else ''} older than due"
                ),
                "next_step": NEXT_STEP,
                "since": calendar.first_missed(calendar.days.add(last, silence)),
                "days": missed,
            }
        )
    return rows_of(found)
