"""Odds that equal amounts mean the same payment, estimated from the data itself, without labels.

A pair that agrees in amount may be right or a coincidence. Coincidences do not care for the date window: they are
counted where no true partner is expected, outside it (a *decoy* window), and scaled to the window's length. Both what
is found inside and the coincidences are counted by level of evidence (same account, like name, nothing known, ...),
which gives each level its odds: the local false discovery rate of target-decoy search, in odds.

Items differ in their rate of coincidences: a monthly rent meets itself every thirty days, an odd amount never. An
item's rate is estimated from its own decoys by Robbins' formula (An empirical Bayes approach to statistics, 1956):
among items of which x decoys are seen, the mean rate is (x + 1) f(x + 1) / f(x), f being the share of items with so
many. True pairs prefer some date distances: those that surer passes accepted tell which. Pseudo-counts stand for what
is known before the data speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.marginals import Floats

_LAG_RANGE = 60
_LAG_PRIOR = 30.0  # pairs that the prior on date distances counts for
_RATE_PRIOR = 200.0  # items that the prior rate of coincidences counts for
_ALONE, _ALONE_SHARE = 2.0, 0.1  # items without a partner assumed before any is seen, and their share
_MAX_SEEN = 4  # decoys of one item from which its own count is its rate
_LAGS_TO_LEARN, _WIDEST = 50, 150  # pairs that say how far dates lie apart, and the days they may say at most
_OUTSIDE = 0.1  # share of them that has to lie outside the days declared, for more days to be looked at
_TAIL = 0.01  # share of them at either end that no day is looked at for


@dataclass(frozen=True)
class Level:
    """A level of evidence: coincidences per item and month as assumed before the data has spoken, and the words for
    it."""

    name: str
    monthly_chance: float
    sentence: str


@dataclass(frozen=True)
class Window:
    """Days of left date minus right date where partners are expected, and how far outside coincidences are
    counted."""

    before: int
    after: int
    decoy_days: int

    @property
    def width(self) -> int:
        """Days inside."""
        return self.before + self.after + 1

    @property
    def scale(self) -> float:
        """Days inside over decoy days."""
        return self.width / (2 * self.decoy_days)

    @property
    def reach(self) -> tuple[int, int]:
        """The first and last lag that is looked at, decoys included."""
        return (-self.before - self.decoy_days, self.after + self.decoy_days)


def reach_of(lags: npt.NDArray[np.int64], tail: float = _TAIL) -> tuple[int, int] | None:
    """The first and last day between which all but a `tail` of the distances lie at either end; nothing where few are
    known."""
    if len(lags) < _LAGS_TO_LEARN:
        return None
    first, last = np.clip(np.quantile(lags, (tail, 1 - tail), method="nearest"), -_WIDEST, _WIDEST)
    return int(first), int(last)


def widened(before: int, after: int, lags: npt.NDArray[np.int64], unknown: int = 0) -> tuple[int, int]:
    """The days before and after, or more where many of the accepted pairs lie further apart: customers who pay late,
    items without a due date. While few pairs are known at least `unknown` days before."""
    reach = reach_of(lags)
    if reach is None:
        return max(before, unknown), after
    if float(((lags < -before) | (lags > after)).mean()) <= _OUTSIDE:
        return before, after
    return max(before, -reach[0]), max(after, reach[1])


def lag_shares(lags: npt.NDArray[np.int64], window: Window) -> Floats:
    """The share of true pairs by date distance in the window, from accepted pairs' distances."""
    days = np.arange(-window.before, window.after + 1)
    late, early = np.minimum(days, _LAG_RANGE), np.minimum(-days, _LAG_RANGE)
    prior = np.where(days >= 0, 0.75**late, 0.5 * 0.6**early) + 0.002
    prior /= prior.sum()
    inside = lags[(lags >= -window.before) & (lags <= window.after)]
    seen = np.bincount(inside + window.before, minlength=len(days)).astype(np.float64)
    # neighbouring days lend each other weight: a distance not seen yet is not impossible
    smooth = np.convolve(seen, [0.1, 0.8, 0.1], mode="same")
    shares: Floats = (smooth + _LAG_PRIOR * prior) / (smooth.sum() + _LAG_PRIOR)
    return shares


