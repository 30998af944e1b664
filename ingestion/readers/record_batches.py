"""Polars frames and few Python rows turned into Arrow batches of a contract, column by column, nothing converted by
guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import polars as pl
import pyarrow as pa

from ingestion.contracts import Contract
from ingestion.declaration_cells import Texts
from ingestion.readers.text_table import BYTE_END, BYTE_START, LINE
from ingestion.reading import Records
from ingestion.record_columns import Column

Aside: TypeAlias = "Texts | str | int | None"
BATCH_ROWS = 16_384
_PLACES = {"file_line": LINE, "byte_start": BYTE_START, "byte_end": BYTE_END}


def frame_records(
    contract: Contract, frame: pl.DataFrame, aside: Mapping[str, Aside] | None = None
) -> Iterator[Records]:
    """The rows of a frame as batches: columns of the contract by name, places from the place columns, the rest null.

    In `aside` are columns that are Arrow's already, and values that stand in every row; those of the frame come first.
    """
    if frame.is_empty():
        return
    present = set(frame.columns)
    taken = {name: _PLACES[name] if _PLACES.get(name) in present else name for name in contract.names}
    parts: dict[str, Callable[[int, int], Column]] = {}
    for name, kind in contract.columns:
        if taken[name] in present:
            parts[name] = _part_of_series(frame.get_column(taken[name]), kind)
        elif aside is not None and name in aside:
            value = aside[name]
            parts[name] = _part_of_column(value) if isinstance(value, pa.ChunkedArray) else _same(value, kind)
        else:
            parts[name] = _same(None, kind)
    for start in range(0, frame.height, BATCH_ROWS):
        count = min(BATCH_ROWS, frame.height - start)
        columns = [parts[name](start, count) for name in contract.names]
        yield Records(contract.kind, pa.RecordBatch.from_arrays(columns, schema=contract.schema))


def _part_of_series(values: pl.Series, kind: pa.DataType) -> Callable[[int, int], Column]:
    """Rows of a series as the type of its contract column. Texts are turned into Arrow's a batch at a time: a whole column
    of them would be new memory."""
    if values.dtype == pl.String:
        return lambda start, count: _column(values.slice(start, count), kind)
    return _column(values.rechunk(), kind).slice


def _column(values: pl.Series, kind: pa.DataType) -> Column:
    found: Column = values.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(kind)
    return found


def _part_of_column(values: Texts) -> Callable[[int, int], Column]:
    return lambda start, count: values.slice(start, count).combine_chunks()


def _same(value: str | int | None, kind: pa.DataType) -> Callable[[int, int], Column]:
    same = _repeated(value, kind)
    return lambda _, count: same.slice(0, count)


@lru_cache(maxsize=256)
def _repeated(value: str | int | None, kind: pa.DataType) -> Column:
    """A column of one value or of nulls, which all batches share."""
    column: Column = pa.repeat(pa.scalar(value, kind), BATCH_ROWS)  # type: ignore[call-overload]  # no open type there
    return column


def row_records(contract: Contract, rows: Sequence[Mapping[str, object]]) -> Iterator[Records]:
    """A few rows of Python values (statements, balances) as batches."""
    for start in range(0, len(rows), BATCH_ROWS):
        part = rows[start : start + BATCH_ROWS]
        arrays = [pa.array([row.get(name) for row in part], kind) for name, kind in contract.columns]
        yield Records(contract.kind, pa.RecordBatch.from_arrays(arrays, schema=contract.schema))
