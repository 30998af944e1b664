"""The landing folder and the archive: which files have arrived, and their bytes kept for good (DESIGN 4)."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from ingestion.reading import FileRejected
from ingestion.sources import SourceConfig
from orchestration.warehouse import insert_rows
from orchestration.workspace import Workspace

UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")  # what transfers call a file they are still writing
CHUNK_BYTES = 1 << 20
PENDING = "SELECT delivery_id FROM ops.reread WHERE is_pending"
"""Deliveries that are marked to be read again, and whose records stay until they are."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class LandedFile:
    """A file in the landing folder, or one of the archive that is to be read again; `received_at` is its modification time, in UTC, to
    the microsecond."""

    source: str
    path: Path
    name: str  # relative to landing/, control characters escaped
    size: int
    mtime_ns: int
    sha256: str
    is_again: bool = False  # the same source, name and bytes as an earlier delivery, and yet one of its own
    again_id: str | None = None  # of such a one that is read again, the id it had
    packed: int | None = None  # of an archive, how many deliveries it holds
    refusal: FileRejected | None = None  # of an archive, why it cannot be unpacked

    @property
    def received_at(self) -> datetime:
        """When the file landed."""
        return EPOCH + timedelta(microseconds=self.mtime_ns // 1000)

    @property
    def delivery_id(self) -> str:
        """The same source, name and bytes are the same delivery, however often it is looked at."""
        if self.again_id is not None:
            return self.again_id
        moment = f"|{self.mtime_ns}" if self.is_again else ""
        return hashlib.sha256(f"{self.source}|{self.name}|{self.sha256}{moment}".encode()).hexdigest()[:24]


def printable(name: str) -> str:
    """A file name that is safe to print and to store: control characters and surrogates escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def digest(path: Path) -> str:
    """The sha256 of a file's bytes, read in chunks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def arrivals(workspace: Workspace, source: SourceConfig, known_at: datetime | None = None) -> Iterator[Path]:
    """The regular files of a source that lie in landing/, up to `known_at`; links out of it and unfinished files are not."""
    root = workspace.landing.resolve()
    for path in sorted(root.glob(source.path)):
        if _has_arrived(path, known_at) and path.resolve().is_relative_to(root):
            yield path


def unclaimed(workspace: Workspace, sources: Iterable[SourceConfig], known_at: datetime | None = None) -> list[str]:
    """The files in landing/ that no source takes, by name: an archive where `path` says *.xml, a folder nobody declared, a link out of
    landing/."""
    root = workspace.landing.resolve()
    taken = {path for source in sources for path in arrivals(workspace, source)}
    there = (path for path in sorted(root.rglob("*")) if path not in taken and _has_arrived(path, known_at))
    return [printable(str(path.relative_to(root))) for path in there]


def _has_arrived(path: Path, known_at: datetime | None) -> bool:
    """Whether this is a whole file, received up to `known_at`."""
    if path.name.startswith(".") or path.name.endswith(UNFINISHED) or not path.is_file():
        return False
    return known_at is None or EPOCH + timedelta(microseconds=path.stat().st_mtime_ns // 1000) <= known_at


def landed(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, source: SourceConfig, known_at: datetime
) -> list[LandedFile]:
    """Files of a source received up to `known_at`, oldest first, and those of `ops.reread` that nobody has read again since.

    A file whose size and modification time are known is not hashed again; `ops.landing_file` remembers them.
    """
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS ops.landing_file"
        "(name VARCHAR, size BIGINT, mtime_ns BIGINT, sha256 VARCHAR, PRIMARY KEY (name, size, mtime_ns))"
    )
    known = {
        (name, size, mtime): sha256
        for name, size, mtime, sha256 in connection.execute("SELECT * FROM ops.landing_file").fetchall()
    }
    files, fresh = [], []
    for path in arrivals(workspace, source, known_at):
        stat = path.stat()
        name = printable(str(path.relative_to(workspace.landing.resolve())))
        key = (name, stat.st_size, stat.st_mtime_ns)
        if key not in known:
            known[key] = digest(path)
            fresh.append((*key, known[key]))
        files.append(LandedFile(source.name, path, name, stat.st_size, stat.st_mtime_ns, known[key]))
    insert_rows(connection, "ops.landing_file", ["name", "size", "mtime_ns", "sha256"], fresh, "INSERT OR IGNORE")
    again = _to_read_again(connection, workspace, source, known_at)
    # what lies in landing of these is the same delivery, or comes after it
    lie = {(file.name, file.sha256) for file in again}
    files = [*again, *(file for file in files if (file.name, file.sha256) not in lie)]
    return sorted(files, key=lambda file: (file.received_at, file.name))


def _to_read_again(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, source: SourceConfig, known_at: datetime
) -> list[LandedFile]:
    """What a person has marked and no run has read since, from the archive: another file may lie under its name by now."""
    create_reread(connection)
    if connection.execute("SELECT count(*) FROM ops.reread WHERE source = ?", [source.name]).fetchone() == (0,):
        return []
    rows = connection.execute(
        "SELECT DISTINCT delivery_id, file_name, bytes, received_at, sha256 FROM ops.reread "
        "WHERE source = ? AND received_at <= ? "
        f"AND (delivery_id IN ({PENDING}) OR delivery_id NOT IN (SELECT delivery_id FROM raw.delivery)) "
        "ORDER BY received_at, delivery_id",
        [source.name, known_at],
    ).fetchall()
    files = []
    for delivery_id, name, size, received_at, sha256 in rows:
        came = (received_at - EPOCH) // timedelta(microseconds=1) * 1000
        file = LandedFile(source.name, archived(workspace, sha256), name, size, came, sha256)
        files.append(file if file.delivery_id == delivery_id else replace(file, again_id=delivery_id))
    return files


def create_reread(connection: duckdb.DuckDBPyConnection) -> None:
    """The table of deliveries that are or were marked to be read again, if it is not there yet."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS ops.reread(delivery_id VARCHAR, source VARCHAR, file_name VARCHAR, sha256 VARCHAR, "
        "bytes BIGINT, received_at TIMESTAMPTZ, status VARCHAR, records_loaded BIGINT, run_id VARCHAR, actor VARCHAR, "
        '"at" TIMESTAMPTZ)'
    )
    connection.execute("ALTER TABLE ops.reread ADD COLUMN IF NOT EXISTS is_pending BOOLEAN")


def archived(workspace: Workspace, sha256: str) -> Path:
    """Where the bytes with a hash lie in the archive."""
    return workspace.archive / sha256[:2] / sha256


def archive(workspace: Workspace, file: LandedFile) -> Path:
    """Copy a file byte for byte to archive/<2 hex>/<sha256>, once; a copy cut short never takes the final name."""
    target = archived(workspace, file.sha256)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(f".{os.getpid()}.part")
        shutil.copyfile(file.path, unfinished)
        if digest(unfinished) != file.sha256:
            unfinished.unlink()
            raise OSError(
                f"{file.name}: the file changed while it was copied to the archive; it is read on the next run"
            )
        unfinished.replace(target)
    return target


def quarantine(workspace: Workspace, file: LandedFile, archived: Path, reason: str) -> Path:
    """Put a copy of a failed delivery where a person looks for it, with the reason beside."""
    target = workspace.quarantine / file.source / f"{file.sha256[:12]}-{Path(file.name).name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(archived, target)
    target.with_name(target.name + ".reason.txt").write_text(f"{file.name}\n{reason}\n", encoding="utf-8")
    return target
