"""A hash of what a table says, whatever the order of its rows: two runs agree exactly where their hashes do.

Which run made a row is not content: columns that name the run are left out.
"""

from __future__ import annotations

import hashlib

import duckdb

NOT_CONTENT = frozenset({"run_id"})


def content_hash(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """SHA-256 over the sorted rows of `table` (a quoted or plain name), columns in alphabetical order, as hex.

    Values are compared as text of their own type, so that it does not depend on the machine or on DuckDB's hash function.
    """
    columns = sorted(row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall())
    columns = [column for column in columns if column not in NOT_CONTENT]
    if not columns:
        return hashlib.sha256(b"").hexdigest()
    fields = ", ".join(f"coalesce(length(\"{c}\"::VARCHAR) || ':' || \"{c}\"::VARCHAR, '~')" for c in columns)
    row = connection.execute(
        f"SELECT sha256(coalesce(string_agg(line, chr(10) ORDER BY line), '')) FROM (SELECT sha256(concat({fields})) AS line FROM {table})"
    ).fetchone()
    assert row is not None  # noqa: S101  (an aggregate without GROUP BY has one row)
    return hashlib.sha256(f"{','.join(columns)}\n{row[0]}".encode()).hexdigest()
