"""ZIP archives and gzip files: each file within is a delivery of its own, whatever the archive it came in."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from small_workspace import land, mt940, small_workspace
from test_loading import LATER, rows

from ingestion import archives
from ingestion.readers import reader
from orchestration.cli import main
from orchestration.landing import landed
from orchestration.loading import LoadSummary, load_source
from orchestration.rereading import mark_to_read_again
from orchestration.warehouse import connect, create_tables
from orchestration.workspace import Workspace

SOURCES = """\
sources:
  - {name: ebics, title: Statements, system: bank, format: mt940, path: "ebics/*", owner: treasury, group: bank}
"""
LIST = """\
sources:
  - {name: items, title: Items, system: magna, format: csv, path: "items/*", owner: payables, group: erp, snapshot: true,
     declaration: {kind: counterparty, constants: {role: supplier}, columns: {source_id: id, name: name}}}
"""
FIRST, SECOND = mt940(1, "260901", "100000", "-2500"), mt940(2, "260902", "97500", "-100", "400")
AT = "2026-09-03T06:00:00"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path / "small", SOURCES)


def zipped(**files: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return buffer.getvalue()


def load(workspace: Workspace, run_id: str = "run") -> LoadSummary:
    (source,) = workspace.sources().sources
    with connect(workspace.warehouse) as connection:
        create_tables(connection)
        return load_source(
            connection, workspace, source, reader(source.format), landed(connection, workspace, source, LATER), run_id
        )


def deliveries(workspace: Workspace) -> list[tuple[object, ...]]:
    return rows(workspace, "SELECT file_name, status, records_loaded FROM raw.delivery ORDER BY received_at, file_name")


def test_each_member_is_a_delivery_and_the_archive_is_kept(workspace: Workspace) -> None:
    file = land(workspace, "ebics/C53.zip", zipped(a_sta=FIRST, b_sta=SECOND), AT)
    assert load(workspace).loaded == 2
    assert deliveries(workspace) == [
        ("ebics/C53.zip", "unpacked", 0), ("ebics/C53.zip!a.sta", "loaded", 5), ("ebics/C53.zip!b.sta", "loaded", 7),
    ]  # fmt: skip
    assert file.read_bytes() in {path.read_bytes() for path in workspace.archive.rglob("*") if path.is_file()}
    assert load(workspace, "again") == LoadSummary("ebics")


def test_a_member_of_another_archive_is_known(workspace: Workspace) -> None:
    land(workspace, "ebics/monday.zip", zipped(a_sta=FIRST), AT)
    load(workspace)
    land(workspace, "ebics/tuesday.zip", zipped(a_sta=FIRST, b_sta=SECOND), "2026-09-04T06:00:00")
    land(workspace, "ebics/a.sta", FIRST, "2026-09-04T07:00:00")
    land(workspace, "ebics/monday copy.zip", zipped(a_sta=FIRST), "2026-09-04T08:00:00")
    summary = load(workspace)
    assert (summary.loaded, summary.duplicates, summary.quarantined) == (1, 3, 0)
    assert rows(workspace, "SELECT count(*) FROM raw.bank_statement") == [(2,)]


def test_a_gzip_file_holds_one(workspace: Workspace) -> None:
    land(workspace, "ebics/s.sta.gz", gzip.compress(FIRST.encode()), AT)
    load(workspace)
    assert deliveries(workspace) == [("ebics/s.sta.gz", "unpacked", 0), ("ebics/s.sta.gz!s.sta", "loaded", 5)]


def test_two_files_of_one_name_are_two(workspace: Workspace) -> None:
    buffer = io.BytesIO()
    with pytest.warns(UserWarning), zipfile.ZipFile(buffer, "w") as archive:
        for content in (FIRST, SECOND, SECOND):
            archive.writestr("s.sta", content)
    land(workspace, "ebics/C53.zip", buffer.getvalue(), AT)
    load(workspace)
    assert [(name, status) for name, status, _ in deliveries(workspace)][1:] == [
        ("ebics/C53.zip!s.sta", "loaded"), ("ebics/C53.zip!s.sta#2", "loaded"), ("ebics/C53.zip!s.sta#3", "duplicate"),
    ]  # fmt: skip


def test_an_archive_made_on_windows_may_name_folders_and_times(workspace: Workspace) -> None:
    """Its folders end with a backslash: one was taken for an empty file. A time in a name is no drive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("out\\", b"")
        archive.writestr("out\\first.sta", FIRST)
        archive.writestr("2026-09-02T06:00.sta", SECOND)
    land(workspace, "ebics/day.zip", buffer.getvalue(), AT)
    load(workspace)
    assert [(name, status) for name, status, _ in deliveries(workspace)] == [
        ("ebics/day.zip", "unpacked"),
        ("ebics/day.zip!2026-09-02T06:00.sta", "loaded"),
        ("ebics/day.zip!out\\first.sta", "loaded"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (zipped(a_sta=FIRST, b_sta=SECOND)[:-30], "not a readable archive"),
        (zipped(a_sta=FIRST).replace(b"a.sta", b"../sta"[:5]), "leaves its folder"),
        (gzip.compress(FIRST.encode())[:-9], "not a readable archive"),
        (gzip.compress(b"0" * 3_000_000) * 100, "unfolds to too much"),
        (gzip.compress(b"name" + b"\0" * 253 + b"ustar" + b"\0" * 300), "an archive (tar) within gzip"),
        (zipped(), "holds no file"),
        (zipped(**{"__MACOSX/._a_sta": b"\0"}), "holds no file"),
    ],
    ids=["cut zip", "climbing name", "cut gzip", "bomb", "tar", "empty zip", "nothing but a system's own"],
)  # fmt: skip
def test_an_archive_that_cannot_be_unpacked_is_refused_whole(
    workspace: Workspace, content: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "RATIO_LIMIT", 20)
    land(workspace, "ebics/C53.zip", content, AT)
    assert load(workspace).quarantined == 1
    ((said,),) = rows(workspace, "SELECT reason FROM raw.delivery")
    assert reason in str(said)
    assert load(workspace, "again").deliveries == 0
    assert rows(workspace, "SELECT count(*) FROM raw.bank_entry") == [(0,)]


