"""Open items of a declared list: what their signs mean."""

from __future__ import annotations

from decimal import Decimal

import pytest
from declared_files import read

from ingestion.declaration import DeclarationError, parse_declaration

BLOCK: dict[str, object] = {
    "delimiter": ";",
    "numbers": {"decimal": ",", "thousands": ".", "minus": "trailing"},
    "kind": "open_item",
    "constants": {"company_code": "10", "currency": "EUR"},
    "columns": {"document_number": "Stuk", "ledger": "Soort", "amount": "Bedrag"},
}
LIST = b"Stuk;Soort;Bedrag\n1;payable;1.250,00-\n2;payable;50,00\n3;receivable;80,00\n"


def test_a_list_signed_as_the_ledger_is_says_debit_and_credit() -> None:
    """An invoice of a supplier stands with a minus, as its account is credited."""
    rows = read("csv", LIST, BLOCK | {"sign": "plus_is_debit"}).rows("open_item")
    assert [(row["amount"], row["debit_credit"]) for row in rows] == [
        (Decimal("1250.00"), "C"), (Decimal("50.00"), "D"), (Decimal("80.00"), "D"),
    ]  # fmt: skip


def test_the_other_way_round() -> None:
    rows = read("csv", LIST, BLOCK | {"sign": "plus_is_credit"}).rows("open_item")
    assert [row["debit_credit"] for row in rows] == ["D", "C", "C"]


def test_an_amount_is_the_documents_own_where_nothing_is_said() -> None:
    rows = read("csv", LIST, BLOCK).rows("open_item")
    assert next((row["amount"], row["debit_credit"]) for row in rows) == (Decimal("-1250.00"), None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": {**BLOCK["columns"], "debit_credit": "DC"}}, "give either `sign`, or a column for `debit_credit`"),  # type: ignore[dict-item]
        (
            {"kind": "goods_receipt", "constants": {}, "columns": {"number": "Stuk", "line_number": "Soort"}},
            "sign belongs to",
        ),
    ],
)
def test_a_sign_that_would_say_nothing_is_an_error(change: dict[str, object], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        parse_declaration(BLOCK | {"sign": "plus_is_debit"} | change)
