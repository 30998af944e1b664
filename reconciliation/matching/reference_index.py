"""Where the identifiers of a dataset stand, by row and by key: the few that are asked for are found without going through all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.joins import places_of_runs
from reconciliation.matching.reference_keys import Places, dataset_references

Numbers = npt.NDArray[np.integer]


def references_of(data: Dataset, rows: Rows) -> pl.DataFrame:
    """`row`, `reference` of the identifiers of these rows."""
    given = dataset_references(data)
    _, places = _places(given["row"].to_numpy(), np.unique(rows))
    return pl.DataFrame([given["row"][places], given["reference"][places]])


def repeated_references(data: Dataset) -> pl.DataFrame:
    """`row`, `reference`, `key`, `check` of the identifiers whose key is there more than once, in row order."""
    ordered = _by_key(data)
    keys = ordered["key"].to_numpy()
    again = np.zeros(len(keys) + 1, dtype=np.bool_)
    again[1:-1] = keys[1:] == keys[:-1]
    places = np.sort(ordered["place"].to_numpy()[again[1:] | again[:-1]])
    return dataset_references(data).select("row", "reference", "key", "check")[places]


def with_owners(data: Dataset, named: pl.DataFrame, most: int) -> pl.DataFrame:
    """What is `named` (`key`, `check` and other columns) with each item that carries it (`owner`: row); without what more than
    `most` carry, and what none does."""
    ordered, given = _by_key(data), dataset_references(data)
    named_at, found = _places(ordered["key"].to_numpy(), named["key"].to_numpy(), most)
    places = ordered["place"].to_numpy()[found]
    same = named["check"].to_numpy()[named_at] == given["check"].to_numpy()[places]
    owner = given["row"][places[same]].alias("owner")
    met: pl.DataFrame = named[named_at[same]]
    return met.hstack([owner])


def is_carried(data: Dataset, keys: pl.Series) -> Mask:
    """By key: whether an item of the dataset carries it."""
    _, times = _runs(_by_key(data)["key"].to_numpy(), keys.to_numpy())
    return np.asarray(times > 0, dtype=np.bool_)


def _by_key(data: Dataset) -> pl.DataFrame:
    """`key` of each of a dataset's identifiers, ascending, and its `place` among them in row order; made once."""
    if "references_by_key" not in data.derived:
        keys = dataset_references(data).select("key").with_row_index("place")
        data.derived["references_by_key"] = keys.sort("key")
    return data.derived["references_by_key"]


def _places(ordered: Numbers, wanted: Numbers, most: int | None = None) -> tuple[Places, Places]:
    """For every place in `wanted` all places in `ordered` (ascending) that hold its value, none where they are more than `most`:
    pairs of places."""
    first, times = _runs(ordered, wanted)
    if most is not None:
        times[times > most] = 0
    return places_of_runs(first, times)


def _runs(ordered: Numbers, wanted: Numbers) -> tuple[Places, Places]:
    """For each value in `wanted`: where in `ordered` (ascending) its run begins, and how long it is."""
    distinct, place = np.unique(wanted, return_inverse=True)  # in order: the next one is looked for near the last
    first = np.searchsorted(ordered, distinct, side="left")
    times = np.searchsorted(ordered, distinct, side="right") - first
    return first[place], times[place]
