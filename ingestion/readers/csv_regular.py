"""A block of CSV whose rows are all regular, split by Arrow at once and proven to be what its bytes say.

Regular is a block where each line is a row of as many fields as the header has. The fields Arrow found have to make up each
line to the byte, with their delimiters, quotes and line end. A block that is not regular is for `ingestion.readers.csv_table`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv

from ingestion.readers.byte_positions import beyond_text_count, byte_count, byte_positions, control_count
from ingestion.readers.csv_dialect import Dialect
from ingestion.readers.text_table import Proof, TextBlock, place_columns
from ingestion.record_columns import text_bounds

Positions = npt.NDArray[np.int64]

_NEWLINE, _RETURN = 10, 13
_WIDE_BLANKS = (b"\xc2", b"\xe1", b"\xe2", b"\xe3")  # the first bytes of white space beyond ASCII


def regular_block(
    data: bytes, dialect: Dialect, names: tuple[str, ...], line: int, offset: int | None
) -> tuple[TextBlock, int] | None:
    """The complete rows of a block and how many bytes they take; None where not all are known to be regular."""
    length = data.rfind(b"\n") + 1
    if not length or len(names) < 2:
        return None
    body = data if length == len(data) else data[:length]
    if any(text.encode(dialect.encoding) in body for text in dialect.footer):
        return None
    utf8 = body
    if dialect.encoding not in ("utf-8", "ascii") and not body.isascii():
        utf8 = body.decode(dialect.encoding).encode()
    quotes = byte_count(utf8, ord(dialect.quote)) if dialect.quote and dialect.quote.encode() in utf8 else 0
    table = None if quotes % 2 else _cells(utf8, dialect, names)
    if table is None:
        return None
    count = table.num_rows
    returns = byte_count(utf8, _RETURN) if b"\r" in utf8 else 0
    if returns not in (0, count):
        return None
    controls = count + returns + (count * (len(names) - 1) if dialect.delimiter < " " else 0)
    spaces = beyond_text_count(utf8) == controls  # but for line ends and delimiters only ASCII letters and spaces
    if not spaces:
        if byte_count(utf8, _NEWLINE) != count:
            return None
        spaces = has_no_wide_blanks(utf8) and control_count(utf8) == controls
    ends = _ends(table, utf8, quotes, dialect, 1 + (returns > 0))
    if ends is not None and returns and (np.frombuffer(utf8, np.uint8)[ends - 2] != _RETURN).any():
        return None
    if ends is not None and utf8 is not body:
        ends = byte_positions(body, _NEWLINE) + 1
    if ends is None or ends.size != count:
        return None
    starts = np.concatenate(([0], ends[:-1]))
    if (ends - starts).min() <= len(names) + 2:  # perhaps a row of nothing
        return None
    places = place_columns(line + np.arange(count), starts, ends, offset)
    return TextBlock(pl.DataFrame(places), proof=Proof(spaces, quotes == 0), cut=table), length


def _cells(utf8: bytes, dialect: Dialect, names: tuple[str, ...]) -> pa.Table | None:
    """The fields of the lines, an empty one without quotes null; None where a line has too many or too few of them."""
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(utf8),  # type: ignore[arg-type]  # the stubs know files only
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=list(names)),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter, quote_char=dialect.quote or False, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _ends(table: pa.Table, utf8: bytes, quotes: int, dialect: Dialect, line_end: int) -> Positions | None:
    """The byte after each line, of which there are as many as rows; None where the fields of a row, with delimiters,
    quotes and line end, are perhaps not as long as its line.

    Arrow takes away nothing but delimiters, line ends and quotes, and fails where a row has too many or too few fields. A
    quote opens a field at its start only, and is a letter of its text elsewhere. So all rows together lack as many bytes as
    there are quotes only where each of them opens a field or closes one.
    """
    between = table.num_columns - 1 + line_end
    sizes = np.concatenate([_sizes(batch) for batch in table.to_batches()]) + np.int32(between)
    each, left = divmod(quotes, table.num_rows)  # as if each row had as many quotes
    ends = np.cumsum(sizes + np.int32(each), dtype=np.int64)
    if not left and ends[-1] == len(utf8) and (not each or (np.frombuffer(utf8, np.uint8)[ends - 1] == _NEWLINE).all()):
        return ends
    if not quotes:
        return None
    ends = byte_positions(utf8, _NEWLINE) + 1
    if ends.size != table.num_rows:
        return None
    lacking: Positions = np.diff(ends, prepend=0) - sizes.astype(np.int64)
    if (lacking < 0).any():
        return None
    if int(lacking.sum()) != quotes and not _are_doubled(utf8, ends, lacking, dialect):
        return None
    return ends


def _sizes(batch: pa.RecordBatch) -> npt.NDArray[np.int32]:
    """How many bytes the fields of each row have."""
    bounds = [text_bounds(column) for column in batch.columns]
    ends = bounds[0] + bounds[1]
    for more in bounds[2:]:
        ends += more
    sizes: npt.NDArray[np.int32] = np.diff(ends)
    return sizes


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
