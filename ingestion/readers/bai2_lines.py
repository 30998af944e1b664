"""BAI2 text as arrays: where each logical record and each field of a transaction lies in a chunk of the file.

A file of a million transactions is cut into chunks that end between two logical records. Continuations (88) are joined to
the record they continue by a separator no bank sends; then one search for line ends, commas and separators gives all
fields of all transactions at once, as positions. Only transactions of an unusual form are walked one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.readers.bai2_fields import FUNDS_EXTRA, amount
from ingestion.reading import FileRejected

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

CHUNK = 1 << 21
RECORD_LIMIT = 1 << 20  # bytes of one logical record with its continuations
_FAST_AMOUNT = 10**12
_UNTIDY = re.compile(rb"[ \t]\r?\n|\n\r?\n")
_CONTINUATION = re.compile(rb"/?[ \t\r]*\n(?:[ \t\r]*\n)*88,")
_ON_ONE_LINE = re.compile(rb"\s*01,[^/\n]*/[ \t]+02,")
_NEXT_RECORD = re.compile(rb"/([ \t]*)[ \t](?=(?:02|03|16|49|88|98|99),)")
_SEPARATORS = (b"\x1f", b"\x1e", b"\x1d", b"\x1c", b"\x0b", b"\x0c")
_SLASH, _COMMA, _NEWLINE, _ZERO = 47, 44, 10, 48


@dataclass
class Lines:
    """The logical records of a chunk. Positions are into `text`, where a separator stands for each continuation."""

    text: bytes
    array: Bytes
    separator: bytes
    start: Ints
    end: Ints  # without the closing slash and blanks
    code: Ints  # 1, 2, 3, 16, 49, 98, 99, or -1 for what is no record
    physical: Ints  # physical records before this one in the chunk
    physical_total: int
    line: Ints  # line in the file, from 1
    byte_start: Ints
    byte_end: Ints

    def content(self, index: int) -> str:
        """A record's text without its code, continuations joined by the comma they stand for."""
        raw = self.text[self.start[index] + 3 : self.end[index]].replace(self.separator, b",")
        return raw.decode("utf-8", "replace")


@dataclass
class Details:
    """The transactions (record 16) of a chunk: positions and values, one element each."""

    index: Ints  # which logical record
    type_code: Ints  # -1 where it is none
    amount: Ints  # minor units; 0 where `amounts` holds it
    large: dict[int, int]  # amounts beyond twelve digits, or signed
    unreadable: dict[int, tuple[str, str]]  # field and what was found
    value_date: list[str | None] | None  # YYMMDD where any transaction has one
    immediate: npt.NDArray[np.bool_]
    bank_start: Ints
    bank_end: Ints
    customer_start: Ints
    customer_end: Ints
    text_start: Ints
    text_end: Ints


def chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """The file in pieces that end between two logical records, with the offset of each."""
    carry, offset, first = b"", 0, True
    while True:
        data = stream.read(CHUNK)
        raw = carry + data
        if b"\0" in data:
            raise FileRejected(
                "the file holds NUL bytes: it is not a BAI2 text file, or it is UTF-16",
                place=f"byte {offset + raw.index(0)}",
                expected="ASCII or UTF-8 text, one record a line",
                advice="Ask the bank for the original file; do not open and save it in an office program.",
            )
        if first and raw:
            first = False
            head = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
            if data and not head.startswith(b"01,"):
                raise FileRejected(
                    "the file does not begin with a BAI2 file header",
                    place="line 1",
                    found=head[:60].decode("latin-1"),
                    expected="record 01",
                    advice="Check that the source's format fits the file.",
                )
        if not data:
            if raw.strip():
                yield raw, offset
            return
        cut = _last_boundary(raw)
        if cut == 0 or len(raw) - cut > RECORD_LIMIT:
            if len(raw) > RECORD_LIMIT:
                raise FileRejected(
                    "a record is longer than any bank statement's",
                    place=f"byte {offset + cut}",
                    found=f"more than {RECORD_LIMIT} bytes",
                    expected="records of at most a few thousand characters, each on its line",
                    advice="Check that the source's format fits the file.",
                )
            carry = raw
            continue
        yield raw[:cut], offset
        carry = raw[cut:]
        offset += cut


