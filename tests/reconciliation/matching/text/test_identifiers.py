"""Document numbers found in bank texts: what is the same number, and what must never be taken for it."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching.text import Variant, find_identifiers, text_tokens


def found(text: str, reference: str, *variants: Variant, **options: int) -> str | None:
    """The variant under which `reference` is found in `text`, None where it is not."""
    hits = find_identifiers(
        pl.DataFrame({"text_row": [0], "text": [text]}),
        pl.DataFrame({"identifier_row": [0], "reference": [reference]}),
        variants=variants or tuple(Variant),
        **options,
    )
    return None if hits.is_empty() else str(hits["variant"][0])


@pytest.mark.parametrize(
    ("text", "reference", "variant"),
    [
        ("INV-2024-001001 THANK YOU", "INV-2024-001001", "exact"),
        ("Rechnung inv2024001001", "INV-2024-001001", "exact"),
        ("INV 2024/001001", "INV-2024-001001", "exact"),
        ("PAYMENT INV-2024-0 01001", "2024001001", "exact"),  # a line wrap inside the number
        ("INV-2O24-OO1OO1", "INV-2024-001001", "exact"),  # O for 0
        ("RE-20I4-I1", "RE-2014-11", "exact"),  # I for 1
        ("DOC 0000004711", "4711", "exact"),
        ("DOC 4711", "0000004711", "exact"),
        ("RE4711", "4711", "exact"),
        ("RNR2026-02000 DANKE", "2026-02000", "exact"),  # a word glued in front
        ("RNR2026 02000", "2026-02000", "exact"),
        ("INV 2024 1001", "INV-2024-001001", "segments"),
        ("ref 2024001001", "INV-2024-001001", "unprefixed"),
        ("UPI/5123/SI 25-26 48/pay", "SI/25-26/0048", "unprefixed"),
        ("invoice no 1001", "INV-2024-001001", "serial"),
        ("INV-2024-0010", "INV-2024-001001", "truncated"),
        ("34567890123", "1234567890123", "truncated"),
        ("INV 1001-1004", "1003", "exact"),
        ("INV 1001 bis 1004", "1002", "exact"),
        ("1001-04", "1004", "exact"),
        ("4711/12/15", "4715", "exact"),
        ("F880608/609/634", "F880634", "unprefixed"),
        ("880608-609-634", "880634", "exact"),
        ("RE-2025-00415, 416 und 418", "RE-2025-00418", "exact"),
        ("RE-2025-00415 bis 00417", "RE-2025-00416", "exact"),
        ("RE-2025-00415-417", "RE-2025-00416", "exact"),
        ("SI/25-26/0048 & 52", "SI/25-26/0052", "exact"),
        ("счёт 4711 оплата", "4711", "exact"),
        ("فاتورة ٤٧١١", "4711", "exact"),
        ("請求書４７１１", "4711", "exact"),
        ("RF18 5390 0754 7034 danke", "RF18539007547034", "exact"),
        ("+++090/9337/55493+++", "090933755493", "exact"),
        ("21 00000 00003 13947 14300 09017", "210000000003139471430009017", "exact"),
    ],
)
def test_the_same_number(text: str, reference: str, variant: str) -> None:
    assert found(text, reference) == variant


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("INV 1814", "14"),
        ("INV 1814", "181"),
        ("INV 18140", "1814"),
        ("91814", "1814"),
        ("AB1814", "814"),
        ("INV 1004-1001", "1003"),  # does not rise: no range
        ("F880608/634/680", "F880620"),  # of three numbers with slashes each is one
        ("INV 1001-9001", "5000"),  # too wide to be a list
        ("RF18539007547035", "RF18539007547034"),  # a wrong digit does not verify
        ("RF185390075470", "RF18539007547034"),  # nor does a cut reference
        ("no number here", "1001"),
        ("", "1001"),
    ],
)
def test_another_number(text: str, reference: str) -> None:
    assert found(text, reference, min_length=2) is None


def test_a_digit_run_is_never_cut() -> None:
    tokens = text_tokens(pl.DataFrame({"row": [0], "text": ["1814"]}), min_length=1)
    assert tokens["token"].to_list() == ["1814"]


def test_an_amount_behind_its_currency_is_no_document() -> None:
    assert found("EUR1250,00", "125000", Variant.EXACT) is None


def test_several_identifiers_in_one_text_are_all_found() -> None:
    hits = find_identifiers(
        pl.DataFrame({"text_row": [7], "text": ["INV 1001, 1002 and 1004-1006"]}),
        pl.DataFrame({"identifier_row": [1, 2, 3, 4, 5, 6], "reference": [f"100{n}" for n in range(1, 7)]}),
    )
    assert hits["identifier_row"].to_list() == [1, 2, 4, 5, 6]


def test_an_identifier_is_looked_for_in_its_own_entity() -> None:
    hits = find_identifiers(
        pl.DataFrame({"text_row": [0, 1], "text": ["4711", "4711"], "entity": ["A", "B"]}),
        pl.DataFrame({"identifier_row": [0], "reference": ["4711"], "entity": ["B"]}),
        by=["entity"],
    )
    assert hits.select("text_row", "identifier_row").rows() == [(1, 0)]


def test_a_key_that_many_share_names_none() -> None:
    many = pl.DataFrame({"identifier_row": range(30), "reference": [f"A{n:02}-{1:06}" for n in range(30)]})
    assert find_identifiers(
        pl.DataFrame({"text_row": [0], "text": ["No 0001"]}), many, variants=[Variant.SERIAL], min_length=1
    ).is_empty()


def test_row_order_changes_nothing() -> None:
    texts = pl.DataFrame({"text_row": range(20), "text": [f"pay {1000 + n % 7} / {2000 + n}" for n in range(20)]})
    identifiers = pl.DataFrame({"identifier_row": range(20), "reference": [f"{1000 + n}" for n in range(20)]})
    expected = find_identifiers(texts, identifiers)
    assert len(expected) == 20
    assert find_identifiers(texts.reverse(), identifiers.sample(fraction=1, shuffle=True, seed=3)).equals(expected)


def test_texts_without_digits_give_nothing() -> None:
    assert text_tokens(pl.DataFrame({"row": [0, 1], "text": [None, "salary"]})).is_empty()


def test_who_owns_a_number_whole_is_not_lost_among_the_many_of_whom_it_is_a_part() -> None:
    numbers = ["INV-00000352", *(f"INV-00000352{last}" for last in range(9))]
    hits = find_identifiers(
        pl.DataFrame({"text_row": [0], "text": ["paid INV-00000352"]}),
        pl.DataFrame({"identifier_row": range(len(numbers)), "reference": numbers}),
        variants=tuple(Variant),
        max_owners=5,
    )
    assert hits.select("identifier_row", "variant").rows() == [(0, "exact")]
