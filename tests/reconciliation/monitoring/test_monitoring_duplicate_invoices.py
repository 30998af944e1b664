"""Invoices entered twice, and those that only look like it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from monitoring_facts import INVOICE, Row, alerts, facts, only

from reconciliation.monitoring.invoice_numbers import one_typing_error, swapped_neighbours

FIRST: Row = INVOICE | {"status": "cleared", "open_amount": Decimal(0)}
SECOND: Row = FIRST | {
    "open_item_id": "sap|1000|20|2026|1", "document_number": "20", "posting_date": date(2026, 2, 20),
}  # fmt: skip
CREDIT: Row = FIRST | {
    "open_item_id": "sap|1000|21|2026|1", "document_number": "21", "kind": "credit_memo", "reference": "GS-77",
    "amount": Decimal("1190.00"), "document_date": date(2026, 2, 10), "posting_date": date(2026, 2, 11),
}  # fmt: skip


def document(number: int, **change: object) -> Row:
    """Another invoice of the same supplier and amount, by default."""
    return FIRST | {"open_item_id": f"sap|1000|{number}|2026|1", "document_number": str(number)} | change  # type: ignore[return-value]


def found(*items: Row) -> list[Row]:
    return alerts(facts(open_items=list(items)), "duplicate_invoice")


@pytest.mark.parametrize(
    "reference", ["RE-1001", "re 1001", "RE1001", "1001", "RE-001001", "RE-1OO1", "RE-10O1", "RE-1001."]
)
def test_the_same_invoice_typed_differently(reference: str) -> None:
    alert = only(found(FIRST, SECOND | {"reference": reference}))
    assert alert["object_id"] == "sap|1000|20|2026|1"
    assert "looks like RE-1001 of 2026-02-02 (19)" in str(alert["message"])
    typed_with_the_day_of_posting = SECOND | {"reference": reference, "document_date": date(2026, 2, 20)}
    assert len(found(FIRST, typed_with_the_day_of_posting)) == 1


def test_zeros_within_a_number_are_typing_too() -> None:
    assert len(found(FIRST | {"reference": "RE-2026-00123"}, SECOND | {"reference": "RE-2026-123"})) == 1
    other = SECOND | {"reference": "2026-12-03", "document_date": date(2026, 2, 15)}
    assert found(FIRST | {"reference": "2026-01-23"}, other) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("RE-1001", "RE-1001A"),  # what a system that refuses the same number twice makes people type
        ("RE-1001", "RE-1001-1"),
        ("RE-1001", "RE-1001 COPY"),
        ("RE-2026-00123", "123"),
        ("26/0017", "17"),
        ("1001/2026", "1001"),
        ("INV-1001", "RE 1001"),
        ("4711-100123", "100123"),  # with the customer's number before it
        ("17", "RE 17"),
        ("17/02/2026", "17"),  # with its month
        ("2026/02/0017", "17"),
        ("9000123456", "123456"),  # without its beginning
        ("RE-1001", "RE-1010"),  # digits that changed places
        ("RE-1001", "RE-1501"),  # one digit wrong
        ("RE-1001", "RE-101"),  # one left out
        ("RE-1001", "RE-10011"),  # one doubled
        ("RE-1001", None),
    ],
)
def test_what_differs_more_counts_on_the_same_invoice_date_only(first: str, second: str | None) -> None:
    one, other = FIRST | {"reference": first}, SECOND | {"reference": second}
    assert only(found(one, other))["object_id"] == "sap|1000|20|2026|1"
    assert only(found(other | {"posting_date": date(2026, 2, 1)}, one))["object_id"] == "sap|1000|19|2026|1"
    assert found(one, other | {"document_date": date(2026, 2, 15)}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"reference": "RE-1002"},  # the next number of a regular supplier
        {"amount": Decimal("-1340.01")},
        {"golden_id": "g8"},
        {"currency": "USD", "document_date": date(2026, 2, 15)},
        {"amount": Decimal("-1190.01"), "document_date": date(2026, 2, 15)},
        {"status": "cancelled"},
        {"document_number": "19", "posting_date": date(2026, 2, 2)},  # another line of the same document
        {"kind": "credit_memo", "amount": Decimal("1190.00")},
        {"kind": "residual"},  # what a part payment left open carries the number of its invoice
        {"document_date": date(2025, 2, 1)},  # a supplier who numbers from one each year
        {"reference": "MUC-1001", "document_date": date(2026, 2, 15)},  # the other series of two
    ],
)
def test_two_invoices_that_are_two(change: Row) -> None:
    assert found(FIRST, SECOND | change) == []


def test_document_numbers_of_two_companies_may_be_the_same() -> None:
    elsewhere = SECOND | {"document_number": "19", "entity_id": "FR", "open_item_id": "sap|2000|19|2026|1"}
    assert only(found(FIRST, elsewhere))["object_id"] == "sap|2000|19|2026|1"


def test_nearly_the_same_amount_and_the_same_figure_in_another_currency() -> None:
    net, less = {"amount": Decimal("-1000.00")}, {"amount": Decimal("-1000.10")}
    assert found(FIRST, SECOND | less) == []  # two parts of one bill
    for change in ({"amount": Decimal("-1190.01")}, {"amount": Decimal("-1910.00")}, {"currency": "USD"}, net):
        assert "looks like RE-1001 over 1,190.00 EUR of 2026-02-02" in str(
            only(found(FIRST, SECOND | change))["message"]
        )  # type: ignore[operator]
    # one bill posted in parts, by cost centre
    parts = [document(30 + place, amount=Decimal(f"-1190.0{place}")) for place in range(3)]
    assert found(*parts) == []


def test_one_invoice_in_two_systems_is_named_as_such() -> None:
    other = SECOND | {"source_system": "netsuite", "counterparty_id": "netsuite|supplier|44"}
    assert str(only(found(FIRST, other))["message"]).endswith("in netsuite and sap")


def test_two_supplier_records_that_nothing_joins() -> None:
    """A number of some length, the amount and the date are enough; a date or month in place of a number is not."""
    other = {"golden_id": "g8", "counterparty_id": "sap|supplier|8"}
    one = FIRST | {"reference": "RE-100123"}
    alert = only(found(one, SECOND | other | {"reference": "100123"}))
    assert str(alert["message"]).endswith("under sap|supplier|8 and sap|supplier|7")
    for month in ("2026-02", "20260201", "01.02.2026"):
        assert found(FIRST | {"reference": month}, SECOND | other | {"reference": month}) == []


def test_rent_is_due_each_month() -> None:
    """By its month, or by the number of the contract: a number that many dates carry names no document."""
    months = [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    for wording in ("%Y-%m", "%m/%Y", "RENT %b %Y", "Contract 20077"):
        rents = [
            document(40 + place, reference=day.strftime(wording), document_date=day, posting_date=day)
            for place, day in enumerate(months)
        ]
        assert found(*rents) == [], wording
        twice = rents[3] | {
            "open_item_id": "sap|1000|60|2026|1",
            "document_number": "60",
            "posting_date": date(2026, 3, 2),
        }
        assert only(found(*rents, twice))["object_id"] == "sap|1000|60|2026|1"


@pytest.mark.parametrize("parts", ["ABC", ("-1", "-2", "-3"), ("/1", "/2", "/3"), (" I", " II", " III")])
def test_instalments_of_one_bill(parts: tuple[str, ...] | str) -> None:
    assert found(*(document(70 + place, reference=f"RE-1001{part}") for place, part in enumerate(parts))) == []


def test_lines_of_one_invoice_that_are_documents_of_their_own() -> None:
    """Two lines may be of one amount; an invoice that is entered twice has each of them twice."""
    amounts = (Decimal("-1190.00"), Decimal("-1190.00"), Decimal("-65.00"))
    lines = [document(30 + place, amount=amount) for place, amount in enumerate(amounts)]
    assert found(*lines) == []
    again = [
        document(40 + place, amount=amount, posting_date=date(2026, 2, 20)) for place, amount in enumerate(amounts)
    ]
    assert {alert["object_id"] for alert in found(*lines, *again)} >= {one["open_item_id"] for one in again}


def test_a_bill_entered_in_parts_and_whole() -> None:
    parts = [document(30 + place, amount=Decimal(amount)) for place, amount in enumerate(("-600.00", "-590.00"))]
    whole = document(33, posting_date=date(2026, 2, 20))
    alert = only(found(*parts, whole))
    assert (alert["object_id"], alert["related_id"]) == (whole["open_item_id"], parts[0]["open_item_id"])
    assert "over 1,190.00 EUR" in str(alert["message"])
    assert "looks like RE-1001 over 600.00 EUR" in str(alert["message"])


def test_one_invoice_in_its_own_currency_and_in_the_group_s() -> None:
    dollars = SECOND | {"currency": "USD", "amount": Decimal("-1285.20")}
    rates: list[Row] = [
        {"currency": "EUR", "numerator": Decimal(1), "denominator": Decimal(1)},
        {"currency": "USD", "numerator": Decimal(100), "denominator": Decimal(109)},
    ]
    assert len(alerts(facts(open_items=[FIRST, dollars], rates=rates), "duplicate_invoice")) == 1
    other = dollars | {"amount": Decimal("-900.00")}
    assert alerts(facts(open_items=[FIRST, other], rates=rates), "duplicate_invoice") == []
    assert found(FIRST, dollars) == []  # without a rate nothing is known of it


def test_the_number_of_a_run_names_no_document() -> None:
    """A system that pays carers in one run gives all of them its number; some have one amount."""
    carers = [
        document(
            50 + place, reference="J551671", amount=Decimal(amount), golden_id=f"c{place}", counterparty_id=f"c{place}"
        )
        for place, amount in enumerate((-400, -400, -329, -672, -338))
    ]
    assert found(*carers) == []


def test_what_a_spreadsheet_left_of_a_number_says_nothing() -> None:
    broken = [document(60 + place, reference="1.01E+12") for place in range(3)]
    assert found(*broken) == []


def test_equal_deliveries_of_one_day() -> None:
    numbers = [
        "100012",
        "100021",
        "100121",
        "101121",
    ]  # swapped digits, one digit more or less: a day's work of one carrier
    assert found(*(document(80 + place, reference=number) for place, number in enumerate(numbers))) == []
    # two of one day, with the year behind, with letters behind, and two parts
    for one, other in (("100012", "100017"), ("1481/26", "1482/26"), ("398A", "396A"), ("1001-AY", "1001-YA")):
        assert found(FIRST | {"reference": one}, SECOND | {"reference": other}) == []


def test_what_was_credited_and_billed_again_stands_once() -> None:
    assert found(FIRST, CREDIT, SECOND) == []
    assert found(FIRST, CREDIT | {"reference": "Credit for RE-1001"}, SECOND | {"reference": "RE-1001-R"}) == []
    third = document(22, posting_date=date(2026, 2, 27))
    assert only(found(FIRST, CREDIT, SECOND, third))["object_id"] == third["open_item_id"]
    before = CREDIT | {"document_date": date(2026, 1, 10)}
    cancelled = CREDIT | {"status": "cancelled"}
    for other in (before, cancelled):
        assert len(found(FIRST, other, SECOND)) == 1
    # a supplier with other bills of that amount: whose credit it is, it has to say
    april = document(23, reference="RE-1044", document_date=date(2026, 1, 20))
    assert len(found(FIRST, april, CREDIT, SECOND)) == 1
    assert found(FIRST, april, CREDIT | {"reference": "RE1001"}, SECOND) == []


def test_one_typing_error() -> None:
    assert one_typing_error("1234", "1334") and one_typing_error("1234", "124") and one_typing_error("1234", "12234")
    assert (
        not one_typing_error("1234", "1234")
        and not one_typing_error("1234", "4231")
        and not one_typing_error("12", "1234")
    )
    assert (
        swapped_neighbours("1234", "1324")
        and not swapped_neighbours("1234", "4231")
        and not swapped_neighbours("12", "123")
    )


def test_of_thousands_under_one_number_each_later_one_names_the_first_and_how_many_came_before() -> None:
    crowd = [document(number, posting_date=date(2026, 2, 2 + number % 3)) for number in range(3000)]
    rows = {row["object_id"]: row for row in found(*crowd)}
    assert len(rows) == 2999
    last = rows["sap|1000|998|2026|1"]  # of the last day of posting, and by its name the last of that day
    assert last["related_id"] == "sap|1000|0|2026|1"
    assert str(last["message"]).endswith("; 2999 earlier ones are alike")
    credits = [CREDIT | {"open_item_id": f"c{number}", "document_number": f"c{number}"} for number in range(2999)]
    assert found(*crowd, *credits) == []


def test_thousands_under_one_number_that_are_due_on_days_of_their_own_are_not_gone_through_in_pairs() -> None:
    due = [date(2026, 3, 3) + timedelta(days=number) for number in range(3000)]
    crowd = [document(k, due_date=day, posting_date=date(2026, 2, 2 + (k > 0))) for k, day in enumerate(due)]
    rows = found(*crowd)  # nine million pairs, and gigabytes, where each due date is compared with each
    assert len(rows) == 2999
    assert {row["related_id"] for row in rows} == {"sap|1000|0|2026|1"}


def test_a_number_that_many_suppliers_have_is_a_run_s() -> None:
    two = [document(number, golden_id=f"g{number}", reference="RUN-88123") for number in range(2)]
    many = [document(number, golden_id=f"g{number}", reference="RUN-88123") for number in range(2000)]
    assert len(found(*two)) == 1
    assert found(*many) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"reference": "2026-39051"}, {"reference": "2026-30951"}),  # two digits changed places
        ({"reference": "2026-39051"}, {"reference": "2026-3901"}),  # one left out
        ({"reference": "2026-39051"}, {"reference": "2026-39OS1"}),  # as a scan reads it
        ({"reference": "2026-19051"}, {"reference": "2026-I9051"}),
        ({"reference": "2026-39051"}, {"reference": None}),
        ({"reference": "2026-39051"}, {"reference": "2026-39051", "amount": Decimal("-8274.46")}),  # net of 5.5 %
        (
            {"reference": "2026-39051"},
            {"reference": "2026-39051", "amount": Decimal("-872956.00")},
        ),  # the point slipped
    ],
)
def test_a_mistake_shows_where_the_party_has_more_bills_of_the_amount_on_other_days(first: Row, second: Row) -> None:
    bill = {"amount": Decimal("-8729.56")}
    other_days = [
        document(90 + k, reference=f"2026-3{k}417", document_date=date(2026, 2, 3 + k), **bill) for k in range(3)
    ]
    later = SECOND | bill | second
    assert only(found(*other_days, FIRST | bill | first, later))["object_id"] == later["open_item_id"]
    # of three bills of the day any number may be right
    third = document(98, reference="2026-77001", **bill)
    if second.get("reference") in ("2026-30951", "2026-3901", None):
        assert found(*other_days, FIRST | bill | first, later, third) == []


def test_neighbours_that_changed_places_are_two_orders_where_the_amount_is_usual() -> None:
    one, other = FIRST | {"reference": "46684"}, SECOND | {"reference": "46648"}
    assert len(found(one, other)) == 1
    assert found(one, other, document(98, reference="46702", document_date=date(2026, 2, 3))) == []


def test_day_and_month_changed_places() -> None:
    december, february = date(2025, 12, 2), date(2025, 2, 12)
    one = FIRST | {"document_date": december, "posting_date": date(2025, 12, 3)}
    assert len(found(one, SECOND | {"document_date": february})) == 1
    assert found(one, SECOND | {"document_date": date(2025, 2, 13)}) == []


def test_a_tax_tells_where_the_amounts_are_large_enough() -> None:
    for net, gross in (("-175.18", "-166.05"), ("-5.00", "-5.35")):
        assert found(FIRST | {"amount": Decimal(net)}, SECOND | {"amount": Decimal(gross)}) == []
    assert len(found(FIRST | {"amount": Decimal("-28.39")}, SECOND | {"amount": Decimal("-23.86")})) == 1


def test_where_the_second_is_paid_the_first_is_what_can_be_stopped() -> None:
    waiting = FIRST | {"status": "open", "open_amount": Decimal("-1190.00")}
    alert = only(found(waiting, SECOND))
    assert (alert["object_id"], alert["related_id"]) == (waiting["open_item_id"], SECOND["open_item_id"])
    assert str(alert["message"]).endswith("looks like RE-1001 of 2026-02-20 (20), which is paid")
    both_wait = only(found(waiting, SECOND | {"status": "open"}))
    assert both_wait["object_id"] == SECOND["open_item_id"]


def test_a_credit_memo_may_name_the_first_one() -> None:
    other = document(23, reference="RE-1044", document_date=date(2026, 1, 20))  # the amount alone tells nothing
    rebilled = SECOND | {"reference": "RE-1001-R"}
    assert found(FIRST, other, CREDIT | {"reference": "CN RE-1001"}, rebilled) == []
    assert len(found(FIRST, other, CREDIT | {"reference": "CN 77"}, rebilled)) == 1


LATER_DUE: Row = FIRST | {
    "document_number": "20", "open_item_id": "sap|1000|20|2026|1", "due_date": date(2026, 4, 2),
}  # fmt: skip


def test_two_dates_of_payment_of_one_bill_are_no_duplicate() -> None:
    """Half of it after 30 days and half after 60: one number, one date, entered together."""
    retained: Row = LATER_DUE | {"amount": Decimal("-119.00")}
    assert found(FIRST, LATER_DUE) == found(FIRST, retained) == []
    # who enters it again, in days or in another system, may well type another date of payment
    in_days: Row = LATER_DUE | {"posting_date": date(2026, 2, 20)}
    elsewhere: Row = LATER_DUE | {"source_system": "legacy"}
    assert len(found(FIRST, in_days)) == len(found(FIRST, elsewhere)) == 1
    # both halves once more
    again: list[Row] = [
        one | {"open_item_id": f"again {one['due_date']}", "posting_date": date(2026, 2, 20)}
        for one in (FIRST, LATER_DUE)
    ]
    assert {row["object_id"] for row in found(FIRST, LATER_DUE, *again)} == {one["open_item_id"] for one in again}


@pytest.mark.parametrize(
    ("day", "entered"),
    [
        (date(2026, 3, 1), date(2026, 3, 2)),
        (date(2026, 5, 1), date(2026, 5, 6)),
    ],
)
def test_the_next_of_a_series_under_one_number(day: date, entered: date) -> None:
    """A customer's or contract's number comes again whole months later, entered as much later."""
    assert found(FIRST, SECOND | {"document_date": day, "posting_date": entered}) == []
    assert len(found(FIRST, SECOND | {"document_date": day, "posting_date": date(2026, 2, 9)})) == 1  # a month mistyped
    other_day: Row = {"document_date": day + timedelta(days=6), "posting_date": entered + timedelta(days=6)}
    assert len(found(FIRST, SECOND | other_day)) == 1


def test_the_ends_of_months_are_one_day_of_each() -> None:
    january: Row = FIRST | {"document_date": date(2026, 1, 31), "posting_date": date(2026, 2, 2)}
    assert found(january, SECOND | {"document_date": date(2026, 2, 28), "posting_date": date(2026, 3, 3)}) == []


def test_one_bill_with_and_without_its_freight() -> None:
    """Entered again under its number, with some freight on it; a bill corrected after a credit memo is no second one."""
    corrected: Row = SECOND | {"amount": Decimal("-1215.50")}
    assert only(found(FIRST, corrected))["related_id"] == FIRST["open_item_id"]
    assert found(FIRST, corrected, CREDIT) == []
    together: Row = corrected | {"posting_date": FIRST["posting_date"]}
    assert found(FIRST, together) == []  # two parts of one bill
    contract = document(30, document_date=date(2026, 1, 1), posting_date=date(2026, 1, 2), amount=Decimal("-77.00"))
    assert found(FIRST, corrected, contract) == []  # the number of a contract
