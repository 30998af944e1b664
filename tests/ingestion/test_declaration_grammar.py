"""A declaration is data with a schema: what is wrong in it is said by key, before a file is read."""

from __future__ import annotations

import pytest
from declared_files import BANK

from ingestion.declaration import DeclarationError, parse_declaration
from ingestion.declaration_catalogue import SHIPPED_FORMATS, choices, shipped
from ingestion.readers import FORMATS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"delimter": ","}, "delimter: Extra inputs are not permitted"),
        ({"dates": "DD.MM.YYYY"}, "dates: 'DD.MM.YYYY' is not a format"),
        ({"encoding": "utf-9"}, "encoding: unknown encoding 'utf-9'"),
        ({"delimiter": ";;"}, "delimiter: ';;' is not a delimiter"),
        ({"numbers": {"decimal": ",", "thousands": ","}}, "must differ"),
        ({"columns": {"booking_date": "Date", "amuont": "Amount"}}, "'amuont' is not a column of bank_entry"),
        ({"columns": {"booking_date": "Date", "debit": "Debit"}}, "map either `amount`, or both `debit` and `credit`"),
        ({"constants": {}}, "`currency` needs a column, a constant or a preamble line"),
        ({"columns": {**BANK["columns"], "text": {"from": "a", "join": ["b"]}}}, "give exactly one of"),
        ({"columns": {**BANK["columns"], "text": {"from": "a", "pattern": "a+"}}}, "needs one group"),
        ({"kind": "bank_balance"}, "kind 'bank_balance' cannot be declared"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named_with_what_was_expected(change: dict[str, object], words: str) -> None:
    with pytest.raises(DeclarationError) as error:
        parse_declaration({**BANK, **change})
    assert words in str(error.value)


def test_every_shipped_declaration_is_valid_and_every_declared_format_is_known() -> None:
    for format in SHIPPED_FORMATS:
        assert FORMATS[format] == "declared"
        assert len(choices(format, {})) == len(shipped(format))


def test_a_source_changes_single_keys_of_a_shipped_declaration() -> None:
    (changed,) = choices(
        "sap_line_items", {"numbers": {"decimal": ",", "thousands": "."}, "dates": "%d.%m.%Y"}, "payables"
    )
    assert (changed.numbers.decimal, changed.numbers.minus) == (",", "trailing")  # the shipped key stays
    assert changed.dates == ("%d.%m.%Y",)


def test_an_unknown_object_lists_the_known_ones() -> None:
    with pytest.raises(DeclarationError, match="payables, payables_list"):
        choices("sap_line_items", {}, "payable")


def test_a_generic_format_needs_a_declaration() -> None:
    with pytest.raises(DeclarationError, match="tieout source infer FILE"):
        choices("csv", {})
