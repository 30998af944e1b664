"""What an earlier version of the dbt project made goes, what its models make and what is not dbt's stays."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.left_overs import drop_left_overs


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for schema in ("staging", "marts", "changes", "raw", "ops", "mine"):
            connection.execute(f"CREATE SCHEMA {schema}")
        yield connection


def names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute("SELECT table_schema || '.' || table_name FROM information_schema.tables").fetchall()
    return {name for (name,) in rows}


def test_views_and_tables_that_no_model_makes_are_dropped_and_named(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("CREATE TABLE marts.no_such_mart(id INT)")
    warehouse.execute("CREATE VIEW staging.stg_no_such_view AS SELECT * FROM marts.no_such_mart")
    warehouse.execute("CREATE TABLE changes.no_such_mart(id INT)")
    assert drop_left_overs(warehouse) == [
        "table changes.no_such_mart",
        "table marts.no_such_mart",
        "view staging.stg_no_such_view",
    ]
    assert names(warehouse) == set()
    assert drop_left_overs(warehouse) == []


def test_what_models_make_stays(warehouse: duckdb.DuckDBPyConnection) -> None:
    made = {"marts.tie_out", "staging.stg_delivery", "changes.open_item"}
    for table in made:
        warehouse.execute(f"CREATE TABLE {table}(id INT)")
    assert drop_left_overs(warehouse) == []
    assert names(warehouse) == made


def test_what_is_not_of_dbt_stays(warehouse: duckdb.DuckDBPyConnection) -> None:
    others = {"raw.no_such_kind", "ops.no_such_table", "mine.notes"}
    for table in others:
        warehouse.execute(f"CREATE TABLE {table}(id INT)")
    warehouse.execute("CREATE TEMPORARY TABLE gone(id INT)")
    assert drop_left_overs(warehouse) == []
    assert others <= names(warehouse)
