"""The workspace's validated config as tables of the warehouse, so that SQL can join it (schema `config`)."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.warehouse import CONFIG_TABLES
from orchestration.workspace import Workspace

Row = tuple[object, ...]


def write_config(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> dict[str, int]:
    """Replace the config tables by what the workspace says now; returns rows per table. Raises `ConfigError`."""
    company = workspace.company()
    tables: dict[str, Sequence[Row]] = {
        "company": [(company.name, company.base_currency, company.timezone)],
        "legal_entity": [(e.id, e.name, e.country, e.currency, e.erp, e.company_code) for e in company.entities],
        "bank_account": [
            (a.id, a.name, a.entity, a.bank, a.bic, a.currency, a.iban, a.number, a.calendar,
             a.statement_by.isoformat("minutes"), a.timezone, a.owner)
            for a in company.accounts
        ],
        "source": [
            (s.name, s.title, s.system, s.format, s.owner, s.group, s.entity, s.account,
             s.arrival.calendar if s.arrival else None, s.arrival.by.isoformat("minutes") if s.arrival else None,
             s.arrival.timezone if s.arrival else None, s.arrival.lag_days if s.arrival else None,
             s.snapshot)
            for s in workspace.sources().sources
        ],
        "direct_debit": [(erp, method) for erp, methods in company.direct_debit.items() for method in methods],
        **workspace.ownership().rows(),
    }  # fmt: skip
    for name, rows in tables.items():
        connection.execute(f"DELETE FROM config.{name}")
        if rows:
            marks = ", ".join("?" for _ in CONFIG_TABLES[name])
            connection.executemany(f"INSERT INTO config.{name} VALUES ({marks})", rows)
    return {name: len(rows) for name, rows in tables.items()}
