"""What a text names, letter for letter, of a dataset's items; and what else of a counterparty, beside the item looked at."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.party_codes import of_one_party
from reconciliation.matching.party_evidence import NAMED, party_classes
from reconciliation.matching.reference_index import references_of, with_owners
from reconciliation.matching.reference_keys import hashed, written
from reconciliation.matching.text import identifier_words, structured_references
from reconciliation.matching.text.folding import ascii_upper_series

_LEAST = 4  # characters of a word that may name an item
_MOST_OWNERS = 200  # items beyond which an identifier names none
_TELLING = 7  # characters from which digits alone name an item of whatever counterparty
_LAST = r"([A-Z0-9./_-]+)$"
_BEGUN = 2  # characters of a number that a text has room for, from which it is another of a list


def words_and_parts(told: pl.DataFrame) -> pl.DataFrame:
    """`row`, `word` of the words of texts (`row`, `text`) that may be identifiers, of what stands between their slashes, as 1001/1002
    may be two, and of structured references however they are printed."""
    told = told.drop_nulls("text")
    words = identifier_words(told, _LEAST)
    grouped = structured_references(told)
    if not grouped.is_empty():
        words = pl.concat([words, grouped.select("row", word="reference")])
    listed = words.filter(pl.col("word").str.contains("/", literal=True))
    if listed.is_empty():
        return words.unique()
    parts = listed.with_columns(pl.col("word").str.split("/")).explode("word", empty_as_null=False, keep_nulls=False)
    parts = parts.filter(pl.col("word").str.len_bytes() >= _LEAST, pl.col("word").str.contains("[0-9]"))
    return pl.concat([words, parts]).unique()


def items_named(data: Dataset, words: pl.DataFrame) -> pl.DataFrame:
    """`left`, `named` (rows of `data`) of the words (`row`, `word`, `key`, `check`) that are its identifiers; `telling`: whether
    such a word is hardly met by chance."""
    met = with_owners(data, words, _MOST_OWNERS)
    telling = pl.col("word").str.contains("[^0-9]") | (pl.col("word").str.len_bytes() >= _TELLING)
    return met.select(telling.alias("telling"), left="row", named="owner")


def words_shown(data: Dataset, rows: Rows) -> pl.DataFrame:
    """`row`, `word` of the words of texts and references of these rows that may name an item."""
    distinct = np.unique(rows)
    told = pl.DataFrame({"row": distinct}).hstack(data.take([written("text")], distinct))
    whole = references_of(data, distinct).rename({"reference": "word"})  # `#1234`, which a text shows as 1234
    whole = whole.filter(pl.col("word").str.len_bytes() >= _LEAST, pl.col("word").str.contains("[0-9]"))
    return pl.concat([words_and_parts(told), whole.select("row", "word")]).unique()


def named_by(data: Dataset, rows: Rows, other: Dataset) -> pl.DataFrame:
    """As `items_named`: the items of another dataset that texts and references of these rows name."""
    return items_named(other, words_shown(data, rows).with_columns(hashed("word")))


def named_beside(context: LegContext, left: Rows, right: Rows) -> pl.DataFrame:
    """`pair` (place), `left`, `right`, `named`: by pair of rows the other right items of its counterparty that the left item names
    letter for letter, open or settled."""
    named = named_by(context.left.dataset, left, context.right.dataset)
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair").join(named, on="left")
    pairs = pairs.filter(pl.col("right") != pl.col("named"))
    pairs = pairs.filter(of_one_party(context.right, pairs["right"], pairs["named"]))
    return pairs.select("pair", "left", "right", "named").unique()


def names_settled(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left item names another right item of that counterparty that is settled: what it paid may have
    been paid before."""
    beside = named_beside(context, left, right)
    settled = context.right.open[beside["named"].to_numpy()] == 0
    repeated = np.zeros(len(left), dtype=np.bool_)
    repeated[beside["pair"].to_numpy()[settled]] = True
    return repeated


def names_its_amount(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left item names another right item, open or settled, of just its own amount, and nothing says that it
    is of the right one's counterparty."""
    two = context.right.dataset
    named = named_by(context.left.dataset, left, two).filter("telling").select("left", "named").unique()
    line, bill = named["left"].to_numpy(), named["named"].to_numpy()
    own = (context.left.open[line] == two.amount[bill]) & context.compatible(line, bill)
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair")
    pairs = pairs.join(named.filter(pl.Series(own, dtype=pl.Boolean)), on="left").filter(
        pl.col("right") != pl.col("named")
    )
    found = np.zeros(len(left), dtype=np.bool_)
    found[pairs["pair"].to_numpy()] = True
    found[found] = ~np.isin(party_classes(context, left[found], right[found]), NAMED)
    return found


def list_goes_on(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left text is cut off in what begins like the right item's number, behind that number itself:
    `SF/GST/119,SF` names a second one."""
    rows, places = np.unique(left, return_inverse=True)
    texts = ascii_upper_series(context.left.dataset.take(["text"], rows)["text"])
    told = pl.DataFrame({"text": texts.gather(places)}).with_row_index("pair").with_columns(row=pl.Series(right))
    told = told.with_columns(last=pl.col("text").str.extract(_LAST)).filter(pl.col("last").str.len_bytes() >= _BEGUN)
    owned = references_of(context.right.dataset, told["row"].to_numpy())
    met = told.join(owned, on="row").with_columns(number=pl.col("reference").str.to_uppercase())
    begun = pl.col("number").str.starts_with(pl.col("last")) & (pl.col("number") != pl.col("last"))
    # a list may be joined by slashes as numbers themselves are
    begun |= pl.col("last").str.ends_with(pl.concat_str(pl.lit("/"), pl.col("number").str.slice(0, _BEGUN)))
    going = met.filter(begun & pl.col("text").str.contains(pl.col("number"), literal=True))
    found = np.zeros(len(left), dtype=np.bool_)
    found[going["pair"].to_numpy()] = True
    return found
