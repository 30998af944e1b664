"""What a bank books as one entry: the members of a batch that one account pays in one currency."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import SideView

_APART = "\x1f"


def batched_items(view: SideView) -> pl.DataFrame:
    """The open items of batches: `row`, `open`, `currency`, `account`, `entity`, `date`, `batch_id`, and `given`, the id of the
    batch as it stands in the item; where a batch is of several accounts or currencies, its id names them as well."""
    items = view.frame(pl.col("batch_id").alias("given")).drop_nulls("given")
    kinds = pl.struct("account", "currency").n_unique().over("given")
    mixed = (kinds > 1) & (pl.col("account") != 0).all().over("given")
    own = pl.concat_str("given", "account", "currency", separator=_APART)
    return items.with_columns(batch_id=pl.when(mixed).then(own).otherwise("given"))


def of_given(entries: SideView, found: pl.DataFrame, batched: pl.DataFrame) -> pl.DataFrame:
    """`entry`, `batch_id` of entries (`entry`, `given`) and the batches of the id they name that are of their account and
    currency."""
    known = batched.group_by("given", "batch_id").agg(pl.col("account", "currency").first())
    met = found.join(known, on="given")
    rows = met["entry"].to_numpy()
    account, currency = entries.dataset.account[rows], entries.dataset.currency[rows]
    met = met.with_columns(own=pl.Series(account), paid=pl.Series(currency))
    split = pl.col("given") != pl.col("batch_id")
    fits = (pl.col("own") == pl.col("account")) | (pl.col("own") == 0)
    return met.filter(~split | (fits & (pl.col("paid") == pl.col("currency")))).select("entry", "batch_id").unique()
