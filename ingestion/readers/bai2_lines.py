"""BAI2 text as arrays: where each logical record lies in a chunk of the file.

A file of a million transactions is cut into chunks that end between two logical records. Continuations (88) are joined to
the record they continue by a separator no bank sends, so that one search for line ends gives all records at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np

from ingestion.readers.byte_slices import BLANK, Bytes, Flags, Ints
from ingestion.reading import FileRejected

CHUNK = 1 << 21
_END_OF_FILE = b"\x1a"  # of DOS, after the last record
RECORD_LIMIT = 1 << 20  # bytes of one logical record with its continuations
_CONTINUATION = re.compile(rb"/?[ \t\r]*\n(?:[ \t\r]*\n)*88,")
_ON_ONE_LINE = re.compile(rb"\s*01,[^/\n]*/[ \t]+02,")
_NEXT_RECORD = re.compile(rb"/([ \t]*)[ \t](?=(?:02|03|16|49|88|98|99),)")
_SEPARATORS = (b"\x1f", b"\x1e", b"\x1d", b"\x1c", b"\x0b", b"\x0c")
ZERO, COMMA = ord("0"), ord(",")
_SLASH, _NEWLINE, _RETURN, _EIGHT = ord("/"), ord("\n"), ord("\r"), ord("8")


@dataclass
class Lines:
    """The logical records of a chunk. Positions are into `text`, where a separator stands for each continuation."""

    text: bytes
    array: Bytes
    separator: bytes
    start: Ints
    end: Ints  # without the closing slash and blanks
    split: Ints  # where the first continuation begins; beyond the end where there is none
    code: Ints  # 1, 2, 3, 16, 49, 98, 99, or -1 for what is no record
    physical: Ints  # physical records before this one in the chunk
    physical_total: int
    line: Ints  # line in the file, from 1
    byte_start: Ints
    byte_end: Ints
    continued: bool  # whether any record goes on in a second line

    @cached_property
    def commas(self) -> Ints:
        """Where commas stand."""
        return np.flatnonzero(self.array == COMMA)

    @cached_property
    def commas_before(self) -> Ints:
        """How many commas stand before each record, and in all."""
        return np.append(np.searchsorted(self.commas, self.start), len(self.commas))

    def content(self, index: int) -> str:
        """A record's text without its code, continuations joined by the comma they stand for."""
        return ",".join(self.parts(index))

    def parts(self, index: int) -> list[str]:
        """A record's text without its code, and that of each of its continuations."""
        raw = self.text[self.start[index] + 3 : self.end[index]]
        return [part.decode("utf-8", "replace") for part in raw.split(self.separator)]


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
            if raw.endswith(_END_OF_FILE):
                raw = raw[:-1] + b"\n"
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
        line_ends = newlines
        if self.joined_lines:
            raw = _NEXT_RECORD.sub(rb"/\1\n", raw)  # the same length: offsets stay true
            newlines = np.flatnonzero(np.frombuffer(raw, dtype=np.uint8) == _NEWLINE)
        if not raw.endswith(b"\n"):
            newlines = np.append(newlines, len(raw))
            raw += b"\n"
        raw += b"\n\n\n"  # three bytes can always be read from the start of a line
        separator = next((one for one in _SEPARATORS if one not in raw), None)
        if separator is None:
            raise FileRejected("the file holds control characters that no text has", expected="BAI2 text")
        # physical lines, continuations among them
        body = np.frombuffer(raw, dtype=np.uint8)
        starts = _line_starts(newlines)
        untidy = raw[:1].isspace() or _is_untidy(body, starts, newlines)
        blank = (_trimmed(body, starts, newlines) if untidy else newlines) <= starts
        continued = (body[starts] == _EIGHT) & (body[starts + 1] == _EIGHT) & (body[starts + 2] == COMMA)
        records = np.flatnonzero(~blank & ~continued)
        physical = np.cumsum(~blank)
        total = int(physical[-1]) if len(physical) else 0
        if untidy or continued[:1].any() or not raw.isascii():
            text, first, last, split = _scanned(raw, body, starts[continued], separator, untidy)
        else:
            text, first, last, split = _shifted(raw, body, starts, newlines, continued, separator)
        array = np.frombuffer(text, dtype=np.uint8)
        if len(first) != len(records):
            raise FileRejected(
                "a continuation (88) has no record to continue",
                place=f"line {self.lines_before + 1} or after",
                expected="record 01, 02, 03, 16, 49, 98 or 99 before it",
                advice="Ask the bank to send the file again.",
            )
        code = np.where(
            array[first + 2] == COMMA,
            (array[first].astype(np.int64) - ZERO) * 10 + array[first + 1].astype(np.int64) - ZERO,
            -1,
        )
        byte_start = starts[records] + offset
        size = len(raw) - 3
        line = np.searchsorted(line_ends, starts[records]) if self.joined_lines else records
        line = line + self.lines_before + 1
        self.lines_before += len(line_ends)
        last = last - (array[last - 1] == _SLASH) if len(last) else last
        return Lines(
            text,
            array,
            separator,
            first,
            last,
            split,
            code,
            physical[records] - 1,
            total,
            line,
            byte_start,
            np.append(byte_start[1:], size + offset),
            bool(continued.any()),
        )


