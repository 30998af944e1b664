"""What assets are given: the workspace, and the time of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg

from orchestration import instance
from orchestration.run_time import RunTime, resolve
from orchestration.workspace import Workspace

WAREHOUSE_POOL = "warehouse"
"""Every step that opens the working file: one at a time (DESIGN 7)."""


PATIENCE_SECONDS = 3600.0
"""So long a run that Dagster starts waits for another one of the workspace, which `tieout run` may have started."""


class WorkspaceResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One company's folder, held for the run alone: two runs at once would fix each other's time."""

    root: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[WorkspaceResource]:
        """Hold the workspace as long as the run lasts."""
        with instance.only_run(self.workspace, wait=PATIENCE_SECONDS):
            yield self

    @property
    def workspace(self) -> Workspace:
        """The workspace at `root`."""
        return Workspace(Path(self.root))


class RunTimeConfig(dg.Config):
    """The run's time, where it is not today: set by `tieout run`, by the schedules, or in the launchpad."""

    as_of: str | None = None  # ISO date
    known_at: str | None = None  # ISO timestamp with offset

    def resolve(self, workspace: Workspace, run_id: str) -> RunTime:
        """The run's time; raises `ValueError` where a value is not ISO 8601."""
        resolved = resolve(
            workspace.company(),
            datetime.now(UTC),
            date.fromisoformat(self.as_of) if self.as_of else None,
            datetime.fromisoformat(self.known_at) if self.known_at else None,
        )
        return RunTime(resolved.as_of, resolved.known_at, run_id)
