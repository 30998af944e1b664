"""Single fields of BAI2: type codes and their direction, summaries of an account, dates and times, amounts.

Source: BAI, Cash Management Balance Reporting Specifications, version 2 (now ASC X9): record 03, 16 and appendix A.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_EPOCH = date(1970, 1, 1).toordinal()
_AMOUNT = re.compile(r"[+-]?\d{1,23}")
_TIME = re.compile(r"(\d{2}):?(\d{2})(?::?(\d{2}))?")

# BAI2 status codes that are ISO 20022 balances; the others keep their own code.
BALANCE_CODES = {"010": "OPBD", "015": "CLBD", "030": "ITBD", "040": "OPAV", "045": "CLAV", "060": "ITAV"}
NATIVE_CODES = tuple(f"{code:03d}" for code in range(1000))
NON_MONETARY = 890
AS_OF_REPORT = frozenset({"3", "4"})  # same-day: interim or final
GROUP_STATUS = {"1": "update", "2": "deletion", "3": "correction", "4": "test only"}
FUNDS_EXTRA = {"": 0, "0": 0, "1": 0, "2": 0, "Z": 0, "V": 2, "S": 3}  # fields after the funds type; D counts its own


def _directions() -> npt.NDArray[np.int64]:
    """By type code: 1 credit, -1 debit, 0 unknown. The codes 920-959 and 960-999 are a bank's own credits and debits."""
    table = np.zeros(1000, dtype=np.int64)
    table[100:400] = 1
    table[400:700] = -1
    table[[706, 708, *range(720, 729)]] = 1
    table[760] = -1
    table[920:960] = 1
    table[960:1000] = -1
    return table


DIRECTIONS = _directions()


@dataclass(frozen=True)
class Summary:
    """A status or summary amount of record 03, in the currency's minor units."""

    code: str
    amount: int
    count: int | None


@lru_cache(maxsize=65536)
def day(yymmdd: str) -> int | None:
    """Days since 1970-01-01, None where the text is no date; years 80 to 99 are the last century."""
    if len(yymmdd) != 6 or not (yymmdd.isascii() and yymmdd.isdigit()):
        return None
    year = int(yymmdd[:2])
    try:
        return date(year + (1900 if year >= 80 else 2000), int(yymmdd[2:4]), int(yymmdd[4:])).toordinal() - _EPOCH
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def iso_day(days: int) -> str:
    """A day as ISO 8601 text."""
    return date.fromordinal(days + _EPOCH).isoformat()


def clock(text: str) -> str | None:
    """A time as HH:MM:SS; 2400 and 9999 are the end of the day. None where there is none."""
    text = text.strip()
    if text in ("2400", "9999"):
        return "23:59:59"
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = match.group(1), match.group(2), match.group(3) or "00"
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        return None
    return f"{hour}:{minute}:{second}"


def amount(text: str) -> int | None:
    """An amount in minor units, signed or not; None where it is none. An empty field is 0."""
    text = text.strip()
    if not text:
        return 0
    return int(text) if text.isascii() and _AMOUNT.fullmatch(text) else None


def summaries(parts: list[list[str]]) -> list[Summary] | str:
    """The repeating groups of record 03 (type, amount, item count, funds type and what it brings), or what is wrong.

    `parts` are the fields of its line and of each continuation. A line may leave out what is empty at the end of its last
    group; where its continuation could as well be the rest of that group, it is not known which of the two was meant.
    """
    joined = _groups([field for part in parts for field in part])
    apart = [_groups(part) for part in parts]
    one_by_one: list[Summary] = []
    for groups in apart:
        given = groups if isinstance(groups, str) else [group for group in groups if group is not None]
        if isinstance(given, str) or len(given) < len(groups):
            return joined if isinstance(joined, str) else [group for group in joined if group is not None]
        one_by_one += given
    if isinstance(joined, str) or joined == one_by_one:
        return one_by_one
    return "the commas of fields left out before a continuation (88), which can be read in two ways"


def _groups(fields: list[str]) -> list[Summary | None] | str:
    """The groups among these fields, None for one without an amount."""
    found: list[Summary | None] = []
    place = 0
    while place < len(fields):
        code = fields[place].strip()
        if not code:
            place += 1  # a bank's empty group, or the comma before a continuation
            continue
        if not (len(code) == 3 and code.isascii() and code.isdigit()):
            return f"a three-digit type code instead of {code[:20]!r}"
        given = fields[place + 1] if place + 1 < len(fields) else ""
        value = amount(given)
        if value is None:
            return f"an amount of type {code} in digits instead of {given[:30]!r}"
        count_text = fields[place + 2].strip() if place + 2 < len(fields) else ""
        funds = fields[place + 3].strip() if place + 3 < len(fields) else ""
        place += 4
        if funds == "D":
            days = fields[place].strip() if place < len(fields) else ""
            if not (days.isascii() and days.isdigit()) or int(days or 0) > 1000:
                return f"a number of availability days of type {code} instead of {days[:20]!r}"
            place += 1 + 2 * int(days)
        elif funds in FUNDS_EXTRA:
            place += FUNDS_EXTRA[funds]
        else:
            return f"a funds type 0, 1, 2, S, V, D or Z of type {code} instead of {funds[:20]!r}"
        count = int(count_text) if count_text.isascii() and count_text.isdigit() and len(count_text) < 10 else None
        found.append(Summary(code, value, count) if given.strip() else None)
    return found