def pair_odds(
    pairs: pl.DataFrame,
    window: Window,
    lags: npt.NDArray[np.int64],
    levels: Sequence[Level],
    partnerless: Sequence[int],
) -> pl.DataFrame:
    """The pairs inside the window with their `odds`.

    `pairs` has left, right, lag, level (index into `levels`), `is_open` (whether the right item is still to be had),
    `recurs` (whether the left amount occurs more than once on its own side), `density` (coincidences expected among the
    decoys of an amount of its size and roundness), also those up to `decoy_days` outside
    the window: coincidences with settled items count too. `partnerless` left items, by level, carry what the level
    compares and found nothing inside.
    """
    inside = pl.col("lag").is_between(-window.before, window.after)
    real = pairs.filter(inside, pl.col("is_open"))
    if real.is_empty():
        return real.with_columns(pl.lit(0.0).alias("odds"))
    decoys = pairs.filter(~inside)
    seen = (
        decoys.group_by("left", "level")
        .len("seen")
        .with_columns((pl.col("seen").sum().over("left") > pl.col("seen")).alias("elsewhere"))
    )
    # a recurring amount is a price: it has rates of its own
    seen = seen.join(decoys.select("left", "recurs").unique("left"), on="left").with_columns(
        pl.col("elsewhere") | pl.col("recurs")
    )
    real = real.join(seen, on=["left", "level"], how="left", maintain_order="left")
    busy = real.select("left").join(
        seen.select("left").unique().with_columns(busy=True), on="left", how="left", maintain_order="left"
    )
    real = real.with_columns(
        pl.col("seen").fill_null(0),
        pl.col("elsewhere").fill_null(busy["busy"].fill_null(False) | pl.col("recurs")),
    )
    level = real["level"].to_numpy().astype(np.int64)
    elsewhere = real["elsewhere"].to_numpy()
    own = np.minimum(real["seen"].to_numpy().astype(np.int64), _MAX_SEEN)
    lag_weight = lag_shares(lags, window)[real["lag"].to_numpy() + window.before] * window.width
    odds = np.zeros(real.height)
    for number, each in enumerate(levels):
        of_level = seen.filter(pl.col("level") == number)
        prior = each.monthly_chance * 2 * window.decoy_days / 30
        at_level = level == number
        right = max(float(at_level.sum()) - float(of_level["seen"].sum()) * window.scale, 0.0)
        # a coincidence is taken for the partner only where there is no partner
        alone = (partnerless[number] + _ALONE) / (right + partnerless[number] + _ALONE / _ALONE_SHARE)
        for others in (False, True):
            mine = at_level & (elsewhere == others)
            if not mine.any():
                continue
            given = of_level.filter(pl.col("elsewhere") == others)["seen"].to_numpy().astype(np.int64)
            counts = np.bincount(np.minimum(given, _MAX_SEEN + 1), minlength=_MAX_SEEN + 2).astype(np.float64)
            counts[0] = float((mine & (own == 0)).sum()) + partnerless[number]
            rates = _rates(counts, prior)[own[mine]]
            # of an amount that few others come near, a coincidence is rarer than the level alone would say
            rarer = _unseen_rate(counts, np.minimum(real["density"].to_numpy()[mine], prior))
            rates = np.where(own[mine] == 0, np.minimum(rates, rarer), rates) * window.scale
            odds[mine] = (1 - alone) / alone * lag_weight[mine] / rates
    return real.with_columns(pl.Series("odds", odds)).drop("seen", "elsewhere")


def _rates(counts: Floats, prior: float) -> Floats:
    """Expected decoys of an item by the number seen (the last: that many or more), by Robbins' formula, never
    falling."""
    rates = np.zeros(_MAX_SEEN + 1)
    rates[0] = _unseen_rate(counts, np.array([prior]))[0]
    for seen in range(1, _MAX_SEEN):
        # few items have many decoys: their own count steadies the estimate
        rates[seen] = ((seen + 1) * counts[seen + 1] + 5.0 * seen) / (counts[seen] + 5.0)
    rates[_MAX_SEEN] = _MAX_SEEN
    return np.maximum.accumulate(rates)


def _unseen_rate(counts: Floats, prior: Floats) -> Floats:
    """Expected decoys of items that see none, by what is assumed of each before the data speaks."""
    rates: Floats = (counts[1] + _RATE_PRIOR * prior) / (counts[0] + _RATE_PRIOR)
    return rates
