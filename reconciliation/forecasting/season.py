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


def seasons(history: Days, values: Real, wanted: Days, recent: int, reach: int) -> Real | None:
    """A factor per wanted day on the mean of the `recent` newest days: the mean of the days within `reach` business days of the same
    day a year before, over that of the newest days' own year before; one where the history holds too little of it. None where it
    does not reach back that far.
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
    place = np.searchsorted(history, wanted - YEAR)
    first, after = np.clip(place - reach, 0, len(history)), np.clip(place + reach + 1, 0, len(history))
    known = (after - first) >= ENOUGH * (2 * reach + 1)
    return np.where(known, np.clip(mean(first, after) / before, LEAST, MOST), 1.0)
