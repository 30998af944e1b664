"""What a phase of dbt models was built from: where nothing of it has changed, its tables are already right (DESIGN 6, 7).

A fingerprint covers the project's files, the config, the run's business day, which deliveries are known, and, for the marts,
the result tables. It does not cover known_at itself: models see it only through the deliveries known by then.
"""

from __future__ import annotations

import hashlib

import duckdb

from orchestration.dbt_runner import project_fingerprint
from orchestration.warehouse import CONFIG_TABLES, RESULT_TABLES

CANONICAL, MARTS = "canonical", "marts"


def fingerprint(connection: duckdb.DuckDBPyConnection, phase: str) -> str:
    """The fingerprint of a phase's inputs as the warehouse holds them now."""
    tables = {f"config.{name}" for name in CONFIG_TABLES} - {"config.run_parameter"}
    parts = [project_fingerprint(), phase]
    if phase == MARTS:
        tables |= set(RESULT_TABLES)
    parts += [f"{table}:{_content(connection, table)}" for table in sorted(tables)]
    parts.append(str(connection.execute("SELECT as_of FROM config.run_parameter").fetchone()))
    parts.append(
        str(
            connection.execute(
                "SELECT count(*), bit_xor(hash(delivery_id, status, received_at)) FROM raw.delivery "
                "WHERE received_at <= (SELECT known_at FROM config.run_parameter)"
            ).fetchone()
        )
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Rows and an order-independent hash of a table."""
    row = connection.execute(f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM {table} t").fetchone()
    return str(row)


def built_from(connection: duckdb.DuckDBPyConnection, phase: str) -> str | None:
    """The fingerprint of the last time the whole phase was built, or None."""
    _ensure(connection)
    row = connection.execute("SELECT fingerprint FROM ops.phase WHERE phase = ?", [phase]).fetchone()
    return None if row is None else str(row[0])


def remember(connection: duckdb.DuckDBPyConnection, phase: str, value: str | None) -> None:
    """Keep what the phase is built from; None forgets it, so that a build cut short is done again."""
    _ensure(connection)
    connection.execute("DELETE FROM ops.phase WHERE phase = ?", [phase])
    if value is not None:
        connection.execute("INSERT INTO ops.phase VALUES (?, ?)", [phase, value])


def _ensure(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute("CREATE TABLE IF NOT EXISTS ops.phase(phase VARCHAR PRIMARY KEY, fingerprint VARCHAR NOT NULL)")
