"""CSV bytes cut into a table of text: exactly, in blocks, with line and byte position of every row.

Polars splits the fields; what it would pass over in silence is checked around it. Most blocks are regular, and are proven
to be so (`ingestion.readers.csv_regular`). In others the ends of rows come from the parity of quotes. Where quotes stand
inside an unquoted field (`5" pipe`), parity says nothing, and the rest of the file is split by Python's csv
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
from ingestion.readers.byte_positions import byte_positions
from ingestion.readers.csv_dialect import ROW_BYTES_LIMIT, Dialect, check_nul, is_rule, split_rows
from ingestion.readers.csv_fallback import split_by_csv_module
from ingestion.readers.csv_header import BLOCK_BYTES, Head, find_head
from ingestion.readers.csv_regular import only_spaces, regular_block
from ingestion.readers.text_table import SHOWN_TEXT, BadRow, Proof, TextBlock, TextTable, place_columns
from ingestion.reading import FileRejected

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
        if last and not data.endswith(b"\n"):
            data += b"\n"
        regular = None if ended else regular_block(data, dialect, names, line, offset)
        if regular is None or not regular[0].proof.only_spaces:
            check_nul(data, offset or 0)
        if regular is not None and len(data) - regular[1] <= ROW_BYTES_LIMIT:
            block, length = regular
            yield block
            line += block.frame.height
            offset = None if offset is None else offset + length
            carry = data[length:]
            if last:
                return
            continue
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


def _split(
    data: bytes, cut: _Cut, dialect: Dialect, names: tuple[str, ...], line: int, offset: int | None
) -> TextBlock:
    """One block whose rows are known: regular rows go to Polars, the others become bad rows or blanks."""
    starts = np.concatenate(([0], cut.ends[:-1]))
    lines = line + (np.arange(cut.ends.size) if cut.lines == cut.ends.size else _newlines_before(data, starts))
    footer_at = _footer_row(data, starts, cut.ends, dialect)
    fields = cut.fields
    if fields is None:
        delimiter = ord(dialect.delimiter)
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
        if is_rule(text):
            blank[row] = True
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
    excess = bool((fields[kept] > width).any())
    frame = _parse(_utf8(body, dialect.encoding), dialect, width, excess=excess)
    if frame.height != kept.size:
        raise FileRejected(
            "the rows of the file cannot be told apart",
            place=f"lines {lines[kept[0]]} to {lines[kept[-1]]}",
            found=f"{frame.height} rows by their fields",
            expected=f"{kept.size} rows by their line ends",
            advice="quotes or line ends are damaged: ask the sender for the file again",
        )
    frame.columns = list(names)
    frame = frame.hstack(place_columns(lines[kept], starts[kept], ends[kept], offset))
    proof = Proof(only_spaces(_utf8(data, dialect.encoding), line_ends))
    return TextBlock(frame, tuple(bad), int(blank.sum()), footer, proof)


def _parse(utf8: bytes, dialect: Dialect, width: int, *, excess: bool) -> pl.DataFrame:
    """Fields by Polars, all as text; raises `PolarsError` where a row has more than `width` fields, unless what is in
    `excess` is left out: then the rows get a header of our own before them, which says how wide they are."""
    names = [f"c{number}" for number in range(width)]
    bare = not excess and not utf8.startswith(codecs.BOM_UTF8)  # which is a letter, except before a file
    return pl.read_csv(
        utf8 if bare else dialect.delimiter.join(names).encode() + b"\n" + utf8,
        has_header=not bare,
        schema=dict.fromkeys(names, pl.String),
        separator=dialect.delimiter,
        quote_char=dialect.quote or None,
        truncate_ragged_lines=excess,
        low_memory=False,
    )


def _excess_is_harmless(text: str, dialect: Dialect, width: int) -> bool:
    """Trailing delimiters carry nothing; other fields beyond the header are ignored only where that is declared."""
    if dialect.excess_fields == "ignore":
        return True
    if text.rstrip(f" \t{dialect.delimiter}").count(dialect.delimiter) < width:  # the rest is delimiters and blanks
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
