"""How much likelier what two texts say is for a true pair than for two strangers, learned from the data.

Without labels: the true pairs are those that their amounts alone leave little doubt about, the strangers are such items
with the wrong partner. The words of either text (`word_odds`) are weighed against each other by a logistic regression, and
what comes of it is counted among true pairs and strangers, as are the numbers that both texts show. Where the two sides' texts
have nothing to do with each other, both look the same and the text says nothing; a prior stands in where there is
little data.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.counted_odds import counted_odds
from reconciliation.matching.number_odds import NumberOdds
from reconciliation.matching.text.words import SideWords, spoken_pairs
from reconciliation.matching.word_odds import WordOdds

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_LEARNED_FROM = 1500  # sure pairs are plenty; more would cost more than they teach
_SHIFTS = (1, 2, 3, 5, 8, 13, 21, 34)  # how far the partners are moved to make strangers
_START = np.array([0.0, 0.6, 0.6])  # weights of a constant and of the words of either side
_TIED = np.array([1.0, 12.0, 12.0])  # how firmly the weights are tied to those before the data speaks
_STEPS, _SETTLED = 25, 1e-4
_BOUNDS = np.array([-6.0, -4.5, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.5, 9.0])  # nats
_MIDDLES = np.concatenate([[_BOUNDS[0] - 1], (_BOUNDS[1:] + _BOUNDS[:-1]) / 2, [_BOUNDS[-1] + 1]])
_PRIOR_WEIGHT = 30.0  # pairs that the priors count for
_DAMPED = 0.9  # how far nats are believed before they are counted
_WITHOUT_STRANGERS = 0.2  # the odds of a stranger where there is none to learn from


class TextOdds:
    """Likelihood ratios of texts, for one leg's two sides. `apart` is that of two strangers, as a rule."""

    def __init__(
        self, left: SideWords, right: SideWords, sure: pl.DataFrame, likely: pl.DataFrame | None = None
    ) -> None:
        """Learn from `sure` pairs (`left`, `right` rows; what single words tell by how much each counts: `probable`, 1 where that
        is missing), in an order of business ids; what single words tell also from other `likely` ones."""
        self._sides = (left, right)
        if "probable" not in sure.columns:
            sure = sure.with_columns(probable=pl.lit(1.0))
        known = sure.select("left", "right", "probable").gather_every(max(1, sure.height // _LEARNED_FROM))
        sure = known.select("left", "right")
        if likely is not None:
            likely = likely.select(known.columns).gather_every(max(1, likely.height // _LEARNED_FROM))
            known = pl.concat([known, likely])
        self._learned = known["left"].unique(), known["right"].unique()
        moved = [
            sure.select("left", pl.Series("right", np.roll(sure["right"].to_numpy(), shift)))
            for shift in _SHIFTS
            if shift < sure.height
        ]
        strange = pl.concat(moved).join(sure, on=["left", "right"], how="anti") if moved else sure.clear()
        documents = [
            spoken_pairs(left, right, pairs)
            .with_columns(times=pairs["probable"])
            .drop_nulls()
            .sort("one", "two", "times")
            .group_by("one", "two", maintain_order=True)
            .agg(pl.col("times").sum())
            for pairs in (known, strange.with_columns(probable=pl.lit(1.0)))
        ]
        self._words = WordOdds(left, right, *documents)
        true, unlike = (self._evidence(pairs) for pairs in (sure, strange))
        self._weights = _regression(*(evidence[spoken] for evidence, spoken in (true, unlike)))
        scores = [evidence[spoken] @ self._weights for evidence, spoken in (true, unlike)]
        self._ratios = _of_words(*scores)
        self._numbers = NumberOdds(left, right, sure, strange)
        ratios = self._ratios[np.searchsorted(_BOUNDS, scores[1], side="right")]
        self.apart = float(np.median(ratios)) * self._numbers.of_none if len(ratios) else _WITHOUT_STRANGERS

    def odds(self, pairs: pl.DataFrame) -> Floats:
        """The likelihood ratio of each pair (`left`, `right` rows); 1 where a side has no text."""
        evidence, spoken = self._evidence(pairs)
        words = np.exp(np.interp(evidence @ self._weights, _MIDDLES, np.log(self._ratios)))
        ratios: Floats = words * self._numbers.odds(pairs)
        return np.where(spoken, ratios, 1.0)

    def meant_elsewhere(self, pairs: pl.DataFrame) -> Floats:
        """By pair: 1, or how much less likely it is by what only others show (`NumberOdds.elsewhere`)."""
        return self._numbers.elsewhere(pairs)

    def _evidence(self, pairs: pl.DataFrame) -> tuple[Floats, Mask]:
        """By pair: a constant, the nats of the left words and of the right; and whether both texts say anything."""
        left, right = self._learned
        # what an item's own pair taught speaks neither for that pair nor for its rivals
        learned = pl.col("left").is_in(left.implode()) | pl.col("right").is_in(right.implode())
        located = spoken_pairs(*self._sides, pairs).with_columns(learned.alias("learned"))
        keys = ["one", "two", "learned"]
        documents = located.select(keys).drop_nulls().unique().sort(keys)
        nats = self._words.nats(documents)
        told = documents.with_columns(pl.Series("left_nats", nats[:, 0]), pl.Series("right_nats", nats[:, 1]))
        located = located.join(told, on=keys, how="left", maintain_order="left")
        spoken = located["one"].is_not_null() & located["two"].is_not_null()
        columns = [located[name].fill_null(0.0).to_numpy() for name in ("left_nats", "right_nats")]
        return np.column_stack([np.ones(pairs.height), *columns]), spoken.to_numpy()


def _regression(true: Floats, strange: Floats) -> Floats:
    """The weights of the evidence by logistic regression, tied to `_START`; the score is in nats at even odds."""
    weights = _START.copy()
    if not len(true) or not len(strange):
        return weights
    evidence = np.vstack([true, strange])
    right = np.concatenate([np.ones(len(true)), np.zeros(len(strange))])
    offset = np.log(len(true) / len(strange))

    def loss(of: Floats) -> float:
        score = evidence @ of + offset
        return float((np.logaddexp(0, score) - right * score).sum() + (_TIED * (of - _START) ** 2).sum() / 2)

    reached = loss(weights)
    for _ in range(_STEPS):
        probable = 1 / (1 + np.exp(-np.clip(evidence @ weights + offset, -30, 30)))
        gradient = evidence.T @ (right - probable) - _TIED * (weights - _START)
        curvature = (evidence * (probable * (1 - probable))[:, None]).T @ evidence + np.diag(_TIED)
        step = np.linalg.solve(curvature, gradient)
        while loss(weights + step) > reached and float(np.abs(step).max()) > _SETTLED:
            step = step / 2  # Newton's step may be too long where true pairs and strangers hardly overlap
        weights = weights + step
        reached = loss(weights)
        if float(np.abs(step).max()) <= _SETTLED:
            break
    return weights


def _of_words(true: Floats, strange: Floats) -> Floats:
    """The likelihood ratio of each class of score, as counted among true pairs and strangers."""
    priors = (np.exp(sign * _DAMPED * _MIDDLES / 2 - _MIDDLES**2 / 40) for sign in (1, -1))
    return counted_odds(_BOUNDS, (true, strange), tuple(prior / prior.sum() for prior in priors), _PRIOR_WEIGHT)
