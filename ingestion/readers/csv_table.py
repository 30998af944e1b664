"""CSV bytes cut into a table of text: exactly, in blocks, with line and byte position of every row.

Polars splits the fields; what it would pass over in silence is checked around it. A block without quotes is proven
regular by counting delimiters. In a block with quotes the ends of rows come from the parity of quotes. Where quotes
stand inside an unquoted field (`5" pipe`), parity says nothing, and the rest of the file is split by Python's csv
module, for which a quote counts only at the start of a field. Rows with too few or too many fields are never padded or
cut: they are bad rows.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TextIO, cast

import numpy as np
import polars as pl

from ingestion.declaration import FileDeclaration
from ingestion.declaration_fit import best_fit, is_header, missing_columns, read_columns
from ingestion.readers.text_table import (
    BYTE_END,
    BYTE_START,
    HEADER_LINES,
    LINE,
    SHOWN_TEXT,
    BadRow,
    TextBlock,
    TextTable,
    unique_names,
)
from ingestion.reading import FileRejected

BLOCK_BYTES = 1 << 24
ROW_BYTES_LIMIT = 1 << 23
RAGGED_ADVICE = "a delimiter inside an unquoted text, or a row cut short: ask the sender, or declare it as no record"
WIDE_BYTES_LIMIT = 1 << 28
FALLBACK_ROWS = 50_000
WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Dialect:
    """How the rows of one file are cut."""

    encoding: str
    delimiter: str
    quote: str
    excess_fields: str = "reject"
    footer: tuple[str, ...] = ()


def csv_table(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, TextTable]:
    """The table of a CSV file and the declaration it is for.

    Raises `FileRejected` where the file is no text, has the header of no candidate, or holds NUL bytes.
    """
    tries: list[_Head] = []
    opened_as: dict[tuple[str, ...], _Opened] = {}
    for declaration in candidates:
        if declaration.encoding not in opened_as:
            opened_as[declaration.encoding] = _open(stream, declaration.encoding)
        opened = opened_as[declaration.encoding]
        for delimiter in declaration.delimiter:
            dialect = Dialect(
                opened.encoding, delimiter, declaration.quote, declaration.excess_fields, declaration.footer
            )
            tries.append(_find_header(opened, dialect, declaration))
    fitting = [head for head in tries if head.fits]
    if not fitting:
        raise _no_header(tries)
    chosen = fitting[best_fit([(head.declaration, head.read) for head in fitting], fitting[0].names)]
    return chosen.declaration, _table(chosen)


@dataclass(frozen=True)
class _Opened:
    """A file whose encoding is known, with its first bytes; `converted` says that they are not those of the file."""

    stream: BinaryIO
    encoding: str
    start: int
    head: bytes
    converted: bool


@dataclass(frozen=True)
class _Head:
    """The lines up to the header, as one declaration and delimiter cut them."""

    opened: _Opened
    dialect: Dialect
    declaration: FileDeclaration
    names: tuple[str, ...]
    above: tuple[tuple[str, ...], ...]
    consumed: int
    lines: int
    fits: bool
    read: int  # how many of the columns the declaration reads


def _open(stream: BinaryIO, encodings: tuple[str, ...]) -> _Opened:
    stream.seek(0)
    encoding, start = detect_encoding(stream, encodings)
    stream.seek(start)
    converted = encoding in WIDE
    text = _as_utf8(stream, encoding) if converted else stream
    head = text.read(ROW_BYTES_LIMIT)
    if not head.strip():
        raise FileRejected("the file is empty", expected="a header line and rows", advice="ask the sender for the file")
    check_nul(head, start)
    return _Opened(text, "utf-8" if converted else encoding, start, head, converted)


def _table(head: _Head) -> TextTable:
    opened = head.opened
    place = None if opened.converted else opened.start + head.consumed
    opened.stream.seek(len(opened.head) + (0 if opened.converted else opened.start))
    rest = opened.head[head.consumed :]
    blocks = _blocks(opened.stream, rest, head.dialect, head.names, head.lines + 1, place)
    return TextTable(head.names, blocks, head.above)


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
    while True:
        chunk = stream.read(BLOCK_BYTES)
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            if not last:
                return False
            raise FileRejected(
                f"the file is not text in {encoding}",
                place=f"byte {position + error.start}",
                found=repr(error.object[error.start : error.start + 16]),
                expected=f"text in {encoding}",
                advice="declare the encoding of the file, e.g. encoding: windows-1252",
            ) from None
        if not chunk:
            return True
        position += len(chunk)


def _as_utf8(stream: BinaryIO, encoding: str) -> BinaryIO:
    """Text of two bytes a character as UTF-8; such files are small, so this one is read whole."""
    data = stream.read(WIDE_BYTES_LIMIT + 1)
    if len(data) > WIDE_BYTES_LIMIT:
        raise FileRejected(
            f"a file in {encoding} is longer than {WIDE_BYTES_LIMIT >> 20} MB",
            expected=f"{encoding} only for small files",
            advice="ask the sender for UTF-8",
        )
    return io.BytesIO(data.decode(encoding).encode("utf-8"))


def check_nul(block: bytes, offset: int) -> None:
    """Raise `FileRejected` at the first NUL byte: the file is binary or damaged."""
    position = block.find(b"\x00")
    if position >= 0:
        raise FileRejected(
            "the file holds a NUL byte: it is binary or damaged",
            place=f"byte {offset + position}",
            found="NUL",
            expected="text",
            advice="ask the sender for the file as text",
        )


def _find_header(opened: _Opened, dialect: Dialect, declaration: FileDeclaration) -> _Head:
    """The header of a declaration, or the line that comes nearest to it."""
    rows = list(_logical_rows(opened.head, dialect, HEADER_LINES))
    if declaration.header is False:
        first = next((row[0] for row in rows if any(cell.strip() for cell in row[0])), [""])
        names = unique_names([""] * len(first))
        return _Head(opened, dialect, declaration, names, (), 0, 0, is_header(declaration, names), len(names))
    for position, (cells, end, line) in enumerate(rows):
        if is_header(declaration, cells):
            above = tuple(tuple(cell.strip() for cell in row[0]) for row in rows[:position])
            read = read_columns(declaration, cells)
            return _Head(opened, dialect, declaration, unique_names(cells), above, end, line, True, read)
    nearest, end, line = max(rows, key=lambda row: read_columns(declaration, row[0]))
    read = read_columns(declaration, nearest)
    return _Head(opened, dialect, declaration, unique_names(nearest), (), end, line, False, read)


def _no_header(tries: Sequence[_Head]) -> FileRejected:
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


def _logical_rows(head: bytes, dialect: Dialect, limit: int) -> Iterator[tuple[list[str], int, int]]:
    """The first rows as (cells, byte after the row, lines so far); a row ends where its quotes are closed."""
    start = line = 0
    quote = dialect.quote.encode() or None
    while start < len(head) and limit:
        end = start
        while True:
            newline = head.find(b"\n", end)
            end = len(head) if newline < 0 else newline + 1
            if quote is None or head.count(quote, start, end) % 2 == 0 or newline < 0:
                break
        text = head[start:end].decode(dialect.encoding, "replace")
        line += max(1, text.count("\n"))
        parsed = list(split_rows(io.StringIO(text, newline=""), dialect))
        yield (parsed[0] if parsed else []), end, line
        start, limit = end, limit - 1


def split_rows(lines: TextIO, dialect: Dialect) -> Iterator[list[str]]:
    """Rows by Python's csv module in the same dialect: a quote counts only at the start of a field."""
    if not dialect.quote:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=True)


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
        if b"\n" not in data and b"\r" in data:
            data = data.replace(b"\r", b"\n")
        cut = _Cut.of(data, dialect)
        if cut is None:
            yield from _split_by_csv_module(stream, data, dialect, names, line)
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
        line += data.count(b"\n", 0, cut.length)
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
        positions = np.flatnonzero(quotes[:length])
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
    delimiters = data.count(dialect.delimiter.encode())
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
            return TextBlock(_placed(frame, names, lines, starts, cut.ends, offset))
    codes = np.frombuffer(data, np.uint8)
    real = codes == ord(dialect.delimiter)
    if cut.inside is not None:
        real &= cut.inside[: len(data)] == 0
    fields = np.add.reduceat(real.astype(np.int32), starts) + 1
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
    delimiter = dialect.delimiter.encode()
    blank = np.zeros(starts.size, bool)
    suspects = np.flatnonzero((fields != width) | (ends - starts <= width + 2))
    for row in suspects:  # few: rows that are ragged or all but empty
        blank[row] = not data[starts[row] : ends[row]].replace(delimiter, b"").strip()
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
    return TextBlock(placed, tuple(bad), int(blank.sum()), footer)


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


