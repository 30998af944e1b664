"""The trail of the audit on a warehouse of odd records: each ends somewhere, and one that is taken away, told twice or altered is found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from small_warehouse import SmallWarehouse, Value, group
from week import AS_OF, KNOWN_AT, detail, entry, statement

from orchestration.assets.published import accounted_check
from orchestration.audit import conservation
from orchestration.audit.conservation import figures, items, records, records_and_items, refused
from orchestration.audit.figures import NotWhole, prepare, require_a_whole_run
from orchestration.audit.record_fates import ALTERED, LOST, TWICE, make_record_fates
from orchestration.warehouse import connect


@pytest.fixture
def warehouse(built: SmallWarehouse, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy that may be tampered with."""
    shutil.copy(built.path, tmp_path / "warehouse.duckdb")
    with connect(tmp_path / "warehouse.duckdb") as connection:
        yield connection


def faults(connection: duckdb.DuckDBPyConnection) -> list[str]:
    prepare(connection, "")
    return records(connection).faults


def test_every_record_ends_somewhere(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert faults(warehouse) == []
    ended = {(kind, fate) for kind, fate, _ in records(warehouse).rows}
    assert ("bank entry", "an entry that an earlier report showed already") in ended
    assert ("bank entry", "the details of a bank line, told apart (camt.054)") in ended
    assert ("open item", "another record of an open item that is known twice") in ended
    assert ("payment status", "a status that names no payment that is known") in ended


TAMPERED = {
    "a booked line gone": ("DELETE FROM canonical.bank_statement_line WHERE amount = -300", "(bank entry): stands nowhere; -300"),
    "a booked line twice": (
        "INSERT INTO canonical.bank_statement_line BY NAME SELECT * REPLACE ('twin' AS bank_line_id) "
        "FROM canonical.bank_statement_line WHERE amount = -300",
        "(bank entry): stands in two places; -300",
    ),
    "another amount": (
        "UPDATE canonical.bank_statement_line SET amount = -30 WHERE amount = -300",
        "(bank entry): stands with another amount; -300",
    ),
    "a line of no record": (
        "INSERT INTO canonical.bank_statement_line BY NAME SELECT * REPLACE ('made up' AS bank_line_id, 999 AS record_number) "
        "FROM canonical.bank_statement_line WHERE amount = -300",
        "bank_line made up: comes from no record of its own",
    ),
    "a payment gone": ("DELETE FROM canonical.payment_instruction WHERE payment_id = 'M1|P1|1'", "(payment instruction): stands nowhere"),
    "an open item gone": ("DELETE FROM canonical.open_item WHERE open_item_id = 'sap|1000|68||'", "(open item): stands nowhere"),
    "a statement gone": (
        "DELETE FROM canonical.bank_statement WHERE delivery_id = (SELECT min(delivery_id) FROM canonical.bank_statement)",
        "(bank statement): stands nowhere",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_record_that_is_lost_doubled_or_altered_is_named(warehouse: duckdb.DuckDBPyConnection, what: str) -> None:
    done, told = TAMPERED[what]
    warehouse.execute(done)
    assert any(told in fault for fault in faults(warehouse))


def test_a_line_in_no_match_and_no_queue_is_lost(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Its matching is written by hand and knows no bank line."""
    found = [fault for fault in items(warehouse).faults if fault.startswith("bank_line")]
    assert len(found) == 6 and all("in no match and in no queue" in fault for fault in found)


def test_a_run_proves_itself_unless_that_would_cost_more_than_what_is_new(
    warehouse: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all("in no match" in fault for fault in records_and_items(warehouse) or [])
    warehouse.execute("DROP TABLE canonical.payment_batch CASCADE")
    assert [fault[:27] for fault in records_and_items(warehouse) or []] == ["it could not be proven that"]
    monkeypatch.setattr(conservation, "RECORDS_OF_A_RUN", 0)
    warehouse.execute("UPDATE raw.delivery SET records_loaded = 1")
    assert records_and_items(warehouse) is None
    unproven, proven = accounted_check(None), accounted_check([])
    assert (unproven.passed, unproven.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert unproven.description is not None and "tieout audit" in unproven.description
    assert proven.passed and not accounted_check(["a line is lost"]).passed


def test_what_was_refused_is_said_beside_the_proof(warehouse: duckdb.DuckDBPyConnection) -> None:
    """It is not lost, and yet in no figure: who reads the proof has to know of it."""
    warehouse.execute("UPDATE raw.delivery SET status = 'loaded', records_rejected = 0")
    assert refused(warehouse) is None
    warehouse.execute(
        "UPDATE raw.delivery SET status = 'conflict', records_rejected = 3 WHERE delivery_id = (SELECT min(delivery_id) FROM raw.delivery)"
    )
    assert (refused(warehouse) or "").startswith("Refused, and in no figure: 1 files, 3 records;")


def test_a_run_that_has_not_ended_is_told(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Its canonical tables are newer than the marts: what is in no queue yet is not lost."""
    warehouse.execute(
        "CREATE TABLE ops.run_content AS SELECT 'the run before' AS run_id, as_of FROM config.run_parameter"
    )
    with pytest.raises(NotWhole, match="has not ended; the marts do not fit"):
        require_a_whole_run(warehouse)
    warehouse.execute("UPDATE ops.run_content SET run_id = (SELECT run_id FROM config.run_parameter)")
    require_a_whole_run(warehouse)


def test_a_figure_that_its_parts_do_not_add_up_to_is_told(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("UPDATE marts.cash_position SET position = position + 1 WHERE account_id = 'DE-EUR'")
    prepare(warehouse, "")
    assert any(fault.startswith("cash_position DE-EUR|EUR: shows ") for fault in figures(warehouse).faults)


def test_what_a_statement_says_otherwise_or_more_closely_is_not_lost(tmp_path: Path) -> None:
    """An entry that its bank has corrected, and a transaction of which another statement says more."""
    warehouse = SmallWarehouse(tmp_path)
    group(warehouse)
    for number, (source, closing, amount, check) in enumerate(
        [("camt", "92", "-7", "off"), ("camt", "92", "-8", "ok"), ("mt940", "92", "-8", "ok")]
    ):
        more: dict[str, Value] = {"end_to_end_id": "E1"} if source == "mt940" else {"creditor_name": "Ada"}
        both: dict[str, Value] = {"creditor_name": "Ada", **more}
        rows = [
            statement(1, "2026-09-21", "100", closing, identity=str(number), account_id="told", statement_id=str(number),
                      net_amount=amount, balance_check=check, entry_count=1),
            entry(1, "2026-09-21", amount, account_servicer_reference="K", detail_count=1),
            detail(1, 1, **both),
        ]  # fmt: skip
        warehouse.deliver(f"d{number}", source, "bank", f"2026-09-23 06:0{number}:00+00", rows)
    warehouse.dbt("run", AS_OF, KNOWN_AT, "--select", "+path:models/canonical")
    with connect(warehouse.path) as connection:
        make_record_fates(connection)
        ended = set(connection.execute("SELECT kind, fate FROM record_fate").fetchall())
    assert {("bank_entry", "corrected"), ("bank_entry_detail", "told_more_closely")} <= ended
    assert not {fate for _, fate in ended} & {LOST, TWICE, ALTERED}
