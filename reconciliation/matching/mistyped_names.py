"""Whose name is mistyped: a name that one slip of the keys tells from the name of one counterparty."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.names_in_texts import MAX_PARTIES, MIN_NAME, OF_ONE_ENTITY
from reconciliation.matching.text import name_similarity

_MOST_ALIKE = 50  # names of an entity that may share a beginning by which one of them is known, mistyped
_SHORT_TEXT = 8  # words of a text that may be nothing but a name
LIKE = 0.85  # similarity of two names of one counterparty, one of them mistyped


def texts_as_names(left: pl.DataFrame) -> pl.DataFrame:
    """`row`, `entity`, `name` of short texts (`told`, a name key) without a name field: such a text may be a name after a
    word or two."""
    texts = left.filter(pl.col("name").is_null()).select("row", "entity", pl.col("told").str.split(" ").alias("words"))
    words = texts.filter(pl.col("words").list.len().is_between(1, _SHORT_TEXT))
    starts = [
        words.select("row", "entity", pl.col("words").list.slice(start).list.join(" ").alias("name"))
        for start in range(3)
    ]
    return pl.concat(starts).filter(pl.col("name") != "")


def mistyped_names(told: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of names that begin like the name of one counterparty of the entity but for one slip.

    Two beginnings that one letter left out, doubled, changed or swapped tells apart share a beginning with one letter
    taken out of each. One that so many names share (CUSTOMER 1 to 9999) tells none of them apart, and is left out.
    """
    none = pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    if told.is_empty() or names.is_empty():
        return none
    left, right = (_without_a_letter(frame) for frame in (told.select("entity", "name").unique(), names))
    by = ["entity"] if (left["entity"] != 0).all() and (right["entity"] != 0).all() else []
    right = right.join(left.select("rest", *by).unique(), on=["rest", *by], how="semi")
    right = right.filter(pl.len().over("rest", *by) <= _MOST_ALIKE)
    met = left.join(right, on=["rest", *by], suffix="_right")
    if not by:
        met = met.filter(OF_ONE_ENTITY)
    met = met.select("entity", "name", "name_right", "party").unique()
    alike = met.filter(name_similarity(met["name"], met["name_right"]) >= LIKE)
    hits = told.join(alike.select("entity", "name", "party").unique(), on=["entity", "name"]).select("row", "party")
    return hits.unique().filter(pl.len().over("row") == 1)


def _without_a_letter(names: pl.DataFrame) -> pl.DataFrame:
    """Each name (a name key) with the beginnings (`rest`) that are left when one of its first letters is taken out: eight
    plain letters, which are a word of 64 bits. Names that begin with other than Latin letters have none."""
    first = pl.col("name").str.replace_all(" ", "", literal=True).str.slice(0, MIN_NAME + 1)
    whole = names.with_columns(first.alias("whole")).filter(
        (pl.col("whole").str.len_chars() > MIN_NAME)
        & (pl.col("whole").str.len_bytes() == pl.col("whole").str.len_chars())
    )
    whole = whole.filter(pl.len().over("entity", "name") <= MAX_PARTIES)
    plain = whole["whole"].cast(pl.Binary)
    letters = plain.bin.reinterpret(dtype=pl.Array(pl.UInt8, MIN_NAME + 1), endianness="little").to_numpy()
    rests = [np.delete(letters, place, axis=1).view(np.uint64).ravel() for place in range(MIN_NAME + 1)]
    repeated = [np.zeros(whole.height, dtype=np.bool_)]  # of a double letter either may be taken out
    repeated.extend(letters[:, place] == letters[:, place - 1] for place in range(1, MIN_NAME + 1))
    kept = [np.flatnonzero(~again) for again in repeated]
    rest = np.concatenate([rest[rows] for rest, rows in zip(rests, kept, strict=True)])
    return whole.drop("whole")[np.concatenate(kept)].hstack([pl.Series("rest", rest)])
