"""Whose each item of a dataset is, as one code: by its counterparty's id, else account, else name, else by the number that it and
others of its amount carry. A dataset has few counterparties: what they show is worked on once for each spelling."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.counterparty_keys import account_key, name_keys
from reconciliation.matching.customer_numbers import shared_references
from reconciliation.matching.encoding import Dataset


def party_codes(data: Dataset) -> pl.Series:
    """By row: the code of its counterparty, null where nothing tells it; made once."""
    if "party_codes" not in data.derived:
        every = np.arange(data.height, dtype=np.uint32)
        codes = pl.DataFrame(
            {
                "id": data.by_value("counterparty_id", _of_id, every),
                "account": data.by_value("counterparty_account", _of_account, every),
            }
        ).select(party=pl.coalesce("id", "account"))["party"]
        if len(unknown := codes.is_null().arg_true()):
            codes = codes.scatter(unknown, _coded("n", name_keys(data, unknown.to_numpy())))
        if len(nobody := codes.is_null().arg_true()):
            numbers = shared_references(data).join(pl.DataFrame({"row": nobody}), on="row", how="semi")
            numbers = numbers.group_by("row").agg(pl.col("key").min().cast(pl.String))
            codes = codes.scatter(numbers["row"], _coded("r", numbers["key"]))
        data.derived["party_codes"] = codes.to_frame("party")
    return data.derived["party_codes"]["party"]


def parties_of(view: SideView, rows: Rows) -> pl.DataFrame:
    """The counterparties of these rows of a side, open or settled: `row`, `party` (code)."""
    frame = pl.DataFrame({"row": rows, "party": party_codes(view.dataset)[rows]})
    return frame.drop_nulls("party") if frame["party"].null_count() else frame


def of_one_party(view: SideView, one: pl.Series, two: pl.Series) -> pl.Series:
    """By pair of rows of a side: whether both are of one counterparty that is known."""
    if one.is_empty():
        return pl.Series([], dtype=pl.Boolean)
    codes = party_codes(view.dataset)
    return (codes[one] == codes[two]).fill_null(False)


def right_parties(context: LegContext) -> pl.DataFrame:
    """The open right items' counterparties: `row`, `party` (code)."""
    return parties_of(context.right, context.right.rows())


def _of_id(ids: pl.Series) -> pl.Series:
    return _coded("i", ids)


def _of_account(accounts: pl.Series) -> pl.Series:
    return _coded("a", account_key(accounts))


def _coded(kind: str, texts: pl.Series) -> pl.Series:
    """A code for each text of a kind, null where there is none."""
    return pl.select(pl.when(texts.is_not_null()).then((pl.lit(kind) + texts).hash(3))).to_series()
