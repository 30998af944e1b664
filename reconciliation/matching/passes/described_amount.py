"""Equal amounts, weighed by date, by how common the amount is and by what the texts have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import agreement_odds, lag_shares
from reconciliation.matching.context import LegContext
from reconciliation.matching.described import leg_words, ordered
from reconciliation.matching.encoding import Ints
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.marginals import pair_probabilities
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import PAIRS, Proposals
from reconciliation.matching.settlement import pairs_frame
from reconciliation.matching.text.words import shared_information
from reconciliation.matching.text_odds import TextOdds

_SENTENCES = (
    "equal amount, rare near that date, {days}; texts that have little in common",
    "equal amount and texts that share rare words, {days}",
    "equal amount, rare near that date, {days}; no text to compare",
)
_SURE_ODDS = 200.0  # by amount and date alone: pairs to learn the date distances and the texts from
_SPEAKING = 2.5  # nats in common from which the text is named as evidence


class DescribedAmount(PassConfig):
    """Equal amounts within `window` days either way, for sides that share no identifier.

    The odds of a pair are those that its items have a partner at all (`partnered`, a start that the data corrects),
    times how likely true partners are that many days apart against how often the amount turns up by chance
    (`coincidence`), times what the texts say (`text_odds`). Date distances and texts are learned from the pairs
    that amounts alone make sure. What is sure leaves first, in up to `rounds` rounds: the last rent that is open is
    surer than the first of twelve. Amounts that would pair more than `max_pairs` times are left with the reason
    `too_many_candidates`.
    """

    KIND: ClassVar[str] = "described"

    kind: Literal["described"] = "described"
    window: int = 14
    partnered: float = 0.9
    rounds: int = 6
    max_pairs: int = 40_000

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs with odds from amount, date and text; the surest first."""
        pairs, notes = self._pairs(context)
        if pairs.is_empty():
            if not notes.is_empty():
                yield Proposals(notes=notes)
            return
        words = leg_words(context)
        information = shared_information(*words, pairs)
        pairs = pairs.with_columns(information.alias("nats"))
        sure = pairs.clear()
        for turn in range(self.rounds):
            is_open = context.left.is_open[pairs["left"].to_numpy()] & context.right.is_open[pairs["right"].to_numpy()]
            pairs = pairs.filter(pl.Series(is_open))
            if pairs.is_empty():
                break
            agreement = agreement_odds(context.left.frame(), context.right.frame(), pairs, self.partnered)
            place = pairs["lag"].to_numpy() + self.window
            if sure.is_empty():
                near = lag_shares(np.zeros(0, np.int64), self.window)[place]
                sure = _alone(context, pairs.filter(pl.Series(agreement * near >= _SURE_ODDS)))
                texts = TextOdds(*words, sure)
            shares = lag_shares(sure["lag"].to_numpy(), self.window)
            odds = agreement * shares[place] * texts.odds(pairs["nats"])
            probable = pair_probabilities(_dense(pairs["left"]), _dense(pairs["right"]), odds)
            taken = pairs.filter(pl.Series(probable >= context.leg.precision))
            last = turn == self.rounds - 1 or taken.is_empty()
            touched = pairs["left"].is_in(taken["left"].implode()) | pairs["right"].is_in(taken["right"].implode())
            told = pl.when(pl.col("nats").is_null()).then(2).when(pl.col("nats") >= _SPEAKING).then(1).otherwise(0)
            weighed = pairs.with_columns(pl.Series("odds", odds), told.cast(pl.UInt16).alias("evidence"))
            shown = weighed if last else weighed.filter(touched)
            yield Proposals(
                pairs=pairs_frame(shown, "open", "open", "none", 1.0).select(list(PAIRS)),
                evidence=_SENTENCES,
                notes=notes if last else notes.clear(),
            )
            if last:
                break
            sure = ordered(context, pl.concat([sure, taken]).unique(["left", "right"]))
            texts = TextOdds(*words, sure)

    def _pairs(self, context: LegContext) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Compatible pairs of equal amount within the window, and notes on items with too many."""
        pairs, crowded = key_pairs(context.left.frame(), context.right.frame(), ["open", "currency"], self.max_pairs)
        notes = crowded.select(pl.lit(0, pl.UInt8).alias("side"), "row", pl.lit("too_many_candidates").alias("reason"))
        lag = (pl.col("date") - pl.col("date_right")).cast(pl.Int64)
        pairs = pairs.select("left", "right", "open", lag.alias("lag")).filter(
            pl.col("lag").is_between(-self.window, self.window)
        )
        fits = context.compatible(*(pairs[side].to_numpy().astype(np.uint32) for side in ("left", "right")))
        return pairs.filter(pl.Series(fits)), notes


def _dense(rows: pl.Series) -> Ints:
    return np.unique(rows.to_numpy(), return_inverse=True)[1].astype(np.int64)


def _alone(context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs without a rival on either side."""
    return ordered(context, pairs.filter(pl.len().over("left") == 1, pl.len().over("right") == 1))
