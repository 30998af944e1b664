"""Documents that undo another of their dataset: a voided cheque, a cancelled invoice, a credit memo for the whole of a bill.

What undoes names what it undoes, by an identifier that both carry, one that its text shows, or the other's item id, and comes to
the opposite amount. Where it does not say in words, or by its kind, that it undoes, another event may lie behind both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.counterparty_keys import account_keys, same_parties
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.joins import among
from reconciliation.matching.named_items import items_named, named_by, words_shown
from reconciliation.matching.nearby import about
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.passes.described_reversal import UNDOING
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.reference_keys import hashed
from reconciliation.matching.text.folding import ascii_upper_series

KINDS = ("void", "reversal", "cancellation", "storno")  # of documents that undo another
_ABOUT = 90  # days around the document in which an event of its amount may be its
_SENTENCES = ("it says that it undoes the other, which it names", "it names the other and comes to the opposite amount")


class Voided(PassConfig):
    """Pairs of opposite amount in one dataset, the left item naming the right one.

    `after` is how many days the left one may be later, `before` how many earlier: a cancellation may bear an older date. `events` names
    datasets of events that keep two items apart: an item of theirs that names, or is linked to, the left one speaks of
    it as standing; where the left one does not say that it undoes, so does what names or is linked to the right one,
    or comes to its amount about then. `booked` names a dataset of bookings: what stands there has not been voided.
    `said` asks for a left item that says, in words or by its kind, that it undoes.
    """

    KIND: ClassVar[str] = "voided"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["voided"] = "voided"
    before: int = 10
    after: int = 400
    events: tuple[str, ...] = ()
    booked: str = ""
    said: bool = False
    odds: float = 1e5

    @property
    def beside(self) -> tuple[str, ...]:
        """The datasets that `events` and `booked` name."""
        return (*self.events, *((self.booked,) if self.booked else ()))

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs that cancel out."""
        left, said = _undoing(context)
        if self.said:
            left, said = left[said], said[said]
        pairs = self._named(context, left)
        if pairs.is_empty():
            return
        told = np.zeros(context.left.dataset.height, dtype=np.bool_)
        told[left[said]] = True
        pairs = pairs.with_columns(said=pl.Series(told[pairs["left"].to_numpy()]))
        # what undoes does not undo what undoes
        pairs = self._by_themselves(context, pairs.filter(~pl.Series(told[pairs["right"].to_numpy()])))
        if pairs.is_empty():
            return
        days = pl.lit(0.8).pow((pl.col("days").abs() / 7).cast(pl.Float64))  # the nearer is the likelier one
        shaped = pairs.with_columns(
            open=pl.Series(context.left.open[pairs["left"].to_numpy()]),
            opposite=pl.Series(context.right.open[pairs["right"].to_numpy()]),
            odds=self.odds * days,
            evidence=pl.when("said").then(0).otherwise(1),
        )
        yield Proposals(pairs=pairs_frame(shaped, "open", "opposite", "none", 1.0), evidence=_SENTENCES)

    def fallen(self, context: LegContext, one: Rows, two: Rows) -> Mask:
        """By pair of rows that an earlier run has brought together: whether an event or a booking has come that speaks against it."""
        data = context.left.dataset
        says = [_says(data, rows) for rows in (one, two)]
        # of the two that undoes which says so, or is of the sign that few have
        unusual = np.sign(data.amount[one]) != _usual_sign(data)
        turned = np.where(says[0] == says[1], ~unusual, says[1])
        pairs = pl.DataFrame({"left": np.where(turned, two, one), "right": np.where(turned, one, two)})
        pairs = pairs.with_row_index("pair").with_columns(said=pl.Series(says[0] | says[1]))
        fell = np.ones(len(one), dtype=np.bool_)
        fell[self._by_themselves(context, pairs)["pair"].to_numpy()] = False
        return fell

    def _by_themselves(self, context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs (`left`, `right`, `said`) that neither an event nor a booking keeps apart."""
        for name in self.events:
            if name in context.datasets and not pairs.is_empty():
                pairs = self._apart(context, context.datasets[name], pairs)
        if self.booked in context.datasets and not pairs.is_empty():
            pairs = _unbooked(context, context.datasets[self.booked], pairs)
        return pairs

    def _named(self, context: LegContext, rows: Rows) -> pl.DataFrame:
        """`left`, `right`, `days` of these rows and the items of opposite amount that they name best."""
        data = context.left.dataset
        words = words_shown(data, rows)
        by_number = items_named(data, words.with_columns(hashed("word"))).select("left", right="named")
        named = pl.concat([by_number, _by_item_id(data, words)])
        one, two = named["left"].to_numpy(), named["right"].to_numpy()
        days = data.date[one].astype(np.int64) - data.date[two]
        shown, same = same_parties((data, one), (data, two))
        accounts = account_keys(data, one) == account_keys(data, two)
        fits = context.compatible(one, two) & (one != two) & (context.left.open[one] == -context.right.open[two])
        fits &= (days >= -self.before) & (days <= self.after) & (~shown | same)
        fits &= ~(~accounts).fill_null(False).to_numpy()
        met = named.with_columns(days=pl.Series(days)).filter(pl.Series(fits, dtype=pl.Boolean))
        # the more of its identifiers it names
        return (
            met.group_by("left", "right", "days")
            .len("times")
            .filter(pl.col("times") == pl.col("times").max().over("left"))
        )

    def _apart(self, context: LegContext, events: Dataset, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs of whose items `events` say nothing."""
        data = context.left.dataset
        right = pairs["right"].to_numpy()
        rows = np.unique(np.concatenate([pairs["left"].to_numpy(), right])).astype(np.uint32)
        spoken = np.zeros(data.height, dtype=np.bool_)
        spoken[context.linked(events, rows)["right"].to_numpy()] = True
        namers = _of_parties(data, rows, events)
        spoken[named_by(events, namers, data)["named"].to_numpy()] = True
        others = pl.DataFrame({"date": events.date, "amount": events.amount, "currency": events.currency})
        paid = pl.DataFrame(
            {"right": right, "date": data.date[right], "amount": data.amount[right], "currency": data.currency[right]}
        )
        near = about(paid.unique().sort("right"), others, ["amount", "currency"], _ABOUT)
        standing = np.zeros(data.height, dtype=np.bool_)
        standing[near["right"].to_numpy()] = True
        standing |= spoken
        both = pl.Series(spoken[pairs["left"].to_numpy()]), pl.Series(standing[right])
        return pairs.filter(~both[0], pl.col("said") | ~both[1])


def _undoing(context: LegContext) -> tuple[Rows, Mask]:
    """Open items that may undo another, with one of opposite amount: those that say so, or are of the sign that few have; and which of
    them say so."""
    view = context.left
    rows = view.rows()
    rows = rows[among(view.open[rows], -context.right.open[context.right.rows()])]
    said = _says(view.dataset, rows)
    asking = said | (np.sign(view.open[rows]) != _usual_sign(view.dataset))
    return rows[asking], said[asking]


def _says(data: Dataset, rows: Rows) -> Mask:
    """By row: whether it says, in words or by its kind, that it undoes another."""
    asked = data.take(["text", "kind"], rows)
    words = ascii_upper_series(asked["text"]).str.contains(UNDOING).fill_null(False)
    return np.asarray((words | asked["kind"].is_in(KINDS).fill_null(False)).to_numpy(), dtype=np.bool_)


def _usual_sign(data: Dataset) -> int:
    return int(np.sign(np.sign(data.amount).sum()))


def _by_item_id(data: Dataset, words: pl.DataFrame) -> pl.DataFrame:
    """`left`, `right` of the rows whose `words` (`row`, `word`) are item ids, and of those items."""
    ids = data.rows_of(words.select(item_id="word").unique()).rename({"row": "right"})
    return words.join(ids, left_on="word", right_on="item_id").select(left="row", right="right")


def _of_parties(data: Dataset, rows: Rows, events: Dataset) -> Rows:
    """Rows of `events` whose counterparty is that of one of these rows, or is not known."""
    ids = data.take(["counterparty_id"], rows)["counterparty_id"].unique()
    codes, values = events.columns.coded("counterparty_id")
    if ids.null_count():
        return np.arange(events.height, dtype=np.uint32)
    known = (values.is_in(ids.implode()) | values.is_null()).fill_null(True).to_numpy()
    found: Rows = np.flatnonzero(known[codes]).astype(np.uint32)
    return found


def _unbooked(context: LegContext, bookings: Dataset, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs of whose items no booking of the same amount names one."""
    data = context.left.dataset
    items = np.unique(np.concatenate([pairs["left"].to_numpy(), pairs["right"].to_numpy()])).astype(np.uint32)
    rows = np.flatnonzero(among(bookings.amount, data.amount[items])).astype(np.uint32)
    named = named_by(bookings, rows, data)
    equal = bookings.amount[named["left"].to_numpy()] == data.amount[named["named"].to_numpy()]
    booked = named.filter(pl.Series(equal, dtype=pl.Boolean))["named"].unique().implode()
    return pairs.filter(~pl.col("left").is_in(booked), ~pl.col("right").is_in(booked))
