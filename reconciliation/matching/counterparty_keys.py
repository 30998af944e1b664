"""The account and the name of an item's counterparty in comparable form. Many items have the same: each spelling is worked
on once for a whole dataset."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.text import labelled_name, name_key, receiver_name


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
    labelled = data.by_row(_labelled, rows[nameless])
    return keys if labelled.null_count() == len(labelled) else keys.scatter(nameless.nonzero()[0], labelled)


def _labelled(data: Dataset, rows: Rows) -> pl.Series:
    """`name_key` of the name that the text of each of these rows labels as the counterparty's."""
    printed = data.take([labelled_name("text").alias("name"), receiver_name("text").alias("receiver")], rows)
    if printed["receiver"].null_count() < printed.height:
        printed = printed.with_columns(name=_other_than_ours(data, printed))
    return name_key(printed["name"])


def text_keys(data: Dataset, rows: Rows) -> pl.Series:
    """`name_key` of the text of each of these rows, in which a name may stand."""
    return data.by_row(_text_key, rows)


def _text_key(data: Dataset, rows: Rows) -> pl.Series:
    return name_key(data.take(["text"], rows)["text"])


def distinct_names(data: Dataset, rows: Rows) -> pl.Series:
    """The `name_keys` of these rows, each once."""
    spelling, spelled = data.columns.coded("counterparty_name")
    row_of = np.full(len(spelled), data.height, dtype=np.uint32)  # of a name as given one row; none given is the last
    row_of[spelling[rows]] = rows
    given = row_of[:-1]
    shown = np.concatenate([given[given < data.height], rows[data.lacking("counterparty_name", rows)]])
    return name_keys(data, shown).drop_nulls().unique()


def _other_than_ours(data: Dataset, printed: pl.DataFrame) -> pl.Series:
    """By entry that prints an originator (`name`) and a `receiver`: the one of them that is not the account's holder, who stands
    beside many others in the texts of the dataset."""
    if "beside" not in data.derived:
        both = data.read([labelled_name("text").alias("name"), receiver_name("text").alias("receiver")])
        data.derived["beside"] = both.drop_nulls().select("name", "receiver").unique()
    beside = data.derived["beside"]
    receivers = beside.group_by("name").len("receivers")
    originators = beside.group_by("receiver").len("originators")
    counted = printed.join(receivers, on="name", how="left", maintain_order="left")
    counted = counted.join(originators, on="receiver", how="left", maintain_order="left")
    ours = (pl.col("receivers") > pl.col("originators")).fill_null(pl.col("name").is_null())
    return counted.select(name=pl.when(ours).then("receiver").otherwise("name"))["name"]


def same_parties(one: tuple[Dataset, Rows], two: tuple[Dataset, Rows]) -> tuple[Mask, Mask]:
    """By pair of rows of two datasets: whether both show a counterparty's id, or a name, and whether one of them is the same."""
    shown, same = (np.zeros(len(one[1]), dtype=np.bool_) for _ in range(2))
    for mine, theirs in (
        [data.take(["counterparty_id"], rows)["counterparty_id"] for data, rows in (one, two)],
        [name_keys(data, rows) for data, rows in (one, two)],
    ):
        equal = mine == theirs
        shown |= equal.is_not_null().to_numpy()
        same |= equal.fill_null(False).to_numpy()
    return shown, same
