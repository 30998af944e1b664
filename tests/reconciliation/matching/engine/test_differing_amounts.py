"""Amounts that differ, and what else may explain by how much: other items that the payer names, or that make up the rest."""

from __future__ import annotations

from typing import Any

import pytest
from example_items import ids, items, members, one_leg

from reconciliation.matching import match

_WAYS = "{kind: reference_text, amounts: [typing_error, {rule: fee, up_to: 50}]}"
_ACME: dict[str, Any] = {"counterparty_id": "S1", "counterparty_name": "Acme Heating Ltd"}
_BILL: dict[str, Any] = {"item_id": "I1", "amount": "-856.34", "references": ["IN2026-00847"]} | _ACME


def _paid(amount: str, *others: dict[str, Any], text: str = "ACME HEATING IN2026-00847") -> list[tuple[str, ...]]:
    lines = items({"item_id": "B1", "amount": amount, "text": text, "on": 20})
    return members(match({"left": lines, "right": items(_BILL, *others)}, one_leg(_WAYS)), "matched")


def test_a_fee_or_a_slip_is_believed_where_nothing_else_explains_it() -> None:
    assert _paid("-879.92") == ids("B1", "I1")
    assert _paid("-856.43") == ids("B1", "I1")


@pytest.mark.parametrize(
    "others",
    [
        [("I2", "-23.58")],  # a bill of that amount is paid as well
        [("I2", "-202.81"), ("C3", "179.23")],  # a bill, and a credit memo deducted
    ],
)
def test_what_other_items_of_the_supplier_come_to_is_no_fee(others: list[tuple[str, str]]) -> None:
    named = [{"item_id": name, "amount": amount, "references": [f"X{name}"], "on": 3} for name, amount in others]
    assert _paid("-879.92", *(each | _ACME for each in named)) == []
    of_another = {"counterparty_id": "S2", "counterparty_name": "Bolt Roofing Ltd"}
    assert _paid("-879.92", *(each | of_another for each in named)) == ids("B1", "I1")


def test_a_digit_that_looks_mistyped_may_be_a_second_bill() -> None:
    other = {"item_id": "I2", "amount": "-5000.00", "references": ["IN2026-00850"], "on": 4} | _ACME
    assert _paid("-5856.34") == ids("B1", "I1")
    assert _paid("-5856.34", other) == []


def test_who_names_two_bills_does_not_pay_one_of_them_with_a_fee() -> None:
    other = {"item_id": "I2", "amount": "-30.00", "references": ["IN2026-00850"], "on": 4} | _ACME
    assert _paid("-879.92", other, text="IN2026-00847 IN2026-00850") == []


def test_a_sum_with_a_fee_is_of_one_supplier() -> None:
    same_number = {"item_id": "I2", "amount": "-300.00", "references": ["IN2026-00848"], "on": 4}
    text = "IN2026-00847 IN2026-00848"
    assert _paid("-1160.34", same_number | _ACME, text=text) == ids("B1", "I1", "I2")
    assert _paid("-1160.34", same_number | {"counterparty_id": "S2"}, text=text) == []


def test_more_than_a_third_is_no_fee() -> None:
    small = {"item_id": "I1", "amount": "66.13", "references": ["IN2026-00847"]}
    line = items({"item_id": "B1", "amount": "34.04", "text": "IN2026-00847", "on": 20})
    part = "{kind: reference_text, amounts: [{rule: fee, up_to: 50}, partial]}"
    (group,) = match({"left": line, "right": items(small)}, one_leg(part)).groups.iter_rows(named=True)
    assert group["difference_kind"] == "none"
    assert "its rest stays open" in group["explanation"]


@pytest.mark.parametrize("cut", ["ACME HEATING IN2026-00847,IN2026-0", "ACME HEATING IN2026-00847 IN2"])
def test_a_list_that_is_cut_off_names_more_than_one(cut: str) -> None:
    assert _paid("-879.92", text=cut) == []


def test_a_set_without_a_bill_that_is_named_is_not_surely_meant() -> None:
    """Ten per cent are withheld of the bill and the memo that are named; three other items happen to add up."""
    line = {"item_id": "B1", "amount": "-720.00", "text": "PAYS PP00082,PP00075", "on": 20} | _ACME
    named = [("I82", "-900.00", "PP00082"), ("C75", "100.00", "PP00075")]
    others = [("I79", "-523.46", "PP00079"), ("I86", "-296.54", "PP00086")]
    right = items(
        *(
            {"item_id": who, "amount": amount, "references": [no], "on": 15} | _ACME
            for who, amount, no in named + others
        )
    )
    rules = one_leg("{kind: subset_sum}", precision=0.9)
    assert members(match({"left": items(line), "right": right}, rules), "suggested") == []
    named_apart = {"item_id": "B1", "text": "PAYS PP00075, PP00079, PP00086"}
    result = match({"left": items(line | named_apart), "right": right}, rules)
    assert members(result, "matched") == ids("B1", "C75", "I79", "I86")
