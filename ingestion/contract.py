"""What a record contract is, and the types of its columns; the contracts themselves are in `contracts`."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

AMOUNT = pa.decimal128(23, 5)
RATE = pa.decimal128(23, 10)
TEXT = pa.string()
DATE = pa.date32()
INT = pa.int64()
BOOL = pa.bool_()
TEXTS = pa.list_(pa.string())


@dataclass(frozen=True)
class Contract:
    """One kind of raw record: its columns, which of them are required, and what one row is."""

    kind: str
    grain: str
    columns: tuple[tuple[str, pa.DataType], ...]
    required: frozenset[str]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema every batch of this kind has, in this column order."""
        return pa.schema([pa.field(name, kind, nullable=name not in self.required) for name, kind in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in contract order."""
        return tuple(name for name, _ in self.columns)


_PLACE: tuple[tuple[str, pa.DataType], ...] = (
    ("record_number", INT),
    ("file_line", INT),
    ("byte_start", INT),
    ("byte_end", INT),
)


def contract(kind: str, grain: str, required: str, /, **columns: pa.DataType) -> Contract:
    """A contract whose rows have the columns of their place in the file first; `required` names columns, by blanks."""
    return Contract(kind, grain, _PLACE + tuple(columns.items()), frozenset(required.split()) | {"record_number"})
