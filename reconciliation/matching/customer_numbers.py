"""Numbers that say whose an item is, not which: a customer's number, a contract's, one payment reference for all bills.

Such a number stands on many items, or is the counterparty's own id. Who names it means that counterparty; which of its items of
one amount is meant, the date has to tell.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.encoding import Dataset
from reconciliation.matching.joins import among, of_rows
from reconciliation.matching.reference_index import is_carried, repeated_references
from reconciliation.matching.reference_keys import hashed, with_bare_numbers, word_keys
from reconciliation.matching.text import identifier_words

_LEAST = 4  # characters of a customer's number with a letter in it
_LEAST_DIGITS = 6  # of one that is nothing but digits: shorter ones are years, postcodes, amounts


def carried_by_several(data: Dataset) -> pl.DataFrame:
    """`row`, `reference`, `key`, `check` of the identifiers that several items carry, open or settled: several of one entity, where all
    items say theirs, as companies of a group number their bills alike."""
    if "carried_by_several" not in data.derived:
        repeated = repeated_references(data)
        entity = data.entity[repeated["row"].to_numpy()]
        entity = entity if data.entity.all() else np.zeros_like(entity)
        several = pl.col("row").n_unique().over("key", "check", pl.Series("entity", entity)) > 1
        data.derived["carried_by_several"] = repeated.filter(several)
    return data.derived["carried_by_several"]


def shared_references(data: Dataset) -> pl.DataFrame:
    """`row`, `key`, `check` of those that several items of one amount carry: they tell none of them."""
    if "shared_references" not in data.derived:
        several = carried_by_several(data)
        rows = several["row"].to_numpy()
        priced = several.with_columns(
            amount=pl.Series(data.amount[rows]),
            currency=pl.Series(data.currency[rows]),
            entity=pl.Series(data.entity[rows]),
        )
        of_a_price = pl.col("row").n_unique().over("key", "check", "amount", "currency", "entity") > 1
        data.derived["shared_references"] = priced.filter(of_a_price).select("row", "key", "check")
    return data.derived["shared_references"]


def of_one_item(data: Dataset, keys: pl.DataFrame) -> pl.DataFrame:
    """Of a dataset's identifiers (`row`, `key`) those that tell their item from others of its amount."""
    shared = shared_references(data)
    if shared.is_empty():
        return keys
    kept = np.ones(keys.height, dtype=np.bool_)
    suspects = of_rows(keys.select("row", "key").with_row_index("place"), "row", shared["row"].to_numpy(), data.height)
    kept[suspects.join(shared, on=["row", "key"], how="semi")["place"].to_numpy()] = False
    return keys.filter(pl.Series(kept))


def telling_words(context: LegContext, view: SideView, words: pl.DataFrame) -> pl.DataFrame:
    """Of the words (`row`, `key`, `check`) of a side's open items those that no other item of the amount shows as well, open or
    settled: the number of an order tells its bill, that of a contract does not tell which month's."""
    data = view.dataset
    rows = np.unique(words["row"].to_numpy())
    alike = np.flatnonzero(among(data.amount, data.amount[rows])).astype(np.uint32)
    texts = data.take(["text"], alike).with_columns(pl.Series("row", alike))
    shown = with_bare_numbers(identifier_words(texts, _LEAST), "word").with_columns(hashed("word"))
    shown = shown.unique(["row", "key", "check"])
    shown = shown.join(words.select("key").unique(), on="key", how="semi")
    own = shown["row"].to_numpy()
    priced = shown.with_columns(
        amount=pl.Series(data.amount[own]), currency=pl.Series(data.currency[own]), entity=pl.Series(data.entity[own])
    )
    several = priced.filter(pl.len().over("key", "check", "amount", "currency", "entity") > 1)
    return words.join(several, on=["row", "key", "check"], how="anti", maintain_order="left")


def telling_which(context: LegContext, edges: pl.DataFrame, *, in_part: bool) -> pl.DataFrame:
    """The edges whose number tells which right item is meant where the amounts differ: those that are not `shared` by several; and what
    is paid `in_part` of the only one still open of those that were there by then."""
    if not in_part:
        return edges.filter(~pl.col("shared"))
    lines, bills = edges["left"].to_numpy(), edges["right"].to_numpy()
    there = context.left.dataset.date[lines].astype(np.int64) >= context.right.dataset.date[bills]
    edges = edges.with_columns(there=pl.Series(there, dtype=pl.Boolean))
    only = pl.col("there") & (pl.col("there").sum().over("left") == 1) & (pl.col("mine").abs() < pl.col("other").abs())
    return edges.filter(~pl.col("shared") | only).drop("there")


def numbers_of(data: Dataset, ids: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """`key`, `check`, `party` of the numbers of some counterparties, each that of one of them only: their ids (`party`, `id`; of one
    that says system and role before it, as sap|customer|883312, the last part), and what several of their items (`row`,
    `party`) carry."""
    ids = ids.select("party", number=pl.col("id").str.split("|").list.last())
    bare = pl.col("number").str.strip_chars_start("0")
    ids = pl.concat([ids, ids.with_columns(bare)]).unique()
    telling = pl.col("number").str.contains("[^0-9]") & (pl.col("number").str.len_bytes() >= _LEAST)
    telling |= pl.col("number").str.len_bytes() >= _LEAST_DIGITS
    ids = ids.filter(telling & pl.col("number").str.contains("[0-9]")).select("party", *hashed("number"))
    # what is a document's number as well may mean the document
    ids = ids.filter(pl.Series(~is_carried(data, ids["key"])))
    shared = shared_references(data).join(parties, on="row").select("party", "key", "check")
    numbers = pl.concat([ids, shared]).unique()
    return numbers.filter(pl.len().over("key") == 1).select("key", "check", "party")


def naming_numbers(context: LegContext, rows: Rows, numbers: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of those of the left rows, open ones, whose text or references hold the number (`key`, `check`, `party`) of
    one counterparty."""
    if numbers.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": numbers.schema["party"]})
    words = word_keys(context, context.left, _LEAST)
    met = words.join(numbers, on="key", suffix="_right").filter(pl.col("check") == pl.col("check_right"))
    met = of_rows(met, "row", rows, context.left.dataset.height).select("row", "party").unique()
    return met.filter(pl.len().over("row") == 1)
