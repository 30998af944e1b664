"""Amounts that differ as a typist's slip would make them differ."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.encoding import Mask

_DIGITS = 19


def looks_mistyped(left: pl.Series, right: pl.Series) -> Mask:
    """Of pairs of Int64 amounts: two neighbouring digits swapped, or one digit missing or too many (never just one
    wrong).

    At least four digits; the sign has to agree. One wrong digit alone is left out: any two amounts of like size would
    do.
    """
    same_sign = (left > 0) == (right > 0)
    a, b = left.abs().cast(pl.String), right.abs().cast(pl.String)
    long = (a.str.len_bytes() >= 4) & (b.str.len_bytes() >= 4)
    one, two = _matrix(a), _matrix(b)
    differing = one != two
    first = differing.argmax(axis=1)
    place = np.arange(len(a))
    second = np.minimum(first + 1, _DIGITS - 1)
    swapped = (
        (differing.sum(axis=1) == 2)
        & differing[place, second]
        & (one[place, first] == two[place, second])
        & (one[place, second] == two[place, first])
    )
    longer = a.str.len_bytes().to_numpy().astype(int) - b.str.len_bytes().to_numpy().astype(int)
    dropped = ((longer == 1) & _one_dropped(one, two)) | ((longer == -1) & _one_dropped(two, one))
    return np.asarray((swapped | dropped) & long.to_numpy() & same_sign.to_numpy(), dtype=np.bool_)


def _matrix(digits: pl.Series) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    padded = digits.str.pad_end(_DIGITS, " ")
    joined = "".join(padded.to_list()).encode("ascii")
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, _DIGITS)


def _one_dropped(
    long: np.ndarray[tuple[int, int], np.dtype[np.uint8]], short: np.ndarray[tuple[int, int], np.dtype[np.uint8]]
) -> Mask:
    """Whether `short` is `long` with one character taken out."""
    agrees = long == short
    prefix = np.cumprod(agrees, axis=1).sum(axis=1)  # characters that agree from the front
    shifted = np.zeros_like(agrees)
    shifted[:, :-1] = long[:, 1:] == short[:, :-1]
    shifted[:, -1] = True
    tail = np.cumprod(shifted[:, ::-1], axis=1).sum(axis=1)  # that agree behind the gap, from the end
    return np.asarray(prefix + tail >= _DIGITS, dtype=np.bool_)
