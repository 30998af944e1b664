"""Code words between slashes (/EREF/../REMI/../NAME/..) of many fields :86: as columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ingestion.contracts import TEXT
from ingestion.readers.byte_slices import (
    CAPITAL,
    WHITE,
    Block,
    Flags,
    Ints,
    any_between,
    block,
    by_distinct,
    byte_set,
    joined_by,
    text_column,
    trimmed,
    word_number,
    words,
)
from ingestion.readers.mt94_sepa_columns import TextColumns, reference, structured_references
from ingestion.readers.mt94_text import (
    LINE_BESIDE_TAG,
    LINE_WIDTH,
    LONGEST_LINE,
    SLASH_TAKEN,
    SLASH_WORDS,
    slash_account,
)
from ingestion.record_columns import Column
from ingestion.references import WRITTEN_OTHERWISE

_SLASH = byte_set("/")
_NUMBER_OF = {word: number for number, word in enumerate(SLASH_WORDS)}
_WORD_KEYS = np.array([word_number(word) for word in SLASH_WORDS], dtype=np.uint64)
_IN_ORDER = np.argsort(_WORD_KEYS)
_LONGEST = max(map(len, SLASH_WORDS))
_ACCOUNTS, _NAMES = ("IBAN", "ACNO", "BBAN"), ("NAME", "ORDP", "BENM", "OP")
_IS_TAKEN = np.isin(np.array(SLASH_WORDS), [*SLASH_TAKEN, "REMI", "BIC", "CNTP"])


class Words(NamedTuple):
    """Code words: the text each belongs to, its number in SLASH_WORDS, its first and last slash."""

    row: Ints
    word: Ints
    first: Ints
    last: Ints


def slash_words(texts: Block) -> Words:
    """All code words of the texts. Two may share a slash; then only the first of them is one."""
    slashes = texts.places("/")
    size = np.diff(slashes) - 1
    near = np.flatnonzero((size >= 2) & (size <= _LONGEST))
    first, last, size = slashes[near], slashes[near + 1], size[near]
    key = words(np.append(texts.array, np.zeros(8, dtype=np.uint8)), first + 1, size)
    at = np.minimum(np.searchsorted(_WORD_KEYS[_IN_ORDER], key), len(SLASH_WORDS) - 1)
    known = _WORD_KEYS[_IN_ORDER][at] == key
    row = texts.rows(first)
    known &= last < texts.end[row]
    return Words(row[known], _IN_ORDER[at[known]], first[known], last[known])


def slash_columns(texts: Block) -> tuple[TextColumns, Flags]:
    """What the code words say, and which texts are left to `read_text`."""
    texts, unread = _unwrapped(texts)
    count = len(texts.start)
    row, word, first, last = slash_words(texts)
    same_row = np.append(row[1:] == row[:-1], False)[: len(row)]
    unread[row[np.append(same_row[:-1] & (first[1:] == last[:-1]), False)[: len(row)]]] = True  # a shared slash
    end = np.where(same_row, np.append(first[1:], 0)[: len(row)], texts.end[row])
    start, end = trimmed(texts.array, last + 1, end, WHITE)
    start, end = trimmed(texts.array, *trimmed(texts.array, start, end, _SLASH), WHITE)
    filled = end > start
    present, which = np.unique(word[filled], return_inverse=True)
    at = np.full((len(present) + 1, count), -1, dtype=np.int64)  # the last row stands for the words no text has
    at[which, row[filled]] = np.flatnonzero(filled)
    row_of = np.full(len(SLASH_WORDS), len(present))
    row_of[present] = np.arange(len(present))
    unread |= np.bincount(row[filled], minlength=count) != (at >= 0).sum(axis=0)  # a word given twice

    def value(*words: str) -> Ints:
        """The number of the first of these words that a text has, -1 where it has none."""
        found: Ints = at[row_of[_NUMBER_OF[words[0]]]]
        for one in words[1:]:
            found = np.where(found >= 0, found, at[row_of[_NUMBER_OF[one]]])
        return found

    starts, ends = np.append(start, 0), np.append(end, 0)

    def column(number: Ints) -> Column:
        return text_column(texts.buffer, starts[number], ends[number])

    account, name, agent, party = value(*_ACCOUNTS), value(*_NAMES), value("BIC"), value("CNTP")
    parts = _parts(texts, starts[party], ends[party])
    unread |= (party >= 0) & ((account >= 0) | (name >= 0) | (agent >= 0))  # said twice
    unread |= (party >= 0) & (parts[2][1] < ends[party])  # more than a name

    def or_part(number: Ints, part: int) -> tuple[Ints, Ints]:
        """The value of a word, or the part of /CNTP/ that says the same."""
        start, end = parts[part]
        return np.where(number >= 0, starts[number], start), np.where(number >= 0, ends[number], end)

    name_start, name_end = trimmed(texts.array, *or_part(name, 2), WHITE)
    remittance_start, remittance_end, odd = _remittance(texts, starts[value("REMI")], ends[value("REMI")])
    blank = texts.array <= ord(" ")
    spaces = np.flatnonzero(blank[:-1] & blank[1:])
    breaks = np.flatnonzero(texts.array < ord(" "))
    crooked = any_between(spaces, name_start, name_end) | any_between(breaks, name_start, name_end)
    unread |= odd | crooked
    lead_at = np.searchsorted(row, np.arange(count))
    has_words = np.append(row, -1)[lead_at] == np.arange(count)
    lead_end = np.where(has_words, np.append(first, 0)[lead_at], texts.end)
    lead = text_column(texts.buffer, *trimmed(texts.array, texts.start, lead_end, WHITE))
    columns: TextColumns = {
        "remittance": joined_by(lead, text_column(texts.buffer, remittance_start, remittance_end)),
        "name": text_column(texts.buffer, name_start, name_end),
        "account": by_distinct(text_column(texts.buffer, *or_part(account, 0)), slash_account, WRITTEN_OTHERWISE),
        "agent": text_column(texts.buffer, *or_part(agent, 1)),
        "end_to_end_id": reference(column(value("EREF"))),
        "instruction_id": reference(column(value("PREF", "KREF"))),
        "mandate_id": reference(column(value("MARF"))),
        "ultimate_debtor": column(value("ULTD")),
        "ultimate_creditor": column(value("ULTB", "ULTC")),
        "purpose": column(value("PURP")),
        "return_reason": reference(column(value("RTRN"))),
        **structured_references(texts, remittance_start, remittance_end),
    }
    rest = filled & ~_IS_TAKEN[word]
    rest[account[account >= 0]] = False
    rest[name[name >= 0]] = False
    if rest.any():
        unread[row[rest & (start != last + 1)]] = True
        gap = np.append(row[rest][1:] == row[rest][:-1], False)
        columns["additional"] = block(texts.array, first[rest], end[rest], row[rest], count, gap).column()
    else:
        columns["additional"] = pa.nulls(count, TEXT)
    return columns, unread


def _parts(texts: Block, start: Ints, end: Ints) -> list[tuple[Ints, Ints]]:
    """The first three of the parts between slashes: account, bank and name of a party; empty where there are fewer."""
    slashes = np.append(texts.places("/"), [len(texts.array)] * 3)
    at = np.searchsorted(slashes[:-2], start)
    parts = []
    for number in range(3):
        part_end = np.minimum(slashes[at + number], end)
        parts.append((np.minimum(start, end), part_end))
        start = part_end + 1
    return parts


def _unwrapped(texts: Block) -> tuple[Block, Flags]:
    """The texts with the lines that run on joined, and which of them hold an empty line or one that parts a code word."""
    breaks = texts.places("\n")
    count = len(texts.start)
    if not len(breaks):
        return texts, np.zeros(count, dtype=bool)
    row = texts.rows(breaks)
    start = np.where(np.append(True, row[1:] != row[:-1]), texts.start[row], np.append(0, breaks[:-1] + 1))
    size = texts.lengths(start, breaks)
    longest = np.zeros(count, dtype=np.int64)
    np.maximum.at(longest, row, size)
    last_start = texts.start.copy()
    last_start[row] = breaks + 1  # the last of each text stays
    longest = np.maximum(longest, texts.lengths(last_start, texts.end))
    clean_start, clean_end = trimmed(texts.array, start, breaks, WHITE)
    empty = np.zeros(count, dtype=bool)
    empty[row[clean_end <= clean_start]] = True
    last_clean, last_end = trimmed(texts.array, last_start, texts.end, WHITE)
    empty |= last_end <= last_clean
    # a code word after the break behind its slash
    array = np.append(texts.array, 0)
    empty[row[(array[breaks - 1] == ord("/")) & CAPITAL[array[breaks + 1]]]] = True
    first = np.append(True, row[1:] != row[:-1])
    beside_tag = first & (size == LINE_BESIDE_TAG) & (longest[row] <= LONGEST_LINE)
    return texts.without(breaks[beside_tag | (size >= np.maximum(longest[row], LINE_WIDTH))]), empty


def _remittance(texts: Block, start: Ints, end: Ints) -> tuple[Ints, Ints, Flags]:
    """Text after /REMI/ without the USTD/ before it; and where it is structured (STRD/) instead."""
    array = np.append(texts.array, np.zeros(5, dtype=np.uint8))

    def begins(with_: bytes) -> Flags:
        found = end - start >= len(with_)
        for place, letter in enumerate(with_):
            found = found & (array[start + place] == letter)
        return found

    plain, structured = begins(b"USTD/"), begins(b"STRD/")
    shorter = np.where(plain, start + 5, start)
    again_start, again_end = trimmed(texts.array, shorter, end, _SLASH)
    again_start, again_end = trimmed(texts.array, again_start, again_end, WHITE)
    return np.where(plain, again_start, start), np.where(plain, again_end, end), structured
