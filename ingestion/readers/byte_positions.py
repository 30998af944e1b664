"""Where certain bytes stand in a block, and how many there are: by numpy, in pieces that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

PIECE = 1 << 18  # a mask over a whole block would be new memory of the size of the block


def byte_positions(data: bytes, *values: int) -> np.ndarray:
    """The positions of all bytes that have one of the values, in order."""
    found = [np.flatnonzero(_any_of(piece, values)) + start for start, piece in _pieces(data)]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def byte_count(data: bytes, value: int) -> int:
    """How many bytes have the value."""
    return sum(int(np.count_nonzero(piece == value)) for _, piece in _pieces(data))


def control_count(data: bytes) -> int:
    """How many bytes are below the space: line ends, tabs and control characters."""
    return sum(int(np.count_nonzero(piece < 32)) for _, piece in _pieces(data))


def beyond_text_count(data: bytes) -> int:
    """How many bytes are below the space or beyond ASCII."""
    return sum(int(np.count_nonzero(piece.view(np.int8) < 32)) for _, piece in _pieces(data))


def _pieces(data: bytes) -> Iterator[tuple[int, np.ndarray]]:
    codes = np.frombuffer(data, np.uint8)
    return ((start, codes[start : start + PIECE]) for start in range(0, codes.size, PIECE))


def _any_of(piece: np.ndarray, values: tuple[int, ...]) -> np.ndarray:
    mask: np.ndarray = piece == values[0]
    for value in values[1:]:
        mask |= piece == value
    return mask
