"""The days a forecast covers, and the buckets its quality is measured in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

BUCKETS: tuple[tuple[str, int, int], ...] = (
    ("w1", 1, 7),
    ("w2", 8, 14),
    ("w3-4", 15, 28),
    ("w5-8", 29, 56),
    ("w9-13", 57, 91),
)


@dataclass(frozen=True)
class Horizon:
    """From the day after `as_of` to its last day; the opening balance and what is overdue stand at `as_of` itself."""

    as_of: date
    weeks: int

    @property
    def first(self) -> date:
        """The first day forecast."""
        return self.as_of + timedelta(days=1)

    @property
    def last(self) -> date:
        """The last day forecast."""
        return self.as_of + timedelta(weeks=self.weeks)

    @property
    def beyond(self) -> date:
        """The day that stands for everything later."""
        return self.last + timedelta(days=1)


def bucket(ahead: pl.Expr) -> pl.Expr:
    """The horizon bucket of a number of calendar days ahead; beyond week 13 the last one, at day 0 the first."""
    chosen = pl.lit(BUCKETS[-1][0])
    for name, _, until in BUCKETS[-2::-1]:
        chosen = pl.when(ahead <= until).then(pl.lit(name)).otherwise(chosen)
    return chosen
