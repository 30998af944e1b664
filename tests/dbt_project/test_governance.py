"""One truth over many systems: ownership, migration, golden parties, tie-out, the life of a document, proposals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from small_warehouse import SmallWarehouse


def test_a_status_its_system_may_not_set_does_not_count(built: SmallWarehouse) -> None:
    assert built.one("SELECT status FROM canonical.payment_instruction WHERE end_to_end_id = 'E1'") == ("accepted",)
    assert built.rows(
        "SELECT kind, owning_system, system, value FROM marts.ownership_violation WHERE object_type = 'payment'"
    ) == [("forbidden_status", "bank", "hub", "executed")]


def test_systems_that_differ_on_an_attribute_are_shown_with_both_values(built: SmallWarehouse) -> None:
    assert (
        built.rows(
            "SELECT attribute, owner_value, system, value FROM marts.ownership_violation "
            "WHERE kind = 'attribute_conflict'"
        )
        == []
    )  # Muster GmbH, Muster and Muster Limited are one name
    assert built.rows("SELECT object_id, value FROM marts.ownership_violation WHERE kind = 'self_approval'") == [
        ("sap|1000|67||", "keller")
    ]


def test_golden_parties_follow_evidence_and_fillers_are_none(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT counterparty_ids, name, systems FROM canonical.golden_counterparty WHERE members > 1 ORDER BY 1"
    ) == [
        ("dynamics|supplier|L9, legacy|supplier|L", "Uhr AG", "dynamics, legacy"),
        ("netsuite|supplier|77, oracle|supplier|O77, sap|supplier|V1", "Muster GmbH", "netsuite, oracle, sap"),
        ("netsuite|supplier|Q2, sap|supplier|Q1", "Quinta SA", "netsuite, sap"),  # by a person's word
    ]
    assert built.one(
        "SELECT evidence, confidence, is_accepted FROM canonical.counterparty_link "
        "WHERE counterparty_id LIKE 'dynamics%'"
    ) == ("vat id", 0.99, True)


def test_an_item_in_two_erps_is_one_item_of_the_one_that_answers(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT open_item_id FROM canonical.open_item "
        "WHERE amount IN (-500, -42.42) AND document_number NOT IN ('B1', 'B2')"
        " ORDER BY 1"
    ) == [("legacy|CHCO|L1||",), ("netsuite|2|NS-9||",)]
    assert built.rows(
        "SELECT origin_item_id, is_surviving FROM canonical.open_item_origin "
        "WHERE open_item_id LIKE 'netsuite%' ORDER BY 1"
    ) == [("netsuite|2|NS-9||", True), ("oracle|20|OR-9||", False)]


def test_a_move_to_another_erp_loses_neither_the_approval_nor_the_first_sighting(built: SmallWarehouse) -> None:
    assert built.one("SELECT approval_status, approved_by FROM canonical.open_item WHERE document_number = 'NS-9'") == (
        "approved", "eve",
    )  # fmt: skip
    steps = built.rows(
        "SELECT event, system, delivery_id FROM marts.document_flow WHERE object_id = 'netsuite|2|NS-9||' ORDER BY step_number"
    )
    assert ("received", "oracle", "or1") in steps and ("approved", "oracle", "or1") in steps


def test_every_ledger_ties_out_to_what_was_delivered(built: SmallWarehouse) -> None:
    assert built.rows("SELECT tie_out_id FROM marts.tie_out WHERE NOT is_tied_out OR difference != 0") == []
    assert built.one(
        "SELECT delivered_items, canonical_items, merged_items, merged_gross FROM marts.tie_out "
        "WHERE source_system = 'oracle'"
    ) == (2, 1, 1, 500)
    assert built.one(
        "SELECT unsigned_items, unsigned_gross FROM marts.tie_out WHERE source_system = 'sap' AND ledger = 'payable'"
    ) == (1, 7)


def test_an_invoice_is_threaded_from_receipt_to_reconciliation(built: SmallWarehouse) -> None:
    steps = [
        event
        for (event,) in built.rows(
            "SELECT event FROM marts.document_flow WHERE object_id = 'sap|1000|51|2026|' ORDER BY step_number"
        )
    ]
    assert steps == ["received", "scheduled", "reconciled"]
    assert built.one(
        "SELECT count(DISTINCT correlation_id), max(event_date) FROM marts.document_flow "
        "WHERE event = 'reconciled' AND detail = 'open_items_to_payments'"
    ) == (1, date(2026, 9, 29))


def test_three_way_match_judges_the_order_as_a_whole(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT document_number, match_flow, match_result, variance FROM marts.payment_proposal "
        "WHERE document_number IN ('61', '62', '63', '64') ORDER BY 1"
    ) == [
        ("61", "three_way_before_receipt", "over_receipt", Decimal(40)),
        ("62", "two_way", "matched", Decimal(0)),
        ("63", "three_way_before_receipt", "awaiting_receipt", Decimal(50)),
        ("64", "no_order", "not_applicable", None),
    ]


def test_matching_knows_the_order_that_a_bill_is_of(built: SmallWarehouse) -> None:
    assert built.one("SELECT text FROM matching_input.open_items WHERE list_contains(\"references\", '62')") == (
        "4501",
    )


def test_a_proposal_says_what_speaks_against_paying(built: SmallWarehouse) -> None:
    hindrance = dict(built.rows("SELECT document_number, hindrance FROM marts.payment_proposal"))
    assert hindrance["51"] == "already_instructed"
    assert hindrance["55"] == "blocked"
    assert hindrance["B1"] == "not_approved"
    assert hindrance["61"] == "over_receipt"
    assert (hindrance["64"], hindrance["65"]) == (None, "possible_duplicate")
    assert hindrance["58"] is None  # a person has said that it is another
    assert built.rows(
        "SELECT document_number, duplicate_of FROM marts.payment_proposal WHERE duplicate_of IS NOT NULL"
    ) == [("65", "sap|1000|64||")]


def test_a_discount_worth_taking_sets_the_day_and_the_amount(built: SmallWarehouse) -> None:
    rate, day, amount = built.one(
        "SELECT annualised_discount_rate, suggested_date, suggested_amount FROM marts.payment_proposal "
        "WHERE document_number = '66'"
    )
    assert round(float(str(rate)), 4) == round(30 / 970 * 365 / 12, 4)
    assert (day, amount) == (date(2026, 10, 2), Decimal(-970))  # 3 October 2026 is a Saturday


def test_a_discount_that_is_open_until_the_due_date_costs_nothing_to_take(built: SmallWarehouse) -> None:
    assert built.one(
        "SELECT annualised_discount_rate, is_discount_worthwhile, suggested_date, suggested_amount "
        "FROM marts.payment_proposal WHERE document_number = '60'"
    ) == (None, True, date(2026, 10, 15), Decimal(-693))
