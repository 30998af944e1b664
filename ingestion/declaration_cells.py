"""Delivered columns as Arrow has them: what is known of all cells of one, without a look at each.

A column is of several chunks, each of which stays in the cache while it is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.record_columns import Column, positions, text_bounds, text_letters

Texts: TypeAlias = "pa.ChunkedArray[pa.Scalar[pa.DataType]]"
_SPACE = ord(" ")
_SMALL = 1 << 60


def arrow_texts(texts: pl.Series) -> Texts:
    """A Polars column of texts as Arrow has it."""
    return pa.chunked_array([texts.to_arrow(compat_level=pl.CompatLevel.oldest())])


def has_margins(texts: Texts) -> bool:
    """Whether one of the texts begins or ends with a space."""
    for chunk in texts.chunks:
        bounds, letters = text_bounds(chunk), text_letters(chunk)
        starts, ends = bounds[:-1], bounds[1:]
        filled = ends > starts
        if not filled.all():
            starts, ends = starts[filled], ends[filled]
        if (letters.take(starts) == _SPACE).any() or (letters.take(ends - 1) == _SPACE).any():
            return True
    return False


def has_any_of(texts: Texts, values: Sequence[str]) -> bool:
    """Whether one of the texts is empty or one of these values."""
    empty = sum(int(np.count_nonzero(np.diff(text_bounds(chunk)) == 0)) for chunk in texts.chunks)
    if empty > texts.null_count:
        return True
    return bool(values) and bool(pc.any(pc.is_in(texts, pa.array(values, pa.string()))).as_py())


def distinct_texts(texts: Texts) -> tuple[pl.Series, npt.NDArray[np.integer]]:
    """Some of the texts, among them each different one, and for each text which of them it is.

    Of texts of one length that stand in runs, as the days of a sorted list do, one of each run.
    """
    pairs: list[tuple[npt.NDArray[np.integer], Column]] = []
    for chunk in texts.chunks:
        runs = _runs(chunk)
        if runs is None:
            break
        pairs.append((runs, chunk))
    else:
        sizes = np.concatenate([np.diff(run, append=len(chunk)) for run, chunk in pairs])
        some = pa.chunked_array([chunk.take(positions(run)) for run, chunk in pairs])
        return pl.Series("text", some), np.repeat(np.arange(sizes.size), sizes)
    encoded = pc.dictionary_encode(texts, null_encoding="encode").combine_chunks()
    assert isinstance(encoded, pa.DictionaryArray)  # noqa: S101  (as the stubs do not say)
    return pl.Series("text", encoded.dictionary), encoded.indices.to_numpy()


def _runs(texts: Column) -> npt.NDArray[np.integer] | None:
    """Where the runs of equal texts begin; None where they are not long, or the texts of several lengths."""
    bounds, letters = text_bounds(texts), text_letters(texts)
    size = int(bounds[1] - bounds[0]) if len(texts) else 0
    if not size or texts.null_count or (np.diff(bounds) != size).any():
        return None
    within = letters[bounds[0] : bounds[-1]]
    changed = np.flatnonzero(within[size:] != within[:-size])
    if changed.size >= len(texts):
        return None
    rows = changed // size + 1
    begins: npt.NDArray[np.integer] = rows[np.diff(rows, prepend=0) > 0]
    return None if begins.size * 8 >= len(texts) else np.concatenate(([0], begins))


def small_units(amounts: pl.Series) -> npt.NDArray[np.int64] | None:
    """Amounts in units of their last place; None where one is null, or so large that a sum of a few might not fit."""
    if amounts.null_count():
        return None
    given = amounts.rechunk().to_arrow()
    words = np.frombuffer(memoryview(given.buffers()[1] or b""), np.int64).reshape(-1, 2)
    low, high = words[given.offset : given.offset + len(given)].T
    is_small = (high == low >> 63).all() and (low < _SMALL).all() and (low > -_SMALL).all()
    return low if is_small else None
