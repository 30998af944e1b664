"""Payments into an account that no record of the party has."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from monitoring_facts import AS_OF, PAYMENT, Row, alerts, facts, only

ON_RECORD: Row = {
    "counterparty_id": "sap|supplier|7", "golden_id": "g7", "name": "Meyer GmbH",
    "account_identifier": "DE89370400440532013000", "valid_from": date(2024, 1, 1), "first_seen": date(2024, 1, 1),
}  # fmt: skip
ELSEWHERE = "GB33BUKB20201555555555"
PAID: Row = PAYMENT | {
    "counterparty_id": "sap|supplier|7", "golden_id": "g7", "counterparty_account": ELSEWHERE, "status": "accepted",
}  # fmt: skip


def found(*records: Row, payment: Row = PAID, as_of: date = AS_OF) -> list[Row]:
    return alerts(facts(counterparty_accounts=list(records), payments=[payment]), "bank_detail_change", as_of=as_of)


def test_money_that_goes_past_the_records_is_told() -> None:
    alert = only(found(ON_RECORD))
    assert (alert["object_id"], alert["amount"]) == (f"sap|supplier|7|{ELSEWHERE}|EUR", Decimal("1190.00000"))
    assert alert["message"] == (
        "1 payment of 1,190.00 EUR from 2026-03-06 to Meyer GmbH into GB33BUKB20201555555555: the account is on no record of the "
        "party, which has 1 other"
    )


def test_a_record_that_writes_the_account_otherwise_names_it() -> None:
    assert found(ON_RECORD, ON_RECORD | {"account_identifier": ELSEWHERE}) == []
    assert found(ON_RECORD, ON_RECORD | {"account_identifier": "20201555555555"}) == []  # without country and bank
    assert (
        found(ON_RECORD, ON_RECORD | {"account_identifier": ELSEWHERE, "counterparty_id": "netsuite|supplier|4"}) == []
    )
    assert len(found(ON_RECORD, ON_RECORD | {"account_identifier": "5555"})) == 1  # too short to tell


def test_where_no_account_is_on_record_or_nobody_knows_the_party_nothing_is_said() -> None:
    assert found() == []
    assert found(ON_RECORD, payment=PAID | {"counterparty_id": None, "golden_id": None}) == []
    assert found(ON_RECORD, payment=PAID | {"status": "rejected"}) == []


def test_the_account_of_another_party_is_named_and_what_is_paid_for_long_is_known() -> None:
    stranger = ON_RECORD | {
        "counterparty_id": "sap|supplier|9",
        "golden_id": "g9",
        "name": "Zorn AG",
        "account_identifier": ELSEWHERE,
    }
    assert str(only(found(ON_RECORD, stranger))["message"]).endswith("; it is that of Zorn AG")
    assert found(ON_RECORD, as_of=date(2026, 4, 6)) == []
