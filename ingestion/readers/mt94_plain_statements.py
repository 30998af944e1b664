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
    text_column,
    trimmed,
    word_number,
    words,
)
from ingestion.readers.mt94_cut import ENTRY, FIELD_LIMIT, NOTE, OTHER, Fields
from ingestion.readers.mt94_fields import Account
from ingestion.readers.mt94_plain import PlainEntries

_TAGS = (":20:", ":25:", ":28C:", ":28:", ":60F:", ":60M:", ":62F:", ":62M:", ":64:", ":65:", "-", "-\r")
_KEYS = np.array([word_number(tag) for tag in _TAGS], dtype=np.uint64)
_IN_ORDER = np.argsort(_KEYS)
_UNKNOWN, _ENTRY, _NOTE, _NONE = -1, -2, -3, -4
_REFERENCE, _ACCOUNT = 0, 1
_NUMBERS, _OPENINGS, _CLOSINGS, _FURTHER, _DASHES = (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)
_FIRST_BALANCE = 4
BALANCE_KINDS = (("OPBD", "60F"), ("OPBD", "60M"), ("CLBD", "62F"), ("CLBD", "62M"), ("CLAV", "64"), ("FWAV", "65"))
"""ISO code and field of each kind of balance."""
_IS_NUMBER, _IS_OPENING, _IS_CLOSING, _IS_FURTHER, _IS_DASH = (
    np.isin(np.arange(len(_TAGS) - _NONE), kinds)  # by code: the negative ones stand at the end
    for kinds in (_NUMBERS, _OPENINGS, _CLOSINGS, _FURTHER, _DASHES)
)
_CLOSE_ENTRY = np.array([tag in (":28C:", ":60F:", ":60M:", ":62F:", ":62M:", ":64:", ":65:") for tag in _TAGS])
_REFERENCE_LIMIT, _ACCOUNT_LIMIT = 100, 200  # letters that are kept
_SEQUENCE_SIZE = 18  # letters of a number and page
_WHOLE_DIGITS = 13  # amounts of more digits do not fit 64 bits with five decimals


class PlainBalances(NamedTuple):
    """Balances of fields, one element each; amounts signed and scaled by 100,000, days since 1970-01-01."""

    good: Flags  # which of them are certain
    kind: Ints  # number in `BALANCE_KINDS`
    currency: Ints  # number in `currencies`
    currencies: list[str]
    amount: Ints
    day: Ints
    line: Ints
    start: Ints  # of the field in the chunk


class PlainStatements(NamedTuple):
    """The statements of a chunk whose fields are all certain, one element each; positions in the chunk."""

    field: Ints  # the number of its first field
    next_field: Ints  # the one after its last
    start: Ints
    line: Ints
    end: Ints
    reference_start: Ints
    reference_end: Ints
    account: Ints  # number in `accounts`
    accounts: list[Account]
    sequence: Ints
    page: Ints  # -1 where there is none
    opening: Ints  # number in `balances`
    closing: Ints
    further_first: Ints  # further balances, from this number
    further_last: Ints  # to before this
    balances: PlainBalances
    first_entry: Ints  # number among the plain entries of the chunk
    last_entry: Ints  # the one after its last

    def where(self, good: Flags) -> PlainStatements:
        """Some of the statements."""
        kept = {name: getattr(self, name)[good] for name in self._fields if name not in ("accounts", "balances")}
        return self._replace(**kept)

    def run_ends(self) -> Ints:
        """For each statement the end of the run it stands in: the number after the last that follows without a gap."""
        breaks = np.flatnonzero(self.field[1:] != self.next_field[:-1]) + 1
        ends = np.append(breaks, len(self.field))
        found: Ints = ends[np.searchsorted(ends, np.arange(len(self.field)), side="right")]
        return found


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


def plain_statements(fields: Fields, tags: Tags, plain: PlainEntries, run_end: Ints) -> PlainStatements:
    """The plain statements of a chunk."""
    code, count = tags.code, len(tags.code)
    first = np.flatnonzero(code == _REFERENCE)
    end = np.append(first[1:], count)[: len(first)]  # the field after the last of the statement
    padded = np.append(code, [_UNKNOWN] * 4)
    good = (padded[first + 1] == _ACCOUNT) & _IS_NUMBER[padded[first + 2]] & _IS_OPENING[padded[first + 3]]
    closings = np.append(np.flatnonzero(_IS_CLOSING[code]), count)
    closing = closings[np.searchsorted(closings, np.minimum(first + 4, count))]
    good &= closing < end
    dashed = _IS_DASH[padded[end - 1]]
    good &= dashed | (end < count)
    tail_end = end - dashed
    tail = _IS_FURTHER[code] | ((code == _NOTE) & (fields.end - fields.content <= FIELD_LIMIT))
    not_tail = np.concatenate([[0], np.cumsum(~tail)])
    behind = np.minimum(closing + 1, count)
    good &= not_tail[np.maximum(tail_end, behind)] == not_tail[behind]
    number_of = np.full(count + 5, -1, dtype=np.int64)
    number_of[plain.field] = np.arange(len(plain))
    first_entry = number_of[first + 4]
    last_entry = np.append(run_end, 0)[first_entry]
    covered = np.append(plain.field + plain.fields, 0)[last_entry - 1] == closing
    has_entries = closing > first + 4
    good &= ~has_entries | ((first_entry >= 0) & covered)
    good &= ~any_between(fields.odd_places, fields.start[first], fields.end[np.minimum(first + 2, count - 1)])
    rows = np.flatnonzero(good)
    entries = np.where(has_entries, first_entry, 0)[rows], np.where(has_entries, last_entry, 0)[rows]
    return _read(fields, code, first[rows], closing[rows], end[rows], tail_end[rows], entries)


