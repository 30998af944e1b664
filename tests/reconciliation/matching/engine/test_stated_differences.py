"""What a payer writes that he has deducted or added explains the difference to the cent."""

from __future__ import annotations

import polars as pl
from example_items import ids, items, members

from reconciliation.matching import MatchResult, match, preset
from reconciliation.matching.text.stated_amounts import shares_stated, stated_amounts

_BILLS = tuple(
    {
        "item_id": f"I{number}",
        "amount": amount,
        "on": number,
        "references": [f"20417{number}2"],
        "counterparty_name": "Pordan Glass Inc",
    }
    for number, amount in enumerate(("8773.90", "3619.00"), start=1)
)


def _paid(amount: str, text: str, bills: tuple[dict[str, object], ...] = _BILLS) -> MatchResult:
    line = {"item_id": "L", "amount": amount, "on": 30, "text": f"PORDAN GLASS INC INV {text}"}
    return match({"bank_lines": items(line), "open_items": items(*bills)}, preset("receivables"))


def test_a_deduction_that_is_written_down_closes_the_bills_short() -> None:
    result = _paid("11931.10", "2041712 2041722 LESS DEDUCTION 461.80 DAMAGED")
    assert members(result, "matched") == ids("L", "I1", "I2")
    assert result.groups["difference_kind"].to_list() == ["short_pay"]


def test_without_the_amount_it_is_a_suggestion() -> None:
    assert members(_paid("11931.10", "2041712 2041722 LESS DEDUCTION DAMAGED"), "matched") == []


def test_a_share_that_is_written_down_is_what_was_taken() -> None:
    for said in ("LESS 2PCT DISC", "abzgl. 2 % Skonto", "2,0% DESC"):
        result = _paid("12145.04", f"2041712 2041722 {said}")
        assert members(result, "matched") == ids("L", "I1", "I2"), said


def test_interest_that_is_written_down_is_paid_on_top() -> None:
    assert members(_paid("8973.13", "2041712 JUROS/MULTA 199,23"), "matched") == ids("L", "I1")


def test_the_amount_of_a_bill_is_no_deduction() -> None:
    bills = (*_BILLS, _BILLS[0] | {"item_id": "I3", "amount": "461.80", "references": ["2041732"]})
    result = _paid("11931.10", "2041712 8773.90 2041722 3619.00 2041732 461.80", bills)
    assert members(result, "matched") == []


def test_amounts_are_read_in_every_spelling_and_numbers_are_none() -> None:
    said = "1,234.56 1.234,57 1'234.58 1234,59 2041712 12.03.2026 4711"
    texts = pl.DataFrame({"left": [1], "text": [said], "exponent": [2]})
    assert stated_amounts(texts)["amount"].sort().to_list() == [123456, 123457, 123458, 123459]
    assert shares_stated(pl.DataFrame({"left": [1], "text": ["2,5% 3 PCT 4 PROZENT 5"]}))["share"].sort().to_list() == [
        0.025,
        0.03,
        0.04,
    ]