def _last_boundary(raw: bytes) -> int:
    """Where the last line begins that certainly is no continuation; 0 where there is none."""
    end = len(raw)
    while True:
        newline = raw.rfind(b"\n", 0, end)
        if newline < 0:
            return 0
        head = raw[newline + 1 : newline + 4]
        if len(head) == 3 and head != b"88," and head.strip():
            return newline + 1
        end = newline


class Cutter:
    """Cuts chunks into logical records, counting lines and physical records over the whole file."""

    def __init__(self) -> None:
        self.lines_before = 0
        self.joined_lines: bool | None = None

    def cut(self, raw: bytes, offset: int) -> Lines:
        """The logical records of a chunk that begins at `offset`."""
        if self.joined_lines is None:
            raw_start = len(raw) - len(raw.removeprefix(b"\xef\xbb\xbf"))
            raw = b" " * raw_start + raw[raw_start:]
            # records one after the other on a line, told by the header: it holds no text, so its slash ends it
            self.joined_lines = _ON_ONE_LINE.match(raw) is not None
        if b"\n" not in raw and b"\r" in raw:
            raw = raw.replace(b"\r", b"\n")
        newlines = np.flatnonzero(np.frombuffer(raw, dtype=np.uint8) == _NEWLINE)
        if self.joined_lines:
            raw = _NEXT_RECORD.sub(rb"/\1\n", raw)  # the same length: offsets stay true
        if not raw.endswith(b"\n"):
            raw += b"\n"
        raw += b"\n\n\n"  # three bytes can always be read from the start of a line
        separator = next((one for one in _SEPARATORS if one not in raw), None)
        if separator is None:
            raise FileRejected("the file holds control characters that no text has", expected="BAI2 text")
        untidy = raw[:1].isspace() or _UNTIDY.search(raw, 0, len(raw) - 3) is not None
        if untidy:
            text = _CONTINUATION.sub(separator, raw)
        else:
            text = raw
            if b"\r\n" in text:
                text = text.replace(b"/\r\n88,", separator).replace(b"\r\n88,", separator)
            text = text.replace(b"/\n88,", separator).replace(b"\n88,", separator)
        utf8 = text
        if not text.isascii():
            utf8 = _as_utf8(text)
        # physical lines, continuations among them
        body = np.frombuffer(raw, dtype=np.uint8)
        starts = _line_starts(body[:-3])
        ends = np.append(starts[1:] - 1, len(raw) - 4)
        blank = _trimmed(body, starts, ends) <= starts if untidy else ends <= starts
        continued = (body[starts] == 56) & (body[starts + 1] == 56) & (body[starts + 2] == _COMMA)
        records = np.flatnonzero(~blank & ~continued)
        physical = np.cumsum(~blank)
        total = int(physical[-1]) if len(physical) else 0
        # logical records
        array = np.frombuffer(utf8, dtype=np.uint8)
        first = _line_starts(array[:-3])
        last = np.append(first[1:] - 1, len(array) - 4)
        last = _trimmed(array, first, last)
        kept = last > first
        first, last = first[kept], last[kept]
        if untidy and len(first):
            while True:
                leading = (array[first] == 32) & (first < last)
                if not leading.any():
                    break
                first = first + leading
        if len(first) != len(records):
            raise FileRejected(
                "a continuation (88) has no record to continue",
                place=f"line {self.lines_before + 1} or after",
                expected="record 01, 02, 03, 16, 49, 98 or 99 before it",
                advice="Ask the bank to send the file again.",
            )
        code = np.where(
            array[first + 2] == _COMMA,
            (array[first].astype(np.int64) - _ZERO) * 10 + array[first + 1].astype(np.int64) - _ZERO,
            -1,
        )
        byte_start = starts[records] + offset
        size = len(raw) - 3
        line = np.searchsorted(newlines, starts[records]) + self.lines_before + 1
        self.lines_before += len(newlines)
        last = last - (array[last - 1] == _SLASH) if len(last) else last
        return Lines(
            utf8,
            array,
            separator,
            first,
            last,
            code,
            physical[records] - 1,
            total,
            line,
            byte_start,
            np.append(byte_start[1:], size + offset),
        )


