"""Hand-offs that did not happen: not scheduled, approved, acknowledged, booked, replaced, reconciled."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from monitoring_facts import ACCOUNT, AS_OF, INVOICE, LINE, PAYMENT, STATEMENT, alerts, facts, only

from reconciliation.monitoring import parse_monitoring

SETTLES = {"payment_id": PAYMENT["payment_id"], "open_item_id": INVOICE["open_item_id"], "amount": Decimal("-1190")}


def test_an_overdue_approved_invoice_on_no_payment() -> None:
    alert = only(alerts(facts(open_items=[INVOICE]), "approved_not_scheduled"))
    assert alert["message"] == (
        "Invoice RE-1001 may be paid since 2026-02-05 but is on no payment: 1,190.00 EUR overdue since 2026-03-03"
    )
    assert (alert["since"], alert["severity"], alert["entity"]) == (date(2026, 2, 5), "warning", "DE")


def test_an_invoice_on_a_live_payment_is_scheduled_and_on_a_rejected_one_is_not() -> None:
    live = facts(open_items=[INVOICE], payments=[PAYMENT | {"is_booked": True}], settlements=[SETTLES])
    assert alerts(live, "approved_not_scheduled") == []
    rejected = facts(open_items=[INVOICE], payments=[PAYMENT | {"status": "rejected"}], settlements=[SETTLES])
    assert len(alerts(rejected, "approved_not_scheduled")) == 1


def test_an_invoice_whose_payment_was_stopped_says_so() -> None:
    for state, word in (
        ({"status": "rejected", "status_on": date(2026, 3, 6)}, "rejected on 2026-03-06"),
        ({"status": "executed", "returned_on": date(2026, 3, 9)}, "returned on 2026-03-09"),
    ):
        inputs = facts(open_items=[INVOICE], payments=[PAYMENT | state], settlements=[SETTLES])
        alert = only(alerts(inputs, "approved_not_scheduled"))
        assert f"is on no payment, since its payment was {word}: 1,190.00 EUR overdue" in str(alert["message"])


def test_of_an_invoice_that_a_bank_line_pays_in_part_the_rest_is_at_stake() -> None:
    paid = {"paid_amount": Decimal("1000.00")}
    alert = only(alerts(facts(open_items=[INVOICE | paid]), "approved_not_scheduled"))
    assert alert["amount"] == Decimal("190.00000")
    assert "is on no payment; 1,000.00 EUR of it was paid without one: 190.00 EUR overdue" in str(alert["message"])
    deducted = INVOICE | paid | {"open_amount": Decimal("-190.00")}  # the ERP knows of it by now
    assert only(alerts(facts(open_items=[deducted]), "approved_not_scheduled"))["amount"] == Decimal("190.00000")
    rest = [PAYMENT | {"amount": Decimal("-190.00")}]
    settles = [SETTLES | {"amount": Decimal("-190")}]
    assert (
        alerts(facts(open_items=[INVOICE | paid], payments=rest, settlements=settles), "approved_not_scheduled") == []
    )


def test_what_must_not_be_paid_is_not_asked_for() -> None:
    for change in (
        {"is_blocked": True},
        {"is_direct_debit": True},  # the supplier draws it itself
        {"approval_status": "pending"},
        {"status": "cleared"},
        {"ledger": "receivable"},
        {"paid_amount": Decimal("1190.00")},  # bank lines pay it, whatever the ERP says
        {"open_amount": Decimal(50)},  # a credit memo
        {"due_date": date(2026, 4, 30)},
    ):
        assert alerts(facts(open_items=[INVOICE | change]), "approved_not_scheduled") == [], change


def test_a_discount_about_to_lapse_is_worth_the_discount() -> None:
    discounted = INVOICE | {
        "due_date": date(2026, 4, 30), "discount_amount": Decimal("35.70"), "discount_until": date(2026, 3, 13),
    }  # fmt: skip
    alert = only(alerts(facts(open_items=[discounted]), "approved_not_scheduled"))
    assert (alert["amount"], alert["severity"]) == (Decimal("35.70000"), "info")
    assert "a discount of 35.70 EUR lapses on 2026-03-13" in str(alert["message"])
    lost = discounted | {"discount_until": date(2026, 3, 10)}
    assert "was lost on 2026-03-10" in str(only(alerts(facts(open_items=[lost])))["message"])


def test_an_invoice_that_waits_for_approval_too_long() -> None:
    pending = INVOICE | {"approval_status": "pending", "approved_on": None, "due_date": None}
    alert = only(alerts(facts(open_items=[pending]), "late_approval"))
    assert alert["message"] == "Invoice RE-1001 over 1,190.00 EUR waits for approval since 2026-02-02"
    assert alert["severity"] == "critical"  # 37 days
    young = pending | {"posting_date": date(2026, 3, 5), "document_date": date(2026, 3, 5)}
    assert alerts(facts(open_items=[young])) == []


def test_a_payment_the_bank_has_not_answered_counts_business_days() -> None:
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[PAYMENT])))
    assert alert["check"] == "sent_not_acknowledged"
    assert alert["message"] == (
        "Payment of 1,190.00 EUR to Meyer GmbH was sent on 2026-03-05; the bank has not answered for 4 business days"
    )
    assert (alert["since"], alert["severity"]) == (date(2026, 3, 5), "critical")


def test_an_answered_booked_or_young_payment_is_no_alert() -> None:
    for change in (
        {"is_acknowledged": True},
        {"is_acknowledged": True, "is_booked": True},
        {"sent_on": date(2026, 3, 10)},
        {"sent_on": None},
        {"status": "cancelled"},
    ):
        inputs = facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[PAYMENT | change])
        assert alerts(inputs) == [], change
    exempt = parse_monitoring("checks: {sent_not_acknowledged: {exempt_accounts: [DE-EUR]}}")
    inputs = facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[PAYMENT])
    assert alerts(inputs, config=exempt) == []


def test_booked_without_a_word_from_the_bank_is_a_gap_not_a_missing_payment() -> None:
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[PAYMENT | {"is_booked": True}])))
    assert (alert["check"], alert["severity"]) == ("acknowledgement_gap", "info")
    assert "is on the statement although the bank never acknowledged it" in str(alert["message"])


def test_received_and_then_silence() -> None:
    received = PAYMENT | {"status": "acknowledged", "status_on": date(2026, 3, 5), "is_acknowledged": True}
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[received])))
    assert alert["check"] == "acknowledgement_gap"
    assert "said neither yes nor no since 2026-03-06, 3 business days" in str(alert["message"])


def test_executed_says_the_bank_but_no_statement_shows_it() -> None:
    executed = PAYMENT | {"status": "executed", "is_acknowledged": True, "execution_date": date(2026, 3, 4)}
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[executed])))
    assert alert["check"] == "executed_not_booked"
    assert "for 2026-03-04, but no statement up to 2026-03-10 shows it" in str(alert["message"])
    blind = facts(
        accounts=[ACCOUNT], statements=[STATEMENT | {"statement_date": date(2026, 3, 5)}], payments=[executed]
    )
    assert alerts(blind, "executed_not_booked") == []  # the statements are missing, not the booking


def test_a_rejected_payment_that_nothing_replaced() -> None:
    rejected = PAYMENT | {"status": "rejected", "status_on": date(2026, 3, 6)}
    unnamed = facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[rejected])
    alert = only(alerts(unnamed))
    assert (alert["check"], alert["since"]) == ("rejected_not_reissued", date(2026, 3, 6))
    assert "was rejected on 2026-03-06 and nothing has replaced it" in str(alert["message"])
    told = facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[rejected | {"failed_because": "AC04 closed"}])
    assert "was rejected on 2026-03-06 (AC04 closed) and" in str(only(alerts(told, "rejected_not_reissued"))["message"])
    again = PAYMENT | {"payment_id": "m2|p1|1", "sent_on": date(2026, 3, 10), "execution_date": AS_OF}
    replaced = facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[rejected, again])
    assert alerts(replaced, "rejected_not_reissued") == []


def test_nobody_acknowledges_a_cheque() -> None:
    cheque = PAYMENT | {"is_cheque": True, "sent_on": date(2026, 2, 20), "execution_date": date(2026, 2, 20)}
    for state in ({}, {"is_booked": True}):
        assert alerts(facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[cheque | state])) == []
        transfer = facts(accounts=[ACCOUNT], statements=[STATEMENT], payments=[cheque | state | {"is_cheque": False}])
        assert len(alerts(transfer)) == 1


def test_a_rejected_payment_whose_invoice_is_paid_another_way() -> None:
    rejected = PAYMENT | {"status": "rejected", "status_on": date(2026, 3, 6)}
    waiting = facts(payments=[rejected], settlements=[SETTLES], open_items=[INVOICE])
    assert len(alerts(waiting, "rejected_not_reissued")) == 1
    cleared = facts(payments=[rejected], settlements=[SETTLES], open_items=[INVOICE | {"status": "cleared"}])
    assert alerts(cleared, "rejected_not_reissued") == []
    other = PAYMENT | {"payment_id": "m2|p1|1", "amount": Decimal("-2000.00"), "counterparty_account": "X"}
    settled = facts(
        payments=[rejected, other], settlements=[SETTLES, SETTLES | {"payment_id": "m2|p1|1"}], open_items=[INVOICE]
    )
    assert alerts(settled, "rejected_not_reissued") == []


def test_a_line_nothing_explains() -> None:
    alert = only(alerts(facts(bank_lines=[LINE]), "unreconciled_line"))
    assert alert["message"] == (
        "DE-EUR: 75.00 EUR to Meyer GmbH, booked on 2026-03-02, is not reconciled: nothing explains it"
    )
    assert (alert["since"], alert["severity"]) == (date(2026, 3, 2), "warning")
    partly = only(alerts(facts(bank_lines=[LINE | {"open_amount": Decimal("-5"), "state": "matched"}])))
    assert (partly["amount"], str(partly["message"]).endswith("a match explains the rest of it only")) == (
        Decimal("5.00000"),
        True,
    )


def test_a_line_is_given_time_from_when_it_became_known() -> None:
    assert alerts(facts(bank_lines=[LINE | {"known_on": date(2026, 3, 10)}])) == []
    assert alerts(facts(bank_lines=[LINE | {"open_amount": Decimal(0)}])) == []
