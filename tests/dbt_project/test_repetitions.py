"""What is told twice counts once, and what a full list leaves out is cleared."""

from __future__ import annotations

from small_warehouse import SmallWarehouse


def test_a_dynamics_invoice_in_ledger_and_journal_is_one_item(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT open_item_id, amount FROM canonical.open_item WHERE counterparty_id = 'dynamics|supplier|W7' ORDER BY 1"
    ) == [("dynamics|CHCO|APIN-1||5637", -75), ("dynamics|CHCO|APIN-2||5638", -60), ("dynamics|CHCO|DRAFT-3||", -61)]
    assert built.rows(
        "SELECT origin_item_id, open_item_id FROM canonical.open_item_origin WHERE NOT is_surviving "
        "AND source_system = 'dynamics' AND cutover_date IS NULL ORDER BY 1"
    ) == [
        ("dynamics|CHCO|APIN-1||", "dynamics|CHCO|APIN-1||5637"),
        ("dynamics|CHCO|DRAFT-2||", "dynamics|CHCO|APIN-2||5638"),
    ]


def test_what_a_newer_full_list_leaves_out_is_cleared_and_says_why(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT document_number, status, open_amount, absent_from FROM canonical.open_item WHERE company_code = 'M' ORDER BY 1"
    ) == [("A", "open", -9, None), ("B", "cleared", 0, "list23"), ("C", "cleared", 0, "list23")]
    assert built.rows(
        "SELECT delivery_id, event_date FROM marts.document_flow WHERE object_id = 'mono|M|B||' AND event = 'cleared'"
    ) == built.rows("SELECT 'list23', date '2026-09-23'")


def test_a_list_that_lost_a_record_clears_nothing_when_it_comes_again_either(built: SmallWarehouse) -> None:
    assert built.one("SELECT status, open_amount FROM canonical.open_item WHERE company_code = 'T'") == ("open", -8)


def test_a_record_that_a_full_list_lost_is_asked_about_until_a_newer_list_is_whole(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT object_id FROM marts.exception_queue WHERE cause = 'reject' AND object_id IN ('list22|9', 'torn21|9')"
    ) == [("torn21|9",)]


def test_an_unknown_status_is_named_and_what_has_nothing_left_is_cleared(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT document_number, status, open_amount FROM canonical.open_item WHERE company_code = 'W' ORDER BY 1"
    ) == [("1", "cleared", 0), ("2", "open", -60)]
    assert built.rows(
        "SELECT message FROM marts.exception_queue WHERE object_id LIKE 'mono|W|%' AND message LIKE 'Status%' ORDER BY 1"
    ) == [("Status Betald is not known; taken as cleared",), ("Status Öppen is not known; taken as open",)]


def test_an_account_may_be_named_by_its_id_in_the_config(built: SmallWarehouse) -> None:
    assert built.one("SELECT account_id, entity_id FROM canonical.payment_batch WHERE message_id = 'M9'") == (
        "US-USD",
        "US",
    )


def test_general_data_come_before_those_of_a_company_code(built: SmallWarehouse) -> None:
    name, terms, currency, delivery = built.one(
        "SELECT name, payment_terms, currency, delivery_id FROM canonical.counterparty WHERE counterparty_id = 'sap|supplier|V1'"
    )
    assert (name, terms, currency) == ("Muster GmbH", "Z2", "USD")  # what general data lack, the company code says
    assert delivery != "sap5"


def test_what_a_supplier_draws_itself_is_not_proposed(built: SmallWarehouse) -> None:
    assert built.one("SELECT hindrance FROM marts.payment_proposal WHERE document_number = '68'") == ("direct_debit",)
