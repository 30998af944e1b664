"""The first asset of every run: it fixes the run's time and brings the workspace's config and decisions into the warehouse."""

import dagster as dg

from orchestration import run_time
from orchestration.config_tables import write_config
from orchestration.decisions.tables import load_decisions
from orchestration.resources import WAREHOUSE_POOL, RunTimeConfig, WorkspaceResource
from orchestration.rule_versions import record_rules
from orchestration.warehouse import CONFIG_TABLES, connect, create_tables, transaction

TABLES = tuple(CONFIG_TABLES)
DECISION_TABLES = {
    "decision": "What people decided by the run's known_at and what holds of it: a view of decisions/log.jsonl.",
    "decision_item": "The items each decision is about.",
    "rules_version": "The matching rules by content, author and approver, with the run that first used them; append-only.",
}


@dg.multi_asset(
    name="workspace_config",
    specs=[
        dg.AssetSpec(
            ["config", table],
            group_name="config",
            kinds={"yaml", "duckdb"},
            description=f"config/*.yml of the workspace as table config.{table}; replaced at the start of each run.",
        )
        for table in TABLES
    ]
    + [
        dg.AssetSpec(["matching", table], group_name="matching", kinds={"duckdb"}, description=text)
        for table, text in DECISION_TABLES.items()
    ],
    pool=WAREHOUSE_POOL,
)
def workspace_config(context: dg.AssetExecutionContext, config: RunTimeConfig, workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
    """Validate the config, create what tables are missing, fix as_of and known_at."""
    current = config.resolve(workspace.workspace, context.run.run_id)
    with connect(workspace.workspace.warehouse) as connection:
        create_tables(connection)
        with transaction(connection):
            counts = write_config(connection, workspace.workspace) | {"run_parameter": 1}
            run_time.write(connection, current)
            counts["counterparty_decision"] = load_decisions(connection, workspace.workspace, current)
            record_rules(connection, workspace.workspace, current)
    context.log.info(f"as of {current.as_of}, known at {current.known_at.isoformat()}")
    time = {"as_of": current.as_of.isoformat(), "known_at": current.known_at.isoformat()}
    for table in TABLES:
        yield dg.MaterializeResult(["config", table], metadata={"rows": counts[table], **time})
    for table in DECISION_TABLES:
        yield dg.MaterializeResult(["matching", table], metadata=time)
