"""A column of plainly written numbers read in a few passes over its bytes.

Most columns are written in one manner from end to end: the decimal mark in every number or in none, thousands marked in
every number that has them or in none, the mark of a minus at its place. Numbers with the same number of decimals are read in whole words
(`ingestion.declaration_fixed_point`). For others the manner is proven from the positions of the marks; what remains are
digits, which Arrow reads. A column that is not proven so is left to the patterns of `ingestion.declaration_values`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingestion.declaration import Numbers
from ingestion.declaration_cells import Texts
from ingestion.declaration_fixed_point import fixed_point
from ingestion.record_columns import text_bounds, text_letters, words_array

_INT64_DIGITS = 18  # any number of so many digits fits
_NINE, _ZERO, _MINUS, _PLUS, _OPEN, _CLOSE = 9, ord("0"), ord("-"), ord("+"), ord("("), ord(")")
SIGNS = {"leading": "-", "trailing": "-+", "parentheses": "()"}

Integers = npt.NDArray[np.int64]
Letters = npt.NDArray[np.uint8]


def plain_decimals(texts: Texts, numbers: Numbers, decimals: int, whole_digits: int) -> pl.Series | None:
    """Texts as decimals of `decimals` places, null where null; None where not every text is proven to be plain."""
    if len(texts) == texts.null_count:
        return None
    words = np.zeros((len(texts), 2), np.int64)
    present = np.ones(len(texts), np.bool_)
    at = 0
    for chunk in texts.chunks:
        here = slice(at, at + len(chunk))
        at += len(chunk)
        bounds, letters = text_bounds(chunk).astype(np.int64), text_letters(chunk)
        filled = np.flatnonzero(np.diff(bounds)) if chunk.null_count else slice(None)  # a null has no letters
        starts, ends = bounds[:-1][filled], bounds[1:][filled]
        if starts.size != len(chunk) - chunk.null_count or (starts == ends).any():
            return None
        if not starts.size:
            present[here] = False
            continue
        letters = letters[bounds[0] : bounds[-1]]
        scaled = _scaled(letters, starts - bounds[0], ends - bounds[0], numbers, decimals, whole_digits)
        if scaled is None:
            return None
        words[here, 0][filled] = scaled
        words[here, 1][filled] = scaled >> 63
        if chunk.null_count:
            present[here] = np.diff(bounds) > 0
    kind = pa.decimal128(whole_digits + decimals, decimals)
    return pl.Series(words_array(words, present if texts.null_count else None, kind))


def _scaled(
    letters: Letters, starts: Integers, ends: Integers, numbers: Numbers, decimals: int, whole_digits: int
) -> Integers | None:
    """Numbers in units of their last place, or None. Nothing stands between them."""
    thousands = _mark_among(letters, numbers.thousands)
    limit = min(whole_digits, _INT64_DIGITS - decimals)
    signs, starts, ends = _unsigned(letters, starts, ends, numbers.minus)
    found = fixed_point(letters, starts, ends, numbers.decimal, thousands, limit, decimals)
    if found is None:
        marks = _Marks(numbers.decimal, thousands, SIGNS[numbers.minus])
        found = _any_point(letters, starts, ends, marks, limit, decimals)
    if found is not None and signs.any():
        np.negative(found, out=found, where=signs)
    return found


def _unsigned(
    letters: Letters, starts: Integers, ends: Integers, minus: str
) -> tuple[npt.NDArray[np.bool_], Integers, Integers]:
    """Which numbers have the mark of a minus at its place, and where they begin and end without it."""
    if minus == "trailing":
        last = letters.take(ends - 1)
        signs = last == _MINUS
        return signs, starts, ends - (signs | (last == _PLUS))
    if minus == "parentheses":
        signs = (letters.take(starts) == _OPEN) & (letters.take(ends - 1) == _CLOSE)
        return signs, starts + signs, ends - signs
    signs = letters.take(starts) == _MINUS
    return signs, starts + signs, ends


class _Marks(NamedTuple):
    """The letters between the digits: the mark of the decimals, that of the thousands or none, and those of a minus."""

    decimal: str
    thousands: str
    signs: str


def _any_point(
    letters: Letters, starts: Integers, ends: Integers, marks: _Marks, limit: int, decimals: int
) -> Integers | None:
    """Numbers without signs in units of their last place, with any number of decimals; or None."""
    at = np.flatnonzero(letters == ord(marks.decimal))
    points = ends
    if at.size:
        if at.size != starts.size or not ((at >= starts) & (at < ends - 1)).all():
            return None
        points = at
    places_given = ends - points - (1 if at.size else 0)
    whole = points - starts
    groups = _groups(letters, points, whole, marks.thousands)
    if groups is None or whole.min() < 1 or places_given.max() > decimals:
        return None
    if (whole - groups).max() > limit:
        return None
    digits = letters.tobytes().translate(None, "".join(marks).encode())
    sizes = whole - groups + places_given
    if len(digits) != sizes.sum() or (np.frombuffer(digits, np.uint8) - _ZERO > _NINE).any():
        return None
    places = np.concatenate(([0], np.cumsum(sizes)))
    kept = pa.Array.from_buffers(
        pa.large_string(), starts.size, [None, pa.py_buffer(places.data), pa.py_buffer(digits)]
    )
    integers: Integers = kept.cast(pa.int64()).to_numpy()
    factors: Integers = 10 ** (decimals - np.arange(decimals + 1))
    scaled: Integers = integers * factors[places_given]
    return scaled


def _mark_among(letters: Letters, mark: str) -> str:
    """The mark of thousands where it is a letter of the column; a mark beyond ASCII is left to the patterns."""
    return mark if len(mark) == 1 and mark.isascii() and (letters == ord(mark)).any() else ""


def _groups(letters: Letters, points: Integers, whole: Integers, mark: str) -> Integers | None:
    """How many marks of thousands each number has before its decimal point; None where not all stand where they
    belong, or where some numbers have them and others that could do not."""
    if not mark:
        return np.zeros(points.size, np.int64)
    found = letters == ord(mark)
    groups: Integers = whole >> 2  # of every four letters, counted from the point, one is a mark
    if int(groups.sum()) != np.count_nonzero(found) or (whole & 3 == 0).any():
        return None
    for group in range(1, int(groups.max()) + 1):
        if not found[points[groups >= group] - 4 * group].all():
            return None
    return groups
