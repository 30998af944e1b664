"""dbt in this process: one parse per change of the project, the models of a run without a second interpreter.

A subprocess per phase would import and parse dbt anew each time, which costs more than most of the models.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.workspace import PROJECT_ROOT, Workspace

if TYPE_CHECKING:
    from dbt.artifacts.schemas.run import RunResult

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
            _invoke(["parse", "--target-path", str(PARSED), "--log-path", str(PARSED)], warehouse=None)
            stamp.write_text(fingerprint)
    return manifest


@lru_cache(maxsize=1)
def manifest_json() -> Mapping[str, object]:
    """The manifest as data, for lineage."""
    content: Mapping[str, object] = json.loads(manifest_path().read_text(encoding="utf-8"))
    return content


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
    models of another business day, `new_day`. A failed model or test is a result like any other; raises `DbtFailed` where dbt itself
    could not run.
    """
    manifest_path()
    arguments = ["build" if tests else "run", "--no-write-json", "--select", *select.split()]
    if new_only:
        arguments += ["--vars", json.dumps({"new_only": True, "new_day": new_day})]
    if exclude:
        arguments += ["--exclude", *exclude.split()]
    arguments += ["--target-path", str(workspace.dbt_target), "--log-path", str(workspace.dbt_target)]
    return _invoke(arguments, warehouse=workspace.warehouse)


def generate_docs(workspace: Workspace) -> Path:
    """Write dbt's documentation site as one page; with the columns of the workspace's warehouse where it has one."""
    manifest_path()
    arguments = ["docs", "generate", "--static", "--target-path", str(workspace.dbt_target)]
    if not workspace.warehouse.exists():
        arguments.append("--empty-catalog")
    _invoke([*arguments, "--log-path", str(workspace.dbt_target)], warehouse=workspace.warehouse)
    return workspace.dbt_target / "static_index.html"


def _invoke(arguments: Sequence[str], warehouse: Path | None) -> Sequence[RunResult]:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    parsed = PARSED / "partial_parse.msgpack"
    manifest = None
    if warehouse is not None:
        manifest = Manifest.from_msgpack(parsed.read_bytes(), decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    with _environment(WAREHOUSE_VARIABLE, None if warehouse is None else str(warehouse)):
        try:
            outcome = dbtRunner(manifest=manifest).invoke(
                [
                    *arguments, "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--quiet",
                    "--no-version-check",
                ]
            )  # fmt: skip
        finally:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None or (outcome.result is None and not outcome.success):
        raise DbtFailed(f"dbt {arguments[0]} failed: {outcome.exception}") from outcome.exception
    return list(getattr(outcome.result, "results", []))


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
