"""Snapshots: immutable, one pointer, exact amounts, and a reader in another process is never shut out."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest

from orchestration.publishing import current, prune, publish
from orchestration.run_content import store
from orchestration.run_time import RunTime
from orchestration.warehouse import connect
from orchestration.workbook import write_workbook
from orchestration.workspace import Workspace

DESCRIPTIONS = {"exception_queue": {"": "What a person has to look at.", "amount": "Money at stake."}}
BIG = Decimal("123456789012345678.12345")


def run_time(number: int) -> RunTime:
    return RunTime(date(2026, 9, 30), datetime(2026, 9, 30, 20, tzinfo=UTC), f"{number:08d}-run")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    with connect(workspace.warehouse) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute("CREATE TABLE marts.exception_queue(id VARCHAR, amount DECIMAL(23,5), note VARCHAR)")
        connection.execute("INSERT INTO marts.exception_queue VALUES ('b', 12.34, '=1+1'), ('a', ?, NULL)", [BIG])
    return workspace


def publish_once(workspace: Workspace, number: int, fingerprint: str) -> bool:
    with connect(workspace.warehouse) as connection:
        contents = store(connection, run_time(number))
        return publish(connection, workspace, run_time(number), fingerprint, DESCRIPTIONS, contents, list)[1]


def test_a_snapshot_holds_database_parquet_workbook_and_manifest(workspace: Workspace) -> None:
    assert publish_once(workspace, 1, "one")
    snapshot = current(workspace)
    assert snapshot is not None and snapshot.run == "2026-09-30-00000001run"
    with duckdb.connect(str(snapshot.database), read_only=True) as connection:
        assert connection.execute("SELECT id, amount FROM marts.exception_queue").fetchall() == [
            ("a", BIG),
            ("b", Decimal("12.34")),
        ]
        assert connection.execute("SELECT comment FROM duckdb_columns() WHERE column_name = 'amount'").fetchall() == [
            ("Money at stake.",)
        ]
    parquet = duckdb.execute(f"SELECT sum(amount) FROM '{snapshot.folder}/parquet/exception_queue.parquet'").fetchone()
    assert parquet == (BIG + Decimal("12.34"),)
    assert snapshot.manifest()["tables"] == {"exception_queue": {"rows": 2, "content": _content(snapshot.folder)}}


def test_each_sheet_begins_with_what_people_read_first(workspace: Workspace) -> None:
    """Of exceptions the cause and its kind, of decisions their number; other keys come last."""
    with connect(workspace.warehouse) as connection:
        connection.execute(
            "CREATE OR REPLACE TABLE marts.exception_queue(exception_id INT, amount INT, detail INT, cause INT)"
        )
        connection.execute("CREATE TABLE marts.decision_log(decision_id INT, kind INT)")
        connection.execute("CREATE TABLE marts.tie_out(tie_out_id INT, difference INT)")
    assert publish_once(workspace, 1, "one")
    book = openpyxl.load_workbook(current(workspace).workbook)  # type: ignore[union-attr]
    headers = {name: [cell.value for cell in book[name][1]] for name in ("Exceptions", "Decisions", "Tie-out")}
    assert headers == {
        "Exceptions": ["cause", "detail", "amount", "exception id"],
        "Decisions": ["decision id", "kind"],
        "Tie-out": ["difference", "tie out id"],
    }


def _content(folder: Path) -> str:
    content = json.loads((folder / "manifest.json").read_text())["tables"]["exception_queue"]["content"]
    assert len(content) == 64
    return str(content)


def test_the_workbook_keeps_every_digit_and_runs_no_formula(workspace: Workspace) -> None:
    publish_once(workspace, 1, "one")
    snapshot = current(workspace)
    assert snapshot is not None
    sheet = openpyxl.load_workbook(snapshot.workbook)["Exceptions"]
    assert [cell.value for cell in sheet[2]] == [
        "123456789012345678.12345",
        None,
        "a",
    ]  # too long for a spreadsheet: text
    assert [cell.value for cell in sheet[3]] == [12.34, "=1+1", "b"]
    assert sheet["B3"].data_type == "s"


def test_the_sheet_of_alerts_shows_what_is_not_done(tmp_path: Path) -> None:
    database = tmp_path / "published.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            "CREATE TABLE marts.alert AS SELECT * FROM (VALUES ('a', 'duplicate_invoice', 'resolved', 900::DECIMAL(23,5), 'one'), "
            "('b', 'duplicate_payment', 'open', 20::DECIMAL(23,5), 'two'), ('c', 'bank_detail_change', 'open', 30::DECIMAL(23,5), "
            "'three')) AS row (alert_id, check_name, status, amount_base, message)"
        )
    write_workbook(tmp_path / "tieout.xlsx", database, run_time(1))
    book = openpyxl.load_workbook(tmp_path / "tieout.xlsx")
    assert [[cell.value for cell in row] for row in book["Alerts"].iter_rows()] == [
        ["check name", "status", "amount base", "message", "alert id"],
        ["bank_detail_change", "open", 30, "three", "c"],
        ["duplicate_payment", "open", 20, "two", "b"],
    ]
    assert [cell.value for cell in book["Overview"][7]] == ["Alerts", "marts.alert", 2]


def test_the_same_content_is_not_published_again(workspace: Workspace) -> None:
    assert publish_once(workspace, 1, "one")
    assert not publish_once(workspace, 2, "one")
    assert publish_once(workspace, 3, "three")
    assert current(workspace).run == "2026-09-30-00000003run"  # type: ignore[union-attr]


def test_a_published_file_cannot_be_written(workspace: Workspace) -> None:
    publish_once(workspace, 1, "one")
    snapshot = current(workspace)
    assert snapshot is not None
    assert not snapshot.database.stat().st_mode & 0o222


def test_pruning_keeps_the_newest_and_the_current(workspace: Workspace) -> None:
    for number in (1, 2, 3):
        publish_once(workspace, number, str(number))
    assert prune(workspace, 1) == ["2026-09-30-00000001run", "2026-09-30-00000002run"]
    assert current(workspace).database.exists()  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="at least one"):
        prune(workspace, 0)


def test_another_process_reads_while_a_run_holds_the_working_file(workspace: Workspace) -> None:
    publish_once(workspace, 1, "one")
    snapshot = current(workspace)
    assert snapshot is not None
    script = (
        f"import duckdb; reader = duckdb.connect({str(snapshot.database)!r}, read_only=True); "
        "print(reader.sql('FROM marts.exception_queue').fetchall()[0][0])"
    )
    with connect(workspace.warehouse) as connection:
        connection.execute("BEGIN; INSERT INTO marts.exception_queue VALUES ('c', 1, NULL)")
        seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
        connection.execute("ROLLBACK")
    assert seen.stdout.strip() == "a"


def test_a_publish_cut_short_leaves_the_pointer_where_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_once(workspace, 1, "one")

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("orchestration.publishing.write_workbook", broken)
    with pytest.raises(OSError, match="disk full"):
        publish_once(workspace, 2, "two")
    assert current(workspace).run == "2026-09-30-00000001run"  # type: ignore[union-attr]
