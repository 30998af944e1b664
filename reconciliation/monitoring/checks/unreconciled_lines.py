"""Booked statement lines that no decided match explains, or explains in part only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.config import UnreconciledLine
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Find the payment or document the entry belongs to, decide the suggestion, or post it as what it is"


def find(inputs: MonitoringInputs, settings: UnreconciledLine, as_of: date) -> pl.DataFrame:
    """One finding per line with an open amount, once it has been known for `after_days`. Age: days since the
    booking.
    """
    rows = inputs.bank_lines.filter(
        (pl.col("open_amount") != 0)
        & (pl.col("date") <= as_of)
        & (pl.max_horizontal("date", "known_on") <= as_of - timedelta(days=settings.after_days))
    ).with_columns(pl.col("open_amount").alias("amount"), pl.col("date").alias("since"))
    return findings(rows, object_type="bank_line", object_id="bank_line_id", message=_message, next_step=NEXT_STEP)


def _message(row: Mapping[str, Value]) -> str:
    flow = "from" if str(row["open_amount"])[0] != "-" else "to"
    party = f" {flow} {row['counterparty_name']}" if row["counterparty_name"] else ""
    why = {
        "suggested": "a suggestion waits for a decision",
        "ambiguous": "several answers are equally good",
        "matched": "a match explains the rest of it only",
    }.get(str(row["state"]), "nothing explains it")
    return f"{row['account_id']}: {money(row)}{party}, booked on {row['date']}, is not reconciled: {why}"
