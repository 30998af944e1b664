"""Which texts and identifiers can share a token at all: most share none, and need not be cut into words."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.identifiers import Variant
from reconciliation.matching.text.ranges import range_members

_KERNEL = "reconciliation.matching.text.token_kernel"
_WORTH = 60_000  # texts and identifiers above which loading the kernel pays
_WORTH_LOADED = 2_000  # and those above which calling it does
_BITS_PER_TOKEN = 16  # of the table of tokens, which sets three for each
_BITS_PER_NAME = 64
_ODD = np.uint64(0x9E3779B97F4A7C15)

Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


def token_hashes(texts: pl.DataFrame, by: Sequence[str], grams: int, min_length: int) -> pl.DataFrame:
    """`text_row`, `token` (hash, with the columns of `by`) of the tokens of texts as `find_identifiers` takes them."""
    from reconciliation.matching.text import token_kernel as kernel

    folded = ascii_upper_series(texts["text"].fill_null(""))
    implied = range_members(pl.DataFrame({"row": np.arange(len(folded), dtype=np.uint32), "text": folded}))
    owner = np.concatenate([np.arange(len(folded), dtype=np.uint32), implied["row"].to_numpy()])
    written = _bytes(pl.concat([folded.alias("text"), implied["raw"].alias("text")]))
    hashes, ends = kernel.text_tokens(*written, _salts(texts, by)[owner], grams, min_length)
    rows = texts["text_row"].gather(np.repeat(owner, np.diff(ends, prepend=0)))
    return pl.DataFrame({"text_row": rows, "token": hashes})


def sharing_tokens(
    texts: pl.DataFrame,
    identifiers: pl.DataFrame,
    by: Sequence[str],
    variants: Sequence[Variant],
    grams: int,
    min_length: int,
    tokens: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The texts and identifiers, as `find_identifiers` takes them, without those that cannot meet; all where there are
    few. `tokens`: the `token_hashes` of these texts, and perhaps of others, where they are known."""
    if not worth_filtering(texts, identifiers):
        return texts, identifiers
    from reconciliation.matching.text import token_kernel as kernel

    if tokens is None:
        tokens = token_hashes(texts, by, grams, min_length)
    hashes = tokens["token"].to_numpy()
    size = 1 << max(10, (len(hashes) * _BITS_PER_TOKEN).bit_length() - 6)  # words, a power of two
    written, shared = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.uint64)
    kernel.enter(hashes, written)
    named = np.zeros(identifiers.height, dtype=np.bool_)
    flags = sum(getattr(kernel, variant.name) for variant in variants)
    references = _bytes(ascii_upper_series(identifiers["reference"].fill_null("")))
    kernel.identifiers_pass(*references, _salts(identifiers, by), flags, min_length, written, shared, named)
    naming = tokens.filter(pl.Series(kernel.among(hashes, shared))).select("text_row").unique()
    return texts.join(naming, on="text_row", how="semi"), identifiers.filter(pl.Series(named))


def worth_filtering(texts: pl.DataFrame, identifiers: pl.DataFrame) -> bool:
    """Whether there are so many texts and identifiers that those that cannot meet are told apart first."""
    return texts.height + identifiers.height >= (_WORTH_LOADED if _KERNEL in sys.modules else _WORTH)


def naming_texts(texts: pl.DataFrame, names: pl.DataFrame, by: Sequence[str], letters: int) -> Bools:
    """By text: whether the first `letters` letters of some name may stand in it, from a word's start, spaces apart; all
    where there are few texts.

    Takes `texts` (`text`) and `names` (`whole`: without spaces), name keys without nulls, and the columns of `by`, in
    which both have to be equal.
    """
    hits = np.ones(texts.height, dtype=np.bool_)
    if texts.height < (_WORTH_LOADED if _KERNEL in sys.modules else _WORTH):
        return hits
    from reconciliation.matching.text import token_kernel as kernel

    table = np.zeros(1 << max(10, (names.height * _BITS_PER_NAME).bit_length() - 6), dtype=np.uint64)
    none = np.zeros(names.height, dtype=np.bool_)
    kernel.starts_pass(*_bytes(names["whole"]), _salts(names, by), letters, table, True, none)
    kernel.starts_pass(*_bytes(texts["text"]), _salts(texts, by), letters, table, False, hits)
    return hits


def _salts(frame: pl.DataFrame, by: Sequence[str]) -> Words:
    """One word for the columns in which a text and an identifier have to be equal."""
    salt = np.zeros(frame.height, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name in by:
            salt = salt * _ODD + frame[name].hash(0).to_numpy()
    return salt


def _bytes(texts: pl.Series) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The texts' bytes one after another, and where each begins and ends."""
    import pyarrow as pa

    array = texts.to_arrow().cast(pa.large_string())
    _, offsets, data = (None if buffer is None else memoryview(buffer) for buffer in array.buffers())
    assert offsets is not None  # noqa: S101 - texts always have offsets
    bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data, dtype=np.uint8) if data else np.zeros(0, dtype=np.uint8), bounds
