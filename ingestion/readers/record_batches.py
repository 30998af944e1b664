"""Polars frames and few Python rows turned into Arrow batches of a contract, column by column, nothing converted by
guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import polars as pl
import pyarrow as pa

from ingestion.contracts import TEXT, Contract
from ingestion.readers.text_table import BYTE_END, BYTE_START, LINE
from ingestion.reading import Records
from ingestion.record_columns import Column

BATCH_ROWS = 16_384
_PLACES = {"file_line": LINE, "byte_start": BYTE_START, "byte_end": BYTE_END}


def frame_records(contract: Contract, frame: pl.DataFrame) -> Iterator[Records]:
    """The rows of a frame as batches: columns of the contract by name, places from the place columns, the rest null."""
    if frame.is_empty():
        return
    present = set(frame.columns)
    taken = {name: _PLACES[name] if _PLACES.get(name) in present else name for name in contract.names}
    chosen = frame.select(pl.col(column).alias(name) for name, column in taken.items() if column in present).rechunk()
    kinds = dict(contract.columns)
    given = {column.name: _column(column, kinds[column.name]) for column in chosen.iter_columns()}
    for start in range(0, chosen.height, BATCH_ROWS):
        count = min(BATCH_ROWS, chosen.height - start)
        columns = [
            given[name].slice(start, count) if name in given else _nothing(kind).slice(0, count)
            for name, kind in contract.columns
        ]
        yield Records(contract.kind, pa.RecordBatch.from_arrays(columns, schema=contract.schema))


def _column(values: pl.Series, kind: pa.DataType) -> Column:
    """A series of one chunk as the type of its contract column."""
    if kind == TEXT and not values.null_count() and values[0] == values[-1] and (values == values[0]).all():
        same: Column = pa.repeat(pa.scalar(str(values[0]), pa.string()), len(values))  # e.g. a currency
        return same
    found: Column = values.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(kind)
    return found


@cache
def _nothing(kind: pa.DataType) -> Column:
    """A column of nulls, which all batches share."""
    nulls: Column = pa.nulls(BATCH_ROWS, kind)  # type: ignore[call-overload]  # the stubs list no open type
    return nulls


def row_records(contract: Contract, rows: Sequence[Mapping[str, object]]) -> Iterator[Records]:
    """A few rows of Python values (statements, balances) as batches."""
    for start in range(0, len(rows), BATCH_ROWS):
        part = rows[start : start + BATCH_ROWS]
        arrays = [pa.array([row.get(name) for row in part], kind) for name, kind in contract.columns]
        yield Records(contract.kind, pa.RecordBatch.from_arrays(arrays, schema=contract.schema))
