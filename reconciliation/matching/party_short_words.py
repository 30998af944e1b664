"""Short numbers of counterparties, a flat, a customer's number of four digits, where payers show that they mean them.

So short a number may be anything. That it is a counterparty's is learned from all texts that show one of its shape behind the same
word: where nearly all of them are numbers that some counterparty's items show, they are meant as that.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Dataset
from reconciliation.matching.party_codes import party_codes
from reconciliation.matching.reference_keys import DATE, dataset_references, written
from reconciliation.matching.text.folding import ascii_upper_series

_WORD = r"(?:[A-Z]{0,2}-?[0-9]{1,5}[A-Z]?)"
_LABELLED = (
    rf"(?:^|[^A-Z0-9./-])((?:[A-Z]{{2,}}[^A-Z0-9]{{1,3}}|[A-Z]{{3,}})?{_WORD})(?:$|[^A-Z0-9./-]|[./-](?:$|[^A-Z0-9]))"
)
_LEAST, _MOST = 2, 5  # characters of such a number
# texts that show one, different ones, and the share of them that has to be known
_FEWEST, _DISTINCT, _SHARE = 8, 5, 0.9
# of a dataset's texts, and of its counterparties' ids and texts
_SAID, _SHOWN = "short_words_said", "short_words_shown"
_MEANT = "party_short_words"  # in a leg
_YEAR = "^(?:19|20)[0-9]{2}$"


def naming_short_words(context: LegContext, rows: Rows) -> pl.DataFrame:
    """`row`, `party` of those of the left rows whose text shows the short number of just one counterparty."""
    told = _meant(context)
    met = told.filter(pl.col("row").is_in(pl.Series(rows).implode())).select("row", "party").unique()
    return met.filter(pl.len().over("row") == 1)


def _meant(context: LegContext) -> pl.DataFrame:
    """`row`, `party` of all left rows that show such a number; made once a leg."""
    if _MEANT in context.cache:
        return context.cache[_MEANT]
    data = context.left.dataset
    if _SAID not in data.derived:
        data.derived[_SAID] = _said(data.read([written("text")]))
    said = data.derived[_SAID]
    owned = _owned(context.right.dataset, said["word"].unique())
    said = said.join(owned, on="word", how="left")
    known = pl.col("parties").is_not_null()
    shapes = said.group_by("label", "shape").agg(
        pl.len(), known=known.sum(), distinct=pl.col("word").filter(known).n_unique()
    )
    meant = shapes.filter(
        pl.col("known") >= _FEWEST, pl.col("distinct") >= _DISTINCT, pl.col("known") >= _SHARE * pl.col("len")
    )
    told = said.filter(pl.col("parties") == 1).join(meant, on=["label", "shape"], how="semi")
    context.cache[_MEANT] = told.select("row", "party").unique()
    return context.cache[_MEANT]


def _owned(data: Dataset, asked: pl.Series) -> pl.DataFrame:
    """`word`, `party`, `parties` of those of the short numbers asked for that counterparties' items show, in their texts or as their
    ids: how many do, and one that does; no reference of an item."""
    if _SHOWN not in data.derived:
        texts = [pl.concat_str(pl.col("counterparty_id"), pl.col("text"), separator=" ; ", ignore_nulls=True)]
        data.derived[_SHOWN] = _said(data.read([texts[0].alias("text")])).select("row", "word")
    words = data.derived[_SHOWN].filter(pl.col("word").is_in(asked.implode())).unique()
    words = words.with_columns(party=party_codes(data).gather(words["row"])).drop_nulls("party")
    owned = words.group_by("word").agg(pl.col("party").min(), parties=pl.col("party").n_unique())
    short = (
        dataset_references(data).filter(pl.col("length") <= _MOST).select(word=pl.col("reference").str.to_uppercase())
    )
    return owned.join(short.unique(), on="word", how="anti")


def _said(texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `label`, `word`, `shape` of the short numbers in texts (`row`, `text`), with the word before each."""
    told = texts.drop_nulls("text")
    told = told.with_columns(ascii_upper_series(told["text"])).filter(pl.col("text").str.contains(_LABELLED))
    # neighbours share what stands between them
    apart = told["text"].str.replace_all(r"\s", "  ")
    spots = told.select("row", spot=apart.str.extract_all(_LABELLED)).explode(
        "spot", empty_as_null=False, keep_nulls=False
    )
    found = spots.select(
        "row",
        label=pl.col("spot")
        .str.extract(r"^[^A-Z0-9]*([A-Z]{2,})[^A-Z0-9]{1,3}[A-Z0-9]|^[^A-Z0-9]*([A-Z]{3,})[0-9]", 1)
        .fill_null(""),
        word=pl.col("spot").str.extract(r"([A-Z]{0,2}-?[0-9]{1,5}[A-Z]?)[^A-Z0-9]*$", 1),
    )
    size = pl.col("word").str.len_bytes()
    found = found.filter(
        size.is_between(_LEAST, _MOST), ~pl.col("word").str.contains(_YEAR), ~pl.col("word").str.contains(DATE)
    )
    return found.with_columns(shape=pl.col("word").str.replace_all("[0-9]", "9").str.replace_all("[A-Z]", "A")).unique()
