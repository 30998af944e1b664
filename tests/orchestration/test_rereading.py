"""Files whose source was declared wrongly: they are read again once a person says so, and by another source wherever they lie."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_workspace import land, small_workspace

from ingestion.readers import reader
from orchestration.landing import landed
from orchestration.loading import load_source
from orchestration.rereading import mark_to_read_again
from orchestration.warehouse import connect, create_tables
from orchestration.workspace import Workspace

LATER = datetime(2026, 12, 31, tzinfo=UTC)
LIST = "Date;Amount;Text\n25/03/2026;-10.00;rent\n03/04/2026;-5.00;toll\n"
STATEMENT = ":20:X\n:25:123\n:28C:1\n:60F:C260325EUR100,00\n:61:2603260326D10,00NTRFNONREF\n:62F:C260326EUR90,00\n"
PARTIES = "id;name;iban\nL1;Bakker;NL91ABNA0417164300\n"
SOURCES = """\
sources:
  - {name: portal, title: Portal, system: bank, format: csv, path: "portal/*", owner: treasury, group: bank, declaration:
      {delimiter: ";", dates: "%m/%d/%Y", kind: bank_entry, constants: {currency: EUR},
       columns: {booking_date: Date, amount: Amount, text: Text}}}
  - {name: swift, title: Statements, system: bank, format: mt940, path: "swift/*", owner: treasury, group: bank}
  - {name: parties, title: Suppliers, system: magna, format: csv, path: "magna/*", owner: payables, group: erp, declaration:
      {delimiter: ";", kind: counterparty, constants: {role: supplier}, columns: {source_id: id, name: name}}}
  - {name: accounts, title: Accounts of suppliers, system: magna, format: csv, path: "magna/*", owner: payables, group: erp,
     declaration: {delimiter: ";", kind: counterparty_bank_account, columns: {source_id: id, iban: iban}}}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path / "small", SOURCES)


def load(workspace: Workspace, only: str = "") -> None:
    with connect(workspace.warehouse) as connection:
        create_tables(connection)
        for source in workspace.sources().sources:
            if only not in ("", source.name):
                continue
            files = landed(connection, workspace, source, LATER)
            load_source(connection, workspace, source, reader(source.format), files, "run")


def forget(workspace: Workspace, source: str, *files: str, everything: bool = False) -> list[str]:
    with connect(workspace.warehouse) as connection:
        again = mark_to_read_again(
            connection,
            workspace,
            source,
            files,
            everything=everything,
            actor="ada",
            at=datetime(2026, 4, 1, tzinfo=UTC),
        )
    return [one.file_name for one in again]


