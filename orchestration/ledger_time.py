"""What of the ledgers a run knows: the matches, alerts and forecasts that runs before it have written.

Runs stand in the order of (known_at, as_of), whenever they were executed. A row of a ledger holds for a span of that order:
from the run that wrote it until the run that ended it. A run reads the ledgers as they were at its own place, through the
views `known_*`; one that looks back writes for its own place only: from the next run on everything is as it was. So the same
`as_of` and `known_at` give the same marts again, whatever ran in between, and looking back never changes what later runs say.

Rows without a span are of an older version, and known to every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

import duckdb
import pyarrow as pa

SPAN: Mapping[str, str] = {
    "from_known_at": "TIMESTAMPTZ", "from_as_of": "DATE", "until_known_at": "TIMESTAMPTZ", "until_as_of": "DATE"
}  # fmt: skip
KNOWN: Mapping[str, str] = {
    "matching.match_group": "matching.known_group",
    "monitoring.alert": "monitoring.known_alert",
    "forecasting.cash_forecast": "forecasting.known_forecast",
}
"""Ledger -> the view of it that a run reads."""
RUNS = "ops.run_point"

# of a row t of a ledger and the run r
BEGUN = "(t.from_known_at IS NULL OR t.from_known_at < r.known_at OR (t.from_known_at = r.known_at AND t.from_as_of <= r.as_of))"
ENDED = (
    "coalesce(t.until_known_at < r.known_at OR (t.until_known_at = r.known_at AND t.until_as_of <= r.as_of), false)"
)  # fmt: skip
RUN = "config.run_parameter AS r"

# Of each day the forecast as it was made on that day, its last; where it was made only later, the first of these. Of the
# run's own day what is newest.
_FORECAST = f"""
    WITH made AS (
        SELECT DISTINCT vintage, known_at FROM forecasting.cash_forecast
    ),
    placed AS (
        SELECT
            made.vintage, made.known_at,
            made.vintage != r.as_of
            AND made.known_at >= timezone(company.timezone, CAST(made.vintage + 1 AS TIMESTAMP)) AS is_hindsight
        FROM made CROSS JOIN {RUN} CROSS JOIN config.company AS company
        WHERE made.known_at IS NULL OR made.known_at <= r.known_at
    ),
    chosen AS (
        SELECT vintage, known_at FROM placed
        QUALIFY row_number() OVER (
            PARTITION BY vintage
            ORDER BY is_hindsight, CASE WHEN is_hindsight THEN known_at END, known_at DESC NULLS LAST
        ) = 1
    )
    SELECT t.* EXCLUDE (known_at) FROM forecasting.cash_forecast AS t
    JOIN chosen ON t.vintage = chosen.vintage AND t.known_at IS NOT DISTINCT FROM chosen.known_at
"""
_VIEWS: Mapping[str, str] = {
    "matching.known_group": f"""
        SELECT
            t.* EXCLUDE (from_known_at, from_as_of, until_known_at, until_as_of)
                REPLACE (
                    CASE WHEN t.until_known_at IS NULL OR {ENDED} THEN t.superseded_by END AS superseded_by,
                    CASE WHEN t.until_known_at IS NULL OR {ENDED} THEN t.superseded_in END AS superseded_in
                )
        FROM matching.match_group AS t CROSS JOIN {RUN}
        WHERE {BEGUN}
    """,
    "monitoring.known_alert": f"""
        SELECT t.* EXCLUDE (from_known_at, from_as_of, until_known_at, until_as_of)
        FROM monitoring.alert AS t CROSS JOIN {RUN}
        WHERE {BEGUN} AND NOT {ENDED}
    """,
    "forecasting.known_forecast": _FORECAST,
}

Point = tuple[datetime, date]


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """The views, over the ledgers' tables as they are."""
    for name, sql in _VIEWS.items():
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {sql}")


def remember_run(connection: duckdb.DuckDBPyConnection, known_at: datetime, as_of: date) -> None:
    """Keep that there is a run at this place."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {RUNS}(known_at TIMESTAMPTZ NOT NULL, as_of DATE NOT NULL)")
    connection.execute(
        f"INSERT INTO {RUNS} SELECT $1, $2 WHERE NOT EXISTS (FROM {RUNS} WHERE known_at = $1 AND as_of = $2)",
        [known_at, as_of],
    )


def next_run(connection: duckdb.DuckDBPyConnection) -> Point | None:
    """The place of the run after the current one, where the current one looks back; None where it is the newest."""
    row = connection.execute(
        f"SELECT run.known_at, run.as_of FROM {RUNS} AS run CROSS JOIN {RUN} "
        "WHERE run.known_at > r.known_at OR (run.known_at = r.known_at AND run.as_of > r.as_of) ORDER BY ALL LIMIT 1"
    ).fetchone()
    return None if row is None else (row[0], row[1])


def end_rows(
    connection: duckdb.DuckDBPyConnection,
    ledger: str,
    key: str,
    ended: str,
    said: Mapping[str, str],
    after: Point | None,
) -> None:
    """End, at the current run, the rows of a ledger that hold there and whose `key` the relation `ended` names.

    `said` gives columns and what they say of an ended row (SQL about its row n of `ended`). Where the run looks back, the rows
    go on from the run `after` it as they were. To be called inside a transaction.
    """
    holds = f"t.{key} = n.{key} AND {BEGUN} AND NOT {ENDED}"
    if said:  # rows of an older version have no span
        holds += "".join(f" AND (t.{column} IS NULL OR t.until_known_at IS NOT NULL)" for column in said)
    if after is not None:
        connection.execute(
            f"INSERT INTO {ledger} SELECT t.* REPLACE ($1::TIMESTAMPTZ AS from_known_at, $2::DATE AS from_as_of) "
            f"FROM {ledger} AS t, {ended} AS n, {RUN} WHERE {holds} AND (t.until_known_at IS NULL "
            "OR t.until_known_at > $1 OR (t.until_known_at = $1 AND t.until_as_of > $2))",
            list(after),
        )
    changes = "".join(f", {column} = {value}" for column, value in said.items())
    connection.execute(
        f"UPDATE {ledger} AS t SET until_known_at = r.known_at, until_as_of = r.as_of{changes} FROM {ended} AS n, {RUN} "
        f"WHERE {holds}"
    )


def replace_rows(
    connection: duckdb.DuckDBPyConnection, ledger: str, key: str, columns: Iterable[str], rows: pa.Table
) -> None:
    """Make `rows` what the ledger says at the current run: a row that says something else is ended, one that says the same
    stays. To be called inside a transaction."""
    names, after, view = ", ".join(f'"{name}"' for name in columns), next_run(connection), KNOWN[ledger]
    connection.register("given", rows)
    for table, one, other in (("fresh", "given", view), ("ended", view, "given")):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {names} FROM {one} EXCEPT SELECT {names} FROM {other}"
        )
    end_rows(connection, ledger, key, "ended", {}, after)
    held_for_no_run = "from_known_at = until_known_at AND from_as_of = until_as_of"
    connection.execute(f"DELETE FROM {ledger} WHERE {held_for_no_run}")
    connection.execute(
        f"INSERT INTO {ledger} ({names}, {', '.join(SPAN)}) "
        f"SELECT {names}, r.known_at, r.as_of, $1, $2 FROM fresh CROSS JOIN {RUN} ORDER BY {key}",
        list(after or (None, None)),
    )
    connection.unregister("given")
