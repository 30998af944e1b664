"""CSV bytes cut into a table of text: exactly, in blocks, with line and byte position of every row.

Polars splits the fields; what it would pass over in silence is checked around it. A block without quotes is proven
regular by counting delimiters. In a block with quotes the ends of rows come from the parity of quotes. Where quotes
stand inside an unquoted field (`5" pipe`), parity says nothing, and the rest of the file is split by Python's csv
module, for which a quote counts only at the start of a field. Rows with too few or too many fields are never padded or
cut: they are bad rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import polars as pl

from ingestion.declaration import FileDeclaration
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
    opened.stream.seek(len(opened.head) + (0 if opened.converted else opened.start))
    rest = opened.head[head.consumed :]
    blocks = _blocks(opened.stream, rest, head.dialect, head.names, head.lines + 1, place)
    return TextTable(head.names, blocks, head.above)


def _blocks(
    stream: BinaryIO, rest: bytes, dialect: Dialect, names: tuple[str, ...], line: int, offset: int | None
) -> Iterator[TextBlock]:
    carry = rest
    ended = False
    while True:
        chunk = stream.read(BLOCK_BYTES)
        data = carry + chunk if chunk else carry
        if not data:
            return
        check_nul(data, offset or 0)
        if not chunk and not data.endswith(b"\n"):
            data += b"\n"
        cut = _Cut.of(data, dialect)
        if cut is None:
            yield from split_by_csv_module(stream, data, dialect, names, line)
            return
        if not chunk and cut.length < len(data):
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
        line += int(np.count_nonzero(np.frombuffer(data, np.uint8, cut.length) == 10))
        offset = None if offset is None else offset + cut.length
        carry = data[cut.length :]
        if not chunk:
            return


@dataclass(frozen=True)
class _Cut:
    """Where the rows of a block end (byte after each row), and which delimiters are real."""

    ends: np.ndarray
    inside: np.ndarray | None  # per byte: 1 inside quotes; None where the block has no quotes
    length: int

    @staticmethod
    def of(data: bytes, dialect: Dialect) -> _Cut | None:
        """The rows of a block, or None where quotes stand where parity cannot be trusted."""
        codes = np.frombuffer(data, np.uint8)
        newlines = codes == 10
        if not dialect.quote or dialect.quote.encode() not in data:
            ends = np.flatnonzero(newlines) + 1
            return _Cut(ends, None, int(ends[-1]) if ends.size else 0)
        quotes = codes == ord(dialect.quote)
        inside = np.bitwise_xor.accumulate(quotes.view(np.uint8))
        ends = np.flatnonzero(newlines & (inside == 0)) + 1
        length = int(ends[-1]) if ends.size else 0
        positions = np.flatnonzero(quotes)
        opening = positions[inside[positions] == 1]
        closing = positions[inside[positions] == 0]
        delimiter, quote = ord(dialect.delimiter), ord(dialect.quote)
        before = codes[np.maximum(opening, 1) - 1]
        after = codes[np.minimum(closing + 1, len(codes) - 1)]
        regular = (opening == 0) | np.isin(before, (delimiter, quote, 10))
        if regular.all() and np.isin(after, (delimiter, quote, 10, 13)).all():
            return _Cut(ends, inside, length)
        return None


def _utf8(data: bytes, encoding: str) -> bytes:
    return data if encoding in ("utf-8", "ascii") else data.decode(encoding).encode("utf-8")


def _parse(data: bytes, dialect: Dialect, width: int) -> pl.DataFrame:
    """Fields by Polars, all as text; raises `ComputeError` where a row has more than `width` fields."""
    header = dialect.delimiter.join(f"c{number}" for number in range(width)).encode() + b"\n"
    return pl.read_csv(
        header + _utf8(data, dialect.encoding),
        separator=dialect.delimiter,
        quote_char=dialect.quote or None,
        infer_schema=False,
        truncate_ragged_lines=False,
        low_memory=False,
    )


def _split(
    data: bytes, cut: _Cut, dialect: Dialect, names: tuple[str, ...], line: int, offset: int | None
) -> TextBlock:
    """One block whose rows are known: regular rows go to Polars, the others become bad rows or blanks."""
    width = len(names)
    starts = np.concatenate(([0], cut.ends[:-1]))
    delimiters = int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord(dialect.delimiter)))
    lines = line + np.arange(cut.ends.size) if cut.inside is None else line + _newlines_before(data, starts)
    footer_at = _footer_row(data, starts, cut.ends, dialect)
    if cut.inside is None and footer_at is None and delimiters == (width - 1) * cut.ends.size and width > 1:
        try:
            frame = _parse(data, dialect, width)
        except pl.exceptions.PolarsError:
            frame = pl.DataFrame()
        if (
            frame.height == cut.ends.size
        ):  # no row is longer (Polars says so), hence none is shorter (the count says so)
            return TextBlock(
                _placed(frame, names, lines, starts, cut.ends, offset), only_spaces=_only_spaces(data, dialect)
            )
    codes = np.frombuffer(data, np.uint8)
    real = codes == ord(dialect.delimiter)
    if cut.inside is not None:
        real &= cut.inside[: len(data)] == 0
    fields = np.diff(np.searchsorted(np.flatnonzero(real), cut.ends), prepend=0) + 1
    footer = 0
    if footer_at is not None:
        footer = int(cut.ends.size - footer_at)
        starts, ends, fields, lines = starts[:footer_at], cut.ends[:footer_at], fields[:footer_at], lines[:footer_at]
    else:
        ends = cut.ends
    return _split_checked(data, starts, ends, fields, lines, dialect, names, offset, footer)


def _split_checked(
    data: bytes, starts: np.ndarray, ends: np.ndarray, fields: np.ndarray, lines: np.ndarray,
    dialect: Dialect, names: tuple[str, ...], offset: int | None, footer: int,
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
    frame = _parse(body, dialect, int(max(fields[kept].max(), width)))
    if frame.height != kept.size:
        raise FileRejected(
            "the rows of the file cannot be told apart",
            place=f"lines {lines[kept[0]]} to {lines[kept[-1]]}",
            found=f"{frame.height} rows by their fields",
            expected=f"{kept.size} rows by their line ends",
            advice="quotes or line ends are damaged: ask the sender for the file again",
        )
    placed = _placed(frame, names, lines[kept], starts[kept], ends[kept], offset)
    return TextBlock(placed, tuple(bad), int(blank.sum()), footer, _only_spaces(data, dialect))


def _only_spaces(data: bytes, dialect: Dialect) -> bool:
    """Whether surely no white space but spaces stands in the fields."""
    if not data.isascii() and (dialect.encoding != "utf-8" or any(first in data for first in _WIDE_BLANKS)):
        return False
    codes = np.frombuffer(data, np.uint8)
    returns = data.count(b"\r\n") if b"\r" in data else 0
    return int(np.count_nonzero(codes < 32)) == int(np.count_nonzero(codes == 10)) + returns


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
    return np.searchsorted(np.flatnonzero(np.frombuffer(data, np.uint8) == 10), starts)


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
