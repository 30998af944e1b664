"""Check digits of structured references, with the examples of their standards, and python-stdnum as the oracle."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iso11649, luhn
from stdnum.ch import esr

from reconciliation.matching.text import structured_references, verified_kinds


def kinds(reference: str) -> set[str]:
    row = verified_kinds(pl.Series([reference])).row(0, named=True)
    return {kind for kind, holds in row.items() if holds}


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("RF18539007547034", "SCOR"),
        ("RF18 5390 0754 7034", "SCOR"),
        ("210000000003139471430009017", "QRR"),
        ("+++090/9337/55493+++", "OGM"),
        ("1234561", "VIITE"),
        ("13 1 2345 0", "KID"),
        ("1234567897", "OCR"),
    ],
)
def test_a_right_reference(reference: str, kind: str) -> None:
    digits = reference
    if kind in ("KID", "OCR"):  # make the check digit right by the oracle
        body = "".join(filter(str.isdigit, reference))[:-1]
        digits = body + luhn.calc_check_digit(body)
    assert kind in kinds(digits)


@pytest.mark.parametrize(
    "reference", ["RF19539007547034", "210000000003139471430009018", "090933755494", "", "0000", "ABC"]
)
def test_a_wrong_reference(reference: str) -> None:
    assert not kinds(reference) & {"SCOR", "QRR", "OGM"}


def test_null_is_no_reference() -> None:
    assert not any(verified_kinds(pl.Series([None], dtype=pl.String)).row(0))


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.from_regex(r"[0-9]{26}[0-9]", fullmatch=True), st.from_regex(r"RF[0-9]{2}[A-Z0-9]{1,21}", fullmatch=True))
def test_as_the_oracle_says(number: str, rf: str) -> None:
    right = number[:26] + esr.calc_check_digit(number[:26])
    assert ("QRR" in kinds(number)) == (esr.is_valid(number) and number.strip("0") != "")
    assert ("QRR" in kinds(right)) == (right.strip("0") != "")
    assert ("OCR" in kinds(number[:12])) == (luhn.is_valid(number[:12]) and number[:12].strip("0") != "")
    assert ("SCOR" in kinds(rf)) == iso11649.is_valid(rf)


def test_references_printed_in_groups_end_where_they_verify() -> None:
    texts = pl.DataFrame(
        {"row": [1, 2, 3], "text": ["RF18 5390 0754 7034 2024", "rf18539007547034", "RF19 5390 0754 7034"]}
    )
    assert structured_references(texts).rows() == [(1, "RF18539007547034", "SCOR"), (2, "RF18539007547034", "SCOR")]


def test_two_references_printed_in_groups_one_after_the_other_are_two() -> None:
    texts = pl.DataFrame({"row": [1], "text": ["RF18 5390 0754 7034 RF98 7017 3462 3"]})
    assert structured_references(texts)["reference"].to_list() == ["RF18539007547034", "RF98701734623"]
