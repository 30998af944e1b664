"""The month that a text names, by its name or in figures."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching.text.periods import months


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FEE NOVEMBER", [11]),
        ("LOHN 11/2025", [11]),
        ("RENT NOV 25", [11]),
        ("BEITRAG 11.25 VEREIN", [11]),
        ("2025-11 HOSTING", [11]),
        ("LOYER FEVRIER", [2]),
        ("RENT MARCH AND APRIL", [3, 4]),
        ("DATE 2025-11-03", []),  # a day
        ("WERT 03.11.2025", []),
        ("SALE 03/11", []),  # of November or of March, or the third of eleven parts
        ("5.25 PCT REF 20251103", []),
        ("MARTIN DECKER", []),
    ],
)
def test_the_month_a_text_names(text: str, found: list[int]) -> None:
    named = pl.DataFrame({"text": [text]}).select(months(pl.col("text")).list.sort().alias("months"))
    assert named["months"].to_list() == [[f"MONTH-{month:02}" for month in found]]
