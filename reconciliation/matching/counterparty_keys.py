"""The account and the name of an item's counterparty in comparable form. Many items have the same: each spelling is worked
on once for a whole dataset."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Dataset
from reconciliation.matching.text import labelled_name, name_key


def account_key(accounts: pl.Series) -> pl.Series:
    """Account numbers without separators, in capitals; empty becomes null."""
    compact = pl.col("account").str.replace_all(r"[^0-9A-Za-z]", "").str.to_uppercase()
    keys = accounts.alias("account").to_frame().select(compact)
    return keys.select(pl.when(pl.col("account") != "").then("account"))["account"]


def account_keys(data: Dataset, rows: Rows) -> pl.Series:
    """`account_key` of the counterparty's account of each of these rows."""
    return data.by_value("counterparty_account", account_key, rows)


def name_keys(data: Dataset, rows: Rows) -> pl.Series:
    """`name_key` of each row's counterparty: of its name as given, else as its text labels it."""
    keys = data.by_value("counterparty_name", name_key, rows)
    nameless = data.lacking("counterparty_name", rows)
    if not nameless.any():
        return keys
    labelled = data.take([labelled_name("text").alias("name")], rows[nameless])["name"]
    if labelled.null_count() == len(labelled):
        return keys
    return keys.scatter(nameless.nonzero()[0], name_key(labelled))
