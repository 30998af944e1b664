"""Columns of a dataset, read from its file when first asked for and kept for the rows they were asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

RowNumbers = npt.NDArray[np.uint32]


class Columns:
    """The columns of one dataset by row. Passes ask for fewer and fewer rows, so that a column is read from the file
    once, for the rows still open then."""

    def __init__(self, items: pl.LazyFrame | pl.DataFrame, height: int) -> None:
        self._items = items
        self._height = height
        self._kept: dict[str, tuple[RowNumbers | None, pl.Series]] = {}  # no row numbers: every row

    def read(self, columns: Sequence[str | pl.Expr], rows: npt.NDArray[np.bool_] | None = None) -> pl.DataFrame:
        """`row` and the columns, or expressions that look at one row at a time, for the rows of a mask (default: all),
        in row order."""
        wanted = None if rows is None or rows.all() else np.flatnonzero(rows).astype(np.uint32)
        asked = [pl.col(each) if isinstance(each, str) else each for each in columns]
        names = list(dict.fromkeys(name for each in asked for name in each.meta.root_names()))
        given = pl.DataFrame([series.alias(name) for name, series in self._series(names, wanted).items()])
        numbers = np.arange(self._height, dtype=np.uint32) if wanted is None else wanted
        return given.select(pl.Series("row", numbers), *asked)

    def _series(self, names: Sequence[str], wanted: RowNumbers | None) -> dict[str, pl.Series]:
        if isinstance(self._items, pl.DataFrame):
            return {name: _gathered(self._items[name], wanted) for name in names}
        found = {name: self._from_kept(name, wanted) for name in names}
        missing = [name for name, series in found.items() if series is None]
        if missing:
            rows = self._with_kept(missing, wanted)
            frame = self._scan(missing, rows)
            for name in missing:
                self._kept[name] = (rows, frame[name])
                found[name] = self._from_kept(name, wanted)
        return {name: series for name, series in found.items() if series is not None}

    def _with_kept(self, names: Sequence[str], wanted: RowNumbers | None) -> RowNumbers | None:
        """The rows wanted and those kept before: the file is read as a whole for one row as for many."""
        if wanted is None:
            return None
        every = np.zeros(self._height, dtype=np.bool_)
        every[wanted] = True
        for name in names:
            rows = self._kept[name][0] if name in self._kept else None
            if rows is not None:
                every[rows] = True
        return np.flatnonzero(every).astype(np.uint32)

    def _from_kept(self, name: str, wanted: RowNumbers | None) -> pl.Series | None:
        if name not in self._kept:
            return None
        rows, series = self._kept[name]
        if rows is None:
            return _gathered(series, wanted)
        if wanted is None or len(wanted) > len(rows):
            return None
        if len(wanted) == len(rows):
            return series if np.array_equal(wanted, rows) else None
        place = np.searchsorted(rows, wanted)
        if len(wanted) and (place[-1] >= len(rows) or not np.array_equal(rows[place], wanted)):
            return None
        return series.gather(place)

    def _scan(self, names: Sequence[str], wanted: RowNumbers | None) -> pl.DataFrame:
        assert isinstance(self._items, pl.LazyFrame)  # noqa: S101 - a frame in memory is not scanned
        lazy = self._items.select(names)
        if wanted is None:
            return lazy.collect()
        parts: list[pl.DataFrame] = []
        start = 0
        for batch in lazy.collect_batches(maintain_order=True):
            first, last = np.searchsorted(wanted, (start, start + batch.height))
            parts.append(batch[wanted[first:last] - np.uint32(start)])
            start += batch.height
        return pl.concat(parts) if parts else lazy.head(0).collect()


def _gathered(series: pl.Series, wanted: RowNumbers | None) -> pl.Series:
    return series if wanted is None else series.gather(wanted)
