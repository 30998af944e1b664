"""Pairs that agree in amount, date and counterparty, while what is written speaks against them.

Who names another invoice, be it last year's or one settled long ago, does not mean this one, however well the amount fits;
nor does who pays on account, for somebody else, or gives money back. Amounts say less than words: such a pair is a suggestion at best.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.billing_periods import another_period
from reconciliation.matching.common_numbers import names_another_of_the_amount
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.counterparty_keys import name_keys, same_parties
from reconciliation.matching.encoding import Mask
from reconciliation.matching.marginals import Floats
from reconciliation.matching.meant_elsewhere import meant_elsewhere
from reconciliation.matching.mistaken_numbers import price_shares
from reconciliation.matching.named_items import items_named, words_and_parts
from reconciliation.matching.orders_named import another_order
from reconciliation.matching.parties import parties_in, whole_names_in
from reconciliation.matching.party_codes import of_one_party, parties_of
from reconciliation.matching.proposals import SUGGESTED_ODDS
from reconciliation.matching.reference_index import references_of
from reconciliation.matching.reference_keys import hashed, written
from reconciliation.matching.text.document_numbers import names_another
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.purposes import given_back, on_account, paid_for

NO_ODDS = 1e-6  # of what is not even suggested
_LESS = 100.0  # how much less such a pair is believed


def doubted(context: LegContext, left: Rows, right: Rows, odds: Floats) -> Floats:
    """By pair of rows: its odds, lowered where what is written speaks against it and it would be more than a suggestion; none where
    the left item is meant for another leg."""
    asked = odds > SUGGESTED_ODDS
    against = np.zeros(len(odds), dtype=np.bool_)
    if asked.any():
        against[asked] = spoken_against(context, left[asked], right[asked])
    doubtful = np.where(against, np.minimum(odds / _LESS, SUGGESTED_ODDS), odds)
    return np.where(meant_elsewhere(context, left, right), NO_ODDS, doubtful)


def spoken_against(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left item's text or references speak of something else than the right item."""
    rows, places = np.unique(left, return_inverse=True)
    said = context.left.dataset.take([written("said")], rows)["said"]
    told = pl.DataFrame({"row": rows, "text": said, "said": ascii_upper_series(said)})
    whole = context.right.dataset.amount
    usual = np.sign(np.sign(whole).sum())  # a refund settles what is of the other sign: a credit memo
    purposes = told.select(advance=on_account(pl.col("said")), back=given_back(pl.col("said")))
    advance, back = (each.to_numpy() for each in purposes)
    against = advance[places] & ~_asks_on_account(context, right, advance[places])
    against |= back[places] & (np.sign(whole[right]) == usual)
    against |= _for_somebody_else(context, told, left, right)
    against |= _of_another_name(context, told, left, right)
    against |= another_period(context, left, right)
    against |= _names_known(context, told.select("row", "text"), left, right)
    open_question = np.flatnonzero(~against & told["said"].str.contains("[0-9]").fill_null(False).to_numpy()[places])
    if len(open_question):
        against[open_question] = _of_another_number(context, told, left[open_question], right[open_question])
        against[open_question] |= another_order(context, left[open_question], right[open_question])
        against[open_question] |= names_another_of_the_amount(context, left[open_question], right[open_question])
    return np.asarray(against, dtype=np.bool_)


def _asks_on_account(context: LegContext, right: Rows, paid: Mask) -> Mask:
    """By pair of those `paid` on account: whether the right item is a bill for a payment on account."""
    asks = np.zeros(len(right), dtype=np.bool_)
    if paid.any():
        texts = context.right.dataset.take(["text"], right[paid])["text"]
        told = pl.DataFrame({"said": ascii_upper_series(texts)})
        asks[paid] = told.select(on_account(pl.col("said"))).to_series().to_numpy()
    return asks


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


def _of_another_name(context: LegContext, told: pl.DataFrame, left: Rows, right: Rows) -> Mask:
    """By pair: whether the left text holds the whole name of another of the right side's counterparties, and not that of the right
    item's: who is called as a customer is may pay for another."""
    against = np.zeros(len(left), dtype=np.bool_)
    named = whole_names_in(context, told.drop_nulls("text"))
    if named.is_empty():
        return against
    pairs = pl.DataFrame({"row": left, "right": right}).with_row_index("pair").join(named, on="row", suffix="_said")
    names = pl.Series("own", name_keys(context.right.dataset, pairs["right"].to_numpy()))
    pairs = pairs.with_columns(names).filter(pl.col("own").is_not_null())
    strange = pairs.group_by("pair").agg((pl.col("own") == pl.col("name")).any().alias("own")).filter(~pl.col("own"))
    against[strange["pair"].to_numpy()] = True
    return against


def _names_known(context: LegContext, told: pl.DataFrame, left: Rows, right: Rows) -> Mask:
    """By pair: whether the left item names another item letter for letter, open or settled, and not this one: of the right side,
    or of a dataset whose items those of the right side are linked to, as payments are to the bills they pay."""
    words = words_and_parts(told).with_columns(hashed("word"))
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair")
    named = pairs.join(items_named(context.right.dataset, words), on="left")
    own = pl.col("right") == pl.col("named")
    of_party = of_one_party(context.right, named["right"], named["named"])
    found = [named.filter(own | of_party | pl.col("telling")).select("pair", own=own)]
    # of an amount that few have, the number is the likelier slip
    at_price = pairs.filter(pl.Series(price_shares(context, context.left.open[left], right) > 0))
    beside = [other for other in context.datasets.values() if all(other is not view.dataset for view in context.sides)]
    for other in beside if not at_price.is_empty() else ():
        linked = context.linked(other, at_price["right"].to_numpy())
        through = at_price.join(linked.select("right").unique(), on="right", how="semi")
        through = through.join(items_named(other, words), on="left")
        # the numbers of two suppliers may well be the same
        pair_rows = through["right"].to_numpy(), through["named"].to_numpy()
        _, same = same_parties((context.right.dataset, pair_rows[0]), (other, pair_rows[1]))
        through = through.filter(pl.Series(same))
        through = through.join(linked.with_columns(own=pl.lit(True)), on=["right", "named"], how="left")
        found.append(through.select("pair", pl.col("own").fill_null(False)))
    met = pl.concat(found).group_by("pair").agg(pl.col("own").any())
    against = np.zeros(len(left), dtype=np.bool_)
    against[met.filter(~pl.col("own"))["pair"].to_numpy()] = True
    return against


def _of_another_number(context: LegContext, told: pl.DataFrame, left: Rows, right: Rows) -> Mask:
    """By pair: whether the left item names a number of the shape of the right one's reference that cannot be it."""
    owned = references_of(context.right.dataset, right)
    pairs = pl.DataFrame({"left": left, "row": right}).with_row_index("pair")
    owned = owned.with_columns(ascii_upper_series(owned["reference"]))
    texts = pairs.join(told.select(left="row", text="said"), on="left").select("pair", "text")
    # at a price that many have, what is one digit away is as likely the number of another item that is not there
    at_price = pairs["pair"].filter(pl.Series(price_shares(context, context.left.open[left], right) > 0))
    found = names_another(texts, pairs.join(owned, on="row").select("pair", "reference"), at_price)
    against = np.zeros(len(left), dtype=np.bool_)
    against[found["pair"].to_numpy()] = True
    return against
