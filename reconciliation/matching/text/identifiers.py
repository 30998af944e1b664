"""Keys of an identifier: how else the same document number may be written in a bank's text."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import polars as pl

from reconciliation.matching.text.check_digits import self_identifying
from reconciliation.matching.text.folding import ascii_upper_series, canonical_identifier, compact


class Variant(StrEnum):
    """How a key was derived from its identifier, surest first."""

    EXACT = "exact"  # the whole, whatever the separators, O/0, I/1 and leading zeros
    SEGMENTS = "segments"  # leading zeros dropped in each segment: INV-2024-000123 as INV 2024 123
    UNPREFIXED = "unprefixed"  # without the letters in front: RE-2024-0815 as 20240815, SI/25-26/0048 as 25 26 48
    SERIAL = "serial"  # the last number alone, without leading zeros: 815 of RE-2024-0815
    TRUNCATED = "truncated"  # up to three characters lost at the end, or two at the front


SURE = (Variant.EXACT, Variant.SEGMENTS, Variant.UNPREFIXED)
ORDER = {variant: rank for rank, variant in enumerate(Variant)}
_TRUNCATED_FROM = 10  # an identifier shorter than this says too little once it is cut
_SEVERAL = r"[0-9][^0-9]+[0-9]+[^0-9]+[0-9]"  # three numbers: two are a year and a month
_CUTS = ((0, 1), (0, 2), (0, 3), (1, 0), (2, 0))  # characters lost in front, at the end


def identifier_keys(
    identifiers: pl.DataFrame,
    *,
    row: str = "row",
    reference: str = "reference",
    variants: Sequence[Variant] = SURE,
    min_length: int = 4,
    among: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The keys under which each identifier may stand in a text, to be joined with `text_tokens` on `token`.

    Takes (`row`, `reference`), several references per row allowed. Gives distinct (`row`, `token`, `variant`, `rank`)
    with the surest variant of each key (`rank` 0 is the surest). A key has a digit and at least `min_length`
    characters. A reference that carries its own check digits (RF, QRR, OGM) has no cut or partial keys: what lost a
    character would not verify. With `among` (a frame with `token`), only keys that stand there: most identifiers
    are in no text, and their keys need not be sorted.
    """
    given = identifiers.select(pl.col(row).alias("row"), pl.col(reference).alias("reference")).drop_nulls().unique()
    distinct = given.select("reference").unique().sort("reference")
    written = distinct.with_columns(ascii_upper_series(distinct["reference"]).alias("upper"))
    written = written.with_columns(compact(pl.col("upper")).alias("compact"))
    written = written.with_columns(
        canonical_identifier(pl.col("compact")).alias("exact"), self_identifying(written["compact"]).alias("verified")
    )
    by_variant = [_keys(written, variant) for variant in variants]
    if among is not None:
        by_variant = [keyed.join(among, on="token", how="semi") for keyed in by_variant]
    keys = pl.concat(by_variant).filter(
        pl.col("token").str.contains("[0-9]") & (pl.col("token").str.len_bytes() >= min_length)
    )
    return (
        given.join(keys, on="reference")
        .sort("row", "token", "rank")
        .unique(["row", "token"], keep="first", maintain_order=True)
        .select(pl.col("row").alias(row), "token", "variant", "rank")
    )


def _without_zeros(upper: pl.Expr) -> pl.Expr:
    """An identifier whose numbers have no zeros in front."""
    return upper.str.replace_all(r"(^|[^0-9])0+([0-9])", "$1$2")


def _keys(written: pl.DataFrame, variant: Variant) -> pl.DataFrame:
    open_form = written.filter(~pl.col("verified"))
    digits = pl.col("upper").str.contains(r"[0-9]")
    if variant is Variant.EXACT:
        keyed = written.select("reference", pl.col("exact").alias("token"))
    elif variant is Variant.SEGMENTS:
        stripped = _without_zeros(pl.col("upper"))
        keyed = open_form.select("reference", canonical_identifier(compact(stripped)).alias("token"))
    elif variant is Variant.UNPREFIXED:
        rest = pl.col("upper").str.replace(r"^[^0-9]+", "")
        begun = open_form.filter(pl.col("upper").str.contains("^[^0-9]") & digits)
        several = begun.filter(pl.col("upper").str.contains("^[^0-9]*[A-Z]"), pl.col("upper").str.contains(_SEVERAL))
        keyed = (
            pl.concat(
                [
                    begun.select("reference", compact(rest).alias("rest")),
                    several.select("reference", compact(_without_zeros(rest)).alias("rest")),
                ]
            )
            .filter(pl.col("rest").str.len_bytes() >= 5)
            .select("reference", canonical_identifier(pl.col("rest")).alias("token"))
        )
    elif variant is Variant.SERIAL:
        serial = pl.col("upper").str.extract(r"([0-9]+)[^0-9]*$", 1)
        keyed = open_form.filter(digits).select("reference", canonical_identifier(serial).alias("token"))
    else:
        long = open_form.filter(pl.col("compact").str.len_bytes() >= _TRUNCATED_FROM)
        keyed = pl.concat(
            [
                long.select(
                    "reference",
                    canonical_identifier(
                        pl.col("compact").str.slice(front, pl.col("compact").str.len_chars() - front - end)
                    ).alias("token"),
                )
                for front, end in _CUTS
            ]
        )
    return keyed.with_columns(pl.lit(variant.value).alias("variant"), pl.lit(ORDER[variant], pl.UInt8).alias("rank"))
