"""Statements that do not follow one another: one opens elsewhere than the last one closed, a number is left out, or two tell of the
same days and differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Ask the bank for the statement in between and deliver it; the order heals by itself"
WHICH_HOLDS = "Ask the bank which of the statements of these days holds: until then entries of both are booked"

HABIT = 10  # one step in so many leaps where numbers count days: one of five, and holidays


def find(inputs: MonitoringInputs, as_of: date) -> pl.DataFrame:
    """One finding per statement that does not follow the one before it, and per one that covers days of an earlier one with other
    entries; what another one merely repeats is none.

    A gap in the balances names the money that moved unseen. A gap in the numbers alone (within one year) has no
    amount: nothing or as much in as out was booked on the missing statement. Where the numbers of an account count days, or are
    dates, their gaps are weekends. Age: days since the statement before.
    """
    statements = inputs.statements.filter((pl.col("kind") == "statement") & (pl.col("statement_date") <= as_of))
    balances = pl.col("continuity") == "gap"
    same_year = pl.col("statement_date").dt.year() == pl.col("previous_date").dt.year()
    follows = pl.col("continuity").is_in(["ok", "unknown"]) & same_year
    step = pl.when(follows).then(pl.col("sequence") - pl.col("previous_sequence"))
    over_days_off = (pl.col("statement_date") - pl.col("previous_date")).dt.total_days() > 1
    of_account = ["account_id", "currency"]
    leaps = (step > 1).sum().over(of_account)
    counts_no_statements = (
        (leaps > ((step == 1) & over_days_off).sum().over(of_account))
        & (leaps * HABIT >= step.count().over(of_account))
        & (leaps > 1)
    )
    numbers = (step > 1) & ~counts_no_statements
    rows = statements.filter(balances | numbers.fill_null(value=False)).with_columns(
        pl.when(balances).then(pl.col("opening_balance") - pl.col("expected_opening")).alias("amount"),
        pl.coalesce("previous_date", "statement_date").alias("since"),
    )
    overlaps = statements.filter(pl.col("continuity") == "overlap").with_columns(
        (pl.col("opening_balance") - pl.col("expected_opening")).alias("amount"),
        pl.col("statement_date").alias("since"),
    )
    return pl.concat(
        [
            findings(found, object_type="statement", object_id="statement_key", message=message, next_step=advice)
            for found, message, advice in ((rows, _message, NEXT_STEP), (overlaps, _overlap, WHICH_HOLDS))
        ]
    )


def _overlap(row: Mapping[str, Value]) -> str:
    said = (
        f"{row['account_id']}: the statement {row['statement_id'] or ''} of {row['statement_date']} covers days that an earlier one "
        f"has told already, and opens {money(row)} away from its closing balance"
    )
    if row["repeated_entries"]:
        return f"{said}; {row['repeated_entries']} of its {row['entry_count']} entries are the same, the others are not"
    return said


def _message(row: Mapping[str, Value]) -> str:
    if row["continuity"] != "gap":
        return (
            f"{row['account_id']}: statement {row['sequence']} of {row['statement_date']} follows number "
            f"{row['previous_sequence']} of {row['previous_date']}; the numbers in between are missing"
        )
    return (
        f"{row['account_id']}: the statement of {row['statement_date']} opens {money(row)} away from the closing "
        f"balance of {row['previous_date']}; what was booked in between has not arrived"
    )
