"""How many items of a day could be parts of an item, and for how many of them a search is affordable."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reconciliation.matching.context import SideView
from reconciliation.matching.encoding import Ints

Days = npt.NDArray[np.int32]

_ROOM = 200  # half subsets looked at for each item, on the average, unless said otherwise
_ALWAYS = 12  # candidates for which there is always room


def affordable(counts: list[Ints], items: int, most: int, room: int = _ROOM) -> int:
    """The candidates a case may have, `most` at most, for the half subsets of all cases of so many
    `items` to stay within bounds (`room` of each item, on the average)."""
    cases = np.bincount(np.minimum(np.concatenate(counts), most + 1), minlength=most + 2)[: most + 1]
    work = np.cumsum(cases * 2.0 ** (np.arange(most + 1) / 2))
    return max(_ALWAYS, int(np.searchsorted(work, room * items, side="right")) - 1)


class Crowd:
    """How many items of one side a day has that could be part of each item of the other."""

    def __init__(self, one: SideView, many: SideView) -> None:
        rows, others = one.rows(), many.rows()
        sizes = np.concatenate([np.abs(one.open[rows]), np.abs(many.open[others])])
        rank = np.unique(sizes, return_inverse=True)[1].astype(np.int64)
        self.days: Days = one.dataset.date[rows]
        self._active = np.unique(many.dataset.date)
        self._span = np.int64(len(rank) + 1)
        self._kind = one.dataset.currency[rows].astype(np.int64) * 2 + (one.open[rows] > 0)
        self._rank = rank[: len(rows)]
        kinds = many.dataset.currency[others].astype(np.int64) * 2 + (many.open[others] > 0)
        self._sorted = np.sort(self._code(kinds, many.dataset.date[others], rank[len(rows) :]))

    def _code(self, kind: Ints, day: Days, rank: Ints) -> Ints:
        code: Ints = ((kind << 24) + (day.astype(np.int64) + (1 << 23))) * self._span + rank
        return code

    def smaller_between(self, first: Days, last: Days, days: int) -> Ints:
        """The same from the `first` day to the `last`, at most so many."""
        found = np.zeros(len(last), np.int64)
        for offset in range(days):
            found += np.where(last - offset >= first, self.smaller(last - offset), 0)
        return found

    def first_of(self, last: Days, active: int, days: int) -> Days:
        """The first of so many days up to the `last` on which the other side has anything, so many days before at most: banks rest
        on weekends."""
        if not len(self._active):
            return last
        place = np.searchsorted(self._active, last, side="right") - active
        first: Days = np.maximum(self._active[np.maximum(place, 0)], last - days + 1)
        return np.minimum(first, last)

    def smaller(self, day: Days) -> Ints:
        """By item of the one side: those of that day, its currency and sign that are smaller."""
        least = np.searchsorted(self._sorted, self._code(self._kind, day, np.zeros_like(self._rank)))
        below: Ints = np.searchsorted(self._sorted, self._code(self._kind, day, self._rank)) - least
        return below
