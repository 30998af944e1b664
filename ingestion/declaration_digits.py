"""Digits, decimal signs and minus signs of other scripts, as ASCII has them: ١٢٣٫٤٥ is 123.45, １２，０００ is 12,000, ▲500 is -500.

Also years that no bank list of our calendar holds: 1404 (Persian), 1447 (Islamic), 2569 (Buddhist).
"""

from __future__ import annotations

import polars as pl

_ZEROS = "\u0660\u06f0\u0966\u09e6\u0e50\uff10"  # Arabic, Persian, Devanagari, Bengali, Thai, full-width
_SIGNS = {
    "\u066b": ".",
    "\u066c": ",",
    "\uff0e": ".",
    "\uff0c": ",",
    "\uff0d": "-",
    "\u2212": "-",
    "\u25b2": "-",
    "\u25b3": "-",
}
_ASCII = {chr(ord(zero) + digit): str(digit) for zero in _ZEROS for digit in range(10)} | _SIGNS
_TABLE = str.maketrans(_ASCII)
OTHER_CALENDARS = ((1300, 1499), (2450, 2650))
"""First and last years that are of another calendar."""


def ascii_digits(text: str) -> str:
    """A text with digits and signs as ASCII has them."""
    return text if text.isascii() else text.translate(_TABLE)


def with_ascii_digits(text: pl.Expr) -> pl.Expr:
    """Texts with digits and signs as ASCII has them."""
    return text.str.replace_many(list(_ASCII), list(_ASCII.values()))


def is_of_our_calendar(year: int) -> bool:
    """Whether a year may be one of the Gregorian calendar."""
    return not any(first <= year <= last for first, last in OTHER_CALENDARS)


def of_our_calendar(day: pl.Expr) -> pl.Expr:
    """Dates, null where their year is of another calendar."""
    year = day.dt.year()
    return pl.when(~pl.any_horizontal(year.is_between(first, last) for first, last in OTHER_CALENDARS)).then(day)
