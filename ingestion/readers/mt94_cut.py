"""Where the fields of an MT940 or MT942 file begin: tags, SWIFT headers and trailers, always at the start of a line.

The file is read three megabytes at a time; one search for line ends finds all fields of a chunk at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import BinaryIO

import numpy as np

from ingestion.readers.byte_slices import BLANK, CAPITAL, DIGIT, Bytes, Ints, byte_set
from ingestion.reading import FileRejected

CHUNK = 3 << 20
FIELD_LIMIT = 1 << 18  # bytes; SWIFT allows 390 characters in :86:, banks send a few thousand
OTHER, ENTRY, NOTE = 0, 1, 2  # kinds of field: :61: is an entry, :86: a note

# Headers and trailers. Handelsbanken's 7-bit alphabet has ä and å for the braces; ING ends a message with -XXX.
_FRAME = re.compile(
    rb"\x01?\{1:|(?:\xc3\xa4|\xe4)4:|-(?:\}|\xc3\xa5|\xe5|XXX[ \t\r]*$|[ \t\x03\x1a\r]*$)",
    re.MULTILINE,
)
_WITHIN_A_LINE = re.compile(
    rb"[ \t](:(?:61:[0-9]{6}|6[02][FM]:[CD][0-9]{6}|28C:[0-9]))|^:61:.*[ \t](:86:)", re.MULTILINE
)
_TAG_DIGITS = byte_set("268")
_FRAME_STARTS = frozenset(b"\x01{\xc3\xe4-")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PADDING = b"\n" * 32  # bytes after a position can always be looked at
_COLON, _N, _S, _FOUR, _NINE, _COMMA, _NEWLINE, _RETURN, _TAB = (ord(letter) for letter in ":NS49,\n\r\t")


@dataclass
class Fields:
    """The fields of a chunk, in file order: positions into `data`, one element a field."""

    data: bytes
    array: Bytes  # with padding after the data
    line_ends: Ints
    start: Ints  # of the tag
    content: Ints  # after the tag
    end: Ints
    line: Ints  # in the file, from 1
    kind: Ints
    offset: int  # of the chunk in the file
    first_line: int  # of the chunk
    is_last: bool  # whether the file ends with the chunk

    @cached_property
    def commas(self) -> Ints:
        """Where commas stand, and the end of the chunk."""
        return np.append(np.flatnonzero(self.array == _COMMA), len(self.data))

    @cached_property
    def odd_places(self) -> Ints:
        """What no field has that is read at once: control characters, lone carriage returns, letters beyond ASCII."""
        array = self.array[: len(self.data)]
        returns = np.flatnonzero(array == _RETURN)
        alone: Ints = returns[self.array[returns + 1] != _NEWLINE]
        if self.data.isascii() and np.count_nonzero(array < 32) == len(self.line_ends) + len(returns):
            return alone
        control = (array < 32) & (array != _NEWLINE) & (array != _RETURN) & (array != _TAB)
        places: Ints = np.sort(np.append(np.flatnonzero(control | (array >= 0x7F)), alone))
        return places

    def tag(self, number: int) -> str:
        """A tag such as `:61:`, one character a byte."""
        return self.data[self.start[number] : self.content[number]].decode("latin-1")

    def text(self, number: int) -> str:
        """What follows the tag, one character a byte."""
        return self.data[self.content[number] : self.end[number]].decode("latin-1")


def field_chunks(stream: BinaryIO) -> Iterator[Fields]:
    """The fields of a file in chunks; the last field of each is held back until its end is certain."""
    carry, offset, line, returns = b"", 0, 1, None
    while True:
        data = stream.read(CHUNK)
        if b"\0" in data:
            raise FileRejected(
                "the file holds NUL bytes: it is not a text file, or it is UTF-16",
                place=f"byte {offset + len(carry) + data.index(0)}",
                expected="SWIFT MT text, one byte a character or UTF-8",
                advice="Ask the bank for the original MT940 file; do not open and save it in an office program.",
            )
        if not offset and not carry and data.startswith(_BYTE_ORDER_MARK):
            offset, data = len(_BYTE_ORDER_MARK), data[len(_BYTE_ORDER_MARK) :]
        whole = carry + data
        if returns is None and whole:
            returns = b"\n" not in whole and b"\r" in whole
        if returns:
            whole = whole.replace(b"\r", b"\n")
        if b"\x1a" in whole:  # the end-of-file mark of DOS, in the midst of a file put together from several
            whole = whole.replace(b"\n\x1a", b" \n")
        fields = _cut(whole, offset, line, not data)
        if _has_tags_behind_blanks(fields) and (within := _WITHIN_A_LINE.search(whole)):
            raise _no_lines(line + whole.count(b"\n", 0, within.start(within.lastindex or 0)), within)
        if not data:
            yield fields
            return
        last = int(fields.content[-1]) if len(fields.content) else 0
        if len(whole) - last > FIELD_LIMIT:
            raise too_long(line + whole.count(b"\n", 0, last))
        if not len(fields.start):
            carry = whole
            continue
        held = int(fields.start[-1])
        carry = whole[held:]
        offset += held
        line = int(fields.line[-1])
        yield replace(
            fields,
            start=fields.start[:-1],
            content=fields.content[:-1],
            end=fields.end[:-1],
            line=fields.line[:-1],
            kind=fields.kind[:-1],
        )


def _has_tags_behind_blanks(fields: Fields) -> bool:
    """Whether what may be a tag stands behind a blank, which is seen at once; most files have none."""
    colons = np.flatnonzero(fields.array[: len(fields.data)] == _COLON)
    before, after = fields.array[colons - 1], fields.array[colons + 1]
    return bool(((BLANK[before]) & _TAG_DIGITS[after]).any())


def _no_lines(line: int, within: re.Match[bytes]) -> FileRejected:
    """A field that begins within a line: what holds it would swallow it."""
    return FileRejected(
        "a field does not begin a line of its own",
        place=f"line {line}",
        found=within[0][-40:].decode("latin-1").strip(),
        expected="each field at the start of a line",
        advice="The line ends were lost or lines were indented: ask the bank for the original file.",
    )


def too_long(line: int) -> FileRejected:
    """A field beyond all measure."""
    return FileRejected(
        "a field is longer than any bank statement's",
        place=f"line {line}",
        found=f"more than {FIELD_LIMIT} bytes without a new field",
        expected="MT940 fields of at most a few thousand characters",
        advice="Check that the source's format fits the file.",
    )


def _cut(data: bytes, offset: int, line: int, is_last: bool) -> Fields:
    array = np.frombuffer(data + _PADDING, dtype=np.uint8)
    line_ends = np.flatnonzero(array[: len(data)] == ord("\n"))
    starts = np.concatenate([np.zeros(1, dtype=np.int64), line_ends + 1])
    if len(starts) and starts[-1] >= len(data):
        starts = starts[:-1]
    lead = array[starts]
    width = np.zeros(len(starts), dtype=np.int64)  # of the tag, 0 where none begins
    colons = np.flatnonzero(lead == _COLON)
    at = starts[colons]
    one, two, three, four = (array[at + place] for place in (1, 2, 3, 4))
    digits = DIGIT[one] & DIGIT[two]
    message = (one == _NINE) & (two == _FOUR) & (three >= ord("0")) & (three <= ord("2"))
    short = (digits | ((one == _N) & (two == _S))) & (three == _COLON)
    long = ((digits & CAPITAL[three]) | message) & (four == _COLON)
    width[colons] = np.where(short, 4, np.where(long, 5, 0))
    for number in np.flatnonzero(np.isin(lead, list(_FRAME_STARTS))).tolist():
        found = _FRAME.match(data, int(starts[number]))
        width[number] = found.end() - found.start() if found else 0
    tagged = np.flatnonzero(width)
    start = starts[tagged]
    end = np.append(start[1:], len(data))
    kind = np.zeros(len(tagged), dtype=np.int64)
    of_four = width[tagged] == 4
    one, two = array[start + 1], array[start + 2]
    kind[of_four & (one == ord("6")) & (two == ord("1"))] = ENTRY
    kind[of_four & (one == ord("8")) & (two == ord("6"))] = NOTE
    content = start + width[tagged]
    return Fields(data, array, line_ends, start, content, end, tagged + line, kind, offset, line, is_last)
