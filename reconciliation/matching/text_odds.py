"""How much likelier what two texts say is for a true pair than for two strangers, learned from the data.

Without labels: the true pairs are those that their amounts alone leave little doubt about, the strangers are such items
with the wrong partner. The words of either text (`word_odds`) are weighed against each other by a logistic regression, and
what comes of it is counted among true pairs and strangers, as are the numbers that both texts show. Where the two sides' texts
have nothing to do with each other, both look the same and the text says nothing; a prior stands in where there is
little data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text.words import (
    SideWords,
    numbers_apart,
    numbers_in_common,
    rows_with_numbers,
    spoken_pairs,
)
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
_PRIOR_WEIGHT, _UNSEEN = (
    30.0,
    0.5,
)  # pairs that the priors of words count for, and those of any class that were just not seen
_NUMBERS_WEIGHT = 10.0  # and the priors of numbers: banks and books of one house cite the same ones always, or never
_DAMPED = 0.9  # how far nats are believed before they are counted
_APART = -1.0
#: Nats of numbers in common; before them those that only other texts show, those that differ, none to compare.
_NUMBERS = np.array([-1.5, -0.5, 0.1, 3.5, 5.0, 6.5])
_TRUE_NUMBERS = np.array([0.08, 0.72, 0.02, 0.03, 0.05, 0.10])  # without those that other texts show
_STRANGER_NUMBERS = np.array([0.16, 0.81, 0.02, 0.007, 0.002, 0.001])
_TRUE_ELSEWHERE, _STRANGER_ELSEWHERE = np.array([0.02, 0.98]), np.array([0.08, 0.92])
_WITHOUT_STRANGERS = 0.2  # the odds of a stranger where there is none to learn from


class TextOdds:
    """Likelihood ratios of texts, for one leg's two sides. `apart` is that of two strangers, as a rule."""

    def __init__(
        self, left: SideWords, right: SideWords, sure: pl.DataFrame, likely: pl.DataFrame | None = None
    ) -> None:
        """Learn from `sure` pairs (`left`, `right` rows), in an order of business ids; what single words tell also from other
        `likely` ones (`left`, `right`, `probable`)."""
        self._sides = (left, right)
        self._citing = rows_with_numbers(left, right), rows_with_numbers(right, left)
        self._numbered = rows_with_numbers(left), rows_with_numbers(right)
        sure = sure.select("left", "right").gather_every(max(1, sure.height // _LEARNED_FROM))
        known = sure.with_columns(probable=pl.lit(1.0))
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
        self._of_numbers = _of_numbers(*(self._numbers(pairs) for pairs in (sure, strange)))
        ratios = self._ratios[np.searchsorted(_BOUNDS, scores[1], side="right")]
        self.apart = float(np.median(ratios)) * self._of_numbers[2] if len(ratios) else _WITHOUT_STRANGERS

    def odds(self, pairs: pl.DataFrame) -> Floats:
        """The likelihood ratio of each pair (`left`, `right` rows); 1 where a side has no text."""
        evidence, spoken = self._evidence(pairs)
        words = np.exp(np.interp(evidence @ self._weights, _MIDDLES, np.log(self._ratios)))
        ratios: Floats = words * self._number_odds(pairs)
        return np.where(spoken, ratios, 1.0)

    def meant_elsewhere(self, pairs: pl.DataFrame) -> Floats:
        """By pair: 1, or how much less likely it is where both texts show numbers, one of them that only others of the other
        side show."""
        elsewhere = self._numbers(pairs)[1]
        return np.where(elsewhere, self._of_numbers[0], 1.0)

    def _numbers(self, pairs: pl.DataFrame) -> tuple[Floats, Mask]:
        """By pair: the nats of the numbers in common, `_APART` where there is none and both show one of the same kind; and
        whether there is none, both show some, and one of them is one that only others of the other side show."""
        common = numbers_in_common(*self._sides, pairs).to_numpy()
        apart = numbers_apart(*self._sides, pairs).to_numpy()
        citing, numbered = (
            [pairs[name].is_in(rows.implode()).to_numpy() for name, rows in zip(("left", "right"), of, strict=True)]
            for of in (self._citing, self._numbered)
        )
        elsewhere = (common == 0) & np.logical_or(*citing) & np.logical_and(*numbered)
        return np.where((common == 0) & apart, _APART, common), elsewhere

    def _number_odds(self, pairs: pl.DataFrame) -> Floats:
        """By pair: what its numbers tell."""
        numbers, elsewhere = self._numbers(pairs)
        classes = np.where(elsewhere, 0, np.searchsorted(_NUMBERS, numbers, side="right"))
        return self._of_numbers[classes]

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
    return _counted(_BOUNDS, (true, strange), tuple(prior / prior.sum() for prior in priors), _PRIOR_WEIGHT)


def _of_numbers(true: tuple[Floats, Mask], strange: tuple[Floats, Mask]) -> Floats:
    """The likelihood ratio of numbers that only other texts show, and of each class of numbers in common."""
    classes = _counted(_NUMBERS[1:], (true[0], strange[0]), (_TRUE_NUMBERS, _STRANGER_NUMBERS), _NUMBERS_WEIGHT)
    shown = [np.where(elsewhere, -1.0, 1.0) for _, elsewhere in (true, strange)]
    elsewhere = _counted(np.zeros(1), shown, (_TRUE_ELSEWHERE, _STRANGER_ELSEWHERE), _NUMBERS_WEIGHT)
    return np.concatenate([np.minimum(elsewhere[:1], classes[:1]), classes])


def _counted(bounds: Floats, seen: Sequence[Floats], priors: Sequence[Floats], weight: float) -> Floats:
    """By class between `bounds`: its share of what is `seen` of true pairs over that of strangers, with `priors` that count
    for so many pairs."""
    shares = []
    for values, prior in zip(seen, priors, strict=True):
        counts = np.bincount(np.searchsorted(bounds, values, side="right"), minlength=len(prior))
        counted = counts + weight * prior + _UNSEEN * len(values) / (len(values) + weight)
        shares.append(counted / counted.sum())
    return _never_falling(*shares)


def _never_falling(true: Floats, strange: Floats) -> Floats:
    """The ratio of each class's shares, more in common never being weaker evidence.

    Of what speaks against a pair, classes of falling ratios are pooled: few strangers show so little in common, and
    that no true pair does says nothing of those who show more. What speaks for a pair and rises by small numbers alone
    is levelled from above.
    """
    pools: list[tuple[float, float, int]] = []
    for one, two in zip(true.tolist(), strange.tolist(), strict=True):
        pool = (one, two, 1)
        while pools and pools[-1][0] * pool[1] > pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = (pool[0] + before[0], pool[1] + before[1], pool[2] + before[2])
        pools.append(pool)
    pooled: Floats = np.repeat([one / two for one, two, _ in pools], [classes for _, _, classes in pools])
    levelled = np.maximum.accumulate(np.where(pooled >= 1, true / strange, 0.0))
    return np.maximum(pooled, levelled)
