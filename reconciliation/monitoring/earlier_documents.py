"""For documents that are told alike kind by kind, the earlier ones of each: the first of them, and how many there are.

Documents of one kind agree in all that is compared (party, money, number, date). Kinds are paired, never their documents: of
three thousand documents under one number each has up to 2,999 earlier ones, and four million pairs say no more than the first
one and a count.
"""

from __future__ import annotations

import polars as pl

MEMBERS = ("kind", "place", "document")


def with_kinds(documents: pl.DataFrame, same: list[str]) -> pl.DataFrame:
    """The documents with the number of their `kind`: what agrees in the columns, nulls too, is of one kind."""
    return documents.with_columns((pl.struct(same).rank("dense") - 1).cast(pl.Int64).alias("kind"))


def kinds_of(documents: pl.DataFrame) -> pl.DataFrame:
    """One row a kind, with how many `members` it has."""
    return documents.with_columns(pl.len().over("kind").cast(pl.Int64).alias("members")).unique(
        "kind", keep="first", maintain_order=True
    )


def earlier_documents(later: pl.DataFrame, documents: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The rows of `later`, one for each kind paired with theirs (pairs: kind, first_kind, ...) that has an earlier document:
    `first_place` of the earliest one, and `earlier`, how many there are.

    Documents (kind, place, document) are in the order of their places, each place once. Those with one `document`, null for
    none, are parts of one and no pair; a kind has no two of them.
    """
    members = documents.select(MEMBERS).sort("place").with_columns(
        pl.int_range(1, pl.len() + 1).over("kind").alias("earlier")
    )  # fmt: skip
    leaders = members.group_by("kind", maintain_order=True).agg(
        pl.col("place").first().alias("one"),
        pl.col("document").first().alias("of_one"),
        pl.col("place").get(1, null_on_oob=True).alias("two"),
    )
    own = members.select(
        pl.col("kind").alias("first_kind"), "document", pl.col("place").alias("own_place")
    ).filter(pl.col("document").is_not_null())  # fmt: skip
    is_own = (pl.col("document") == pl.col("of_one")).fill_null(value=False)
    return (
        later.join(pairs, on="kind")
        .sort("place")
        .join_asof(
            members.select(pl.col("kind").alias("first_kind"), "place", "earlier"),
            on="place",
            by="first_kind",
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .join(leaders, left_on="first_kind", right_on="kind")
        .join(own, on=["first_kind", "document"], how="left")
        .with_columns(
            pl.when(is_own).then("two").otherwise("one").alias("first_place"),
            pl.col("earlier") - (pl.col("own_place") < pl.col("place")).fill_null(value=False).cast(pl.Int64),
        )
        .filter((pl.col("first_place") < pl.col("place")) & (pl.col("earlier") > 0))
        .drop("one", "of_one", "two", "own_place")
    )
