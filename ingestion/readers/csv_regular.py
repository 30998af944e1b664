"""A block of CSV whose rows are all regular, split by Polars at once and proven to be what its bytes say.

Regular is a block where each line is a row of as many fields as the header has. Without quotes the number of delimiters
proves it. With quotes each has to stand at an edge of its field, and the fields Polars found have to make up each line to
the byte, with their delimiters, quotes and line end. A block that is not regular is for `ingestion.readers.csv_table`.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ingestion.readers.byte_positions import any_beside, beyond_text_count, byte_count, byte_positions, control_count
from ingestion.readers.csv_dialect import Dialect
from ingestion.readers.text_table import BYTE_END, BYTE_START, LINE, Proof, TextBlock

Positions = npt.NDArray[np.int64]

_NEWLINE, _RETURN, _SPACE = 10, 13, 32
_WIDE_BLANKS = (b"\xc2", b"\xe1", b"\xe2", b"\xe3")  # the first bytes of white space beyond ASCII


@dataclass(frozen=True)
class _Lines:
    """The complete lines of a block: its bytes, also as UTF-8."""

    body: bytes
    utf8: bytes
    letter: str | None  # what one byte of the body is in the UTF-8: a byte or a character; None: neither
    quotes: int


def regular_block(
    data: bytes, dialect: Dialect, names: tuple[str, ...], line: int, offset: int | None
) -> tuple[TextBlock, int] | None:
    """The complete rows of a block and how many bytes they take; None where not all are known to be regular."""
    width = len(names)
    lines = _lines(data, dialect)
    if lines is None or width < 2 or any(text.encode(dialect.encoding) in lines.body for text in dialect.footer):
        return None
    try:
        frame = parse(lines.utf8, dialect, width, regular=True)
    except pl.exceptions.PolarsError:
        return None
    count, returns = frame.height, 0
    spaces = beyond_text_count(lines.utf8) == count  # line ends, and nothing else but ASCII letters and spaces
    if not spaces:
        returns = lines.body.count(b"\r\n")
        if byte_count(lines.body, _NEWLINE) != count or returns not in (0, count):
            return None
        spaces = has_no_wide_blanks(lines.utf8) and control_count(lines.utf8) == count + returns
    ends = _ends(frame, lines, dialect, returns > 0)
    if ends is None:
        return None
    starts = np.concatenate(([0], ends[:-1]))
    if (ends - starts).min() <= width + 2:  # perhaps a row of nothing
        return None
    unquoted = lines.quotes == 0  # where Polars gives null for an empty field
    proof = Proof(spaces, spaces and unquoted and _no_margins(lines.body, ends, returns, dialect), unquoted)
    rows = placed(frame, names, line + np.arange(count), starts, ends, offset)
    return TextBlock(rows, proof=proof), len(lines.body)


def _lines(data: bytes, dialect: Dialect) -> _Lines | None:
    """The complete lines of a block, None where there are none, or where not all quotes are closed."""
    length = data.rfind(b"\n") + 1
    if not length:
        return None
    body = data[:length]
    utf8 = body
    letter: str | None = "byte"
    if dialect.encoding not in ("utf-8", "ascii") and not body.isascii():
        text = body.decode(dialect.encoding)
        utf8, letter = text.encode(), "character" if len(text) == length else None
    has_quotes = dialect.quote and dialect.quote.encode() in body
    quotes = byte_count(body, ord(dialect.quote)) if has_quotes else 0
    return None if quotes % 2 else _Lines(body, utf8, letter, quotes)


def _ends(frame: pl.DataFrame, lines: _Lines, dialect: Dialect, returns: bool) -> Positions | None:
    """The byte after each line, of which there are as many as rows; None where the fields of a row, with delimiters,
    quotes and line end, are perhaps not as long as its line.

    Polars takes away nothing but delimiters, line ends and quotes, and fails where a row has too many fields. So no row
    lacks more bytes than it has quotes, and all together lack as many as there are only where each row has all of its
    fields, and each of its quotes is one that opens or closes a field.
    """
    body = lines.body
    if lines.letter is None:
        if lines.quotes or byte_count(body, ord(dialect.delimiter)) != (frame.width - 1) * frame.height:
            return None
        return byte_positions(body, _NEWLINE) + 1
    letters = pl.all().str.len_bytes() if lines.letter == "byte" else pl.all().str.len_chars()
    sizes = frame.select(pl.sum_horizontal(letters)).to_series().to_numpy() + np.uint32(frame.width + returns)
    each, left = divmod(lines.quotes, frame.height)  # as if each row had as many quotes
    ends = np.cumsum(sizes + np.uint32(each), dtype=np.int64)
    if not left and ends[-1] == len(body) and (not each or (np.frombuffer(body, np.uint8)[ends - 1] == _NEWLINE).all()):
        return ends
    if not lines.quotes:
        return None
    ends = byte_positions(body, _NEWLINE) + 1
    lacking: Positions = np.diff(ends, prepend=0) - sizes.astype(np.int64)
    if (lacking < 0).any():
        return None
    if int(lacking.sum()) != lines.quotes and not _are_doubled(body, ends, lacking, dialect):
        return None
    return ends


def _are_doubled(body: bytes, ends: Positions, lacking: Positions, dialect: Dialect) -> bool:
    """Whether each quote opens or closes a field or is one of two that stand for one inside, and each row lacks as many
    bytes as that makes."""
    codes = np.frombuffer(body, np.uint8)
    quotes = byte_positions(body, ord(dialect.quote))
    opening, closing = quotes[::2], quotes[1::2]
    doubled = opening[1:] == closing[:-1] + 1
    opens = np.isin(codes[opening - 1], (ord(dialect.delimiter), _NEWLINE))  # before the first byte is the last
    closes = np.isin(codes[closing + 1], (ord(dialect.delimiter), _NEWLINE, _RETURN))
    opens[1:] |= doubled
    closes[:-1] |= doubled
    of_row = np.searchsorted(quotes, ends)
    if not (opens.all() and closes.all()) or (of_row & 1).any():
        return False
    expected = np.diff(of_row - np.searchsorted(opening[1:][doubled], ends), prepend=0)
    return np.array_equal(lacking, expected)


def only_spaces(utf8: bytes, lines: int) -> bool:
    """Whether surely no white space but spaces stands in the fields of so many lines."""
    returns = utf8.count(b"\r\n") if b"\r" in utf8 else 0
    return has_no_wide_blanks(utf8) and control_count(utf8) == lines + returns


def has_no_wide_blanks(utf8: bytes) -> bool:
    """Whether surely no white space beyond ASCII stands in a text."""
    return utf8.isascii() or not any(first in utf8 for first in _WIDE_BLANKS)


def _no_margins(body: bytes, ends: Positions, returns: int, dialect: Dialect) -> bool:
    """Whether no space stands at an edge of a field, of which none has quotes."""
    if body.startswith(b" ") or (returns and (np.frombuffer(body, np.uint8)[ends - 3] == _SPACE).any()):
        return False
    return not any_beside(body, _SPACE, (ord(dialect.delimiter), _NEWLINE))


def parse(utf8: bytes, dialect: Dialect, width: int, *, regular: bool, excess: bool = False) -> pl.DataFrame:
    """Fields by Polars, all as text; raises `PolarsError` where a row has more than `width` fields, unless what is in
    `excess` is left out. `regular` says that all rows have so many; else they get a header of our own before them, which
    says how wide they are."""
    names = [f"c{number}" for number in range(width)]
    bare = regular and not utf8.startswith(codecs.BOM_UTF8)  # which is a letter, except before a file
    return pl.read_csv(
        utf8 if bare else dialect.delimiter.join(names).encode() + b"\n" + utf8,
        has_header=not bare,
        schema=dict.fromkeys(names, pl.String),
        separator=dialect.delimiter,
        quote_char=dialect.quote or None,
        truncate_ragged_lines=excess,
        low_memory=False,
    )


def placed(
    frame: pl.DataFrame,
    names: tuple[str, ...],
    lines: Positions,
    starts: Positions,
    ends: Positions,
    offset: int | None,
) -> pl.DataFrame:
    """The parsed block under the header's names, with the place of each row."""
    frame.columns = list(names)
    places = [pl.Series(LINE, lines, pl.Int64)]
    for name, at in ((BYTE_START, starts), (BYTE_END, ends)):
        unknown = pl.repeat(None, frame.height, dtype=pl.Int64, eager=True).alias(name)
        places.append(unknown if offset is None else pl.Series(name, at + offset, pl.Int64))
    return frame.hstack(places)
