"""Whether a file is the extract of a known system: which of the shipped declarations reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from ingestion.declaration_catalogue import SHIPPED_FORMATS, choices
from ingestion.declaration_fit import read_columns
from ingestion.readers.table_containers import open_tables
from ingestion.reading import FileRejected

_LEAST, _ENOUGH = 2, 4


def _evidence(names: Sequence[str]) -> int:
    """How many columns of a table a declaration has to read: half of them, or four of many. A word or two, such as Supplier
    and Currency, stand in a line of many a table."""
    return max(_LEAST, min(_ENOUGH, -(-len(names) // 2)))


def recognise(stream: BinaryIO) -> tuple[str, str] | None:
    """The format and object (`sap_line_items`, `payables`) of a file, or None where no shipped declaration is for it
    alone."""
    candidates = [declaration for format in SHIPPED_FORMATS for declaration in choices(format, {})]
    try:
        declaration, tables = open_tables(stream, "any", candidates)
    except FileRejected:
        return None
    if any(table.names and read_columns(declaration, table.names) < _evidence(table.names) for _, table in tables):
        return None
    format, _, name = declaration.title.partition(".")
    return format, name
