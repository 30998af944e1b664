"""Pairs of items with equal keys that lie few days apart, without the pairs that lie further apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl


def within_days(sides: Iterable[pl.DataFrame], on: Sequence[str], window: int) -> pl.DataFrame:
    """Rows of the left and the right frame of equal `on` whose `date` (days) differ by at most `window`.

    `lag` is left date minus right date.

    The time is cut into stretches of the window's length; a left row meets the right rows of its own stretch and of
    its two neighbours, so that the cost is that of the pairs found, not of all pairs of a key. Columns of the right
    frame that the left has too get the suffix `_right`.
    """
    left, right = sides
    width = window + 1
    placed = left.with_columns((pl.col("date") // width).alias("_stretch"))
    spread = right.with_columns(
        pl.concat_list(*((pl.col("date") // width + step) for step in (-1, 0, 1))).alias("_stretch")
    ).explode("_stretch", empty_as_null=False, keep_nulls=False)
    met = placed.join(spread, on=[*on, "_stretch"]).drop("_stretch")
    lag = (pl.col("date") - pl.col("date_right")).cast(pl.Int64)
    return met.with_columns(lag.alias("lag")).filter(pl.col("lag").is_between(-window, window))


def count_within_days(sides: Iterable[pl.DataFrame], on: Sequence[str], window: int) -> pl.DataFrame:
    """By key (`on`): how many pairs `within_days` would make (`pairs`), counted by day before any is made."""
    met = within_days([side.group_by(*on, "date").len() for side in sides], on, window)
    made = pl.col("len").cast(pl.Int64) * pl.col("len_right").cast(pl.Int64)
    return met.group_by(on).agg(made.sum().alias("pairs"))