def _split_by_csv_module(
    stream: BinaryIO, data: bytes, dialect: Dialect, names: tuple[str, ...], line: int
) -> Iterator[TextBlock]:
    """Rows one by one: only for files whose quotes stand inside unquoted fields, where nothing faster is safe."""
    width = len(names)
    text = io.TextIOWrapper(cast(BinaryIO, io.BufferedReader(_Chained(data, stream))), dialect.encoding, newline="")
    csv.field_size_limit(ROW_BYTES_LIMIT)
    rows: list[list[str | None]] = []
    lines: list[int] = []
    bad: list[BadRow] = []
    blank = footer = 0

    def block() -> TextBlock:
        frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row") if rows else pl.DataFrame()
        places = np.array(lines, dtype=np.int64)
        frame = _placed(frame, names, places, places, places, None) if rows else frame
        return TextBlock(frame, tuple(bad), blank, footer)

    before = 0
    try:
        for cells in split_rows(text, dialect):
            place, before = line + before, before + 1 + sum(cell.count("\n") for cell in cells)
            if footer or (cells and cells[0].strip().startswith(dialect.footer or ("\x00",))):
                footer += 1
            elif not any(cell.strip() for cell in cells):
                blank += 1
            elif len(cells) < width or (
                dialect.excess_fields == "reject" and any(cell.strip() for cell in cells[width:])
            ):
                bad.append(
                    BadRow(place, f"{len(cells)} fields", f"{width} fields, as the header has",
                           "quotes or delimiters inside a text: ask the sender, or declare the row as no record",
                           dialect.delimiter.join(cells)[:SHOWN_TEXT])
                )  # fmt: skip
            else:
                rows.append([cell or None for cell in cells[:width]])
                lines.append(place)
            if len(rows) >= FALLBACK_ROWS:
                yield block()
                rows, lines, bad, blank = [], [], [], 0
    except csv.Error as error:
        raise FileRejected(
            f"the file cannot be cut into rows: {error}",
            place=f"line {line + before}",
            expected="delimited text",
            advice="check delimiter and quote of the declaration; the file may be damaged",
        ) from None
    yield block()


class _Chained(io.RawIOBase):
    """Bytes already read, then the stream they came from."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first = io.BytesIO(first)
        self._stream = stream

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """The next bytes, NUL bytes refused."""
        chunk = self._first.read(len(buffer)) or self._stream.read(len(buffer))
        check_nul(chunk, 0)
        buffer[: len(chunk)] = chunk
        return len(chunk)
