"""Deliveries: each file loads whole or not at all, nothing is loaded twice, and every record is accounted for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_workspace import land, mt940, small_workspace

from ingestion.readers import reader
from orchestration.landing import landed, unclaimed
from orchestration.loading import LoadSummary, load_source
from orchestration.warehouse import connect, create_tables
from orchestration.workspace import Workspace

LATER = datetime(2026, 12, 31, tzinfo=UTC)


def load(workspace: Workspace, known_at: datetime = LATER, run_id: str = "run") -> LoadSummary:
    (source,) = workspace.sources().sources
    with connect(workspace.warehouse) as connection:
        create_tables(connection)
        files = landed(connection, workspace, source, known_at)
        return load_source(connection, workspace, source, reader(source.format), files, run_id)


def rows(workspace: Workspace, sql: str) -> list[tuple[object, ...]]:
    with connect(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path / "small")


def test_a_file_becomes_raw_rows_and_an_archived_copy(workspace: Workspace) -> None:
    file = land(workspace, "testbank/1.sta", mt940(1, "260901", "100000", "-2500", "4000"), "2026-09-02T06:00:00")
    summary = load(workspace)
    assert (summary.loaded, summary.records_read, summary.records_loaded) == (
        1,
        summary.records_read,
        summary.records_read,
    )
    assert rows(workspace, "SELECT signed_amount::VARCHAR FROM raw.bank_entry ORDER BY entry_number") == [
        ("-25.00000",),
        ("40.00000",),
    ]
    (archived,) = [path for path in workspace.archive.rglob("*") if path.is_file()]
    assert archived.read_bytes() == file.read_bytes()


def test_loading_again_changes_no_raw_row(workspace: Workspace) -> None:
    land(workspace, "testbank/1.sta", mt940(1, "260901", "100000", "-2500"), "2026-09-02T06:00:00")
    load(workspace)
    before = rows(workspace, "SELECT * FROM raw.bank_entry"), rows(workspace, "SELECT * FROM raw.delivery")
    assert load(workspace, run_id="second") == LoadSummary("testbank")
    assert (rows(workspace, "SELECT * FROM raw.bank_entry"), rows(workspace, "SELECT * FROM raw.delivery")) == before


def test_the_same_bytes_under_another_name_are_registered_not_loaded(workspace: Workspace) -> None:
    text = mt940(1, "260901", "100000", "-2500")
    land(workspace, "testbank/1.sta", text, "2026-09-02T06:00:00")
    land(workspace, "testbank/1 copy.sta", text, "2026-09-02T07:00:00")
    summary = load(workspace)
    assert (summary.loaded, summary.duplicates) == (1, 1)
    assert summary.records_read == summary.records_loaded + summary.records_duplicate
    assert rows(workspace, "SELECT count(*) FROM raw.bank_entry") == [(1,)]
    ((reason,),) = rows(workspace, "SELECT reason FROM raw.delivery WHERE status = 'duplicate'")
    assert "testbank/1.sta" in str(reason)


def test_a_statement_known_with_other_content_is_a_conflict(workspace: Workspace) -> None:
    land(workspace, "testbank/1.sta", mt940(1, "260901", "100000", "-2500"), "2026-09-02T06:00:00")
    land(workspace, "testbank/1b.sta", mt940(1, "260901", "100000", "-2600"), "2026-09-02T09:00:00")
    summary = load(workspace)
    assert (summary.loaded, summary.conflicts) == (1, 1)
    assert rows(workspace, "SELECT signed_amount::VARCHAR FROM raw.bank_entry") == [("-25.00000",)]
    (reason,) = (workspace.quarantine / "testbank").glob("*.reason.txt")
    assert "DE89370400440532013000 EUR statement" in reason.read_text("utf-8")
    assert "is known from testbank/1.sta with other content" in reason.read_text("utf-8")


def test_a_file_that_is_no_statement_is_quarantined_with_its_reason(workspace: Workspace) -> None:
    land(workspace, "testbank/1.sta", b"\x00\x01 not a statement", "2026-09-02T06:00:00")
    assert load(workspace).quarantined == 1
    ((status, reason),) = rows(workspace, "SELECT status, reason FROM raw.delivery")
    assert status == "quarantined" and reason
    assert [path.name for path in (workspace.quarantine / "testbank").glob("*.sta")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty; found 0 bytes"),
        (b"\x1f\x8b\x08\0statement", "the file is not a readable archive; at archive; found Compressed file ended"),
        (b"PK\x03\x04\x14\0statement", "the file is not a readable archive; at archive; found File is not a zip file"),
        (b"<html><body>Session expired</body></html>", "the file is a web page; at start of the file"),
    ],
)
def test_what_is_no_file_of_its_format_is_told_for_what_it_is(
    workspace: Workspace, content: bytes, reason: str
) -> None:
    land(workspace, "testbank/1.sta", "", "2026-09-02T06:00:00").write_bytes(content)
    load(workspace)
    ((said,),) = rows(workspace, "SELECT reason FROM raw.delivery WHERE status = 'quarantined'")
    assert str(said).startswith(reason)


def test_what_lands_after_known_at_waits(workspace: Workspace) -> None:
    land(workspace, "testbank/1.sta", mt940(1, "260901", "100000", "-2500"), "2026-09-02T06:00:00")
    land(workspace, "testbank/2.sta", mt940(2, "260902", "97500", "-100"), "2026-09-03T06:00:00")
    evening = datetime(2026, 9, 2, 22, tzinfo=UTC)
    assert load(workspace, evening).loaded == 1
    assert load(workspace, evening).deliveries == 0
    assert load(workspace).loaded == 1


def test_unfinished_and_foreign_files_are_not_touched(workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "outside.sta"
    outside.write_text(mt940(1, "260901", "100000", "-2500"))
    land(workspace, "testbank/2.sta.part", mt940(2, "260901", "100000", "-2500"), "2026-09-02T06:00:00")
    (workspace.landing / "testbank" / "link.sta").symlink_to(outside)
    assert load(workspace).deliveries == 0


def test_a_name_with_control_characters_is_loaded_and_recorded_as_one_that_is_safe_to_print(
    workspace: Workspace,
) -> None:
    land(workspace, "testbank/a\x1b[2J\n.sta", mt940(1, "260901", "100000", "-2500"), "2026-09-02T06:00:00")
    land(workspace, "testbank/b\x07.sta", b"\0 no statement", "2026-09-02T07:00:00")
    summary = load(workspace)
    assert (summary.loaded, summary.quarantined) == (1, 1)
    names = [str(name) for (name,) in rows(workspace, "SELECT file_name FROM raw.delivery ORDER BY received_at")]
    assert names == ["testbank/a\\x1b[2J\\n.sta", "testbank/b\\x07.sta"]
    assert all(path.name.isprintable() for path in workspace.quarantine.rglob("*"))


def test_files_that_no_source_takes_are_named(workspace: Workspace, tmp_path: Path) -> None:
    """An archive where the source takes *.sta, and a folder nobody declared: they would never be read, and nobody told."""
    land(workspace, "testbank/1.sta", mt940(1, "260901", "100000", "-2500"), "2026-09-02T06:00:00")
    land(workspace, "testbank/C53.zip", b"PK", "2026-09-02T06:00:00")
    land(workspace, "otherbank/x.xml", "<a/>", "2026-09-02T06:00:00")
    land(workspace, "testbank/.hidden", "", "2026-09-02T06:00:00")
    land(workspace, "testbank/2.sta.part", "", "2026-09-02T06:00:00")
    assert unclaimed(workspace, workspace.sources().sources) == ["otherbank/x.xml", "testbank/C53.zip"]
