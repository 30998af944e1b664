"""The workspace's Dagster instance: run history in the workspace, the warehouse pool, nothing sent anywhere."""

from __future__ import annotations

import os

from orchestration.workspace import Workspace

SETTINGS = """\
# Written by tieout. One writer for the working file: steps that open it take the one slot of the pool `warehouse`.
concurrency:
  pools:
    granularity: op
    default_limit: 1
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 60
telemetry:
  enabled: false
"""


def prepare(workspace: Workspace) -> None:
    """Make the instance's folder with its settings and name it in DAGSTER_HOME for this process and its children."""
    workspace.dagster_home.mkdir(parents=True, exist_ok=True)
    settings = workspace.dagster_home / "dagster.yaml"
    if not settings.exists() or settings.read_text(encoding="utf-8") != SETTINGS:
        settings.write_text(SETTINGS, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(workspace.dagster_home)
