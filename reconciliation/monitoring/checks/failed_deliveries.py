"""Deliveries that did not load: quarantined, in conflict with an earlier one, or loaded without some of their
records.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.monitoring.findings import Value, findings
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = (
    "Ask the sender for a correct file, a repeat is harmless; where the block of its source is wrong, correct it and have the "
    "file read again: tieout source reread"
)


def find(inputs: MonitoringInputs, as_of: date) -> pl.DataFrame:
    """One finding per delivery that no later one has replaced. Its money is not known. Age: days since it was
    received.
    """
    received = pl.col("received_at").dt.date()
    rows = inputs.deliveries.filter(
        (
            pl.col("status").is_in(["quarantined", "conflict"])
            | ((pl.col("status") == "partly") & (pl.col("records_rejected") > 0))
        )
        & (received <= as_of)
        & ~pl.col("is_replaced").fill_null(value=False)
    ).with_columns(
        pl.lit(None, pl.String).alias("currency"),
        pl.lit(None, AMOUNT).alias("amount"),
        received.alias("since"),
    )
    return findings(
        rows,
        object_type="delivery",
        object_id="delivery_id",
        message=_message,
        next_step=NEXT_STEP,
        owner="owner",
    )


def _message(row: Mapping[str, Value]) -> str:
    what = f"{row['file_name']} of {row['source']}, received on {row['since']},"
    if row["status"] == "partly":
        return f"{what} loaded without {row['records_rejected']} of its records"
    state = "contradicts what was delivered before" if row["status"] == "conflict" else "could not be loaded"
    return f"{what} {state}: {row['reason'] or 'no reason recorded'}"
