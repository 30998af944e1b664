"""What the canonical layer makes of what the systems deliver: each test is one rule of the trade."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from small_warehouse import SmallWarehouse, Value


def amounts(warehouse: SmallWarehouse, system: str) -> dict[Value, tuple[Value, ...]]:
    rows = warehouse.rows(
        "SELECT document_number, amount, kind, status, approval_status FROM canonical.open_item "
        f"WHERE system = '{system}'"
    )
    return {row[0]: row[1:] for row in rows}


def test_sap_amounts_are_signed_by_the_debit_credit_mark(built: SmallWarehouse) -> None:
    sap = amounts(built, "sap")
    assert sap["51"][:3] == (Decimal(-100), "invoice", "open")
    assert sap["52"] == (Decimal(30), "credit_memo", "cleared", "approved")
    assert sap["53"][:2] == (Decimal(-40), "credit_memo")


def test_an_amount_without_a_sign_is_not_guessed(built: SmallWarehouse) -> None:
    assert amounts(built, "sap")["54"][0] is None
    assert built.one(
        "SELECT object_id FROM marts.exception_queue WHERE cause = 'uninterpreted_item' AND amount IS NULL"
    ) == ("sap|1000|54|2026|",)
    assert built.rows("SELECT 1 FROM matching_input.open_items WHERE item_id LIKE 'sap|1000|54%'") == []


def test_sap_due_dates_follow_from_the_baseline_date_and_the_terms(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT document_number, due_date, discount_until, discount_amount FROM canonical.open_item "
        "WHERE document_number IN ('56', '57') ORDER BY 1"
    ) == [("56", date(2026, 10, 1), date(2026, 9, 15), Decimal("0.67")), ("57", date(2026, 9, 4), None, None)]


def test_general_and_company_code_data_are_one_supplier(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT name, payment_terms, company_codes FROM canonical.counterparty WHERE source_id = 'V1'"
    ) == [("Muster GmbH", "Z2", "1000")]


def test_netsuite_amounts_are_signed_by_record_type(built: SmallWarehouse) -> None:
    netsuite = amounts(built, "netsuite")
    assert netsuite["B1"] == (Decimal(-500), "invoice", "open", "pending")
    assert netsuite["B2"] == (Decimal(-500), "invoice", "cleared", "approved")
    assert netsuite["C1"][:2] == (Decimal(20), "credit_memo")
    assert netsuite["P1"][:3] == (Decimal(-80), "payment", "open"), "a deposited payment is not a cancelled one"
    assert built.one("SELECT amount, open_amount FROM canonical.open_item WHERE document_number = 'I1'") == (80, 30)


def test_dynamics_amounts_are_signed_as_its_ledger_is(built: SmallWarehouse) -> None:
    dynamics = amounts(built, "dynamics")
    assert dynamics["D1"][:2] == (Decimal(-42), "invoice")
    assert dynamics["D2"][:2] == (Decimal(12), "credit_memo")
    assert built.rows("SELECT object_id FROM marts.exception_queue WHERE detail = 'Mystery'") == [
        ("dynamics|CHCO|D3||",)
    ]


def test_other_systems_deliver_document_amounts(built: SmallWarehouse) -> None:
    coupa = amounts(built, "coupa")
    assert (coupa["K1"][0], coupa["K2"][0]) == (Decimal(15), Decimal(-15))


def test_genuine_twins_stay_two_and_pending_entries_stay_out(built: SmallWarehouse) -> None:
    assert built.one("SELECT count(DISTINCT bank_line_id) FROM canonical.bank_statement_line WHERE text = 'TWIN'") == (
        2,
    )
    assert built.rows("SELECT 1 FROM canonical.bank_statement_line WHERE text = 'pending'") == []
    assert built.one("SELECT amount FROM canonical.bank_intraday_line WHERE text = 'pending'") == (-10,)


def test_statement_that_does_not_open_where_the_last_closed_is_a_gap(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT continuity, continuity_difference FROM canonical.bank_statement WHERE account_id = 'DE-EUR' "
        "AND kind = 'statement' ORDER BY statement_date"
    ) == [("first", None), ("gap", Decimal(10))]


def test_an_account_nobody_configured_is_an_account_of_its_own(built: SmallWarehouse) -> None:
    assert built.rows("SELECT account_id, entity_id FROM canonical.bank_account WHERE NOT is_configured") == [
        ("FR7630006000011234567890189/EUR", None)
    ]


def test_details_of_a_notification_are_joined_not_added(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT counterparty_name, end_to_end_id, details_from FROM canonical.bank_statement_line "
        "WHERE bank_reference = 'B7'"
    ) == [("Late Details SA", "E7", "notification")]


def test_a_batch_is_one_item_with_the_ids_of_its_parts(built: SmallWarehouse) -> None:
    references, kind, batch = built.one(
        'SELECT "references", kind, batch_id FROM matching_input.bank_lines WHERE amount = -300'
    )
    assert {"E1", "E2", "P1"} <= set(references)  # type: ignore[call-overload]
    assert (kind, batch) == ("batch", "DE-EUR|P1")
    assert built.rows("SELECT DISTINCT batch_id FROM matching_input.payments") == [("DE-EUR|P1",)]


def test_a_return_names_the_party_that_is_not_us(built: SmallWarehouse) -> None:
    assert built.one("SELECT counterparty_name, line_kind FROM canonical.bank_statement_line WHERE amount = 200") == (
        "Returned Ltd",
        "return",
    )


def test_a_partly_accepted_batch_accepts_what_it_does_not_name(built: SmallWarehouse) -> None:
    assert built.rows("SELECT end_to_end_id, amount, status FROM canonical.payment_instruction ORDER BY 1") == [
        ("E1", Decimal(-100), "accepted"),
        ("E2", Decimal(-200), "accepted"),
        ("E3", Decimal(-70), "rejected"),
    ]
    assert built.one("SELECT count(*) FROM matching_input.payments") == (2,)
    assert built.rows("SELECT payment_id FROM canonical.payment_status_event WHERE message_id = 'GHOST'") == [(None,)]


def test_a_remittance_finds_the_item_by_the_suppliers_number(built: SmallWarehouse) -> None:
    assert built.rows("SELECT document_number, open_item_id, amount FROM canonical.remittance_advice ORDER BY 1") == [
        ("NOWHERE", None, Decimal(-200)),
        ("R-1", "sap|1000|51|2026|", Decimal(-98)),
    ]
    assert built.one("SELECT right_id, amount FROM matching_input.links") == ("sap|1000|51|2026|", Decimal(-98))


def test_a_changed_bank_account_ends_the_one_before(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT iban[1:2], is_current, valid_to IS NULL FROM canonical.counterparty_bank_account ORDER BY valid_from"
    ) == [("DE", False, False), ("GB", True, True)]


def test_a_party_known_to_two_systems_is_one_golden_party(built: SmallWarehouse) -> None:
    assert built.one(
        "SELECT count(*), count(DISTINCT golden_id) FROM canonical.counterparty WHERE source_id IN ('V1', '77')"
    ) == (2, 1)


def test_position_adds_intraday_entries_once_and_values_them_in_the_groups_currency(built: SmallWarehouse) -> None:
    assert built.one(
        "SELECT statement_balance, intraday_movement, position, position_base, calendar_days_old, is_stale "
        "FROM marts.cash_position WHERE account_id = 'DE-EUR'"
    ) == (690, -25, 665, 665, 1, False)
    assert built.one("SELECT position, is_stale FROM marts.cash_position WHERE account_id = 'US-USD'") == (None, True)


def test_foreign_money_is_converted_exactly(built: SmallWarehouse) -> None:
    assert built.one("SELECT open_amount_base FROM marts.open_payables WHERE document_number = 'B1'") == (
        Decimal("-416.66667"),
    )


def test_open_payables_know_their_discount_and_their_payment(built: SmallWarehouse) -> None:
    row = built.one(
        "SELECT is_discount_open, days_to_discount, is_scheduled, payment_status, is_blocked FROM marts.open_payables "
        "WHERE document_number = '51'"
    )
    assert row == (True, 1, True, "accepted", False)
    assert built.one("SELECT is_blocked FROM marts.open_payables WHERE document_number = '55'") == (True,)


def test_every_cause_has_an_owner_and_a_next_step(built: SmallWarehouse) -> None:
    causes = built.rows("SELECT DISTINCT cause FROM marts.exception_queue ORDER BY 1")
    assert {cause for (cause,) in causes} >= {
        "reject",
        "statement_gap",
        "unconfigured_account",
        "uninterpreted_item",
        "status_without_payment",
        "payment_rejected",
        "remittance_without_item",
    }
    assert built.rows("SELECT cause FROM marts.exception_queue WHERE next_step IS NULL OR owner IS NULL") == []
