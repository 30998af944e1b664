"""Items of equal amount, close in date, weighed by what is known of the counterparty: account, id, name, a name in the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.chance import Window, pair_odds
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.parties import account_key
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.settlement import pairs_frame
from reconciliation.matching.text import name_key, name_similarity

#: Levels of evidence, with the odds of a pair inside the window before the data has spoken, and the words for it.
LEVELS: tuple[tuple[str, float, str], ...] = (
    ("account", 5000.0, "equal amount and counterparty account, {days}"),
    ("id", 5000.0, "equal amount and counterparty, {days}"),
    ("name", 3000.0, "equal amount and counterparty name, {days}"),
    ("like_name", 1000.0, "equal amount and like counterparty name, {days}"),
    ("some_name", 50.0, "equal amount and partly like counterparty name, {days}"),
    ("unknown", 30.0, "the only equal amount near that date, {days}"),
    ("other_name", 0.3, "equal amount but another name, {days}"),
    ("other_account", 0.3, "equal amount but another counterparty account, {days}"),
)
_LEVEL = {name: place for place, (name, _, _) in enumerate(LEVELS)}
_ALIKE, _LIKE, _SOME = 0.97, 0.88, 0.72


class AmountDate(PassConfig):
    """Equal amounts within `before` to `after` days (left date minus right date).

    `right_date` chooses the right side's date (the due date for open items that are paid when due). Where an amount would pair more
    than `max_pairs` times, only items of the same counterparty are paired.
    """

    KIND: ClassVar[str] = "amount_date"

    kind: Literal["amount_date"] = "amount_date"
    right_date: Literal["date", "due_date", "value_date"] = "date"
    before: int = 3
    after: int = 10
    decoy_days: int = 40
    max_pairs: int = 400

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of equal amount, with odds from decoy windows."""
        left, right = self._side(context.left), self._side(context.right)
        if left.is_empty() or right.is_empty():
            return
        window = Window(self.before, self.after, self.decoy_days)
        pairs, crowded = self._pairs(left, right)
        first, last = window.reach
        pairs = pairs.with_columns((pl.col("day") - pl.col("day_right")).cast(pl.Int64).alias("lag")).filter(
            pl.col("lag").is_between(first, last)
        )
        fits = context.compatible(
            pairs["left"].to_numpy().astype(np.uint32), pairs["right"].to_numpy().astype(np.uint32)
        )
        pairs = pairs.filter(pl.Series(fits))
        pairs = pairs.with_columns(_level(pairs).alias("level")).select("left", "right", "open", "lag", "level")
        lags = context.lags(None if self.right_date == "date" else self.right_date)
        weighed = pair_odds(pairs, window, lags, [odds for _, odds, _ in LEVELS])
        notes = crowded.select(pl.lit(0, pl.UInt8).alias("side"), "row", pl.lit("too_many_candidates").alias("reason"))
        weighed = weighed.with_columns(pl.col("level").cast(pl.UInt16).alias("evidence"))
        yield Proposals(
            pairs=pairs_frame(weighed, "open", "open", "none", 1.0),
            evidence=[sentence for _, _, sentence in LEVELS],
            notes=notes,
        )

    def _pairs(self, left: pl.DataFrame, right: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Pairs of equal amount; of an amount that is everywhere only those of one counterparty. And what is left even so."""
        keys = ["open", "currency"]
        keys += [name for name in ("account", "entity") if (left[name] != 0).all() and (right[name] != 0).all()]
        pairs, crowded = key_pairs(left, right, keys, self.max_pairs)
        if crowded.is_empty():
            return pairs, crowded
        left = left.join(crowded, on="row", how="semi")
        parts = [pairs]
        for party in ("party_account", "party_id", "name"):
            of_party = [side.filter(pl.col(party).is_not_null()) for side in (left, right)]
            more, crowded = key_pairs(of_party[0], of_party[1], [*keys, party], self.max_pairs)
            suffixed = more.with_columns(pl.col(party).alias(f"{party}_right"))
            parts.append(suffixed.select(pairs.columns))
        return pl.concat(parts).unique(["left", "right"]), crowded

    def _side(self, view: SideView) -> pl.DataFrame:
        by_date = view.index == 1 and self.right_date != "date"
        columns: list[str | pl.Expr] = [
            account_key("counterparty_account").alias("party_account"),
            pl.col("counterparty_id").alias("party_id"),
            pl.col("counterparty_name").alias("name"),
        ]
        # a bank line without a name field may name the other party in its text
        columns.append(pl.when(pl.col("counterparty_name").is_null()).then(pl.col("text")).alias("told"))
        if by_date:
            columns.append(pl.col(self.right_date).to_physical().alias("own_date"))
        frame = view.frame(*columns)
        day = pl.coalesce("own_date", "date") if by_date else pl.col("date")
        frame = frame.with_columns(day.alias("day"), name_key(frame["name"]).alias("name"))
        words = name_key(frame["told"].str.replace_all(r"\S*[0-9]\S*", " "))
        return frame.with_columns(words.alias("told")).drop([column for column in ("own_date",) if by_date])


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
    level = (
        pl.when(both_account & same_account)
        .then(_LEVEL["account"])
        .when((pl.col("party_id") == pl.col("party_id_right")).fill_null(False))
        .then(_LEVEL["id"])
        .when(pl.col("alike") >= _ALIKE)
        .then(_LEVEL["name"])
        .when(pl.col("alike") >= _LIKE)
        .then(_LEVEL["like_name"])
        .when(both_account)
        .then(_LEVEL["other_account"])
        .when(pl.col("alike") >= _SOME)
        .then(_LEVEL["some_name"])
        .when(pl.col("alike").is_not_null() & pl.col("alike").is_not_nan())
        .then(_LEVEL["other_name"])
        .otherwise(_LEVEL["unknown"])
    )
    return frame.select(level.alias("level")).to_series()
