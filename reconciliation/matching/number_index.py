"""Which items of a dataset may show a number in their texts or references: the few rows are found without reading the texts of all."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Dataset
from reconciliation.matching.joins import places_of_runs
from reconciliation.matching.reference_keys import dataset_references
from reconciliation.matching.text.folding import ascii_digits_series
from reconciliation.matching.text.token_filter import text_bytes, worth_compiling

LEAST = 3  # digits of a number that is looked for
_STARTS, _ROWS = "number_buckets", "numbers_in_buckets"


def rows_showing(data: Dataset, numbers: pl.Series) -> Rows:
    """The rows, ascending, that may show one of these numbers (digits, at least `LEAST` of them), whatever zeros stand in front: all that
    do, and few others; all rows where there are few."""
    if not worth_compiling(data.read(["text"])["text"]):
        return np.arange(data.height, dtype=np.uint32)
    from reconciliation.matching.text import number_kernel as kernel

    if _STARTS not in data.derived:
        _build(data)
    starts, rows = (data.derived[name].to_series().to_numpy() for name in (_STARTS, _ROWS))
    _, hashes = kernel.digit_runs(*text_bytes(numbers.unique()), 1)
    buckets = np.unique(hashes >> np.uint64(64 - _bits(len(rows)))).astype(np.int64)
    _, places = places_of_runs(starts[buckets], starts[buckets + 1] - starts[buckets])
    shown = np.zeros(data.height, dtype=np.bool_)
    shown[rows[places]] = True
    return np.flatnonzero(shown).astype(np.uint32)


def _build(data: Dataset) -> None:
    """Keep the rows that show a number, in the order of buckets of numbers, and where each bucket begins."""
    from reconciliation.matching.text import number_kernel as kernel

    owners, hashes = [], []
    references = dataset_references(data)
    every = np.arange(data.height, dtype=np.uint32)
    for texts, whose in (
        (data.read(["text"])["text"], every),
        (references["reference"], references["row"].to_numpy()),
    ):
        place, hashed = kernel.digit_runs(*text_bytes(ascii_digits_series(texts).fill_null("")), LEAST)
        owners.append(whose[place])
        hashes.append(hashed)
    rows = np.concatenate(owners)
    starts, ordered = kernel.in_buckets(np.concatenate(hashes), rows, _bits(len(rows)))
    data.derived[_STARTS], data.derived[_ROWS] = pl.DataFrame({"start": starts}), pl.DataFrame({"row": ordered})


def _bits(numbers: int) -> int:
    """How many bits of a hash tell most of so many numbers apart."""
    return max(numbers, 2).bit_length()
