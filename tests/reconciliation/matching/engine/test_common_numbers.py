"""Short numbers tell which bill is meant among those of the counterparty that pays: jobs, delivery notes, the end of a number."""

from __future__ import annotations

import pytest
from example_items import ids, items, members

from reconciliation.matching import MatchResult, match, preset

_OWED = {"counterparty_name": "Elope Textiles plc", "counterparty_id": "ELOP066", "amount": 600}
_JOBS = tuple(
    _OWED | {"item_id": f"I{place}", "on": place, "references": [f"SI-108{place}6"], "text": f"Job {job} Meter A{job}7"}
    for place, job in enumerate((643, 934, 839), start=1)
)


def _paid(text: str, amount: int = 600, bills: tuple[dict[str, object], ...] = _JOBS) -> MatchResult:
    line = {"item_id": "L", "amount": amount, "on": 30, "text": f"ELOPE TEXTILES PLC {text}"}
    return match({"bank_lines": items(line), "open_items": items(*bills)}, preset("receivables"))


@pytest.mark.parametrize("said", ["JOB 934", "JOB0934", "METER 9347", "bill 826"])
def test_a_number_of_three_digits_tells_which_of_a_customers_equal_bills_is_paid(said: str) -> None:
    bills = (*_JOBS[:1], _JOBS[1] | {"references": ["XK-0826"]}, *_JOBS[2:])
    assert members(_paid(said, bills=bills), "matched") == ids("L", "I2")


def test_several_such_numbers_are_paid_in_one_sum() -> None:
    assert members(_paid("JOBS 643 839", 1200), "matched") == ids("L", "I1", "I3")


def test_a_sum_of_other_bills_than_those_named_is_not_sure() -> None:
    more = (_JOBS[0] | {"item_id": "I4", "amount": "1200.00", "text": "Job 777"},)
    result = _paid("JOBS 643 934 111", 1800, (*_JOBS, *more))
    assert not [each for each in members(result, "matched") if "I4" in each]


def test_the_customers_own_number_an_amount_or_a_date_tells_nothing() -> None:
    bills = tuple(each | {"text": f"{each['text']} cust 5512"} for each in _JOBS)
    for said in ("CUST 5512", "934.00 EUR", "of 12/03/2024"):
        assert members(_paid(said, bills=bills), "matched") == [], said


def test_the_number_of_another_customers_bill_tells_nothing() -> None:
    other = {"item_id": "X", "amount": 600, "on": 0, "text": "Job 222", "counterparty_name": "Verber Marine Ltd"}
    result = _paid("JOB 222", bills=(*_JOBS, other | {"references": ["SI-10999"], "counterparty_id": "VERB058"}))
    assert members(result, "matched") == []


def test_two_numbers_with_a_slash_between_them_are_no_range_but_where_they_are_close() -> None:
    bills = tuple(
        _OWED
        | {
            "item_id": f"I{number}",
            "on": 0,
            "references": [f"SI-{number}"],
            "counterparty_name": f"Customer {number}",
            "counterparty_id": None,
        }
        for number in (11242, 11260, 11261, 11285)
    )
    bills = tuple(
        each | {"counterparty_name": "Elope Textiles plc"} if place in (0, 3) else each
        for place, each in enumerate(bills)
    )
    assert members(_paid("INVS 11242/11285", 1200, bills), "matched") == ids("L", "I11242", "I11285")


def test_the_end_of_a_companys_name_is_no_initial() -> None:
    other = _OWED | {"item_id": "X", "on": 0, "counterparty_name": "Pratur Systems Ltd", "counterparty_id": "PRAT084"}
    bill = _OWED | {"item_id": "I", "on": 0, "references": ["SI-11847"], "counterparty_name": "Kelkanul Systems plc"}
    line = {"item_id": "L", "amount": 600, "on": 30, "text": "", "counterparty_name": "KELKANUL SYSTEMS P"}
    result = match(
        {"bank_lines": items(line), "open_items": items(other, bill | {"counterparty_id": "K1"})}, preset("receivables")
    )
    assert ("L", "X") not in members(result)
    assert ("I", "L") in members(result)


def test_who_names_more_than_the_one_bill_found_has_not_overpaid_it() -> None:
    bill = _OWED | {"item_id": "I", "on": 0, "references": ["2041902"]}
    for said, sure in (("INV 2041902/389/404", False), ("INV 2041902", True)):
        result = _paid(said, 1700, (bill,))
        assert (("I", "L") in members(result, "matched")) == sure, said


def test_a_number_of_the_bank_as_long_as_another_identifier_of_the_bill_names_no_more_bills() -> None:
    bill = _OWED | {"item_id": "I", "on": 0, "references": ["AR-000005364", "RF945364"]}
    result = _paid("TRN:000000000287954 Rechnung AR-000005364", 1700, (bill,))
    assert members(result, "matched") == [("I", "L")]
