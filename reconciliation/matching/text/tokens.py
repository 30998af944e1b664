"""Tokens of free texts, at token boundaries, with the grams that mend line wraps and separators."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.text.check_digits import structured_references
from reconciliation.matching.text.folding import ascii_upper_series, canonical_identifier
from reconciliation.matching.text.ranges import range_members

MAX_TOKEN = 40  # longer runs are keys of nothing known (an RF reference has 25 characters, a UETR 32)


def text_tokens(
    texts: pl.DataFrame, *, row: str = "row", text: str = "text", grams: int = 3, min_length: int = 4
) -> pl.DataFrame:
    """Every identifier-like token of the texts, in canonical form.

    Takes one row per text (`row` is any key, unique). Gives distinct (`row`, `token`, `span`): `span` is 1 for a
    token as written, 2 or 3 for neighbours joined (a wrapped or separated identifier), 0 for what is only implied:
    the digits of a token that starts with letters, or a number inside a range. A token has a digit and at least
    `min_length` characters. A digit run is never cut: `1814` gives no `14`.
    """
    wanted = texts.select(pl.col(row).alias("row"), pl.col(text).alias("text")).filter(
        pl.col("text").str.contains("[0-9]")
    )
    folded = wanted.with_columns(ascii_upper_series(wanted["text"]))
    atoms = folded.select("row", pl.col("text").str.extract_all("[A-Z0-9]+").alias("atom")).explode(
        "atom", empty_as_null=False, keep_nulls=False
    )
    spans = [atoms.select("row", pl.col("atom").alias("raw"), pl.lit(1, pl.UInt8).alias("span"))]
    joined = pl.col("atom")
    for span in range(2, grams + 1):
        joined = joined + pl.col("atom").shift(1 - span)
        spans.append(
            atoms.with_columns(joined.alias("raw"), pl.col("row").shift(1 - span).alias("end"))
            .filter(pl.col("end") == pl.col("row"))
            .select("row", "raw", pl.lit(span, pl.UInt8).alias("span"))
        )
    written = pl.concat(spans).filter(
        pl.col("raw").str.contains("[0-9]") & pl.col("raw").str.len_bytes().is_between(min_length, MAX_TOKEN)
    )
    implied = pl.concat([_digit_runs(atoms, min_length), range_members(folded)])
    grouped = structured_references(folded).select(
        "row", pl.col("reference").alias("raw"), pl.lit(1, pl.UInt8).alias("span")
    )
    return (
        pl.concat([written, grouped, implied.with_columns(pl.lit(0, pl.UInt8).alias("span"))])
        .select("row", canonical_identifier(pl.col("raw")).alias("token"), "span")
        .filter(pl.col("token").str.len_bytes() >= min_length)
        .with_columns(pl.when(pl.col("span") == 0).then(9).otherwise(pl.col("span")).alias("order"))
        .sort("row", "token", "order")
        .unique(["row", "token"], keep="first", maintain_order=True)
        .drop("order")
        .rename({"row": row})
    )


def _digit_runs(atoms: pl.DataFrame, min_length: int) -> pl.DataFrame:
    """The whole digit runs of tokens of letters and digits (`RE4711`), as written and with O for 0, I for 1."""
    mixed = atoms.filter(pl.col("atom").str.contains("[A-Z]") & pl.col("atom").str.contains("[0-9]{3}"))
    readings = pl.concat([mixed, mixed.with_columns(pl.col("atom").str.replace_many(["O", "I"], ["0", "1"]))])
    return readings.select(
        "row", pl.col("atom").str.extract_all(f"[0-9]{{{max(min_length, 1)},}}").alias("raw")
    ).explode("raw", empty_as_null=False, keep_nulls=False)
