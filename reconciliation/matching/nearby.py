"""Pairs of items with equal keys that lie few days apart, without the pairs that lie further apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.joins import among

_STRETCH = np.int64(0x1E3779B97F4A7C15)  # odd, so that keys and stretches seldom make one number


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


def about(rows: pl.DataFrame, others: pl.DataFrame, on: Sequence[str], window: int) -> pl.DataFrame:
    """The rows with one of equal `on` among the others whose `date` (days) may differ by at most `window`: all of them, and few
    that lie further apart. No pair is made, however many there are."""
    mine, other = (_stretches(frame, on, window) for frame in (rows, others))
    neighbours = np.concatenate([other + step * _STRETCH for step in (-1, 0, 1)])
    return rows.filter(pl.Series(among(mine, neighbours), dtype=pl.Boolean))


def _stretches(frame: pl.DataFrame, on: Sequence[str], window: int) -> npt.NDArray[np.int64]:
    """A number for the key of each row and the stretch of time its date lies in; the next stretch is `_STRETCH` more."""
    stretch = frame["date"].cast(pl.Int64).to_numpy() // (window + 1)
    return np.asarray(frame.select(on).hash_rows().to_numpy().view(np.int64) + stretch * _STRETCH, dtype=np.int64)


def count_within_days(sides: Iterable[pl.DataFrame], on: Sequence[str], window: int) -> pl.DataFrame:
    """By key (`on`): how many pairs `within_days` would make (`pairs`), counted by day before any is made."""
    met = within_days([side.group_by(*on, "date").len() for side in sides], on, window)
    made = pl.col("len").cast(pl.Int64) * pl.col("len_right").cast(pl.Int64)
    return met.group_by(on).agg(made.sum().alias("pairs"))
