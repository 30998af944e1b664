"""The published snapshots: immutable, and one pointer that is replaced atomically (DESIGN 7).

`published/<run>/` holds `marts.duckdb`, `parquet/*.parquet`, `tieout.xlsx` and `manifest.json`; `published/CURRENT` names
the newest complete one. A reader that resolves CURRENT once reads one consistent state, whatever runs meanwhile.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.run_content import TableContent
from orchestration.run_time import RunTime
from orchestration.workbook import write_workbook
from orchestration.workspace import Workspace

CURRENT = "CURRENT"
SCHEMA = "marts"
DATABASE, PARQUET, WORKBOOK, MANIFEST = "marts.duckdb", "parquet", "tieout.xlsx", "manifest.json"
UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Snapshot:
    """A complete published run."""

    folder: Path

    @property
    def run(self) -> str:
        """Its name: business day and run."""
        return self.folder.name

    @property
    def database(self) -> Path:
        """The marts as a read-only DuckDB file."""
        return self.folder / DATABASE

    @property
    def workbook(self) -> Path:
        """The marts a person works with, as an Excel file."""
        return self.folder / WORKBOOK

    def manifest(self) -> Mapping[str, object]:
        """What was published: the run's time, and per table its rows and content hash."""
        content: Mapping[str, object] = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        return content

    def not_accounted_for(self) -> list[str] | None:
        """What the run found lost or counted twice, a sentence each; None where it has not looked: of too many records, or in an older
        version."""
        found = self.manifest().get("not_accounted_for")
        return [str(one) for one in found] if isinstance(found, list) else None


def current(workspace: Workspace) -> Snapshot | None:
    """The snapshot CURRENT names, or None where nothing is published yet."""
    pointer = workspace.published / CURRENT
    if not pointer.exists():
        return None
    return Snapshot(workspace.published / pointer.read_text(encoding="utf-8").strip())


def publish(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, run_time: RunTime, fingerprint: str,
    descriptions: Mapping[str, Mapping[str, str]], contents: Mapping[str, TableContent], prove: Callable[[], list[str] | None],
) -> tuple[Snapshot, bool]:  # fmt: skip
    """Publish the marts as they are; returns the snapshot and whether it is new.

    Where CURRENT was made from the same content (`fingerprint`), it stands. `descriptions` holds, per table, the comment of the table
    under `""` and of its columns by name; `contents` rows and hash of each canonical table and mart (`schema.table`). What `prove`
    finds lost or counted twice, or None where it has not looked, is in the manifest: the snapshot is published, and says so.
    """
    standing = current(workspace)
    if standing is not None and standing.manifest().get("fingerprint") == fingerprint:
        return standing, False
    name = f"{run_time.as_of.isoformat()}-{run_time.run_id.replace('-', '')[:12]}"
    final = workspace.published / name
    work = workspace.published / f"{UNFINISHED}{name}"
    for left_behind in workspace.published.glob(f"{UNFINISHED}*"):  # by a run that was killed: only one runs at a time
        shutil.rmtree(left_behind)
    (work / PARQUET).mkdir(parents=True)
    tables = _write_tables(connection, work, descriptions, contents)
    write_workbook(work / WORKBOOK, work / DATABASE, run_time)
    manifest = {
        "run_id": run_time.run_id,
        "as_of": run_time.as_of.isoformat(),
        "known_at": run_time.known_at.isoformat(),
        "fingerprint": fingerprint,
        "not_accounted_for": prove(),
        "tables": tables,
        "canonical": {
            name.partition(".")[2]: {"rows": each.rows, "content": each.content}
            for name, each in contents.items()
            if not name.startswith(f"{SCHEMA}.")
        },
    }
    (work / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for path in work.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    shutil.rmtree(final, ignore_errors=True)
    work.rename(final)
    _point(workspace, name)
    return Snapshot(final), True


def _write_tables(
    connection: duckdb.DuckDBPyConnection, folder: Path, descriptions: Mapping[str, Mapping[str, str]],
    contents: Mapping[str, TableContent],
) -> dict[str, dict[str, object]]:  # fmt: skip
    names = [
        row[0]
        for row in connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY 1",
            [SCHEMA],
        ).fetchall()
    ]
    tables: dict[str, dict[str, object]] = {}
    connection.execute(f"ATTACH '{folder / DATABASE}' AS snapshot")
    try:
        for name in names:
            copy = f'snapshot.main."{name}"'  # in the file marts.duckdb, `marts.{name}` and `{name}` both name it
            connection.execute(f'CREATE TABLE {copy} AS SELECT * FROM {SCHEMA}."{name}" ORDER BY ALL')
            connection.execute(
                f"COPY (SELECT * FROM {copy}) TO '{folder / PARQUET / name}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )
            rows = connection.execute(f"SELECT count(*) FROM {copy}").fetchone()
            assert rows is not None  # noqa: S101
            tables[name] = {"rows": rows[0], "content": contents[f"{SCHEMA}.{name}"].content}
            _comment(connection, copy, descriptions.get(name, {}))
    finally:
        connection.execute("DETACH snapshot")
    return tables


def _comment(connection: duckdb.DuckDBPyConnection, table: str, texts: Mapping[str, str]) -> None:
    columns = {row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
    for column, text in texts.items():
        quoted = text.replace("'", "''")
        if column == "":
            connection.execute(f"COMMENT ON TABLE {table} IS '{quoted}'")
        elif column in columns:
            connection.execute(f"COMMENT ON COLUMN {table}.\"{column}\" IS '{quoted}'")


def _point(workspace: Workspace, name: str) -> None:
    """Replace the pointer: a reader sees the old name or the new one, never half of either."""
    pointer = workspace.published / CURRENT
    fresh = pointer.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(name + "\n", encoding="utf-8")
    fresh.replace(pointer)


def prune(workspace: Workspace, keep: int) -> list[str]:
    """Delete all but the newest `keep` snapshots; the current one always stays. Returns the names deleted."""
    if keep < 1:
        raise ValueError(f"keep at least one snapshot; found --keep {keep}")
    standing = current(workspace)
    runs = [
        path for path in workspace.published.iterdir() if (path / MANIFEST).exists() and not path.name.startswith(".")
    ]
    runs.sort(key=lambda path: ((path / MANIFEST).stat().st_mtime_ns, path.name), reverse=True)
    kept = {path.name for path in runs[:keep]} | ({standing.run} if standing else set())
    gone = [path for path in runs if path.name not in kept]
    gone += list(workspace.published.glob(f"{UNFINISHED}*"))
    for path in gone:
        shutil.rmtree(path)
    return sorted(path.name for path in gone)
