"""CSV bytes cut into a table of text: exactly, in blocks, with line and byte position of every row.

Polars splits the fields; what it would pass over in silence is checked around it. A block without quotes is proven
regular by counting delimiters. In a block with quotes the ends of rows come from the parity of quotes. Where quotes
stand inside an unquoted field (`5" pipe`), parity says nothing, and the rest of the file is split by Python's csv
module, for which a quote counts only at the start of a field. Rows with too few or too many fields are never padded or
cut: they are bad rows.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import polars as pl

from ingestion.declaration import FileDeclaration
from ingestion.readers.byte_positions import any_beside, byte_count, byte_positions, control_count
from ingestion.readers.csv_dialect import ROW_BYTES_LIMIT, Dialect, check_nul, split_rows
from ingestion.readers.csv_fallback import split_by_csv_module
from ingestion.readers.csv_header import BLOCK_BYTES, Head, find_head
from ingestion.readers.text_table import BYTE_END, BYTE_START, LINE, SHOWN_TEXT, BadRow, TextBlock, TextTable
from ingestion.reading import FileRejected

_WIDE_BLANKS = (b"\xc2", b"\xe1", b"\xe2", b"\xe3")  # the first bytes of white space beyond ASCII
RAGGED_ADVICE = "a delimiter inside an unquoted text, or a row cut short: ask the sender, or declare it as no record"


def csv_table(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, TextTable]:
    """The table of a CSV file and the declaration it is for.

    Raises `FileRejected` where the file is no text, has the header of no candidate, or holds NUL bytes.
    """
    head = find_head(stream, candidates)
    return head.declaration, _table(head)


def _table(head: Head) -> TextTable:
    opened = head.opened
    place = None if opened.converted else opened.start + head.consumed
    opened.stream.seek(head.consumed + (0 if opened.converted else opened.start))
    seen = len(opened.head) - head.consumed
    blocks = _blocks(opened.stream, seen, head.dialect, head.names, head.lines + 1, place)
    return TextTable(head.names, blocks, head.above)


def _blocks(
    stream: BinaryIO, seen: int, dialect: Dialect, names: tuple[str, ...], line: int, offset: int | None
) -> Iterator[TextBlock]:
    """The rows from where the stream stands; so many bytes of them as were `seen` before and a block are the first
    block."""
    carry = b""
    ended = False
    while True:
        chunk = stream.read(seen + BLOCK_BYTES)
        last, seen = len(chunk) <= seen, 0
        data = carry + chunk if carry and chunk else chunk or carry
        if not data:
            return
        check_nul(data, offset or 0)
        if last and not data.endswith(b"\n"):
            data += b"\n"
        cut = _Cut.of(data, dialect)
        if cut is None:
            yield from split_by_csv_module(stream, data, dialect, names, line)
            return
        if last and cut.length < len(data):
            raise FileRejected(
                "a quoted field is not closed",
                place=f"line {line + data[: cut.length].count(10)}",
                found=data[cut.length : cut.length + 80].decode(dialect.encoding, "replace"),
                expected=f"a closing {dialect.quote}",
                advice="the file is truncated or damaged: ask for it again",
            )
        if len(data) - cut.length > ROW_BYTES_LIMIT:
            raise FileRejected(
                f"a row is longer than {ROW_BYTES_LIMIT >> 20} MB",
                place=f"line {line + data[: cut.length].count(10)}",
                expected="rows of a bank or ERP extract",
                advice="the file is damaged, or a quote is not closed",
            )
        if cut.length and not ended:
            block = _split(data[: cut.length], cut, dialect, names, line, offset)
            ended = block.footer > 0
            yield block
        elif cut.length:
            yield TextBlock(pl.DataFrame(), footer=cut.ends.size)
        line += cut.lines
        offset = None if offset is None else offset + cut.length
        carry = data[cut.length :]
        if last:
            return


@dataclass(frozen=True)
class _Cut:
    """Where the rows of a block end (byte after each row); in a block with quotes also what parity says of each row."""

    ends: np.ndarray
    length: int
    lines: int  # more than rows, where a line end stands inside quotes
    fields: np.ndarray | None = None  # per row; None where the block has no quotes: every delimiter counts

    @staticmethod
    def of(data: bytes, dialect: Dialect) -> _Cut | None:
        """The rows of a block, or None where quotes stand where parity cannot be trusted."""
        if not dialect.quote or dialect.quote.encode() not in data:
            ends = byte_positions(data, 10) + 1
            return _Cut(ends, int(ends[-1]) if ends.size else 0, ends.size)
        at = byte_positions(data, 10, ord(dialect.quote), ord(dialect.delimiter))
        return _cut_by_parity(np.frombuffer(data, np.uint8), at, dialect)


def _cut_by_parity(codes: np.ndarray, at: np.ndarray, dialect: Dialect) -> _Cut | None:
    """The rows of a block whose quotes, delimiters and line ends are `at` these bytes; None where a quote is a letter of
    its text."""
    what = codes[at]
    quote = what == ord(dialect.quote)
    inside = np.bitwise_xor.accumulate(quote)
    touches = np.diff(at) == 1  # the next of them is the next byte
    opening_touches = np.concatenate(([at[0] == 0], touches))
    if not opening_touches[quote & inside].all():
        return None
    closing_touches = np.concatenate((touches, [at[-1] == codes.size - 1]))
    loose = at[quote & ~inside & ~closing_touches]
    if loose.size and (codes[loose + 1] != 13).any():
        return None
    outside = ~(quote | inside)
    row_ends = what[outside] == 10
    ends = at[outside][row_ends] + 1
    length = int(ends[-1]) if ends.size else 0
    lines = int(np.count_nonzero(what[: np.searchsorted(at, length)] == 10))
    return _Cut(ends, length, lines, np.diff(np.flatnonzero(row_ends), prepend=-1))


def _utf8(data: bytes, encoding: str) -> bytes:
    return data if encoding in ("utf-8", "ascii") else data.decode(encoding).encode("utf-8")


def _parse(data: bytes, dialect: Dialect, width: int, regular: bool) -> pl.DataFrame:
    """Fields by Polars, all as text; raises `PolarsError` where a row has more than `width` fields. `regular` says that
    all have so many; else the rows get a header of our own before them, which says how wide they are."""
    names = [f"c{number}" for number in range(width)]
    text = _utf8(data, dialect.encoding)
    bare = regular and not text.startswith(codecs.BOM_UTF8)  # which is a letter, except before a file
    return pl.read_csv(
        text if bare else dialect.delimiter.join(names).encode() + b"\n" + text,
        has_header=not bare,
        schema=dict.fromkeys(names, pl.String),
        separator=dialect.delimiter,
        quote_char=dialect.quote or None,
        truncate_ragged_lines=False,
        low_memory=False,
    )


def _split(
    data: bytes, cut: _Cut, dialect: Dialect, names: tuple[str, ...], line: int, offset: int | None
) -> TextBlock:
    """One block whose rows are known: regular rows go to Polars, the others become bad rows or blanks."""
    width = len(names)
    starts = np.concatenate(([0], cut.ends[:-1]))
    lines = line + (np.arange(cut.ends.size) if cut.lines == cut.ends.size else _newlines_before(data, starts))
    footer_at = _footer_row(data, starts, cut.ends, dialect)
    fields = cut.fields
    if fields is None:
        delimiter = ord(dialect.delimiter)
        if footer_at is None and width > 1 and byte_count(data, delimiter) == (width - 1) * cut.ends.size:
            try:
                frame = _parse(data, dialect, width, regular=True)
            except pl.exceptions.PolarsError:
                frame = pl.DataFrame()
            if (
                frame.height == cut.ends.size
            ):  # no row is longer (Polars says so), hence none is shorter (the count says so)
                spaces = _only_spaces(data, cut.lines, dialect)
                placed = _placed(frame, names, lines, starts, cut.ends, offset)
                return TextBlock(placed, only_spaces=spaces, no_margins=spaces and _no_margins(data, dialect))
        fields = np.diff(np.searchsorted(byte_positions(data, delimiter), cut.ends), prepend=0) + 1
    rows = slice(footer_at)
    footer = 0 if footer_at is None else int(cut.ends.size - footer_at)
    return _split_checked(
        data, starts[rows], cut.ends[rows], fields[rows], lines[rows], dialect, names, offset, footer, cut.lines
    )


def _split_checked(
    data: bytes, starts: np.ndarray, ends: np.ndarray, fields: np.ndarray, lines: np.ndarray,
    dialect: Dialect, names: tuple[str, ...], offset: int | None, footer: int, line_ends: int,
) -> TextBlock:  # fmt: skip
    width = len(names)
    blank = np.zeros(starts.size, bool)
    if np.any((fields != width) | (ends - starts <= width + 2)):  # rows that are ragged or all but empty
        telling = ~np.isin(np.frombuffer(data, np.uint8), (ord(dialect.delimiter), 32, 9, 13, 10))
        blank = np.diff(np.searchsorted(np.flatnonzero(telling), ends), prepend=0) == 0
    fitting = ~blank & (fields == width)
    ragged = ~blank & (fields != width)
    bad: list[BadRow] = []
    for row in np.flatnonzero(ragged):  # few in a file of its layout; each is looked at
        text = data[starts[row] : ends[row]].decode(dialect.encoding, "replace").rstrip("\r\n")
        if fields[row] > width and _excess_is_harmless(text, dialect, width):
            fitting[row] = True
            continue
        bad.append(
            BadRow(
                int(lines[row]),
                f"{fields[row]} fields",
                f"{width} fields, as the header has",
                RAGGED_ADVICE,
                text[:SHOWN_TEXT],
                None if offset is None else offset + int(starts[row]),
                None if offset is None else offset + int(ends[row]),
            )
        )
    kept = np.flatnonzero(fitting)
    if not kept.size:
        return TextBlock(pl.DataFrame(), tuple(bad), int(blank.sum()), footer)
    body = data[: int(ends[-1])]
    if kept.size < starts.size:
        body = b"".join(data[starts[row] : ends[row]] for row in kept)
    widest = int(max(fields[kept].max(), width))
    frame = _parse(body, dialect, widest, regular=bool((fields[kept] == widest).all()))
    if frame.height != kept.size:
        raise FileRejected(
            "the rows of the file cannot be told apart",
            place=f"lines {lines[kept[0]]} to {lines[kept[-1]]}",
            found=f"{frame.height} rows by their fields",
            expected=f"{kept.size} rows by their line ends",
            advice="quotes or line ends are damaged: ask the sender for the file again",
        )
    placed = _placed(frame, names, lines[kept], starts[kept], ends[kept], offset)
    spaces = _only_spaces(data, line_ends, dialect)
    return TextBlock(
        placed,
        tuple(bad),
        int(blank.sum()),
        footer,
        only_spaces=spaces,
        no_margins=spaces and _no_margins(data, dialect),
    )


def _only_spaces(data: bytes, lines: int, dialect: Dialect) -> bool:
    """Whether surely no white space but spaces stands in the fields of so many lines."""
    if not data.isascii() and (dialect.encoding != "utf-8" or any(first in data for first in _WIDE_BLANKS)):
        return False
    returns = data.count(b"\r\n") if b"\r" in data else 0
    return control_count(data) == lines + returns


def _no_margins(data: bytes, dialect: Dialect) -> bool:
    """Whether no space stands beside a line end, a delimiter or a quote."""
    edges = (10, 13, ord(dialect.delimiter), *dialect.quote.encode())
    return not data.startswith(b" ") and not any_beside(data, 32, edges)


def _excess_is_harmless(text: str, dialect: Dialect, width: int) -> bool:
    """Trailing delimiters carry nothing; other fields beyond the header are ignored only where that is declared."""
    if dialect.excess_fields == "ignore":
        return True
    cells = next(split_rows(io.StringIO(text, newline=""), dialect), [])
    return not any(cell.strip() for cell in cells[width:])


def _footer_row(data: bytes, starts: np.ndarray, ends: np.ndarray, dialect: Dialect) -> int | None:
    """The first row that starts with a declared footer text."""
    found: list[int] = []
    for text in dialect.footer:
        needle, position = text.encode(dialect.encoding), -1
        while (position := data.find(needle, position + 1)) >= 0:
            row = int(np.searchsorted(ends, position, side="right"))
            if row < starts.size and not data[starts[row] : position].strip(b' "\t' + dialect.delimiter.encode()):
                found.append(row)
                break
    return min(found, default=None)


def _newlines_before(data: bytes, starts: np.ndarray) -> np.ndarray:
    return np.searchsorted(byte_positions(data, 10), starts)


def _placed(
    frame: pl.DataFrame,
    names: tuple[str, ...],
    lines: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    offset: int | None,
) -> pl.DataFrame:
    """The parsed block under the header's names, with the place of each row."""
    frame = frame.select(pl.nth(*range(len(names)))) if frame.width > len(names) else frame
    frame.columns = list(names)
    known = offset is not None
    return frame.with_columns(
        pl.Series(LINE, lines, pl.Int64),
        pl.Series(BYTE_START, starts + offset if known else [None] * frame.height, pl.Int64),
        pl.Series(BYTE_END, ends + offset if known else [None] * frame.height, pl.Int64),
    )
