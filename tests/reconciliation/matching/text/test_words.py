"""What two texts have in common: rare words, not a bank's standing phrases."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching.text.words import shared_information, side_words

PHRASES = [f"ACH DEBIT PAYMENT NR {n:05} CUSTOMER {name}" for n, name in enumerate(["NOVAK", "SILVA", "OKAFOR"] * 20)]


def nats(left: str | None, right: str | None) -> float | None:
    """In common between two texts that stand among sixty others on each side."""
    sides = [
        side_words(
            pl.DataFrame({"row": range(61), "text": [text, *PHRASES]}, schema={"row": pl.UInt32, "text": pl.String})
        )
        for text in (left, right)
    ]
    pairs = pl.DataFrame({"left": [0], "right": [0]}, schema={"left": pl.UInt32, "right": pl.UInt32})
    return shared_information(*sides, pairs)[0]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ACH DEBIT ACME TOOLS", "Payment to Acme Tools Inc"),
        ("MUELLER MASCHINENB", "Müller Maschinenbau GmbH"),
        ("HRBR FRGHT LNS", "Harbor Freight Lines"),
        ("CHECK 12345", "Rent (check 12345)"),
        ("ZENTIH FOODS", "Zenith Foods"),
        ("振込 鈴木花子", "水道料鈴木　花子"),
        ("إيداع أحمد علي", "إيجار احمد على"),
        ("이체 김철수", "김철수 회비"),
    ],
)
def test_the_same_party(left: str, right: str) -> None:
    assert (nats(left, right) or 0) > 3


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ACH DEBIT PAYMENT ACME TOOLS", "ACH DEBIT PAYMENT ZENITH FOODS"),
        ("CHECK 12345 ACME", "Rent (cheque 2345) Zenith"),
        ("محمد", "محمود"),
        ("김철수", "김철호"),
    ],
)
def test_standing_phrases_and_parts_of_numbers_say_nothing(left: str, right: str) -> None:
    assert (nats(left, right) or 0) < 1


def test_no_text_is_no_evidence() -> None:
    assert nats(None, "Acme Tools") is None
    assert nats("ACH DEBIT", "Acme Tools") is None  # nothing but a standing phrase
