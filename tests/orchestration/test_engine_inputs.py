"""Inputs of monitoring and forecasting, read from tables with exactly the columns of the canonical contracts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from orchestration.assets.forecasting_inputs import read_forecast_inputs
from orchestration.assets.monitoring import grounds
from orchestration.assets.monitoring_inputs import read_monitoring_inputs
from orchestration.transfers import Transfer, record
from orchestration.warehouse import create_tables
from reconciliation.contracts import ALERT
from reconciliation.forecasting import ForecastingConfig, forecast
from reconciliation.monitoring import MonitoringConfig, monitor

CONTRACTS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "canonical" / "_canonical.yml"
AS_OF = date(2026, 3, 11)


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory: the project's own tables, and empty canonical tables made from their contracts."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    create_tables(connection)
    connection.execute("CREATE SCHEMA canonical")
    for model in yaml.safe_load(CONTRACTS.read_text(encoding="utf-8"))["models"]:
        columns = ", ".join(f'"{column["name"]}" {column["data_type"]}' for column in model["columns"])
        connection.execute(f"CREATE TABLE canonical.{model['name']} ({columns})")
    connection.execute("INSERT INTO config.company VALUES ('Group', 'EUR', 'Europe/Berlin')")
    connection.execute("INSERT INTO config.run_parameter VALUES ('2026-03-11', '2026-03-11 22:00:00+00', 'test')")
    yield connection
    connection.close()


def insert(connection: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


def invoice(connection: duckdb.DuckDBPyConnection, item: str, amount: str, **values: object) -> None:
    given: dict[str, object] = {
        "ledger": "payable", "kind": "invoice", "currency": "EUR", "entity_id": "DE", "status": "open",
        "golden_id": "g",
        "posting_date": "2026-02-01", "due_date": "2026-03-20", "approval_status": "approved",
        "approved_at": "2026-02-03T10:00", "open_amount": amount,
    }  # fmt: skip
    insert(connection, "canonical.open_item", open_item_id=item, amount=amount, **(given | values))


def payment(connection: duckdb.DuckDBPyConnection, name: str, amount: str, item: str, settles: str | None) -> None:
    insert(
        connection, "canonical.payment_instruction", payment_id=name, entity_id="DE", account_id="A", amount=amount,
        currency="EUR", direction="credit_transfer", status="sent", execution_date="2026-03-12",
        end_to_end_id=f"E-{name}",
        message_created_at="2026-03-10T09:00:00", received_on="2026-03-10", counterparty_account="de02 1203",
    )  # fmt: skip
    insert(connection, "canonical.remittance_advice", payment_id=name, open_item_id=item, amount=settles)


def match(connection: duckdb.DuckDBPyConnection, group: str, status: str, *items: tuple[str, str, str]) -> None:
    insert(connection, "matching.match_group", group_id=group, leg="x", status=status, as_of="2026-03-11")
    for dataset, item, applied in items:
        insert(connection, "matching.match_item", group_id=group, dataset=dataset, item_id=item, applied_amount=applied)


def line(connection: duckdb.DuckDBPyConnection, name: str, amount: str, **values: object) -> None:
    given: dict[str, object] = {
        "account_id": "A",
        "currency": "EUR",
        "effective_date": "2026-03-09",
        "line_kind": "bank_line",
    }
    insert(connection, "canonical.bank_statement_line", bank_line_id=name, amount=amount, **(given | values))


def test_an_empty_warehouse_gives_empty_results(warehouse: duckdb.DuckDBPyConnection) -> None:
    alerts = monitor(read_monitoring_inputs(warehouse), MonitoringConfig(), AS_OF, pl.DataFrame(schema=dict(ALERT)))
    assert alerts.is_empty()
    assert forecast(read_forecast_inputs(warehouse), ForecastingConfig(), AS_OF).is_empty()


def test_a_run_without_a_time_is_refused(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("DELETE FROM config.run_parameter")
    with pytest.raises(LookupError, match="begin the run first"):
        read_monitoring_inputs(warehouse)


def test_an_erp_that_delivers_what_it_delivered_last_still_delivers(warehouse: duckdb.DuckDBPyConnection) -> None:
    """An unchanged list shows that the ERP is alive; Monday's changes once more, or a bank's statement, show nothing of Wednesday."""

    def deliver(source: str, day: int, sha256: str, status: str) -> None:
        insert(
            warehouse, "raw.delivery", delivery_id=f"{source}{day}", source=source, system="x", file_name=f"{day}", sha256=sha256,
            bytes=1, received_at=datetime(2026, 3, day, 5, tzinfo=UTC), status=status, records_read=1, records_loaded=1,
            records_rejected=0, records_duplicate=0, run_id="test",
        )  # fmt: skip

    for source, group in (("list", "erp"), ("changes", "erp"), ("bank", "bank")):
        insert(warehouse, "config.source", source=source, title=source, owner="erp", source_group=group)
    for day, status in ((9, "loaded"), (10, "duplicate"), (11, "duplicate")):
        deliver("list", day, "same", status)
        deliver("bank", day, "same statement", status)
    for day, sha256, status in ((9, "monday", "loaded"), (10, "tuesday", "loaded"), (11, "monday", "duplicate")):
        deliver("changes", day, sha256, status)
    inputs = read_monitoring_inputs(warehouse)
    received = inputs.sources.sort("source").select("source", pl.col("last_received_at").dt.day())
    assert received.rows() == [("bank", 9), ("changes", 10), ("list", 11)]
    days = inputs.arrivals.sort("source", "received_on").select("source", pl.col("received_on").dt.day()).rows()
    assert days == [("bank", 9), ("changes", 9), ("changes", 10), ("list", 9), ("list", 10), ("list", 11)]


def test_an_outage_makes_the_source_late_until_it_answers_again(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Whether it has an arrival calendar or not, and though it delivered on the day before."""

    def late() -> list[tuple[str, date, str]]:
        found = monitor(read_monitoring_inputs(warehouse), MonitoringConfig(), AS_OF, pl.DataFrame(schema=dict(ALERT)))
        return found.filter(pl.col("check") == "stale_source").select("object_id", "since", "message").rows()

    insert(warehouse, "config.source", source="vendors", title="Vendors", owner="erp")
    evening = datetime(2026, 3, 11, 22, tzinfo=UTC)
    record(warehouse, Transfer("vendors", evening - timedelta(days=2), "ok", "done", 1, 7))
    assert late() == []
    record(warehouse, Transfer("vendors", evening - timedelta(days=1), "failed", "not reachable: refused"))
    record(warehouse, Transfer("vendors", evening - timedelta(hours=3), "skipped", "looks at the past"))
    record(warehouse, Transfer("vendors", evening + timedelta(minutes=1), "failed", "no answer in time"))
    assert late() == [
        (
            "vendors", date(2026, 3, 10),
            "vendors (Vendors) was asked in vain since 2026-03-10 22:00 UTC: no answer in time",
        )
    ]  # fmt: skip
    record(warehouse, Transfer("vendors", evening + timedelta(days=1), "failed", "after this run"))
    assert len(late()) == 1
    record(warehouse, Transfer("vendors", evening + timedelta(minutes=2), "ok", "nothing new"))
    assert late() == []


