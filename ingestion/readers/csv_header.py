"""The beginning of a CSV file: its encoding, its header line, and the lines above it, as the declarations expect
them."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, NamedTuple

from ingestion.declaration import FileDeclaration
from ingestion.declaration_fit import best_fit, is_header, missing_columns, names_of, read_names
from ingestion.readers.csv_dialect import ROW_BYTES_LIMIT, Dialect, check_nul, split_rows
from ingestion.readers.text_table import HEADER_LINES, SHOWN_TEXT, unique_names
from ingestion.reading import FileRejected

BLOCK_BYTES = 1 << 24
HEADER_BYTES = 1 << 20
COLUMN_LIMIT = 1 << 14  # what a sheet of XLSX has; a longer row is no header
DECODED_BYTES = 1 << 18  # what is decoded at once to see whether it can be: stays in the cache
WIDE_BYTES_LIMIT = 1 << 28
WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Row(NamedTuple):
    """One of the first rows: its cells, the byte after it, and how many lines the file has so far."""

    cells: list[str]
    end: int
    line: int
    names: frozenset[str]  # what it would call its columns


@dataclass(frozen=True)
class Opened:
    """A file whose encoding is known, with its first bytes; `converted` says that they are not those of the file."""

    stream: BinaryIO
    encoding: str
    start: int
    head: bytes
    converted: bool


@dataclass(frozen=True)
class Head:
    """The lines up to the header, as one declaration and delimiter cut them."""

    opened: Opened
    dialect: Dialect
    declaration: FileDeclaration
    names: tuple[str, ...]
    above: tuple[tuple[str, ...], ...]
    consumed: int
    lines: int
    read: int  # how many of the columns the declaration reads


def find_head(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> Head:
    """The beginning of a file as the declaration it is for cuts it.

    Raises `FileRejected` where the file is no text, has the header of no candidate, or holds NUL bytes.
    """
    tries: list[_Try] = []
    opened_as: dict[tuple[str, ...], Opened] = {}
    rows_as: dict[tuple[str, str, str], _FirstRows] = {}
    for declaration in candidates:
        if declaration.encoding not in opened_as:
            opened_as[declaration.encoding] = _open(stream, declaration.encoding)
        opened = opened_as[declaration.encoding]
        for delimiter in declaration.delimiter:
            dialect = Dialect(
                opened.encoding, delimiter, declaration.quote, declaration.excess_fields, declaration.footer
            )
            cutting = (opened.encoding, delimiter, declaration.quote)
            if cutting not in rows_as:
                rows_as[cutting] = _FirstRows(_logical_rows(opened.head[:HEADER_BYTES], dialect, HEADER_LINES))
            tries.append(_Try(opened, dialect, declaration, rows_as[cutting]))
    fitting = [head for one in tries if (head := one.header()) is not None]
    if not fitting:
        raise _no_header([one.nearest() for one in tries])
    return fitting[best_fit([(head.declaration, head.read) for head in fitting], fitting[0].names)]


def _open(stream: BinaryIO, encodings: tuple[str, ...]) -> Opened:
    stream.seek(0)
    encoding, start = detect_encoding(stream, encodings)
    stream.seek(start)
    converted = encoding in WIDE
    text = _as_utf8(stream, encoding) if converted else stream
    head = text.read(HEADER_BYTES)
    if not head.strip():
        head += text.read(ROW_BYTES_LIMIT)
    if not head.strip():
        raise FileRejected("the file is empty", expected="a header line and rows", advice="ask the sender for the file")
    check_nul(head, start)
    if head.count(b"\r") > 2 * head.count(b"\n"):  # old line ends: of the same length, so that places stay
        text.seek(0)
        text = io.BytesIO(_LONE_RETURN.sub(b"\n", _whole(text, encoding)))
        head = _LONE_RETURN.sub(b"\n", head)
    return Opened(text, "utf-8" if converted else encoding, start, head, converted)


def detect_encoding(stream: BinaryIO, candidates: tuple[str, ...]) -> tuple[str, int]:
    """(encoding, length of the byte order mark): the mark decides, else the first candidate that decodes the whole
    file."""
    head = stream.read(4)
    for mark, encoding in MARKS:
        if head.startswith(mark):
            stream.seek(len(mark))
            _check_decodes(stream, encoding, last=True)
            return encoding, len(mark)
    for candidate in candidates:
        stream.seek(0)
        if _check_decodes(stream, candidate, last=candidate == candidates[-1]):
            return codecs.lookup(candidate).name, 0
    raise AssertionError("unreachable: the last candidate raises")


def _check_decodes(stream: BinaryIO, encoding: str, *, last: bool) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    position = stream.tell()
    plain = codecs.lookup(encoding).name in ("utf-8", "ascii", "iso8859-1", "cp1252")  # ASCII is itself there
    while True:
        chunk = stream.read(DECODED_BYTES)
        held = len(decoder.getstate()[0])
        try:
            if held or not (plain and chunk.isascii()):
                decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            if not last:
                return False
            raise FileRejected(
                f"the file is not text in {encoding}",
                place=f"byte {position - held + error.start}",
                found=repr(error.object[error.start : error.start + 16]),
                expected=f"text in {encoding}",
                advice="declare the encoding of the file, e.g. encoding: windows-1252",
            ) from None
        if not chunk:
            return True
        position += len(chunk)


def _as_utf8(stream: BinaryIO, encoding: str) -> BinaryIO:
    """Text of two bytes a character as UTF-8; such files are small, so this one is read whole."""
    return io.BytesIO(_whole(stream, encoding).decode(encoding).encode("utf-8"))


def _whole(stream: BinaryIO, encoding: str) -> bytes:
    data = stream.read(WIDE_BYTES_LIMIT + 1)
    if len(data) > WIDE_BYTES_LIMIT:
        raise FileRejected(
            f"a file in {encoding} with such line ends is longer than {WIDE_BYTES_LIMIT >> 20} MB",
            expected=f"{encoding} only for small files",
            advice="ask the sender for UTF-8 with line feeds",
        )
    return data


class _FirstRows:
    """The first rows of a file, cut as far as they are looked at: most headers are among the first."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._cut: list[Row] = []
        self._rows = rows

    def __iter__(self) -> Iterator[Row]:
        yield from self._cut
        for row in self._rows:
            self._cut.append(row)
            yield row


