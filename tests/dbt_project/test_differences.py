"""What the sides of a match differ by is asked for until it is posted: by the ERP that clears, or by a person who says so."""

from __future__ import annotations

import shutil
from decimal import Decimal

import pytest
from decided import decision
from small_warehouse import SmallWarehouse, Value
from week import AS_OF, KNOWN_AT

LATER = "2026-10-05"  # the ERP has had more than two weekdays to clear

BLOCKED, CLEARED, CUSTOMER = "sap|1000|55|2026|", "sap|1000|52|2026|", "netsuite|2|I1||"
P1, P2, FUTURE = "M1|P1|1", "M1|P1|2", "M9|P9|1"


@pytest.fixture(scope="module")
def differing(built: SmallWarehouse, tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    """The week with matches whose sides differ, in legs whose left side is nearer to the bank and in one the other way round."""
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("differing"))
    shutil.copy(built.path, warehouse.path)
    warehouse.deliver("future", "hub", "hub", "2026-09-28 10:00:00+00", [
        ("payment_message", {"identity": "M9", "message_id": "M9", "direction": "credit_transfer"}),
        ("payment_instruction", {
            "message_id": "M9", "payment_information_id": "P9", "transaction_number": 1, "end_to_end_id": "E99", "amount": "9",
            "currency": "EUR", "requested_execution_date": "2026-10-20",
        }),
    ])  # fmt: skip
    (line,) = warehouse.one("SELECT bank_line_id FROM canonical.bank_statement_line WHERE bank_reference = 'B7'")

    def match(name: str, kind: str, *sides: tuple[str, str, str], made_by: str = "reference") -> None:
        totals = [Decimal(amount) for _, _, amount in sides]
        group: dict[str, Value] = {
            "group_id": name, "leg": name, "pass": made_by, "rules_version": "1", "status": "matched", "currency": "EUR",
            "left_total": totals[0], "right_total": totals[1], "difference": totals[0] - totals[1],
            "difference_kind": kind, "explanation": "Both carry it.", "run_id": "r", "as_of": AS_OF,
        }  # fmt: skip
        warehouse.insert("matching.match_group", group)
        for dataset, item, amount in sides:
            member = {"group_id": name, "dataset": dataset, "item_id": item, "applied_amount": amount, "run_id": "r"}
            warehouse.insert("matching.match_item", member)

    match("charge", "fee", ("bank_lines", str(line), "-100"), ("payments", P2, "-98.50"))
    match("the other way round", "discount", ("open_items", BLOCKED, "-60"), ("payments", P1, "-58.80"))
    match("by hand", "over_pay", ("payments", P1, "-61"), ("open_items", BLOCKED, "-60"), made_by="decision")
    match("posted by the ERP", "discount", ("payments", P1, "-29"), ("open_items", CLEARED, "-30"))
    match("posted by a person", "rounding", ("payments", P1, "-59.99"), ("open_items", BLOCKED, "-60"))
    match("waits", "fx", ("payments", P1, "-59.98"), ("open_items", BLOCKED, "-60"))
    match("not paid yet", "discount", ("payments", FUTURE, "-9"), ("open_items", BLOCKED, "-10"))
    match("written off", "fee", ("payments", P2, "-3"), ("open_items", BLOCKED, "0"), made_by="decision")
    match("customer", "short_pay", ("bank_lines", str(line), "79.99"), ("open_items", CUSTOMER, "80"))
    warehouse.insert(
        "matching.decision",
        decision(20, "match", actor="grace"),
        decision(21, "write_off", group_id="posted by a person"),
        decision(22, "write_off", group_id="waits", state="waiting"),
        decision(23, "write_off"),
        decision(24, "write_off", group_id="no longer there"),
    )
    warehouse.insert(
        "matching.decision_effect",
        {"decision_id": "D000020", "group_id": "by hand"},
        {"decision_id": "D000023", "group_id": "written off"},
    )
    warehouse.dbt(
        "run",
        LATER,
        KNOWN_AT,
        "--select",
        "stg_match",
        "stg_decision",
        "stg_difference",
        "exception_queue",
        "stg_reconciled",
        "stg_document_step",
    )
    return warehouse


