"""The first asset of every run: it fixes the run's time and brings the workspace's config into the warehouse."""

import dagster as dg

from orchestration import run_time
from orchestration.config_tables import write_config
from orchestration.resources import WAREHOUSE_POOL, RunTimeConfig, WorkspaceResource
from orchestration.warehouse import CONFIG_TABLES, connect, create_tables, transaction

TABLES = tuple(CONFIG_TABLES)


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
    ],
    pool=WAREHOUSE_POOL,
)
def workspace_config(context: dg.AssetExecutionContext, config: RunTimeConfig, workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
    """Validate the config, create what tables are missing, fix as_of and known_at."""
    current = config.resolve(workspace.workspace, context.run_id)
    with connect(workspace.workspace.warehouse) as connection:
        create_tables(connection)
        with transaction(connection):
            counts = write_config(connection, workspace.workspace) | {"run_parameter": 1}
            run_time.write(connection, current)
    context.log.info(f"as of {current.as_of}, known at {current.known_at.isoformat()}")
    time = {"as_of": current.as_of.isoformat(), "known_at": current.known_at.isoformat()}
    for table in TABLES:
        yield dg.MaterializeResult(["config", table], metadata={"rows": counts[table], **time})
