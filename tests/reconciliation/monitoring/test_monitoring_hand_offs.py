"""Hand-offs of the second look: paid in part, doubted, replaced at another account, cleared too early, never sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from monitoring_facts import ACCOUNT, AS_OF, INVOICE, PAYMENT, STATEMENT, Row, alerts, facts, only

SETTLES: Row = {
    "payment_id": PAYMENT["payment_id"],
    "open_item_id": INVOICE["open_item_id"],
    "amount": Decimal("-1190.00"),
}
REJECTED: Row = PAYMENT | {"status": "rejected", "status_on": date(2026, 3, 6), "golden_id": "g7"}
AGAIN: Row = PAYMENT | {
    "payment_id": "m2|p1|1",
    "batch_id": "m2|p1",
    "sent_on": date(2026, 3, 10),
    "execution_date": AS_OF,
    "golden_id": "g7",
}


def unscheduled(item: Row, settled: str | None, is_booked: bool = False) -> list[Row]:
    said = SETTLES | {"amount": None if settled is None else Decimal(settled)}
    inputs = facts(open_items=[INVOICE | item], payments=[PAYMENT | {"is_booked": is_booked}], settlements=[said])
    return alerts(inputs, "approved_not_scheduled")


def test_what_a_payment_leaves_of_an_invoice_is_still_to_be_scheduled() -> None:
    alert = only(unscheduled({}, "-400.00"))
    assert (alert["amount"], "is on a payment in part: 790.00 EUR overdue" in str(alert["message"])) == (
        Decimal("790.00000"),
        True,
    )
    rest = {"open_amount": Decimal("-790.00")}
    assert only(unscheduled(rest, "-400.00", is_booked=True))["amount"] == Decimal("790.00000")  # the ERP knows of it
    assert unscheduled(rest, "-790.00") == []  # what was paid before is gone, the rest is on its way
    assert unscheduled({"discount_amount": Decimal("35.70")}, "-1154.30") == []
    assert unscheduled({}, None) == []  # it does not say how much: the whole, as far as anyone knows


def test_a_document_that_looks_entered_twice_is_not_asked_for() -> None:
    """To be told to pay what is told to be blocked helps nobody."""
    second = {"open_item_id": "sap|1000|20|2026|1", "document_number": "20", "posting_date": date(2026, 2, 20)}
    for state, check in (({}, "approved_not_scheduled"), ({"approval_status": "pending"}, "late_approval")):
        found = alerts(facts(open_items=[INVOICE | state, INVOICE | state | second]))
        assert {(row["check"], row["object_id"]) for row in found} == {
            (check, INVOICE["open_item_id"]), ("duplicate_invoice", second["open_item_id"]),
        }  # fmt: skip


def test_a_payment_made_again_to_the_right_account_replaces_the_rejected_one() -> None:
    for change in (
        {},
        {"counterparty_account": "NL91ABNA0417164300"},
        {"counterparty_account": None, "golden_id": None},
    ):
        assert alerts(facts(payments=[REJECTED, AGAIN | change]), "rejected_not_reissued") == [], change
    for change in (
        {"amount": Decimal("-1190.01")},
        {"sent_on": date(2026, 3, 4)},
        {"sent_on": REJECTED["sent_on"]},  # another one of the day, not one made because the bank said no
        {"status": "rejected", "status_on": AS_OF},
    ):
        assert len(alerts(facts(payments=[REJECTED, AGAIN | change]), "rejected_not_reissued")) == 1, change


def test_a_twin_in_the_file_of_a_payment_rejected_on_its_day_does_not_replace_it() -> None:
    at_once = REJECTED | {"status_on": REJECTED["sent_on"]}
    same_day = AGAIN | {"sent_on": REJECTED["sent_on"]}
    assert alerts(facts(payments=[at_once, same_day]), "rejected_not_reissued") == []
    twin = same_day | {"batch_id": REJECTED["batch_id"]}
    assert only(alerts(facts(payments=[at_once, twin]), "rejected_not_reissued"))["object_id"] == REJECTED["payment_id"]


def test_an_invoice_cleared_by_the_payment_run_is_unpaid_when_the_bank_rejects_the_payment() -> None:
    def found(cleared_on: date, **more: object) -> list[Row]:
        item = INVOICE | {"status": "cleared", "open_amount": Decimal(0), "cleared_on": cleared_on} | more
        return alerts(facts(payments=[REJECTED], settlements=[SETTLES], open_items=[item]), "rejected_not_reissued")

    assert len(found(date(2026, 3, 5))) == 1
    assert found(date(2026, 3, 9)) == []  # cleared since, by something else
    assert found(date(2026, 3, 5), paid_amount=Decimal("1190.00")) == []
    assert len(found(date(2026, 3, 5), paid_amount=Decimal("190.00"))) == 1


def test_a_payment_whose_day_has_passed_and_that_has_not_left() -> None:
    held = PAYMENT | {
        "status": "released",
        "sent_on": None,
        "execution_date": date(2026, 3, 6),
        "status_on": date(2026, 3, 4),
    }
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[held])))
    assert alert["message"] == (
        "Payment of 1,190.00 EUR to Meyer GmbH was to be executed on 2026-03-06 and has not left: it is released since 2026-03-04"
    )
    assert (alert["check"], alert["since"], alert["severity"]) == ("scheduled_not_sent", date(2026, 3, 6), "critical")
    for change in ({"execution_date": AS_OF}, {"sent_on": AS_OF}, {"is_booked": True}, {"status": "cancelled"}):
        assert alerts(facts(payments=[held | change]), "scheduled_not_sent") == [], change


def test_what_came_back_had_left() -> None:
    for status in ("acknowledged", "executed"):
        back = PAYMENT | {"status": status, "is_acknowledged": True, "returned_on": date(2026, 3, 9)}
        found = alerts(facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[back]))
        assert {row["check"] for row in found} == {"rejected_not_reissued"}


def test_a_collection_comes_from_the_customer() -> None:
    collection = PAYMENT | {"direction": "direct_debit", "amount": Decimal("1190.00")}
    assert "of 1,190.00 EUR from Meyer GmbH" in str(only(alerts(facts(payments=[collection])))["message"])


def test_a_bank_that_never_answers_is_one_alert() -> None:
    def gaps(*more: Row) -> list[Row]:
        booked = [PAYMENT | {"payment_id": f"m{number}|p1|1", "is_booked": True} for number in range(20)]
        return alerts(facts(payments=[*booked, *more]), "acknowledgement_gap")

    alert = only(gaps())
    assert (alert["object_id"], alert["amount"]) == ("DE-EUR|EUR", Decimal("23800.00000"))
    assert "has never acknowledged a payment: 20 of 23,800.00 EUR in all" in str(alert["message"])
    answered = PAYMENT | {"payment_id": "x", "is_booked": True, "is_acknowledged": True, "status": "executed"}
    assert len(gaps(answered)) == 20