def test_what_is_packed_twice_or_is_no_statement_is_refused_and_the_rest_loads(workspace: Workspace) -> None:
    packed = zipped(a_sta=FIRST, b_zip=zipped(c_sta=SECOND), d_pdf=b"%PDF-1.7")
    land(workspace, "ebics/C53.zip", packed, AT)
    summary = load(workspace)
    assert (summary.loaded, summary.quarantined) == (1, 2)
    said = rows(workspace, "SELECT reason FROM raw.delivery WHERE status = 'quarantined' ORDER BY file_name")
    assert "an archive within an archive" in str(said[0]) and "a PDF document" in str(said[1])


def test_an_archive_is_read_again_with_all_it_holds(workspace: Workspace) -> None:
    file = land(workspace, "ebics/C53.zip", zipped(a_sta=FIRST, b_sta=SECOND), AT)
    load(workspace)
    before = deliveries(workspace)
    file.unlink()
    with connect(workspace.warehouse) as connection:
        again = mark_to_read_again(
            connection, workspace, "ebics", ["ebics/C53.zip"], everything=False, actor="ada", at=LATER
        )
    assert len(again) == 3
    assert load(workspace).loaded == 2
    assert deliveries(workspace) == before


def test_the_parts_of_an_erp_extract_stay_one_list(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path / "small", LIST)
    land(workspace, "items/list.zip", zipped(a_csv="id,name\n1,Bakker\n", b_csv="id,name\n2,Smit\n"), AT)
    land(workspace, "items/more.csv.gz", gzip.compress(b"id,name\n3,Jansen\n"), AT)
    load(workspace)
    assert deliveries(workspace) == [
        ("items/list.zip", "loaded", 2), ("items/more.csv.gz", "unpacked", 0), ("items/more.csv.gz!more.csv", "loaded", 1),
    ]  # fmt: skip


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code, capsys.readouterr().out


def test_the_commands_show_what_an_archive_holds(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    file = land(workspace, "ebics/C53.zip", zipped(a_sta=FIRST, b_sta=SECOND, c_zip=zipped(d_sta=FIRST)), AT)
    code, shown = command(capsys, "read", str(file))
    assert code == 3
    assert [line.split("C53.zip!")[1] for line in shown.splitlines() if "C53.zip!" in line] == [
        "a.sta: read", "b.sta: read", "c.zip: rejected",
    ]  # fmt: skip
    code, checked = command(capsys, "source", "check", "ebics", "--workspace", str(workspace.root))
    assert code == 3
    assert "C53.zip!b.sta" in checked and "an archive within an archive" in checked
    code, proposed = command(capsys, "source", "infer", str(file))
    assert code == 0
    assert "format: mt940" in proposed and "the first of 3" in proposed


def test_the_records_of_a_member_are_written_beside_its_archive(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    file = land(workspace, "ebics/s.sta.gz", gzip.compress(FIRST.encode()), AT)
    assert command(capsys, "read", str(file), "--as", "parquet")[0] == 0
    assert (file.parent / "s.sta.gz!s.sta.records" / "bank_entry.parquet").exists()