def _as_utf8(text: bytes) -> bytes:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return text.decode("cp1252").encode("utf-8")
        except UnicodeDecodeError:
            return text.decode("latin-1").encode("utf-8")
    return text


def _line_starts(body: Bytes) -> Ints:
    newlines = np.flatnonzero(body == _NEWLINE)
    return np.concatenate([np.zeros(1, dtype=np.int64), newlines[:-1] + 1]) if len(newlines) else newlines


def _trimmed(body: Bytes, starts: Ints, ends: Ints) -> Ints:
    """Line ends without the blanks and carriage returns before them."""
    ends = ends.copy()
    while True:
        tail = body[np.maximum(ends - 1, 0)]
        blank = (ends > starts) & ((tail == 32) | (tail == 13) | (tail == 9))
        if not blank.any():
            return ends
        ends -= blank


def details(lines: Lines) -> Details:
    """All transactions of a chunk."""
    array, text = lines.array, lines.text
    index = np.flatnonzero(lines.code == 16)
    start, end = lines.start[index], lines.end[index]
    count = len(index)
    commas = np.flatnonzero(array == _COMMA)
    splits = np.flatnonzero(array == lines.separator[0])
    size = len(array)
    commas = np.append(commas, np.full(12, size - 1))
    split_at = np.append(splits, size)[np.searchsorted(splits, start)]
    head_end = np.minimum(split_at, end)  # where the first physical record ends
    at = np.searchsorted(commas, start)
    given = np.searchsorted(commas, head_end) - at - 1  # commas after the record code's

    def comma(number: Ints | int) -> Ints:
        found: Ints = commas[at + number]
        return found

    type_at = commas[at] + 1
    type_ok = comma(1) - type_at == 3
    digits = [array[np.minimum(type_at + place, size - 1)].astype(np.int64) - _ZERO for place in range(3)]
    for digit in digits:
        type_ok &= (digit >= 0) & (digit <= 9)
    type_code = digits[0] * 100 + digits[1] * 10 + digits[2]
    amount_at, amount_end = comma(1) + 1, comma(2)
    value, amount_ok = _numbers(array, amount_at, amount_end)
    funds_at = comma(2) + 1
    funds_size = comma(3) - funds_at
    funds = np.where(funds_size == 1, array[np.minimum(funds_at, size - 1)], 0)
    plain = (funds_size == 0) | (funds == 48) | (funds == 49) | (funds == 50) | (funds == 90)
    valued, simple = funds == 86, funds == 83
    shift = np.where(valued, 2, np.where(simple, 3, 0))
    fast = type_ok & amount_ok & (plain | valued | simple) & (given >= 4 + shift) & (value < _FAST_AMOUNT)
    bank_start = comma(3 + shift) + 1
    bank_end = comma(4 + shift)
    customer_start = bank_end + 1
    has_text = given >= 5 + shift
    customer_end = np.where(has_text, comma(np.minimum(5 + shift, 11)), head_end)
    text_start = np.where(has_text | (split_at < end), customer_end + 1, end)
    result = Details(
        index,
        type_code,
        value,
        {},
        {},
        None,
        (funds == 48) & fast,
        bank_start,
        bank_end,
        customer_start,
        customer_end,
        np.minimum(text_start, end),
        end.copy(),
    )
    dates: dict[int, str] = {}
    for row in np.flatnonzero(valued & fast):
        dates[int(row)] = text[commas[at[row] + 3] + 1 : commas[at[row] + 4]].decode("utf-8", "replace")
    for row in np.flatnonzero(~fast):
        _walk(lines, result, int(row), int(start[row]), int(end[row]), dates)
    if dates:
        result.value_date = [dates.get(row) for row in range(count)]
    return result


