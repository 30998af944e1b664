"""A file cut into a table of text: what CSV, XLSX, JSON and Parquet files have in common before a declaration maps
them.

Cells are text as delivered, or null; no type is ever sniffed. Blocks keep memory flat however large a file is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

LINE, BYTE_START, BYTE_END = "#line", "#byte_start", "#byte_end"
PLACE = {LINE: pl.Int64, BYTE_START: pl.Int64, BYTE_END: pl.Int64}
ROW, JOINED = "#row", "#joined"
RESERVED = (*PLACE, ROW, JOINED)
"""Names a delivered column never has: the reader's own columns beside the delivered ones."""
SHOWN_TEXT = 2000
HEADER_LINES = 200


@dataclass(frozen=True)
class BadRow:
    """A row that is not a row of the table: too few or too many fields, or a cell that cannot be text."""

    line: int
    found: str
    expected: str
    advice: str
    text: str
    byte_start: int | None = None
    byte_end: int | None = None


@dataclass(frozen=True)
class TextBlock:
    """Some rows in file order: the named columns as text, their places in the columns of `PLACE`, and what is no
    row."""

    frame: pl.DataFrame
    bad: tuple[BadRow, ...] = ()
    blank: int = 0
    footer: int = 0
    only_spaces: bool = False  # whether it is known that the cells hold no other white space


@dataclass
class TextTable:
    """The columns of a file, the cells above its header, and its rows as blocks to be consumed once."""

    names: tuple[str, ...]
    blocks: Iterator[TextBlock]
    preamble: tuple[tuple[str, ...], ...] = ()
    notes: list[str] = field(default_factory=list)
    row_word: str = "line"  # what the number in `LINE` counts: line, row (of a sheet) or record


def unique_names(cells: list[str]) -> tuple[str, ...]:
    """Header cells as column names: white space collapsed, `column 3` where empty, `Text#2` where repeated."""
    names: list[str] = []
    seen: dict[str, int] = dict.fromkeys(RESERVED, 1)
    for position, cell in enumerate(cells, 1):
        name = " ".join(cell.split()) or f"column {position}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(names)


def same_name(name: str) -> str:
    """A column name as it is compared: case and white space do not count."""
    return " ".join(name.split()).casefold()


def columns_of(frame: pl.DataFrame) -> tuple[str, ...]:
    """The delivered columns of a block, in file order."""
    return tuple(name for name in frame.columns if name not in PLACE)
