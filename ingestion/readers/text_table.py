"""A file cut into a table of text: what CSV, XLSX, JSON and Parquet files have in common before a declaration maps
them.

Cells are text as delivered, or null; no type is ever sniffed. Blocks keep memory flat however large a file is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Positions = npt.NDArray[np.int64]

LINE, BYTE_START, BYTE_END = "#line", "#byte_start", "#byte_end"
PLACE = {LINE: pl.Int64, BYTE_START: pl.Int64, BYTE_END: pl.Int64}
ROW, JOINED = "#row", "#joined"
RESERVED = (*PLACE, ROW, JOINED)
"""Names a delivered column never has: the reader's own columns beside the delivered ones."""
SHOWN_TEXT = 2000
CELL_BYTES = 1 << 23
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


class Proof(NamedTuple):
    """What is known of all cells of a block."""

    only_spaces: bool = False  # they hold no other white space
    no_empty: bool = False  # none is a text of no letters: what is empty is null


NOTHING_PROVEN = Proof()


@dataclass(frozen=True)
class TextBlock:
    """Some rows in file order: the named columns as text, their places in the columns of `PLACE`, and what is no
    row."""

    frame: pl.DataFrame
    bad: tuple[BadRow, ...] = ()
    blank: int = 0
    footer: int = 0
    proof: Proof = NOTHING_PROVEN
    cut: pa.Table | None = None  # the cells as Arrow cut them, where the frame has nothing but places yet

    @property
    def names(self) -> tuple[str, ...]:
        """The delivered columns, in file order."""
        return columns_of(self.frame) if self.cut is None else tuple(self.cut.column_names)

    def with_cells(self, names: Sequence[str]) -> pl.DataFrame:
        """The frame with these of its columns at least: each costs a pass over its cells where Arrow cut them."""
        if self.cut is None:
            return self.frame
        return self.frame.hstack([pl.Series(name, self.cut.column(name)) for name in names])

    def whole(self) -> TextBlock:
        """The block with all its cells in the frame."""
        return self if self.cut is None else replace(self, frame=self.with_cells(self.names), cut=None)


@dataclass
class TextTable:
    """The columns of a file, the cells above its header, and its rows as blocks to be consumed once."""

    names: tuple[str, ...]
    blocks: Iterator[TextBlock]
    preamble: tuple[tuple[str, ...], ...] = ()
    notes: list[str] = field(default_factory=list)
    row_word: str = "line"  # what the number in `LINE` counts: line, row (of a sheet) or record


def only_text(blocks: Iterator[TextBlock]) -> Iterator[TextBlock]:
    """The blocks, with rows that hold a NUL or a cell of more than 8 MB as bad rows.

    A NUL ends a text for many programs that read it later; a text file that holds one is refused as a whole.
    """
    for block in blocks:
        cells = [pl.col(name) for name in columns_of(block.frame)]
        if not cells or not block.frame.height:
            yield block
            continue
        nul = pl.any_horizontal(cell.str.contains("\0", literal=True) for cell in cells).fill_null(value=False)
        long = pl.any_horizontal(cell.str.len_bytes() > CELL_BYTES for cell in cells).fill_null(value=False)
        fault = (
            pl.when(nul)
            .then(pl.lit("a NUL byte"))
            .when(long)
            .then(pl.lit(f"a cell of more than {CELL_BYTES >> 20} MB"))
        )
        faults = block.frame.select(fault)[:, 0]
        if faults.null_count() == len(faults):
            yield block
            continue
        shown = [cell.str.head(SHOWN_TEXT).str.replace_all("\0", "\\0", literal=True) for cell in cells]
        bad = block.frame.select(
            *PLACE, fault.alias("fault"), pl.concat_str(shown, separator=" | ", ignore_nulls=True).alias("row")
        )
        yield replace(
            block,
            frame=block.frame.filter(faults.is_null()),
            bad=block.bad
            + tuple(
                BadRow(
                    line,
                    found,
                    "text",
                    "the file is damaged: ask the sender for the record again",
                    row[:SHOWN_TEXT],
                    start,
                    end,
                )
                for line, start, end, found, row in bad.drop_nulls("fault").iter_rows()
            ),
        )


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


def place_columns(lines: Positions, starts: Positions, ends: Positions, offset: int | None) -> list[pl.Series]:
    """The places of rows: their lines, and first and last byte counted from `offset` on; None where that is not known."""
    places = [pl.Series(LINE, lines, pl.Int64)]
    for name, at in ((BYTE_START, starts), (BYTE_END, ends)):
        unknown = pl.repeat(None, lines.size, dtype=pl.Int64, eager=True).alias(name)
        places.append(unknown if offset is None else pl.Series(name, at + offset, pl.Int64))
    return places


def columns_of(frame: pl.DataFrame) -> tuple[str, ...]:
    """The delivered columns of a block, in file order."""
    return tuple(name for name in frame.columns if name not in PLACE)
