"""Numbers in the texts of items that are one counterparty's alone: a contract, a meter, a policy, a car, a telephone, an e-mail address.

Who writes one of them means that counterparty, whoever pays. What several counterparties' items show, a month or a tariff, is
nobody's; a document's own number may mean the document.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Dataset
from reconciliation.matching.party_codes import party_codes
from reconciliation.matching.reference_index import is_carried
from reconciliation.matching.reference_keys import DATE, hashed, written
from reconciliation.matching.text import identifier_words
from reconciliation.matching.text.folding import ascii_upper_series, compact

_LEAST = 5  # characters of such a number
_LEAST_DIGITS = 6  # of one that is nothing but digits
_MAIL = r"[A-Z0-9][A-Z0-9._+-]*@[A-Z0-9-]+(?:\.[A-Z0-9-]+)+"
_JOINT = "[-/_.]"
_PERIOD = r"^(?:[0-9]{1,2}[./-](?:20)?[0-9]{2}|20[0-9]{2}[./-]?[0-9]{1,2}|[0-9.,]+[.,][0-9]{2}|[A-Z]{0,9}[0-9]{0,2}[./-]?(?:20)[0-9]{2})$"


def naming_words(context: LegContext, rows: Rows) -> pl.DataFrame:
    """`row`, `party` of those of the left rows whose text shows words of the items of one counterparty, and of no other."""
    owned = _owned(context.right.dataset)
    if owned.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": owned.schema["party"]})
    texts = context.left.dataset.take([written("text")], rows)["text"]
    met = _words(pl.DataFrame({"row": rows, "text": texts}), parts=True).join(owned, on="key", suffix="_right")
    met = met.filter(pl.col("check") == pl.col("check_right")).select("row", "party").unique()
    return met.filter(pl.len().over("row") == 1)


def _owned(data: Dataset) -> pl.DataFrame:
    """`key`, `check`, `party` of the words in texts of items, open or settled, that are one counterparty's alone; made once."""
    if "party_words" not in data.derived:
        own = pl.col("counterparty_id").str.split("|").list.last()
        words = _words(
            data.read([pl.concat_str(own, pl.col("text"), separator=" ; ", ignore_nulls=True).alias("text")])
        )
        words = words.with_columns(party=party_codes(data).gather(words["row"])).drop_nulls("party")
        owned = words.select("key", "check", "party").unique().filter(pl.len().over("key") == 1)
        # of a counterparty with one item alone nothing tells whether a number is its own or the document's
        data.derived["party_words"] = owned.filter(pl.Series(~is_carried(data, owned["key"])))
    return data.derived["party_words"]


def _words(texts: pl.DataFrame, *, parts: bool = False) -> pl.DataFrame:
    """`row`, `key`, `check` of the words of texts (`row`, `text`) that may be such numbers, whole and, where asked, of their parts and
    without what joins them: a bank joins with dashes and slashes what it was told, a payer writes a tax number in groups."""
    told = texts.drop_nulls("text")
    told = told.with_columns(ascii_upper_series(told["text"]))
    mails = told.select("row", word=pl.col("text").str.extract_all(_MAIL))
    words = [
        identifier_words(told, _LEAST).select("row", "word"),
        mails.explode("word", empty_as_null=False, keep_nulls=False),
    ]
    if parts:
        joined = words[0].filter(pl.col("word").str.contains(_JOINT))
        apart = joined.with_columns(pl.col("word").str.replace_all(_JOINT, "|").str.split("|"))
        words.append(apart.explode("word", empty_as_null=False, keep_nulls=False))
        words.append(joined.with_columns(compact(pl.col("word"))))
    word = pl.col("word")
    telling = word.str.contains("[A-Z]") | (word.str.count_matches("[0-9]") >= _LEAST_DIGITS)
    found = pl.concat(words).filter(telling, word.str.len_bytes() >= _LEAST, word.str.contains("[0-9@]"))
    found = found.filter(~word.str.contains(DATE), ~word.str.contains(_PERIOD)).unique()
    return found.select("row", *hashed("word"))
