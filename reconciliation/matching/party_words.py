"""Numbers in the texts of items that are one counterparty's alone: a contract, a meter, a policy, a car, a telephone, an e-mail address.

Who writes one of them means that counterparty, whoever pays. What several counterparties' items show, a month or a tariff, is
nobody's; a document's own number may mean the document.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Dataset
from reconciliation.matching.joins import among, of_rows
from reconciliation.matching.party_codes import party_codes
from reconciliation.matching.reference_index import is_carried
from reconciliation.matching.reference_keys import DATE, hashed, written
from reconciliation.matching.text import identifier_words
from reconciliation.matching.text.folding import ascii_upper_series, compact

_LEAST = 5  # characters of such a number
_LEAST_DIGITS = 6  # of one that is nothing but digits
_MAIL = r"[A-Z0-9][A-Z0-9._+-]*@[A-Z0-9-]+(?:\.[A-Z0-9-]+)+"
_JOINT = "[-/_.]"
_TOLD, _SHOWN = "party_words_told", "party_words"  # of a leg's left rows, and of a dataset's texts
_PERIOD = r"^(?:[0-9]{1,2}[./-](?:20)?[0-9]{2}|20[0-9]{2}[./-]?[0-9]{1,2}|[0-9.,]+[.,][0-9]{2}|[A-Z]{0,9}[0-9]{0,2}[./-]?(?:20)[0-9]{2})$"


def naming_words(context: LegContext, rows: Rows) -> pl.DataFrame:
    """`row`, `party` of those of the left rows whose text shows words of the items of one counterparty, and of no other."""
    height = context.left.dataset.height
    if _TOLD not in context.cache:
        context.cache[_TOLD] = pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    told = context.cache[_TOLD]
    known = np.zeros(height, dtype=np.bool_)
    known[told["row"].to_numpy()] = True
    if not known[rows].all():
        asked = pl.DataFrame({"row": rows[~known[rows]]}, schema={"row": pl.UInt32})
        told = context.cache[_TOLD] = pl.concat([told, asked.join(_named(context, asked), on="row", how="left")])
    return of_rows(told.drop_nulls(), "row", rows, height)


def _named(context: LegContext, asked: pl.DataFrame) -> pl.DataFrame:
    """The same, looked up in all items of the right side, open or settled."""
    rows = asked["row"].to_numpy()
    said = _words(asked.hstack(context.left.dataset.take([written("text")], rows)))
    met = said.join(_owned(context.right.dataset, said["key"].unique()), on="key", suffix="_right")
    met = met.filter(pl.col("check") == pl.col("check_right")).select("row", "party").unique()
    return met.filter(pl.len().over("row") == 1)


def _owned(data: Dataset, asked: pl.Series) -> pl.DataFrame:
    """`key`, `check`, `party` of those of the keys asked for that are words in texts of items of one counterparty alone, open or
    settled."""
    shown = _shown(data)
    words = shown.filter(pl.Series(among(shown["key"].to_numpy().view(np.int64), asked.to_numpy().view(np.int64))))
    words = words.with_columns(party=party_codes(data).gather(words["row"])).drop_nulls("party")
    owned = words.select("key", "check", "party").unique().filter(pl.len().over("key") == 1)
    # of a counterparty with one item alone nothing tells whether a number is its own or the document's
    return owned.filter(pl.Series(~is_carried(data, owned["key"])))


def _shown(data: Dataset) -> pl.DataFrame:
    """`row`, `key`, `check` of the words in all items' texts and of their counterparties' ids; made once."""
    if _SHOWN not in data.derived:
        own = pl.col("counterparty_id").str.split("|").list.last()
        texts = data.read([pl.concat_str(own, pl.col("text"), separator=" ; ", ignore_nulls=True).alias("text")])
        data.derived[_SHOWN] = _spelled(texts).select("row", *hashed("word"))
    return data.derived[_SHOWN]


def _words(texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `key`, `check` of the words of texts (`row`, `text`) that may be such numbers, whole, in parts and without what joins
    them: a bank joins with dashes and slashes what it was told, a payer writes a tax number in groups."""
    whole = _spelled(texts)
    joined = whole.filter(pl.col("word").str.contains(_JOINT), ~pl.col("word").str.contains("@", literal=True))
    apart = joined.with_columns(pl.col("word").str.replace_all(_JOINT, "|").str.split("|"))
    apart = apart.explode("word", empty_as_null=False, keep_nulls=False)
    words = pl.concat([whole, apart, joined.with_columns(compact(pl.col("word")))])
    word = pl.col("word")
    telling = word.str.contains("[A-Z]") | (word.str.count_matches("[0-9]") >= _LEAST_DIGITS)
    found = words.filter(telling, word.str.len_bytes() >= _LEAST, word.str.contains("[0-9@]"))
    found = found.filter(~word.str.contains(DATE), ~word.str.contains(_PERIOD)).unique()
    return found.select("row", *hashed("word"))


def _spelled(texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `word` of the words with a digit in texts (`row`, `text`), in capitals, and of the e-mail addresses."""
    told = texts.drop_nulls("text")
    told = told.with_columns(ascii_upper_series(told["text"]))
    mails = told.filter(pl.col("text").str.contains("@", literal=True))
    mails = mails.select("row", word=pl.col("text").str.extract_all(_MAIL))
    return pl.concat(
        [
            identifier_words(told, _LEAST).select("row", "word"),
            mails.explode("word", empty_as_null=False, keep_nulls=False),
        ]
    )
