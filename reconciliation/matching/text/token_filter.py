"""When the compiled kernel pays, how texts come to it, and which texts can name a party at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

_KERNEL = "reconciliation.matching.text.token_kernel"
_WORTH = 60_000  # texts and identifiers above which loading the kernel pays
_WORTH_LOADED = 2_000  # and those above which calling it does
_USUAL = 50  # bytes of a text: a longer one counts for several
_BITS_PER_NAME = 64
_ODD = np.uint64(0x9E3779B97F4A7C15)

Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


def worth_compiling(*texts: pl.Series) -> bool:
    """Whether there are so many texts and identifiers, or such long ones, that calling the compiled kernel pays."""
    worth = _WORTH_LOADED if _KERNEL in sys.modules else _WORTH
    if sum(len(each) for each in texts) >= worth:
        return True
    return sum(int(each.str.len_bytes().sum()) for each in texts) >= worth * _USUAL


def naming_texts(texts: pl.DataFrame, names: pl.DataFrame, by: Sequence[str], letters: int) -> Bools:
    """By text: whether the first `letters` letters of some name may stand in it, from a word's start, spaces apart; all
    where there are few texts.

    Takes `texts` (`text`) and `names` (`whole`: without spaces), name keys without nulls, and the columns of `by`, in
    which both have to be equal.
    """
    hits = np.ones(texts.height, dtype=np.bool_)
    if not worth_compiling(texts["text"]):
        return hits
    from reconciliation.matching.text import token_kernel as kernel

    table = np.zeros(1 << max(10, (names.height * _BITS_PER_NAME).bit_length() - 6), dtype=np.uint64)
    none = np.zeros(names.height, dtype=np.bool_)
    kernel.starts_pass(*text_bytes(names["whole"]), salts(names, by), letters, table, True, none)
    kernel.starts_pass(*text_bytes(texts["text"]), salts(texts, by), letters, table, False, hits)
    return hits


def salts(frame: pl.DataFrame, by: Sequence[str]) -> Words:
    """One word for the columns in which a text and an identifier have to be equal."""
    salt = np.zeros(frame.height, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name in by:
            salt = salt * _ODD + frame[name].hash(0).to_numpy()
    return salt


def text_bytes(texts: pl.Series) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The texts' bytes one after another, and where each begins and ends."""
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())  # large strings: bytes and offsets
    _, offsets, data = (None if buffer is None else memoryview(buffer) for buffer in array.buffers())
    assert offsets is not None  # noqa: S101 - texts always have offsets
    bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data or b" ", dtype=np.uint8), bounds  # never to be written, so that numba compiles once


def texts_of_bytes(data: npt.NDArray[np.uint8], bounds: npt.NDArray[np.int64]) -> pl.Series:
    """ASCII texts of their bytes one after another."""
    import pyarrow as pa

    buffers = [None, pa.py_buffer(bounds.data), pa.py_buffer(data.data)]
    series = pl.from_arrow(pa.Array.from_buffers(pa.large_string(), len(bounds) - 1, buffers))
    assert isinstance(series, pl.Series)  # noqa: S101 - one array makes one series
    return series
