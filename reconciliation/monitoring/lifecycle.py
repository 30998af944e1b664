"""The life of an alert over the runs: first seen, still open, set aside by a person, resolved, open again under the same id."""

from __future__ import annotations

import hashlib
from datetime import date

import polars as pl

from reconciliation.contracts import ALERT
from reconciliation.frames import conform


def alert_id(check: str, object_type: str, object_id: str) -> str:
    """The alert's id: the same condition on the same object has the same one in every run."""
    return hashlib.sha256("\x1f".join((check, object_type, object_id)).encode()).hexdigest()[:24]


def carry_on(found: pl.DataFrame, known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The alerts of this run and of all earlier ones, each with its status as of this run (ALERT, sorted by id).

    `found` has the columns of ALERT without its history, `is_ignored` and `ignored_until`. An alert that is not found any
    more is resolved on `as_of`; one that was resolved and is found again is open again. Running a day twice changes
    nothing; a run for an earlier day neither resolves nor rejuvenates what later runs have seen.
    """
    known = conform(known, ALERT, "known")
    history = known.select(
        "alert_id",
        known_since="since",
        known_first="first_seen",
        known_last="last_seen",
        known_status="status",
        known_resolved="resolved_on",
    )
    was_open = (pl.col("known_status") != "resolved").fill_null(value=False)
    resolved_later = (pl.col("known_resolved") > as_of).fill_null(value=False)
    now = found.join(history, on="alert_id", how="left").with_columns(
        pl.coalesce(pl.col("since"), pl.when(was_open).then(pl.col("known_since")), pl.lit(as_of)).alias("since"),
        pl.min_horizontal(pl.col("known_first"), pl.lit(as_of)).alias("first_seen"),
        pl.max_horizontal(pl.col("known_last"), pl.lit(as_of)).alias("last_seen"),
        pl.when(resolved_later).then(pl.lit("resolved")).when("is_ignored").then(pl.lit("ignored"))
        .otherwise(pl.lit("open")).alias("status"),
        pl.when(resolved_later).then(pl.col("known_resolved")).alias("resolved_on"),
    )  # fmt: skip
    gone = known.join(found, on="alert_id", how="anti")
    ends_now = (pl.col("status") != "resolved") & (pl.col("last_seen") <= as_of)
    gone = gone.with_columns(
        pl.when(ends_now).then(pl.lit(as_of)).otherwise(pl.col("resolved_on")).alias("resolved_on"),
        pl.when(ends_now).then(pl.lit("resolved")).otherwise(pl.col("status")).alias("status"),
        pl.when(~ends_now).then(pl.col("ignored_until")).alias("ignored_until"),
    )
    return pl.concat([now.select(list(ALERT)), gone.select(list(ALERT))]).sort("alert_id")
