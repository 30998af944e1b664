"""The rhythm of a flow: weekly, every fourth week, twice a month, monthly on some rule, quarterly, half-yearly, yearly.

A day of a month is fixed in one of a few ways: so many business days from the month's start or end, a calendar day
rolled on or back to a business day, the n-th or last weekday. Every way is held against the days a flow came on, and
the one that misses them least is taken; where several miss them alike, the plainest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from heapq import merge
from itertools import pairwise

import numpy as np

from reconciliation.business_days import BusinessDays, Days, business_days
from reconciliation.forecasting.calendar_model import weekdays

# calendar days between two occurrences, and how many business-day rolls may move one
LATTICES: tuple[tuple[str, int, int], ...] = (("weekly", 7, 2), ("biweekly", 14, 2), ("four-weekly", 28, 2))
MONTHS: tuple[tuple[str, int], ...] = (
    ("monthly", 1),
    ("two-monthly", 2),
    ("quarterly", 3),
    ("half-yearly", 6),
    ("yearly", 12),
)
NEWEST, OLDEST = 7, 36  # occurrences that must keep the cadence, and those that decide between rules
LATTICE_TOLERANCE = 1.0  # mean days off
YEAR_MONTHS, MOST_MONTHS = 12, 11  # months of the year in which a flow may come, where they are not evenly apart
ONE_MISSED = 5  # occurrences from which on one missed cycle is forgiven
TWICE_A_MONTH = "twice a month"
MONTH = 30.44  # days
UNEVEN = 5.0  # days by which the same day of two months is further apart, on average: month lengths, days off
YEARS_BACK, YEARS_AHEAD = 6, 2


@dataclass(frozen=True)
class Cadence:
    """How often, how many days off on average, and the days after the last one without end."""

    title: str
    off: float
    upcoming: Callable[[], Iterator[date]]


def cadence(history: list[date], calendar: BusinessDays, as_of: date, tolerance: float) -> Cadence | None:
    """The cadence of the newest days: the one that misses them least, by no more than `tolerance` days on average;
    None where they keep none.

    `history` are days in order, no day twice. Older ones decide between rules that fit the newest alike: that a
    payday goes back over a weekend shows in few months. Two days alone keep one only where a rule has both, a month apart.
    """
    if len(history) < 3:
        return next((one for one in _monthly(history, calendar, as_of, 0.0) if one.title == "monthly"), None)
    days = history[-NEWEST:]
    found = [
        *_lattices(days, calendar),
        *_twice_a_month(history, calendar, as_of),
        *_monthly(history, calendar, as_of, tolerance),
    ]
    if all(one.title == "monthly" for one in found):  # or monthly but for the same months of each year
        found = list(_same_months(history, calendar, as_of, tolerance)) or found
    return min(found, key=lambda one: one.off, default=None)


def _lattices(days: list[date], calendar: BusinessDays) -> Iterator[Cadence]:
    """Every so many weeks on one weekday; a day off moves on or back."""
    steps = [(later - earlier).days for earlier, later in pairwise(days)]
    for title, step, reach in LATTICES:
        if not _is_regular([round(one / step) for one in steps], 1) or any(
            abs(one - step * round(one / step)) > reach for one in steps
        ):
            continue
        phases = [day.toordinal() % step for day in days]
        phase = max(sorted(set(phases)), key=phases.count)
        nominal = [day - timedelta(days=(day.toordinal() - phase + step // 2) % step - step // 2) for day in days]
        for forward in (True, False):
            roll = calendar.on_or_after if forward else calendar.on_or_before
            off = sum(abs((roll(planned) - day).days) for planned, day in zip(nominal, days, strict=True)) / len(days)
            if off <= LATTICE_TOLERANCE:
                yield Cadence(title, off, lambda last=nominal[-1], step=step, roll=roll: _every(last, step, roll))  # type: ignore[misc]


def _every(last: date, step: int, roll: Callable[[date], date]) -> Iterator[date]:
    while True:
        last += timedelta(days=step)
        yield roll(last)


def _twice_a_month(history: list[date], calendar: BusinessDays, as_of: date) -> Iterator[Cadence]:
    """Two days of every month, as payrolls have; each day is a monthly flow of its own."""
    days = history[-2 * NEWEST :]
    steps = [(later - earlier).days for earlier, later in pairwise(days)]
    if len(days) < 6 or not all(8 <= step <= 23 for step in steps):
        return
    halves = [next(_monthly(days[start::2], calendar, as_of, LATTICE_TOLERANCE), None) for start in (0, 1)]
    one, two = halves
    if one is None or two is None or one.title != "monthly" or two.title != "monthly":
        return
    yield Cadence(TWICE_A_MONTH, (one.off + two.off) / 2, lambda: merge(one.upcoming(), two.upcoming()))


def _monthly(history: list[date], calendar: BusinessDays, as_of: date, tolerance: float) -> Iterator[Cadence]:
    """Every so many months by the rule that misses the days least."""
    if not _may_be_monthly(history[-NEWEST:], tolerance):
        return
    kept = _by_rule(history, calendar, as_of)
    if kept is None:
        return
    for rule in kept.within(tolerance):
        steps = np.diff(kept.month[rule, -NEWEST:]).tolist()
        for title, months in MONTHS:
            if _is_regular(steps, months):
                ahead = kept.days[rule, int(kept.month[rule, -1]) + months :: months].tolist()
                yield Cadence(title, float(kept.off[rule]), lambda ahead=ahead: iter(ahead))  # type: ignore[misc]
                return


def _same_months(history: list[date], calendar: BusinessDays, as_of: date, tolerance: float) -> Iterator[Cadence]:
    """On one day of the same months each year: few, as taxes that are paid in advance, or all but some, as rates paid in ten parts."""
    if len(history) > (history[-1] - history[0]).days / MONTH * MOST_MONTHS / YEAR_MONTHS + 1:
        return
    kept = _by_rule(history, calendar, as_of)
    if kept is None:
        return
    for rule in kept.within(tolerance):
        seen = kept.month[rule]
        months = np.unique(seen[seen > seen[-1] - YEAR_MONTHS] % YEAR_MONTHS)
        since = np.arange(seen[0], seen[-1] + 1)
        due = since[np.isin(since % YEAR_MONTHS, months)]
        if 2 <= len(months) <= MOST_MONTHS and len(seen) >= len(months) + 2 and np.array_equal(seen, due):
            later = np.arange(seen[-1] + 1, kept.days.shape[1])
            ahead = kept.days[rule, later[np.isin(later % YEAR_MONTHS, months)]].tolist()
            yield Cadence(f"{len(months)} months a year", float(kept.off[rule]), lambda ahead=ahead: iter(ahead))  # type: ignore[misc]
            return


@dataclass(frozen=True)
class _Kept:
    """How days keep every rule: in which month each stands for it (rules x days) and how many days it misses it by, on
    average of the newest (`off`); `days` are the rules' own, rules x months.
    """

    days: Days
    month: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    missed: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    off: np.ndarray[tuple[int, ...], np.dtype[np.float64]]

    def within(self, tolerance: float) -> Iterator[int]:
        """The rules that the newest days miss by no more than that, the best kept first."""
        for rule in np.lexsort((self.missed.mean(axis=1), self.off)):
            if self.off[rule] > tolerance:
                return
            yield int(rule)


def _by_rule(history: list[date], calendar: BusinessDays, as_of: date) -> _Kept | None:
    table = _rules(calendar.name, as_of.year)
    seen = np.array(history[-OLDEST:], dtype="datetime64[D]")
    month = (seen.astype("datetime64[M]") - table.first).astype(np.int64)
    seen, month = seen[month >= 1], month[month >= 1]  # years back decide nothing more
    if len(month) < 2 or month[-1] + 2 > table.days.shape[1]:
        return None
    near = np.stack([table.days[:, month + shift] for shift in (0, -1, 1)])  # a day may roll into the next month
    off_near = np.abs((near - seen).astype(np.int64))
    missed = off_near.min(axis=0)
    place = month[None, :] + np.array([0, -1, 1])[off_near.argmin(axis=0)]
    return _Kept(table.days, place, missed, missed[:, -NEWEST:].mean(axis=1))


def _may_be_monthly(days: list[date], tolerance: float) -> bool:
    """Whether days so far apart can keep a rule within the tolerance: most flows come at random, and no rule need be tried."""
    steps = [(later - earlier).days for earlier, later in pairwise(days)]
    kept = len(steps) - 1 if len(days) >= ONE_MISSED else len(steps)
    most = 2 * tolerance * len(days) + UNEVEN * kept
    return any(sum(sorted(abs(step - months * MONTH) for step in steps)[:kept]) <= most for _, months in MONTHS)


def _is_regular(steps: list[int], step: int) -> bool:
    """Every step is one cycle; one of many may be two, but not the last."""
    missed = [one for one in steps if one != step]
    return not missed or (
        len(missed) == 1 and missed[0] == 2 * step and len(steps) + 1 >= ONE_MISSED and steps[-1] == step
    )


@dataclass(frozen=True)
class _Rules:
    """The day of every rule in every month: rules x months, the first month being `first`."""

    days: Days
    first: np.datetime64


@cache
def _rules(calendar_name: str, year: int) -> _Rules:
    """The plainest rules first."""
    calendar = business_days(calendar_name, date(year, 1, 1))
    months = np.arange(np.datetime64(f"{year - YEARS_BACK}-01"), np.datetime64(f"{year + YEARS_AHEAD + 1}-01"))
    first: Days = months.astype("datetime64[D]")
    next_first: Days = (months + 1).astype("datetime64[D]")
    last: Days = next_first - 1
    rules = [calendar.shifted(last, 0, forward=False)]
    for day in range(31):
        nominal = first + np.minimum(day, (last - first).astype(np.int64)).astype("timedelta64[D]")
        rules += [calendar.shifted(nominal, 0, forward=True), calendar.shifted(nominal, 0, forward=False)]
    rules += [calendar.shifted(last, -count, forward=False) for count in range(1, 5)]
    rules += [calendar.shifted(first, count, forward=True) for count in range(10)]
    for weekday in range(5):
        since_monday = weekdays(first)
        nth = [first + ((weekday - since_monday) % 7 + 7 * count).astype("timedelta64[D]") for count in range(4)]
        nth.append(last - ((weekdays(last) - weekday) % 7).astype("timedelta64[D]"))
        rules += [calendar.shifted(nominal, 0, forward=forward) for nominal in nth for forward in (False, True)]
    return _Rules(np.stack(rules), months[0])
