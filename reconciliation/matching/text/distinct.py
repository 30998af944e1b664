"""Work on the distinct values of a text column instead of on every row."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def coded(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """For each text the place of its value (unsigned integers) among the distinct values, and these, null last."""
    known = pl.Categories.random()
    places = texts.cast(pl.Categorical(known))  # the categories live as long as a column has them
    values = pl.concat([known.to_series().cast(pl.String), pl.Series([None], dtype=pl.String)]).alias(texts.name)
    return places.to_physical().fill_null(len(values) - 1), values


def of_each(texts: pl.Series, of: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What a function that looks at one value at a time makes of texts; it is asked once for each distinct one."""
    places, values = coded(texts)
    return of(values).gather(places).alias(texts.name)
