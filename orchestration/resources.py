"""What assets are given: the workspace, and the time of the run."""

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg

from orchestration.run_time import RunTime, resolve
from orchestration.workspace import Workspace

WAREHOUSE_POOL = "warehouse"
"""Every step that opens the working file: one at a time (DESIGN 7)."""


class WorkspaceResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One company's folder."""

    root: str

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
