"""Pairs that agree in amount, date and counterparty, while what is written speaks against them.

Who names another invoice, be it last year's or one settled long ago, does not mean this one, however well the amount fits;
nor does who pays on account, for somebody else, or gives money back. Amounts say less than words: such a pair is a suggestion at best.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Mask
from reconciliation.matching.joins import without_frequent
from reconciliation.matching.marginals import Floats
from reconciliation.matching.parties import parties_in, parties_of
from reconciliation.matching.reference_keys import dataset_references, hashed, written
from reconciliation.matching.text import identifier_words
from reconciliation.matching.text.document_numbers import names_another
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.purposes import given_back, on_account, paid_for

_LESS, _AT_MOST = 100.0, 50.0  # how much less such a pair is believed, and its odds at most: a suggestion, never more
_LEAST = 4  # characters of a word that may name an item
_MOST_OWNERS = 200  # items beyond which an identifier names none
_TELLING = 7  # characters from which digits alone name an item of whatever counterparty


def doubted(context: LegContext, left: Rows, right: Rows, odds: Floats) -> Floats:
    """By pair of rows: its odds, lowered where what is written speaks against it and it would be more than a suggestion."""
    asked = odds > _AT_MOST
    against = np.zeros(len(odds), dtype=np.bool_)
    if asked.any():
        against[asked] = spoken_against(context, left[asked], right[asked])
    return np.where(against, np.minimum(odds / _LESS, _AT_MOST), odds)


def spoken_against(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left item's text or references speak of something else than the right item."""
    rows, places = np.unique(left, return_inverse=True)
    said = context.left.dataset.take([written("said")], rows)["said"]
    told = pl.DataFrame({"row": rows, "text": said, "said": ascii_upper_series(said)})
    whole = context.right.dataset.amount
    usual = np.sign(np.sign(whole).sum())  # a refund settles what is of the other sign: a credit memo
    advance, back = (told.select(of(pl.col("said"))).to_series().to_numpy() for of in (on_account, given_back))
    against = advance[places] | (back[places] & (np.sign(whole[right]) == usual))
    against |= _for_somebody_else(context, told, left, right)
    against |= _names_known(context, told.select("row", "text"), left, right)
    open_question = np.flatnonzero(~against & told["said"].str.contains("[0-9]").fill_null(False).to_numpy()[places])
    if len(open_question):
        against[open_question] = _of_another_number(context, told, left[open_question], right[open_question])
    return np.asarray(against, dtype=np.bool_)


def _for_somebody_else(context: LegContext, told: pl.DataFrame, left: Rows, right: Rows) -> Mask:
    """By pair: whether the left text says that it is paid for another of the right side's counterparties."""
    against = np.zeros(len(left), dtype=np.bool_)
    texts = told.select("row", text=paid_for(pl.col("said"))).drop_nulls("text")
    named = parties_in(context, texts) if not texts.is_empty() else texts
    if not named.is_empty():
        pairs = pl.DataFrame({"row": left, "right": right}).with_row_index("pair").join(named, on="row")
        whose = parties_of(context.right, pairs["right"].unique().sort().to_numpy()).rename({"row": "right"})
        pairs = pairs.join(whose, on="right", suffix="_own").with_columns(own=pl.col("party") == pl.col("party_own"))
        against[pairs.filter(~pl.col("own").any().over("pair"))["pair"].to_numpy()] = True
    return against


def _names_known(context: LegContext, told: pl.DataFrame, left: Rows, right: Rows) -> Mask:
    """By pair: whether the left item names another item of the right side letter for letter, open or settled, and not this one."""
    words = identifier_words(told.drop_nulls("text"), _LEAST).unique()
    known = dataset_references(context.right.dataset).select("row", "key", "check")
    words = words.with_columns(hashed("word"))
    known = without_frequent(known.join(words.select("key").unique(), on="key", how="semi"), _MOST_OWNERS)
    met = words.join(known, on="key", suffix="_right").filter(pl.col("check") == pl.col("check_right"))
    if met.is_empty():
        return np.zeros(len(left), dtype=np.bool_)
    telling = pl.col("word").str.contains("[A-Za-z]") | (pl.col("word").str.len_bytes() >= _TELLING)
    met = met.select(telling.alias("telling"), left="row", named="row_right")
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair").join(met, on="left")
    rows = np.unique(np.concatenate([pairs["right"].to_numpy(), pairs["named"].to_numpy()]))
    party = parties_of(context.right, rows).unique("row")
    for side in ("right", "named"):
        pairs = pairs.join(
            party.select(pl.col("row").alias(side), pl.col("party").alias(f"{side}_party")), on=side, how="left"
        )
    of_party = (pl.col("right_party") == pl.col("named_party")).fill_null(False)
    own = pl.col("right") == pl.col("named")
    named = pairs.filter(own | of_party | pl.col("telling")).group_by("pair").agg(own.any().alias("own"))
    against = np.zeros(len(left), dtype=np.bool_)
    against[named.filter(~pl.col("own"))["pair"].to_numpy()] = True
    return against


def _of_another_number(context: LegContext, told: pl.DataFrame, left: Rows, right: Rows) -> Mask:
    """By pair: whether the left item names a number of the shape of the right one's reference that cannot be it."""
    rows, places = np.unique(right, return_inverse=True)
    references = context.right.dataset.take(["references"], rows)["references"]
    pairs = pl.DataFrame({"left": left, "place": places}).with_row_index("pair")
    owned = pl.DataFrame({"place": np.arange(len(rows)), "reference": references}).explode(
        "reference", empty_as_null=False, keep_nulls=False
    )
    owned = owned.with_columns(ascii_upper_series(owned["reference"]))
    texts = pairs.join(told.select(left="row", text="said"), on="left").select("pair", "text")
    found = names_another(texts, pairs.join(owned, on="place").select("pair", "reference"))
    against = np.zeros(len(left), dtype=np.bool_)
    against[found["pair"].to_numpy()] = True
    return against
