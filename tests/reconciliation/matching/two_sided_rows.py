"""Small ways to write down the two sides of a reconciliation by free text."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl

Row = tuple[str, str, int, str | None]  # item_id, amount, day of January, text


def side(rows: list[Row]) -> pl.DataFrame:
    """Items of one side, in dollars."""
    return pl.DataFrame(
        {
            "item_id": [row[0] for row in rows],
            "amount": pl.Series([Decimal(row[1]) for row in rows], dtype=pl.Decimal(23, 5)),
            "currency": ["USD"] * len(rows),
            "date": [date(2026, 1, 1) + timedelta(days=row[2]) for row in rows],
            "text": pl.Series([row[3] for row in rows], dtype=pl.String),
        }
    )
