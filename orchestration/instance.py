"""The workspace's Dagster instance: run history in the workspace, the warehouse pool, nothing sent anywhere."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.workspace import Workspace

if TYPE_CHECKING:
    import dagster as dg


_HELD: set[Path] = set()
"""The workspaces that this process holds."""
WAIT_SECONDS = 1.0


class AnotherRun(RuntimeError):  # noqa: N818  (what it says is what happened)
    """Two runs of one workspace would fix each other's time."""


SETTINGS = """\
# Written by tieout. One writer for the working file: steps that open it take the one slot of the pool `warehouse`.
concurrency:
  pools:
    granularity: op
    default_limit: 1
  runs:
    max_concurrent_runs: 1
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


@contextmanager
def run_history(workspace: Workspace, *, keep: bool) -> Iterator[dg.DagsterInstance]:
    """The instance a run in this process reports to: the workspace's, for the UI, or one that is forgotten after.

    A run tells of a thousand events, and each costs the kept history several commits: more than the work itself where little
    is new. What an auditor needs (deliveries, matches, alerts, snapshots, each with its run) is in the warehouse either way.
    """
    import dagster as dg

    if keep:
        prepare(workspace)
        with dg.DagsterInstance.get() as instance:
            yield instance
    else:
        from orchestration.forgotten_events import ForgottenEvents

        with dg.DagsterInstance.ephemeral() as instance:
            events = ForgottenEvents()
            events.register_instance(instance)
            instance._event_storage = events
            yield instance


@contextmanager
def only_run(workspace: Workspace, *, wait: float = 0) -> Iterator[None]:
    """Hold the workspace for one run of this machine; raises `AnotherRun` where one is under way, and still is after `wait` seconds.

    Who holds it may hold it again: `tieout run` does, and within it the run of Dagster, which may also have been started by a schedule.
    """
    if workspace.root in _HELD:
        yield
        return
    workspace.root.mkdir(parents=True, exist_ok=True)
    with (workspace.root / ".run.lock").open("w") as lock:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise AnotherRun(
                        f"{workspace.root}: another run is under way; start again when it has ended"
                    ) from None
                time.sleep(WAIT_SECONDS)
        _HELD.add(workspace.root)
        try:
            yield
        finally:
            _HELD.discard(workspace.root)
