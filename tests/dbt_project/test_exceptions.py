"""What the matching leaves open: asked about once it can be answered, in words that tell a person what it is."""

from __future__ import annotations

import shutil

import pytest
from small_warehouse import SmallWarehouse, Value
from week import AS_OF, KNOWN_AT


@pytest.fixture(scope="module")
def asked(built: SmallWarehouse, tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    """The week with a payment of each day since the newest statement, a reversed invoice, one cleared without money, and a cheque."""
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("asked"))
    shutil.copy(built.path, warehouse.path)
    (told,) = warehouse.one(
        "SELECT max(statement_date) FROM canonical.bank_statement WHERE account_id = 'DE-EUR' AND kind = 'statement'"
    )
    assert str(told) == "2026-09-29"

    def payment(name: str, day: str, account: str = "DE-EUR") -> None:
        warehouse.insert(
            "canonical.payment_instruction",
            {"payment_id": name, "amount": "-5", "currency": "EUR", "execution_date": day, "account_id": account, "status": "sent",
             "end_to_end_id": f"E-{name}", "counterparty_name": "Meyer", "remittance_text": "Invoice\n77", "delivery_id": "hub"},
        )  # fmt: skip
        unmatched("bank_lines_payments", "payments", name, "-5")

    def item(name: str, amount: str, **more: Value) -> None:
        warehouse.insert(
            "canonical.open_item",
            {"open_item_id": name, "amount": amount, "currency": "EUR", "ledger": "payable", "counterparty_id": "sap|supplier|V1",
             "entity_id": "DE", "status": "cleared", "document_number": name, "kind": "invoice", "due_date": "2026-10-20",
             "received_on": "2026-09-25", "delivery_id": "sap"} | more,
        )  # fmt: skip
        unmatched("payments_open_items", "open_items", name, amount)

    def unmatched(leg: str, dataset: str, name: str, amount: str) -> None:
        warehouse.insert(
            "matching.unmatched",
            {
                "leg": leg,
                "dataset": dataset,
                "item_id": name,
                "open_amount": amount,
                "reason": "no_candidate",
            },
        )

    payment("told", "2026-09-29")
    payment("today", "2026-09-30")
    payment("no statement", "2026-09-29", "US-USD")
    payment("no statement for days", "2026-09-25", "US-USD")
    item("invoice", "-70", reference="L-90")
    item("reversal", "70", invoice_reference="invoice", reference="ST-1", kind="credit_memo")
    item("no money", "-71", reference="L-91")
    item("another credit memo", "71", reference="L-92", kind="credit_memo")
    (line,) = warehouse.one("SELECT bank_line_id FROM canonical.bank_statement_line WHERE bank_reference = 'B7'")
    group: dict[str, Value] = {
        "group_id": "cheque", "leg": "bank_lines_open_items", "pass": "amount", "rules_version": "1", "status": "suggested",
        "currency": "EUR", "left_total": "-100", "right_total": "-100", "difference": "0", "difference_kind": "none",
        "explanation": "Equal amount.", "run_id": "r", "as_of": AS_OF,
    }  # fmt: skip
    warehouse.insert("matching.match_group", group)
    item("cheque", "-100", reference="L-93", status="open")
    for dataset, name in (("bank_lines", str(line)), ("open_items", "cheque")):
        warehouse.insert(
            "matching.match_item",
            {"group_id": "cheque", "dataset": dataset, "item_id": name, "applied_amount": "-100", "run_id": "r"},
        )
    for number in range(6):  # a list without types, of invoices with a minus
        ledger: dict[str, Value] = {
            "open_item_id": f"magna|{number}", "amount": "9" if number < 5 else "-9", "kind": "credit_memo" if number < 5 else "invoice",
            "currency": "EUR", "ledger": "payable", "source": "magna_items", "system": "magna", "company_code": "20", "entity_id": "DE",
            "document_date": "2026-09-20", "is_known_type": False, "is_known_status": True, "delivery_id": "sap", "status": "open",
            "known_at": KNOWN_AT,
        }  # fmt: skip
        warehouse.insert("canonical.open_item", ledger)
    models = ("stg_item", "stg_match", "stg_exception_match", "stg_exception_record", "exception_queue")
    warehouse.dbt("run", AS_OF, KNOWN_AT, "--select", *models)
    return warehouse


def test_the_bank_is_asked_for_a_payment_once_it_has_told_of_its_day_or_should_have(asked: SmallWarehouse) -> None:
    """A payment of today is not missing while the bank has not reported today."""
    assert asked.rows(
        "SELECT object_id, message FROM marts.exception_queue WHERE cause = 'unmatched_payment' AND message LIKE '%Meyer%' ORDER BY 1"
    ) == [
        (name, f"No counterpart in bank_lines_payments (no_candidate); counterparty Meyer; E-{name} Invoice 77")
        for name in ("no statement for days", "told")
    ]


def test_an_invoice_that_was_taken_back_is_proven_without_money(asked: SmallWarehouse) -> None:
    """One cleared by an unrelated credit memo of the same amount is not; no condition begins in days to come."""
    assert asked.rows(
        "SELECT object_id, since::VARCHAR, age_days FROM marts.exception_queue WHERE cause = 'cleared_not_proven' "
        "AND object_id IN ('invoice', 'reversal', 'no money', 'another credit memo') ORDER BY 1"
    ) == [("another credit memo", "2026-09-25", 5), ("no money", "2026-09-25", 5)]


def test_a_suggestion_says_what_it_would_bring_together(asked: SmallWarehouse) -> None:
    (message,) = asked.one("SELECT message FROM marts.exception_queue WHERE object_id = 'cheque'")
    assert str(message).startswith("Equal amount. entry 2026-09-")
    assert "; document 2026-10-20 over -100.00" in str(message)
    assert str(message).endswith("cheque L-93")


def test_what_is_the_same_for_a_whole_ledger_is_asked_once(asked: SmallWarehouse) -> None:
    """A list without a column for the type, and one that is signed otherwise than is assumed, are two questions and not a row an item."""
    assert asked.rows(
        "SELECT cause, message FROM marts.exception_queue WHERE object_id = 'magna_items|20|payable' ORDER BY 1"
    ) == [
        ("ledger_signs", "5 of 6 items that would be invoices are taken as credit memos for their signs"),
        (
            "untyped_ledger",
            "6 items of this ledger have no document type; invoices and credit memos are told by the sign",
        ),
    ]
    assert asked.rows("SELECT 1 FROM marts.exception_queue WHERE object_id LIKE 'magna|%'") == []
