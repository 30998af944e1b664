"""Statements whose own figures do not agree: opening balance plus booked entries is not the closing balance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Compare the statement with the bank portal; an entry is missing, doubled or wrong in the file"


def find(inputs: MonitoringInputs, as_of: date) -> pl.DataFrame:
    """One finding per statement that is off; the money at stake is the difference. Age: days since the statement."""
    rows = inputs.statements.filter(
        (pl.col("kind") == "statement") & (pl.col("balance_check") == "off") & (pl.col("statement_date") <= as_of)
    ).with_columns(
        pl.col("difference").alias("amount"),
        pl.col("statement_date").alias("since"),
        (pl.col("expected_opening") - pl.col("opening_balance") == pl.col("difference")).alias("is_opening_wrong"),
    )
    return findings(
        rows,
        object_type="statement",
        object_id="statement_key",
        message=_message,
        next_step=NEXT_STEP,
    )


def _message(row: Mapping[str, Value]) -> str:
    said = (
        f"{row['account_id']}: the statement of {row['statement_date']} is off by {money(row)}: "
        "opening balance plus entries is not the closing balance"
    )
    if row["is_opening_wrong"]:
        return f"{said}; from the closing balance of {row['previous_date']} it adds up: the opening balance is wrong"
    return said
