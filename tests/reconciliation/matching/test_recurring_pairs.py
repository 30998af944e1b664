"""How much pairs teach that are told again and again."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching.recurring_pairs import pair_counts
from reconciliation.matching.text.words import SideWords, side_words


def words(texts: list[str]) -> SideWords:
    return side_words(pl.DataFrame({"row": range(len(texts)), "text": texts}, schema_overrides={"row": pl.UInt32}))


BANK = words(
    [
        *(f"ZELLE FROM OLGA MOORE {9_100 + n}" for n in range(4)),
        "ZELLE FROM IVAN PETROV 71",
        "ACH ANNA WEISS",
        "SEPA 12",
    ]
)
BOOKS = words(
    [
        *(f"Rent {name} Olga Garcia" for name in ("May", "June", "July", "August")),
        "Rent Ivan Petrov",
        "A. Weiss",
        "Rent",
    ]
)


def counted(by_amount: list[float]) -> list[float]:
    rows = pl.Series(range(7), dtype=pl.UInt32)
    pairs = pl.DataFrame({"left": rows, "right": rows, "by_amount": by_amount})
    return [float(each) for each in pair_counts(BANK, BOOKS, pairs)]


def test_the_months_of_one_payer_and_one_tenant_count_for_one_pair() -> None:
    assert counted([0.0] * 7) == pytest.approx([0.25] * 4 + [1.0] * 3)


def test_what_the_amount_says_by_itself_is_news_each_time() -> None:
    assert counted([0.9, 0.1, 0.0, 0.0, 0.5, 0.0, 0.0])[:5] == pytest.approx([0.9, 0.25, 0.25, 0.25, 1.0])
