"""A list of what an ERP holds says how things stand: the same list again is news where it came otherwise in between."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_workspace import land, small_workspace

from ingestion.readers import reader
from orchestration.landing import landed
from orchestration.loading import LoadSummary, load_source
from orchestration.warehouse import connect, create_tables
from orchestration.workspace import Workspace

LATER = datetime(2026, 12, 31, tzinfo=UTC)
SOURCES = """\
sources:
  - {name: banks, title: Bank details of suppliers, system: sap, format: sap_master, path: "banks/*.csv", owner: payables,
     group: erp, options: {object: supplier_banks}}
"""
ITEMS = """\
sources:
  - {name: items, title: Supplier items, system: sap, format: sap_line_items, path: "items/*.csv", owner: payables, group: erp,
     snapshot: SNAPSHOT, options: {object: payables}}
"""


def load(workspace: Workspace) -> LoadSummary:
    (source,) = workspace.sources().sources
    with connect(workspace.warehouse) as connection:
        create_tables(connection)
        files = landed(connection, workspace, source, LATER)
        return load_source(connection, workspace, source, reader(source.format), files, "run")


def statuses(workspace: Workspace) -> list[str]:
    with connect(workspace.warehouse, read_only=True) as connection:
        return [row[0] for row in connection.execute("SELECT status FROM raw.delivery ORDER BY received_at").fetchall()]


def accounts(number: str) -> str:
    return f"LIFNR;BANKL;BANKN\n100010;37040044;{number}\n"


def items(*documents: str) -> str:
    rows = "".join(f"1000;{document};2026;001;100010;H;100.00;EUR\n" for document in documents)
    return "BUKRS;BELNR;GJAHR;BUZEI;LIFNR;SHKZG;WRBTR;WAERS\n" + rows


@pytest.fixture
def banks(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path / "small", SOURCES)


def test_a_list_that_is_as_it_was_before_last_is_loaded_anew(banks: Workspace) -> None:
    """A supplier's bank account is changed on the 3rd and changed back on the 4th: the list of the 4th is the one of the 2nd."""
    land(banks, "banks/2.csv", accounts("111"), "2026-11-02T05:00:00")
    land(banks, "banks/3.csv", accounts("999"), "2026-11-03T05:00:00")
    land(banks, "banks/4.csv", accounts("111"), "2026-11-04T05:00:00")
    load(banks)
    assert statuses(banks) == ["loaded", "loaded", "loaded"]
    assert load(banks) == LoadSummary("banks")


def test_it_is_told_day_by_day_as_it_is_told_at_once(banks: Workspace) -> None:
    for day, number in (("02", "111"), ("03", "999"), ("04", "111"), ("05", "111")):
        land(banks, f"banks/{day}.csv", accounts(number), f"2026-11-{day}T05:00:00")
        load(banks)
    assert statuses(banks) == ["loaded", "loaded", "loaded", "duplicate"]


def test_one_name_written_over_each_day_is_a_delivery_each_time(banks: Workspace) -> None:
    """The third list is the first one's bytes under the first one's name, and the fourth says that nothing has changed."""
    for day, number in (("02", "111"), ("03", "999"), ("04", "111"), ("05", "111")):
        land(banks, "banks/all.csv", accounts(number), f"2026-11-{day}T05:00:00")
        load(banks)
        assert load(banks) == LoadSummary("banks")
    assert statuses(banks) == ["loaded", "loaded", "loaded", "duplicate"]


def test_an_old_file_of_changes_sent_once_more_is_not_loaded_again(tmp_path: Path) -> None:
    """What has changed is told once: the same changes again, after others, would set the items back."""
    workspace = small_workspace(tmp_path / "small", ITEMS.replace("SNAPSHOT", "false"))
    land(workspace, "items/2.csv", items("1", "2"), "2026-11-02T05:00:00")
    land(workspace, "items/3.csv", items("2"), "2026-11-03T05:00:00")
    land(workspace, "items/4.csv", items("1", "2"), "2026-11-04T05:00:00")
    summary = load(workspace)
    assert statuses(workspace) == ["loaded", "loaded", "duplicate"]
    assert summary.records_read == summary.records_loaded + summary.records_duplicate


def test_a_list_of_all_open_items_is_loaded_anew(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path / "small", ITEMS.replace("SNAPSHOT", "true"))
    land(workspace, "items/2.csv", items("1", "2"), "2026-11-02T05:00:00")
    land(workspace, "items/3.csv", items("2"), "2026-11-03T05:00:00")
    land(workspace, "items/4.csv", items("1", "2"), "2026-11-04T05:00:00")
    load(workspace)
    assert statuses(workspace) == ["loaded", "loaded", "loaded"]
