"""Checks of what a source delivered: every record accounted for, every statement's arithmetic, every file read.

The first blocks what comes after it: a record that is neither loaded, rejected nor a repetition has been lost.
"""

from collections.abc import Iterator

import dagster as dg
import duckdb

from ingestion.sources import SourceConfig

RECORDS, BALANCES, REFUSED = "records_accounted_for", "statement_balances_add_up", "no_file_refused"
SHOWN = 20


def delivery_check_specs(asset: dg.AssetKey, *, statements: bool) -> list[dg.AssetCheckSpec]:
    """The checks an ingestion asset carries."""
    specs = [
        dg.AssetCheckSpec(
            RECORDS,
            asset=asset,
            blocking=True,
            description="Per delivery: records read = loaded + rejected + duplicates.",
        ),
        dg.AssetCheckSpec(
            REFUSED,
            asset=asset,
            description="No file of this run was quarantined, in conflict, or lost a record to a reject.",
        ),
    ]
    if statements:
        specs.append(
            dg.AssetCheckSpec(
                BALANCES,
                asset=asset,
                description="Per statement of this run: opening balance + booked entries = closing balance.",
            )
        )
    return specs


def delivery_checks(
    connection: duckdb.DuckDBPyConnection, source: SourceConfig, run_id: str
) -> Iterator[dg.AssetCheckResult]:
    """The results for the deliveries of one source in one run; evaluated at once, the connection may close after."""
    asset = dg.AssetKey(["landing", source.name])
    unequal = _rows(
        connection,
        "SELECT file_name, records_read, records_loaded, records_rejected, records_duplicate FROM raw.delivery "
        "WHERE source = ? AND records_read != records_loaded + records_rejected + records_duplicate",
        [source.name],
    )
    refused = _rows(
        connection,
        "SELECT file_name, status, coalesce(reason, records_rejected || ' records rejected: see raw.reject') "
        "FROM raw.delivery WHERE source = ? AND run_id = ? AND status IN ('quarantined', 'conflict', 'partly')",
        [source.name, run_id],
    )
    results = [
        dg.AssetCheckResult(asset_key=asset, check_name=RECORDS, passed=not unequal, metadata=_shown(unequal)),
        dg.AssetCheckResult(
            asset_key=asset, check_name=REFUSED, passed=not refused, severity=dg.AssetCheckSeverity.WARN,
            metadata=_shown(refused),
        ),
    ]  # fmt: skip
    if source.group == "bank":
        off = _rows(
            connection,
            "SELECT d.file_name, s.account_id, s.statement_id, s.difference FROM raw.bank_statement s "
            "JOIN raw.delivery d USING (delivery_id) WHERE d.source = ? AND d.run_id = ? AND s.balance_check = 'off'",
            [source.name, run_id],
        )
        results.append(
            dg.AssetCheckResult(
                asset_key=asset, check_name=BALANCES, passed=not off, severity=dg.AssetCheckSeverity.WARN,
                metadata=_shown(off),
            )
        )  # fmt: skip
    return iter(results)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[object]) -> list[tuple[object, ...]]:
    return connection.execute(sql + " ORDER BY ALL", parameters).fetchall()


def _shown(rows: list[tuple[object, ...]]) -> dict[str, int | list[str]]:
    """How many rows fail and the first of them, in full."""
    return {"failing": len(rows), "first": [" | ".join(str(value) for value in row) for row in rows[:SHOWN]]}
