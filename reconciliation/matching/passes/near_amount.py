"""Amounts of one counterparty that nearly agree, without a reference: a payment less the bank's charge, short or over paid.

An amount that is off by a little says less than an equal one: any other item of the counterparty may lie as near. How
many would by chance follows from how many there are and how wide "near" is; a difference that many have (the same
charge, the same share) is likelier one of them (`fee_habits`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.amount_differences import bound, short_or_over
from reconciliation.matching.amount_rules import AmountRule, Tolerance
from reconciliation.matching.chance import Window, lag_shares
from reconciliation.matching.context import LegContext
from reconciliation.matching.contradiction import doubted
from reconciliation.matching.described import learned_share
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.encoding import Mask
from reconciliation.matching.fee_habits import habit_ratios
from reconciliation.matching.joins import among, key_pairs
from reconciliation.matching.parties import left_parties
from reconciliation.matching.party_codes import parties_of, right_parties
from reconciliation.matching.party_evidence import agrees_elsewhere
from reconciliation.matching.passes.dated import WindowPass
from reconciliation.matching.proposals import KIND, SUGGESTED_ODDS, Proposals
from reconciliation.matching.usual_shares import usual_shares

_SENTENCES = ("the only amount of this counterparty that is near, {days}",)
_KEPT_BACK = "less the share that this counterparty has kept back before, {days}"
_SPREAD = 2.0  # amounts of one counterparty spread over so many powers of e
_LEAST_CHANCE = 0.002  # other items expected to lie as near, at least: some are not in the data
_ELSEWHERE = 100.0  # how much less a pair is believed of which either agrees exactly with another of the counterparty
_PRIOR_ITEMS = 20.0  # items that the configured share of such pairs counts for
_LARGEST = 3  # a difference is at most one in so many of the amount


class NearAmount(WindowPass):
    """Pairs of one counterparty within `before` to `after` days (left date minus right date), or as far apart as surer pairs
    lie; while few are known, at least `before_unknown` days before. Their amounts differ by at most `charge`, or by `share`
    of the right one.

    A charge is borne by the left side: it moves less money to us, or more away from us. The odds are how often an open
    item has such a partner (`prior`, corrected by the data), times how likely the date distance is, over the number of
    the counterparty's items that would lie as near by chance. Of a counterparty that would make more than `max_pairs`
    pairs nothing is proposed.
    """

    KIND: ClassVar[str] = "near_amount"

    kind: Literal["near_amount"] = "near_amount"
    before: int = 2
    after: int = 8
    charge: Tolerance = Field(default_factory=dict)
    share: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    prior: Annotated[float, Field(gt=0, lt=1)] = 0.25
    max_pairs: int = 10_000

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs that lack what their counterparty always keeps back, then those that differ by a charge, then those that are short or
        over paid."""
        lags = self.lags(context)
        window = self.window(lags)
        pairs = self._pairs(context, window)
        if pairs.is_empty():
            return
        likely = lag_shares(lags, window)[pairs["lag"].to_numpy() + window.before] * window.width
        pairs = pairs.with_columns(pl.Series("likely", likely))
        yield from _less_usual_share(context, pairs)
        charged = pl.col("mine") < pl.col("other")
        for rule in (AmountRule(rule="fee", up_to=self.charge), AmountRule(rule="deviation", share=self.share)):
            one_sided = rule.rule == "fee"
            most = bound(context, pairs, rule)
            apart = np.abs(pairs["mine"].to_numpy() - pairs["other"].to_numpy())
            near = apart <= np.minimum(most, np.abs(pairs["other"].to_numpy()) // _LARGEST)
            if one_sided:
                near &= pairs.select(charged).to_series().to_numpy()
            found = pairs.with_columns(pl.Series("most", most)).filter(pl.Series(near))
            if not found.is_empty():
                yield self._weighed(context, found, one_sided)

    def _pairs(self, context: LegContext, window: Window) -> pl.DataFrame:
        """All pairs of one counterparty in the window: `left`, `right`, `mine`, `other`, `lag`, and how many each left item has
        (`others`)."""
        left = left_parties(context).join(context.left.frame().select("row", "open", "currency", "date"), on="row")
        right = self.dated(context.right, context.right.rows()).select("row", "open", "currency", "date")
        right = right_parties(context).join(right, on="row")
        whole = context.right.open == context.right.dataset.amount
        right = right.filter(pl.Series(whole[right["row"].to_numpy()], dtype=pl.Boolean))
        pairs, _ = key_pairs(left, right, ["party", "currency"], self.max_pairs)
        lag = pl.col("date").cast(pl.Int64) - pl.col("date_right").cast(pl.Int64)
        pairs = pairs.select("left", "right", mine="open", other="open_right", lag=lag).unique(["left", "right"])
        pairs = pairs.filter(
            pl.col("lag").is_between(-window.before, window.after),
            pl.col("mine").sign() == pl.col("other").sign(),
            pl.col("mine") != pl.col("other"),
        ).sort("left", "right")
        fits = context.compatible(pairs["left"].to_numpy(), pairs["right"].to_numpy())
        return pairs.filter(pl.Series(fits, dtype=pl.Boolean)).with_columns(pl.len().over("left").alias("others"))

    def _weighed(self, context: LegContext, pairs: pl.DataFrame, charged: bool) -> Proposals:
        pairs = context.still_open(pairs)
        left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
        most, size = pairs["most"].to_numpy().astype(np.float64), np.abs(pairs["other"].to_numpy())
        chance = pairs["others"].to_numpy() * (most / size) / _SPREAD
        ratios = pairs["likely"].to_numpy() / np.maximum(chance, _LEAST_CHANCE)
        ratios = np.where(agrees_elsewhere(context, left, right), ratios / _ELSEWHERE, ratios)
        known = left_parties(context)["row"].n_unique()
        share = learned_share(ratios, left.astype(np.int64), known, self.prior, _PRIOR_ITEMS)
        odds = share / (1 - share) * ratios
        differences = pairs["mine"].to_numpy() - pairs["other"].to_numpy()
        odds = odds * habit_ratios(differences, pairs["other"].to_numpy(), most, odds / (1 + odds))
        doubtful = _is_a_price(context, pairs) if charged else True
        odds = doubted(context, left, right, np.where(doubtful, np.minimum(odds, SUGGESTED_ODDS), odds))
        kind = pl.lit(KIND["fee"]) if charged else pl.lit(short_or_over(pairs))
        weighed = pairs.with_columns(pl.Series("odds", odds), pl.lit(0, pl.UInt16).alias("evidence"))
        return Proposals(pairs=pairs_frame(weighed, "mine", "other", kind, 1.0), evidence=_SENTENCES)


def _less_usual_share(context: LegContext, pairs: pl.DataFrame) -> Iterator[Proposals]:
    found = pairs.hstack(usual_shares(context, pairs)).filter(pl.col("odds") > 0)
    if found.is_empty():
        return
    left, right = found["left"].to_numpy(), found["right"].to_numpy()
    less = agrees_elsewhere(context, left, right) | _is_a_price(context, found)
    odds = np.where(less, found["odds"].to_numpy() / _ELSEWHERE, found["odds"].to_numpy())
    weighed = found.with_columns(pl.Series("odds", doubted(context, left, right, odds)), evidence=pl.lit(0, pl.UInt16))
    # what earlier payments lacked stays open where it does of them, as a retention that is paid later
    applied = pl.when("in_part").then("mine").otherwise("other")
    kind = pl.when("in_part").then(KIND["none"]).otherwise(KIND["short_pay"])
    shaped = pairs_frame(weighed.with_columns(applied=applied), "mine", "applied", kind, 1.0)
    yield Proposals(pairs=shaped, evidence=(_KEPT_BACK,), sure_only=True)


def _is_a_price(context: LegContext, pairs: pl.DataFrame) -> Mask:
    """By pair: whether the counterparty has another item of the right one's amount, open or settled: which of them is meant
    an amount that is near does not say."""
    data = context.right.dataset
    rows = np.flatnonzero(among(data.amount, pairs["other"].to_numpy())).astype(np.uint32)
    named = parties_of(context.right, rows)
    amounts = pl.DataFrame({"row": rows, "amount": data.amount[rows], "currency": data.currency[rows]})
    known = named.join(amounts, on="row").with_columns(again=pl.len().over("party", "amount", "currency") > 1)
    found = pairs.select(row="right").join(known.select("row", "again"), on="row", how="left", maintain_order="left")
    return found["again"].fill_null(False).to_numpy()
