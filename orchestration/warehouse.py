"""The working DuckDB file: its one connection factory and the tables that no dbt model owns.

One writer (DESIGN 7): every step that writes opens the connection for the step and closes it. The tables of the raw
layer follow the record contracts; matching, monitoring and forecasting tables follow the result contracts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from ingestion.contracts import CONTRACTS
from orchestration.decisions.shapes import DECISIONS, RULES_VERSION
from orchestration.ledger_time import SPAN, create_views
from reconciliation import contracts as results

LOCK_ATTEMPTS = 60
LOCK_WAIT_SECONDS = 0.5

DELIVERY_COLUMNS: Mapping[str, str] = {
    "delivery_id": "VARCHAR PRIMARY KEY",
    "source": "VARCHAR NOT NULL",
    "system": "VARCHAR NOT NULL",
    "file_name": "VARCHAR NOT NULL",
    "sha256": "VARCHAR NOT NULL",
    "bytes": "BIGINT NOT NULL",
    "received_at": "TIMESTAMPTZ NOT NULL",
    "status": "VARCHAR NOT NULL",  # loaded, partly, duplicate, quarantined, conflict, unpacked
    "reason": "VARCHAR",
    "format": "VARCHAR",
    "reader_version": "VARCHAR",
    "file_identity": "VARCHAR",
    "records_read": "BIGINT NOT NULL",
    "records_loaded": "BIGINT NOT NULL",
    "records_rejected": "BIGINT NOT NULL",
    "records_duplicate": "BIGINT NOT NULL",
    "control_totals": "VARCHAR",
    "warnings": "VARCHAR",
    "run_id": "VARCHAR NOT NULL",
}

REJECT_COLUMNS: Mapping[str, str] = {
    "delivery_id": "VARCHAR NOT NULL",
    "record_number": "BIGINT NOT NULL",
    "place": "VARCHAR NOT NULL",
    "field": "VARCHAR NOT NULL",
    "found": "VARCHAR",
    "expected": "VARCHAR",
    "advice": "VARCHAR",
    "raw_text": "VARCHAR",
    "line": "BIGINT",
    "byte_start": "BIGINT",
    "byte_end": "BIGINT",
    "amount": "DECIMAL(23,5)",
    "currency": "VARCHAR",
}

IDENTITY_COLUMNS: Mapping[str, str] = {
    "identity": "VARCHAR PRIMARY KEY",  # of a statement or a payment message
    "content_hash": "VARCHAR NOT NULL",
    "delivery_id": "VARCHAR NOT NULL",
    "statement_number": "BIGINT",
}

CONFIG_TABLES: Mapping[str, Mapping[str, str]] = {
    "company": {"name": "VARCHAR", "base_currency": "VARCHAR", "timezone": "VARCHAR"},
    "legal_entity": dict.fromkeys(
        ("entity_id", "name", "country", "currency", "erp_system", "company_code"), "VARCHAR"
    ),
    "bank_account": dict.fromkeys(
        (
            "account_id", "account_name", "entity_id", "bank_name", "bic", "currency", "iban", "account_number",
            "calendar", "statement_by", "timezone", "owner",
        ),
        "VARCHAR",
    ),
    "source": {
        **dict.fromkeys(
            ("source", "title", "system", "format", "owner", "source_group", "entity_id", "account_id", "calendar",
             "due_by", "timezone"),
            "VARCHAR",
        ),
        "lag_days": "BIGINT",
        "is_snapshot": "BOOLEAN",
    },
    "direct_debit": dict.fromkeys(("system", "payment_method"), "VARCHAR"),
    "run_parameter": {"as_of": "DATE", "known_at": "TIMESTAMPTZ", "run_id": "VARCHAR"},
    "ownership": {**dict.fromkeys(("object", "attribute", "status", "system"), "VARCHAR"), "rank": "BIGINT"},
    "status_transition": dict.fromkeys(("object", "from_status", "to_status"), "VARCHAR"),
    "cutover": {
        **dict.fromkeys(("entity_id", "object", "from_system", "to_system"), "VARCHAR"),
        "cutover_date": "DATE",
    },
    "counterparty_decision": {
        **dict.fromkeys(("counterparty_id", "other_id"), "VARCHAR"), "is_same": "BOOLEAN",
        **dict.fromkeys(("decision_id", "actor"), "VARCHAR"), "decided_at": "TIMESTAMPTZ", "reason": "VARCHAR",
    },
}  # fmt: skip

_ARROW_TO_DUCKDB: Mapping[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    pa.decimal128(23, 5): "DECIMAL(23,5)",
    pa.decimal128(23, 10): "DECIMAL(23,10)",
    pa.list_(pa.string()): "VARCHAR[]",
}


def _polars_to_duckdb(kind: pl.DataType) -> str:
    if isinstance(kind, pl.Decimal):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if isinstance(kind, pl.List):
        return _polars_to_duckdb(kind.inner) + "[]"  # type: ignore[arg-type]
    return {
        pl.String: "VARCHAR", pl.Date: "DATE", pl.Int64: "BIGINT", pl.Float64: "DOUBLE", pl.Boolean: "BOOLEAN",
        pl.Datetime: "TIMESTAMPTZ",
    }[type(kind)]  # fmt: skip


def _columns(shape: Mapping[str, pl.DataType], **more: str) -> dict[str, str]:
    return {name: _polars_to_duckdb(kind) for name, kind in shape.items()} | more


LEDGER = {"run_id": "VARCHAR", "as_of": "DATE"}
"""The run that found a group. A group released and found again later is a second row: run_id is part of the key."""
ENDED = {"superseded_by": "VARCHAR", "superseded_in": "VARCHAR"}

RESULT_TABLES: Mapping[str, Mapping[str, str]] = {
    "matching.match_group": _columns(results.MATCH_GROUP, **LEDGER, **ENDED, **SPAN),
    "matching.match_item": _columns(results.MATCH_ITEM, run_id="VARCHAR"),
    "matching.unmatched": _columns(results.UNMATCHED),
    "matching.decision": _columns(DECISIONS),
    "matching.decision_item": _columns(results.DECISION_ITEM),
    "matching.decision_effect": _columns(results.DECISION_EFFECT),
    "matching.rules_version": _columns(RULES_VERSION),
    "monitoring.alert": _columns(results.ALERT, **SPAN),
    "monitoring.payable": _columns(results.PAYABLE),
    "monitoring.failed_payment": _columns(results.FAILED_PAYMENT),
    "forecasting.cash_forecast": _columns(results.CASH_FORECAST, known_at="TIMESTAMPTZ"),
    "forecasting.forecast_accuracy": _columns(results.FORECAST_ACCURACY),
}


class WarehouseLocked(OSError):  # noqa: N818  (what it says is what happened)
    """Another program has the working file open; the message says which, and what to do."""


def _locked(path: Path, error: Exception) -> WarehouseLocked:
    holder = re.search(r"held in (.+?) \(PID (\d+)\)", str(error))
    who = f"{holder[1]}, process {holder[2]}," if holder else "another program"
    return WarehouseLocked(
        f"{path}: {who} has the file open for longer than {LOCK_ATTEMPTS * LOCK_WAIT_SECONDS:.0f} seconds. Where that is a run, wait "
        "for its end; any other program has to close it, also one that only reads: people and BI tools read the marts.duckdb that "
        "`tieout status` names, which no run ever locks. Then start again: nothing is lost, nothing is done twice"
    )


@contextmanager
def connect(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The only way to the working file. Waits for another process's lock, then gives up loudly.

    Raises `WarehouseLocked` when the file stays locked for half a minute.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(LOCK_ATTEMPTS):
        try:
            connection = duckdb.connect(str(path), read_only=read_only)
            break
        except duckdb.IOException as error:
            if "lock" not in str(error):
                raise
            if attempt == LOCK_ATTEMPTS - 1:
                raise _locked(path, error) from None
            time.sleep(LOCK_WAIT_SECONDS)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # it writes over what a command says
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block's statements, or none."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def insert_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    verb: str = "INSERT",
) -> None:
    """Insert rows of Python values, each in the order of `columns`; all at once, for one by one DuckDB takes a millisecond or three
    for each. `verb` may say what to do with keys that are there: INSERT OR IGNORE."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    connection.register("new_rows", pa.table([pa.array(values) for values in zip(*rows, strict=True)], list(columns)))
    try:
        connection.execute(f"{verb} INTO {table} ({names}) SELECT {names} FROM new_rows")
    finally:
        connection.unregister("new_rows")


