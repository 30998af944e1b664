"""The token join: which of the known identifiers stand in which texts."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from reconciliation.matching.text.identifiers import SURE, Variant, identifier_keys
from reconciliation.matching.text.token_filter import sharing_tokens
from reconciliation.matching.text.tokens import repeated_tokens


def find_identifiers(
    texts: pl.DataFrame,
    identifiers: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    variants: Sequence[Variant] = SURE,
    grams: int = 3,
    min_length: int = 4,
    max_owners: int = 20,
    hashes: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The identifiers found in the texts.

    Takes `texts` (`text_row`, `text`, and the columns of `by`) and `identifiers` (`identifier_row`, `reference`,
    and the columns of `by`, in which both must be equal, such as the entity). Gives (`text_row`, `identifier_row`,
    `token`, `span`, `variant`, `rank`), one row per pair with its surest evidence, sorted by pair. A key owned by
    more than `max_owners` identifiers of one `by` group as surely, or more so, names none of them and is left out. `hashes`: the
    `token_hashes` of the texts, where they are known.
    """
    texts, identifiers = sharing_tokens(texts, identifiers, by, variants, grams, min_length, hashes)
    tokens = repeated_tokens(texts, row="text_row", grams=grams, min_length=min_length)
    keys = identifier_keys(
        identifiers,
        row="identifier_row",
        variants=variants,
        min_length=min_length,
        among=tokens.select("token").unique(),
    )
    if by:
        tokens = tokens.join(texts.select("text_row", *by).unique("text_row"), on="text_row")
        keys = keys.join(identifiers.select("identifier_row", *by).unique("identifier_row"), on="identifier_row")
    # most identifiers are in no text and most tokens are none: each side is cut down by the other first
    keys = keys.join(tokens, on=["token", *by], how="semi")
    tokens = tokens.join(keys, on=["token", *by], how="semi")
    # who owns a key whole is not lost among the many of whom it is a part
    owners = keys.group_by("token", *by, "rank").len().sort("rank")
    owners = owners.with_columns(pl.col("len").cum_sum().over("token", *by).alias("as_sure"))
    crowded = owners.filter(pl.col("as_sure") > max_owners)
    keys = keys.join(crowded, on=["token", *by, "rank"], how="anti")
    return (
        tokens.join(keys, on=["token", *by])
        .sort("text_row", "identifier_row", "rank", "span", "token")
        .unique(["text_row", "identifier_row"], keep="first", maintain_order=True)
        .select("text_row", "identifier_row", "token", "span", "variant", "rank")
    )