def _numbers(array: Bytes, start: Ints, end: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Unsigned numbers of at most 18 digits, and which fields are such."""
    width = end - start
    good = (width >= 1) & (width <= 18)
    value = np.zeros(len(start), dtype=np.int64)
    power = 1
    for place in range(int(width[good].max()) if good.any() else 0):
        inside = good & (place < width)
        digit = array[np.maximum(end - 1 - place, 0)].astype(np.int64) - _ZERO
        good &= ~inside | ((digit >= 0) & (digit <= 9))
        value += np.where(inside & good, digit, 0) * power
        power *= 10
    return value, good


def _walk(lines: Lines, result: Details, row: int, start: int, end: int, dates: dict[int, str]) -> None:
    """A transaction of unusual form: signed or very large, fields over several lines, funds by days, fields left out."""
    text = lines.text
    ends = [match.start() for match in re.finditer(b"[," + re.escape(lines.separator) + b"]", text[start:end])]
    ends = [start + one for one in ends]

    def field(number: int) -> tuple[int, int]:
        """Start and end of a field, empty at the record's end where it is left out; field 0 is the record code."""
        if number > len(ends):
            return end, end
        first = ends[number - 1] + 1 if number else start
        return first, ends[number] if number < len(ends) else end

    def value(number: int) -> str:
        first, last = field(number)
        return text[first:last].decode("utf-8", "replace").strip()

    code, figure, funds = value(1), value(2), value(3)
    if len(code) == 3 and code.isascii() and code.isdigit():
        result.type_code[row] = int(code)
    else:
        result.type_code[row] = -1
        result.unreadable[row] = ("type code", code)
    number = amount(figure)
    result.amount[row] = 0
    if number is None or (not figure and code != "890"):
        result.unreadable.setdefault(row, ("amount", figure))
    elif 0 <= number < _FAST_AMOUNT:
        result.amount[row] = number
    else:
        result.large[row] = number
    extra = FUNDS_EXTRA.get(funds, 0)
    if funds == "D":
        days = value(4)
        if days.isascii() and days.isdigit() and int(days) <= 1000:
            extra = 1 + 2 * int(days)
        else:
            result.unreadable.setdefault(row, ("availability days", days))
    elif funds not in FUNDS_EXTRA:
        result.unreadable.setdefault(row, ("funds type", funds))
    result.immediate[row] = funds == "0"
    if funds == "V":
        dates[row] = value(4)
    result.bank_start[row], result.bank_end[row] = field(4 + extra)
    result.customer_start[row], result.customer_end[row] = field(5 + extra)
    result.text_start[row], result.text_end[row] = field(6 + extra)[0], end


def slices(lines: Lines, start: Ints, end: Ints) -> pa.Array[pa.Scalar[pa.DataType]]:
    """The text of each slice, trimmed, null where empty. Slices follow one another in the chunk.

    Arrow reads slice, gap, slice, gap, ... as one array of strings without copying; every second one is taken.
    """
    count = len(start)
    if not count:
        return pa.array([], pa.string())
    end = np.maximum(start, end)
    offsets = np.empty(2 * count, dtype=np.int32)
    offsets[0::2] = start
    offsets[1::2] = end
    every = pa.StringArray.from_buffers(2 * count - 1, pa.py_buffer(offsets.tobytes()), pa.py_buffer(lines.text))
    texts: pa.ChunkedArray[pa.StringScalar] | pa.StringArray = every.take(np.arange(0, 2 * count, 2))
    column = pc.ascii_trim(texts, " \t\r")
    empty = pc.equal(column, "")  # type: ignore[call-overload]
    found: pa.Array[pa.Scalar[pa.DataType]] = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    return found
