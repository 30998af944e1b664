"""Alerts: what a person should know of after this run, and what has resolved itself."""

import dagster as dg

from orchestration import run_time
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.warehouse import connect, transaction

KEY = dg.AssetKey(["monitoring", "alert"])
INPUTS = (
    "bank_account", "bank_statement", "bank_statement_line", "open_item", "payment_instruction", "payment_status_event",
    "remittance_advice", "counterparty_bank_account", "group_rate",
)  # fmt: skip


@dg.multi_asset(
    name="monitor",
    specs=[
        dg.AssetSpec(
            KEY, deps=[*(["canonical", name] for name in INPUTS), ["raw", "delivery"], ["matching", "match_group"],
                       ["matching", "match_item"], ["matching", "unmatched"]],
            group_name="monitoring", kinds={"polars"}, owners=["team:treasury"],
            description="Stale statements, hand-offs that failed, payments without an answer, lines without a match, duplicates, "
            "changed bank details: one row a condition, with severity, money at stake, owner, since when, open or resolved.",
        )
    ],
    pool=WAREHOUSE_POOL,
)  # fmt: skip
def monitoring_assets(workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
    """Look at canonical facts with the rules of config/monitoring.yml; keep what earlier runs have seen."""
    from orchestration.assets.monitoring_inputs import read_monitoring_inputs
    from reconciliation.contracts import ALERT
    from reconciliation.monitoring import monitor, parse_monitoring

    config = parse_monitoring(
        workspace.workspace.optional_text("monitoring.yml"), str(workspace.workspace.config / "monitoring.yml")
    )
    with connect(workspace.workspace.warehouse) as connection:
        now = run_time.read(connection)
        known = connection.execute("SELECT * FROM monitoring.alert").pl().cast(dict(ALERT))  # type: ignore[arg-type]
        alerts = monitor(read_monitoring_inputs(connection), config, now.as_of, known)
        with transaction(connection):
            connection.register("new_alerts", alerts.to_arrow())
            connection.execute("DELETE FROM monitoring.alert")
            connection.execute("INSERT INTO monitoring.alert BY NAME SELECT * FROM new_alerts ORDER BY alert_id")
            connection.unregister("new_alerts")
    opened = alerts.filter(alerts["status"] == "open")
    yield dg.MaterializeResult(
        KEY, metadata={"open": opened.height, "resolved": alerts.height - opened.height,
                       "critical": opened.filter(opened["severity"] == "critical").height},
    )  # fmt: skip
