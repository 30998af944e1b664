"""One run at a time holds a workspace, whoever starts it; who finds it held, or the warehouse open elsewhere, is told what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from small_workspace import small_workspace

from orchestration import instance, resources, warehouse
from orchestration.cli import main
from orchestration.instance import AnotherRun, only_run
from orchestration.resources import WorkspaceResource
from orchestration.workspace import Workspace

HOLD = "import fcntl, sys; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
OPEN = "import duckdb, sys; held = duckdb.connect(sys.argv[1], read_only=True); print('held', flush=True); sys.stdin.read()"


class Elsewhere:
    """Another process that holds a file as long as the block lasts."""

    def __init__(self, script: str, path: Path) -> None:
        self.command = [sys.executable, "-c", script, str(path)]

    def __enter__(self) -> int:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and self.process.stdout.readline() == "held\n"
        return self.process.pid

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path / "company")


def test_a_second_run_is_told_that_one_is_under_way(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with Elsewhere(HOLD, workspace.root / ".run.lock"), pytest.raises(SystemExit) as done:
        main(["run", "--workspace", str(workspace.root), "--as-of", "2026-09-28"])
    assert done.value.code == 1
    assert "another run is under way; start again when it has ended" in capsys.readouterr().err


def test_a_run_that_a_schedule_starts_waits_for_the_one_on_the_command_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both would fix the time that the other one reads; the one that cannot begin says so."""
    monkeypatch.setattr(resources, "PATIENCE_SECONDS", 0.0)

    @dg.op
    def step(workspace: WorkspaceResource) -> str:
        return workspace.root

    @dg.job(resource_defs={"workspace": WorkspaceResource(root=str(workspace.root))})
    def job() -> None:
        step()

    with Elsewhere(HOLD, workspace.root / ".run.lock"), pytest.raises(dg.DagsterError) as refused:
        job.execute_in_process()
    assert isinstance(refused.value.__cause__, AnotherRun)
    assert job.execute_in_process().success
    with only_run(workspace):
        assert job.execute_in_process().success  # as `tieout run` does: it holds the workspace itself
    assert not instance._HELD


def test_snapshots_are_not_deleted_under_a_run(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace.published / ".unfinished-now").mkdir(parents=True)
    with Elsewhere(HOLD, workspace.root / ".run.lock"), pytest.raises(SystemExit) as done:
        main(["publish", "--keep", "1", "--workspace", str(workspace.root)])
    assert done.value.code == 2 and "another run is under way" in capsys.readouterr().err
    assert (workspace.published / ".unfinished-now").exists()


def test_who_finds_the_warehouse_open_elsewhere_is_told_by_whom_and_what_to_do(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(warehouse, "LOCK_ATTEMPTS", 1)
    with warehouse.connect(workspace.warehouse):
        pass
    with Elsewhere(OPEN, workspace.warehouse) as process, pytest.raises(SystemExit) as done:
        main(["run", "--workspace", str(workspace.root), "--as-of", "2026-09-28"])
    told = capsys.readouterr().err
    assert done.value.code == 1
    assert f"process {process}, has the file open" in told and "any other program has to close it" in told
    assert "Traceback" not in told and "Stack Trace" not in told


def test_a_run_that_fails_before_its_first_step_has_failed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(WorkspaceResource, "yield_for_execution", refuse)
    with pytest.raises(SystemExit) as done:
        main(["run", "--workspace", str(workspace.root), "--as-of", "2026-09-28"])
    assert done.value.code == 1
    assert "before the first step: OSError: the disk is gone" in capsys.readouterr().err