def rows(workspace: Workspace, sql: str) -> list[tuple[object, ...]]:
    with connect(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def statuses(workspace: Workspace) -> list[tuple[object, ...]]:
    return rows(workspace, "SELECT source, file_name, status FROM raw.delivery ORDER BY source, file_name")


def days(workspace: Workspace) -> list[str]:
    return [str(day) for (day,) in rows(workspace, "SELECT booking_date FROM raw.bank_entry ORDER BY 1")]


def test_a_list_read_with_day_and_month_exchanged_is_read_anew_from_what_came(workspace: Workspace) -> None:
    file = land(workspace, "portal/list.csv", LIST, "2026-04-03T06:00:00")
    load(workspace)
    assert days(workspace) == ["2026-03-04"]  # the other entry, of a month 25, is a reject
    config = workspace.config / "sources.yml"
    config.write_text(config.read_text().replace("%m/%d/%Y", "%d/%m/%Y"))
    load(workspace)
    assert days(workspace) == ["2026-03-04"]  # what is loaded stays until somebody says otherwise
    (before,) = rows(workspace, "SELECT received_at FROM raw.delivery")
    file.unlink()  # landing was tidied up
    assert forget(workspace, "portal") == ["portal/list.csv"]
    assert rows(workspace, "SELECT status, records_loaded, actor FROM ops.reread") == [("partly", 2, "ada")]
    load(workspace)
    assert days(workspace) == ["2026-03-25", "2026-04-03"]
    assert rows(workspace, "SELECT received_at FROM raw.delivery") == [before]
    assert rows(workspace, "SELECT * FROM raw.reject") == []


def test_a_file_read_whole_is_read_anew_where_it_is_named(workspace: Workspace) -> None:
    land(workspace, "swift/1.sta", STATEMENT, "2026-03-27T06:00:00")
    load(workspace)
    assert forget(workspace, "swift") == []
    assert forget(workspace, "swift", "swift/1.sta") == ["swift/1.sta"]
    assert forget(workspace, "swift", "swift/1.sta") == []  # it is marked already
    load(workspace)
    assert days(workspace) == ["2026-03-26"]
    assert forget(workspace, "swift", everything=True) == ["swift/1.sta"]
    with pytest.raises(LookupError, match=r"source swift has delivered no swift/2\.sta"):
        forget(workspace, "swift", "swift/2.sta")


def test_what_was_read_stays_until_its_source_is_read_again(workspace: Workspace) -> None:
    """A run within the day that reads only other sources would do without a ledger."""
    land(workspace, "magna/parties.csv", PARTIES, "2026-03-27T06:00:00")
    land(workspace, "swift/1.sta", STATEMENT, "2026-03-27T06:00:00")
    load(workspace)
    before = rows(workspace, "SELECT * FROM raw.counterparty"), statuses(workspace)
    assert forget(workspace, "parties", everything=True) == ["magna/parties.csv"]
    load(workspace, "swift")
    assert (rows(workspace, "SELECT * FROM raw.counterparty"), statuses(workspace)) == before
    load(workspace)
    assert (rows(workspace, "SELECT * FROM raw.counterparty"), statuses(workspace)) == before
    assert rows(workspace, "SELECT is_pending FROM ops.reread") == [(False,)]


def test_what_cannot_be_read_any_more_is_refused_and_gone(workspace: Workspace) -> None:
    land(workspace, "magna/parties.csv", PARTIES, "2026-03-27T06:00:00")
    load(workspace)
    config = workspace.config / "sources.yml"
    config.write_text(config.read_text().replace("name: name", "name: title"))
    assert forget(workspace, "parties", everything=True) == ["magna/parties.csv"]
    load(workspace)
    assert rows(workspace, "SELECT * FROM raw.counterparty") == []
    assert ("parties", "magna/parties.csv", "quarantined") in statuses(workspace)


def test_a_file_that_lay_in_the_wrong_folder_is_read_in_the_right_one(workspace: Workspace) -> None:
    wrong = land(workspace, "portal/1.sta", STATEMENT, "2026-03-27T06:00:00")
    load(workspace)
    wrong.unlink()
    land(workspace, "swift/1.sta", STATEMENT, "2026-03-27T08:00:00")
    load(workspace)
    assert statuses(workspace) == [("portal", "portal/1.sta", "quarantined"), ("swift", "swift/1.sta", "loaded")]


def test_two_sources_of_one_statement_load_it_once(workspace: Workspace) -> None:
    land(workspace, "swift/1.sta", STATEMENT, "2026-03-27T06:00:00")
    load(workspace)
    config = workspace.config / "sources.yml"
    config.write_text(config.read_text().replace("name: swift, title: Statements", "name: again, title: Statements"))
    load(workspace)
    assert statuses(workspace) == [("again", "swift/1.sta", "duplicate"), ("swift", "swift/1.sta", "loaded")]


def test_two_sources_take_what_is_theirs_from_one_list(workspace: Workspace) -> None:
    land(workspace, "magna/parties.csv", PARTIES, "2026-03-27T06:00:00")
    load(workspace)
    assert statuses(workspace) == [
        ("accounts", "magna/parties.csv", "loaded"),
        ("parties", "magna/parties.csv", "loaded"),
    ]
    assert rows(workspace, "SELECT name FROM raw.counterparty") == [("Bakker",)]
    assert rows(workspace, "SELECT iban FROM raw.counterparty_bank_account") == [("NL91ABNA0417164300",)]


def test_what_the_second_source_cannot_read_of_it_is_told(workspace: Workspace) -> None:
    land(workspace, "magna/parties.csv", PARTIES.replace("iban", "konto"), "2026-03-27T06:00:00")
    load(workspace)
    assert statuses(workspace) == [
        ("accounts", "magna/parties.csv", "quarantined"),
        ("parties", "magna/parties.csv", "loaded"),
    ]


ITEMS = "Ledger;No;Supplier;Date;Currency;Amount\nAP;1;L1;2026-03-01;EUR;10.00\nAR;2;K1;2026-03-01;EUR;20.00\nAR;3;K1;2026-03-02;EUR;5.00\n"
LEDGER = """\
  - {name: %ss, title: Items, system: magna, format: csv, path: "magna/items.csv", owner: payables, group: erp, snapshot: true,
     declaration: {delimiter: ";", kind: open_item, constants: {ledger: %s, company_code: "1"}, where: {Ledger: %s}, columns:
       {document_number: "No", counterparty_id: Supplier, document_date: Date, currency: Currency, amount: Amount}}}
"""
LEDGERS = "sources:\n" + LEDGER % ("payable", "payable", "AP") + LEDGER % ("receivable", "receivable", "AR")


def test_two_sources_take_a_ledger_each_from_one_list(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path / "ledgers", LEDGERS)
    land(workspace, "magna/items.csv", ITEMS, "2026-03-27T06:00:00")
    load(workspace)
    assert [status for _, _, status in statuses(workspace)] == ["partly", "partly"]  # of the other's rows each says so
    assert rows(workspace, "SELECT ledger, document_number FROM raw.open_item ORDER BY 2") == [
        ("payable", "1"),
        ("receivable", "2"),
        ("receivable", "3"),
    ]


def test_a_record_is_neither_taken_twice_nor_left_out_where_sources_overlap(tmp_path: Path) -> None:
    workspace = small_workspace(
        tmp_path / "ledgers", LEDGERS.replace("where: {Ledger: AR}", "where: {Supplier: [K1, L1]}")
    )
    land(workspace, "magna/items.csv", ITEMS, "2026-03-27T06:00:00")
    load(workspace)
    assert statuses(workspace)[1] == ("receivables", "magna/items.csv", "quarantined")
    assert rows(workspace, "SELECT reason LIKE '%found 1 of 3 records loaded%' FROM raw.delivery ORDER BY source") == [
        (None,),
        (True,),
    ]


def test_each_file_that_came_under_one_name_is_read_again(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path / "ledgers", LEDGERS)
    lists = (ITEMS, ITEMS.replace("10.00", "4.00"), ITEMS)  # a list written over the one before, and back again
    for day, text in enumerate(lists, start=1):
        land(workspace, "magna/items.csv", text, f"2026-04-0{day}T06:00:00")
        load(workspace)
    told = "SELECT * EXCLUDE run_id FROM raw.delivery ORDER BY delivery_id"
    held = "SELECT * FROM raw.open_item ORDER BY delivery_id, record_number"
    before = rows(workspace, told), rows(workspace, held)
    assert forget(workspace, "receivables", everything=True) == ["magna/items.csv"] * 3
    assert forget(workspace, "receivables", everything=True) == []
    load(workspace)
    assert (rows(workspace, told), rows(workspace, held)) == before
    load(workspace)
    assert (rows(workspace, told), rows(workspace, held)) == before


def test_a_file_that_two_sources_cannot_read_is_refused_for_both_and_read_again_for_each(workspace: Workspace) -> None:
    land(workspace, "magna/parties.csv", PARTIES.replace("id;", "nr;"), "2026-03-27T06:00:00")
    load(workspace)
    assert [status for _, _, status in statuses(workspace)] == ["quarantined", "quarantined"]
    config = workspace.config / "sources.yml"
    config.write_text(config.read_text().replace("source_id: id", "source_id: nr"))
    for source in ("parties", "accounts"):
        assert forget(workspace, source) == ["magna/parties.csv"]
    load(workspace)
    assert [status for _, _, status in statuses(workspace)] == ["loaded", "loaded"]


def test_what_no_source_would_read_again_stays(workspace: Workspace) -> None:
    land(workspace, "swift/1.sta", STATEMENT, "2026-03-27T06:00:00")
    load(workspace)
    config = workspace.config / "sources.yml"
    config.write_text(config.read_text().replace("name: swift", "name: again"))
    with pytest.raises(LookupError, match="no source is named swift"):
        forget(workspace, "swift", everything=True)
    assert days(workspace) == ["2026-03-26"]
