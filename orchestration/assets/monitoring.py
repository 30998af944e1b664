"""Alerts: what a person should know of after this run, and what has resolved itself."""

import dagster as dg
import duckdb

from orchestration import fingerprints, run_time
from orchestration.ledger_time import replace_rows
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.transfers import unreachable
from orchestration.warehouse import connect, transaction

KEY = dg.AssetKey(["monitoring", "alert"])
BESIDE = {
    "payable": "What is left to be paid of each payable on which something has been paid or instructed.",
    "failed_payment": "Payments that were rejected or cancelled, or whose money came back, and whether others have taken their place.",
}
"""What the alerts rest on and marts take over: table -> what it is."""
READS = ("canonical", "matching")
COUNTED = ("open", "ignored", "resolved", "critical")
COUNTS = """
    SELECT count(*) FILTER (status = 'open'), count(*) FILTER (status = 'ignored'), count(*) FILTER (status = 'resolved'),
        count(*) FILTER (status = 'open' AND severity = 'critical')
    FROM monitoring.known_alert
"""
INPUTS = (
    "bank_account", "bank_statement", "bank_statement_line", "open_item", "payment_instruction", "payment_status_event",
    "payment_batch", "remittance_advice", "counterparty_bank_account", "group_rate",
)  # fmt: skip
DEPS = (
    *(["canonical", name] for name in INPUTS), ["raw", "delivery"], ["matching", "match_group"], ["matching", "match_item"],
    ["matching", "unmatched"], ["matching", "decision"], ["matching", "decision_item"],
)  # fmt: skip


@dg.multi_asset(
    name="monitor",
    specs=[
        dg.AssetSpec(
            KEY, deps=DEPS, group_name="monitoring", kinds={"polars"}, owners=["team:treasury"],
            description="Stale statements, hand-offs that failed, payments without an answer, lines without a match, duplicates, "
            "changed bank details: one row a condition, with severity, money at stake, owner, since when, open, ignored or resolved.",
        ),
        *(
            dg.AssetSpec(
                dg.AssetKey(["monitoring", name]), deps=DEPS, group_name="monitoring", kinds={"polars"}, owners=["team:treasury"],
                description=what,
            )
            for name, what in BESIDE.items()
        ),
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
    for name in BESIDE:
        yield dg.MaterializeResult(dg.AssetKey(["monitoring", name]), metadata={"unchanged": unchanged})


def grounds(connection: duckdb.DuckDBPyConnection, rules: str) -> str:
    """What, besides tables, decides what is found: the rules, the moment, because a delivery is late once it was due, and which
    sources could not be asked."""
    known_at = run_time.read(connection).known_at
    return f"{rules}\n{known_at.isoformat()}\n{unreachable(connection, known_at).write_json()}"


def _monitor(connection: duckdb.DuckDBPyConnection, rules: str, where: str) -> None:
    """The alerts of this run, which carry on those of the run before; what changed is added to the ledger. Beside them what marts
    take over: how much of each payable is left to pay, and which payments have failed."""
    from orchestration.assets.monitoring_inputs import read_monitoring_inputs
    from reconciliation.contracts import ALERT
    from reconciliation.monitoring import monitor, parse_monitoring
    from reconciliation.monitoring.failed_payments import failed_payments
    from reconciliation.monitoring.left_to_pay import left_to_pay

    known = connection.execute("SELECT * FROM monitoring.known_alert").pl().cast(dict(ALERT))  # type: ignore[arg-type]
    inputs = read_monitoring_inputs(connection)
    alerts = monitor(inputs, parse_monitoring(rules, where), run_time.read(connection).as_of, known)
    with transaction(connection):
        replace_rows(connection, "monitoring.alert", "alert_id", ALERT, alerts.to_arrow())
        for table, rows in (("payable", left_to_pay(inputs)), ("failed_payment", failed_payments(inputs))):
            connection.register("now", rows.to_arrow())
            connection.execute(f"DELETE FROM monitoring.{table}")
            connection.execute(f"INSERT INTO monitoring.{table} BY NAME FROM now")
            connection.unregister("now")
