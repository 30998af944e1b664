"""`tieout explain`: the life of a thing by any of its names, along the chain of the money, down to the record of a file."""

from __future__ import annotations

import json

import pytest
from small_warehouse import SmallWarehouse

from orchestration.cli import main
from orchestration.explain import Explanation, NotOne, explain, find
from orchestration.warehouse import connect


def explained(built: SmallWarehouse, name: str) -> Explanation:
    with connect(built.path, read_only=True) as connection:
        return explain(connection, name)


def test_an_invoice_is_followed_to_its_payment_its_match_and_the_record_it_came_from(built: SmallWarehouse) -> None:
    found = explained(built, "sap|1000|51|2026|")
    assert [(row["type"], row["id"]) for row in found.related] == [("payment", "M1|P1|1")]
    (first,) = [row for row in found.observations if row["object_type"] == "open_item"]
    assert (first["file_name"], first["sha256"], first["archived"]) == ("sap/sap1", "sap1", "archive/sa/sap1")
    assert first["record_kind"] == "open_item" and isinstance(first["record_number"], int)
    events = [(row["object_type"], row["event"]) for row in found.steps]
    assert ("open_item", "received") in events and ("payment", "instructed") in events
    (group,) = found.matches
    assert (group["group_id"], group["leg"], group["pass"], group["rules_version"], group["run_id"]) == (
        "G1", "open_items_to_payments", "remittance", "1", "r",
    )  # fmt: skip
    assert [item["dataset"] for item in group["items"]] == ["open_items", "payments"]  # type: ignore[attr-defined]


def test_a_match_shows_the_life_of_each_of_its_items(built: SmallWarehouse) -> None:
    found = explained(built, "G1")
    assert {(row["type"], row["id"]) for row in found.related} == {
        ("open_item", "sap|1000|51|2026|"), ("payment", "M1|P1|1"),
    }  # fmt: skip


def test_an_exception_leads_to_what_it_is_about(built: SmallWarehouse) -> None:
    exception, payment = built.one(
        "SELECT exception_id, object_id FROM marts.exception_queue WHERE cause = 'payment_rejected' ORDER BY 1 LIMIT 1"
    )
    found = explained(built, str(exception))
    assert (found.facts["cause"], found.facts["object_id"]) == ("payment_rejected", payment)
    assert ("payment", payment) in [(row["type"], row["id"]) for row in found.related]
    assert [row["object_id"] for row in found.observations if row["object_type"] == "payment"] == [payment]


def test_a_balance_and_a_file_are_told_with_where_they_lie(built: SmallWarehouse) -> None:
    key, delivery = built.one("SELECT statement_key, delivery_id FROM marts.cash_position WHERE account_id = 'DE-EUR'")
    statement = explained(built, str(key))
    (row,) = statement.observations
    assert (row["delivery_id"], row["record_kind"]) == (delivery, "bank_statement")
    assert row["archived"] == f"archive/{str(delivery)[:2]}/{delivery}"
    file = explained(built, str(delivery))
    assert (file.thing.type, file.facts["status"]) == ("delivery", "loaded")


def test_a_position_is_its_balance_and_what_has_moved_since(built: SmallWarehouse) -> None:
    (position,) = built.one("SELECT position FROM marts.cash_position WHERE account_id = 'DE-EUR'")
    found = explained(built, "DE-EUR")
    assert (found.thing.type, found.thing.id) == ("cash_position", "DE-EUR|EUR")
    assert sum(row["amount"] for row in found.parts) == position  # type: ignore[misc]
    assert {row["record_kind"] for row in found.parts} <= {"bank_statement", "bank_entry"}
    assert all(isinstance(row["file_name"], str) for row in found.parts)


def test_a_record_of_a_file_tells_where_it_ended(built: SmallWarehouse) -> None:
    delivery, number, payment = built.one(
        "SELECT delivery_id, record_number, payment_id FROM canonical.payment_instruction WHERE payment_id = 'M1|P1|1'"
    )
    (file,) = built.one(f"SELECT file_name FROM raw.delivery WHERE delivery_id = '{delivery}'")
    for name in (f"{delivery}|{number}", f"{file}|{number}"):
        found = explained(built, name)
        assert (found.thing.type, found.facts["became"], found.facts["object_id"]) == ("record", "a payment", payment)
        assert ("payment", payment) in [(row["type"], row["id"]) for row in found.related]
        assert found.matches and found.observations[0]["record_number"] == number


def test_a_file_tells_what_became_of_its_records(built: SmallWarehouse) -> None:
    found = explained(built, "sap1")
    items = sum(row["records"] for row in found.became if row["kind"] == "open_item")  # type: ignore[misc]
    assert (items,) == built.one("SELECT count(*) FROM raw.open_item WHERE delivery_id = 'sap1'")
    assert {row["became"] for row in found.became} >= {"an open item, as its newest record says it"}


def test_an_item_of_two_systems_shows_what_both_said(built: SmallWarehouse) -> None:
    found = explained(built, "oracle|20|OR-9||")
    assert found.thing.id == "netsuite|2|NS-9||"
    assert [row["system"] for row in found.observations] == ["oracle", "netsuite"]


def test_a_payment_is_found_by_its_end_to_end_id_though_the_bank_repeats_it(built: SmallWarehouse) -> None:
    with connect(built.path, read_only=True) as connection:
        assert (find(connection, "e2").type, find(connection, "e2").id) == ("payment", "M1|P1|2")


def test_a_name_of_several_things_lists_them_and_a_wrong_one_the_nearest(built: SmallWarehouse) -> None:
    with connect(built.path, read_only=True) as connection:
        with pytest.raises(NotOne, match=r"'TWIN-REF' is no open item.*nor is anything near it"):
            find(connection, "TWIN-REF")
        with pytest.raises(
            NotOne, match=r"'a2' is 2 things.*\n  open_item  sap\|1000\|62\|\|.*\n  open_item  sap\|1000\|63\|\|"
        ):
            find(connection, "a2")
        with pytest.raises(NotOne, match=r"near it are:\n  open_item  sap\|1000\|51\|2026\|"):
            find(connection, "sap|1000|51|2026")


def test_json_gives_money_digit_for_digit_and_a_wrong_id_is_wrong_usage(
    built: SmallWarehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", "sap|1000|51|2026|", "--json", "--workspace", str(built.folder)])
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["type"], told["facts"]["amount"]) == ("open_item", "-100.00000")
    assert told["matches"][0]["items"][0]["applied_amount"] == "-98.00000"
    with pytest.raises(SystemExit) as ended:
        main(["explain", "nobody", "--workspace", str(built.folder)])
    assert ended.value.code == 2
    assert "'nobody' is no open item, payment, bank line or match" in capsys.readouterr().err


def test_the_page_reads_from_origin_to_match(built: SmallWarehouse, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["explain", "sap|1000|51|2026|", "--workspace", str(built.folder)])
    page = capsys.readouterr().out
    places = [
        page.index(title) for title in ("Belongs to", "Where it comes from", "What happened", "Match G1: matched")
    ]
    assert places == sorted(places)


def test_what_people_decided_is_part_of_the_life(built: SmallWarehouse) -> None:
    (decided,) = explained(built, "dynamics|CHCO|D3||").decisions
    assert (decided["decision_id"], decided["kind"], decided["state"], decided["actor"]) == (
        "D000006", "confirm", "waiting", "ada",
    )  # fmt: skip
