"""Columns of a dataset, read from its file when first asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text.code_words import code_words_apart
from reconciliation.matching.text.distinct import coded

RowNumbers = npt.NDArray[np.uint32]


class Columns:
    """The columns of one dataset by row. A column is read from the file once, as a whole; what is made of it is made of
    the rows asked for."""

    def __init__(self, items: pl.LazyFrame | pl.DataFrame, height: int) -> None:
        self._items = items
        self._height = height
        self._kept: dict[str, pl.Series] = {}
        self._coded: dict[str, tuple[RowNumbers, pl.Series]] = {}

    def read(self, columns: Sequence[str | pl.Expr], rows: npt.NDArray[np.bool_] | None = None) -> pl.DataFrame:
        """`row` and the columns, or expressions that look at one row at a time, for the rows of a mask (default: all),
        in row order."""
        wanted = None if rows is None or rows.all() else np.flatnonzero(rows).astype(np.uint32)
        numbers = np.arange(self._height, dtype=np.uint32) if wanted is None else wanted
        return self._given(columns, wanted).select(pl.Series("row", numbers), *columns)

    def take(self, columns: Sequence[str | pl.Expr], rows: RowNumbers) -> pl.DataFrame:
        """The columns, or expressions that look at one row at a time, for these rows, in their order."""
        given = self._given(columns, rows)
        return given if all(isinstance(each, str) for each in columns) else given.select(*columns)

    def coded(self, column: str) -> tuple[RowNumbers, pl.Series]:
        """A text column as its distinct values, null last, and for each row the place of its value among them."""
        if column not in self._coded:
            given = self._kept.get(column)
            texts = self._from_items([column])[0] if given is None else given
            places, values = coded(texts)
            self._coded[column] = places.to_numpy(), values
        return self._coded[column]

    def _given(self, columns: Sequence[str | pl.Expr], wanted: RowNumbers | None) -> pl.DataFrame:
        """What the columns and expressions are made of, for the rows wanted (none: all)."""
        roots = ([each] if isinstance(each, str) else each.meta.root_names() for each in columns)
        names = list(dict.fromkeys(name for each in roots for name in each))
        missing = [name for name in names if name not in self._kept]
        if missing:
            # in one piece: rows are gathered from it many times faster than from the pieces of a file
            self._kept.update({series.name: series.rechunk() for series in self._from_items(missing)})
        frame = pl.DataFrame([self._kept[name] for name in names])
        return frame if wanted is None else frame[wanted]

    def _from_items(self, columns: Sequence[str]) -> list[pl.Series]:
        read = self._items.lazy().select(columns).collect()
        return [code_words_apart(series) if series.name == "text" else series for series in read]
