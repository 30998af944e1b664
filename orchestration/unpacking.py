"""Landed archives and the deliveries within them.

The members of an archive are copied to archive/ as what lands is, and are deliveries of their own, named `archive.zip!member.xml` and
received when the archive was. `ops.archive_member` remembers what each archive holds, so that it is unpacked once. One that cannot be
unpacked is a delivery itself, and quarantined: all of it or nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from ingestion.archives import Member, is_packed, labelled, members, nested, packed_as, takes_members
from ingestion.reading import FileRejected
from ingestion.sources import SourceConfig
from orchestration.landing import LandedFile, archived, printable
from orchestration.warehouse import insert_rows
from orchestration.workspace import Workspace

UNPACKED = "unpacked"
"""The status of an archive in `raw.delivery`."""

_COLUMNS = ["archive_sha256", "place", "name", "sha256", "bytes"]
_Held = list[tuple[str, str, int]]  # name within the archive, sha256 and size of each member


def unpacked(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, source: SourceConfig, files: Sequence[LandedFile]
) -> list[LandedFile]:
    """The files with the members of archives behind each, in their order; what was read as it is before stays as it is."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS ops.archive_member"
        '(archive_sha256 VARCHAR, place BIGINT, name VARCHAR, sha256 VARCHAR, "bytes" BIGINT, PRIMARY KEY (archive_sha256, place))'
    )
    status = dict(
        connection.execute("SELECT delivery_id, status FROM raw.delivery WHERE source = ?", [source.name]).fetchall()
    )
    found: dict[str, LandedFile] = {}
    for file in files:
        known = status.get(file.delivery_id)
        if known not in (None, UNPACKED) or not (known or _holds_deliveries(file.path, source)):
            found.setdefault(file.delivery_id, file)
            continue
        held = _held(connection, workspace, file)
        if isinstance(held, FileRejected):
            found.setdefault(file.delivery_id, replace(file, refusal=held))
            continue
        found.setdefault(file.delivery_id, replace(file, packed=len(held)))
        for member in _deliveries(workspace, file, held):
            is_new = member.delivery_id not in status
            found.setdefault(member.delivery_id, replace(member, refusal=_nested(member.path)) if is_new else member)
    return list(found.values())


def _holds_deliveries(path: Path, source: SourceConfig) -> bool:
    with path.open("rb") as stream:
        head = stream.read(4)
        stream.seek(0)
        return packed_as(head) is not None and takes_members(source, head) and is_packed(stream)


def _nested(path: Path) -> FileRejected | None:
    with path.open("rb") as stream:
        return nested(stream)


def _deliveries(workspace: Workspace, file: LandedFile, held: _Held) -> Iterator[LandedFile]:
    """A microsecond apart, so that they are known in the order of their names."""
    for place, (name, sha256, size) in enumerate(held):
        yield LandedFile(
            file.source,
            archived(workspace, sha256),
            labelled(file.name, name),
            size,
            file.mtime_ns + place * 1000,
            sha256,
        )


def _held(connection: duckdb.DuckDBPyConnection, workspace: Workspace, file: LandedFile) -> _Held | FileRejected:
    """What an archive holds, by what is remembered or by unpacking it; or why it cannot be unpacked."""
    rows = connection.execute(
        'SELECT name, sha256, "bytes" FROM ops.archive_member WHERE archive_sha256 = ? ORDER BY place', [file.sha256]
    ).fetchall()
    if rows and all(archived(workspace, sha256).exists() for _, sha256, _ in rows):
        return rows
    try:
        with file.path.open("rb") as stream:
            held = [_keep(workspace, member) for member in members(stream)]
    except FileRejected as failure:
        return failure
    remembered = [(file.sha256, place, *one) for place, one in enumerate(held)]
    insert_rows(connection, "ops.archive_member", _COLUMNS, remembered, "INSERT OR REPLACE")
    return held


def _keep(workspace: Workspace, member: Member) -> tuple[str, str, int]:
    """Copy a member to archive/<2 hex>/<sha256>, once; a copy cut short never takes the final name."""
    workspace.archive.mkdir(parents=True, exist_ok=True)
    unfinished = workspace.archive / f"member.{os.getpid()}.part"
    digest, size = hashlib.sha256(), 0
    try:
        with unfinished.open("wb") as target:
            for chunk in member.chunks:
                digest.update(chunk)
                size += target.write(chunk)
        kept = archived(workspace, digest.hexdigest())
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished.replace(kept)
    finally:
        unfinished.unlink(missing_ok=True)
    return printable(member.name), digest.hexdigest(), size
