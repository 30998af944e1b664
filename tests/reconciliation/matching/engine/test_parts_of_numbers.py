"""The serial number of a bill, alone: sure beside the amount of the bill, with others of the customer, or from its payer."""

from __future__ import annotations

import polars as pl
from example_items import ids, items, members

from reconciliation.matching import MatchResult, match, preset


def _bill(number: int, amount: str, customer: str, **more: object) -> dict[str, object]:
    named = {"counterparty_name": customer, "counterparty_id": customer[:5]}
    return {"item_id": f"I{number}", "amount": amount, "on": 1, "references": [f"RE26-{number:05}"]} | named | more


_BILLS = (
    _bill(31962, "30296.59", "Thiele Blechbearbeitung KG"),
    _bill(31970, "962.94", "Thiele Blechbearbeitung KG", discount_amount="19.26"),
    _bill(32011, "551.54", "Schraubenwerk Hagen GmbH"),
)


def _result(*lines: dict[str, object], bills: tuple[dict[str, object], ...] = _BILLS) -> MatchResult:
    return match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))


def test_beside_its_amount_it_is_sure_whoever_pays() -> None:
    assert members(_result({"item_id": "L", "amount": "30296.59", "on": 30, "text": "RG 31962"})) == ids("I31962", "L")


def test_the_first_of_two_payments_settles_its_bill_though_only_the_second_says_who_pays() -> None:
    first = {"item_id": "L1", "amount": "30296.59", "on": 30, "text": "RG 31962"}
    again = first | {"item_id": "L2", "on": 41, "counterparty_name": "THIELE BLECHBEARBEITUNG KG"}
    assert members(_result(again, first), "matched") == ids("I31962", "L1")


def test_at_a_price_of_many_bills_it_is_not() -> None:
    many = tuple(_bill(31000 + n, "99.00", f"Kunde {n} GmbH", on=n) for n in range(20))
    result = _result({"item_id": "L", "amount": "99.00", "on": 30, "text": "NR 31007"}, bills=many)
    assert members(result, "matched") == []


def test_several_of_one_customer_that_add_up_are_sure_less_a_discount_too() -> None:
    for amount in ("31259.53", "31240.27"):
        line = {"item_id": "L", "amount": amount, "on": 30, "text": "RG 31962 RG 31970"}
        assert members(_result(line), "matched") == ids("I31962", "I31970", "L"), amount


def test_several_of_one_customer_are_paid_as_the_text_says() -> None:
    line = {"item_id": "L", "amount": "30396.59", "on": 30, "text": "31962 30.296,59 31970 100,00"}
    assert members(_result(line), "matched") == ids("I31962", "I31970", "L")


def test_those_of_two_customers_that_add_up_are_not() -> None:
    line = {"item_id": "L", "amount": "30848.13", "on": 30, "text": "RG 31962 RG 32011"}
    assert members(_result(line), "matched") == []


def test_its_payer_pays_it_in_part() -> None:
    line = {
        "item_id": "L",
        "amount": "386.08",
        "on": 30,
        "text": "RG 32011",
        "counterparty_name": "SCHRAUBENWERK HAGEN",
    }
    result = _result(line)
    assert members(result, "matched") == ids("I32011", "L")
    rest = result.unmatched.filter(pl.col("item_id") == "I32011")
    assert rest["open_amount"].cast(pl.Float64).to_list() == [165.46]
