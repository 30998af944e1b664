"""Offsetting pairs within one side: a voided cheque, a bill entered twice and reversed, a credit memo for the whole of a bill."""

from __future__ import annotations

import polars as pl
from example_items import items, members

from reconciliation.contracts import LINK
from reconciliation.matching import Ledger, MatchResult, match, preset

NOTHING = items()
CHEQUE = {"item_id": "P1", "amount": -70, "on": 7, "references": ["20501"], "counterparty_id": "S1"}
VOID = {"item_id": "V1", "amount": 70, "on": 20, "references": ["20501"], "text": "VOID CHECK 20501", "kind": "void"}
BILL = {"item_id": "I1", "amount": -70, "references": ["SI-100471"], "counterparty_id": "S1", "kind": "invoice"}
MEMO = {"item_id": "C1", "amount": 70, "on": 5, "counterparty_id": "S1", "kind": "credit_memo"}


def _run(
    *,
    lines: pl.DataFrame = NOTHING,
    payments: pl.DataFrame = NOTHING,
    bills: pl.DataFrame = NOTHING,
    linked: tuple[tuple[str, str], ...] = (),
    ledger: Ledger | None = None,
) -> MatchResult:
    links = pl.DataFrame([("payments", p, "open_items", b, None, None) for p, b in linked], schema=LINK, orient="row")
    known = {"bank_lines": lines, "payments": payments, "open_items": bills}
    return match(known, preset("payables"), links=links, ledger=ledger)


def test_a_voided_cheque_and_its_void_cancel_out_and_the_cheque_written_instead_settles_the_bill() -> None:
    anew = {"item_id": "P2", "amount": -70, "on": 21, "references": ["20502"], "counterparty_id": "S1"}
    payments = items(CHEQUE, VOID, anew)
    result = _run(payments=payments, bills=items(BILL), linked=(("P1", "I1"), ("P2", "I1")))
    assert members(result, "matched") == [("I1", "P2"), ("P1", "V1")]


def test_a_cheque_that_the_bank_has_cashed_was_not_voided() -> None:
    cashed = items({"item_id": "L1", "amount": -70, "on": 12, "text": "CHECK 20501"})
    result = _run(lines=cashed, payments=items(CHEQUE, VOID), bills=items(BILL), linked=(("P1", "I1"),))
    assert members(result, "matched") == [("I1", "P1"), ("L1", "P1")]


def test_a_void_that_comes_later_releases_what_the_cheque_was_matched_with() -> None:
    first = _run(payments=items(CHEQUE), bills=items(BILL), linked=(("P1", "I1"),))
    assert members(first, "matched") == [("I1", "P1")]
    ledger = Ledger(first.groups, first.items)
    second = _run(payments=items(CHEQUE, VOID), bills=items(BILL), linked=(("P1", "I1"),), ledger=ledger)
    assert members(second, "matched") == [("P1", "V1")]
    assert second.gave_way["group_id"].to_list() == first.groups["group_id"].to_list()


def test_a_reversal_names_the_entry_it_undoes_by_its_id_though_another_has_the_number_too() -> None:
    twice = BILL | {"item_id": "VCHR0002", "on": 1}
    undone = MEMO | {"references": ["SI-100471"], "text": "REVERSE VCHR0002 DUPLICATE", "kind": "reversal"}
    assert members(_run(bills=items(BILL, twice, undone)), "matched") == [("C1", "VCHR0002")]
    same_day = undone | {"text": "REVERSE DUPLICATE"}
    assert members(_run(bills=items(BILL, twice | {"on": 0}, same_day)), "matched") == []


def test_a_credit_memo_for_the_whole_of_a_bill_cancels_it() -> None:
    assert members(_run(bills=items(BILL, MEMO | {"text": "Credit for SI-100471"})), "matched") == [("C1", "I1")]
    assert members(_run(bills=items(BILL, MEMO | {"text": "Bonus"})), "matched") == []
    other = MEMO | {"text": "Credit for SI-100471", "counterparty_id": "S2"}
    assert members(_run(bills=items(BILL, other)), "matched") == []


