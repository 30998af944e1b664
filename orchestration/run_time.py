"""The time of a run: the business day it looks at and what was known by then. The shell is the only place with a clock.

Models and jobs read both from `config.run_parameter`; a rerun with the same two values gives the same content.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import duckdb

from orchestration.company import Company
from orchestration.ledger_time import remember_run

UTC = UTC


@dataclass(frozen=True)
class RunTime:
    """`as_of` is the group's local business day; `known_at` the moment (UTC) up to which deliveries count."""

    as_of: date
    known_at: datetime
    run_id: str


def resolve(company: Company, now: datetime, as_of: date | None = None, known_at: datetime | None = None) -> RunTime:
    """Fill in what was not given: `as_of` is today in the group's time zone, `known_at` the end of that day or now.

    A day in the past is looked at as it was known at its end; later deliveries wait for a later day. `now` needs an
    offset. Raises `ValueError` where `known_at` has none.
    """
    if known_at is not None and known_at.tzinfo is None:
        raise ValueError(f"known_at {known_at.isoformat()} has no offset; give e.g. 2026-09-30T18:00:00+02:00")
    day = as_of or (known_at or now).astimezone(company.zone).date()
    end_of_day = datetime.combine(day + timedelta(days=1), time(), company.zone) - timedelta(microseconds=1)
    return RunTime(day, (known_at or min(end_of_day, now)).astimezone(UTC), run_id="")


def write(connection: duckdb.DuckDBPyConnection, run_time: RunTime) -> None:
    """Make `run_time` the run's time, in place of that of the run before, and keep that there was such a run."""
    connection.execute("DELETE FROM config.run_parameter")
    connection.execute(
        "INSERT INTO config.run_parameter (as_of, known_at, run_id) VALUES (?, ?, ?)",
        [run_time.as_of, run_time.known_at, run_time.run_id],
    )
    remember_run(connection, run_time.known_at, run_time.as_of)


def read(connection: duckdb.DuckDBPyConnection) -> RunTime:
    """The time of the current run; raises `LookupError` where no run has begun in this warehouse."""
    row = connection.execute("SELECT as_of, known_at, run_id FROM config.run_parameter").fetchone()
    if row is None:
        raise LookupError("config.run_parameter is empty: materialise workspace_config first, it fixes the run's time")
    return RunTime(row[0], row[1].astimezone(UTC), row[2])
