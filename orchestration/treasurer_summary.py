"""The summary a run ends with, for the person who has to act on it: read from the published snapshot, nothing recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.landing import unclaimed
from orchestration.publishing import Snapshot, current
from orchestration.workspace import ConfigError, Workspace

WIDTH = 132
SHOWN_FILES = 10


def print_summary(workspace: Workspace, console: Console | None = None) -> None:
    """Print the summary of the current snapshot; raises `ConfigError` where nothing is published yet."""
    snapshot = current(workspace)
    if snapshot is None:
        raise ConfigError(f"{workspace.published}: nothing is published yet; `tieout run` publishes")
    out = console or Console(width=None if Console().is_terminal else WIDTH)
    with duckdb.connect(str(snapshot.database), read_only=True) as connection:
        company, as_of = str(workspace.company().name), snapshot.manifest()["as_of"]
        out.rule(f"[bold]{company} as of {as_of}", align="left")
        for title, columns, rows in (
            _deliveries(connection), _match_rates(connection), _exceptions(connection), *_alerts(connection),
            *_decisions(connection), _stale(connection), *_unclaimed(workspace), _positions(connection),
        ):  # fmt: skip
            out.print(_table(title, columns, rows))
    _next(out, workspace, snapshot)


Section = tuple[str, Sequence[str], Sequence[Sequence[object]]]


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", expand=False)
    for index, column in enumerate(columns):
        number = any(isinstance(row[index], int | float | Decimal) and not isinstance(row[index], bool) for row in rows)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    if not rows:
        table.add_row("none", *[""] * (len(columns) - 1))
    return table


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, float):
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def money(value: Decimal) -> str:
    """An amount with its digits grouped, as many decimals as it needs, at least two."""
    exponent = value.normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{value:,.{decimals}f}"


def _deliveries(connection: duckdb.DuckDBPyConnection) -> Section:
    rows = connection.execute(
        "SELECT source, count(*), count(*) FILTER (status IN ('quarantined', 'conflict')), sum(records_read)::BIGINT, "
        "sum(records_loaded)::BIGINT, sum(records_rejected)::BIGINT, sum(records_duplicate)::BIGINT, bool_and(is_tied_out) "
        "FROM marts.delivery_log GROUP BY source ORDER BY source"
    ).fetchall()
    columns = ("source", "files", "refused", "read", "loaded", "rejected", "duplicate", "ties out")
    return "Deliveries and their records: read = loaded + rejected + duplicate", columns, rows


def _match_rates(connection: duckdb.DuckDBPyConnection) -> Section:
    rows = connection.execute(
        "SELECT leg, dataset, sum(items)::BIGINT, sum(matched_items) / sum(items), "
        "sum(matched_value::DOUBLE / nullif(value, 0)::DOUBLE * value_base::DOUBLE) / nullif(sum(value_base), 0)::DOUBLE, "
        "sum(suggested_items)::BIGINT, sum(ambiguous_items)::BIGINT, sum(open_items)::BIGINT "
        "FROM marts.reconciliation_status GROUP BY leg, dataset ORDER BY leg, dataset"
    ).fetchall()
    columns = ("leg", "side", "items", "matched", "by value", "suggested", "ambiguous", "open")
    return "Reconciliation per leg (value in the group's currency)", columns, rows


def _exceptions(connection: duckdb.DuckDBPyConnection) -> Section:
    # a snapshot of an older version has no column for what people set aside
    rows = connection.execute(
        "SELECT cause, count(*), sum(abs(amount_base))::DECIMAL(23,2), max(age_days), "
        "string_agg(DISTINCT owner, ', ' ORDER BY owner), min(next_step) FROM (SELECT * FROM marts.exception_queue "
        "UNION ALL BY NAME SELECT NULL::DATE AS ignored_until WHERE false) WHERE ignored_until IS NULL "
        "GROUP BY cause ORDER BY 3 DESC NULLS LAST, cause"
    ).fetchall()
    return (
        "Exceptions, most money first",
        ("cause", "count", f"money in {_base_currency(connection)}", "oldest, days", "owner", "next step"),
        rows,
    )


def _alerts(connection: duckdb.DuckDBPyConnection) -> list[Section]:
    """Open alerts by check, each with its most serious one; what is stale has a section of its own."""
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'alert'").fetchone():
        return []  # a snapshot of an older version
    rows = connection.execute(
        "SELECT check_name, count(*), count(*) FILTER (severity = 'critical'), sum(amount_base)::DECIMAL(23,2), max(age_days), "
        "string_agg(DISTINCT owner, ', ' ORDER BY owner), "
        "arg_max(message, (severity = 'critical', coalesce(amount_base, 0), alert_id)) "
        "FROM marts.alert WHERE status = 'open' AND NOT starts_with(check_name, 'stale_') "
        "GROUP BY check_name ORDER BY 4 DESC NULLS LAST, check_name"
    ).fetchall()
    columns = (
        "check",
        "count",
        "critical",
        f"money in {_base_currency(connection)}",
        "oldest, days",
        "owner",
        "the most serious one",
    )
    return [("Alerts of monitoring, most money first", columns, rows)]


def _base_currency(connection: duckdb.DuckDBPyConnection) -> str:
    base = connection.execute("SELECT any_value(base_currency) FROM marts.cash_position").fetchone()
    return base[0] if base and base[0] else "group currency"


def _decisions(connection: duckdb.DuckDBPyConnection) -> list[Section]:
    """What people decided, by what holds of it; no table where nobody has decided anything."""
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'decision_log'").fetchone():
        return []
    rows = connection.execute(
        "SELECT state, replace(kind, '_', ' '), count(*), sum(amount_base)::DECIMAL(23,2), "
        "string_agg(DISTINCT decided_by, ', ' ORDER BY decided_by), max(decided_at)::DATE "
        "FROM marts.decision_log WHERE kind != 'undo' GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    columns = ("state", "decision", "count", "money", "by", "newest")
    return [("Decisions of people (tieout decide list)", columns, rows)] if rows else []


def _stale(connection: duckdb.DuckDBPyConnection) -> Section:
    rows = connection.execute(
        "SELECT object_type, object_id, last_data_date, weekdays_old, owner, coalesce(message, 'no data has arrived yet') "
        "FROM marts.stale_data WHERE is_stale ORDER BY object_type, object_id"
    ).fetchall()
    return "Stale accounts and sources", ("what", "id", "newest data", "weekdays old", "owner", "why"), rows


def _unclaimed(workspace: Workspace) -> list[Section]:
    """Files that nobody will ever read, as the sources are declared; no table where there are none."""
    names = unclaimed(workspace, workspace.sources().sources)
    more = [("...", f"and {len(names) - SHOWN_FILES} more")] if len(names) > SHOWN_FILES else []
    rows = [(name, "let the `path` of a source take it, or move it away") for name in names[:SHOWN_FILES]] + more
    return [("Files in landing/ that no source takes", ("file", "next step"), rows)] if names else []


def _positions(connection: duckdb.DuckDBPyConnection) -> Section:
    rows = connection.execute(
        "SELECT entity_id, account_id, currency, position, position_date, position_base::DECIMAL(23, 2), base_currency, "
        "CASE WHEN is_stale THEN 'stale balance' WHEN balance_check = 'off' THEN 'statement does not add up' "
        "WHEN continuity = 'gap' THEN 'statement missing before' WHEN continuity = 'overlap' THEN 'two statements differ' ELSE '' END "
        "FROM marts.cash_position ORDER BY entity_id, account_id, currency"
    ).fetchall()
    columns = ("entity", "account", "currency", "position", "of", "in group currency", "", "caution")
    return "Cash position per account", columns, rows


def _next(out: Console, workspace: Workspace, snapshot: Snapshot) -> None:
    out.print("[bold]Where to look next")
    for what, path in (
        ("work list in Excel", snapshot.workbook),
        ("marts for SQL and BI (read-only, never locked)", snapshot.database),
        ("the same as Parquet", snapshot.folder / "parquet"),
        ("files that could not be read, each with its reason", workspace.quarantine),
    ):
        out.print(f"  {what}: {path}", soft_wrap=True, highlight=False)
