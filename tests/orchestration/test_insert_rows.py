"""Rows of Python values come into a table as they are, all at once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pytest

from orchestration.warehouse import insert_rows

COLUMNS = ("name", "amount", "moment", "note")


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        "CREATE TABLE t(note VARCHAR, name VARCHAR PRIMARY KEY, amount DECIMAL(23,5), moment TIMESTAMPTZ)"
    )
    return connection


def test_money_moments_and_what_is_missing_come_back(connection: duckdb.DuckDBPyConnection) -> None:
    moment = datetime(2026, 9, 30, 21, 59, 59, 999999, tzinfo=UTC)
    rows = [
        ("a", Decimal("123456789012345678.00001"), moment, None),
        ("b", None, None, None),
        ("c", Decimal(-7), moment, None),
    ]
    insert_rows(connection, "t", COLUMNS, rows)
    assert connection.execute(f"SELECT {', '.join(COLUMNS)} FROM t ORDER BY name").fetchall() == rows
    insert_rows(connection, "t", COLUMNS, [])
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_a_key_that_is_there_is_refused_or_left_as_it_is(connection: duckdb.DuckDBPyConnection) -> None:
    insert_rows(connection, "t", ("name", "note"), [("a", "first")])
    with pytest.raises(duckdb.ConstraintException):
        insert_rows(connection, "t", ("name", "note"), [("a", "again")])
    insert_rows(connection, "t", ("name", "note"), [("a", "again"), ("b", "new")], "INSERT OR IGNORE")
    assert connection.execute("SELECT name, note FROM t ORDER BY name").fetchall() == [("a", "first"), ("b", "new")]
