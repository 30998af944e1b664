"""Amounts and shares that a text states: 1,234.56 and 1.234,56 and 1234,56; 2%, 3 PCT, 2,5 PROZENT."""

from __future__ import annotations

import polars as pl

_FIGURES = "[0-9][0-9.,']*[0-9]"
_SHARE = r"\b([0-9]{1,2}(?:[.,][0-9]{1,2})?) ?(?:%|PCT\b|PERCENT\b|PROZENT|PROCENT|PROC\b|VH\b|V\.H\.|POR ?CIENTO|POR ?CENTO)"
_WORD = "[0-9A-Z][0-9A-Z.,']*"
_UNIT = "^[A-Z]{0,3}([0-9.,']+)[A-Z]{0,3}$"  # EUR100,00
_LEAST_WHOLE = 3  # digits of an amount in a currency without decimals


def stated_amounts(texts: pl.DataFrame) -> pl.DataFrame:
    """`left`, `amount` (minor units) of the amounts that texts (`left`, `text`, `exponent` of the currency) state: with all of the
    currency's decimals, so that no number of a document is taken for one."""
    figures = texts.select("left", "exponent", said=pl.col("text").str.extract_all(_FIGURES))
    figures = figures.explode("said", empty_as_null=False, keep_nulls=False)
    parts = [
        figures.filter(pl.col("exponent") == exponent, pl.col("said").str.contains(_pattern(exponent)))
        for exponent in texts["exponent"].unique().sort().to_list()
    ]
    said = pl.concat([figures.clear(), *parts])
    digits = pl.col("said").str.replace_all("[^0-9]", "")
    return said.filter(digits.str.len_bytes() <= 18).select("left", digits.cast(pl.Int64).alias("amount")).unique()


def figures_between(texts: pl.DataFrame) -> pl.DataFrame:
    """`left`, `place`, `piece`, `amount` of texts (`left`, `text` in ASCII capitals, `exponent`): the pieces of text that amounts lie
    between, numbered from 0, each with the `amount` behind it (minor units), null behind the last one."""
    words = texts.select("left", "exponent", word=pl.col("text").str.extract_all(_WORD))
    words = words.explode("word", empty_as_null=False, keep_nulls=False)
    bare = pl.col("word").str.strip_chars_end(".,'").str.replace(_UNIT, "$1")
    amount = pl.lit(False)
    for exponent in texts["exponent"].unique().sort().to_list():
        amount = amount | (
            (pl.col("exponent") == exponent) & bare.str.contains(_pattern(exponent, grouped=not exponent))
        )
    digits = bare.str.replace_all("[^0-9]", "")
    read = words.with_columns(is_amount=amount & (digits.str.len_bytes() <= 18)).with_columns(
        amount=pl.when("is_amount").then(digits).cast(pl.Int64),
        place=pl.col("is_amount").cast(pl.Int64).cum_sum().over("left") - pl.col("is_amount").cast(pl.Int64),
    )
    said = pl.when(~pl.col("is_amount")).then("word").str.join(" ")
    return read.group_by("left", "place", maintain_order=True).agg(said.alias("piece"), pl.col("amount").max())


def shares_stated(texts: pl.DataFrame) -> pl.DataFrame:
    """`left`, `share` (0.02 of 2%) of the shares that texts (`left`, `text`) state."""
    said = texts.select("left", said=pl.col("text").str.extract_all(_SHARE))
    said = said.explode("said", empty_as_null=False, keep_nulls=False)
    number = pl.col("said").str.extract(_SHARE, 1).str.replace(",", ".", literal=True)
    return said.select("left", (number.cast(pl.Float64) / 100).alias("share")).unique()


def _pattern(exponent: int, grouped: bool = False) -> str:
    """An amount with all of the currency's decimals; without any, a number of some digits or, with `grouped`, in groups of three."""
    groups = "[0-9]{1,3}(?:[.,'][0-9]{3})+"
    if exponent:
        return f"^(?:{groups}|[0-9]+)[.,][0-9]{{{exponent}}}$"
    return f"^{groups}$" if grouped else f"^(?:{groups}|[0-9]{{{_LEAST_WHOLE},}})$"
