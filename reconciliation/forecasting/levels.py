"""Which way the level of days to come follows from the days before: it stays, it moves as a year before, or it is what it was a year
before.

Each way is tried from many days of the history, a few weeks ahead and a few months, on means of two weeks: single days say little of a
level, and the newest months alone say nothing of a season.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reconciliation.business_days import Days
from reconciliation.forecasting.minor_amounts import Real

RECENT = 40  # business days of a level: eight weeks
WINDOW = 10  # business days that are compared as one
AHEAD = (0, 20, 45)  # business days from what is known to the window: week one, week five, week ten
EVERY = 5
YEAR = np.timedelta64(364, "D")  # 52 weeks: the same weekday
QUARTERS = 250  # business days over which a year is held against the one before
ENOUGH = 24  # tries, half a year of them: the first year has none
GROWTH = (0.5, 2.0)  # of a year
SEASON = (0.2, 5.0)
BETTER = 0.7  # of the errors of a level that stays, or of a year's: a few large amounts are as good by chance at times

Places = npt.NDArray[np.int64]


class Level:
    """Means of a history and what follows from them; places are of business days, `year_before` gives those of the year before."""

    def __init__(self, history: Days, values: Real, ahead: Days) -> None:
        self.count = len(values)
        self.sums = np.concatenate([[0.0], np.cumsum(values)])
        self.days = np.concatenate([history, ahead[ahead > history[-1]]])
        self.year_before = np.searchsorted(history, self.days - YEAR)
        self.first_with_a_year = int(np.searchsorted(self.days, history[0] + YEAR))

    def mean(self, first: Places, after: Places) -> Real:
        """The mean of the days from `first` up to the one before `after`, as far as they are known."""
        first, after = np.clip(first, 0, self.count), np.clip(after, 0, self.count)
        return np.asarray((self.sums[after] - self.sums[first]) / np.maximum(after - first, 1), dtype=np.float64)

    def _before(self, place: Places) -> Places:
        return self.year_before[np.clip(place, 0, len(self.year_before) - 1)].astype(np.int64)

    def stays(self, origin: Places) -> Real:
        """The newest eight weeks."""
        return self.mean(origin - RECENT, origin)

    def moves(self, origin: Places, target: Places) -> Real:
        """The newest eight weeks, as the target stood a year before to theirs."""
        before = self.mean(self._before(origin - RECENT), self._before(origin))
        factor = self._around(target) / np.maximum(before, 1e-9)
        return np.asarray(self.stays(origin) * np.clip(factor, *SEASON), dtype=np.float64)

    def returns(self, origin: Places, target: Places) -> Real:
        """The target a year before, grown as the newest months stand to the year before."""
        return self._around(target) * self.growth_of_a_year(origin)

    def of_a_year_before(self, wanted: Days, reach: int) -> Real:
        """The level of days of the history or after it where it returns: the days within `reach` are one time of the year."""
        place = np.searchsorted(self.days, wanted).astype(np.int64)
        growth = self.growth_of_a_year(np.array([self.count], dtype=np.int64))
        return self.a_year_before(place - reach, place + reach + 1) * growth

    def growth_of_a_year(self, origin: Places) -> Real:
        """How the newest months, a year at the most, stand to the same days of the year before."""
        first = np.maximum(origin - QUARTERS, self.first_with_a_year)
        before = self.mean(self._before(first), self._before(origin))
        known = (origin - first >= 2 * RECENT) & (before > 0)
        growth = np.clip(self.mean(first, origin) / np.where(known, before, 1.0), *GROWTH)
        return np.where(known, growth, 1.0)

    def _around(self, target: Places) -> Real:
        return self.a_year_before(target - WINDOW // 2, target + WINDOW + WINDOW // 2)

    def a_year_before(self, first: Places, after: Places) -> Real:
        """The mean of the same days of the year before; where no statement covers them, of all the newest year."""
        first, after = self._before(first), self._before(after)
        newest = self.mean(np.array([self.count - QUARTERS]), np.array([self.count]))
        return np.where(after > first, self.mean(first, after), newest)


def way_of_the_level(history: Days, values: Real, ahead: Days) -> str | None:
    """`moves` or `returns` where the level follows so rather than it stays, or is that of a year; None where it does not, or little is
    known.
    """
    level = Level(history, values, ahead)
    first = level.first_with_a_year + RECENT
    errors = dict.fromkeys(("stays", "of a year", "moves", "returns"), 0.0)
    for lead in AHEAD:
        origin = np.arange(first, level.count - lead - WINDOW + 1, EVERY, dtype=np.int64)
        if lead == 0 and len(origin) < ENOUGH:
            return None
        target = origin + lead
        came = level.mean(target, target + WINDOW)
        for name, found in (
            ("stays", level.stays(origin)),
            ("of a year", level.mean(origin - QUARTERS, origin)),
            ("moves", level.moves(origin, target)),
            ("returns", level.returns(origin, target)),
        ):
            errors[name] += float(np.abs(found - came).sum())
    best = "moves" if errors["moves"] <= errors["returns"] else "returns"
    return best if errors[best] < BETTER * min(errors["stays"], errors["of a year"]) else None
