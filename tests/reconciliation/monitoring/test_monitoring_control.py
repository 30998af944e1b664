"""Second payments, changed bank details, statements and deliveries that do not tie out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from monitoring_facts import ACCOUNT, AS_OF, INVOICE, PAYMENT, STATEMENT, Row, alerts, facts, only

CLEARED: Row = {"status": "cleared", "open_amount": Decimal(0)}
CHANGE: Row = {
    "counterparty_id": "sap|supplier|7", "golden_id": "g7", "name": "Meyer GmbH", "changed_by": "USER17",
    "account_identifier": "DE02120300000000202051", "valid_from": date(2026, 3, 1), "first_seen": date(2026, 3, 1),
}  # fmt: skip
BEFORE: Row = CHANGE | {"account_identifier": "DE89370400440532013000", "valid_from": date(2024, 1, 1)}


def test_two_payments_for_one_invoice() -> None:
    first = PAYMENT | {"is_booked": True, "status": "executed"}
    second = first | {"payment_id": "m2|p1|1", "end_to_end_id": "E2E-2", "execution_date": date(2026, 3, 10)}
    paid = {"payment_id": "m1|p1|1", "open_item_id": INVOICE["open_item_id"], "amount": Decimal("-1190.00")}
    twice = facts(
        open_items=[INVOICE | CLEARED], payments=[first, second], settlements=[paid, paid | {"payment_id": "m2|p1|1"}]
    )
    alert = only(alerts(twice, "duplicate_payment"))
    assert (alert["object_id"], alert["severity"], alert["amount"]) == ("m2|p1|1", "critical", Decimal("1190.00000"))
    assert "pays RE-1001 again: payment m1|p1|1 of 2026-03-06 settles it already" in str(alert["message"])
    halves = facts(
        open_items=[INVOICE | CLEARED],
        payments=[first, second],
        settlements=[
            paid | {"amount": Decimal("-595.00")},
            paid | {"payment_id": "m2|p1|1", "amount": Decimal("-595.00")},
        ],
    )
    assert alerts(halves, "duplicate_payment") == []


def test_a_payment_that_came_back_may_be_made_again() -> None:
    first = PAYMENT | {"is_booked": True, "is_acknowledged": True, "status": "executed"}
    second = first | {"payment_id": "m2|p1|1", "end_to_end_id": "E2E-2", "execution_date": date(2026, 3, 10)}
    paid = {"payment_id": "m1|p1|1", "open_item_id": INVOICE["open_item_id"], "amount": Decimal("-1190.00")}
    frames = {"open_items": [INVOICE], "settlements": [paid, paid | {"payment_id": "m2|p1|1"}]}
    back = first | {"returned_on": date(2026, 3, 9)}
    assert alerts(facts(payments=[back, second], **frames)) == []
    alert = only(alerts(facts(payments=[back], **frames), "rejected_not_reissued"))
    assert (alert["since"], "was returned on 2026-03-09" in str(alert["message"])) == (date(2026, 3, 9), True)


def test_one_reference_sent_twice() -> None:
    first = PAYMENT | {"is_booked": True}
    again = first | {"payment_id": "m2|p1|1", "execution_date": date(2026, 3, 9)}
    alert = only(alerts(facts(payments=[first, again]), "duplicate_payment"))
    assert "repeats the reference E2E-1 of payment m1|p1|1" in str(alert["message"])
    for change in ({"end_to_end_id": "E2E-2"}, {"amount": Decimal("-1")}, {"status": "rejected"}):
        assert alerts(facts(payments=[first, again | change]), "duplicate_payment") == []
    nameless = [one | {"end_to_end_id": "NOTPROVIDED"} for one in (first, again)]
    assert alerts(facts(payments=nameless), "duplicate_payment") == []


def test_a_second_payment_that_names_the_same_invoice_in_its_text() -> None:
    """The invoice is settled by the first; nobody says in a structured way what the second is for."""
    first = PAYMENT | {"is_booked": True, "status": "executed", "remittance_text": "Re. RE-1001"}
    second = first | {
        "payment_id": "m2|p1|1",
        "end_to_end_id": "E2E-2",
        "execution_date": date(2026, 3, 10),
        "remittance_text": "RE RE 1001",
    }
    paid = {"payment_id": "m1|p1|1", "open_item_id": INVOICE["open_item_id"], "amount": Decimal("-1190.00")}
    frames = {"open_items": [INVOICE | CLEARED], "settlements": [paid]}
    alert = only(alerts(facts(payments=[first, second], **frames), "duplicate_payment"))
    assert alert["object_id"] == "m2|p1|1"
    assert "names what payment m1|p1|1 of 2026-03-06 names or settles (RE RE 1001)" in str(alert["message"])
    # neither is known to settle it, as when nobody can tell which of the two does
    assert (
        only(alerts(facts(payments=[first, second], open_items=[INVOICE]), "duplicate_payment"))["object_id"]
        == "m2|p1|1"
    )


def test_a_second_payment_for_tomorrow_is_serious_today() -> None:
    first = PAYMENT | {"is_booked": True, "remittance_text": "RE-1001"}
    second = first | {
        "payment_id": "m2|p1|1",
        "end_to_end_id": "E2E-2",
        "execution_date": date(2026, 3, 12),
        "sent_on": AS_OF,
    }
    alert = only(alerts(facts(payments=[first, second], open_items=[INVOICE]), "duplicate_payment"))
    assert (alert["object_id"], alert["since"], alert["severity"]) == ("m2|p1|1", AS_OF, "critical")


@pytest.mark.parametrize(
    "change",
    [
        {"remittance_text": "RE-1002"},
        {"counterparty_account": "DE00"},
        {"amount": Decimal("-1190.01")},
        {"execution_date": date(2026, 5, 10)},
        {"status": "rejected"},
    ],
)
def test_another_text_account_amount_or_season_is_another_payment(change: dict[str, object]) -> None:
    first = PAYMENT | {"is_booked": True, "remittance_text": "RE-1001"}
    second = first | {"payment_id": "m2|p1|1", "end_to_end_id": "E2E-2", "execution_date": date(2026, 3, 10)} | change
    assert alerts(facts(payments=[first, second], open_items=[INVOICE]), "duplicate_payment") == []


def test_rent_says_the_same_each_month_and_is_no_duplicate() -> None:
    rent = PAYMENT | {"is_booked": True, "remittance_text": "Rent contract 20077"}
    rent |= {"execution_date": date(2026, 2, 10)}
    next_month = rent | {"payment_id": "m2|p1|1", "end_to_end_id": "E2E-2", "execution_date": date(2026, 3, 10)}
    assert alerts(facts(payments=[rent, next_month], open_items=[INVOICE]), "duplicate_payment") == []
    # one item of the same supplier a month, each with its payment
    settled = [
        {"payment_id": payment, "open_item_id": item, "amount": Decimal("-1190.00")}
        for payment, item in (("m1|p1|1", "one"), ("m2|p1|1", "two"))
    ]
    items = [INVOICE | {"open_item_id": item, "reference": "20077"} for item in ("one", "two")]
    assert alerts(facts(payments=[rent, next_month], open_items=items, settlements=settled), "duplicate_payment") == []


def test_bank_details_changed_just_before_the_payment() -> None:
    paid = PAYMENT | {"is_booked": True}
    alert = only(alerts(facts(counterparty_accounts=[BEFORE, CHANGE], payments=[paid]), "bank_detail_change"))
    assert alert["message"] == (
        "The bank account of Meyer GmbH changed on 2026-03-01 by USER17; 1 payment of 1,190.00 EUR to the new one "
        "from 2026-03-06"
    )
    assert (alert["since"], alert["amount"]) == (date(2026, 3, 1), Decimal("1190.00000"))


def test_a_first_account_or_an_old_change_is_no_alert() -> None:
    paid = PAYMENT | {"is_booked": True}
    assert alerts(facts(counterparty_accounts=[CHANGE], payments=[paid]), "bank_detail_change") == []
    long_ago = CHANGE | {"valid_from": date(2025, 6, 1)}
    assert alerts(facts(counterparty_accounts=[BEFORE, long_ago], payments=[paid]), "bank_detail_change") == []
    assert alerts(facts(counterparty_accounts=[BEFORE, CHANGE])) == []


def test_a_statement_missing_in_between() -> None:
    gap = STATEMENT | {
        "continuity": "gap", "opening_balance": Decimal("90.00"), "expected_opening": Decimal("100.00"),
        "previous_date": date(2026, 3, 6), "previous_sequence": 46,
    }  # fmt: skip
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[gap])))
    assert (alert["check"], alert["amount"], alert["since"]) == ("statement_gap", Decimal("10.00000"), date(2026, 3, 6))
    skipped = STATEMENT | {"previous_date": date(2026, 3, 6), "previous_sequence": 46}
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[skipped])))
    assert (alert["check"], alert["amount"]) == ("statement_gap", None)
    turn_of_year = skipped | {"previous_date": date(2025, 12, 31), "previous_sequence": 12, "sequence": 2026}
    assert alerts(facts(accounts=[ACCOUNT], statements=[turn_of_year])) == []


def test_two_statements_of_the_same_days_that_differ_and_one_that_only_repeats() -> None:
    again = STATEMENT | {
        "continuity": "overlap", "opening_balance": Decimal("90.00"), "expected_opening": Decimal("100.00"),
        "entry_count": 3, "repeated_entries": 2,
    }  # fmt: skip
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[again])))
    assert (alert["check"], alert["amount"]) == ("statement_gap", Decimal("10.00000"))
    assert str(alert["message"]).endswith("2 of its 3 entries are the same, the others are not")
    assert "which of the statements" in str(alert["next_step"])
    assert alerts(facts(accounts=[ACCOUNT], statements=[again | {"continuity": "repeated"}])) == []


def test_a_statement_that_does_not_add_up() -> None:
    off = STATEMENT | {"balance_check": "off", "difference": Decimal("-0.01"), "expected_opening": Decimal(100)}
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[off])))
    assert (alert["check"], alert["amount"], alert["severity"]) == ("balance_off", Decimal("0.01000"), "critical")
    assert str(alert["message"]).endswith("opening balance plus entries is not the closing balance")
    slip = off | {"difference": Decimal(-7), "expected_opening": Decimal(93), "previous_date": date(2026, 3, 9)}
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[slip])))
    assert str(alert["message"]).endswith(
        "from the closing balance of 2026-03-09 it adds up: the opening balance is wrong"
    )


def test_deliveries_that_failed_until_a_good_one_comes() -> None:
    failed: Row = {
        "delivery_id": "d1", "source": "bank", "file_name": "a.xml", "status": "quarantined", "reason": "truncated",
        "records_rejected": 0, "received_at": datetime(2026, 3, 10, 5, tzinfo=UTC), "is_replaced": False,
        "owner": "ops",
    }  # fmt: skip
    alert = only(alerts(facts(deliveries=[failed])))
    assert alert["message"] == "a.xml of bank, received on 2026-03-10, could not be loaded: truncated"
    assert (alert["check"], alert["owner"]) == ("failed_delivery", "ops")
    assert alerts(facts(deliveries=[failed | {"is_replaced": True}])) == []
    partly = failed | {"status": "partly", "records_rejected": 3}
    assert "loaded without 3 of its records" in str(only(alerts(facts(deliveries=[partly])))["message"])


def test_a_match_that_does_not_balance() -> None:
    group: Row = {
        "group_id": "g", "leg": "payments", "currency": "EUR", "left_total": Decimal(-10), "right_total": Decimal(-9),
        "difference": Decimal(-1), "as_of": AS_OF,
    }  # fmt: skip
    assert alerts(facts(match_groups=[group])) == []
    alert = only(alerts(facts(match_groups=[group | {"difference": Decimal(0)}])))
    assert (alert["check"], alert["amount"]) == ("group_balance", Decimal("1.00000"))
