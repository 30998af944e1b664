"""Rows of parser loops turned into Arrow batches of a contract: amounts, dates and nulls in their exact types.

A reader that walks a file row by row appends tuples here; the columns are built many rows at a time. Amounts travel as
integers scaled by 100,000 (five decimals, the scale of `ingestion.contracts.AMOUNT`), dates as days since 1970-01-01, so
that no float and no per-cell object is ever needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.contracts import AMOUNT, DATE, Contract
from ingestion.reading import Records

AMOUNT_SCALE = 100_000
AMOUNT_LIMIT = 10**23  # exclusive, in scaled units: what DECIMAL(23,5) can hold
BATCH_ROWS = 8192

_NOTHING = (None,)
Cell = str | int | bool | Decimal | Sequence[str] | None
Row = tuple[Cell, ...]
Column: TypeAlias = "pa.Array[pa.Scalar[pa.DataType]]"


def scaled(amount: Decimal) -> int:
    """An amount as an integer scaled by 100,000; raises `ValueError` where it has more than five decimals."""
    number = amount.scaleb(5)
    whole = int(number)
    if whole != number:
        raise ValueError(f"more than five decimals: {amount}")
    return whole


def unscaled(amount: int) -> Decimal:
    """The amount a scaled integer stands for."""
    return Decimal(amount).scaleb(-5)


def amount_array(values: Sequence[int | None]) -> Column:
    """Scaled integers as DECIMAL(23,5); exact for every amount the type can hold."""
    present = [0 if value is None else value for value in values]
    try:
        low = np.array(present, dtype=np.int64)
    except OverflowError:
        return pa.array([None if value is None else unscaled(value) for value in values], AMOUNT)
    if None not in values:
        return int_amount_array(low)
    return int_amount_array(low, np.array([value is not None for value in values], dtype=bool))


def int_amount_array(
    values: npt.NDArray[np.int64], present: npt.NDArray[np.bool_] | None = None, kind: pa.DataType = AMOUNT
) -> Column:
    """Scaled 64-bit integers as decimals of 128 bits, null where not `present`, without a Python object each."""
    words = np.empty((len(values), 2), dtype=np.int64)
    words[:, 0] = values
    np.right_shift(values, 63, out=words[:, 1])
    return words_array(words, present, kind)


def words_array(words: npt.NDArray[np.int64], present: npt.NDArray[np.bool_] | None, kind: pa.DataType) -> Column:
    """Decimals of 128 bits from their two words each: the low one, then that of the sign."""
    validity = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little").data)
    return pa.Array.from_buffers(kind, len(words), [validity, pa.py_buffer(words.data)])


def day_array(days: npt.NDArray[np.integer], missing: npt.NDArray[np.bool_] | None = None) -> Column:
    """Days since 1970-01-01 as dates, null where `missing`."""
    found: Column = pa.array(days.astype(np.int32), mask=missing).view(DATE)
    return found


def text_bounds(texts: Column) -> npt.NDArray[np.integer]:
    """Where in its letters each text begins, and behind them where the last one ends."""
    kind = np.int32 if pa.types.is_string(texts.type) else np.int64
    places = texts.buffers()[1]
    bounds: npt.NDArray[np.integer] = np.frombuffer(memoryview(places or bytes(8)), kind, texts.offset + len(texts) + 1)
    return bounds[texts.offset :]


def text_letters(texts: Column) -> npt.NDArray[np.uint8]:
    """The bytes that `text_bounds` are places in."""
    return np.frombuffer(memoryview(texts.buffers()[2] or b""), np.uint8)


def column_array(values: Sequence[Cell], kind: pa.DataType) -> Column:
    """One column: amounts scaled, dates as days since 1970-01-01, everything else as it is."""
    if values[:1] == _NOTHING and values.count(None) == len(values):  # as in most columns of most banks
        return pa.nulls(len(values), kind)  # type: ignore[call-overload,no-any-return]  # the stubs list no open type
    if kind == AMOUNT:
        return amount_array(values)  # type: ignore[arg-type]
    if kind == DATE:
        return pa.array(values, pa.int32()).cast(DATE)
    return pa.array(values, kind)


def positions(values: npt.NDArray[np.integer], missing: npt.NDArray[np.bool_] | None = None) -> pa.Int64Array:
    """Positions to take values at, null where `missing`."""
    return pa.array(values, pa.int64(), mask=missing)


def contract_batch(contract: Contract, columns: Mapping[str, Column], count: int) -> pa.RecordBatch:
    """A batch of a contract from the columns given; the rest of the contract is null."""
    arrays = [
        columns[name] if name in columns else _nulls(kind, count.bit_length()).slice(0, count)
        for name, kind in contract.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=contract.schema)


@lru_cache(maxsize=256)
def _nulls(kind: pa.DataType, bits: int) -> Column:
    """Nulls, as many as a number of so many bits can say; batches share them, for most columns of most banks are empty."""
    nulls: Column = pa.nulls(1 << bits, kind)  # type: ignore[call-overload]  # the stubs list no open type
    return nulls


class RecordColumns:
    """The rows of one contract a reader has seen, in file order, until they are flushed as batches.

    `filled` names the columns the reader gives; every row is a tuple of exactly these. The rest of the contract is null.
    """

    def __init__(self, contract: Contract, filled: tuple[str, ...]) -> None:
        unknown = set(filled) - set(contract.names)
        if unknown:
            raise ValueError(f"not columns of {contract.kind}: {sorted(unknown)}")
        self.contract = contract
        self.filled = filled
        self.rows: list[Row] = []

    def flush(self) -> Iterator[Records]:
        """The rows so far as batches; forgets them."""
        rows, self.rows = self.rows, []
        for start in range(0, len(rows), BATCH_ROWS):
            part = rows[start : start + BATCH_ROWS]
            given = dict(zip(self.filled, zip(*part, strict=True), strict=True))
            columns = {name: column_array(given[name], kind) for name, kind in self.contract.columns if name in given}
            yield Records(self.contract.kind, contract_batch(self.contract, columns, len(part)))


def merged_records(first: Records | None, others: RecordColumns) -> Iterator[Records]:
    """A batch and the rows collected beside it, in the order of their record numbers; the rows are forgotten.

    The batch is in that order already; most often no row falls into its midst.
    """
    others.rows.sort(key=_record_number)
    if first is None or not first.batch.num_rows or not others.rows:
        if first is not None:
            yield first
        yield from others.flush()
        return
    numbers = first.batch.column("record_number")
    lowest, highest = numbers[0].as_py(), numbers[-1].as_py()
    later = [row for row in others.rows if _record_number(row) > highest]
    others.rows = others.rows[: len(others.rows) - len(later)]
    if not others.rows or _record_number(others.rows[-1]) < lowest:
        yield from others.flush()
        yield first
    else:
        table = pa.Table.from_batches([first.batch, *(records.batch for records in others.flush())])
        for batch in table.sort_by("record_number").to_batches():
            yield Records(first.kind, batch)
    others.rows = later
    yield from others.flush()


def _record_number(row: Row) -> int:
    number = row[0]
    return number if isinstance(number, int) else 0