def _scanned(
    raw: bytes, body: Bytes, continuations: Ints, separator: bytes, untidy: bool
) -> tuple[bytes, Ints, Ints, Ints]:
    """The joined text in UTF-8, and where its records begin, end and first go on, found by looking through it again."""
    text = _joined(raw, body, continuations, separator, untidy)
    text = text if text.isascii() else _as_utf8(text)
    array = np.frombuffer(text, dtype=np.uint8)
    last = np.flatnonzero(array[:-3] == _NEWLINE)
    first = _line_starts(last)
    last = _trimmed(array, first, last)
    kept = last > first
    first, last = first[kept], last[kept]
    while untidy:
        leading = (array[first] == 32) & (first < last)
        if not leading.any():
            break
        first = first + leading
    splits = np.append(np.flatnonzero(array == separator[0]), len(array))
    return text, first, last, splits[np.searchsorted(splits, first)]


def _shifted(
    raw: bytes, body: Bytes, starts: Ints, newlines: Ints, continued: Flags, separator: bytes
) -> tuple[bytes, Ints, Ints, Ints]:
    """The same for tidy text, known from its lines: joining takes away what stands between a line and its continuation."""
    text = _joined(raw, body, starts[continued], separator, untidy=False)
    before = body[starts - 2]
    returned = continued & (before == _RETURN)
    closing = returned.astype(np.int64) + (continued & (np.where(returned, body[starts - 3], before) == _SLASH))
    shift = np.cumsum(np.where(continued, len(b"\n88,") - 1 + closing, 0))
    records = np.flatnonzero(~continued)
    final = np.append(records[1:], len(starts)) - 1
    first, last = starts[records] - shift[records], newlines[final] - shift[final]
    after = np.minimum(records + 1, len(starts) - 1)
    split = np.where(final > records, newlines[records] - shift[records] - closing[after], len(text))
    return text, first, _trimmed(np.frombuffer(text, dtype=np.uint8), first, last), split


def _joined(raw: bytes, body: Bytes, continuations: Ints, separator: bytes, untidy: bool) -> bytes:
    """The text with each continuation, a line beginning with 88, joined to its record by the separator."""
    if not len(continuations):
        return raw
    if untidy:
        return _CONTINUATION.sub(separator, raw)
    returned = body[continuations - 2] == _RETURN
    closed = body[continuations - 2 - returned] == _SLASH
    # only what occurs is looked for: each search goes through the whole chunk
    for found, line_end in (
        (returned & closed, b"/\r\n88,"),
        (returned & ~closed, b"\r\n88,"),
        (~returned & closed, b"/\n88,"),
        (~returned & ~closed, b"\n88,"),
    ):
        if found.any():
            raw = raw.replace(line_end, separator)
    return raw


def _as_utf8(text: bytes) -> bytes:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return text.decode("cp1252").encode("utf-8")
        except UnicodeDecodeError:
            return text.decode("latin-1").encode("utf-8")
    return text


def _line_starts(newlines: Ints) -> Ints:
    """Where the lines begin that end at `newlines`."""
    return np.concatenate([np.zeros(1, dtype=np.int64), newlines[:-1] + 1]) if len(newlines) else newlines


def _is_untidy(body: Bytes, starts: Ints, newlines: Ints) -> bool:
    """Whether any line is empty or ends in blanks."""
    before = body[np.maximum(newlines - 1, 0)]
    returned = before == _RETURN
    if returned.any():
        ends = newlines - returned
        before = body[np.maximum(ends - 1, 0)]
    else:
        ends = newlines
    return bool((ends <= starts).any() or BLANK[before].any())


def _trimmed(body: Bytes, starts: Ints, ends: Ints) -> Ints:
    """Line ends without the blanks and carriage returns before them."""
    while True:
        blank = (ends > starts) & BLANK[body[np.maximum(ends - 1, 0)]]
        if not blank.any():
            return ends
        ends = ends - blank