def _read(
    fields: Fields, code: Ints, first: Ints, closing: Ints, end: Ints, tail_end: Ints, entries: tuple[Ints, Ints]
) -> PlainStatements:
    """Statements whose fields stand in order, and whose values are certain."""
    count, start, last = len(first), fields.start, max(len(fields.start) - 1, 0)
    sequence, page, good = _sequences(fields, first + 2)
    further = np.flatnonzero(_IS_FURTHER[code])
    further_first, further_last = np.searchsorted(further, closing), np.searchsorted(further, tail_end)
    balances = _balances(fields, np.concatenate([first + 3, closing, further]), code)
    opening_good, closing_good, further_good = np.split(balances.good, [count, 2 * count])
    currency = balances.currency[:count]
    good &= opening_good & closing_good & (currency == balances.currency[count : 2 * count])
    wrong = np.concatenate([[0], np.cumsum(~further_good)])
    good &= wrong[further_last] == wrong[further_first]
    account, accounts = _accounts(fields, first + 1)
    own = np.array([balances.currencies.index(one.currency) if one.currency in balances.currencies else
                    _UNKNOWN if one.currency else _NONE for one in accounts], dtype=np.int64)[account]  # fmt: skip
    good &= (own == _NONE) | (own == currency)
    reference_start, reference_end = trimmed(fields.array, fields.content[first], fields.end[first], WHITE)
    found = PlainStatements(
        field=first,
        next_field=end,
        start=start[first],
        line=fields.line[first],
        end=np.where(tail_end < end, start[np.minimum(tail_end, last)], start[np.minimum(end, last)]),
        reference_start=reference_start,
        reference_end=np.minimum(reference_end, reference_start + _REFERENCE_LIMIT),
        account=account,
        accounts=accounts,
        sequence=sequence,
        page=page,
        opening=np.arange(count),
        closing=np.arange(count, 2 * count),
        further_first=2 * count + further_first,
        further_last=2 * count + further_last,
        balances=balances,
        first_entry=entries[0],
        last_entry=entries[1],
    )
    return found.where(good)


def _accounts(fields: Fields, at: Ints) -> tuple[Ints, list[Account]]:
    """Accounts of fields :25: as numbers in the list of the different ones."""
    start, end = trimmed(fields.array, fields.content[at], fields.end[at], WHITE)
    texts = text_column(fields.data, start, np.minimum(end, start + _ACCOUNT_LIMIT))
    encoded = texts.dictionary_encode(null_encoding="encode")
    different = [mt94_fields.account(text or "") for text in encoded.dictionary.to_pylist()]
    return encoded.indices.to_numpy().astype(np.int64), different


def _sequences(fields: Fields, at: Ints) -> tuple[Ints, Ints, Flags]:
    """Number and page (-1: none) of fields :28C:, and which are certain."""
    start, end = trimmed(fields.array, fields.content[at], fields.end[at], WHITE)
    slash, is_slash = end.copy(), fields.array == ord("/")
    for place in range(_SEQUENCE_SIZE):  # the first of them
        at = start + _SEQUENCE_SIZE - 1 - place
        found = (at < end) & is_slash[np.minimum(at, end)]
        slash = np.where(found, at, slash)
    number, good = numbers(fields.array, start, slash)
    page, page_good = numbers(fields.array, slash + 1, end)
    good &= end - start <= _SEQUENCE_SIZE
    return number, np.where(slash < end, page, -1), good & (page_good | (slash == end))


def _balances(fields: Fields, at: Ints, code: Ints) -> PlainBalances:
    """The balances of fields."""
    array = fields.array
    content, end = trimmed(array, fields.content[at], fields.end[at], WHITE)
    mark = array[content]
    date, dated = numbers(array, content + 1, content + 7)
    day, known = days_of_dates(date)
    good = ((mark == ord("C")) | (mark == ord("D"))) & known & dated
    keys, which = np.unique(words(array, content + 7, 3), return_inverse=True)
    names = [int(key).to_bytes(8, "little")[:3].decode("latin-1") for key in keys.tolist()]
    good &= np.array([name in CURRENCIES for name in names], dtype=bool)[which]
    comma = fields.commas[np.searchsorted(fields.commas, np.minimum(content + 10, len(fields.data)))]
    whole, whole_good = numbers(array, content + 10, np.minimum(comma, end))
    places = np.clip(end - comma - 1, 0, 5)
    part, part_good = numbers(array, comma + 1, comma + 1 + places)
    good &= whole_good & (comma < end) & (comma - content - 10 <= _WHOLE_DIGITS)
    good &= (end - comma - 1 <= 5) & (part_good | (places == 0)) & (fields.content[at] == content)
    amount = np.where(good, whole * 100_000 + part * 10 ** (5 - places), 0)
    return PlainBalances(
        good=good,
        kind=code[at] - _FIRST_BALANCE,
        currency=which,
        currencies=names,
        amount=np.where(mark == ord("D"), -amount, amount),
        day=day,
        line=fields.line[at],
        start=fields.start[at],
    )
