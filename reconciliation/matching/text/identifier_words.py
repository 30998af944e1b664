"""Words of texts that may be identifiers as they stand: no letter changed, no separator taken out."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.text.token_filter import text_bytes, texts_of_bytes, worth_compiling

_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9./_-]*[A-Za-z0-9])?"


def identifier_words(texts: pl.DataFrame, min_length: int) -> pl.DataFrame:
    """`row`, `word` of the words of `texts` (`row`, `text`) with a digit and at least `min_length` characters: letters and digits of
    ASCII, with points, slashes, lines and dashes between them."""
    if worth_compiling(texts["text"]):
        from reconciliation.matching.text import token_kernel as kernel

        owner, data, bounds = kernel.digit_words(*text_bytes(texts["text"].fill_null("")), min_length)
        return pl.DataFrame({"row": texts["row"].gather(owner), "word": texts_of_bytes(data, bounds)})
    words = texts.select("row", pl.col("text").str.extract_all(_WORD).alias("word"))
    words = words.explode("word", empty_as_null=False, keep_nulls=False)
    return words.filter(pl.col("word").str.len_bytes() >= min_length, pl.col("word").str.contains("[0-9]"))
