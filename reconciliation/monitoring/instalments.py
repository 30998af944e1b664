"""Two documents under one number that are two dates of payment of one bill, or two turns of a series, and no document entered twice."""

from __future__ import annotations

import polars as pl

APART = 7  # days between two due dates that are no slip of a day or a weekend
AS_MUCH_LATER = 7  # days by which the next of a series is entered sooner or later than the one before it
MONTH_END = 3  # days at the end of a month that are the same day of every month


def are_two_dates_of_one_bill() -> pl.Expr:
    """Whether a document and its `first_...` were entered together, in one ledger, to be paid at different dates.

    Who enters a document again comes later, or gives it the date that is written on it.
    """
    together = pl.all_horizontal(
        pl.col(name) == pl.col(f"first_{name}") for name in ("entered", "source_system", "entity_id")
    )
    apart = pl.any_horizontal(
        ((pl.col(name) - pl.col(f"first_{name}")).dt.total_days().abs() >= APART).fill_null(value=False)
        for name in ("due_date", "document_date")
    )
    return (together & apart).fill_null(value=False)


def are_turns_of_a_series() -> pl.Expr:
    """Whether a document is of a day whole months away from that of its `first_...`, and was entered as much later."""
    day, other = pl.col("document_date"), pl.col("first_document_date")
    ends = [one.dt.month_end().dt.day() - one.dt.day() < MONTH_END for one in (day, other)]
    other_month = (day.dt.year() != other.dt.year()) | (day.dt.month() != other.dt.month())
    same_day = (day.dt.day() == other.dt.day()) | pl.all_horizontal(ends)
    later = (pl.col("entered") - pl.col("first_entered")).dt.total_days() - (day - other).dt.total_days()
    return (other_month & same_day & (later.abs() <= AS_MUCH_LATER)).fill_null(value=False)
