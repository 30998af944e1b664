"""The number of a document within its series, whatever stands around it: 52363 of `FV2026/052363`, and of `FACT. 52363`."""

from __future__ import annotations

import polars as pl

_NUMBER = "[0-9]+"
_LEAST = 3  # digits, without zeros in front, that tell a document
YEAR = "^(?:19|20)[0-9]{2}$"


def numbers_in(text: pl.Expr) -> pl.Expr:
    """The numbers of a text of three digits or more, without zeros in front, as a list."""
    numbers = text.str.extract_all(_NUMBER).list.eval(pl.element().str.strip_chars_start("0"))
    return numbers.list.eval(pl.element().filter(pl.element().str.len_bytes() >= _LEAST))


def serial_number(reference: pl.Expr) -> pl.Expr:
    """The longest number of a reference that is no year, the last of several; null where it has none."""
    found = numbers_in(reference).list.eval(pl.element().filter(~pl.element().str.contains(YEAR)))
    longest = found.list.eval(pl.element().filter(pl.element().str.len_bytes() == pl.element().str.len_bytes().max()))
    return longest.list.last()
