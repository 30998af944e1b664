"""Rows of parser loops turned into Arrow batches of a contract: amounts, dates and nulls in their exact types.

A reader that walks a file row by row appends tuples here; the columns are built many rows at a time. Amounts travel as
integers scaled by 100,000 (five decimals, the scale of `ingestion.contracts.AMOUNT`), dates as days since 1970-01-01, so
that no float and no per-cell object is ever needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa

from ingestion.contracts import AMOUNT, DATE, Contract
from ingestion.reading import Records

AMOUNT_SCALE = 100_000
AMOUNT_LIMIT = 10**23  # exclusive, in scaled units: what DECIMAL(23,5) can hold
BATCH_ROWS = 8192

Cell = str | int | bool | Decimal | Sequence[str] | None
Row = tuple[Cell, ...]


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


def amount_array(values: Sequence[int | None]) -> pa.Array[pa.Scalar[pa.DataType]]:
    """Scaled integers as DECIMAL(23,5); exact for every amount the type can hold."""
    present = [0 if value is None else value for value in values]
    try:
        low = np.array(present, dtype=np.int64)
    except OverflowError:
        return pa.array([None if value is None else unscaled(value) for value in values], AMOUNT)
    words = np.empty((len(present), 2), dtype=np.int64)  # little-endian 128 bit: low word, then the sign
    words[:, 0] = low
    words[:, 1] = low >> 63
    validity = None
    if None in values:
        mask = np.array([value is not None for value in values], dtype=bool)
        validity = pa.py_buffer(np.packbits(mask, bitorder="little").tobytes())
    return pa.Array.from_buffers(AMOUNT, len(present), [validity, pa.py_buffer(words.tobytes())])


def column_array(values: Sequence[Cell], kind: pa.DataType) -> pa.Array[pa.Scalar[pa.DataType]]:
    """One column: amounts scaled, dates as days since 1970-01-01, everything else as it is."""
    if kind == AMOUNT:
        return amount_array(values)  # type: ignore[arg-type]
    if kind == DATE:
        return pa.array(values, pa.int32()).cast(DATE)
    return pa.array(values, kind)


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
            columns = dict(zip(self.filled, zip(*rows[start : start + BATCH_ROWS], strict=True), strict=True))
            count = min(BATCH_ROWS, len(rows) - start)
            arrays = [
                column_array(columns[name], kind) if name in columns else pa.nulls(count, kind)  # type: ignore[call-overload]  # the stubs list no open type
                for name, kind in self.contract.columns
            ]
            yield Records(self.contract.kind, pa.RecordBatch.from_arrays(arrays, schema=self.contract.schema))
