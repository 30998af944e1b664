"""What becomes of payments by the bank's answers, and what is still to be paid after that."""

from __future__ import annotations

from decimal import Decimal

import pytest
from small_warehouse import SmallWarehouse, Value, group
from week import AS_OF, IBAN, KNOWN_AT, item, payment

Record = tuple[str, dict[str, Value]]


def answer(
    report: str, minute: int, status: str, batch: str | None = None, end_to_end_id: str | None = None, **more: Value
) -> Record:
    return "payment_status", {
        "report_id": report,
        "level": "transaction" if end_to_end_id else "batch" if batch else "message",
        "status": status,
        "original_message_id": "M1",
        "original_payment_information_id": batch,
        "original_end_to_end_id": end_to_end_id,
        "reported_at": f"2026-09-28T13:{minute:02d}:00+02:00",
    } | more


def invoice(number: str, amount: str, **more: Value) -> Record:
    return item("sap", "1000", number, amount, debit_credit="H", document_type="KR", **more)


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("answered"))
    group(warehouse)
    batches = {"P1": ["named", "unnamed", "named and executed"], "P2": ["in a refused batch"]}
    records: list[Record] = [
        (
            "payment_message",
            {"identity": "M1", "message_id": "M1", "direction": "credit_transfer", "created_at": "2026-09-28T11:00:00"},
        )
    ]
    number = 0
    for batch, names in batches.items():
        records.append(
            ("payment_batch", {"message_id": "M1", "payment_information_id": batch, "debtor_account": IBAN,
                               "requested_execution_date": "2026-09-29"})
        )  # fmt: skip
        for name in names:
            number += 1
            records.append(payment(number, name, "100", payment_information_id=batch))
    records.append(
        ("payment_remittance", {"message_id": "M1", "payment_information_id": "P1", "transaction_number": 2, "document_number": "R-7",
                                "document_type": "CINV", "remitted_amount": "100"})
    )  # fmt: skip
    warehouse.deliver("p1", "hub", "hub", "2026-09-28 10:00:00+00", records)
    warehouse.deliver(
        "a1",
        "hub",
        "hub",
        "2026-09-28 12:00:00+00",
        [
            answer("R1", 1, "PART", "P1"),
            answer("R1", 1, "RJCT", "P1", "named", reason_code="AC04", reason_text="closed"),
            answer("R1", 1, "RJCT", "P1", "named and executed"),
            answer("R1", 1, "RJCT", "P2", reason_code="FF01"),
            answer("R2", 2, "ACSC", "P1"),
            answer("R3", 3, "ACSC"),
            answer("R4", 4, "ACSC", "P1", "named and executed"),
        ],
    )
    warehouse.deliver(
        "i1",
        "sap",
        "sap",
        "2026-09-28 12:00:00+00",
        [
            invoice(
                "90", "100", reference="R-7", status="cancelled", clearing_document="91", clearing_date="2026-09-10"
            ),
            invoice("91", "100", reference="R-7"),
            *(invoice(number, "100") for number in ("92", "93", "94", "95", "96")),
        ],
    )
    warehouse.insert("monitoring.payable", *(
        {"open_item_id": f"sap|1000|{number}||", "payments": payments, "paid_amount": paid, "left_amount": left}
        for number, payments, paid, left in (("92", 0, "100", "0"), ("93", 0, "40", "60"), ("94", 1, "0", "30"), ("91", 1, "0", "0"))
    ))  # fmt: skip
    warehouse.insert("monitoring.failed_payment", {"payment_id": "M1|P2|4", "outcome": "rejected", "is_replaced": True})
    warehouse.insert(
        "matching.match_group",
        {"group_id": "g", "leg": "bank_lines_open_items", "status": "suggested", "run_id": "test"},
    )
    of_group: dict[str, Value] = {"group_id": "g", "applied_amount": "-100", "run_id": "test"}
    for dataset, name in (("bank_lines", "line"), ("open_items", "sap|1000|96||")):
        warehouse.insert("matching.match_item", of_group | {"dataset": dataset, "item_id": name})
    warehouse.dbt("run", AS_OF, KNOWN_AT)
    return warehouse


def test_nothing_is_said_of_a_rejected_payment_by_its_batch_having_been_executed(answered: SmallWarehouse) -> None:
    assert answered.rows(
        "SELECT end_to_end_id, status, status_reason FROM canonical.payment_instruction ORDER BY transaction_number"
    ) == [
        ("named", "rejected", "AC04 closed"),
        ("unnamed", "executed", None),
        ("named and executed", "executed", None),
        ("in a refused batch", "rejected", "FF01"),
    ]


def test_a_rejected_payment_is_asked_about_with_its_reason_until_another_takes_its_place(
    answered: SmallWarehouse,
) -> None:
    assert answered.rows("SELECT message FROM marts.exception_queue WHERE cause = 'payment_rejected'") == [
        ("Payment to Muster GmbH was rejected: AC04 closed",)
    ]


def test_a_cancelled_invoice_gives_way_to_the_one_issued_in_its_place(answered: SmallWarehouse) -> None:
    assert answered.rows("SELECT open_item_id FROM canonical.remittance_advice") == [("sap|1000|91||",)]


def test_what_is_paid_is_not_proposed_and_of_what_is_paid_in_part_the_rest(answered: SmallWarehouse) -> None:
    assert answered.rows(
        "SELECT document_number, hindrance, suggested_amount, paid_amount FROM marts.payment_proposal ORDER BY 1"
    ) == [
        ("91", "already_instructed", None, Decimal(0)),
        ("92", "already_paid", None, Decimal(100)),
        ("93", None, Decimal(-60), Decimal(40)),
        ("94", None, Decimal(-30), Decimal(0)),
        ("95", None, Decimal(-100), None),
        ("96", "possibly_paid", None, None),
    ]
