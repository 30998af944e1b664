"""Rows per second through dbt: N open items, N payments and N bank lines, built whole and again with one per cent more.

The base is what DuckDB needs to copy the same raw rows once, table by table, into a file of its own. Both are processes of
their own; a ratio is of CPU seconds. `python -m benchmarks.pipeline.dbt_scale --rows 100000`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks.measure import Cost, measure, pinned, python, table
from orchestration.warehouse import connect, create_tables

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunResult

AS_OF = "2026-09-30"
KNOWN_AT = "2026-10-01 00:00:00+00"
FULL_BAR, INCREMENTAL_BAR = 8.0, 0.15
RAW = (
    "open_item", "counterparty", "counterparty_bank_account", "payment_message", "payment_batch", "payment_instruction",
    "payment_remittance", "payment_status", "bank_statement", "bank_balance", "bank_entry", "bank_entry_detail",
)  # fmt: skip
_PER_DELIVERY = 5000
_PARTIES = 50  # items a party
_BATCH = 50  # payments a batch
_STATEMENT = 200  # entries a statement


def fill(path: Path, rows: int, first: int = 0) -> None:
    """Add raw rows first..first+rows-1 of each kind, with their deliveries, ten accounts of one company."""
    with connect(path) as connection:
        create_tables(connection)
        if first == 0:
            _configure(connection)
        for kind, sql in _records().items():
            connection.execute(
                f"INSERT INTO raw.{kind} BY NAME SELECT * FROM ({sql})",
                {"first": first, "last": first + rows - 1} if "$first" in sql else {},
            )
        connection.execute(
            "INSERT INTO raw.delivery BY NAME SELECT source || '-' || n AS delivery_id, source, system, "
            "source || '/' || n AS file_name, md5(source || n) AS sha256, 1 AS bytes, "
            "timestamptz '2026-07-01 06:00:00+00' + to_minutes(n * 5) AS received_at, 'loaded' AS status, "
            "0 AS records_read, 0 AS records_loaded, 0 AS records_rejected, 0 AS records_duplicate, 'bench' AS run_id "
            "FROM (SELECT DISTINCT delivery_id.split_part('-', 1) AS source, delivery_id.split_part('-', 2)::INT AS n FROM ("
            + " UNION ".join(f"SELECT delivery_id FROM raw.{kind}" for kind in RAW)
            + ")) JOIN (VALUES ('erp', 'sap'), ('hub', 'hub'), ('bank', 'bank')) AS known(source, system) USING (source) "
            "WHERE source || '-' || n NOT IN (SELECT delivery_id FROM raw.delivery)"
        )


def _configure(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO config.company BY NAME SELECT 'Bench' AS name, 'EUR' AS base_currency, 'UTC' AS timezone"
    )
    connection.execute(
        "INSERT INTO config.legal_entity BY NAME SELECT 'E' AS entity_id, 'E' AS name, 'DE' AS country, 'EUR' AS currency, "
        "'sap' AS erp_system, '1000' AS company_code"
    )
    connection.execute(
        "INSERT INTO config.bank_account BY NAME SELECT 'A' || n AS account_id, 'A' AS account_name, 'E' AS entity_id, "
        "'B' AS bank_name, 'EUR' AS currency, 'ACC' || n AS account_number FROM range(10) AS t(n)"
    )
    connection.execute(
        "INSERT INTO config.source BY NAME SELECT source, source AS title, system, 'x' AS format, 'o' AS owner, grp AS source_group, "
        "'E' AS entity_id FROM (VALUES ('erp', 'sap', 'erp'), ('hub', 'hub', 'payments'), ('bank', 'bank', 'bank')) "
        "AS t(source, system, grp)"
    )


def _records() -> dict[str, str]:
    """SQL per raw table over the row numbers $first..$last; item i is paid by payment i, which line i books."""
    rows = "(SELECT unnest(range($first, $last + 1)) AS i)"
    delivery = f"|| '-' || (i // {_PER_DELIVERY}) AS delivery_id"
    amount = "((i * 7919) % 900000 + 100)::DECIMAL(23, 5) / 100"
    day = "date '2026-07-01' + (i % 90)::INT"

    def groups(size: int) -> str:
        return f"(SELECT DISTINCT i // {size} AS g, min(i) AS i FROM {rows} GROUP BY ALL)"

    number = "i + 1 AS record_number"
    return {
        "open_item": f"SELECT 'erp' {delivery}, {number}, 'sap' AS source_system, '1000' AS company_code, 'D' || i AS document_number, "
        f"'2026' AS fiscal_year, '1' AS line_item, 'payable' AS ledger, 'V' || (i // {_PARTIES}) AS counterparty_id, "
        f"'KR' AS document_type, 'H' AS debit_credit, ({amount})::DECIMAL(23, 5) AS amount, 'EUR' AS currency, {day} AS document_date, "
        f"{day} AS posting_date, {day} + 30 AS due_date, 'RE-' || i AS reference, 'Goods' AS text FROM {rows}",
        "counterparty": f"SELECT 'erp' {delivery}, 9000000 + i AS record_number, 'sap' AS source_system, 'V' || g AS source_id, "
        "'supplier' AS role, 'Supplier ' || g AS name, 'DE' AS country, '10115' AS postal_code, 'DE' || (100000000 + g) AS vat_id "
        f"FROM {groups(_PARTIES)}",
        "counterparty_bank_account": f"SELECT 'erp' {delivery}, 9500000 + i AS record_number, 'sap' AS source_system, "
        f"'V' || g AS source_id, 'supplier' AS role, 'DE' || (10000000 + g) AS iban, 'EUR' AS currency FROM {groups(_PARTIES)}",
        "payment_message": f"SELECT 'hub' {delivery}, 9000000 + i AS record_number, 'M' || (i // {_PER_DELIVERY}) AS identity, "
        f"'M' || (i // {_PER_DELIVERY}) AS message_id, 'credit_transfer' AS direction, '2026-07-01T08:00:00Z' AS created_at "
        f"FROM {groups(_PER_DELIVERY)}",
        "payment_batch": f"SELECT 'hub' {delivery}, 9500000 + i AS record_number, 'M' || (i // {_PER_DELIVERY}) AS message_id, "
        f"'P' || g AS payment_information_id, 'ACC' || (g % 10) AS debtor_account FROM {groups(_BATCH)}",
        "payment_instruction": f"SELECT 'hub' {delivery}, {number}, 'M' || (i // {_PER_DELIVERY}) AS message_id, "
        f"'P' || (i // {_BATCH}) AS payment_information_id, i AS transaction_number, 'E' || i AS end_to_end_id, "
        f"({amount})::DECIMAL(23, 5) AS amount, 'EUR' AS currency, {day} + 30 AS requested_execution_date, "
        f"'Supplier ' || (i // {_PARTIES}) AS counterparty_name, 'DE' || (10000000 + i // {_PARTIES}) AS counterparty_account FROM {rows}",
        "payment_remittance": f"SELECT 'hub' {delivery}, 2000000 + i AS record_number, 'M' || (i // {_PER_DELIVERY}) AS message_id, "
        f"'P' || (i // {_BATCH}) AS payment_information_id, i AS transaction_number, 'CINV' AS document_type, "
        f"'RE-' || i AS document_number, ({amount})::DECIMAL(23, 5) AS remitted_amount, 'EUR' AS currency FROM {rows}",
        "payment_status": f"SELECT 'hub' {delivery}, 4000000 + i AS record_number, 'S' || g AS report_id, 'batch' AS level, "
        f"'2026-08-01T09:00:00Z' AS reported_at, 'M' || (i // {_PER_DELIVERY}) AS original_message_id, "
        f"'P' || g AS original_payment_information_id, 'ACSC' AS status FROM {groups(_BATCH)}",
        "bank_statement": f"SELECT 'bank' {delivery}, 9000000 + i AS record_number, g + 1 AS statement_number, 'T' || g AS identity, "
        f"'statement' AS kind, 'T' || g AS statement_id, 'ACC' || (g % 10) AS account_id, 'EUR' AS account_currency, "
        f"{day} AS closing_date, 0 AS opening_balance, 0 AS closing_balance, {_STATEMENT} AS entry_count, 'ok' AS balance_check "
        f"FROM {groups(_STATEMENT)}",
        "bank_balance": f"SELECT 'bank' {delivery}, 9500000 + i AS record_number, g + 1 AS statement_number, 'CLBD' AS code, "
        f"0 AS amount, 'EUR' AS currency, 'CRDT' AS credit_debit, 0 AS signed_amount FROM {groups(_STATEMENT)}",
        "bank_entry": f"SELECT 'bank' {delivery}, {number}, i // {_STATEMENT} + 1 AS statement_number, "
        f"i % {_STATEMENT} + 1 AS entry_number, "
        f"'B' || i AS account_servicer_reference, ({amount})::DECIMAL(23, 5) AS amount, 'EUR' AS currency, 'DBIT' AS credit_debit, "
        f"-({amount})::DECIMAL(23, 5) AS signed_amount, 'BOOK' AS status, {day} + 30 AS booking_date, {day} + 30 AS value_date, "
        f"1 AS detail_count FROM {rows}",
        "bank_entry_detail": f"SELECT 'bank' {delivery}, 4000000 + i AS record_number, i // {_STATEMENT} + 1 AS statement_number, "
        f"i % {_STATEMENT} + 1 AS entry_number, 1 AS detail_number, 'E' || i AS end_to_end_id, "
        f"'Supplier ' || (i // {_PARTIES}) AS creditor_name, 'DE' || (10000000 + i // {_PARTIES}) AS creditor_account, "
        f"'RE-' || i AS remittance_unstructured FROM {rows}",
    }


def build(path: Path) -> None:
    """Both phases of dbt on a warehouse, as a run builds them, without the tests; prints the dearest models."""
    from orchestration.additions import build_phase
    from orchestration.fingerprints import CANONICAL, MARTS
    from orchestration.workspace import Workspace

    with connect(path) as connection:
        connection.execute("DELETE FROM config.run_parameter")
        connection.execute("INSERT INTO config.run_parameter VALUES (?, ?, 'bench')", [AS_OF, KNOWN_AT])
    results: list[RunResult] = []
    for phase, select, exclude in ((CANONICAL, "fqn:*", "tag:after_results"), (MARTS, "tag:after_results", "")):
        built, added = build_phase(Workspace(path.parent), phase, select, exclude, tests=False)
        print(f"{phase}: {'new deliveries added' if added else 'made anew'}")
        results += built
    bad = [f"{one.node.name}: {one.message}" for one in results if str(one.status) != "success"]
    if bad:
        sys.exit("\n".join(bad))
    for one in sorted(results, key=lambda one: -one.execution_time)[:12]:
        print(f"  {one.node.name:<34}{one.execution_time:>8.2f} s")


def copy(path: Path) -> None:
    """The base: each raw table scanned and written once into a fresh file."""
    with connect(path) as connection, tempfile.TemporaryDirectory() as folder:
        connection.execute(f"ATTACH '{folder}/copy.duckdb' AS copy")
        for kind in RAW:
            connection.execute(f"CREATE TABLE copy.{kind} AS SELECT * FROM raw.{kind}")


def main() -> None:
    """Measure and print: copy, full build, build after one per cent more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="open items, payments and bank lines each")
    parser.add_argument("--step", choices=("build", "copy"), help=argparse.SUPPRESS)
    parser.add_argument("--warehouse", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        {"build": build, "copy": copy}[chosen.step](chosen.warehouse)
        return
    from orchestration.dbt_runner import manifest_path

    manifest_path()  # parsed before anything is measured
    folder = Path(tempfile.mkdtemp(prefix="dbt_scale"))
    try:
        path = folder / "warehouse.duckdb"
        empty = folder / "empty" / "warehouse.duckdb"
        fill(empty, 0)
        fill(path, chosen.rows)
        steps = {
            "dbt on nothing": _step("build", empty),
            "copy": _step("copy", path),
            "full build": _step("build", path),
        }
        fill(path, max(chosen.rows // 100, 1), chosen.rows)
        steps["build with 1 % more"] = _step("build", path)
    finally:
        shutil.rmtree(folder)
    print(_report(chosen.rows, steps))


def _step(step: str, path: Path) -> Cost:
    return measure(python("benchmarks.pipeline.dbt_scale", "--step", step, "--warehouse", str(path)), pinned())


def _report(rows: int, steps: dict[str, Cost]) -> str:
    base, fixed, full = steps["copy"], steps["dbt on nothing"], steps["full build"]
    lines = [
        [
            name, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.peak_gb:.2f}", f"{3 * rows / cost.cpu:,.0f}",
            f"{cost.ratio(base):.1f}", f"{(cost.cpu - fixed.cpu) / base.cpu:.1f}",
        ]
        for name, cost in steps.items()
    ]  # fmt: skip
    share = steps["build with 1 % more"].cpu / full.cpu
    return (
        table(("step", "wall s", "CPU s", "peak GB", "rows a CPU s", "x copy", "x copy, without dbt's start"), lines)
        + f"\nfull build: {full.ratio(base):.1f} x copy (bar {FULL_BAR:.0f}); with 1 % more: {share:.0%} of the full build "
        f"(bar {INCREMENTAL_BAR:.0%})"
    )


if __name__ == "__main__":
    main()
