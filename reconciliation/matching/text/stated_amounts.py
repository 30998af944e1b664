"""Amounts and shares that a text states: 1,234.56 and 1.234,56 and 1234,56; 2%, 3 PCT, 2,5 PROZENT."""

from __future__ import annotations

import polars as pl

_FIGURES = "[0-9][0-9.,']*[0-9]"
_SHARE = r"\b([0-9]{1,2}(?:[.,][0-9]{1,2})?) ?(?:%|PCT\b|PERCENT\b|PROZENT|PROCENT|PROC\b|VH\b|V\.H\.|POR ?CIENTO|POR ?CENTO)"
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


def shares_stated(texts: pl.DataFrame) -> pl.DataFrame:
    """`left`, `share` (0.02 of 2%) of the shares that texts (`left`, `text`) state."""
    said = texts.select("left", said=pl.col("text").str.extract_all(_SHARE))
    said = said.explode("said", empty_as_null=False, keep_nulls=False)
    number = pl.col("said").str.extract(_SHARE, 1).str.replace(",", ".", literal=True)
    return said.select("left", (number.cast(pl.Float64) / 100).alias("share")).unique()


def _pattern(exponent: int) -> str:
    grouped = r"(?:[0-9]{1,3}(?:[.,'][0-9]{3})+|[0-9]+)"
    return (
        f"^{grouped}[.,][0-9]{{{exponent}}}$"
        if exponent
        else rf"^(?:[0-9]{{1,3}}(?:[.,'][0-9]{{3}})+|[0-9]{{{_LEAST_WHOLE},}})$"
    )
