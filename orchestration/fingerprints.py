"""What a phase of the run was made from: where nothing of it has changed, its tables are already right (DESIGN 6, 7).

A fingerprint of dbt models covers the project's files, the config, the run's business day, which deliveries are known, and,
for the marts, the result tables. It does not cover known_at itself: models see it only through the deliveries known by then, and
through the ledgers as they are known by then.
That of matching, monitoring or forecasting covers the tables it reads and writes, its rules, its code and the business day;
monitoring adds the moment, by which deliveries are late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

import duckdb

from orchestration.dbt_runner import project_fingerprint
from orchestration.ledger_time import KNOWN
from orchestration.warehouse import CONFIG_TABLES, RESULT_TABLES, insert_rows
from orchestration.workspace import PROJECT_ROOT

CANONICAL, MATCHING, MONITORING, FORECASTING, MARTS = "canonical", "matching", "monitoring", "forecasting", "marts"
RUN = "config.run_parameter"
CONFIG = frozenset(f"config.{name}" for name in CONFIG_TABLES)
CODE = ("reconciliation", "orchestration")


def fingerprint(connection: duckdb.DuckDBPyConnection, phase: str) -> str:
    """The fingerprint of a phase's inputs as the warehouse holds them now."""
    results = sorted(KNOWN.get(table, table) for table in RESULT_TABLES) if phase == MARTS else []
    parts = [f"{table}:{_content(connection, table)}" for table in results]
    return _digest([ground(connection, phase), *parts, *_time(connection)])


def ground(connection: duckdb.DuckDBPyConnection, phase: str) -> str:
    """The fingerprint of what every row of a phase depends on, whatever the day: the project and the config."""
    parts = [f"{table}:{_content(connection, table)}" for table in sorted(CONFIG - {RUN})]
    return _digest([project_fingerprint(), phase, *parts])


def of_job(connection: duckdb.DuckDBPyConnection, job: str, reads: Sequence[str], rules: str) -> str:
    """The fingerprint of a job of `reconciliation`: every table of the schemas it reads, and of its own (of a ledger what the
    run knows of it), its rules and code.

    Taken after the job it names the state in which another run of it would change nothing.
    """
    tables = connection.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema IN (SELECT unnest(?::VARCHAR[])) AND table_type = 'BASE TABLE'",
        [[job, *reads]],
    ).fetchall()
    names = {KNOWN.get(str(row[0]), str(row[0])) for row in tables} | CONFIG - {RUN}
    parts = [job, code_fingerprint(), rules]
    parts += [f"{table}:{_content(connection, table)}" for table in sorted(names)]
    parts += _time(connection)
    return _digest(parts)


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """A hash over the code of the jobs and of what feeds them: a release that changes it makes every result anew."""
    digest = hashlib.sha256()
    for package in CODE:
        for path in sorted((PROJECT_ROOT / package).rglob("*.py")):
            digest.update(f"{path.relative_to(PROJECT_ROOT)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _time(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The business day, and the deliveries that count in this run."""
    known = connection.execute(
        "SELECT count(*), bit_xor(hash(delivery_id, status, received_at, run_id)) FROM raw.delivery "
        f"WHERE received_at <= (SELECT known_at FROM {RUN})"
    ).fetchone()
    return [str(connection.execute(f"SELECT as_of FROM {RUN}").fetchone()), str(known)]


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Rows and an order-independent hash of a table."""
    row = connection.execute(f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM {table} t").fetchone()
    return str(row)


def job_stands(connection: duckdb.DuckDBPyConnection, job: str, reads: Sequence[str], rules: str) -> bool:
    """Whether all that a job reads and wrote is as it was when it last ended."""
    return of_job(connection, job, reads, rules) == built_from(connection, job)


def job_ended(connection: duckdb.DuckDBPyConnection, job: str, reads: Sequence[str], rules: str) -> None:
    """Keep the state a job has left."""
    remember(connection, job, of_job(connection, job, reads, rules))


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


def remember_checks(connection: duckdb.DuckDBPyConnection, phase: str, checks: Iterable[tuple[str, str, int]]) -> None:
    """Keep what the tests of a phase found, (test, status of dbt, failing rows): true for as long as its tables stand."""
    _ensure(connection)
    connection.execute("DELETE FROM ops.phase_check WHERE phase = ?", [phase])
    rows = [(phase, *check) for check in checks]
    insert_rows(connection, "ops.phase_check", ["phase", "test", "status", "failing_rows"], rows)


def remembered_checks(connection: duckdb.DuckDBPyConnection, phase: str) -> list[tuple[str, str, int]]:
    """What the tests of a phase found when it was last built: (test, status of dbt, failing rows)."""
    _ensure(connection)
    return connection.execute(
        "SELECT test, status, failing_rows FROM ops.phase_check WHERE phase = ? ORDER BY test", [phase]
    ).fetchall()


def _ensure(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute("CREATE TABLE IF NOT EXISTS ops.phase(phase VARCHAR PRIMARY KEY, fingerprint VARCHAR NOT NULL)")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS ops.phase_check"
        "(phase VARCHAR NOT NULL, test VARCHAR NOT NULL, status VARCHAR NOT NULL, failing_rows BIGINT NOT NULL)"
    )
