"""Rows one by one by Python's csv module: for files whose quotes stand inside unquoted fields, where nothing faster is
safe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

import polars as pl

from ingestion.readers.csv_dialect import Dialect, check_nul, is_rule, split_rows
from ingestion.readers.text_table import LINE, PLACE, SHOWN_TEXT, BadRow, TextBlock
from ingestion.reading import FileRejected

BLOCK_ROWS = 50_000
END = "\x1e end of file"  # a row of our own behind the last one: a quote still open would swallow it


def split_by_csv_module(
    stream: BinaryIO, data: bytes, dialect: Dialect, names: tuple[str, ...], line: int
) -> Iterator[TextBlock]:
    """The rest of a file from the row that starts in `line`; raises `FileRejected` where its last quote is not
    closed."""
    text = io.TextIOWrapper(cast(BinaryIO, io.BufferedReader(_Chained(data, stream))), dialect.encoding, newline="")
    block = _Block(names, dialect)
    place = line
    try:
        for cells in split_rows(text, dialect):
            if cells[:1] == [END]:
                break
            block.take(cells, place)
            place += 1 + sum(cell.count("\n") for cell in cells)
            if block.size >= BLOCK_ROWS:
                yield block.flush()
        else:
            raise FileRejected(
                "a quoted field is not closed", place=f"before line {place}", expected=f"a closing {dialect.quote}",
                advice="the file is truncated or damaged: ask for it again",
            )  # fmt: skip
    except csv.Error as error:
        raise FileRejected(
            f"the file cannot be cut into rows: {error}", place=f"line {place}", expected="delimited text",
            advice="check delimiter and quote of the declaration; the file may be damaged",
        ) from None  # fmt: skip
    yield block.flush()


class _Block:
    """Rows until they are handed on; the footer, once seen, goes on to the end of the file."""

    def __init__(self, names: tuple[str, ...], dialect: Dialect) -> None:
        self.names = names
        self.dialect = dialect
        self.in_footer = False
        self._clear()

    def _clear(self) -> None:
        self.rows: list[list[str | None]] = []
        self.lines: list[int] = []
        self.bad: list[BadRow] = []
        self.blank = self.footer = 0

    @property
    def size(self) -> int:
        """How many rows are held."""
        return len(self.rows) + len(self.bad)

    def take(self, cells: list[str], place: int) -> None:
        """One row as the csv module cut it."""
        width = len(self.names)
        footer = self.dialect.footer
        self.in_footer = self.in_footer or bool(footer and cells and cells[0].strip().startswith(footer))
        if self.in_footer:
            self.footer += 1
        elif not any(cell.strip() for cell in cells) or (len(cells) != width and is_rule("".join(cells))):
            self.blank += 1
        elif len(cells) < width or (self.dialect.excess_fields == "reject" and any(map(str.strip, cells[width:]))):
            self._reject(cells, place, f"{len(cells)} fields", f"{width} fields, as the header has")
        elif any("\n" in cell and self._swallows_rows(cell) for cell in cells):
            self._reject(cells, place, "a field that holds whole rows", f"a closing {self.dialect.quote} in its row")
        else:
            self.rows.append([cell or None for cell in cells[:width]])
            self.lines.append(place)

    def _swallows_rows(self, cell: str) -> bool:
        """Whether a line inside a field has as many delimiters as a row: the quote before it was not meant to open."""
        return any(line.count(self.dialect.delimiter) >= len(self.names) - 1 for line in cell.split("\n")[1:])

    def _reject(self, cells: list[str], place: int, found: str, expected: str) -> None:
        advice = "quotes or delimiters inside a text: ask the sender, or declare the row as no record"
        self.bad.append(BadRow(place, found, expected, advice, self.dialect.delimiter.join(cells)[:SHOWN_TEXT]))

    def flush(self) -> TextBlock:
        """The rows held so far; forgets them."""
        frame = pl.DataFrame()
        if self.rows:
            frame = pl.DataFrame(self.rows, schema=dict.fromkeys(self.names, pl.String), orient="row")
            places = pl.DataFrame({LINE: self.lines}, schema={LINE: pl.Int64})
            unknown = [pl.lit(None, pl.Int64).alias(name) for name in PLACE if name != LINE]
            frame = frame.hstack(places).with_columns(unknown)
        block = TextBlock(frame, tuple(self.bad), self.blank, self.footer)
        self._clear()
        return block


class _Chained(io.RawIOBase):
    """Bytes already read, the stream they came from, and a last row that says the file has ended."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._parts: list[BinaryIO] = [io.BytesIO(first), stream, io.BytesIO(f"\n{END}\n".encode("ascii"))]

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """The next bytes, NUL bytes refused."""
        while self._parts:
            chunk = self._parts[0].read(len(buffer))
            if chunk:
                check_nul(chunk, 0)
                buffer[: len(chunk)] = chunk
                return len(chunk)
            self._parts.pop(0)
        return 0