@dataclass(frozen=True)
class _Try:
    """The first rows of a file as one declaration and delimiter cut them."""

    opened: Opened
    dialect: Dialect
    declaration: FileDeclaration
    rows: _FirstRows

    def header(self) -> Head | None:
        """The header of the declaration, where one of the rows is it."""
        if self.declaration.header is False:
            names = self._unnamed()
            return self._head(names, (), 0, 0, len(names)) if is_header(self.declaration, names) else None
        read = read_names(self.declaration)
        for number, row in enumerate(self.rows):
            if not read.isdisjoint(row.names) and is_header(self.declaration, row.cells):
                above = tuple(tuple(cell.strip() for cell in one.cells) for one in islice(self.rows, number))
                return self._head(unique_names(row.cells), above, row.end, row.line, len(read & row.names))
        return None

    def nearest(self) -> Head:
        """The row that comes nearest to the header, where none is it."""
        if self.declaration.header is False:
            names = self._unnamed()
            return self._head(names, (), 0, 0, len(names))
        read = read_names(self.declaration)
        row = max(self.rows, key=lambda row: len(read & row.names))
        return self._head(unique_names(row.cells), (), row.end, row.line, len(read & row.names))

    def _unnamed(self) -> tuple[str, ...]:
        first = next((row.cells for row in self.rows if any(cell.strip() for cell in row.cells)), [""])
        return unique_names([""] * len(first))

    def _head(
        self, names: tuple[str, ...], above: tuple[tuple[str, ...], ...], consumed: int, lines: int, read: int
    ) -> Head:
        return Head(self.opened, self.dialect, self.declaration, names, above, consumed, lines, read)


def _no_header(tries: Sequence[Head]) -> FileRejected:
    head = max(tries, key=lambda head: head.read)
    found = head.dialect.delimiter.join(head.names)[:SHOWN_TEXT]
    missing = missing_columns(head.declaration, head.names)
    return FileRejected(
        f"no header line with the declared columns in the first {HEADER_LINES} lines",
        place="header",
        found=f"nearest line: {found}",
        expected="missing there: " + ("; ".join(missing) if missing else "any declared column"),
        advice="the sender changed the layout, or delimiter, encoding or column names of the declaration are wrong",
    )


def _logical_rows(head: bytes, dialect: Dialect, limit: int) -> Iterator[Row]:
    """The first rows; a row ends where its quotes are closed."""
    start = line = 0
    quote = dialect.quote.encode() or None
    while start < len(head) and limit:
        end = start
        while True:
            newline = head.find(b"\n", end)
            end = len(head) if newline < 0 else newline + 1
            if quote is None or head.count(quote, start, end) % 2 == 0:
                break
            if newline < 0:  # the quote closes nowhere: it was a letter of its line
                end = head.find(b"\n", start) + 1 or len(head)
                break
        text = head[start:end].decode(dialect.encoding, "replace")
        line += max(1, text.count("\n"))
        parsed: list[str] = []
        if text.count(dialect.delimiter) < COLUMN_LIMIT:
            parsed = next(split_rows(io.StringIO(text, newline=""), dialect), [])
        yield Row(parsed, end, line, names_of(parsed))
        start, limit = end, limit - 1
