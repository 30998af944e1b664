"""The entries of an MT940 chunk that are written as the standard has it, read all at once.

Plain is a `:61:` whose subfields are all certain, with or without further lines, alone or with one `:86:`, before a field
that surely is not its text. Such an entry needs no verdict: it can be read, whatever statement it belongs to. All others are
read one by one, in `mt94_entry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ingestion.readers.byte_slices import (
    CAPITAL,
    DIGIT,
    WHITE,
    Block,
    Bytes,
    Flags,
    Ints,
    any_between,
    block,
    byte_set,
    days_of_dates,
    numbers,
    texts_block,
    trimmed,
)
from ingestion.readers.mt94_cut import ENTRY, FIELD_LIMIT, NOTE, Fields
from ingestion.readers.mt94_fields import MARKS, decode

_TYPE_TAIL = CAPITAL | DIGIT | byte_set(" ")
_SPACE = byte_set(" ")
_BREAKS = byte_set("\r\n")
_LAST_DAYS = np.array(
    [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
)  # a 29 February depends on the year: not plain
_WHOLE_DIGITS = 13  # amounts of more digits do not fit 64 bits with five decimals
MARK_ORDER = ("C", "D", "RC", "RD", "EC", "ED")
_SIGN = np.array([MARKS[mark][1] for mark in MARK_ORDER])
# The first two bytes of the blanks and line ends that Unicode has beyond ASCII; a note with one is read carefully.
_WIDE_BLANKS = {0xC2: (0x85, 0xA0), 0xE1: (0x9A,), 0xE2: (0x80, 0x81), 0xE3: (0x80,)}


@dataclass
class PlainEntries:
    """The plain entries of a chunk, one element each, in file order; positions are into the chunk."""

    field: Ints  # the number of the field :61:
    fields: Ints  # how many fields the entry has, one or two
    start: Ints
    end: Ints
    line: Ints
    value_day: Ints  # days since 1970-01-01
    month_day: Ints  # the entry date MMDD, -1 where there is none
    mark: Ints  # number in MARK_ORDER
    sign: Ints
    amount: Ints  # scaled by 100,000
    kind_start: Ints  # the transaction type, empty where there is none
    kind_end: Ints
    customer_start: Ints
    customer_end: Ints
    bank_start: Ints
    bank_end: Ints
    text: Ints  # the number of its text in `texts` and `supplements`
    texts: Block  # fields :86: in UTF-8 without carriage returns and outer line breaks, empty where there is none
    has_text: Flags
    supplements: Block  # the further lines of :61:, without carriage returns and white space around them
    has_supplement: Flags

    def __len__(self) -> int:
        return len(self.field)


def plain_entries(fields: Fields, closes: Flags, encoding: str | None) -> PlainEntries:
    """The plain entries of a chunk; `closes` says of each field whether an entry surely ends before it."""
    array = fields.array
    entries = np.flatnonzero(fields.kind == ENTRY)
    noted = np.append(fields.kind, -1)[entries + 1] == NOTE
    following = entries + 1 + noted
    good = np.append(closes, False)[following]
    note = np.minimum(entries + 1, len(fields.start) - 1)
    content, end = fields.content[entries], fields.end[entries]
    text_start = np.where(noted, fields.content[note], end)
    text_end = np.where(noted, fields.end[note], end)
    good &= (end - content <= FIELD_LIMIT) & (text_end - text_start <= FIELD_LIMIT)
    good &= ~any_between(fields.odd_places, content, end)
    # value date and entry date
    value_number, value_ok = numbers(array, content, content + 6)
    value_day, known = days_of_dates(value_number)
    good &= value_ok & known
    at = content + 6
    entry_digits = _all(DIGIT, array, at, 4)
    entry_blank = _all(_SPACE, array, at, 4)
    month_day = np.where(entry_digits, numbers(array, at, at + 4)[0], -1)
    month = np.clip(month_day // 100, 0, 12)
    good &= ~entry_digits | ((month_day // 100 == month) & _within(month_day % 100, _LAST_DAYS[month]))
    at = at + 4 * (entry_digits | entry_blank)
    # mark and funds code
    turned = (array[at] == ord("R")) | (array[at] == ord("E"))
    letter = array[at + turned]
    good &= (letter == ord("C")) | (letter == ord("D"))
    mark = (letter == ord("D")) + np.where(turned, np.where(array[at] == ord("R"), 2, 4), 0)
    at = at + 1 + turned
    at = at + CAPITAL[array[at]]
    # amount
    after = len(fields.data)
    comma = fields.commas[np.searchsorted(fields.commas, np.minimum(at, after))]
    whole, whole_ok = numbers(array, at, comma)
    good &= whole_ok & (comma - at <= _WHOLE_DIGITS) & (comma < end)
    amount, places = np.where(good, whole, 0), np.zeros(len(entries), dtype=np.int64)
    inside = np.ones(len(entries), dtype=bool)
    for place in range(1, 6):
        digit = array[comma + place]
        inside = inside & DIGIT[digit]
        amount = amount * 10 + np.where(inside, digit - np.uint8(ord("0")), 0)
        places += inside
    at = comma + 1 + places
    good &= ~(DIGIT[array[at]] | (array[at] == ord(".")) | (array[at] == ord(",")))
    # transaction type and references, up to the end of the line
    good &= (array[at] != ord(" ")) & (array[at] != ord("\t"))
    typed = CAPITAL[array[at]] & _all(_TYPE_TAIL, array, at + 1, 3)
    kind_start, at = at, at + 4 * typed
    content_end = trimmed(array, content, end, WHITE)[1]
    line_end = np.append(fields.line_ends, len(array))[np.searchsorted(fields.line_ends, content)]
    rest_end = np.minimum(line_end, end)
    supplements = _supplements(fields, np.minimum(rest_end, content_end), content_end)
    doubles = np.append(np.flatnonzero((array[:-1] == ord("/")) & (array[1:] == ord("/"))), len(array))
    double = doubles[np.searchsorted(doubles, at)]
    split = double < rest_end
    texts = _texts(fields, text_start, text_end, encoding)
    good &= ~_has_odd_text(texts)
    has_supplement = supplements.end > supplements.start
    kept = np.flatnonzero(good)
    trimmed_start, trimmed_end = trimmed(texts.array, texts.start, texts.end, WHITE)
    return PlainEntries(
        field=entries[kept],
        fields=(1 + noted)[kept],
        start=fields.start[entries][kept],
        end=text_end[kept],
        line=fields.line[entries][kept],
        value_day=value_day[kept],
        month_day=month_day[kept],
        mark=mark[kept],
        sign=_SIGN[mark[kept]],
        amount=amount[kept],
        kind_start=kind_start[kept],
        kind_end=at[kept],
        customer_start=at[kept],
        customer_end=np.where(split, double, rest_end)[kept],
        bank_start=np.where(split, double + 2, rest_end)[kept],
        bank_end=rest_end[kept],
        text=kept,
        texts=texts,
        has_text=(trimmed_end > trimmed_start)[kept],
        supplements=supplements,
        has_supplement=has_supplement[kept],
    )


def _all(table: Flags, array: Bytes, at: Ints, count: int) -> Flags:
    """Whether the `count` bytes from each place are all in the table."""
    found: Flags = table[array[at]]
    for place in range(1, count):
        found = found & table[array[at + place]]
    return found


def _within(number: Ints, last: Ints) -> Flags:
    found: Flags = (number >= 1) & (number <= last)
    return found


def _texts(fields: Fields, start: Ints, end: Ints, encoding: str | None) -> Block:
    """The texts of fields :86: as UTF-8, without the carriage returns before line ends."""
    found = block(fields.array, *trimmed(fields.array, start, end, _BREAKS), np.arange(len(start)), len(start))
    if not (fields.data.isascii() or (encoding is None and _is_utf8(fields.data))):
        found = _decoded(found, encoding)
    returns = found.places("\r")
    before_end = np.append(found.array, 0)[returns + 1] == ord("\n")
    return found.without_letter("\r") if before_end.all() else found.without(returns[before_end])


def _supplements(fields: Fields, start: Ints, end: Ints) -> Block:
    """Supplementary details, which hold ASCII letters only, as all of a :61: that is read at once."""
    rows = np.flatnonzero(end > start)
    found = block(fields.array, *trimmed(fields.array, start[rows], end[rows], WHITE), rows, len(start))
    return found.without_letter("\r")


def _decoded(texts: Block, encoding: str | None) -> Block:
    """Texts as `decode` has them, in UTF-8; all at once where no single one has to be tried in two encodings."""
    sizes = _utf8_sizes(encoding or "cp1252")
    places = np.flatnonzero(texts.array >= 0x80)
    if sizes is not None and (encoding is not None or _are_none_utf8(texts, places)):
        try:
            buffer = texts.buffer.decode(encoding or "cp1252").encode()
        except UnicodeDecodeError:
            pass
        else:
            grown = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes[texts.array[places]] - 1)])
            offsets = texts.offsets + grown[np.searchsorted(places, texts.offsets)]
            if offsets[-1] == len(buffer):
                return Block(buffer, np.frombuffer(buffer, dtype=np.uint8), offsets)
    return texts_block(
        decode(texts.buffer[first:last].decode("latin-1"), encoding)
        for first, last in zip(texts.start.tolist(), texts.end.tolist(), strict=True)
    )


def _are_none_utf8(texts: Block, places: Ints) -> bool:
    """Whether surely no text with letters beyond ASCII is UTF-8: each has a first byte of two that no second one follows."""
    array = texts.array
    after = np.append(array, np.uint8(0))[places + 1]
    alone = places[(array[places] >= 0xC0) & ((after < 0x80) | (after > 0xBF))]
    return bool((any_between(alone, texts.start, texts.end) | ~any_between(places, texts.start, texts.end)).all())


@lru_cache(maxsize=16)
def _utf8_sizes(encoding: str) -> Ints | None:
    """By byte, how many bytes its letter takes in UTF-8; None for an encoding that is not ASCII and one byte a letter."""
    try:
        letters = bytes(range(256)).decode(encoding, "replace")
    except (LookupError, UnicodeDecodeError):
        return None
    if len(letters) != 256 or not letters.startswith(bytes(range(128)).decode("ascii")) or letters.count("\ufffd") > 64:
        return None  # UTF-8 itself has no letter of one byte beyond ASCII
    return np.array([len(letter.encode("utf-8", "replace")) for letter in letters])


def _has_odd_text(texts: Block) -> Flags:
    """Which texts hold control characters or blanks beyond ASCII."""
    array, odd = texts.array, [np.zeros(0, dtype=np.int64)]
    if np.count_nonzero(array < 32) > texts.buffer.count(b"\n"):
        odd.append(np.flatnonzero((array < 32) & (array != ord("\n")) & (array != ord("\t"))))
    if not texts.buffer.isascii():
        after = np.append(array[1:], np.uint8(0))
        for first, seconds in _WIDE_BLANKS.items():
            odd.append(np.flatnonzero((array == first) & np.isin(after, seconds)))
    return any_between(np.sort(np.concatenate(odd)), texts.start, texts.end)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
