"""The accounts of a BAI2 chunk that are written plainly, read and proven all at once.

Plain is an account (03) whose fields are all certain and whose transactions (16) are followed by its trailer (49), with totals that
agree. Such an account can be taken, whatever group it stands in. All others are walked record by record, and what is wrong with
them is said there.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ingestion.currencies import CURRENCIES
from ingestion.readers.bai2_details import PLAIN_LIMIT, Details, type_codes
from ingestion.readers.bai2_lines import COMMA, Lines
from ingestion.readers.bai2_structure import Runs
from ingestion.readers.byte_slices import (
    BLANK,
    Block,
    Bytes,
    Flags,
    Ints,
    any_between,
    block,
    byte_set,
    numbers,
    trimmed,
    words,
)

FEW = 32  # accounts of a chunk: fewer are walked sooner than they are looked at all at once
_NET_LIMIT = 10 * PLAIN_LIMIT  # in minor units; scaled by 100,000 it still fits 64 bits
_SUMMARY_LIMIT = 64  # summaries of an account; one with more is walked
_IDENTIFIER_LIMIT = 40  # characters
_PRINTABLE = byte_set("".join(map(chr, range(ord(" "), 127))))
_FUNDS_FIELDS = np.full(256, -1)  # by funds type: how many fields it brings; -1 for what is none or counts its own
_FUNDS_FIELDS[[ord(letter) for letter in "012Z"]] = 0
_FUNDS_FIELDS[[ord("V"), ord("S")]] = 2, 3
_MINUS, _PLUS = ord("-"), ord("+")


class Summaries(NamedTuple):
    """Amounts of accounts (03), in the order of the accounts and their fields; one element each."""

    account: Ints  # number among the accounts
    code: Ints
    amount: Ints  # minor units
    items: Ints  # how many transactions it sums, -1 where the bank does not say

    def where(self, good: Flags) -> Summaries:
        """The summaries of the accounts that are good, which are numbered anew."""
        kept = good[self.account]
        number = np.cumsum(good) - 1
        return Summaries(number[self.account[kept]], self.code[kept], self.amount[kept], self.items[kept])

    def first_of(self, code: int, accounts: int) -> Ints:
        """By account, the number of its first summary of a code; -1 where it has none."""
        found = np.full(accounts, -1)
        rows = np.flatnonzero(self.code == code)[::-1]
        found[self.account[rows]] = rows
        return found


class PlainAccounts(NamedTuple):
    """The plain accounts of a chunk, one element each, in file order; amounts in minor units."""

    header: Ints  # the logical record 03
    trailer: Ints  # the logical record 49
    first: Ints  # its first transaction of the chunk
    last: Ints  # the one after its last
    texts: Block  # of the records 03
    id_start: Ints  # the account number in the texts
    id_end: Ints
    currency: Ints  # number in `currencies`, -1 where the account names none
    currencies: list[str]
    total: Ints  # of all amounts, as the trailer proves it
    net: Ints  # of the transactions that can be loaded
    entries: Ints  # how many these are
    summaries: Summaries

    def run_ends(self) -> Ints:
        """For each account the end of the run it stands in: the number after the last that follows without a gap."""
        breaks = np.flatnonzero(self.header[1:] != self.trailer[:-1] + 1) + 1
        ends = np.append(breaks, len(self.header))
        found: Ints = ends[np.searchsorted(ends, np.arange(len(self.header)), side="right")]
        return found


def plain_accounts(lines: Lines, found: Details, sums: Runs) -> PlainAccounts:
    """The plain accounts of a chunk."""
    others = np.flatnonzero(lines.code != 16)
    code = lines.code[others]
    at = np.flatnonzero((code[:-1] == 3) & (code[1:] == 49))
    if len(at) < FEW:
        at = at[:0]
    header, trailer = others[at], others[at + 1]
    first, last = np.searchsorted(found.index, header), np.searchsorted(found.index, trailer)
    fields, every = _Fields(lines, header), np.arange(len(header))
    identifier, named = fields.of(every, np.ones_like(every), 2)
    id_start, id_end, id_good = _identifiers(fields.array, *identifier)
    currency, currencies, currency_good = _currencies(fields.array, *named)
    summaries, summaries_good = _summaries(fields)
    total = sums.total[last] - sums.total[first]
    np.add.at(total, summaries.account, summaries.amount)
    net = sums.net[last] - sums.net[first]
    good = id_good & currency_good & summaries_good & (np.abs(net) < _NET_LIMIT)
    good &= ~any_between(sums.special_rows, first, last) & _proven(lines, header, trailer, total)
    return PlainAccounts(
        header=header[good],
        trailer=trailer[good],
        first=first[good],
        last=last[good],
        texts=fields.texts,
        id_start=id_start[good],
        id_end=id_end[good],
        currency=currency[good],
        currencies=currencies,
        total=total[good],
        net=net[good],
        entries=(sums.good[last] - sums.good[first])[good],
        summaries=summaries if good.all() else summaries.where(good),
    )


class _Fields:
    """The fields of some records, also where they go on in records 88; field 0 is the record code."""

    def __init__(self, lines: Lines, record: Ints) -> None:
        self.texts = block(lines.array, lines.start[record], lines.end[record], np.arange(len(record)), len(record))
        self.array = np.append(self.texts.array, np.zeros(8, dtype=np.uint8))
        self.separator, self.continued = lines.separator[0], lines.continued
        ends = np.flatnonzero((self.array == COMMA) | (self.array == self.separator))
        before = np.searchsorted(ends, self.texts.offsets)
        self.at, self.count = before[:-1], np.diff(before) + 1
        self.places = np.append(ends, len(self.array))

    def of(self, row: Ints, number: Ints, count: int) -> list[tuple[Ints, Ints]]:
        """Start and end of `count` fields of these records, from field `number` on; empty, at the record's end, where they are
        left out."""
        end, at, last = self.texts.end[row], self.at[row] + number - 1, len(self.places) - 1
        edges = [np.minimum(self.places[np.minimum(at + step, last)], end) for step in range(count + 1)]
        return [(np.minimum(before + 1, end), after) for before, after in pairwise(edges)]


def _identifiers(array: Bytes, start: Ints, end: Ints) -> tuple[Ints, Ints, Flags]:
    """Account numbers trimmed, and which of them are of printable ASCII letters."""
    start, end = trimmed(array, start, end, BLANK)
    size = end - start
    good = (size >= 1) & (size <= _IDENTIFIER_LIMIT)
    for place in range(int(size[good].max()) if good.any() else 0):
        good &= (place >= size) | _PRINTABLE[array[np.minimum(start + place, len(array) - 1)]]
    return start, end, good


def _currencies(array: Bytes, start: Ints, end: Ints) -> tuple[Ints, list[str], Flags]:
    """The number of each currency in the list that is given with it, -1 for an empty field; and which are of ISO 4217."""
    empty = end == start
    keys, which = np.unique(words(array, start, 3), return_inverse=True)
    names = [int(key).to_bytes(8, "little")[:3].decode("latin-1") for key in keys.tolist()]
    known = np.array([name in CURRENCIES for name in names], dtype=bool)
    return np.where(empty, -1, which), names, empty | (known[which] & (end - start == 3))


def _summaries(fields: _Fields) -> tuple[Summaries, Flags]:
    """The repeating groups of records 03: type, amount, item count, funds type and what it brings; and which records are
    nothing else.

    Each turn looks at one group of every record that has one left. A group without an amount says nothing.
    """
    array, count = fields.array, len(fields.count)
    good: Flags = np.ones(count, dtype=np.bool_)
    row, place = np.arange(count), np.full(count, 3)
    found: list[tuple[Ints, ...]] = []
    for _ in range(_SUMMARY_LIMIT):
        left = place < fields.count[row]
        if not left.all():
            row, place = row[left], place[left]
        if not len(row):
            break
        (start, end), amount, items, (funds, funds_end) = fields.of(row, place, 4)
        empty = end == start  # a bank's empty group, or the comma before a continuation
        code, code_good = type_codes(array, start, end)
        size = funds_end - funds
        brings = np.where(size == 0, 0, _FUNDS_FIELDS[array[funds]])
        fine = empty | (code_good & (size <= 1) & (brings >= 0))
        good[row[~fine]] = False
        said = fine & ~empty & (amount[1] > amount[0])
        for _, after in (
            (amount, items) if fields.continued else ()
        ):  # a continuation within a group, or behind one that leaves something out
            good[row[said & (array[after] == fields.separator)]] = False
        columns = (row, code, *amount, *items)
        found.append(columns if said.all() else tuple(column[said] for column in columns))
        place = np.where(empty, place + 1, place + 4 + brings)
        if not fine.all():
            row, place = row[fine], place[fine]
    good[row] = False  # what is left has more
    return _read_summaries(array, found, good)


def _read_summaries(array: Bytes, found: list[tuple[Ints, ...]], good: Flags) -> tuple[Summaries, Flags]:
    """The groups found, in the order of their records; those with an amount or count that is none spoil theirs."""
    if not found:
        nothing = np.zeros(0, dtype=np.int64)
        return Summaries(nothing, nothing, nothing, nothing), good
    row, code, start, end, count_start, count_end = (np.concatenate(column) for column in zip(*found, strict=True))
    amount, fine = _signed_numbers(array, start, end)
    fine &= np.abs(amount) < PLAIN_LIMIT
    given = np.flatnonzero(count_end > count_start)
    items = np.full(len(row), -1)
    items[given], counted = numbers(array, count_start[given], count_end[given])
    fine[given] &= counted & ((count_end - count_start)[given] < 10)
    good[row[~fine]] = False
    order = np.argsort(row, kind="stable")
    return Summaries(row[order], code[order], amount[order], items[order]), good


def _signed_numbers(array: Bytes, start: Ints, end: Ints) -> tuple[Ints, Flags]:
    """Numbers with or without a sign, and which slices are such."""
    sign = array[start]
    if not (sign < ord("0")).any():
        return numbers(array, start, end)
    value, good = numbers(array, np.minimum(start + ((sign == _MINUS) | (sign == _PLUS)), end), end)
    return np.where(sign == _MINUS, -value, value), good


def _proven(lines: Lines, header: Ints, trailer: Ints, total: Ints) -> Flags:
    """Which trailers declare the sum and the number of records that were counted; an empty field declares nothing."""
    fields, every = _Fields(lines, trailer), np.arange(len(trailer))
    (start, end), (count_start, count_end) = fields.of(every, np.ones_like(every), 2)
    declared, known = _signed_numbers(fields.array, start, end)
    good = (end == start) | (known & (declared == total))
    declared, known = numbers(fields.array, count_start, count_end)
    physical = np.append(lines.physical, lines.physical_total)
    proven: Flags = good & (
        (count_end == count_start) | (known & (declared == physical[trailer + 1] - physical[header]))
    )
    return proven
