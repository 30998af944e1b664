"""Ranges and short-hand lists of document numbers: `INV 1001-1004`, `1001 bis 1004`, `1001/02/03`."""

from __future__ import annotations

import polars as pl

MAX_MEMBERS = 50  # a wider span is a pair of numbers, or a typing error, not a list of documents
_WORDS = r"(?:-|/|\.\.+|\bTO\b|\bBIS\b|\bTHRU\b|\bTHROUGH\b|\bTOT\b|\bAU\b|\bAL\b|\bTILL?\b)"
_RANGE = rf"\b[A-Z]{{0,6}}[0-9]{{4,12}}\s*{_WORDS}\s*[A-Z]{{0,6}}[0-9]{{1,12}}\b"
_PARTS = r"^[A-Z]*([0-9]+)\s*([^0-9]*?)\s*(?:[A-Z]*)([0-9]+)$"
_LIST = r"\b[0-9]{4,12}(?:\s*[/,+&]\s*[0-9]{1,4})+\b"


def range_members(texts: pl.DataFrame) -> pl.DataFrame:
    """The numbers that ranges and short-hand lists in `texts` (`row`, `text` in ASCII capitals) stand for.

    Gives (`row`, `raw`). The end of a range may be short (`1001-04` ends at 1004). A range must rise and hold at most
    MAX_MEMBERS numbers; anything else gives nothing. A list's short members replace the last digits of its first
    number.
    """
    return pl.concat([_ranges(texts), _lists(texts)])


def _ranges(texts: pl.DataFrame) -> pl.DataFrame:
    found = (
        texts.select("row", pl.col("text").str.extract_all(_RANGE).alias("span"))
        .filter(pl.col("span").list.len() > 0)
        .explode("span", empty_as_null=False, keep_nulls=False)
        .with_columns(
            pl.col("span").str.extract(_PARTS, 1).alias("first"), pl.col("span").str.extract(_PARTS, 3).alias("last")
        )
        .drop_nulls(["first", "last"])
    )
    full = _completed(pl.col("first"), pl.col("last"))
    return (
        found.with_columns(full.alias("last"), pl.col("first").str.len_chars().alias("width"))
        .with_columns(pl.col("first").cast(pl.Int64).alias("low"), pl.col("last").cast(pl.Int64).alias("high"))
        .filter((pl.col("high") - pl.col("low")).is_between(1, MAX_MEMBERS - 1))
        .with_columns(pl.int_ranges("low", pl.col("high") + 1).alias("number"))
        .explode("number", empty_as_null=False, keep_nulls=False)
        .select("row", pl.col("number").cast(pl.String).str.pad_start(pl.col("width"), "0").alias("raw"))
    )


def _lists(texts: pl.DataFrame) -> pl.DataFrame:
    return (
        texts.select("row", pl.col("text").str.extract_all(_LIST).alias("span"))
        .filter(pl.col("span").list.len() > 0)
        .explode("span", empty_as_null=False, keep_nulls=False)
        .with_columns(pl.col("span").str.extract_all("[0-9]+").alias("numbers"))
        .with_columns(
            pl.col("numbers").list.first().alias("first"),
            pl.col("numbers").list.slice(1, MAX_MEMBERS).alias("last"),
        )
        .explode("last", empty_as_null=False, keep_nulls=False)
        .select("row", _completed(pl.col("first"), pl.col("last")).alias("raw"))
    )


def _completed(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """`last` with the leading digits of `first` where it is the shorter one."""
    missing = first.str.len_chars().cast(pl.Int64) - last.str.len_chars().cast(pl.Int64)
    return pl.when(missing > 0).then(first.str.slice(0, missing.clip(0)) + last).otherwise(last)
