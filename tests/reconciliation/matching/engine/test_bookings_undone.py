"""What a bank has booked twice, or undone and booked anew, and whose payment it is."""

from __future__ import annotations

import polars as pl
from example_items import items, members

from reconciliation.contracts import LINK
from reconciliation.matching import Ledger, MatchResult, match, preset

SENT = {"item_id": "P1", "amount": -70, "on": 7, "references": ["E2E0000001"]}
BOOKED = {"item_id": "L1", "amount": -70, "on": 8, "text": "TRANSFER E2E0000001 INVOICE SI-100471"}
UNDONE = {"item_id": "L2", "amount": 70, "on": 9, "text": "STORNO E2E0000001"}
ANEW = {"item_id": "L3", "amount": -70, "on": 9, "text": "TRANSFER E2E0000001 INVOICE SI-100471"}
BILL = items({"item_id": "I1", "amount": -70, "references": ["SI-100471"]})


def _run(*lines: dict[str, object], payments: pl.DataFrame | None = None, ledger: Ledger | None = None) -> MatchResult:
    sent = items(SENT) if payments is None else payments
    linked = [("payments", each, "open_items", "I1", None, None) for each in sent["item_id"]]
    links = pl.DataFrame(linked, schema=LINK, orient="row")
    return match(
        {"bank_lines": items(*lines), "payments": sent, "open_items": BILL},
        preset("payables"),
        links=links,
        ledger=ledger,
    )


def test_what_was_undone_and_booked_anew_is_paid_by_the_new_booking() -> None:
    assert members(_run(BOOKED, UNDONE, ANEW), "matched") == [("I1", "P1"), ("L1", "L2"), ("L3", "P1")]
    # on one day nothing tells the two bookings apart: which of them is undone is not guessed
    same_day = _run(BOOKED | {"on": 9}, UNDONE, ANEW)
    assert [each for each in members(same_day, "matched") if "L2" in each and "P1" in each] == []


def test_a_correction_that_arrives_later_moves_the_payment_to_the_new_booking() -> None:
    first = _run(BOOKED)
    assert members(first, "matched") == [("I1", "P1"), ("L1", "P1")]
    second = _run(BOOKED, UNDONE, ANEW, ledger=Ledger(first.groups, first.items))
    assert members(second, "matched") == [("L1", "L2"), ("L3", "P1")]
    of_line = first.groups.filter(pl.col("leg") == "bank_lines_payments")["group_id"].to_list()
    assert second.gave_way["group_id"].to_list() == of_line


def test_a_second_payment_of_the_bill_is_no_new_booking_of_the_first() -> None:
    """The return names the bill, as both payments' lines do."""
    back = UNDONE | {"text": "RETURN INVOICE SI-100471", "on": 10}
    paid_anew = ANEW | {"on": 20, "text": "TRANSFER E2E0000002 INVOICE SI-100471"}
    payments = items(SENT, SENT | {"item_id": "P2", "on": 19, "references": ["E2E0000002"]})
    result = _run(BOOKED, back, paid_anew, payments=payments)
    assert members(result, "matched") == [("I1", "P2"), ("L1", "L2"), ("L1", "P1"), ("L3", "P2")]


def test_of_two_bookings_of_a_payment_the_first_is_its_and_a_reversal_undoes_the_other() -> None:
    twice = ANEW | {"on": 10}
    assert members(_run(BOOKED, twice), "matched") == [("I1", "P1"), ("L1", "P1")]
    reversed_later = UNDONE | {"on": 12}
    result = _run(BOOKED, twice, reversed_later)
    assert members(result, "matched") == [("I1", "P1"), ("L1", "P1"), ("L2", "L3")]
