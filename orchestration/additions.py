"""Whether a phase of dbt can add to the tables that stand: nothing it is built from has changed but that deliveries were added.

Another config, another version of the project or a delivery that is gone (an earlier known_at) make every table anew; so does a
build cut short. Marts follow the canonical tables: they add only where they stand on the build before, or on this one. Which keys
new deliveries touch is said in dbt_project/macros/touched_*.sql. On another business day the models that state figures of the day
(config `of_day`) are made anew, the others added to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb

from orchestration import fingerprints
from orchestration.dbt_runner import FAILED, build
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunResult

_KNOWN = f"SELECT delivery_id, hash(d) AS content FROM raw.delivery d WHERE received_at <= (SELECT known_at FROM {fingerprints.RUN})"


def build_phase(
    workspace: Workspace, phase: str, select: str, exclude: str, *, tests: bool = True
) -> tuple[Sequence[RunResult], bool]:
    """Build a phase and test it, adding to its tables where that is possible; dbt's results, and whether it added.

    Where a model or a test fails, the next build makes every table anew.
    """
    with connect(workspace.warehouse) as connection:
        added = can_add(connection, phase)
        new_day = added and is_new_day(connection, phase)
        forget(connection, phase)
    results = build(workspace, select, exclude, tests=tests, new_only=added, new_day=new_day)
    if not any(str(result.status) in FAILED for result in results):
        with connect(workspace.warehouse) as connection:
            remember(connection, phase, added=added)
    return results, added


def can_add(connection: duckdb.DuckDBPyConnection, phase: str) -> bool:
    """Whether the phase may be built by adding; lists the deliveries to add in `ops.new_delivery`."""
    _ensure(connection)
    connection.execute("DELETE FROM ops.new_delivery")
    connection.execute(
        f"INSERT INTO ops.new_delivery SELECT delivery_id FROM ({_KNOWN}) WHERE delivery_id NOT IN "
        "(SELECT delivery_id FROM ops.phase_delivery WHERE phase = ?)",
        [phase],
    )
    row = connection.execute("SELECT ground, build, canonical FROM ops.phase_build WHERE phase = ?", [phase]).fetchone()
    if row is None or row[0] != fingerprints.ground(connection, phase) or _gone(connection, phase):
        return False
    if phase == fingerprints.CANONICAL:
        return True
    canonical = connection.execute(
        "SELECT build, added_to FROM ops.phase_build WHERE phase = ? AND ground IS NOT NULL", [fingerprints.CANONICAL]
    ).fetchone()
    return canonical is not None and row[2] is not None and row[2] in canonical


def is_new_day(connection: duckdb.DuckDBPyConnection, phase: str) -> bool:
    """Whether the phase was last built for another business day."""
    row = connection.execute(
        f"SELECT as_of IS DISTINCT FROM (SELECT as_of FROM {fingerprints.RUN}) FROM ops.phase_build WHERE phase = ?",
        [phase],
    ).fetchone()
    return row is None or bool(row[0])


def forget(connection: duckdb.DuckDBPyConnection, phase: str) -> None:
    """A build has begun: until it ends, nothing can be added to what it leaves."""
    _ensure(connection)
    connection.execute("UPDATE ops.phase_build SET ground = NULL WHERE phase = ?", [phase])


def remember(connection: duckdb.DuckDBPyConnection, phase: str, *, added: bool) -> None:
    """A build has ended: what it stands on, and which deliveries its tables hold."""
    _ensure(connection)
    build = _build(connection, phase)
    canonical = _build(connection, fingerprints.CANONICAL) if phase == fingerprints.MARTS else None
    connection.execute("DELETE FROM ops.phase_build WHERE phase = ?", [phase])
    connection.execute(
        "INSERT INTO ops.phase_build(phase, ground, build, added_to, canonical, as_of) "
        f"VALUES (?, ?, ?, ?, ?, (SELECT as_of FROM {fingerprints.RUN}))",
        [phase, fingerprints.ground(connection, phase), (build or 0) + 1, build if added else None, canonical],
    )
    connection.execute("DELETE FROM ops.phase_delivery WHERE phase = ?", [phase])
    connection.execute(f"INSERT INTO ops.phase_delivery SELECT ?, * FROM ({_KNOWN})", [phase])


def _build(connection: duckdb.DuckDBPyConnection, phase: str) -> int | None:
    row = connection.execute("SELECT build FROM ops.phase_build WHERE phase = ?", [phase]).fetchone()
    return None if row is None else int(row[0])


def _gone(connection: duckdb.DuckDBPyConnection, phase: str) -> bool:
    """Whether a delivery that the tables hold is not known in this run, or known otherwise."""
    row = connection.execute(
        f"SELECT count(*) FROM (SELECT delivery_id, content FROM ops.phase_delivery WHERE phase = ? EXCEPT {_KNOWN})",
        [phase],
    ).fetchone()
    return row is None or row[0] > 0


def _ensure(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS ops.phase_build"
        "(phase VARCHAR PRIMARY KEY, ground VARCHAR, build BIGINT NOT NULL, added_to BIGINT, canonical BIGINT)"
    )
    connection.execute("ALTER TABLE ops.phase_build ADD COLUMN IF NOT EXISTS as_of DATE")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS ops.phase_delivery(phase VARCHAR NOT NULL, delivery_id VARCHAR NOT NULL, content UBIGINT NOT NULL)"
    )
    connection.execute("CREATE TABLE IF NOT EXISTS ops.new_delivery(delivery_id VARCHAR NOT NULL)")
