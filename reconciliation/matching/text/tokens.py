"""Tokens of free texts, at token boundaries, with the grams that mend line wraps and separators."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.text.check_digits import structured_references
from reconciliation.matching.text.folding import ascii_upper_series, canonical_identifier, canonical_identifier_inside
from reconciliation.matching.text.ranges import range_members

GLUED_FROM = 8  # characters; `EUR1250,00` is an amount, not the document 125000
MAX_TOKEN = 40  # longer runs are keys of nothing known (an RF reference has 25 characters, a UETR 32)


def text_tokens(
    texts: pl.DataFrame, *, row: str = "row", text: str = "text", grams: int = 3, min_length: int = 4
) -> pl.DataFrame:
    """Every identifier-like token of the texts, in canonical form.

    Takes one row per text (`row` is any key, unique). Gives distinct (`row`, `token`, `span`), sorted: `span` is 1
    for a token as written, 2 or 3 for neighbours joined (a wrapped or separated identifier), 0 for what is only
    implied: the digits of a token that starts with letters, alone or with the neighbours behind them (`RNR2026-0815`),
    or a number inside a range. A token has a digit and at least `min_length` characters. A digit run is never cut:
    `1814` gives no `14`.
    """
    return (
        repeated_tokens(texts, row=row, text=text, grams=grams, min_length=min_length)
        .sort(row, "token", pl.when(pl.col("span") == 0).then(9).otherwise("span"))
        .unique([row, "token"], keep="first", maintain_order=True)
    )


def repeated_tokens(
    texts: pl.DataFrame, *, row: str = "row", text: str = "text", grams: int = 3, min_length: int = 4
) -> pl.DataFrame:
    """As `text_tokens`, but unsorted and a token may come several times: for a join that keeps few of them."""
    wanted = texts.select(pl.col(row).alias("row"), pl.col(text).alias("text")).filter(
        pl.col("text").str.contains(r"\d")  # of any script
    )
    folded = wanted.with_columns(ascii_upper_series(wanted["text"]))
    atoms = _atoms(folded)
    bare = _without_letters_in_front(atoms)
    glued = [_grams(bare, span, max(min_length, GLUED_FROM), "glued") for span in range(2, grams + 1)]
    glued = [each.filter(pl.col("token").str.len_bytes() >= GLUED_FROM) for each in glued]
    glued = [each.with_columns(pl.lit(0, pl.UInt8).alias("span")) for each in glued]
    written = pl.concat([*(_grams(atoms, span, min_length) for span in range(1, grams + 1)), *glued])
    implied = pl.concat([_digit_runs(atoms, min_length), range_members(folded)])
    implied = implied.with_columns(pl.lit(0, pl.UInt8).alias("span"))
    grouped = structured_references(folded).select("row", pl.col("reference").alias("raw"))
    implied = pl.concat([implied, grouped.with_columns(pl.lit(1, pl.UInt8).alias("span"))])
    return (
        pl.concat([written, implied.select("row", canonical_identifier(pl.col("raw")).alias("token"), "span")])
        .filter(pl.col("token").str.len_bytes() >= min_length)
        .rename({"row": row})
    )


def _atoms(folded: pl.DataFrame) -> pl.DataFrame:
    """The unbroken runs of letters and digits, in order: as written, canonical at the start and inside an
    identifier.
    """
    # the canonical form changes characters inside a run only, so that both texts have the same runs
    runs = folded.select(
        "row",
        pl.col("text").str.extract_all("[A-Z0-9]+").alias("atom"),
        canonical_identifier_inside(pl.col("text")).str.extract_all("[A-Z0-9]+").alias("inside"),
    ).explode("atom", "inside", empty_as_null=False, keep_nulls=False)
    return runs.with_columns(
        pl.col("atom").str.contains("[0-9]").alias("numeric"),
        pl.col("inside").str.replace("^0+([0-9])", "$1").alias("after_letter"),
        pl.col("inside").str.contains("[A-Z]$").alias("ends_in_letter"),
        pl.col("atom").str.len_bytes().alias("length"),
    )


def _without_letters_in_front(atoms: pl.DataFrame) -> pl.DataFrame:
    """The atoms with `glued`: the digits on, of those that begin with letters; null in others."""
    glued = pl.col("atom").str.contains("^[A-Z]+[0-9]")
    rest = canonical_identifier_inside(pl.col("atom").str.replace("^[A-Z]+", ""))
    return atoms.with_columns(pl.when(glued).then(rest).alias("glued"))


def _grams(atoms: pl.DataFrame, span: int, min_length: int, first: str = "inside") -> pl.DataFrame:
    """Neighbouring atoms joined, `span` of them, in canonical form, the first as column `first` has it (null: none
    begins there); whole candidates are dropped before any is joined.
    """
    numeric, length = pl.col("numeric"), pl.col("length")
    for step in range(1, span):
        numeric = numeric | pl.col("numeric").shift(-step)
        length = length + pl.col("length").shift(-step)
    parts = [pl.col(first)]
    for step in range(1, span):
        before = pl.col("ends_in_letter").shift(1 - step)
        parts.append(pl.when(before).then(pl.col("after_letter").shift(-step)).otherwise(pl.col("inside").shift(-step)))
    keep = numeric & length.is_between(min_length, MAX_TOKEN) & (pl.col("row").shift(1 - span) == pl.col("row"))
    keep = keep & pl.col(first).is_not_null()
    return (
        atoms.select("row", keep.alias("keep"), *(part.alias(f"part{step}") for step, part in enumerate(parts)))
        .filter("keep")
        .select(
            "row",
            pl.concat_str([f"part{step}" for step in range(span)]).str.strip_chars_start("0").alias("token"),
            pl.lit(span, pl.UInt8).alias("span"),
        )
    )


def _digit_runs(atoms: pl.DataFrame, min_length: int) -> pl.DataFrame:
    """The whole digit runs of tokens of letters and digits (`RE4711`), as written and with O for 0, I for 1."""
    mixed = atoms.filter(pl.col("atom").str.contains("[A-Z]") & pl.col("atom").str.contains("[0-9]{3}"))
    readings = pl.concat([mixed.select("row", "atom"), mixed.select("row", pl.col("inside").alias("atom"))])
    return readings.select(
        "row", pl.col("atom").str.extract_all(f"[0-9]{{{max(min_length, 1)},}}").alias("raw")
    ).explode("raw", empty_as_null=False, keep_nulls=False)
