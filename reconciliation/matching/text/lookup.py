"""The token join: which of the known identifiers stand in which texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from reconciliation.matching.text.identifiers import ORDER, SURE, Variant, identifier_keys
from reconciliation.matching.text.token_filter import worth_compiling
from reconciliation.matching.text.tokens import repeated_tokens

if TYPE_CHECKING:
    from reconciliation.matching.text.compiled_tokens import TextTokens


def find_identifiers(
    texts: pl.DataFrame,
    identifiers: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    variants: Sequence[Variant] = SURE,
    grams: int = 3,
    min_length: int = 4,
    max_owners: int = 20,
    tokens: TextTokens | None = None,
) -> pl.DataFrame:
    """The identifiers found in the texts.

    Takes `texts` (`text_row`, `text`, and the columns of `by`) and `identifiers` (`identifier_row`, `reference`,
    and the columns of `by`, in which both must be equal, such as the entity). Gives (`text_row`, `identifier_row`,
    `token`, `span`, `variant`, `rank`), one row per pair with its surest evidence, sorted by pair. A key owned by
    more than `max_owners` identifiers of one `by` group as surely, or more so, names none of them and is left out. `tokens`: those
    of these texts, and perhaps of others, where they are known.
    """
    if tokens is not None or worth_compiling(texts["text"], identifiers["reference"]):
        met = _met_by_hash(texts, identifiers, by, variants, grams, min_length, max_owners, tokens)
    else:
        met = _met_by_text(texts, identifiers, by, variants, grams, min_length, max_owners)
    return (
        met.sort("text_row", "identifier_row", "rank", "span", "token")
        .unique(["text_row", "identifier_row"], keep="first", maintain_order=True)
        .select(
            "text_row",
            "identifier_row",
            "token",
            "span",
            pl.col("rank")
            .replace_strict({rank: variant.value for variant, rank in ORDER.items()}, return_dtype=pl.String)
            .alias("variant"),
            "rank",
        )
    )


def _met_by_text(
    texts: pl.DataFrame,
    identifiers: pl.DataFrame,
    by: Sequence[str],
    variants: Sequence[Variant],
    grams: int,
    min_length: int,
    max_owners: int,
) -> pl.DataFrame:
    found = repeated_tokens(texts, row="text_row", grams=grams, min_length=min_length)
    keys = identifier_keys(
        identifiers,
        row="identifier_row",
        variants=variants,
        min_length=min_length,
        among=found.select("token").unique(),
    )
    if by:
        found = found.join(texts.select("text_row", *by).unique("text_row"), on="text_row")
        keys = keys.join(identifiers.select("identifier_row", *by).unique("identifier_row"), on="identifier_row")
    return _met(found, keys, ["token", *by], max_owners)


def _met_by_hash(
    texts: pl.DataFrame,
    identifiers: pl.DataFrame,
    by: Sequence[str],
    variants: Sequence[Variant],
    grams: int,
    min_length: int,
    max_owners: int,
    tokens: TextTokens | None,
) -> pl.DataFrame:
    from reconciliation.matching.text.compiled_tokens import TextTokens

    tokens = tokens or TextTokens.of(texts, by, grams, min_length)
    keys = tokens.keys(identifiers, by, variants, min_length)
    found = tokens.among(keys["token"])
    keys = keys.join(found, on="token", how="semi").sort("rank")
    keys = keys.unique(["identifier_row", "token"], keep="first", maintain_order=True)
    met = tokens.verified(_met(found, keys, ["token"], max_owners))
    return met.join(texts, on="text_row", how="semi")


def _met(tokens: pl.DataFrame, keys: pl.DataFrame, on: Sequence[str], max_owners: int) -> pl.DataFrame:
    """Tokens with the keys that are equal to them, those of too many owners left out."""
    # most identifiers are in no text and most tokens are none: each side is cut down by the other first
    keys = keys.join(tokens, on=on, how="semi")
    tokens = tokens.join(keys, on=on, how="semi")
    # who owns a key whole is not lost among the many of whom it is a part
    owners = keys.group_by(*on, "rank").len().sort("rank")
    owners = owners.with_columns(pl.col("len").cum_sum().over(on).alias("as_sure"))
    crowded = owners.filter(pl.col("as_sure") > max_owners)
    keys = keys.join(crowded, on=[*on, "rank"], how="anti")
    return tokens.join(keys, on=on)
