"""Joins that know how many pairs they will make before they make them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

_FEWER = 4  # times as many rows from which those without a partner are left out first
_ODD = np.uint64(0x9E3779B97F4A7C15)
_SCATTERED = 22  # bits, at most, of the buckets in which numbers are looked up
_APART = 4  # times as many buckets for a number looked for, so that few others fall into its own
_BUCKETS = 20  # bits of a key, at most, that are counted to find the few keys owned by many


def pair_keys(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """A left and a right row in one number."""
    return np.asarray(left.astype(np.uint64) << np.uint64(32) | right, dtype=np.uint64)


def without_frequent(keys: pl.DataFrame, limit: int, key: str = "key") -> pl.DataFrame:
    """Rows whose 64-bit key has at most `limit` owners. Counts buckets first: most data has no frequent key at
    all."""
    if keys.height <= limit:
        return keys
    bits = _bits(keys.height)
    bucket = _buckets(keys[key], bits)
    full = np.bincount(bucket, minlength=1 << bits) > limit
    if not full.any():
        return keys
    suspects = keys.filter(pl.Series(full[bucket]))
    frequent = suspects.group_by(key).len().filter(pl.col("len") > limit)
    return keys if frequent.is_empty() else keys.join(frequent, on=key, how="anti")


def maybe_frequent(keys: pl.DataFrame, limit: npt.NDArray[np.float64]) -> pl.DataFrame:
    """Of keys, one a row over all columns, those that may occur more often than their `limit`: all that do, and few others."""
    bucket = _buckets(keys.hash_rows(), _bits(keys.height))
    return keys.filter(pl.Series(np.bincount(bucket)[bucket] > limit, dtype=pl.Boolean))


def among(values: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """By value: whether it is one of those wanted."""
    # each side is cut down to what may be on the other, by the bucket it falls into; few wanted are told apart by few buckets, which
    # a processor has at hand
    bits = _bits(_APART * len(wanted), _SCATTERED)
    mine, other = (_scattered(each, bits) for each in (values, wanted))
    there, asked = (np.zeros(1 << bits, dtype=np.bool_) for _ in range(2))
    there[other] = True
    maybe = np.flatnonzero(there[mine])
    found = np.zeros(len(values), dtype=np.bool_)
    if not len(maybe):
        return found
    asked[mine[maybe]] = True
    sought = pl.Series(wanted[asked[other]]).implode()
    found[maybe] = pl.Series(values[maybe]).is_in(sought).to_numpy()
    return found


def of_rows(frame: pl.DataFrame, column: str, rows: npt.NDArray[np.uint32], height: int) -> pl.DataFrame:
    """The rows of a frame whose row number of a dataset of that height, in a column, is one of these."""
    asked = np.zeros(height, dtype=np.bool_)
    asked[rows] = True
    return frame.filter(pl.Series(asked[frame[column].to_numpy()], dtype=pl.Boolean))


def places_of_runs(
    first: npt.NDArray[np.int64], times: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For runs of an ordered array, each from `first` on so many `times`: the number of the run and the place, for every place in them."""
    run = np.repeat(np.arange(len(times)), times)
    within = np.arange(len(run)) - np.repeat(np.cumsum(times) - times, times)
    return run, np.repeat(first, times) + within


def has_repeats(keys: npt.NDArray[np.integer]) -> bool:
    """Whether a key occurs twice."""
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())


def id_hashes(column: str, name: str | None = None) -> list[pl.Expr]:
    """An item id as two hashes, by which ids are joined faster than by their texts."""
    name = name or column
    return [pl.col(column).hash(1).alias(name), pl.col(column).hash(2).alias(f"{name}_check")]


def key_pairs(
    left: pl.DataFrame, right: pl.DataFrame, on: Sequence[str], max_pairs_per_key: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs of rows with equal keys, and the left rows whose key would have made more pairs than allowed.

    Takes frames with `row` and the key columns; other columns come along, the right ones with the suffix `_right`.
    """
    # keys are counted in buckets first: most data has no crowded key, and most rows of the longer side meet nobody
    bits = _bits(left.height + right.height)
    mine, other = (_buckets(frame[list(on)].hash_rows(), bits) for frame in (left, right))
    of_left, of_right = (np.bincount(bucket, minlength=1 << bits) for bucket in (mine, other))
    full = of_left * of_right > max_pairs_per_key
    left_out = left.clear()
    if right.height > _FEWER * left.height:
        right = right.filter(pl.Series(of_left[other] > 0))
        other = other[of_left[other] > 0]
    if full.any():
        suspects = (frame.filter(pl.Series(full[bucket])) for frame, bucket in ((left, mine), (right, other)))
        counts, of_others = (frame.group_by(on).len() for frame in suspects)
        met = counts.join(of_others, on=on)
        product = pl.col("len").cast(pl.Int64) * pl.col("len_right").cast(pl.Int64)
        crowded = met.filter(product > max_pairs_per_key).select(on)
        if not crowded.is_empty():
            left_out = left.join(crowded, on=on, how="semi")
            left = left.join(crowded, on=on, how="anti")
    pairs = left.join(right, on=on, how="inner").rename({"row": "left", "row_right": "right"})
    return pairs, left_out[["row"]]


def _bits(rows: int, most: int = _BUCKETS) -> int:
    """How many bits of a key tell most keys of so many rows apart."""
    return min((4 * rows + 1).bit_length(), most)


def _scattered(values: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.uint64]:
    """The bucket of each number."""
    return (values.astype(np.uint64) * _ODD) >> np.uint64(64 - bits)


def _buckets(hashed: pl.Series, bits: int) -> npt.NDArray[np.int64]:
    """The bucket of each 64-bit hash: its first bits."""
    return (hashed.to_numpy() >> np.uint64(64 - bits)).astype(np.int64)
