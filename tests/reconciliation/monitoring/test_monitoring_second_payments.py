"""What is paid twice and what only looks like it: instalments, series, files sent again, the same invoice in other words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from monitoring_facts import INVOICE, LINE, PAYMENT, Row, alerts, facts, only

CLEARED: Row = INVOICE | {"status": "cleared", "open_amount": Decimal(0)}
ITEM = str(INVOICE["open_item_id"])
OTHER: Row = CLEARED | {
    "open_item_id": "sap|1000|20|2026|1",
    "document_number": "20",
    "reference": "RE-1044",
    "amount": Decimal("-800.00"),
}


def paid(number: int, amount: str = "-1190.00", day: date = date(2026, 3, 6), **change: object) -> Row:
    """A payment of its own file that went through."""
    own = {"payment_id": f"m{number}|p1|1", "batch_id": f"m{number}|p1", "end_to_end_id": f"E2E-{number}"}
    return (
        PAYMENT
        | {"is_booked": True, "status": "executed"}
        | own
        | {"amount": Decimal(amount), "execution_date": day}
        | change
    )  # type: ignore[return-value]


def settles(number: int, amount: str | None, item: str = ITEM) -> Row:
    return {
        "payment_id": f"m{number}|p1|1",
        "open_item_id": item,
        "amount": None if amount is None else Decimal(amount),
    }


def found(**frames: list[Row]) -> dict[object, Row]:
    return {row["object_id"]: row for row in alerts(facts(**frames), "duplicate_payment")}


@pytest.mark.parametrize("known", [True, False], ids=["each says its amount", "the clearing says who, not how much"])
def test_instalments_are_no_second_payment(known: bool) -> None:
    payments = [paid(1, "-400.00"), paid(2, "-400.00", date(2026, 3, 7)), paid(3, "-390.00", date(2026, 3, 9))]
    said = [settles(number + 1, str(one["amount"]) if known else None) for number, one in enumerate(payments)]
    assert found(open_items=[CLEARED], payments=payments, settlements=said) == {}
    fourth = paid(4, "-400.00", date(2026, 3, 10))
    once_more = [*said, settles(4, "-400.00" if known else None)]
    assert set(found(open_items=[CLEARED], payments=[*payments, fourth], settlements=once_more)) == {"m4|p1|1"}


def test_what_is_paid_again_is_the_money_at_stake_and_the_earlier_payment_is_named() -> None:
    payments = [paid(1), paid(2, "-1990.00", date(2026, 3, 9))]
    said = [settles(1, "-1190.00"), settles(2, "-1190.00"), settles(2, "-800.00", str(OTHER["open_item_id"]))]
    alert = found(open_items=[CLEARED, OTHER], payments=payments, settlements=said)["m2|p1|1"]
    assert (alert["amount"], alert["related_id"]) == (Decimal("1190.00000"), "m1|p1|1")
    unsaid = [one | {"amount": None} for one in said]
    alert = found(open_items=[CLEARED, OTHER], payments=payments, settlements=unsaid)["m2|p1|1"]
    assert alert["amount"] == Decimal("1190.00000")


def test_several_payments_that_clear_several_items_together() -> None:
    payments = [paid(1, "-900.00"), paid(2, "-1090.00", date(2026, 3, 9))]
    cleared = [settles(number, None, item) for number in (1, 2) for item in (ITEM, str(OTHER["open_item_id"]))]
    assert found(open_items=[CLEARED, OTHER], payments=payments, settlements=cleared) == {}


def test_a_few_cents_too_much_are_no_second_payment() -> None:
    payments = [paid(1, "-595.00"), paid(2, "-595.40", date(2026, 3, 9))]
    said = [settles(1, "-595.00"), settles(2, "-595.40")]
    assert found(open_items=[CLEARED], payments=payments, settlements=said) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"remittance_text": "Rg. RE1001 v. 3.2., vielen Dank"},
        {
            "remittance_text": "RE-1001",
            "counterparty_account": "NL91ABNA0417164300",
            "golden_id": "g7",
        },  # the supplier's other account
    ],
)
def test_an_invoice_paid_through_another_channel_in_other_words(change: Row) -> None:
    first = paid(1, remittance_text="Invoice RE-1001", golden_id="g7")
    again = paid(2, day=date(2026, 3, 9), **change)
    assert set(found(open_items=[CLEARED], payments=[first, again], settlements=[settles(1, "-1190.00")])) == {
        "m2|p1|1"
    }


def test_paid_by_hand_after_a_collective_payment() -> None:
    account = {
        "counterparty_id": "sap|supplier|7",
        "golden_id": "g7",
        "account_identifier": PAYMENT["counterparty_account"],
    }
    said = [settles(1, "-1190.00"), settles(1, "-800.00", str(OTHER["open_item_id"]))]
    by_hand = paid(2, day=date(2026, 3, 9), remittance_text="RE-1001")
    payments = [paid(1, "-1990.00", remittance_text="RE-1001 RE-1044"), by_hand]
    frames = {"open_items": [CLEARED, OTHER], "settlements": said, "counterparty_accounts": [account]}
    assert set(found(payments=payments, **frames)) == {"m2|p1|1"}
    for text in ("RE-10015", "RE-1002", "Miete"):
        assert found(payments=[payments[0], by_hand | {"remittance_text": text}], **frames) == {}, text


def test_a_customer_number_names_no_invoice() -> None:
    months = [CLEARED | {"open_item_id": item, "reference": "KD 445566"} for item in ("one", "two")]
    payments = [
        paid(1, remittance_text="KD 445566 Jan"),
        paid(2, day=date(2026, 3, 9), remittance_text="KD 445566 Feb"),
    ]
    assert found(open_items=months, payments=payments, settlements=[settles(1, "-1190.00", "one")]) == {}


def test_a_series_says_the_same_each_time() -> None:
    """Rent with one reference, in months of 28 days too; wages by the week."""
    months = [date(2025, 12, 29), date(2026, 1, 30), date(2026, 2, 27)]
    weeks = [date(2026, 2, 13), date(2026, 2, 20), date(2026, 2, 27), date(2026, 3, 6)]
    for days in (months, months[1:], weeks):
        series = [paid(number, day=day, end_to_end_id="RENT-7") for number, day in enumerate(days)]
        assert found(payments=series) == {}
        again = paid(99, day=days[-1] + timedelta(days=1), end_to_end_id="RENT-7")
        assert set(found(payments=[*series, again])) == {"m99|p1|1"}


def test_a_file_sent_again_under_new_names() -> None:
    def file(number: int, day: date, people: int) -> list[Row]:
        return [
            paid(number, f"-{1000 + one}.00", day, counterparty_account=f"DE{one}", remittance_text="Salary 02/2026")
            | {"payment_id": f"m{number}|p1|{one}", "end_to_end_id": f"E2E-{number}-{one}"}
            for one in range(people)
        ]

    first = file(1, date(2026, 2, 26), 3)
    again = found(payments=[*first, *file(2, date(2026, 2, 27), 3)])
    assert set(again) == {"m2|p1|0", "m2|p1|1", "m2|p1|2"}
    assert again["m2|p1|1"]["related_id"] == "m1|p1|1"
    assert "comes again with all others of its file" in str(again["m2|p1|1"]["message"])
    assert found(payments=[*first, *file(2, date(2026, 2, 27), 2)]) == {}  # another file
    assert found(payments=[*first, *file(2, date(2026, 3, 5), 3)]) == {}  # the next week's
    rejected = [one | {"status": "rejected", "is_booked": False} for one in first]
    assert found(payments=[*rejected, *file(2, date(2026, 2, 27), 3)]) == {}


def test_word_for_word_on_one_day() -> None:
    refund = {"remittance_text": "Refund"}
    assert set(found(payments=[paid(1, **refund), paid(2, **refund)])) == {"m2|p1|1"}
    assert found(payments=[paid(1, **refund), paid(2, day=date(2026, 3, 9), **refund)]) == {}
    habit = [paid(number, day=date(2026, 3, 2 + number // 2), **refund) for number in range(6)]
    assert found(payments=habit) == {}  # two a day, each day


def test_the_second_of_two_is_named_once() -> None:
    """Same item, same reference, same text: one alert."""
    first, again = paid(1, remittance_text="RE-1001"), paid(2, remittance_text="RE-1001", end_to_end_id="E2E-1")
    frames = {
        "open_items": [CLEARED],
        "payments": [first, again],
        "settlements": [settles(1, "-1190.00"), settles(2, "-1190.00")],
    }
    alert = only(alerts(facts(**frames), "duplicate_payment"))
    assert "pays RE-1001 again" in str(alert["message"])


def test_an_invoice_paid_once_more_in_the_portal_of_the_bank() -> None:
    """Only the statement knows of the second payment."""
    by_hand = LINE | {
        "amount": Decimal("-1190.00"), "open_amount": Decimal("-1190.00"), "text": "RE-1001 Februar",
        "counterparty_account": PAYMENT["counterparty_account"],
    }  # fmt: skip
    frames = {"open_items": [CLEARED], "payments": [paid(1)], "settlements": [settles(1, "-1190.00")]}
    alert = found(bank_lines=[by_hand], **frames)["l1"]
    assert (alert["object_type"], alert["related_id"], alert["severity"]) == ("bank_line", "m1|p1|1", "critical")
    assert "booked on 2026-03-02, names RE 1001, which payment m1|p1|1 of 2026-03-06 settles" in str(alert["message"])
    for change in (
        {"text": "RE-1002"},
        {"open_amount": Decimal("-5.00"), "state": "matched"},
        {"amount": Decimal("-1189.00"), "open_amount": Decimal("-1189.00")},
        {"counterparty_account": "DE99"},  # another supplier's number
        {"date": date(2026, 1, 2)},
    ):
        assert found(bank_lines=[by_hand | change], **frames) == {}, change
    assert (
        found(
            bank_lines=[by_hand],
            open_items=[CLEARED],
            payments=[paid(1, is_booked=False)],
            settlements=[settles(1, None)],
        )
        == {}
    )


@pytest.mark.parametrize("text", ["CARD SETTLEMENT", "INVOICE RE-1001"], ids=["one text", "one invoice named"])
def test_thousands_alike_are_not_gone_through_in_pairs(text: str) -> None:
    crowd = [paid(number, remittance_text=text) for number in range(3000)]
    again = found(open_items=[CLEARED], payments=crowd)
    assert len(again) == 2999 and "m0|p1|1" not in again


BY_HAND: Row = LINE | {
    "amount": Decimal("-1190.00"), "open_amount": Decimal("-1190.00"), "text": "Thanks for the chairs",
    "counterparty_account": PAYMENT["counterparty_account"],
}  # fmt: skip


def test_what_was_paid_once_more_by_hand_need_not_name_the_invoice() -> None:
    frames = {"open_items": [CLEARED], "payments": [paid(1)], "settlements": [settles(1, "-1190.00")]}
    alert = found(bank_lines=[BY_HAND], **frames)["l1"]
    assert str(alert["message"]).endswith(
        "repeats payment m1|p1|1 of 2026-03-06, the only one of that amount to the account"
    )
    usual = BY_HAND | {"bank_line_id": "l0", "date": date(2025, 12, 2)}  # what is paid by hand each quarter
    assert found(bank_lines=[usual, BY_HAND], **frames) == {}
    second_bill = CLEARED | {"open_item_id": "other", "reference": "RE-1044"}
    assert found(bank_lines=[BY_HAND], **(frames | {"open_items": [CLEARED, second_bill]})) == {}
    for change in ({"text": "RE-1002"}, {"date": date(2026, 1, 2)}, {"counterparty_account": None}):
        assert found(bank_lines=[BY_HAND | change], **frames) == {}, change


def test_paid_by_card_and_once_more() -> None:
    """The card's booking settles the invoice without a payment; then a payment, or another booking, names it."""
    by_card = CLEARED | {"paid_amount": Decimal("1190.00"), "cleared_on": date(2026, 2, 20)}
    frames = {"open_items": [by_card], "settlements": [settles(1, "-1190.00")]}
    booked, to_come = paid(1), paid(1, is_booked=False, status="sent", day=date(2026, 3, 13))
    for payment in (booked, to_come):
        alert = found(payments=[payment], **frames)["m1|p1|1"]
        assert "pays RE-1001 again: a booking that no payment explains settles it already" in str(alert["message"])
    maybe_the_booking_itself = paid(1, is_booked=False, status="sent", day=date(2026, 2, 20))
    assert found(payments=[maybe_the_booking_itself], **frames) == {}
    in_part = by_card | {"paid_amount": Decimal("190.00")}
    assert found(open_items=[in_part], payments=[paid(1, "-1000.00")], settlements=[settles(1, "-1000.00")]) == {}
    account = {
        "counterparty_id": "sap|supplier|7",
        "golden_id": "g7",
        "account_identifier": BY_HAND["counterparty_account"],
    }
    drawn = BY_HAND | {"text": "RE-1001"}
    alert = found(open_items=[by_card], bank_lines=[drawn], counterparty_accounts=[account])["l1"]
    assert str(alert["message"]).endswith("names RE 1001, which another booking settles")