def _create(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> None:
    body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({body})")


def raw_columns(kind: str) -> dict[str, str]:
    """Column types of `raw.<kind>`: the delivery, then the contract's columns."""
    schema = CONTRACTS[kind].schema
    columns = {"delivery_id": "VARCHAR NOT NULL"}
    for column in schema:
        columns[column.name] = _ARROW_TO_DUCKDB[column.type] + ("" if column.nullable else " NOT NULL")
    return columns


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing: raw, config and result tables, and the views of the ledgers. Existing tables are left as they are,
    but for config tables of other columns, which each run fills anew, and columns that result tables have got since."""
    for schema in ("raw", "config", "matching", "monitoring", "forecasting", "ops", "changes"):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    _create(connection, "raw.delivery", DELIVERY_COLUMNS)
    _create(connection, "raw.reject", REJECT_COLUMNS)
    _create(connection, "raw.identity", IDENTITY_COLUMNS)
    _create(connection, "ops.new_delivery", {"delivery_id": "VARCHAR NOT NULL"})  # orchestration/additions.py
    for kind in CONTRACTS:
        _create(connection, f"raw.{kind}", raw_columns(kind))
    for name, columns in CONFIG_TABLES.items():
        there = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'config' AND table_name = ? "
            "ORDER BY ordinal_position",
            [name],
        ).fetchall()
        if there and [column for (column,) in there] != list(columns):
            connection.execute(f"DROP TABLE config.{name}")
        _create(connection, f"config.{name}", columns)
    for table, columns in RESULT_TABLES.items():
        _create(connection, table, columns)
        for name, kind in columns.items():
            connection.execute(f'ALTER TABLE {table} ADD COLUMN IF NOT EXISTS "{name}" {kind}')
    create_views(connection)
