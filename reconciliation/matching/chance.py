"""Odds that equal amounts mean the same payment, estimated from the data itself, without labels.

A pair that agrees in amount may be right or a coincidence. Coincidences do not care for the date window: they are counted where no
true partner is expected, outside it (a *decoy* window), and scaled to the window's length. What is inside beyond that is
right. Both are counted by level of evidence (same account, like name, nothing known, ...), which gives each level its
odds: the local false discovery rate of target-decoy search, in odds. Pseudo-counts stand for what is known before the
data speaks, and decide where there is little of it.

Two things refine the odds of a single pair. True pairs prefer some date distances: those that surer passes accepted tell which.
And each item has its own rate of coincidences, drawn to the rate of its level (Gamma-Poisson shrinkage): a monthly rent
that meets itself every thirty days is less sure than an odd amount that occurs once.
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
_PSEUDO = 0.5  # coincidences assumed at each level before any is seen
_NEVER_BELOW = 1e-9


@dataclass(frozen=True)
class Window:
    """Days of left date minus right date where partners are expected, and how far outside coincidences are counted."""

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
    pairs: pl.DataFrame, window: Window, lags: npt.NDArray[np.int64], prior_odds: Sequence[float]
) -> pl.DataFrame:
    """The pairs inside the window with their `odds`.

    `pairs` has left, right, lag, level (index into `prior_odds`, the odds of a pair of that level before the data has spoken), also
    those up to `decoy_days` outside the window.
    """
    inside = pl.col("lag").is_between(-window.before, window.after)
    real = pairs.filter(inside)
    if real.is_empty():
        return real.with_columns(pl.lit(0.0).alias("odds"))
    decoys = pairs.filter(~inside)
    levels = len(prior_odds)
    level = real["level"].to_numpy().astype(np.int64)
    found = np.bincount(level, minlength=levels).astype(np.float64)
    outside = np.bincount(decoys["level"].to_numpy().astype(np.int64), minlength=levels) * window.scale
    by_chance = outside + _PSEUDO
    right = np.maximum(found - outside, 0.0) + _PSEUDO * np.asarray(prior_odds)
    base = right / by_chance
    shares = lag_shares(lags, window)
    lag_factor = shares[real["lag"].to_numpy() + window.before] * window.width
    own = _own_rates(real, decoys)
    return real.with_columns(pl.Series("odds", np.maximum(base[level] * lag_factor / own, _NEVER_BELOW)))


def _own_rates(real: pl.DataFrame, decoys: pl.DataFrame) -> Floats:
    """Each pair's rate of coincidences of its left and right item, relative to the rate of all."""
    rates = np.ones(real.height)
    for side in ("left", "right"):
        counts = decoys.group_by(side).len("decoys")
        met = real.select(side).join(counts, on=side, how="left", maintain_order="left")["decoys"].fill_null(0)
        seen = met.to_numpy().astype(np.float64)
        mean = max(float(seen.mean()), 1e-3)
        # method of moments: how much the rates of items differ beyond what chance alone explains
        spread = max(float(seen.var()) - mean, 1e-3)
        shape = min(max(mean * mean / spread, 0.05), 5.0)
        own = (shape + seen) / (shape / mean + 1.0) / mean
        rates = np.maximum(rates, own) if side == "right" else own
    return rates
