"""The compiled walk over the digits of many texts; importing it loads numba, so `number_index` does so only for large work."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint32]

_ZERO, _NINE = ord("0"), ord("9")
_START = np.uint64(0xCBF29CE484222325)  # FNV-1a
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


@njit(cache=True)
def digit_runs(data: Bytes, offsets: Ints, least: int) -> tuple[Codes, Words]:
    """The numbers of at least so many digits in texts: the text's place and a hash of the number without zeros in front."""
    owners, hashes, used = np.empty(1024, dtype=np.uint32), np.empty(1024, dtype=np.uint64), 0
    for text in range(len(offsets) - 1):
        hashed, size = _START, 0
        for place in range(offsets[text], offsets[text + 1] + 1):
            code = data[place] if place < offsets[text + 1] else 0
            if _ZERO <= code <= _NINE:
                size += 1
                if code > _ZERO or hashed != _START:
                    hashed = (hashed ^ np.uint64(code)) * _PRIME
                continue
            if size >= least:
                if used == len(owners):
                    more_owners, more_hashes = np.empty(2 * used, np.uint32), np.empty(2 * used, np.uint64)
                    for row in range(used):
                        more_owners[row], more_hashes[row] = owners[row], hashes[row]
                    owners, hashes = more_owners, more_hashes
                owners[used], hashes[used] = text, (hashed ^ (hashed >> np.uint64(32))) * _MIX
                used += 1
            hashed, size = _START, 0
    return owners[:used].copy(), hashes[:used].copy()


@njit(cache=True)
def in_buckets(hashes: Words, rows: Codes, bits: int) -> tuple[Ints, Codes]:
    """Rows in the order of the buckets their hashes fall into, by their first bits: where each bucket begins, and the rows."""
    shift = np.uint64(64 - bits)
    starts = np.zeros((1 << bits) + 1, dtype=np.int64)
    for place in range(len(hashes)):
        starts[np.int64(hashes[place] >> shift) + 1] += 1
    starts = np.cumsum(starts)
    free, ordered = starts[:-1].copy(), np.empty(len(rows), dtype=np.uint32)
    for place in range(len(hashes)):
        bucket = np.int64(hashes[place] >> shift)
        ordered[free[bucket]] = rows[place]
        free[bucket] += 1
    return starts, ordered