def test_a_bill_that_is_paid_is_not_cancelled_by_the_credit_memo_that_a_later_payment_deducts() -> None:
    memo = MEMO | {"text": "Credit for SI-100471"}
    paid = {"item_id": "P1", "amount": -70, "on": 3, "counterparty_id": "S1"}
    deducts = {"item_id": "P2", "amount": -20, "on": 30, "counterparty_id": "S1"}
    more = BILL | {"item_id": "I2", "amount": -90, "references": ["SI-100480"]}
    result = _run(
        payments=items(paid, deducts), bills=items(BILL, more, memo), linked=(("P1", "I1"), ("P2", "I2"), ("P2", "C1"))
    )
    assert members(result, "matched") == [("C1", "I2", "P2"), ("I1", "P1")]
    # nor where no link says what was paid
    assert ("C1", "I1") not in members(_run(payments=items(paid), bills=items(BILL, memo)), "matched")


def test_what_shows_later_that_nothing_was_undone_releases_the_pair() -> None:
    """The cheque is cashed after all; the payment file that paid the bill arrives late."""
    voided = _run(payments=items(CHEQUE, VOID), bills=items(BILL), linked=(("P1", "I1"),))
    assert members(voided, "matched") == [("P1", "V1")]
    cashed = items({"item_id": "L1", "amount": -70, "on": 30, "text": "CHECK 20501"})
    known = {"lines": cashed, "payments": items(CHEQUE, VOID), "bills": items(BILL)}
    after = _run(**known, linked=(("P1", "I1"),), ledger=Ledger(voided.groups, voided.items))
    assert members(after, "matched") == [("I1", "P1"), ("L1", "P1")]
    assert after.gave_way["reason"].to_list() == ["a later item shows that one of payments was not undone"]

    memo = MEMO | {"text": "Credit for SI-100471"}
    cancelled = _run(bills=items(BILL, memo))
    paid = items({"item_id": "P1", "amount": -70, "on": 3, "counterparty_id": "S1"})
    late = _run(
        payments=paid,
        bills=items(BILL, memo),
        linked=(("P1", "I1"),),
        ledger=Ledger(cancelled.groups, cancelled.items),
    )
    assert members(late, "matched") == [("I1", "P1")]


def test_what_undoes_an_item_that_a_person_has_matched_is_for_a_person_to_see() -> None:
    def run(*payments: dict[str, object], ledger: Ledger | None = None) -> MatchResult:
        return _run(payments=items(*payments), bills=items(BILL), linked=(("P1", "I1"),), ledger=ledger)

    first = run(CHEQUE)
    by_hand = Ledger(first.groups.with_columns(pl.lit("decision").alias("pass")), first.items)
    second = run(CHEQUE, VOID, ledger=by_hand)
    assert (members(second, "matched"), members(second, "suggested")) == ([], [("P1", "V1")])
    assert second.gave_way.is_empty()
    # and stays so where the suggestion is known
    known = pl.concat([by_hand.groups, second.groups]), pl.concat([by_hand.items, second.items])
    third = run(CHEQUE, VOID, ledger=Ledger(*known))
    assert (members(third, "matched"), third.gave_way.height) == ([], 0)


def test_of_a_customers_bills_one_that_a_document_says_it_undoes_is_cancelled() -> None:
    """A credit memo for all of it may as well be deducted from a payment."""
    bill, memo = (row | {"amount": -int(str(row["amount"]))} for row in (BILL, MEMO | {"references": ["SI-100471"]}))
    for kind, said in (("storno", [("C1", "I1")]), ("credit_memo", [])):
        known = {"bank_lines": NOTHING, "open_items": items(bill, memo | {"kind": kind})}
        assert members(match(known, preset("receivables")), "matched") == said
