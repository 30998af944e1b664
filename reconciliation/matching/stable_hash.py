"""A hash of texts that is the same on every machine and in every version of every library: ids in a ledger are built
on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Words = npt.NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_CHUNK = 50_000  # texts whose words fit a processor's cache
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint16)


def mix(value: Words) -> Words:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every bit over all."""
    mixed = value ^ (value >> np.uint64(30))
    mixed *= _MIX_A
    mixed ^= mixed >> np.uint64(27)
    mixed *= _MIX_B
    mixed ^= mixed >> np.uint64(31)
    return mixed


def text_hash(texts: pl.Series, seed: int = 0) -> Words:
    """A 64-bit hash of each text, over its UTF-8 bytes in words of eight."""
    return _hashes(texts, (seed,))[0]


def id_words(item_ids: pl.Series) -> tuple[Words, Words]:
    """Two hashes of each item id."""
    one, two = _hashes(item_ids, (1, 2))
    return one, two


def _hashes(texts: pl.Series, seeds: Sequence[int]) -> list[Words]:
    """The hashes of each text for several seeds."""
    parts = [_chunk_hashes(texts.slice(start, _CHUNK), seeds) for start in range(0, len(texts), _CHUNK)]
    return [np.concatenate(of_seed) for of_seed in zip(*parts, strict=True)] or [np.zeros(0, np.uint64) for _ in seeds]


def _chunk_hashes(texts: pl.Series, seeds: Sequence[int]) -> list[Words]:
    length, words = _words(texts)
    shortest = int(length.min())
    hashes = []
    with np.errstate(over="ignore"):
        for seed in seeds:
            result = mix(length + _ODD * np.uint64(seed + 1))
            for place, word in enumerate(words):
                longer = mix((result ^ word) * _ODD)
                result = longer if shortest > 8 * place else np.where(length > np.uint64(8 * place), longer, result)
            hashes.append(result)
    return hashes


def _words(texts: pl.Series) -> tuple[Words, list[Words]]:
    """Of each text its length in bytes, and its bytes as words of eight, filled up with zeros."""
    given = texts.fill_null("").alias("text").to_frame()
    # padding counts characters, the hash wants bytes: what is not ASCII goes through its hexadecimal form
    sizes = given.select(bytes=pl.col("text").str.len_bytes(), letters=pl.col("text").str.len_chars())
    if sizes["bytes"].equals(sizes["letters"]):
        frame, length = given, sizes["bytes"].to_numpy().astype(np.uint64)
    else:
        ascii_text = pl.lit(sizes["bytes"]) == pl.lit(sizes["letters"])
        coded = "\x01" + pl.col("text").cast(pl.Binary).bin.encode("hex")
        frame = given.select(pl.when(ascii_text).then("text").otherwise(coded))
        length = frame["text"].str.len_bytes().to_numpy().astype(np.uint64)
    width = max(8, (int(length.max()) + 7) // 8 * 8)
    padded = frame.select(
        pl.col("text")
        .str.pad_end(width, "\x00")
        .cast(pl.Binary)
        .bin.reinterpret(dtype=pl.Array(pl.UInt8, width), endianness="little")
    )
    table = padded.to_series().reshape((-1,)).to_numpy().view(np.uint64).reshape(len(texts), width // 8)
    return length, [np.ascontiguousarray(table[:, place]) for place in range(width // 8)]


def hexadecimal(high: Words, low: Words) -> pl.Series:
    """Two words as 24 hexadecimal digits: all of the first, the upper half of the second."""
    data = np.empty((len(high), 12), dtype=np.uint8)
    data[:, :8] = high.astype(">u8").view(np.uint8).reshape(-1, 8)
    data[:, 8:] = low.astype(">u8").view(np.uint8).reshape(-1, 8)[:, :4]
    text = np.ascontiguousarray(_HEX[data]).view("S24").reshape(-1)
    return pl.Series(text.astype("U24")) if len(text) < 1000 else _from_bytes(text)


def _from_bytes(text: npt.NDArray[np.bytes_]) -> pl.Series:
    import pyarrow as pa

    offsets = np.arange(0, 24 * len(text) + 1, 24, dtype=np.int64)
    array = pa.Array.from_buffers(
        pa.large_string(), len(text), [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(text.tobytes())]
    )
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)  # noqa: S101 - one array makes one series
    return series