def test_a_later_moment_is_ground_to_look_again_though_nothing_has_arrived(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """What is due at eight is late at nine, in a run in which nothing else is new."""
    moments = [f"2026-03-11 {hour}:00:00+00" for hour in ("07", "07", "08")]
    found = []
    for moment in moments:
        warehouse.execute("UPDATE config.run_parameter SET known_at = ?", [moment])
        found.append(grounds(warehouse, "rules"))
    assert found[0] == found[1] != found[2]


def test_what_remains_of_an_item_is_counted_once(warehouse: duckdb.DuckDBPyConnection) -> None:
    invoice(warehouse, "untouched", "-100.00000")
    invoice(warehouse, "partly by the ERP", "-100.00000", open_amount="-60.00000")
    invoice(warehouse, "instructed", "-100.00000")
    invoice(warehouse, "half instructed", "-100.00000", open_amount="-50.00000")
    invoice(warehouse, "instructed, amount not said", "-100.00000")
    invoice(warehouse, "cleared", "-100.00000", status="cleared", open_amount="0", clearing_date="2026-03-02")
    payment(warehouse, "p1", "-100.00000", "instructed", "-100.00000")
    payment(warehouse, "p2", "-50.00000", "half instructed", "-50.00000")
    payment(warehouse, "p3", "-100.00000", "instructed, amount not said", None)
    items = read_forecast_inputs(warehouse).open_items
    remaining = dict(items.select("open_item_id", "remaining").iter_rows())
    assert remaining == {
        "untouched": Decimal(-100),
        "partly by the ERP": Decimal(-60),
        "instructed": Decimal(0),
        "half instructed": Decimal(-50),  # the ERP and the payment speak of the same half
        "instructed, amount not said": Decimal(0),
        "cleared": Decimal(0),
    }


def statement(connection: duckdb.DuckDBPyConnection, key: str, day: str, balance: str | None, **values: object) -> None:
    given: dict[str, object] = {"kind": "statement", "account_id": "A", "currency": "EUR", "position": 1}
    insert(
        connection, "canonical.bank_statement", statement_key=key, statement_date=day, closing_balance=balance,
        **(given | values),
    )  # fmt: skip


def intraday(connection: duckdb.DuckDBPyConnection, name: str, amount: str, **values: object) -> None:
    given: dict[str, object] = {
        "account_id": "A", "currency": "EUR", "effective_date": "2026-03-11", "kind": "report", "status": "BOOK",
    }  # fmt: skip
    insert(connection, "canonical.bank_intraday_line", bank_line_id=name, amount=amount, text=name, **(given | values))


@pytest.mark.parametrize("reported", ["810.00000", None])
def test_what_an_intraday_report_shows_is_in_the_balance_and_not_expected_again(
    warehouse: duckdb.DuckDBPyConnection, reported: str | None
) -> None:
    statement(warehouse, "s", "2026-03-10", "1000.00000", from_date="2026-03-02")
    statement(warehouse, "r", "2026-03-11", reported, kind="report")
    insert(warehouse, "canonical.bank_account", account_id="A", entity_id="DE", currency="EUR", calendar="TARGET2")
    for name, day in (("p", "2026-03-11"), ("q", "2026-03-12"), ("twin", "2026-03-11"), ("other twin", "2026-03-11")):
        amount = "-70.00000" if "twin" in name else "-120.00000"
        insert(
            warehouse, "canonical.payment_instruction", payment_id=name, entity_id="DE", account_id="A", amount=amount,
            currency="EUR", status="sent", execution_date=day, end_to_end_id="T" if "twin" in name else "E",
        )  # fmt: skip
    intraday(warehouse, "booked", "-120.00000", end_to_end_id="E")
    intraday(warehouse, "of which twin", "-70.00000", end_to_end_id="T", effective_date="2026-03-11")
    intraday(warehouse, "in the statement", "-5.00000", effective_date="2026-03-10")
    intraday(warehouse, "pending", "-6.00000", status="PDNG")
    inputs = read_forecast_inputs(warehouse)
    booked = dict(inputs.payments.select("payment_id", "booked_on").iter_rows())
    if reported:
        opening = (Decimal(810), AS_OF, date(2026, 3, 10))
        assert inputs.flows.sort("text")["text"].to_list() == ["booked", "of which twin"]
        assert booked == {"p": AS_OF, "q": None, "twin": None, "other twin": None}
    else:  # a report of entries alone: the opening balance is the statement's, and all is still expected
        opening = (Decimal(1000), date(2026, 3, 10), date(2026, 3, 10))
        assert inputs.flows.is_empty()
        assert set(booked.values()) == {None}
    assert inputs.balances.select("balance", "balance_date", "covered_until").rows() == [opening]


def test_statements_without_a_balance_carry_the_last_one_on(warehouse: duckdb.DuckDBPyConnection) -> None:
    insert(warehouse, "canonical.bank_account", account_id="A", entity_id="DE", currency="EUR", calendar="TARGET2")
    for position, (key, day, balance) in enumerate(
        [("s", "2026-03-06", "1000.00000"), ("t", "2026-03-09", None), ("u", "2026-03-10", None)], start=1
    ):
        statement(warehouse, key, day, balance, position=position)
        insert(
            warehouse, "canonical.bank_statement_line", bank_line_id=key, statement_key=key, account_id="A",
            entity_id="DE", currency="EUR", effective_date=day, amount="-20.00000",
        )  # fmt: skip
    columns = ("balance", "balance_date", "booked_since", "covered_until")
    carried = read_forecast_inputs(warehouse).balances.select(columns).rows()
    assert carried == [(Decimal(1000), date(2026, 3, 6), Decimal(-40), date(2026, 3, 10))]
    # a list beside the bank's statements: what it tells of the balance's day and before is in the balance, whoever told it first
    for key, day in (("of the day", "2026-03-06"), ("of four days", "2026-03-10")):
        statement(warehouse, key, day, None, position=4)
        insert(
            warehouse, "canonical.bank_statement_line", bank_line_id=key, statement_key=key, account_id="A",
            entity_id="DE", currency="EUR", effective_date="2026-03-06", amount="-70.00000",
        )  # fmt: skip
    assert read_forecast_inputs(warehouse).balances.select(columns).rows() == carried
    statement(warehouse, "v", "2026-03-11", "950.00000", position=5)
    stated = read_forecast_inputs(warehouse).balances.select(columns).rows()
    assert stated == [(Decimal(950), AS_OF, None, AS_OF)]


def test_a_returned_payment_settles_nothing(warehouse: duckdb.DuckDBPyConnection) -> None:
    invoice(warehouse, "i", "-100.00000")
    payment(warehouse, "p", "-100.00000", "i", "-100.00000")
    line(warehouse, "back", "100.00000", line_kind="return", references=["E-p"], effective_date="2026-03-13")
    inputs = read_forecast_inputs(warehouse)
    assert inputs.open_items["remaining"].to_list() == [Decimal(-100)]
    assert inputs.payments.is_empty()
    assert read_monitoring_inputs(warehouse).payments["returned_on"].to_list() == [date(2026, 3, 13)]


def test_only_decided_matches_explain_a_line(warehouse: duckdb.DuckDBPyConnection) -> None:
    for name in ("matched", "partly", "suggested", "open"):
        line(warehouse, name, "-100.00000")
    match(warehouse, "g1", "matched", ("bank_lines", "matched", "-100"), ("payments", "p", "-100"))
    match(warehouse, "g2", "matched", ("bank_lines", "partly", "-40"), ("open_items", "i", "-40"))
    match(warehouse, "g3", "suggested", ("bank_lines", "suggested", "-100"), ("open_items", "i", "-100"))
    payment(warehouse, "p", "-100.00000", "i", "-100.00000")
    inputs = read_monitoring_inputs(warehouse)
    found = inputs.bank_lines.sort("bank_line_id").select("bank_line_id", "open_amount", "state").rows()
    assert found == [
        ("open", Decimal(-100), "open"),
        ("partly", Decimal(-60), "matched"),
        ("suggested", Decimal(-100), "suggested"),
    ]
    assert inputs.payments.select("is_booked", "counterparty_account", "sent_on").row(0) == (
        True,
        "DE021203",
        date(2026, 3, 10),
    )
    flows = read_forecast_inputs(warehouse).flows
    assert set(flows.filter(pl.col("settles_item"))["bank_line_id"]) == {"matched", "partly"}


def test_what_people_have_set_aside_is_one_question_about_one_thing(warehouse: duckdb.DuckDBPyConnection) -> None:
    """In force and not over; a newer word about the same thing counts."""

    def ignore(number: int, about: str, *items: str, **more: object) -> None:
        given: dict[str, object] = {
            "decision_id": f"D{number}", "kind": "ignore", "state": "holds", "actor": "ada", "reason": f"why {number}",
            "until": "2026-04-01", "decided_at": f"2026-03-0{number}", "about": about,
        }  # fmt: skip
        insert(warehouse, "matching.decision", **given | more)
        for item in items:
            dataset, _, item_id = item.partition(":")
            insert(warehouse, "matching.decision_item", decision_id=f"D{number}", dataset=dataset, item_id=item_id)

    ignore(1, "bank_lines:l1", "bank_lines:l1")
    ignore(2, "unmatched_bank_line: l1", "bank_lines:l1", exception_id="e1")
    ignore(3, "statement_gap: key: 7", exception_id="e2")
    ignore(4, "unmatched_payment: p1", "payments:p1", exception_id="e3", until=None)
    ignore(5, "bank_lines:l2", "bank_lines:l2", state="undone")
    ignore(6, "bank_lines:l3", "bank_lines:l3", until="2026-03-11")
    insert(warehouse, "monitoring.alert", alert_id="a1", check="duplicate_invoice", object_id="i1", status="open")
    ignore(7, "duplicate_invoice: i1", exception_id="a1")
    assert read_monitoring_inputs(warehouse).set_aside.sort("object_id").rows() == [
        ("duplicate_invoice", "i1", date(2026, 4, 1), "ada, why 7"),
        ("statement_gap", "key: 7", date(2026, 4, 1), "ada, why 3"),
        ("unreconciled_line", "l1", date(2026, 4, 1), "ada, why 2"),
        ("executed_not_booked", "p1", None, "ada, why 4"),
    ]


def test_of_two_payments_under_one_reference_the_newest_before_the_return_came_back(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for name, day in (("p", "2026-03-02"), ("q", "2026-03-05"), ("r", "2026-03-10")):
        payment(warehouse, name, "-100.00000", "i", None)
        warehouse.execute(
            "UPDATE canonical.payment_instruction SET execution_date = ?, end_to_end_id = 'E' WHERE payment_id = ?",
            [day, name],
        )
    line(warehouse, "back", "100.00000", line_kind="return", references=["E"], effective_date="2026-03-09")
    back = read_monitoring_inputs(warehouse).payments.sort("payment_id")["returned_on"].to_list()
    assert back == [None, date(2026, 3, 9), None]


def test_a_line_that_the_matching_knows_to_undo_another_brings_its_payment_back(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    payment(warehouse, "p", "-100.00000", "i", None)
    line(warehouse, "out", "-100.00000")
    line(warehouse, "back", "100.00000", effective_date="2026-03-10")
    match(warehouse, "g1", "matched", ("bank_lines", "out", "-100"), ("payments", "p", "-100"))
    match(warehouse, "g2", "matched", ("bank_lines", "out", "-100"), ("bank_lines", "back", "100"))
    assert read_monitoring_inputs(warehouse).payments["returned_on"].to_list() == [date(2026, 3, 10)]


def test_what_bank_lines_pay_of_an_item_is_told_with_it(warehouse: duckdb.DuckDBPyConnection) -> None:
    invoice(warehouse, "all", "-100.00000")
    invoice(warehouse, "part", "-100.00000", clearing_date="2026-03-05")
    invoice(warehouse, "untouched", "-100.00000")
    for name in ("all", "part"):
        line(warehouse, name, "-100.00000")
    match(warehouse, "g1", "matched", ("bank_lines", "all", "-100"), ("open_items", "all", "-100"))
    match(warehouse, "g2", "matched", ("bank_lines", "part", "-40"), ("open_items", "part", "-40"))
    found = read_monitoring_inputs(warehouse).open_items.sort("open_item_id")
    assert found.select("open_item_id", "paid_amount", "cleared_on").rows() == [
        ("all", Decimal(100), None),
        ("part", Decimal(40), date(2026, 3, 5)),
        ("untouched", None, None),
    ]


def test_a_return_that_names_a_payment_of_its_amount_in_its_text_brings_it_back(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for name, amount in (("p-1001", "-100.00000"), ("p-1002", "-100.00000"), ("p-1003", "-90.00000")):
        payment(warehouse, name, amount, f"i-{name}", None)
    warehouse.execute("UPDATE canonical.payment_instruction SET execution_date = '2026-03-02'")
    line(
        warehouse, "b1", "100.00000", line_kind="return", effective_date="2026-03-09", text="RETURN E-P-1002 R03 MEYER"
    )
    line(
        warehouse, "b2", "100.00000", line_kind="return", effective_date="2026-03-09", text="RETURN E-P-1003 E-P-10011"
    )
    line(warehouse, "b3", "100.00000", effective_date="2026-03-09", text="E-P-1001")  # no return
    back = read_monitoring_inputs(warehouse).payments.sort("payment_id")["returned_on"].to_list()
    assert back == [None, date(2026, 3, 9), None]


def test_an_empty_list_is_a_delivery_however_often_its_bytes_come(warehouse: duckdb.DuckDBPyConnection) -> None:
    insert(warehouse, "config.source", source="list", source_group="bank", account_id="A")
    for number, (digest, status, records) in enumerate(
        (("full", "loaded", 3), ("bare", "loaded", 1), ("full", "duplicate", 3), ("bare", "duplicate", 1)), start=1
    ):
        insert(
            warehouse, "raw.delivery", delivery_id=f"d{number}", source="list", system="bank", file_name="list.csv", sha256=digest,
            bytes=1, received_at=datetime(2026, 3, number, 6, tzinfo=UTC), status=status, records_read=records, records_loaded=0,
            records_rejected=0, records_duplicate=0, run_id="test",
        )  # fmt: skip
    for number, entries in ((1, 2), (2, 0)):
        insert(warehouse, "raw.bank_statement", delivery_id=f"d{number}", record_number=1, statement_number=1, kind="statement",
               identity=f"s{number}", entry_count=entries, balance_check="none")  # fmt: skip
    source = read_monitoring_inputs(warehouse).sources.row(0, named=True)
    assert source["last_empty_at"] == source["last_received_at"] == datetime(2026, 3, 4, 6, tzinfo=UTC)


def test_a_failed_file_is_replaced_where_it_is_read_from_elsewhere_but_not_by_what_another_source_takes_of_it(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for name, source, file, status in (
        ("d1", "portal", "portal/1.sta", "quarantined"),
        ("d2", "swift", "swift/1.sta", "loaded"),
        ("d3", "accounts", "magna/list.csv", "quarantined"),
        ("d4", "parties", "magna/list.csv", "loaded"),
    ):
        insert(
            warehouse, "raw.delivery", delivery_id=name, source=source, system="x", file_name=file, sha256=file.split("/")[1], bytes=1,
            received_at=datetime(2026, 3, 4, 6, tzinfo=UTC), status=status, records_read=1, records_loaded=0, records_rejected=0,
            records_duplicate=0, run_id="test",
        )  # fmt: skip
    told = read_monitoring_inputs(warehouse).deliveries.sort("delivery_id")
    assert dict(told.select("delivery_id", "is_replaced").iter_rows()) == {"d1": True, "d3": False}
