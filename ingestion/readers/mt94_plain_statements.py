"""The statements of an MT940 chunk that are written as the standard has it, their fields read all at once.

Plain is a statement of `:20:`, `:25:`, `:28C:`, an opening balance, plain entries, a closing balance and further balances or texts,
each of whose values is certain, up to the dash that ends it or the next `:20:`. All others are walked field by field.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ingestion.currencies import CURRENCIES
from ingestion.readers import mt94_fields
from ingestion.readers.byte_slices import (
    WHITE,
    Flags,
    Ints,
    any_between,
    days_of_dates,
    numbers,
    trimmed,
    word_number,
    words,
)
from ingestion.readers.mt94_cut import ENTRY, FIELD_LIMIT, NOTE, OTHER, Fields
from ingestion.readers.mt94_fields import Account, Balance
from ingestion.readers.mt94_plain import PlainEntries, odd_places

_TAGS = (":20:", ":25:", ":28C:", ":28:", ":60F:", ":60M:", ":62F:", ":62M:", ":64:", ":65:", "-", "-\r")
_KEYS = np.array([word_number(tag) for tag in _TAGS], dtype=np.uint64)
_IN_ORDER = np.argsort(_KEYS)
_UNKNOWN, _ENTRY, _NOTE = -1, -2, -3
_REFERENCE, _ACCOUNT = 0, 1
_NUMBERS, _OPENINGS, _CLOSINGS, _FURTHER, _DASHES = (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)
_BALANCES = {
    4: ("OPBD", "60F"),
    5: ("OPBD", "60M"),
    6: ("CLBD", "62F"),
    7: ("CLBD", "62M"),
    8: ("CLAV", "64"),
    9: ("FWAV", "65"),
}
_CLOSE_ENTRY = np.array([tag in (":28C:", ":60F:", ":60M:", ":62F:", ":62M:", ":64:", ":65:") for tag in _TAGS])
_WHOLE_DIGITS = 13  # amounts of more digits do not fit 64 bits with five decimals


class PlainStatement(NamedTuple):
    """A statement whose fields are all certain; positions in the file."""

    start: int
    line: int
    end: int
    reference: str | None
    account: Account
    sequence: int
    page: int | None
    opening: tuple[Balance, int, int]  # with its line and start
    closing: tuple[Balance, int, int]
    further: list[tuple[Balance, int, int]]
    first_entry: int  # number among the plain entries of the chunk
    last_entry: int  # the one after its last
    next_field: int


class Tags:
    """The tags of the fields of a chunk as numbers: those of `_TAGS`, entries, notes and all others."""

    def __init__(self, fields: Fields) -> None:
        size = fields.content - fields.start
        key = words(fields.array, fields.start, np.minimum(size, 7))
        at = np.minimum(np.searchsorted(_KEYS[_IN_ORDER], key), len(_TAGS) - 1)
        known = (fields.kind == OTHER) & (size <= 5) & (_KEYS[_IN_ORDER][at] == key)
        self.code = np.where(
            known, _IN_ORDER[at], np.where(fields.kind == ENTRY, _ENTRY, np.where(fields.kind == NOTE, _NOTE, _UNKNOWN))
        )

    @property
    def others(self) -> list[int]:
        """The fields whose tag has to be looked at."""
        found: list[int] = np.flatnonzero(self.code == _UNKNOWN).tolist()
        return found

    @property
    def close_entry(self) -> Flags:
        """Before which fields, of those whose tag is known, an entry surely ends."""
        closes: Flags = (self.code == _ENTRY) | ((self.code >= 0) & _CLOSE_ENTRY[np.maximum(self.code, 0)])
        return closes


def plain_statements(fields: Fields, tags: Tags, plain: PlainEntries, run_end: Ints) -> dict[int, PlainStatement]:
    """The plain statements of a chunk by the number of their first field."""
    code, count = tags.code, len(tags.code)
    first = np.flatnonzero(code == _REFERENCE)
    if not len(first):
        return {}
    end = np.append(first[1:], count)  # the field after the last of the statement
    padded = np.append(code, [_UNKNOWN] * 4)
    good = (
        (padded[first + 1] == _ACCOUNT) & np.isin(padded[first + 2], _NUMBERS) & np.isin(padded[first + 3], _OPENINGS)
    )
    closings = np.append(np.flatnonzero(np.isin(code, _CLOSINGS)), count)
    closing = closings[np.searchsorted(closings, np.minimum(first + 4, count))]
    good &= closing < end
    dashed = np.isin(padded[end - 1], _DASHES)
    good &= dashed | (end < count)
    tail_end = end - dashed
    tail = np.isin(code, _FURTHER) | ((code == _NOTE) & (fields.end - fields.content <= FIELD_LIMIT))
    not_tail = np.concatenate([[0], np.cumsum(~tail)])
    behind = np.minimum(closing + 1, count)
    good &= not_tail[np.maximum(tail_end, behind)] == not_tail[behind]
    number_of = np.full(count + 5, -1, dtype=np.int64)
    number_of[plain.field] = np.arange(len(plain))
    first_entry = number_of[first + 4]
    last_entry = np.append(run_end, 0)[first_entry]
    covered = np.append(plain.field + plain.fields, 0)[last_entry - 1] == closing
    good &= (closing == first + 4) | ((first_entry >= 0) & covered)
    good &= ~any_between(odd_places(fields), fields.start[first], fields.end[np.minimum(first + 2, count - 1)])
    rows = np.flatnonzero(good)
    return _read(
        fields, code, first[rows], closing[rows], end[rows], tail_end[rows], first_entry[rows], last_entry[rows]
    )


def _read(
    fields: Fields,
    code: Ints,
    first: Ints,
    closing: Ints,
    end: Ints,
    tail_end: Ints,
    first_entry: Ints,
    last_entry: Ints,
) -> dict[int, PlainStatement]:
    sequence, page, good = _sequences(fields, first + 2)
    further = np.flatnonzero(np.isin(code, _FURTHER))
    from_, to = np.searchsorted(further, closing), np.searchsorted(further, tail_end)
    balances = _Balances(fields, np.concatenate([first + 3, closing, further]), code)
    count = len(first)
    opening_good, closing_good, further_good = np.split(balances.good, [count, 2 * count])
    good &= opening_good & closing_good & (balances.currency[:count] == balances.currency[count : 2 * count])
    wrong = np.concatenate([[0], np.cumsum(~further_good)])
    good &= wrong[to] == wrong[from_]
    text_start, text_end = (edge.tolist() for edge in trimmed(fields.array, fields.content, fields.end, WHITE))
    data, start, line = fields.data, fields.start, fields.line
    after = np.where(
        tail_end < end, start[np.minimum(tail_end, len(start) - 1)], start[np.minimum(end, len(start) - 1)]
    )
    found: dict[int, PlainStatement] = {}
    columns = (
        first,
        closing,
        end,
        after,
        sequence,
        page,
        from_,
        to,
        first_entry,
        last_entry,
        start[first],
        line[first],
    )
    for at, row in zip(
        np.flatnonzero(good).tolist(), zip(*(column[good].tolist() for column in columns), strict=True), strict=True
    ):
        (
            field,
            closes,
            ends,
            byte_end,
            number,
            of,
            further_from,
            further_to,
            entry_from,
            entry_to,
            begins,
            begins_line,
        ) = row
        account = mt94_fields.account(data[text_start[field + 1] : text_end[field + 1]].decode("ascii")[:200])
        opening = balances.placed[at]
        if account.currency not in (None, opening[0].currency):
            continue
        has_entries = closes > field + 4
        found[field] = PlainStatement(
            begins + fields.offset,
            begins_line,
            byte_end + fields.offset,
            data[text_start[field] : text_end[field]].decode("ascii")[:100] or None,
            account,
            number,
            of if of >= 0 else None,
            opening,
            balances.placed[count + at],
            balances.placed[2 * count + further_from : 2 * count + further_to],
            entry_from if has_entries else 0,
            entry_to if has_entries else 0,
            ends,
        )
    return found


def _sequences(fields: Fields, at: Ints) -> tuple[Ints, Ints, Flags]:
    """Number and page (-1: none) of fields :28C:, and which are certain."""
    start, end = trimmed(fields.array, fields.content[at], fields.end[at], WHITE)
    slashes = np.append(np.flatnonzero(fields.array[: len(fields.data)] == ord("/")), len(fields.data))
    slash = np.minimum(slashes[np.searchsorted(slashes, start)], end)
    number, good = numbers(fields.array, start, slash)
    page, page_good = numbers(fields.array, slash + 1, end)
    return number, np.where(slash < end, page, -1), good & (page_good | (slash == end))


class _Balances:
    """Balances of fields, and which of them are certain."""

    def __init__(self, fields: Fields, at: Ints, code: Ints) -> None:
        array = fields.array
        content, end = trimmed(array, fields.content[at], fields.end[at], WHITE)
        mark = array[content]
        day, known = days_of_dates(numbers(array, content + 1, content + 7)[0])
        good = ((mark == ord("C")) | (mark == ord("D"))) & known & numbers(array, content + 1, content + 7)[1]
        self.currency = words(array, content + 7, 3)
        keys, which = np.unique(self.currency, return_inverse=True)
        names = [int(key).to_bytes(8, "little")[:3].decode("latin-1") for key in keys.tolist()]
        good &= np.array([name in CURRENCIES for name in names], dtype=bool)[which]
        after = len(fields.data)
        commas = np.append(np.flatnonzero(array == ord(",")), after)
        comma = commas[np.searchsorted(commas, np.minimum(content + 10, after))]
        whole, whole_good = numbers(array, content + 10, np.minimum(comma, end))
        places = np.clip(end - comma - 1, 0, 5)
        part, part_good = numbers(array, comma + 1, comma + 1 + places)
        good &= whole_good & (comma < end) & (comma - content - 10 <= _WHOLE_DIGITS)
        good &= (end - comma - 1 <= 5) & (part_good | (places == 0)) & (fields.content[at] == content)
        self.good: Flags = good
        amount = np.where(good, whole * 100_000 + part * 10 ** (5 - places), 0)
        amount = np.where(mark == ord("D"), -amount, amount)
        kinds, natives = zip(*(_BALANCES[kind] for kind in code[at].tolist()), strict=True) if len(at) else ((), ())
        currencies = [names[one] for one in which.tolist()]
        values = map(Balance._make, zip(kinds, natives, currencies, amount.tolist(), day.tolist(), strict=True))
        start = fields.start[at] + fields.offset
        self.placed = list(zip(values, fields.line[at].tolist(), start.tolist(), strict=True))  # with line and start
