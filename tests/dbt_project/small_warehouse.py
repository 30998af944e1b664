"""A small warehouse for the dbt tests: raw and config tables by contract, a few rows, dbt run in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from orchestration.dbt_runner import DBT_PROJECT, parsed_project
from orchestration.process_memory import for_many_statements
from orchestration.warehouse import connect, create_tables, transaction

Value = object


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@dataclass
class SmallWarehouse:
    """A DuckDB file with the raw, config and result tables; rows are inserted by column name."""

    folder: Path
    project: Path = DBT_PROJECT

    def __post_init__(self) -> None:
        with connect(self.path) as connection:
            create_tables(connection)

    @property
    def path(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def insert(self, table: str, *rows: dict[str, Value]) -> None:
        with connect(self.path) as connection:
            for row in rows:
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join("?" for _ in row)
                connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))

    def deliver(
        self, delivery_id: str, source: str, system: str, received_at: str, records: list[tuple[str, dict[str, Value]]]
    ) -> None:
        """Register a delivery and load its records, numbered from 1."""
        self.insert(
            "raw.delivery",
            {
                "delivery_id": delivery_id,
                "source": source,
                "system": system,
                "file_name": f"{source}/{delivery_id}",
                "sha256": delivery_id,
                "bytes": 1,
                "received_at": received_at,
                "status": "loaded",
                "records_read": len(records),
                "records_loaded": len(records),
                "records_rejected": 0,
                "records_duplicate": 0,
                "run_id": "test",
            },
        )
        with connect(self.path) as connection, transaction(connection):
            for number, (kind, row) in enumerate(records, start=1):
                record = {"delivery_id": delivery_id, "record_number": number, **row}
                names = ", ".join(f'"{name}"' for name in record)
                marks = ", ".join("?" for _ in record)
                connection.execute(f"INSERT INTO raw.{kind} ({names}) VALUES ({marks})", list(record.values()))

    def dbt(self, command: str, as_of: str, known_at: str, *options: str) -> None:
        """Run dbt at a time; fails the test with dbt's own words."""
        with connect(self.path) as connection:
            connection.execute("DELETE FROM config.run_parameter")
            connection.execute("INSERT INTO config.run_parameter VALUES (?, ?, 'test')", [as_of, known_at])
        folders = [
            "--project-dir",
            str(self.project),
            "--profiles-dir",
            str(self.project),
            "--log-path",
            str(self.folder),
        ]
        common = [*folders, "--target-path", str(self.folder / "target"), "--quiet", "--no-version-check"]
        with _environment("TIEOUT_WAREHOUSE", str(self.path)), for_many_statements():
            result = dbtRunner(manifest=self._parsed(common)).invoke([command, *common, "--no-write-json", *options])
        DuckDBConnectionManager.close_all_connections()
        failures = [
            f"{one.node.name}: {one.message}"
            for one in getattr(result.result, "results", [])
            if one.status in ("error", "fail")
        ]
        assert result.success, failures or result.exception

    def _parsed(self, common: list[str]) -> Manifest:
        """The project as dbt holds it. All warehouse files have one name, dbt's catalog: they share what a run has parsed."""
        return parsed_project() if self.project == DBT_PROJECT else dbtRunner().invoke(["parse", *common]).result

    def rows(self, sql: str) -> list[tuple[Value, ...]]:
        with connect(self.path, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def one(self, sql: str) -> tuple[Value, ...]:
        (row,) = self.rows(sql)
        return row


def group(warehouse: SmallWarehouse) -> None:
    """Two companies, three accounts, four sources."""
    warehouse.insert("config.company", {"name": "Group", "base_currency": "EUR", "timezone": "Europe/Berlin"})
    for entity, country, currency, erp, code in (
        ("DE", "DE", "EUR", "sap", "1000"),
        ("US", "US", "USD", "netsuite", "2"),
        ("CH", "CH", "CHF", "dynamics", "CHCO"),
    ):
        warehouse.insert(
            "config.legal_entity",
            {
                "entity_id": entity,
                "name": entity,
                "country": country,
                "currency": currency,
                "erp_system": erp,
                "company_code": code,
            },
        )
    for account, entity, currency, iban, number in (
        ("DE-EUR", "DE", "EUR", "DE89370400440532013000", None),
        ("US-USD", "US", "USD", None, "00123456"),
    ):
        warehouse.insert(
            "config.bank_account",
            {
                "account_id": account,
                "account_name": account,
                "entity_id": entity,
                "bank_name": "Bank",
                "currency": currency,
                "iban": iban,
                "account_number": number,
                "owner": "treasury",
            },
        )
    for source, system, source_group in (
        ("bank_de", "bank", "bank"),
        ("hub", "hub", "payments"),
        ("sap", "sap", "erp"),
        ("netsuite", "netsuite", "erp"),
        ("dynamics", "dynamics", "erp"),
        ("coupa", "coupa", "erp"),
        ("rates", "bank", "reference"),
    ):
        warehouse.insert(
            "config.source",
            {
                "source": source,
                "title": source,
                "system": system,
                "format": "x",
                "owner": f"{source}.owner",
                "source_group": source_group,
                "timezone": "Europe/Berlin",
            },
        )
