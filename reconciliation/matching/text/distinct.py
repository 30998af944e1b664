"""Work on the distinct values of a text column instead of on every row."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import polars as pl

_MANY = 100  # texts from which it pays to look for equal ones


def coded(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """For each text the place of its value (unsigned integers) among the distinct values, and these, null last."""
    category = pl.Categorical(pl.Categories.random())
    column = texts.cast(category)  # the categories live as long as a column has them
    places = column.to_physical()  # numbered from 0, none left out
    last = places.max()
    count = 0 if last is None else cast(int, last) + 1
    numbers = pl.int_range(count, dtype=pl.UInt32, eager=True)
    values = numbers.cat.to(category).cast(pl.String).extend(pl.Series([None], dtype=pl.String)).rechunk()
    return places.fill_null(count), values.alias(texts.name)


def of_each(texts: pl.Series, of: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What a function that looks at one value at a time makes of texts; it is asked once for each distinct one of many."""
    if len(texts) < _MANY:
        return of(texts).alias(texts.name)
    places, values = coded(texts)
    return of(values).gather(places).alias(texts.name)
