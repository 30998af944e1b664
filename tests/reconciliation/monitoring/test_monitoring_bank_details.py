"""Bank accounts that change before money goes to them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from monitoring_facts import AS_OF, PAYMENT, Row, alerts, facts, only

OLD, NEW = "DE89370400440532013000", str(PAYMENT["counterparty_account"])
BEFORE: Row = {
    "counterparty_id": "sap|supplier|7", "golden_id": "g7", "name": "Meyer GmbH", "changed_by": "USER17",
    "account_identifier": OLD, "valid_from": date(2024, 1, 1), "first_seen": date(2024, 1, 1),
}  # fmt: skip
CHANGE: Row = BEFORE | {"account_identifier": NEW, "valid_from": date(2026, 3, 1), "first_seen": date(2026, 3, 1)}
PAID: Row = PAYMENT | {"is_booked": True, "is_acknowledged": True, "status": "executed"}
STRANGER: Row = BEFORE | {
    "counterparty_id": "sap|supplier|9",
    "golden_id": "g9",
    "name": "Zorn AG",
    "account_identifier": NEW,
}


def found(*accounts: Row, payment: Row = PAID, as_of: date = AS_OF) -> list[Row]:
    inputs = facts(counterparty_accounts=list(accounts), payments=[payment])
    return alerts(inputs, "bank_detail_change", as_of=as_of)


def test_changed_and_changed_back_is_told_of_the_account_in_between_alone() -> None:
    """The payment to the account in between is the fraud; the old account is not new because it comes back."""
    back = BEFORE | {"valid_from": date(2026, 3, 8)}
    assert only(found(BEFORE, CHANGE, back))["object_id"] == f"sap|supplier|7|{NEW}|EUR"
    to_the_old = PAID | {"counterparty_account": OLD, "execution_date": date(2026, 3, 10)}
    assert found(BEFORE, CHANGE, back, payment=to_the_old) == []


def test_the_alert_stays_for_as_long_after_the_payment_as_before() -> None:
    assert len(found(BEFORE, CHANGE, as_of=date(2026, 4, 3))) == 1  # the change is 33 days old, the payment 28
    assert found(BEFORE, CHANGE, as_of=date(2026, 4, 6)) == []
    late = PAID | {"execution_date": date(2026, 3, 1) + timedelta(days=31)}
    assert found(BEFORE, CHANGE, payment=late) == []


def test_a_change_made_in_two_systems_is_one() -> None:
    elsewhere = {"counterparty_id": "netsuite|supplier|44", "valid_from": date(2026, 3, 3)}
    alert = only(found(BEFORE, CHANGE, BEFORE | {"counterparty_id": "netsuite|supplier|44"}, CHANGE | elsewhere))
    assert (alert["object_id"], alert["since"]) == (f"sap|supplier|7|{NEW}|EUR", date(2026, 3, 1))
    # an account that the party has had for long in another system is not new here
    long_known = BEFORE | {"counterparty_id": "netsuite|supplier|44", "account_identifier": NEW}
    assert found(BEFORE, CHANGE, long_known) == []


def test_an_account_that_is_anothers_too() -> None:
    alert = only(found(BEFORE, CHANGE, STRANGER))
    assert "changed on 2026-03-01 by USER17 and is that of Zorn AG too" in str(alert["message"])
    first_account = CHANGE | {"counterparty_id": "sap|supplier|8", "golden_id": "g8", "name": "Neu GmbH"}
    alert = only(found(STRANGER, first_account, payment=PAID | {"golden_id": "g8"}))
    assert "The bank account of Neu GmbH came on 2026-03-01" in str(alert["message"])
    assert alert["amount"] == Decimal("1190.00000")
    assert found(STRANGER | {"name": "NEU Gmbh"}, first_account, payment=PAID | {"golden_id": "g8"}) == []
    assert found(STRANGER, first_account, payment=PAID | {"golden_id": "g9"}) == []  # paid to the one who had it


def test_a_change_after_the_bank_refused_the_old_account_says_so() -> None:
    refused = PAYMENT | {
        "payment_id": "m0|p1|1",
        "counterparty_account": OLD,
        "status": "rejected",
        "golden_id": "g7",
        "status_on": date(2026, 2, 26),
    }
    inputs = facts(counterparty_accounts=[BEFORE, CHANGE], payments=[PAID, refused])
    alert = only(alerts(inputs, "bank_detail_change"))
    assert "after the bank refused a payment to the old one on 2026-02-26; 1 payment" in str(alert["message"])
