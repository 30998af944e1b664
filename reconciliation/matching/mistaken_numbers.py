"""Numbers that may be mistyped: who names an item of another counterparty pays for that one, or got a digit wrong.

A mistyped number is as a rule the number of another item; only that its amount is another tells it from the one meant.
Prices do not tell them apart: there, which of the two it was follows from how often each happens.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.checked_numbers import UNSEEN, shows_checked
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.counterparty_keys import name_keys, text_keys
from reconciliation.matching.encoding import Dataset, Ints, Mask
from reconciliation.matching.joins import among, maybe_frequent
from reconciliation.matching.marginals import Floats
from reconciliation.matching.named_items import named_by
from reconciliation.matching.number_labels import label_odds
from reconciliation.matching.parties import parties_named
from reconciliation.matching.party_codes import parties_of
from reconciliation.matching.party_evidence import (
    LIKE,
    NOBODY,
    OTHER,
    SILENT,
    agrees_elsewhere,
    class_weights,
    party_classes,
)

_A_PRICE = 0.003  # share of the other items with exactly that amount, from which a mistyped number may well meet it
_MISTYPED, _MISTYPED_OF = (
    0.003,
    300.0,
)  # payments whose number is mistyped and is another item's, before so many are seen
_PRICE = ["amount", "currency", "entity"]


def less_of_a_price(context: LegContext, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges (`left`, `right`, `odds`) of equal amount, those less believed that bring another counterparty to an item at a price
    that many have, still less where that counterparty has an open item of this price itself; and those of nobody known whose number
    stands where texts show other numbers as well (`number_labels`)."""
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    share = price_shares(context, context.right.open[right], right)
    priced = np.flatnonzero(share)
    if not len(priced):
        return edges
    odds = edges["odds"].to_numpy().copy()
    another = _pays_for_another(context, left[priced], right[priced])
    if another.any():
        strange = priced[another]
        unseen = np.where(shows_checked(context, left[strange], right[strange]), UNSEEN, 1.0)
        most = class_weights(context)[OTHER] / (_mistyped_share(context) * unseen * share[strange])
        own = agrees_elsewhere(context, left[strange], right[strange], sides=(0,))
        odds[strange] = np.minimum(odds[strange], np.where(own, most * _MISTYPED, most))
    odds = np.minimum(odds, odds_of_labels(context, left, right))
    return edges.with_columns(odds=pl.Series(odds))


def _mistyped_share(context: LegContext) -> float:
    """The share of payments whose number is mistyped and is that of another item: they name one of another amount that somebody else
    owes. Where all who name an item pay what it asks for, nobody mistypes."""
    if "mistyped_share" not in context.cache:
        one, two = context.left.dataset, context.right.dataset
        named = named_by(one, np.arange(one.height, dtype=np.uint32), two).select("left", "named").unique()
        named = named.filter(pl.len().over("left") == 1)
        left, right = named["left"].to_numpy(), named["named"].to_numpy()
        met = (one.currency[left] == two.currency[right]) & context.compatible(left, right)
        left, right = left[met], right[met]
        apart = one.amount[left] != two.amount[right]
        apart[apart] = np.isin(party_classes(context, left[apart], right[apart]), (OTHER, NOBODY))
        share = (apart.sum() + _MISTYPED * _MISTYPED_OF) / (len(left) + _MISTYPED_OF)
        context.cache["mistyped_share"] = pl.DataFrame({"share": [float(share)]})
    return float(context.cache["mistyped_share"]["share"][0])


def odds_of_labels(context: LegContext, left: Rows, right: Rows) -> Floats:
    """By pair of rows of equal amount: the odds that the number which the left text shows is the right item's (`number_labels`);
    infinite but at a price that many have, where the text shows nobody known."""
    odds = np.full(len(left), np.inf)
    silent = np.flatnonzero(price_shares(context, context.right.open[right], right))
    shown = party_classes(context, left[silent], right[silent])
    silent = silent[np.isin(shown, (SILENT, OTHER, NOBODY))]
    if len(silent):
        odds[silent] = label_odds(context, left[silent], right[silent], _prices(context.right.dataset))
    return odds


def at_price_of_another(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the right item has a price that many have, and the left one is of another counterparty."""
    found = price_shares(context, context.right.open[right], right) > 0
    found[found] = _pays_for_another(context, left[found], right[found])
    return found


def price_shares(context: LegContext, amounts: Ints, right: Rows) -> Floats:
    """By amount: of the right items of the entity and currency of a right row, open or settled, the share with exactly that
    amount, one left out; 0 where that is no more than a coincidence."""
    data = context.right.dataset
    prices = _prices(data)
    shares = np.zeros(len(right))
    at_price = np.flatnonzero(among(amounts, prices["amount"].to_numpy()))
    if not len(at_price):
        return shares
    rows = right[at_price]
    asked = pl.DataFrame({"amount": amounts[at_price], "currency": data.currency[rows], "entity": data.entity[rows]})
    met = asked.join(prices, on=_PRICE, how="left", maintain_order="left")
    shares[at_price] = met["share"].fill_null(0.0).to_numpy()
    return shares


def _prices(data: Dataset) -> pl.DataFrame:
    """`amount`, `currency`, `entity` that more of a dataset's items have than by coincidence, and their `share`."""
    if "prices" not in data.derived:
        kind = data.currency.astype(np.int64) * (int(data.entity.max(initial=0)) + 1) + data.entity
        whole = np.bincount(kind)[kind]
        every = pl.DataFrame({"amount": data.amount, "currency": data.currency, "entity": data.entity, "whole": whole})
        counted = maybe_frequent(every, np.maximum(_A_PRICE * whole, 1.0)).group_by(*_PRICE, "whole").len("times")
        share = ((pl.col("times") - 1) / pl.col("whole")).alias("share")
        data.derived["prices"] = counted.select(*_PRICE, share).filter(pl.col("share") > _A_PRICE)
    return data.derived["prices"]


def _pays_for_another(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair: whether the left item is of another counterparty than the right one, which its text does not name either."""
    shown = party_classes(context, left, right)
    strange = np.asarray(shown == OTHER, dtype=np.bool_)
    if strange.any():
        strange[strange] = ~_named_in_text(context, left[strange], right[strange])
    # a name may be like that of a counterparty, and be another's
    silent = np.flatnonzero(np.isin(shown, (SILENT, LIKE, NOBODY)))
    if len(silent):
        known = parties_named(context, np.unique(left[silent]))
        pairs = pl.DataFrame({"place": silent, "row": left[silent], "right": right[silent]}).join(known, on="row")
        whose = parties_of(context.right, np.unique(right[silent])).select(right="row", whose="party")
        pairs = pairs.join(whose, on="right").with_columns(own=pl.col("party") == pl.col("whose"))
        strange[pairs.filter(~pl.col("own").any().over("place"))["place"].to_numpy()] = True
    return strange


def _named_in_text(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair: whether the left item's text names the right one's counterparty, whoever pays."""
    names = name_keys(context.right.dataset, right).alias("name")
    texts = text_keys(context.left.dataset, left).alias("text")
    text, name = (pl.lit(" ") + pl.col(each) + " " for each in ("text", "name"))
    found = pl.DataFrame([names, texts]).select(text.str.contains(name, literal=True).fill_null(False))
    named: Mask = found.to_series().to_numpy()
    return named
