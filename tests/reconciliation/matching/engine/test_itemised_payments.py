"""What a payer writes beside each bill is what he pays of it: the rest of a bill stays open, and is no charge on the whole."""

from __future__ import annotations

import polars as pl
import pytest
from example_items import items

from reconciliation.matching import MatchResult, match, preset
from reconciliation.matching.text.stated_amounts import figures_between

_BILLS = tuple(
    {
        "item_id": f"I{number}",
        "amount": amount,
        "on": number,
        "references": [f"RE26-3187{number}"],
        "counterparty_name": "Kasper Stahlhandel AG",
    }
    for number, amount in ((1, "349.99"), (2, "277.12"), (3, "30626.00"))
)
_MEMO = _BILLS[0] | {"item_id": "M", "amount": "-20.00", "references": ["GS26-00881"]}
_PAID = ("349.99", "197.01", "30626.00")


def _paid(amount: str, text: str, *more: dict[str, object]) -> MatchResult:
    line = {"item_id": "L", "amount": amount, "on": 30, "text": text, "counterparty_name": "KASPER STAHLHANDEL AG"}
    return match({"bank_lines": items(line), "open_items": items(*_BILLS, *more)}, preset("receivables"))


def _applied(result: MatchResult) -> dict[str, str]:
    matched = result.items.join(result.groups.filter(pl.col("status") == "matched"), on="group_id", how="semi")
    bills = matched.filter(pl.col("dataset") == "open_items").with_columns(
        pl.col("applied_amount").cast(pl.Decimal(23, 2)).cast(pl.String)
    )
    return dict(bills.select("item_id", "applied_amount").sort("item_id").iter_rows())


@pytest.mark.parametrize(
    "text",
    [
        "RE26-31871 EUR 349,99 RE26-31872 EUR 197,01 RE26-31873 EUR 30626,00",
        "RG 31871 349.99, RG 31872 197.01, RG 31873 30,626.00",
        "349,99 RE26-31871 / 197,01 RE26-31872 / 30.626,00 RE26-31873",
        "RMR*IV*31871**349.99*349.99\\RMR*IV*31872**197.01*277.12\\RMR*IV*31873**30626.00*30626.00",
        "RE26-31871 277,12 349,99 RE26-31872 277,12 197,01 RE26-31873 30626,00 30626,00",
    ],
)
def test_each_bill_gets_the_amount_that_stands_beside_it(text: str) -> None:
    assert _applied(_paid("31173.00", text)) == dict(zip(("I1", "I2", "I3"), _PAID, strict=True))


def test_a_credit_memo_has_its_amount_too() -> None:
    text = "RE26-31871 349,99 GS26-00881 -20,00 RE26-31872 197,01"
    assert _applied(_paid("527.00", text, _MEMO)) == {"I1": "349.99", "I2": "197.01", "M": "-20.00"}


def test_a_bill_named_for_nothing_is_not_paid() -> None:
    text = "RE26-31871 300,00 RE26-31872 0,00 RE26-31873 30626,00"
    assert _applied(_paid("30926.00", text)) == {"I1": "300.00", "I3": "30626.00"}


def test_a_number_that_is_read_in_an_amount_is_no_bill_s() -> None:
    other = _BILLS[0] | {"item_id": "O", "amount": "555.00", "references": ["30626"]}
    text = "RE26-31871 349,99 RE26-31872 197,01 RE26-31873 30626,00"
    assert _applied(_paid("31173.00", text, other)) == dict(zip(("I1", "I2", "I3"), _PAID, strict=True))


def test_less_its_discount_a_bill_is_paid_whole() -> None:
    bill = _BILLS[0] | {"item_id": "D", "amount": "100.00", "references": ["RE26-31879"], "discount_amount": "2.00"}
    text = "RE26-31879 98,00 RE26-31872 197,01"
    result = _paid("295.01", text, bill)
    assert _applied(result) == {"D": "100.00", "I2": "197.01"}
    assert result.groups["difference_kind"].to_list() == ["discount"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("31172.00", "RE26-31871 349,99 RE26-31872 197,01 RE26-31873 30626,00"),  # comes to another amount
        ("31173.00", "RE26-31871 349,99 RE26-31872 30626,00 RE26-31873 197,01"),  # more than the bill
    ],
)
def test_amounts_that_do_not_fit_say_nothing(amount: str, text: str) -> None:
    assert _applied(_paid(amount, text)) == {}


def test_text_is_cut_at_its_amounts() -> None:
    texts = pl.DataFrame(
        {"left": [1], "text": ["RE 4711 V. 31.03.2026 EUR1.234,56, RE 4712 99,00 DANKE"], "exponent": [2]}
    )
    assert figures_between(texts).select("piece", "amount").rows() == [
        ("RE 4711 V. 31.03.2026", 123456),
        ("RE 4712", 9900),
        ("DANKE", None),
    ]
