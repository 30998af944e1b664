"""NACHA files cut into records of 94 characters, and where each field of a record lies.

Source: Nacha Operating Rules and Guidelines, appendix three (ACH record format specifications): file header and control
(1, 9), company batch header and control (5, 8; IAT and ADV have their own), entry detail (6), addenda (7).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from ingestion.readers.mt94_fields import decode
from ingestion.reading import FileRejected

WIDTH = 94
BLOCK = 10  # records
_CHUNK = 1 << 20
_RECORD_TYPES = frozenset(b"156789")
_LEAST = 55  # bytes of a record without its trailing blanks: a file control has 39 of them
_EPOCH = date(1970, 1, 1).toordinal()
_LINE_LIMIT = 4096

# Fields as (first, last) column, last exclusive, counted from 0.
FILE_HEADER = {
    "destination": (3, 13), "origin": (13, 23), "date": (23, 29), "time": (29, 33), "modifier": (33, 34), "size": (34, 37),
    "blocking": (37, 39), "format": (39, 40), "destination_name": (40, 63), "origin_name": (63, 86),
}  # fmt: skip
BATCH_HEADER = {
    "service": (1, 4), "company": (4, 20), "discretionary": (20, 40), "company_id": (40, 50), "sec": (50, 53),
    "description": (53, 63), "descriptive_date": (63, 69), "effective": (69, 75), "odfi": (79, 87), "number": (87, 94),
}  # fmt: skip
IAT_BATCH_HEADER = {
    "service": (1, 4), "indicator": (4, 20), "country": (38, 40), "company_id": (40, 50), "sec": (50, 53),
    "description": (53, 63), "currency": (63, 66), "destination_currency": (66, 69), "effective": (69, 75),
    "odfi": (79, 87), "number": (87, 94),
}  # fmt: skip
_ENTRY = {
    "code": (1, 3),
    "rdfi": (3, 11),
    "check": (11, 12),
    "amount": (29, 39),
    "indicator": (78, 79),
    "trace": (79, 94),
}
ENTRY = {**_ENTRY, "account": (12, 29), "id": (39, 54), "name": (54, 76)}
# Corporate entries count their addenda where others have the first characters of the name.
CORPORATE_ENTRY = {**_ENTRY, "account": (12, 29), "id": (39, 54), "addenda": (54, 58), "name": (58, 74)}
# A consumer's own entries (CIE, MTE) have name and number the other way round.
CONSUMER_ENTRY = {**_ENTRY, "account": (12, 29), "name": (39, 54), "id": (54, 76)}
# A card's entry (SHR) has its document and card number there, that of a truncated check (TRC, XCK) how it was processed.
CARD_ENTRY = {**_ENTRY, "account": (12, 29), "id": (43, 54), "name": (0, 0)}
TRUNCATED_ENTRY = {**_ENTRY, "account": (12, 29), "id": (39, 54), "name": (0, 0), "processed": (54, 76)}
# An international entry names the other party and its number in addenda, not here.
IAT_ENTRY = {**_ENTRY, "addenda": (12, 16), "account": (39, 74), "id": (0, 0), "name": (0, 0)}
ADV_ENTRY = {
    "code": (1, 3),
    "rdfi": (3, 11),
    "check": (11, 12),
    "amount": (27, 39),
    "name": (54, 76),
    "trace": (79, 94),
}
BATCH_CONTROL = {"count": (4, 10), "hash": (10, 20), "debits": (20, 32), "credits": (32, 44), "number": (87, 94)}
ADV_BATCH_CONTROL = {"count": (4, 10), "hash": (10, 20), "debits": (20, 40), "credits": (40, 60), "number": (87, 94)}
FILE_CONTROL = {
    "batches": (1, 7), "blocks": (7, 13), "count": (13, 21), "hash": (21, 31), "debits": (31, 43), "credits": (43, 55),
}  # fmt: skip
ADV_FILE_CONTROL = {**FILE_CONTROL, "debits": (31, 51), "credits": (51, 71)}


class Record(NamedTuple):
    """One record, padded to 94 characters."""

    text: str
    line: int
    start: int
    end: int

    def field(self, place: tuple[int, int]) -> str:
        """The characters of a field, trimmed."""
        return self.text[place[0] : place[1]].strip()


def records(stream: BinaryIO) -> Iterator[Record]:
    """The records of a file, one a line, or one after 94 characters in lines of several or without any line end.

    Lines whose trailing blanks were lost are padded, blank lines passed over. Raises `FileRejected` for other lengths.
    """
    carry, offset, line, cut, old = b"", 0, 0, False, False
    while True:
        data = stream.read(_CHUNK)
        if b"\0" in data:
            raise FileRejected(
                "the file holds NUL bytes: it is not a text file, or it is UTF-16", place=f"after line {line}",
                found="a NUL byte", expected="ASCII text", advice="Ask for the original file.",
            )  # fmt: skip
        if not line and not carry:
            data = data.removeprefix(b"\xef\xbb\xbf")
        text = carry + data
        if not line and not offset:
            cut = len(text) > WIDTH and b"\n" not in text and b"\r" not in text
            old = b"\n" not in text and b"\r" in text
        if old:  # lines that end as on old Macs
            text = text.replace(b"\r", b"\n")
        if cut:
            size = len(text) // WIDTH * WIDTH if data else len(text)
            pieces = [text[at : at + WIDTH] for at in range(0, size, WIDTH)]
            carry, step = text[size:], 0
        else:
            pieces = text.split(b"\n")
            carry, step = (pieces.pop() if data else b""), 1
        for piece in pieces:
            line += 1
            for at, part in _parts(piece):
                one = _record(part, line, offset + at)
                if one is not None:
                    yield one
            offset += len(piece) + step
        if len(carry) > _LINE_LIMIT:
            raise _too_long(line + 1, carry)
        if not data:
            return


def _parts(piece: bytes) -> list[tuple[int, bytes]]:
    """The records of a line and where they begin: one, or a block of several where one would begin every 94 characters."""
    if len(piece) > WIDTH:
        end = len(piece.rstrip(b"\r\x1a "))
        starts = range(0, end, WIDTH)
        if end - starts[-1] >= _LEAST and len(starts) > 1 and all(piece[at] in _RECORD_TYPES for at in starts):
            return [(at, piece[at : at + WIDTH]) for at in starts]
    return [(0, piece)]


def _record(piece: bytes, line: int, offset: int) -> Record | None:
    raw = piece.rstrip(b"\r\x1a ")
    if not raw.strip():
        return None
    text = raw.decode("latin-1")
    if not text.isascii():
        # a letter that takes two bytes moves the columns only where its writer counted bytes
        letters = decode(text)
        if len(text) > WIDTH or len(piece.rstrip(b"\r")) > WIDTH >= len(letters):
            text = letters
    if len(text) > WIDTH:
        raise _too_long(line, raw)
    return Record(text.ljust(WIDTH), line, offset, offset + len(piece))


def _too_long(line: int, raw: bytes) -> FileRejected:
    return FileRejected(
        "a line is no NACHA record", place=f"line {line}", found=f"{len(raw)} characters: {raw[:40].decode('latin-1')}",
        expected=f"records of {WIDTH} characters, each on its line or all on one",
        advice="Check that the source's format fits the file; an editor may have joined or wrapped its lines.",
    )  # fmt: skip


@lru_cache(maxsize=4096)
def day(yymmdd: str) -> int | None:
    """Days since 1970-01-01 of a date YYMMDD, None where it is none; 80 to 99 are the last century."""
    if len(yymmdd) != 6 or not (yymmdd.isascii() and yymmdd.isdigit()):
        return None
    year = int(yymmdd[:2])
    try:
        return date(year + (1900 if year >= 80 else 2000), int(yymmdd[2:4]), int(yymmdd[4:])).toordinal() - _EPOCH
    except ValueError:
        return None


def iso_day(days: int) -> str:
    """A day as ISO 8601 text."""
    return date.fromordinal(days + _EPOCH).isoformat()


def number(text: str) -> int | None:
    """A figure of digits alone, None where it is none."""
    return int(text) if text.isascii() and text.isdigit() else None


def routing_number_is_valid(nine: str) -> bool:
    """Whether the ninth digit of an ABA routing number checks the other eight (weights 3, 7, 1, modulo 10)."""
    if len(nine) != 9 or not (nine.isascii() and nine.isdigit()):
        return False
    return sum(int(digit) * (3, 7, 1)[place % 3] for place, digit in enumerate(nine)) % 10 == 0
