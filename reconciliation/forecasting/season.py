"""How a year's season and the newest level move what is usual: by how much days to come stand above or below the last eight weeks, as
the same days of the year before stood above or below theirs.
"""

from __future__ import annotations

import numpy as np

from reconciliation.business_days import Days
from reconciliation.forecasting.minor_amounts import Real

YEAR = np.timedelta64(364, "D")  # 52 weeks: the same weekday
LEAST, MOST = 0.2, 5.0
ENOUGH = 0.5  # share of the days of a window that the history must hold
WEEK = 5  # business days
TELLING = 0.5  # share of what the times of the year differ by that must be more than the weeks' own ups and downs


def seasons(history: Days, values: Real, wanted: Days, recent: int, reach: int) -> Real | None:
    """A factor per wanted day on the mean of the `recent` newest days: the mean of the days within `reach` business days of the same
    day a year before, over that of the newest days' own year before, as far as the season tells and not chance; one where the
    history holds too little of it. None where it does not reach back that far, or has no season.
    """
    newest = history[-recent:]
    if len(newest) < recent or newest[0] - YEAR < history[0]:
        return None
    sums = np.concatenate([[0.0], np.cumsum(values)])

    def mean(first: np.ndarray, after: np.ndarray) -> Real:
        return np.asarray((sums[after] - sums[first]) / np.maximum(after - first, 1), dtype=np.float64)

    start, end = (np.searchsorted(history, day - YEAR) for day in (newest[:1], newest[-1:]))
    before = float(mean(start, end + 1)[0])
    if before <= 0:
        return None
    told = _told(values[history >= history[-1] - YEAR], reach)
    if told < TELLING:
        return None
    place = np.searchsorted(history, wanted - YEAR)
    first, after = np.clip(place - reach, 0, len(history)), np.clip(place + reach + 1, 0, len(history))
    known = (after - first) >= ENOUGH * (2 * reach + 1)
    factors = 1 + told * (mean(first, after) / before - 1)
    return np.where(known, np.clip(factors, LEAST, MOST), 1.0)


def _told(year: Real, reach: int) -> float:
    """The share of what windows of a year differ by that is the season's: the rest is what one week differs from the next by, which
    a few big amounts alone make."""
    weeks = year[: len(year) // WEEK * WEEK].reshape(-1, WEEK).mean(axis=1)
    window = 2 * reach + 1
    spread = float(np.convolve(year, np.full(window, 1 / window), mode="valid").var())
    by_chance = float((np.diff(weeks) ** 2).mean()) / 2 * WEEK / window
    return max(0.0, 1 - by_chance / spread) if spread > 0 else 0.0
