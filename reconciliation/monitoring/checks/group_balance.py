"""Match groups that do not balance: left less right is not the difference the group states."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.monitoring.findings import findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Undo the group and report it: the matching broke its own rule"


def find(inputs: MonitoringInputs, as_of: date) -> pl.DataFrame:
    """One finding per group; the money at stake is what is missing. Age: days since the run that made the group."""
    rows = (
        inputs.match_groups.filter(pl.col("as_of") <= as_of)
        .with_columns(
            (pl.col("left_total") - pl.col("right_total") - pl.col("difference")).alias("amount"),
            pl.lit(None, pl.String).alias("entity_id"),
            pl.col("as_of").alias("since"),
        )
        .filter(pl.col("amount") != 0)
    )
    return findings(
        rows,
        object_type="match_group",
        object_id="group_id",
        message=lambda row: f"A match of leg {row['leg']} made on {row['since']} does not balance by {money(row)}",
        next_step=NEXT_STEP,
        account=None,
    )
