"""Items of a counterparty that lack its id: what is named like it, and has neither id nor account, is it."""

from __future__ import annotations

import polars as pl


def with_namesakes(found: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` with the counterparties without id and account that have the same name: some of its items may lack its id."""
    bare = right.filter(pl.col("id").is_null() & pl.col("iban").is_null()).select("name", also="party").drop_nulls()
    if bare.is_empty():
        return found
    named = right.select("party", "name").drop_nulls().join(bare.unique(), on="name").unique(["party", "also"])
    more = named.filter(pl.col("party") != pl.col("also")).select("party", "also")
    if more.is_empty():
        return found
    return pl.concat([found, found.join(more, on="party").select("row", party="also")]).unique(maintain_order=True)
