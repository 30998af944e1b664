"""A column of plainly written numbers read in a few passes over its bytes.

Most columns are written in one manner from end to end: the decimal mark in every number or in none, thousands marked in
every number that has them or in none, a minus before. Numbers with the same number of decimals are read in whole words
(`ingestion.declaration_fixed_point`). For others the manner is proven from the positions of the marks; what remains are
digits, which Arrow reads. A column that is not proven so is left to the patterns of `ingestion.declaration_values`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingestion.declaration import Numbers
from ingestion.declaration_cells import Texts
from ingestion.declaration_fixed_point import fixed_point
from ingestion.record_columns import Column, int_amount_array, text_bounds, text_letters

_INT64_DIGITS = 18  # any number of so many digits fits
_NINE, _ZERO, _MINUS = 9, ord("0"), ord("-")

Integers = npt.NDArray[np.int64]


def plain_decimals(texts: Texts, numbers: Numbers, decimals: int, whole_digits: int) -> pl.Series | None:
    """Texts as decimals of `decimals` places, null where null; None where not every text is proven to be plain."""
    if len(texts) == texts.null_count:
        return None
    found = np.zeros(len(texts), np.int64)
    at = 0
    for chunk in texts.chunks:
        given = chunk.drop_null() if chunk.null_count else chunk
        if len(given):
            scaled = _scaled(given, numbers, decimals, whole_digits)
            if scaled is None:
                return None
            within = found[at : at + len(chunk)]
            within[_present(chunk) if chunk.null_count else slice(None)] = scaled
        at += len(chunk)
    present = np.concatenate([_present(chunk) for chunk in texts.chunks]) if texts.null_count else None
    return pl.Series(int_amount_array(found, present, pa.decimal128(whole_digits + decimals, decimals)))


def _present(texts: Column) -> npt.NDArray[np.bool_]:
    present: npt.NDArray[np.bool_] = texts.is_valid().to_numpy(zero_copy_only=False)
    return present


def _scaled(texts: Column, numbers: Numbers, decimals: int, whole_digits: int) -> Integers | None:
    """Numbers in units of their last place, or None."""
    bounds = text_bounds(texts).astype(np.int64)
    letters = text_letters(texts)[bounds[0] : bounds[-1]]
    bounds -= bounds[0]
    thousands = _mark_among(letters, numbers.thousands)
    limit = min(whole_digits, _INT64_DIGITS - decimals)
    fixed = fixed_point(letters, bounds, numbers.decimal, thousands, limit, decimals)
    if fixed is not None:
        return fixed
    starts, ends = bounds[:-1], bounds[1:]
    if (starts == ends).any():
        return None
    signs = letters[starts] == _MINUS
    marks = np.flatnonzero(letters == ord(numbers.decimal))
    points = ends
    if marks.size:
        if marks.size != starts.size or not ((marks >= starts) & (marks < ends - 1)).all():
            return None
        points = marks
    places_given = ends - points - (1 if marks.size else 0)
    whole = points - starts - signs
    groups = _groups(letters, points, whole, thousands)
    if groups is None or whole.min() < 1 or places_given.max() > decimals:
        return None
    if (whole - groups).max() > limit:
        return None
    digits = letters.tobytes().translate(None, (numbers.decimal + thousands).encode())
    if np.count_nonzero(np.frombuffer(digits, np.uint8) - _ZERO > _NINE) != np.count_nonzero(signs):
        return None
    removed = np.cumsum(groups + (1 if marks.size else 0))
    short = bounds - np.concatenate(([0], removed))
    kept = pa.Array.from_buffers(pa.large_string(), starts.size, [None, pa.py_buffer(short.data), pa.py_buffer(digits)])
    integers: Integers = kept.cast(pa.int64()).to_numpy()
    factors: Integers = 10 ** (decimals - np.arange(decimals + 1))
    scaled: Integers = integers * factors[places_given]
    return scaled


def _mark_among(letters: npt.NDArray[np.uint8], mark: str) -> str:
    """The mark of thousands where it is a letter of the column; a mark beyond ASCII is left to the patterns."""
    return mark if len(mark) == 1 and mark.isascii() and (letters == ord(mark)).any() else ""


def _groups(letters: npt.NDArray[np.uint8], points: Integers, whole: Integers, mark: str) -> Integers | None:
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
