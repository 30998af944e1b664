"""Entries of one dataset that undo each other by their texts: a void, a reversal, a payment that came back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal
from unicodedata import normalize

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import expected_equals
from reconciliation.matching.context import LegContext
from reconciliation.matching.described import leg_words
from reconciliation.matching.nearby import count_within_days, within_days
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import KIND, PAIRS, Proposals
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.words import SideWords, numbers_in_common, shared_information, without_dates

_SENTENCES = (
    "the opposite amount and the same words, and the later text says that it undoes another, {days}",
    "the opposite amount and the same words, {days}",
    "the later text says that it undoes another, and the opposite amount is rare, {days}",
)
_SAID_ODDS = 4.0  # that what says it undoes another undoes one that is there
_STRANGE = 0.25  # how much less a pair without a word in common is believed
_CITED = 2.5  # nats of a number that names the entry undone
_MOST_TOLD = 10.0  # nats by which one original at most is told from another of one void
_IN_COMMON = 0.2  # share of words from which two texts have something in common
_SAME = ["size", "currency"]
_MAX_PAIRS = 20_000  # of one amount: beyond it no original stands out
# in scripts without a Latin form
_UNSPELLED = "冲销|冲正|撤销|退款|退票|取消|組戻|返金|취소|환불|반송|الغاء|مرتجع"
#: Words by which an entry says that it undoes another, in the languages of most bank and ledger texts.
UNDOING = (
    r"\b(?:VOID(?:ED)?|REVERS(?:AL|ED|E|ING)|RVSL|CANCEL(?:L?ED|LATION)?|RETURN(?:ED)?|RTN|RTD|REJECT(?:ED)?|"
    r"CHARGEBACK|CORRECTION|CORRECTING|STORNO|STORNIERUNG|STORNIERT|RUECK\w*|RUCK(?:GABE|LAST\w*|BUCH\w*)|ZURUE?CK\w*|"
    r"ANNUL\w*|EXTOURNE|CONTRE ?PASS\w*|REJET\w*|IMPAYE|DEVOL\w*|ANULA\w*|STORNER\w*|INSOLUTO|TERUG\w*|"
    r"MAKULER\w*|RETUR|RETOUR\w*|UNPAID|DISHONOU?R(?:ED)?|BOUNCED|RECALL(?:ED)?|IMPAGAD[AO]|NIEZREALIZ\w*|ZWROT|"
    rf"VOZVRAT\w*|OTMEN\w*|AKYRO\w*|EPISTROF\w*)\b|{normalize('NFKD', _UNSPELLED)}"
)


class DescribedReversal(PassConfig):
    """Pairs of opposite amount in one dataset, the left item up to `after` days later, with most words in common; what names
    the number of the entry it undoes needs no more words.

    `said` asks for a word that undoes (`UNDOING`) in the later text; an amount that is rare is then enough, whatever
    else the texts say. `unless` names the dataset on the other side of the books: where it has an item of the later
    one's amount near its date, both events may have happened, and the pair is left, unless the one names the other's
    number; so it is where nothing but the amount speaks for it, and the other side has an item of the earlier one's.
    """

    KIND: ClassVar[str] = "described_reversal"

    kind: Literal["described_reversal"] = "described_reversal"
    after: int = 30
    said: bool = True
    unless: str = ""
    unless_days: int = 10
    min_share: float = 0.6
    odds: float = 2000.0

    @property
    def beside(self) -> tuple[str, ...]:
        """The dataset that `unless` names."""
        return () if not self.unless else (self.unless,)

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs that cancel out."""
        texts = [view.frame("text").with_columns(pl.col("open").abs().alias("size")) for view in context.sides]
        later, earlier = (frame.with_columns(ascii_upper_series(frame["text"]).alias("text")) for frame in texts)
        if self.said:
            later = later.filter(pl.col("text").str.contains(UNDOING))
        fit = count_within_days((later, earlier), _SAME, self.after).filter(pl.col("pairs") <= _MAX_PAIRS)
        near = within_days((side.join(fit, on=_SAME, how="semi") for side in (later, earlier)), _SAME, self.after)
        pairs = near.rename({"row": "left", "row_right": "right", "lag": "days"}).filter(
            pl.col("open") == -pl.col("open_right"),
            (pl.col("days") > 0) | ((pl.col("days") == 0) & (pl.lit(self.said) | (pl.col("open") > 0))),
            pl.col("days") <= self.after,
        )
        marked = pl.col("text_right").str.contains(UNDOING).fill_null(False)
        pairs = pairs.with_columns(marked=marked).filter(
            ~pl.col("marked") | (pl.col("days") > 0) | (pl.col("open") > 0)
        )
        if pairs.is_empty():
            return
        fits = context.compatible(pairs["left"].to_numpy(), pairs["right"].to_numpy())
        pairs = pairs.filter(pl.Series(fits))
        words = leg_words(context)
        cited = (numbers_in_common(without_dates(words[0]), without_dates(words[1]), pairs) >= _CITED).alias("cited")
        pairs = pairs.with_columns(cited)
        # what undoes does not undo what undoes; but an original may be marked as void too, where both name one number
        others = pairs.filter(~pl.col("marked"))
        undone = pairs.filter("marked", "cited").join(others, on="left", how="anti")
        pairs = pl.concat([others, undone.join(others.select(right="left"), on="right", how="anti")])
        named = pairs.filter("cited")
        # what names one entry undoes no other
        unnamed = pairs.filter(~pl.col("cited")).join(named, on="left", how="anti")
        pairs = pl.concat([named, self._without_counterparts(context, unnamed, "left", "open", "date")])
        if pairs.is_empty():
            return
        common = shared_information(*words, pairs).fill_null(0.0)
        own = (
            pairs.select("right")
            .join(_total(words[1]), on="right", how="left", maintain_order="left")["nats"]
            .fill_null(0.0)
        )
        # a text that quotes the other whole needs no weighing of words
        quoted = (pl.col("text_right").str.len_chars() >= 8) & pl.col("text").str.contains(
            pl.col("text_right"), literal=True
        )
        share = pl.when(quoted.fill_null(False) | pl.col("cited")).then(1.0).otherwise(common / own.clip(1.0))
        told = pairs.with_columns(share.alias("alike"), common=common)
        alike = told.filter(pl.col("alike") >= self.min_share)
        # the nearer original is the likelier one, and the one that shares more words: of all salaries of a month, the one with
        # the name; equal ones stay tied
        nearer = pl.lit(0.9).pow(pl.col("days").cast(pl.Float64))
        told_apart = (pl.col("common") - pl.col("common").max().over("left")).clip(-_MOST_TOLD).exp()
        alike = alike.with_columns(
            odds=self.odds * nearer * told_apart * pl.lit(50.0).pow(pl.col("alike").clip(0, 1) - 1),
            evidence=pl.lit(0 if self.said else 1, pl.UInt16),
        )
        if self.said:
            bare = told.filter(pl.col("alike") < self.min_share)
            bare = self._without_counterparts(context, bare, "right", "open_right", "date_right")
            strange = pl.when(pl.col("alike") < _IN_COMMON).then(_STRANGE).otherwise(1.0)
            rare = bare.with_columns(
                odds=_SAID_ODDS * nearer * strange / self._chance(context, bare), evidence=pl.lit(2, pl.UInt16)
            )
            alike = pl.concat([alike, rare])
        if alike.is_empty():
            return
        shaped = alike.select(
            "left",
            "right",
            pl.col("open").alias("left_applied"),
            pl.col("open_right").alias("right_applied"),
            pl.lit(KIND["none"], pl.UInt8).alias("difference_kind"),
            "odds",
            "evidence",
        )
        yield Proposals(pairs=shaped.cast(PAIRS), evidence=_SENTENCES)  # type: ignore[arg-type]

    def _chance(self, context: LegContext, pairs: pl.DataFrame) -> pl.Series:
        """By pair: items of exactly the opposite amount in the days before it, as expected from the amounts near it."""
        data = context.right.dataset
        days = max(self.after, int(np.ptp(data.date)) + 1) if data.height else self.after
        currency = data.currency[pairs["right"].to_numpy()]
        expected = expected_equals(pairs["open_right"].to_numpy(), currency, data.amount, data.currency, own=1)
        return pl.Series(np.maximum(expected, 1e-9) * self.after / days)

    def _without_counterparts(
        self, context: LegContext, pairs: pl.DataFrame, row: str, amount: str, date: str
    ) -> pl.DataFrame:
        """Pairs of which the other side of the books has nothing of that amount near that date."""
        if not self.unless or self.unless not in context.datasets or pairs.is_empty():
            return pairs
        data = context.datasets[self.unless]
        other = pl.DataFrame({"open": data.amount, "currency": data.currency, "date": data.date}).unique()
        asked = pairs.select(row, "currency", open=amount, date=date).unique()
        near = within_days((asked, other), ["open", "currency"], self.unless_days)
        return pairs.join(near, on=row, how="anti")


def _total(words: SideWords) -> pl.DataFrame:
    """All the nats of each row's words."""
    spoken = words.words.group_by("document").agg(pl.col("weight").sum().alias("nats"))
    return words.rows.join(spoken, on="document").select(right="row", nats="nats")
