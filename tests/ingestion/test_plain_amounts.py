"""Columns of plainly written numbers are read from their bytes, and never otherwise than the full form reads them."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Literal

import polars as pl
import pytest

from ingestion.declaration import Numbers
from ingestion.declaration_amounts import plain_decimals
from ingestion.declaration_cells import arrow_texts
from ingestion.declaration_values import _full_number, number
from ingestion.readers import byte_positions as positions

GERMAN = Numbers(decimal=",", thousands=".")
KIND = pl.Decimal(23, 5)


def plain(texts: list[str | None], numbers: Numbers = GERMAN) -> list[Decimal | None] | None:
    delivered = arrow_texts(pl.Series("amount", texts, pl.String))
    found = plain_decimals(delivered, numbers, decimals=5, whole_digits=18)
    if found is None:
        return None
    assert found.dtype == KIND
    values: list[Decimal | None] = found.to_list()
    return values


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1.234.567,89", "-12,30", "999,00"], ["1234567.89", "-12.30", "999"]),
        (["1234,5", "7,12345", "-0,00"], ["1234.5", "7.12345", "0"]),
        (["-1234", "007"], ["-1234", "7"]),
        ([None, "5,00", None], [None, "5", None]),
    ],
)
def test_numbers_written_in_one_manner(texts: list[str | None], values: list[str | None]) -> None:
    assert plain(texts) == [None if value is None else Decimal(value) for value in values]


@pytest.mark.parametrize(
    "odd",
    ["12.34,00", "1.2345,00", ".123,00", "1234,00", "1,2,3", ",50", "-,50", "5,", "5,123456", "0x1,00", "+5,00", "5,00-",
     "--5,00", "5-,00", "", " 5,00", "5", "12345678901234,00", "٣,00"],
)  # fmt: skip
def test_one_number_of_another_manner_is_left_to_the_full_form(odd: str) -> None:
    assert plain(["1.234,00", odd]) is None


@pytest.mark.parametrize(
    ("minus", "texts"),
    [
        ("trailing", ["1.234,50-", "7,00", "12.345.678,90-"]),
        ("trailing", ["1.234,50-", "7,00+", "12.345.678,90-"]),
        ("parentheses", ["(1.234,50)", "7,00", "(12.345.678,90)"]),
    ],
)
def test_a_minus_stands_at_its_place(minus: Literal["trailing", "parentheses"], texts: list[str | None]) -> None:
    numbers = Numbers(decimal=",", thousands=".", minus=minus)
    assert plain(texts, numbers) == [Decimal("-1234.50"), Decimal(7), Decimal("-12345678.90")]
    for odd in (
        "5-,00",
        "(5,00",
        "5,00)",
        "-(5,00)",
        "(5,00)-",
        "-",
        "()",
        "(",
        "5,00--",
        "((5,00))",
        "5,00+-",
        "+5,00+",
    ):
        assert plain([*texts, odd], numbers) is None, odd


MANNERS = [GERMAN, Numbers(), Numbers(decimal=".", thousands="'"), Numbers(thousands=","), Numbers(minus="trailing"),
           Numbers(decimal=",", thousands=".", minus="trailing"), Numbers(thousands=",", minus="parentheses")]  # fmt: skip


@pytest.mark.parametrize("numbers", MANNERS)
def test_what_is_proven_plain_is_what_the_full_form_reads(numbers: Numbers) -> None:
    marks = numbers.decimal + numbers.thousands + ("()" if numbers.minus == "parentheses" else "+")
    proven = 0
    rng = random.Random(11)  # noqa: S311
    for _ in range(3000):
        texts = ["".join(rng.choices("0123456789-" + 2 * marks, k=rng.randint(1, 9))) for _ in range(rng.randint(1, 2))]
        found = plain(texts, numbers)  # type: ignore[arg-type]
        if found is not None:
            proven += 1
            given = pl.DataFrame({"text": texts})
            assert found == given.select(_full_number(pl.col("text"), numbers, 5, KIND)).to_series().to_list(), texts
    assert proven > 20


def test_bytes_are_found_across_the_pieces_a_block_is_looked_at_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "PIECE", 4)
    data = b"ab;\ncd ;;e\n"
    assert positions.byte_positions(data, 10, ord(";")).tolist() == [2, 3, 7, 8, 10]
    assert positions.byte_count(data, ord(";")) == 3
    assert positions.control_count(data) == 2
    assert positions.byte_positions(b"", 10).tolist() == []


@pytest.mark.parametrize("minus", ["leading", "trailing"])
def test_a_plus_may_stand_behind_and_no_number_has_two_signs(minus: Literal["leading", "trailing"]) -> None:
    numbers = Numbers(decimal=",", thousands=".", minus=minus)
    texts = ["10,00+", "1.234,5 +", "+7,00", "+7,00+", "-7,00+", "7,00+-", "-7,00-", "7,00++"]
    found = pl.DataFrame({"text": texts}).select(number(pl.col("text"), numbers, 5, 18)).to_series().to_list()
    assert found == [Decimal(10), Decimal("1234.5"), Decimal(7), *[None] * 5]
