"""Lists of SAP in the notation of whoever saved them: the currency tells what a mark in a number is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from declared_files import read

HEADER = "Company Code;Document Number;Supplier;Amount in doc. curr.;Document Currency;Posting Date"
COLUMNS: dict[str, object] = {
    "company_code": "Company", "document_number": "Document", "amount": "Amount", "currency": "Currency",
    "local_amount": {"from": "Local", "optional": True}, "discount_percent": {"from": "Percent", "optional": True},
}  # fmt: skip
DECLARED: dict[str, object] = {
    "delimiter": ";", "numbers": {"decimal": "currency"}, "kind": "open_item", "constants": {"ledger": "payable"},
    "columns": COLUMNS,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("1.234,56", "EUR", "1234.56"), ("1,234.56", "EUR", "1234.56"), ("1234,56", "EUR", "1234.56"), ("500,00", "EUR", "500"),
        ("1 234,56", "EUR", "1234.56"), ("1'234.56", "CHF", "1234.56"), ("1.234.567,89", "EUR", "1234567.89"),
        ("1.234.567", "EUR", "1234567"), ("12.5", "EUR", "12.5"), ("12", "EUR", "12"), (",50", "EUR", "0.5"), ("0,00", "EUR", "0"),
        ("12.345", "JPY", "12345"), ("12,345", "JPY", "12345"), ("12345", "JPY", "12345"), ("12345.00", "JPY", "12345"),
        ("1.234", "KWD", "1.234"), ("1.234,567", "KWD", "1234.567"), ("0.125", "KWD", "0.125"), ("-1.234,56", "EUR", "-1234.56"),
        ("1,23,456.00", "INR", None), ("12.345", "EUR", None), ("12,345", "USD", None), ("12.5", "JPY", None),
        ("1.23.456", "EUR", None), ("1.234,56.7", "EUR", None), ("1.234,5678", "EUR", None), ("12.345", "ZZZ", None), ("x", "EUR", None),
        ("1.234,56", "ZZZ", "1234.56"),
    ],
)  # fmt: skip
def test_the_currency_tells_the_marks(text: str, currency: str, amount: str | None) -> None:
    data = f"Company;Document;Amount;Currency\n1;2;{text};{currency}\n".encode()
    outcome = read("csv", data, DECLARED)
    assert [row["amount"] for row in outcome.rows("open_item")] == ([] if amount is None else [Decimal(amount)])
    assert len(outcome.rejects) == (amount is None)


def test_local_amounts_go_by_their_currency_and_percentages_by_none() -> None:
    declared = {**DECLARED, "columns": {**COLUMNS, "local_currency": "LCurr"}}
    data = b"Company;Document;Amount;Currency;Local;LCurr;Percent\n1;2;1.234,56;EUR;201.234;JPY;3,000\n"
    (row,) = read("csv", data, declared).rows("open_item")
    assert (row["amount"], row["local_amount"], row["discount_percent"]) == (
        Decimal("1234.56"),
        Decimal(201234),
        Decimal(3),
    )


def test_a_list_of_sap_may_be_saved_in_either_notation() -> None:
    for texts in (["1.234,56-", "12.345-"], ["1,234.56-", "12,345-"], ["-1234.56", "-12345"]):
        rows = f"1000;51;9;{texts[0]};EUR;11.02.2026\n1000;52;9;{texts[1]};JPY;11.02.2026\n"
        outcome = read("sap_line_items", f"{HEADER}\n{rows}".encode())
        assert [(row["amount"], row["debit_credit"]) for row in outcome.rows("open_item")] == [
            (Decimal("1234.56"), "H"), (Decimal(12345), "H"),
        ]  # fmt: skip
