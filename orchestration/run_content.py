"""What every run's canonical tables and marts said, as a hash per table: `ops.run_content`, kept for good.

Two runs with the same `as_of` and `known_at` agree exactly where these rows do, on one machine or on two. A table whose phase
was not built again is not hashed again: its hash is that of the run that built it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from orchestration import fingerprints
from orchestration.content_hash import content_hash
from orchestration.run_time import RunTime

LAYERS: Mapping[str, str] = {"canonical": fingerprints.CANONICAL, "marts": fingerprints.MARTS}
"""Schema -> the phase that builds it."""


@dataclass(frozen=True)
class TableContent:
    """Rows of a table, and the hash of what they say."""

    rows: int
    content: str


def store(connection: duckdb.DuckDBPyConnection, run_time: RunTime) -> dict[str, TableContent]:
    """Add the run's rows to `ops.run_content`; returns them by `schema.table`. A run stored again replaces its rows."""
    _ensure(connection)
    contents: dict[str, TableContent] = {}
    for schema, phase in LAYERS.items():
        built = fingerprints.built_from(connection, phase)
        known = {} if built is None else _known(connection, schema, built)
        contents |= known or _hashed(connection, schema)
        connection.execute("DELETE FROM ops.table_content WHERE layer = ?", [schema])
        if built is not None:
            _insert(connection, "ops.table_content", (schema, built), contents, f"{schema}.")
    connection.execute("DELETE FROM ops.run_content WHERE run_id = ?", [run_time.run_id])
    _insert(connection, "ops.run_content", (run_time.run_id, run_time.as_of, run_time.known_at), contents, "")
    return contents


def _ensure(connection: duckdb.DuckDBPyConnection) -> None:
    columns = "table_name VARCHAR, row_count BIGINT, content_hash VARCHAR"
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(f"CREATE TABLE IF NOT EXISTS ops.table_content(layer VARCHAR, fingerprint VARCHAR, {columns})")
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS ops.run_content(run_id VARCHAR, as_of DATE, known_at TIMESTAMPTZ, {columns})"
    )


def _known(connection: duckdb.DuckDBPyConnection, schema: str, built: str) -> dict[str, TableContent]:
    """The hashes of a layer as it was built from this fingerprint; nothing where it was never hashed."""
    rows = connection.execute(
        "SELECT table_name, row_count, content_hash FROM ops.table_content WHERE layer = ? AND fingerprint = ? ORDER BY 1",
        [schema, built],
    ).fetchall()
    return {name: TableContent(count, content) for name, count, content in rows}


def _hashed(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, TableContent]:
    names = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY 1",
        [schema],
    ).fetchall()
    contents = {}
    for (name,) in names:
        table = f'{schema}."{name}"'
        counted = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert counted is not None  # noqa: S101  (an aggregate without GROUP BY has one row)
        contents[f"{schema}.{name}"] = TableContent(counted[0], content_hash(connection, table))
    return contents


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, key: tuple[object, ...], contents: Mapping[str, TableContent],
    prefix: str,
) -> None:  # fmt: skip
    chosen = {name: each for name, each in contents.items() if name.startswith(prefix)}
    if chosen:
        marks = ", ".join("?" for _ in key)
        connection.execute(
            f"INSERT INTO {table} SELECT {marks}, unnest(?::VARCHAR[]), unnest(?::BIGINT[]), unnest(?::VARCHAR[])",
            [*key, list(chosen), [each.rows for each in chosen.values()], [each.content for each in chosen.values()]],
        )
