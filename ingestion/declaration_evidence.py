"""What the cells of a column prove about how its dates and numbers are written, and what they leave open.

A notation is taken only when every cell can be read in it. Where two notations read all cells and give different
values, nothing is chosen here: the caller asks, or finds a proof elsewhere (the order of rows, a running balance).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from ingestion.declaration import NAMED_FORMATS, Numbers, format_pattern
from ingestion.declaration_digits import ascii_digits, is_of_our_calendar

DATE_FORMATS = (
    "iso", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%y",
    "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%d %B %Y",
    "%Y.%m.%d.", "%Y. %m. %d.", "%d.%m.%Y.",
)  # fmt: skip
TIMES = ("", " %H:%M:%S", " %H:%M")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_LIKE_DATE = re.compile(r"(?:\d|[A-Za-z]{3}).*\d")
_MINUS_SIGNS = str.maketrans({"–": "-"})
Decimal_ = Literal[".", ","]
Thousands = Literal["", ".", ",", "'", " "]
NOTATIONS: tuple[tuple[Decimal_, Thousands], ...] = (
    (".", ""), (",", ""), (".", ","), (",", "."), (".", "'"), (",", "'"), (".", " "), (",", " "),
)  # fmt: skip
_GROUP = {"": "", ".": r"\.", ",": ",", "'": "['’]", " ": "[ \u00a0\u202f]"}
_SUFFIXES = {"CR": "plus", "C": "plus", "DR": "minus", "D": "minus", "H": "plus", "S": "minus"}
_SUFFIX = re.compile(r"^(.*\d)\s*(CR|DR|C|D|H|S)$")


def parsed_date(text: str, form: str) -> date | None:
    """A cell as a date in one format, by its exact shape; None where it is not written so, or in another calendar."""
    day = _parsed(ascii_digits(text), form)
    return day if day is not None and is_of_our_calendar(day.year) else None


def _parsed(text: str, form: str) -> date | None:
    if form == "iso":
        match = _ISO.fullmatch(text)
        return _day(match[1], match[2], match[3]) if match else None
    if not re.match(format_pattern(form), text):
        return None
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007  (a local date)
    except ValueError:
        return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def date_formats(cells: Sequence[str]) -> tuple[str, ...]:
    """The formats in which every cell is a date; two are given only where they make some cell two different days."""
    found = [form for base in DATE_FORMATS for form in _timed(base) if all(parsed_date(cell, form) for cell in cells)]
    distinct: dict[tuple[date | None, ...], str] = {}
    for form in found:
        distinct.setdefault(tuple(parsed_date(cell, form) for cell in cells), form)
    return tuple(distinct.values())


def _timed(form: str) -> tuple[str, ...]:
    return (form,) if form in NAMED_FORMATS else tuple(form + time for time in TIMES)


@lru_cache(maxsize=65536)
def is_date(text: str) -> bool:
    """Whether a cell is a date in any format."""
    return (
        6 <= len(text) <= 32
        and _LIKE_DATE.match(text) is not None
        and any(parsed_date(text, form) for base in DATE_FORMATS for form in _timed(base))
    )


def in_order(cells: Sequence[str], form: str) -> bool:
    """Whether the dates of a column, read in this format, only rise or only fall."""
    days = [day for cell in cells if (day := parsed_date(cell, form))]
    return days == sorted(days) or days == sorted(days, reverse=True)


@dataclass(frozen=True)
class NumberEvidence:
    """How the numbers of a file are written; `open` says what cannot be told."""

    numbers: Numbers
    open: str = ""
    suffixes: dict[str, str] = field(default_factory=dict)


def number_evidence(cells: Sequence[str], *, no_decimals: bool = False) -> NumberEvidence | None:
    """The one notation all cells have, the simplest first; None where there is none. `no_decimals`: their currency has
    none, so that a mark parts thousands."""
    bodies = [_unsigned(cell) for cell in cells]
    if not cells or any(body is None for body in bodies):
        return None
    texts = [body for body in bodies if body is not None]
    fitting = [pair for pair in NOTATIONS if all(_value(text, *pair) is not None for text in texts)]
    if not fitting:
        return None
    readings: dict[tuple[Decimal | None, ...], tuple[Decimal_, Thousands]] = {}
    for pair in fitting:
        readings.setdefault(tuple(_value(text, *pair) for text in texts), pair)
    decimal, thousands = next(iter(readings.values()))
    question = ""
    grouped = _one_mark_before_three(texts)
    if no_decimals and not grouped:
        marks = {pair[1] for pair in readings.values()} & {".", ","}
        grouped = "." if marks == {"."} else "," if marks == {","} else ""
    if len(readings) > 1 and grouped and (".", grouped) != (decimal, thousands):
        decimal, thousands = ("," if grouped == "." else "."), grouped
    elif len(readings) > 1:
        sample = next(text for text in texts if len({_value(text, *pair) for pair in readings.values()}) > 1)
        values = sorted({str(_value(sample, *pair)) for pair in readings.values()}, key=len)
        question = f"{sample} can be read as {' or '.join(values)}"
    suffixes = _suffixes(cells)
    minus: Literal["leading", "trailing", "parentheses"] = "leading"
    if any(cell.rstrip().endswith("-") for cell in cells):
        minus = "trailing"
    elif any(cell.strip().startswith("(") for cell in cells):
        minus = "parentheses"
    numbers = Numbers.model_validate({"decimal": decimal, "thousands": thousands, "minus": minus, "suffixes": suffixes})
    return NumberEvidence(numbers, question, suffixes)


def _one_mark_before_three(texts: Sequence[str]) -> Literal["", ".", ","]:
    """The mark that parts thousands where all numbers have either none, or just one before three digits: who writes 440
    without decimals writes 12,000 without them too, and its noughts show that none were taken away."""
    marked = [text for text in texts if not text.isdigit()]
    marks = {match[1] for text in marked if (match := re.fullmatch(r"\d{1,3}([.,])\d{3}", text))}
    if len(marks) != 1 or any(not re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text) for text in marked):
        return ""
    whole = [text for text in texts if text.isdigit() and text.strip("0")]
    if not whole or max(map(len, whole)) > 3 or not any(text.endswith("0") for text in marked):
        return ""
    return "." if "." in marks else ","


def number_value(text: str, numbers: Numbers) -> Decimal | None:
    """A cell as a signed number in a notation, None where it is not one."""
    body = _unsigned(text)
    value = None if body is None else _value(body, numbers.decimal, numbers.thousands)
    return None if value is None else (-value if is_negative(text) else value)


def is_negative(text: str) -> bool:
    """Whether a number carries a mark of a negative amount in any form."""
    plain = ascii_digits(text.strip()).translate(_MINUS_SIGNS)
    match = _SUFFIX.match(plain)
    if match and _SUFFIXES[match[2]] == "minus":
        return True
    return plain.startswith(("-", "(")) or plain.endswith("-")


@lru_cache(maxsize=65536)
def is_number(text: str) -> bool:
    """Whether a cell is a number in some notation."""
    body = _unsigned(text)
    return body is not None and any(_value(body, *pair) is not None for pair in NOTATIONS)


def _suffixes(cells: Sequence[str]) -> dict[str, str]:
    found = {match[2] for cell in cells if (match := _SUFFIX.match(cell.strip()))}
    return {mark: _SUFFIXES[mark] for mark in sorted(found)}


def _unsigned(text: str) -> str | None:
    """A number without its sign marks, None where it has two of them."""
    plain = ascii_digits(text.strip()).translate(_MINUS_SIGNS)
    if match := _SUFFIX.match(plain):
        plain = match[1].strip()
    if plain.startswith("(") and plain.endswith(")"):
        plain = plain[1:-1].strip()
    elif plain[:1] in "+-":
        plain = plain[1:].strip()
    elif plain[-1:] in ("-", "+"):
        plain = plain[:-1].strip()
    return plain if plain[:1].isdigit() or plain[:1] in ".," else None


def _value(text: str, decimal: str, thousands: str) -> Decimal | None:
    group = _GROUP[thousands]
    indian = r"\d{1,2}(?:,\d{2})+,\d{3}|" if thousands == "," else ""
    whole = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+|{indian}\d+)" if thousands else r"\d+"
    if not re.fullmatch(rf"(?:{whole}(?:{re.escape(decimal)}\d*)?|{re.escape(decimal)}\d+)", text):
        return None
    plain = re.sub(group, "", text) if thousands else text
    return Decimal(plain.replace(decimal, "."))