def test_each_difference_says_what_to_post(differing: SmallWarehouse) -> None:
    rows = differing.rows(
        "SELECT object_id, detail, amount, currency, message FROM marts.exception_queue "
        "WHERE cause = 'difference_to_post' ORDER BY 1"
    )
    assert {(name, kind, amount, currency) for name, kind, amount, currency, _ in rows} == {
        ("by hand", "over_pay", Decimal(-1), "EUR"),
        ("charge", "fee", Decimal("-1.5"), "EUR"),
        ("customer", "short_pay", Decimal("-0.01"), "EUR"),
        ("the other way round", "discount", Decimal("1.2"), "EUR"),
        ("waits", "fx", Decimal("0.02"), "EUR"),
    }
    assert [str(message) for *_, message in rows] == [
        "Post 1.00 EUR to the supplier's account as paid too much, at our expense. Both carry it.",
        "Post 1.50 EUR as bank charges, at our expense. Both carry it.",
        "Post 0.01 EUR to the customer's account as still owed, or as a reduction granted, at our expense. Both carry it.",
        "Post 1.20 EUR as cash discount received, in our favour. Both carry it.",
        "Post 0.02 EUR as an exchange gain, in our favour. Both carry it.",
    ]


def test_a_difference_row_has_an_owner_a_file_and_an_age(differing: SmallWarehouse) -> None:
    assert differing.one(
        "SELECT account_id, entity_id, since::VARCHAR, age_days, owner, source FROM marts.exception_queue "
        "WHERE cause = 'difference_to_post' AND object_id = 'charge'"
    ) == ("DE-EUR", "DE", "2026-09-28", 7, "treasury", "bank_de")


def test_the_erp_has_two_weekdays_to_clear_and_what_is_not_paid_is_not_asked(differing: SmallWarehouse) -> None:
    differing.dbt("run", AS_OF, KNOWN_AT, "--select", "stg_difference", "exception_queue")
    asked = differing.rows("SELECT object_id FROM marts.exception_queue WHERE cause = 'difference_to_post' ORDER BY 1")
    assert asked == [("charge",)]
    differing.dbt("run", LATER, KNOWN_AT, "--select", "stg_difference", "exception_queue")


def test_what_people_said_of_a_difference_is_on_its_row(differing: SmallWarehouse) -> None:
    assert differing.rows(
        "SELECT object_id, decision_state, decided_by, next_step FROM marts.exception_queue "
        "WHERE cause = 'difference_to_post' AND decision_id IS NOT NULL ORDER BY 1"
    ) == [
        (
            "by hand",
            "holds",
            "grace",
            "Post it in the ERP, then write the group off here with the document number as the reason",
        ),
        ("waits", "waiting", "ada", "A second person approves or declines decision D000022"),
    ]


def test_a_posting_whose_match_is_gone_is_to_be_reversed(differing: SmallWarehouse) -> None:
    (message,) = differing.one(
        "SELECT message FROM marts.exception_queue WHERE cause = 'decision_lapsed' AND object_id = 'D000024'"
    )
    assert str(message).endswith("match no longer there is no longer in force: reverse the posting of its difference")


def test_a_match_by_hand_is_the_work_of_a_person(differing: SmallWarehouse) -> None:
    actors = differing.rows(
        "SELECT detail, actor FROM marts.document_flow WHERE event = 'reconciled' AND object_id = $$sap|1000|55|2026|$$ "
        "AND detail IN ('by hand', 'waits', 'written off') ORDER BY 1"
    )
    assert actors == [("by hand", "grace"), ("waits", "reference"), ("written off", "ada")]