def test_what_has_a_document_s_number_and_comes_again_within_days() -> None:
    """Nothing is known of any invoice; rent has the number of its contract each month, a float comes every day."""

    def twice(text: str, later: int) -> set[object]:
        again = paid(2, day=date(2026, 3, 2) + timedelta(days=later), remittance_text=text)
        return set(found(payments=[paid(1, day=date(2026, 3, 2), remittance_text=text), again]))

    assert twice("INV 2026-00877", 3) == {"m2|p1|1"}
    assert twice("INV 2026-00877", 7) == twice("ADVANCE 03/2026", 3) == set()
    daily = [paid(day, day=date(2026, 3, day), remittance_text="FLOAT 100877") for day in range(2, 7)]
    assert found(payments=daily) == {}


def test_what_is_sent_again_every_day_is_no_series() -> None:
    days = [date(2026, 3, day) for day in range(3, 7)]
    sent = [paid(k, day=day, end_to_end_id="RE-778812") for k, day in enumerate(days)]
    assert set(found(payments=sent)) == {"m1|p1|1", "m2|p1|1", "m3|p1|1"}
    whole = [
        paid(10 * k + place, day=day, batch_id=f"b{k}", remittance_text=f"bill {place}")
        for k, day in enumerate(days)
        for place in (1, 2)
    ]
    assert len(found(payments=whole)) == 6


