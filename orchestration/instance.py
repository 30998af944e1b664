"""The workspace's Dagster instance: run history in the workspace, the warehouse pool, nothing sent anywhere."""

from __future__ import annotations

import os
import sqlite3

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


def write_history_lazily() -> None:
    """Let SQLite sync the run history at checkpoints instead of after each event, for this process.

    A run tells of a thousand events, and each would wait for the disk. In WAL mode this cannot damage the history; a power
    cut may lose its last moments, which the warehouse, written in transactions, does not depend on.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def relax(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=NORMAL")

    event.listen(Engine, "connect", relax)
