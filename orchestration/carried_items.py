"""On which items the match ledger stands: those that a leg of the current run has carried it forward to.

Within a run nothing changes the items, so that only its first leg has to look whether groups still stand on them; what the
legs add stands on the same items. Another run, also one that looks back, sees another ledger and looks again.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from orchestration.run_time import RunTime

TABLE = "ops.carried_items"


def items_content(connection: duckdb.DuckDBPyConnection, datasets: Iterable[str]) -> str:
    """What of the items of `matching_input` a group stands on: ids, amounts, currencies and kinds, as a fingerprint in which
    the order of rows counts for nothing."""
    parts = []
    for name in sorted(datasets):
        row = connection.execute(
            "SELECT count(*), bit_xor(content), sum(content) "
            f'FROM (SELECT hash(item_id, amount, currency, kind) AS content FROM matching_input."{name}")'
        ).fetchone()
        parts.append(f"{name}:{row}")
    return "\n".join(parts)


def stands_on(connection: duckdb.DuckDBPyConnection, run_time: RunTime, content: str) -> bool:
    """Whether the ledger has been carried forward to these items in this run."""
    _ensure(connection)
    found = connection.execute(
        f"SELECT 1 FROM {TABLE} WHERE run_id = ? AND known_at = ? AND as_of = ? AND content = ?",
        [run_time.run_id, run_time.known_at, run_time.as_of, content],
    ).fetchone()
    return found is not None


def carried_to(connection: duckdb.DuckDBPyConnection, run_time: RunTime, content: str) -> None:
    """Keep that the ledger stands on these items; to be called in the transaction that writes what was released."""
    _ensure(connection)
    connection.execute(f"DELETE FROM {TABLE}")
    connection.execute(
        f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?)", [run_time.run_id, run_time.known_at, run_time.as_of, content]
    )


def _ensure(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {TABLE}"
        "(run_id VARCHAR, known_at TIMESTAMPTZ NOT NULL, as_of DATE NOT NULL, content VARCHAR NOT NULL)"
    )