def test_a_month_s_rent_that_is_late_and_the_next_one_that_is_not() -> None:
    def rent(*days: date) -> set[object]:
        return set(
            found(payments=[paid(k, day=day, remittance_text="Rent, tenant 123456") for k, day in enumerate(days)])
        )

    before = (date(2025, 11, 3), date(2025, 12, 1), date(2026, 1, 2))
    assert rent(*before, date(2026, 2, 27), date(2026, 3, 2)) == set()
    assert rent(*before, date(2026, 2, 2), date(2026, 3, 2), date(2026, 3, 5)) == {"m5|p1|1"}


def test_a_year_names_no_invoice() -> None:
    item = CLEARED | {"reference": "RE-2026"}
    again = {"counterparty_account": "DE99", "golden_id": "g7"}
    for text, expected in (("March 2026", set()), ("RE-2026", {"m2|p1|1"})):
        second = paid(2, day=date(2026, 3, 9), remittance_text=text, **again)
        assert set(found(open_items=[item], payments=[paid(1), second], settlements=[settles(1, None)])) == expected


def test_halves_of_an_invoice_paid_on_one_day() -> None:
    halves = [paid(number, "-595.00", remittance_text="RE-1001", golden_id="g7") for number in (1, 2, 3)]
    assert found(open_items=[CLEARED], payments=halves[:2]) == {}
    assert set(found(open_items=[CLEARED], payments=halves)) == {"m2|p1|1", "m3|p1|1"}
    whole = [paid(number, remittance_text="RE-1001", golden_id="g7") for number in (1, 2)]
    assert set(found(open_items=[CLEARED], payments=whole)) == {"m2|p1|1"}


def test_an_invoice_named_by_its_number_alone_and_a_payee_by_name() -> None:
    """To another account of the supplier, and to one that nobody knows, under his name."""
    first = paid(1, remittance_text="Invoice RE-1001", golden_id="g7")
    other = {"day": date(2026, 3, 9), "counterparty_account": "LT601010012345678901"}
    frames = {"open_items": [CLEARED], "settlements": [settles(1, "-1190.00")]}
    for change in ({"remittance_text": "Rechnung 1001", "golden_id": "g7"}, {"remittance_text": "RE-1001"}):
        assert set(found(payments=[first, paid(2, **other, **change)], **frames)) == {"m2|p1|1"}, change  # type: ignore[arg-type]
    for change in (
        {"remittance_text": "Rechnung 21001", "golden_id": "g7"},
        {"remittance_text": "RE-1001", "counterparty_name": "Huber KG"},
    ):
        assert found(payments=[first, paid(2, **other, **change)], **frames) == {}, change  # type: ignore[arg-type]
