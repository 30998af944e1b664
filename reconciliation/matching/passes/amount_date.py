"""Items of equal amount, close in date, weighed by what is known of the counterparty: account, id, name, a name in
the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.amount_differences import discount_amounts
from reconciliation.matching.chance import Level, Window, pair_odds
from reconciliation.matching.coincidence import expected_among, sizes_by_kind
from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.contradiction import doubted
from reconciliation.matching.counterparty_keys import account_keys, distinct_names, name_keys
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.encoding import Dataset, Ints
from reconciliation.matching.joins import among, key_pairs
from reconciliation.matching.mistaken_numbers import odds_of_labels
from reconciliation.matching.other_sums import less_of_sums
from reconciliation.matching.parties import left_parties
from reconciliation.matching.passes.dated import WindowPass
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.shared_serials import serial_ratios
from reconciliation.matching.standing_words import told_words, without_standing_words
from reconciliation.matching.text import labelled_name, name_similarity

LEVELS = (
    Level("account", 0.001, "equal amount and counterparty account, {days}"),
    Level("id", 0.001, "equal amount and counterparty, {days}"),
    Level("name", 0.001, "equal amount and counterparty name, {days}"),
    Level("like_name", 0.001, "equal amount and like counterparty name, {days}"),
    Level("some_name", 0.005, "equal amount and partly like counterparty name, {days}"),
    Level("unknown", 0.01, "the only equal amount near that date, {days}"),
    Level("other_name", 0.02, "equal amount but another name, {days}"),
    Level("other_account", 0.02, "equal amount but another counterparty account, {days}"),
)
_LEVEL = {level.name: place for place, level in enumerate(LEVELS)}
_UNLIKE_NAME_ODDS = 200.0
_MEASURED = 200_000  # right items whose amounts say how densely amounts lie
_ALIKE, _LIKE, _SOME = 0.97, 0.88, 0.72


class AmountDate(WindowPass):
    """Equal amounts within `before` to `after` days (left date minus right date), or as far apart as surer pairs lie; while few
    are known, at least `before_unknown` days before.

    `right_date` chooses the right side's date (the due date for open items that are paid when due). With `net` the right
    items are taken less their cash discount, those that have one; `right_date` is then best its last day. Where an amount
    would pair more than `max_pairs` times, only items of the same counterparty are paired.
    """

    KIND: ClassVar[str] = "amount_date"

    kind: Literal["amount_date"] = "amount_date"
    net: bool = False
    decoy_days: int = 60
    max_pairs: int = 400

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of equal amount, with odds from decoy windows."""
        rows = context.left.rows()
        right = self._right(context, context.left.open[rows])
        # a line whose amount no item has needs no name
        left = self._named(context, context.left, rows[among(context.left.open[rows], right["open"].to_numpy())])
        if left.is_empty():
            return
        left = left.with_columns(_recurs(context.left, left).alias("recurs"))
        # who takes the discount pays on other days than who does not: the others teach nothing
        lags = np.zeros(0, dtype=np.int64) if self.net else self.lags(context)
        window = self.window(lags, self.decoy_days)
        pairs, crowded = self._pairs(context, left, right, window)
        notes = crowded.select(pl.lit(0, pl.UInt8).alias("side"), "row", pl.lit("too_many_candidates").alias("reason"))
        if pairs.is_empty():
            yield Proposals(notes=notes)
            return
        pairs = pairs.with_columns(_level(pairs).alias("level"))
        pairs = pairs.with_columns(_not_of_another(context)).select(
            "left", "right", "open", "lag", "level", "is_open", "recurs"
        )
        pairs = pairs.with_columns(self._density(context, pairs).alias("density"))
        partnerless = _partnerless(context, rows, pairs.filter(pl.col("lag").is_between(-window.before, window.after)))
        weighed = pair_odds(pairs, window, lags, LEVELS, partnerless)
        # another counterparty's item is never taken, however rare the amount; it only says that a partner may be
        # elsewhere
        weighed = weighed.filter(pl.col("level") < _LEVEL["other_account"])
        one, two = (weighed[side].to_numpy().astype(np.uint32) for side in ("left", "right"))
        # a text that shows no like name may show none at all: worth a suggestion, never more, but for the item's own number
        unlike = (weighed["level"] == _LEVEL["other_name"]).to_numpy()
        odds = weighed["odds"].to_numpy()
        shown = serial_ratios(context, one, two)
        asked = shown > 1  # a number that is no item's says nothing
        shown[asked] = np.clip(odds_of_labels(context, one[asked], two[asked]), 1.0, shown[asked])
        odds = np.where(unlike, np.minimum(odds, _UNLIKE_NAME_ODDS), odds) * shown
        likely = doubted(context, one, two, odds)
        weighed = weighed.with_columns(odds=pl.Series(less_of_sums(context, one, two, likely)))
        weighed = weighed.with_columns(pl.col("level").cast(pl.UInt16).alias("evidence"))
        whole = pl.Series("whole", context.right.open[weighed["right"].to_numpy()])
        yield Proposals(
            pairs=pairs_frame(weighed.with_columns(whole), "open", "whole", "discount" if self.net else "none", 1.0),
            evidence=[level.sentence for level in LEVELS],
            notes=notes,
        )

    def _pairs(
        self, context: LegContext, left: pl.DataFrame, right: pl.DataFrame, window: Window
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Pairs of equal amount, with the right items' names, and the left rows whose amount is everywhere.

        All right items are looked at, settled ones too: they show which amounts recur. Of an amount that is
        everywhere only pairs of one counterparty are made.
        """
        keys = ["open", "currency"]
        keys += [name for name in ("account", "entity") if (left[name] != 0).all() and (right[name] != 0).all()]
        pairs, crowded = key_pairs(left, right, keys, self.max_pairs)
        parts = [self._near(context, pairs, window)]
        if not crowded.is_empty():
            left = left.join(crowded, on="row", how="semi")
            right = right.join(left.select(keys).unique(), on=keys, how="semi")
            sides = left, self._with_names(context, right)
            for party in ("party_account", "party_id", "name"):
                of_party = [side.filter(pl.col(party).is_not_null()) for side in sides]
                met, crowded = key_pairs(
                    of_party[0], of_party[1].select([*right.columns, party]), [*keys, party], self.max_pairs
                )
                parts.append(self._near(context, met.select(pairs.columns), window))
        near = pl.concat(parts).unique(["left", "right"])
        rows = np.unique(near["right"].to_numpy())
        shown = ("row", "party_account", "party_id", "name", "told", "says")
        named = self._named(context, context.right, rows).select(shown)
        return near.join(named, left_on="right", right_on="row", suffix="_right"), crowded

    def _near(self, context: LegContext, pairs: pl.DataFrame, window: Window) -> pl.DataFrame:
        first, last = window.reach
        pairs = pairs.with_columns((pl.col("day") - pl.col("day_right")).cast(pl.Int64).alias("lag"))
        pairs = pairs.filter(pl.col("lag").is_between(first, last))
        rows = pairs["left"].to_numpy().astype(np.uint32), pairs["right"].to_numpy().astype(np.uint32)
        return pairs.filter(pl.Series(context.compatible(*rows, open_only=False)))

    def _right(self, context: LegContext, amounts: Ints) -> pl.DataFrame:
        """Right items, open or settled, of one of the `amounts`: `open` is the amount they were open with."""
        view = context.right
        data = view.dataset
        amount = np.where(view.open != 0, view.open, data.amount)
        discount = discount_amounts(context) if self.net else np.zeros(0, dtype=np.int64)
        if self.net:  # a discount is taken on the whole item
            amount = np.where(amount == data.amount, amount - np.sign(amount) * discount, 0)
        wanted = among(amount, amounts)
        if self.net:
            wanted &= discount != 0
        if view.side.sign:
            wanted &= np.sign(amount) == view.side.sign
        rows = np.flatnonzero(wanted).astype(np.uint32)
        return self.dated(view, rows).select(
            "row",
            pl.Series("open", amount[rows]),
            "currency",
            "entity",
            "account",
            pl.col("date").alias("day"),
            pl.Series("is_open", view.open[rows] != 0),
        )

    def _density(self, context: LegContext, pairs: pl.DataFrame) -> pl.Series:
        """Right items of exactly the pair's amount among the decoys, as expected from the amounts near it."""
        data = context.right.dataset
        share = max(1.0, data.height / _MEASURED)
        distinct = pairs.select("open", pl.Series("currency", data.currency[pairs["right"].to_numpy()])).unique()
        expected = expected_among(distinct["open"].to_numpy(), distinct["currency"].to_numpy(), _measured(data))
        days = int(np.ptp(data.date)) + 1
        distinct = distinct.with_columns(density=pl.Series(expected * share * min(1.0, 2 * self.decoy_days / days)))
        located = pairs.select("open", pl.Series("currency", data.currency[pairs["right"].to_numpy()]))
        return located.join(distinct, on=["open", "currency"], how="left", maintain_order="left")["density"]

    def _named(self, context: LegContext, view: SideView, rows: Rows) -> pl.DataFrame:
        # a bank line without a name field may name the other party in its text
        data = view.dataset
        nameless = rows[data.lacking("counterparty_name", rows)]
        texts = data.take([pl.when(labelled_name("text").is_null()).then("text").alias("text")], nameless)["text"]
        told = told_words(texts)
        words = pl.DataFrame(
            {"row": nameless, "told": told, "says": without_standing_words(context, view, told).is_not_null()}
        )
        frame = view.selected(rows, pl.col("counterparty_id").alias("party_id")).with_columns(
            pl.col("date").alias("day"),
            party_account=account_keys(data, rows),
            name=name_keys(data, rows),
        )
        return frame.join(words, on="row", how="left", maintain_order="left")

    def _with_names(self, context: LegContext, right: pl.DataFrame) -> pl.DataFrame:
        rows = np.sort(right["row"].to_numpy())
        named = self._named(context, context.right, rows).select("row", "party_account", "party_id", "name")
        return right.join(named, on="row")


def _measured(data: Dataset) -> pl.DataFrame:
    """The amounts that say how densely a dataset's amounts lie, as `sizes_by_kind` has them; taken once."""
    if "measured" not in data.derived:
        mixed = (data.amount * 2_654_435_761) & 0xFFFF_FFFF  # the same amounts in any order of rows
        taken = mixed < 2**32 * _MEASURED // max(data.height, _MEASURED)
        data.derived["measured"] = sizes_by_kind(data.amount[taken], data.currency[taken])
    return data.derived["measured"]


def _recurs(view: SideView, items: pl.DataFrame) -> pl.Series:
    """Whether each item's amount occurs more than once among all items of its side and entity, settled ones too."""
    data = view.dataset
    every = pl.DataFrame({"open": data.amount, "currency": data.currency, "entity": data.entity})
    wanted = every.join(items.select("open").unique(), on="open", how="semi")
    counts = wanted.group_by("open", "currency", "entity").len("times")
    met = items.select("open", "currency", "entity").join(
        counts, on=["open", "currency", "entity"], how="left", maintain_order="left"
    )
    return met["times"].fill_null(1) > 1


def _partnerless(context: LegContext, left: Rows, inside: pl.DataFrame) -> list[int]:
    """By level, those of the `left` rows that carry what it compares but have no candidate of that worth: they show how many have
    none."""
    known = left_parties(context).select("row").unique()
    good = inside.filter(pl.col("level") <= _LEVEL["some_name"], pl.col("is_open")).select(row="left").unique()
    some = inside.filter(pl.col("is_open")).select(row="left").unique()
    named = known.join(good, on="row", how="anti").height
    silent = pl.DataFrame({"row": left}).join(known, on="row", how="anti").join(some, on="row", how="anti").height
    return [named if place <= _LEVEL["some_name"] else silent for place in range(len(LEVELS))]


def _not_of_another(context: LegContext) -> pl.Expr:
    """The level of each pair, that of a like name only where the left item's is not to the letter another counterparty's."""
    like = pl.col("level").is_between(_LEVEL["name"], _LEVEL["some_name"])
    known = distinct_names(context.right.dataset, context.right.rows())
    of_another = like & (pl.col("name") != pl.col("name_right")) & pl.col("name").is_in(known.implode())
    return pl.when(of_another.fill_null(False)).then(_LEVEL["other_name"]).otherwise("level").alias("level")


def _level(pairs: pl.DataFrame) -> pl.Series:
    """The level of evidence of each pair."""
    if pairs.is_empty():
        return pl.Series("level", [], dtype=pl.Int64)
    one = pl.coalesce("name", "told")
    two = pl.coalesce("name_right", "told_right")
    named = pairs.select(one.alias("one"), two.alias("two"))
    both_account = pl.col("party_account").is_not_null() & pl.col("party_account_right").is_not_null()
    same_account = pl.col("party_account") == pl.col("party_account_right")
    open_question = pairs.select(~(both_account & same_account).fill_null(False)).to_series()
    alike = pl.Series("alike", np.full(pairs.height, np.nan))
    asked = named.filter(open_question)
    if not asked.is_empty():
        distinct = asked.unique().drop_nulls()
        scored = distinct.with_columns(name_similarity(distinct["one"], distinct["two"]).alias("alike"))
        joined = named.join(scored, on=["one", "two"], how="left", maintain_order="left")
        alike = joined["alike"]
    frame = pairs.with_columns(alike.cast(pl.Float64).alias("alike"))
    # a text without a name is no other name
    shown = [pl.col(f"name{side}").is_not_null() | pl.col(f"says{side}").fill_null(False) for side in ("", "_right")]
    level = (
        pl.when(both_account & same_account)
        .then(_LEVEL["account"])
        .when((pl.col("party_id") == pl.col("party_id_right")).fill_null(False))
        .then(_LEVEL["id"])
        .when(pl.col("alike") >= _ALIKE)
        .then(_LEVEL["name"])
        .when(pl.col("alike") >= _LIKE)
        .then(_LEVEL["like_name"])
        .when(both_account | (pl.col("party_id") != pl.col("party_id_right")).fill_null(False))
        .then(_LEVEL["other_account"])
        .when(pl.col("alike") >= _SOME)
        .then(_LEVEL["some_name"])
        .when(pl.col("alike").is_not_null() & pl.col("alike").is_not_nan() & shown[0] & shown[1])
        .then(_LEVEL["other_name"])
        .otherwise(_LEVEL["unknown"])
    )
    return frame.select(level.alias("level")).to_series()
