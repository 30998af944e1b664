"""BAI2 transactions (record 16) as arrays: every field of every transaction of a chunk found at once, as positions.

Only transactions of an unusual form (signed or very large amounts, fields over several lines, funds by days, fields left out)
are walked one by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from ingestion.readers.bai2_fields import DIRECTIONS, FUNDS_EXTRA, amount, day
from ingestion.readers.bai2_lines import Lines
from ingestion.readers.byte_slices import (
    BLANK,
    Bytes,
    Flags,
    Ints,
    byte_set,
    days_of_dates,
    numbers,
    text_column,
    trimmed,
)
from ingestion.record_columns import Column

PLAIN_LIMIT = 10**12  # minor units; an amount beyond is counted in Python's integers
_SMALL, _FULL, _NEXT_DAY, _UNKNOWN, _VALUED, _SIMPLE = (ord(letter) for letter in "012ZVS")


@dataclass
class Details:
    """The transactions of a chunk: positions and values, one element each."""

    index: Ints  # which logical record
    type_code: Ints  # -1 where it is none
    sign: Ints  # 1 credit, -1 debit, 0 where the type code has no direction
    amount: Ints  # minor units; 0 where `large` holds it
    large: dict[int, int]  # amounts beyond twelve digits, or signed
    unreadable: dict[int, tuple[str, str]]  # field and what was found
    value_day: Ints  # days since 1970-01-01, where `dated`
    dated: Flags
    bad_dates: dict[int, str]  # value dates that no calendar has
    good: Flags  # what can be loaded
    immediate: Flags
    bank_start: Ints
    bank_end: Ints
    customer_start: Ints
    customer_end: Ints
    text_start: Ints
    text_end: Ints

    def exact(self, row: int) -> int:
        """The amount of one transaction, however large, in minor units."""
        return self.large.get(row, int(self.amount[row]))


def details(lines: Lines) -> Details:
    """All transactions of a chunk."""
    array = lines.array
    index = np.flatnonzero(lines.code == 16)
    start, end = lines.start[index], lines.end[index]
    size = len(array)
    commas = np.append(lines.commas if len(index) else index, np.full(12, size - 1))
    split_at = lines.split[index]
    head_end = np.minimum(split_at, end)  # where the first physical record ends
    at = lines.commas_before[index]
    given = lines.commas_before[index + 1] - at - 1  # commas after the record code's
    going_on = np.flatnonzero(split_at < end)
    given[going_on] = np.searchsorted(commas, split_at[going_on]) - at[going_on] - 1

    def comma(number: Ints | int) -> Ints:
        found: Ints = commas[at + number]
        return found

    type_code, type_ok = type_codes(array, np.minimum(commas[at] + 1, size - 3), comma(1))
    value, amount_ok = numbers(array, comma(1) + 1, comma(2))
    funds_at = comma(2) + 1
    funds_size = comma(3) - funds_at
    funds = np.where(funds_size == 1, array[np.minimum(funds_at, size - 1)], 0)
    valued, simple = funds == _VALUED, funds == _SIMPLE
    plain = (funds_size == 0) | (funds == _SMALL) | (funds == _FULL) | (funds == _NEXT_DAY) | (funds == _UNKNOWN)
    shift = np.where(valued, 2, np.where(simple, 3, 0))
    fast = type_ok & amount_ok & (plain | valued | simple) & (given >= 4 + shift) & (value < PLAIN_LIMIT)
    bank_start = comma(3 + shift) + 1
    bank_end = comma(4 + shift)
    has_text = given >= 5 + shift
    customer_end = np.where(has_text, comma(np.minimum(5 + shift, 11)), head_end)
    text_start = np.where(has_text | (split_at < end), customer_end + 1, end)
    count = len(index)
    result = Details(
        index=index,
        type_code=type_code,
        sign=type_code,
        amount=value,
        large={},
        unreadable={},
        value_day=np.zeros(count, dtype=np.int64),
        dated=np.zeros(count, dtype=bool),
        bad_dates={},
        good=type_ok,
        immediate=(funds == _SMALL) & fast,
        bank_start=bank_start,
        bank_end=bank_end,
        customer_start=bank_end + 1,
        customer_end=customer_end,
        text_start=np.minimum(text_start, end),
        text_end=end.copy(),
    )
    rows = np.flatnonzero(valued & fast)
    _set_dates(lines, result, rows, commas[at[rows] + 3] + 1, commas[at[rows] + 4])
    for row in np.flatnonzero(~fast).tolist():
        _walk(lines, result, row, int(start[row]), int(end[row]))
    code = result.type_code
    result.sign = np.where((code >= 0) & (code < 1000), DIRECTIONS[np.clip(code, 0, 999)], 0)
    result.good = result.sign != 0
    result.good[[*result.unreadable, *result.bad_dates]] = False
    return result


def type_codes(array: Bytes, start: Ints, end: Ints) -> tuple[Ints, Flags]:
    """Type codes of three digits, and which slices are such; the array goes on for three bytes after each start."""
    first, second, third = (array[start + place] - np.uint8(ord("0")) for place in range(3))  # below 0 wraps round
    good = (first <= 9) & (second <= 9) & (third <= 9) & (end - start == 3)
    return first * np.int64(100) + second * np.int64(10) + third, good


def _set_dates(lines: Lines, result: Details, rows: Ints, start: Ints, end: Ints) -> None:
    """The value dates of many transactions."""
    number, plain = numbers(lines.array, start, end)
    plain &= end - start == 6
    right = rows[plain]
    result.value_day[right], result.dated[right] = days_of_dates(number[plain])
    wrong = ~plain
    wrong[plain] = ~result.dated[right]
    for at in np.flatnonzero(wrong).tolist():
        _set_date(result, int(rows[at]), lines.text[start[at] : end[at]].decode("utf-8", "replace"))


def _set_date(result: Details, row: int, text: str) -> None:
    text = text.strip()
    days = day(text)
    if days is not None:
        result.value_day[row], result.dated[row] = days, True
    elif text:
        result.bad_dates[row] = text


def _walk(lines: Lines, result: Details, row: int, start: int, end: int) -> None:
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
    elif 0 <= number < PLAIN_LIMIT:
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
        _set_date(result, row, value(4))
    result.bank_start[row], result.bank_end[row] = field(4 + extra)
    result.customer_start[row], result.customer_end[row] = field(5 + extra)
    result.text_start[row], result.text_end[row] = field(6 + extra)[0], end


def slices(lines: Lines, start: Ints, end: Ints, unwanted: Flags = BLANK) -> Column:
    """The text of each slice of a chunk without unwanted bytes at its ends, null where empty."""
    return text_column(lines.text, *trimmed(lines.array, start, end, unwanted))


def texts(lines: Lines, start: Ints, end: Ints) -> Column:
    """Texts, their continuations as lines; a text that begins in its continuation does not begin with an empty line."""
    if not lines.continued:
        return slices(lines, start, end)
    separator = lines.separator.decode()
    column = slices(lines, start, end, BLANK | byte_set(separator))
    found: Column = pc.replace_substring(column, separator, "\n")  # type: ignore[type-var]
    return found
