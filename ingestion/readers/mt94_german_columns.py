"""German subfields (nnn?00..?10..?20..?29?30..) of many fields :86: as columns."""

from __future__ import annotations

import numpy as np

from ingestion.readers.byte_slices import DIGIT, WHITE, Block, Flags, Ints, block, by_distinct, text_column, trimmed
from ingestion.readers.mt94_sepa_columns import TextColumns, sepa_columns
from ingestion.readers.mt94_text import SUBFIELD_WIDTH
from ingestion.references import WRITTEN_OTHERWISE, account_id

_PURPOSE = range(20, 30)
_FURTHER = range(60, 64)
_AGENT, _ACCOUNT, _NAMES, _IBAN = 30, 31, (32, 33), 38


def _codes(*codes: int) -> Flags:
    table = np.zeros(100, dtype=bool)
    table[list(codes)] = True
    return table


SUBFIELD_CODES = _codes(0, 10, *_PURPOSE, *range(30, 39), *_FURTHER)
"""By number: whether it is the code of a subfield."""
_IS_PURPOSE, _IS_FURTHER, _IS_NAME = _codes(*_PURPOSE), _codes(*_FURTHER), _codes(*_NAMES)
_IS_OTHER = SUBFIELD_CODES & ~_codes(*_PURPOSE, *_FURTHER, _AGENT, _ACCOUNT, *_NAMES, _IBAN)


def german_columns(texts: Block, separator: str, has_code: Flags) -> tuple[TextColumns, Flags]:
    """What the subfields say, and which texts are left to `read_text`; `has_code`: three digits stand before the first."""
    texts = texts.without_letter("\n")
    count = len(texts.start)
    array = np.append(texts.array, np.zeros(2, dtype=np.uint8))
    places = texts.places(separator)
    places = places[DIGIT[array[places + 1]] & DIGIT[array[places + 2]]]
    row = texts.rows(places)
    code = (array[places + 1].astype(np.int64) - 48) * 10 + array[places + 2] - 48
    whole = places + 2 < texts.end[row]
    known = SUBFIELD_CODES[code] & whole
    unread = np.zeros(count, dtype=bool)
    unread[row[whole & ~known]] = True  # a bank's own subfield
    places, row, code = places[known], row[known], code[known]
    start = places + 3
    end = np.where(np.append(row[1:] != row[:-1], True), texts.end[row], np.append(places[1:], 0))
    purpose = _IS_PURPOSE[code] | _IS_FURTHER[code]
    # purposes after further purposes would have to change places
    whose, further = row[purpose], _IS_FURTHER[code[purpose]]
    unread[whose[1:][~further[1:] & further[:-1] & (whose[1:] == whose[:-1])]] = True
    remittance = _run_on(texts, start[purpose], end[purpose], row[purpose], "\n")
    name = _IS_NAME[code]
    other = np.flatnonzero(_IS_OTHER[code])
    other_start, other_end = trimmed(texts.array, start[other], end[other], WHITE)
    filled = other_end > other_start
    other, other_start, other_end = other[filled], other_start[filled], other_end[filled]
    gap = np.append(row[other][1:] == row[other][:-1], False)[: len(other)]
    additional = block(texts.array, other_start, other_end, row[other], count, gap).column()
    columns, uncertain = sepa_columns(remittance, additional)
    clean_start, clean_end = trimmed(texts.array, start, end, WHITE)

    def value(of: int) -> tuple[Ints, Ints]:
        """The last subfield of a code in each text, trimmed."""
        chosen = np.flatnonzero(code == of)
        first, after = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        first[row[chosen]], after[row[chosen]] = clean_start[chosen], clean_end[chosen]
        return first, after

    account_start, account_end = value(_ACCOUNT)
    iban_start, iban_end = value(_IBAN)
    has_iban = iban_end > iban_start
    accounts = text_column(
        texts.buffer, np.where(has_iban, iban_start, account_start), np.where(has_iban, iban_end, account_end)
    )
    columns["name"] = _run_on(texts, start[name], end[name], row[name], " ").column()
    columns["account"] = by_distinct(accounts, account_id, WRITTEN_OTHERWISE)
    columns["agent"] = text_column(texts.buffer, *value(_AGENT))
    columns["transaction_code"] = text_column(texts.buffer, texts.start, texts.start + 3 * has_code)
    return columns, unread | uncertain


def _run_on(texts: Block, start: Ints, end: Ints, row: Ints, gap: str) -> Block:
    """Subfields as one text: one as long as the longest (and at least the width) runs on, after a shorter one is a gap."""
    count = len(texts.start)
    if not len(row):
        return block(texts.array, start, end, row, count)
    size = texts.lengths(start, end)
    first = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
    longest = np.repeat(np.maximum.reduceat(size, first), np.diff(np.append(first, len(row))))
    last = np.append(row[1:] != row[:-1], True)
    ends = ~last & (size < np.maximum(longest, SUBFIELD_WIDTH)) & (size > 0)
    return block(texts.array, start, end, row, count, ends, gap)
