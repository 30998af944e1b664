"""What Dagster runs: one workspace's sources, models, legs and marts as assets, with their checks, jobs and triggers.

The flow, in the order of the assets: config -> landing (a source each) -> raw -> staging, canonical, matching_input (dbt)
-> matching (a leg each) -> monitoring, forecasting -> marts (dbt) -> published.
"""

import dagster as dg

from orchestration.assets.dbt_models import dbt_model_assets
from orchestration.assets.forecasting import forecasting_assets
from orchestration.assets.ingestion import source_assets
from orchestration.assets.matching import matching_assets
from orchestration.assets.monitoring import monitoring_assets
from orchestration.assets.published import published_assets
from orchestration.assets.raw import raw_tables
from orchestration.assets.workspace_config import workspace_config
from orchestration.jobs import jobs
from orchestration.resources import WorkspaceResource
from orchestration.schedules import schedules
from orchestration.sensors import landing_sensor
from orchestration.workspace import Workspace


def definitions(workspace: Workspace) -> dg.Definitions:
    """The definitions of a workspace; raises `ConfigError` where its config is wrong."""
    company, sources = workspace.company(), workspace.sources()
    canonical, marts = dbt_model_assets()
    return dg.Definitions(
        assets=[
            workspace_config,
            *source_assets(sources.sources),
            raw_tables(sources.sources),
            canonical,
            *matching_assets(workspace.matching_rules()),
            monitoring_assets,
            forecasting_assets,
            marts,
            published_assets([key for key in marts.keys if key.path[0] == "marts"]),
        ],
        jobs=jobs(sources),
        # also of what is made in the UI by hand: a run holds the workspace, in one process
        executor=dg.in_process_executor,
        schedules=schedules(company),
        sensors=[landing_sensor(workspace, sources)],
        resources={"workspace": WorkspaceResource(root=str(workspace.root))},
    )


defs = definitions(Workspace.current())
