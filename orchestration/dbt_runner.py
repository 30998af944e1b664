"""dbt in this process: one parse per change of the project, the models of a run without a second interpreter.

A subprocess per phase would import and parse dbt anew each time, which costs more than most of the models.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.process_memory import for_many_statements
from orchestration.workspace import PROJECT_ROOT, Workspace

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
PARSED = DBT_PROJECT / "target"
WAREHOUSE_VARIABLE = "TIEOUT_WAREHOUSE"


class DbtFailed(RuntimeError):  # noqa: N818  (what it says is what happened)
    """dbt could not run at all; failures of single models and tests are in the results."""


def project_fingerprint() -> str:
    """A hash over the dbt project's files: a manifest made from other files is stale."""
    digest = hashlib.sha256()
    for path in sorted(DBT_PROJECT.rglob("*")):
        inside = path.relative_to(DBT_PROJECT)
        if path.is_file() and inside.parts[0] not in ("target", "logs") and path.suffix in (".sql", ".yml", ".csv"):
            digest.update(f"{inside}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def manifest_path() -> Path:
    """The project's manifest, parsed anew where a file of the project has changed since; of several processes one parses it,
    the others wait."""
    manifest, stamp = PARSED / "manifest.json", PARSED / "fingerprint.txt"
    fingerprint = project_fingerprint()
    PARSED.mkdir(parents=True, exist_ok=True)
    with (PARSED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (manifest.exists() and stamp.exists() and stamp.read_text() == fingerprint):
            stamp.unlink(missing_ok=True)
            _invoke(["parse"], PARSED, warehouse=None)
            stamp.write_text(fingerprint)
    return manifest


@lru_cache(maxsize=1)
def manifest_json() -> Mapping[str, object]:
    """The manifest as data, for lineage."""
    content: Mapping[str, object] = json.loads(manifest_path().read_text(encoding="utf-8"))
    return content


def parsed_project() -> Manifest:
    """The parsed project as dbt holds it."""
    manifest_path()
    return _manifest((PARSED / "fingerprint.txt").read_text())


_NOT_VIEWS = ("config.materialized:table", "config.materialized:by_key", "resource_type:test")
"""Selectors of dbt: all that a build of added deliveries runs."""

FAILED = ("error", "fail", "runtime error")
"""What dbt says of a model or test that failed."""


def build(
    workspace: Workspace,
    select: str,
    exclude: str = "",
    *,
    tests: bool = True,
    new_only: bool = False,
    new_day: bool = False,
) -> Sequence[RunResult]:
    """Build the selected models of a workspace's warehouse and test them; the results in the order they ran.

    With `new_only` the deliveries of `ops.new_delivery` are added to the tables that stand (orchestration/additions.py), but for the
    models of another business day, `new_day`; views stand as they are, and are not among the results. A failed model or test is a
    result like any other; raises `DbtFailed` where dbt itself could not run.
    """
    chosen = select.split()
    if new_only:
        chosen = [f"{each},{kind}" for each in chosen for kind in _NOT_VIEWS]
    arguments = ["build" if tests else "run", "--no-write-json", "--select", *chosen]
    if new_only:
        arguments += ["--vars", json.dumps({"new_only": True, "new_day": new_day})]
    if exclude:
        arguments += ["--exclude", *exclude.split()]
    return _invoke(arguments, workspace.dbt_target, workspace.warehouse)


def generate_docs(workspace: Workspace) -> Path:
    """Write dbt's documentation site as one page; with the columns of the workspace's warehouse where it has one."""
    arguments = ["docs", "generate", "--static"]
    warehouse = workspace.warehouse
    if not warehouse.exists():
        arguments.append("--empty-catalog")
        warehouse = Path(":memory:")
    _invoke(arguments, workspace.dbt_target, warehouse)
    return workspace.dbt_target / "static_index.html"


def _invoke(arguments: Sequence[str], target: Path, warehouse: Path | None) -> Sequence[RunResult]:
    """Run a dbt command that writes its files and its log to the folder `target`; without a warehouse it parses the project."""
    with (
        for_many_statements(),
        _environment(WAREHOUSE_VARIABLE, None if warehouse is None else str(warehouse)),
        _log(target) as keep,
    ):
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        manifest = None if warehouse is None else parsed_project()
        try:
            outcome = dbtRunner(manifest=manifest, callbacks=[keep]).invoke(
                [
                    *arguments, "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--no-version-check",
                    "--target-path", str(target), "--log-path", str(target), "--log-level", "none", "--log-level-file", "none",
                ]
            )  # fmt: skip
        finally:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None or (outcome.result is None and not outcome.success):
        raise DbtFailed(f"dbt {arguments[0]} failed: {outcome.exception}") from outcome.exception
    return list(getattr(outcome.result, "results", []))


@lru_cache(maxsize=1)
def _manifest(fingerprint: str) -> Manifest:
    """The parsed project as dbt holds it, read once by a process; `fingerprint` names the version of the project."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = Manifest.from_msgpack(
        (PARSED / "partial_parse.msgpack").read_bytes(), decoder=extended_mashumuro_decoder
    )
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    return manifest


@contextmanager
def _log(folder: Path) -> Iterator[Callable[[EventMsg], None]]:
    """What keeps dbt's events in `folder`/dbt.log, those of level info and above. dbt's own loggers make the text of each event
    before they look at its level, and most are of level debug."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "dbt.log", maxBytes=10_000_000, backupCount=5, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s [%(levelname)-5s] %(message)s"))

    def keep(event: EventMsg) -> None:
        level = _LEVELS.get(event.info.level)
        if level is not None:
            handler.handle(logging.LogRecord("dbt", level, "", 0, event.info.msg, (), None))  # type: ignore[attr-defined]

    try:
        yield keep
    finally:
        handler.close()


_LEVELS: Mapping[str, int] = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


@contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    before = os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before
