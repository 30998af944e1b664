"""Alerts: what a person should know of after this run, and what has resolved itself."""

import dagster as dg
import duckdb

from orchestration import fingerprints, run_time
from orchestration.ledger_time import replace_rows
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.transfers import unreachable
from orchestration.warehouse import connect, transaction

KEY = dg.AssetKey(["monitoring", "alert"])
READS = ("canonical", "matching")
COUNTED = ("open", "ignored", "resolved", "critical")
COUNTS = """
    SELECT count(*) FILTER (status = 'open'), count(*) FILTER (status = 'ignored'), count(*) FILTER (status = 'resolved'),
        count(*) FILTER (status = 'open' AND severity = 'critical')
    FROM monitoring.known_alert
"""
INPUTS = (
    "bank_account", "bank_statement", "bank_statement_line", "open_item", "payment_instruction", "payment_status_event",
    "remittance_advice", "counterparty_bank_account", "group_rate",
)  # fmt: skip


@dg.multi_asset(
    name="monitor",
    specs=[
        dg.AssetSpec(
            KEY, deps=[*(["canonical", name] for name in INPUTS), ["raw", "delivery"], ["matching", "match_group"],
                       ["matching", "match_item"], ["matching", "unmatched"], ["matching", "decision"],
                       ["matching", "decision_item"]],
            group_name="monitoring", kinds={"polars"}, owners=["team:treasury"],
            description="Stale statements, hand-offs that failed, payments without an answer, lines without a match, duplicates, "
            "changed bank details: one row a condition, with severity, money at stake, owner, since when, open, ignored or resolved.",
        )
    ],
    pool=WAREHOUSE_POOL,
)  # fmt: skip
def monitoring_assets(workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
    """Look at canonical facts with the rules of config/monitoring.yml; keep what earlier runs have seen."""
    rules = workspace.workspace.optional_text("monitoring.yml")
    with connect(workspace.workspace.warehouse) as connection:
        seen = grounds(connection, rules)
        unchanged = fingerprints.job_stands(connection, fingerprints.MONITORING, READS, seen)
        if not unchanged:
            _monitor(connection, rules, str(workspace.workspace.config / "monitoring.yml"))
            fingerprints.job_ended(connection, fingerprints.MONITORING, READS, seen)
        counts = connection.execute(COUNTS).fetchone()
    yield dg.MaterializeResult(KEY, metadata=dict(zip(COUNTED, counts or (), strict=True)) | {"unchanged": unchanged})


def grounds(connection: duckdb.DuckDBPyConnection, rules: str) -> str:
    """What, besides tables, decides what is found: the rules, the moment, because a delivery is late once it was due, and which
    sources could not be asked."""
    known_at = run_time.read(connection).known_at
    return f"{rules}\n{known_at.isoformat()}\n{unreachable(connection, known_at).write_json()}"


def _monitor(connection: duckdb.DuckDBPyConnection, rules: str, where: str) -> None:
    """The alerts of this run, which carry on those of the run before; what changed is added to the ledger."""
    from orchestration.assets.monitoring_inputs import read_monitoring_inputs
    from reconciliation.contracts import ALERT
    from reconciliation.monitoring import monitor, parse_monitoring

    known = connection.execute("SELECT * FROM monitoring.known_alert").pl().cast(dict(ALERT))  # type: ignore[arg-type]
    inputs = read_monitoring_inputs(connection)
    alerts = monitor(inputs, parse_monitoring(rules, where), run_time.read(connection).as_of, known)
    with transaction(connection):
        replace_rows(connection, "monitoring.alert", "alert_id", ALERT, alerts.to_arrow())
