"""Business days: which days a bank books, per calendar name as accounts and sources give it.

TARGET2 and FED are the central banks' own settlement calendars; any ISO 3166 country (GB, CH, JP, also CH-ZH) and
any financial calendar of the `holidays` package (XSWX, XLON, ...) works too. Dates only: cut-off times belong to
the callers.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.datetime64]

FINANCIAL = dict.fromkeys(("TARGET2", "TARGET", "T2", "ECB"), "XECB") | dict.fromkeys(("FED", "FEDWIRE", "US"), "XFED")
# Payment systems follow one part of these countries: CHAPS has the bank holidays of England, SIC those of Zurich.
SUBDIVISION = {"GB": "ENG", "CH": "ZH"}
_SPAN_YEARS = 10


class UnknownCalendarError(ValueError):
    """A calendar name that no bank, country or financial market has."""


class BusinessDays:
    """A calendar of business days over the years it was made for (see `business_days`)."""

    def __init__(self, name: str, holidays: Days, weekmask: str) -> None:
        self.name = name
        self._calendar = np.busdaycalendar(weekmask=weekmask, holidays=holidays)

    def is_business_day(self, day: date) -> bool:
        """Whether banks of the calendar book on the day."""
        return bool(np.is_busday(np.datetime64(day), busdaycal=self._calendar))

    def add(self, day: date, count: int) -> date:
        """The business day `count` business days after `day`; a day off counts as the business day before it."""
        return _as_date(np.busday_offset(np.datetime64(day), count, roll="backward", busdaycal=self._calendar))

    def on_or_after(self, day: date) -> date:
        """The day itself, or the next business day."""
        return _as_date(np.busday_offset(np.datetime64(day), 0, roll="forward", busdaycal=self._calendar))

    def on_or_before(self, day: date) -> date:
        """The day itself, or the business day before."""
        return _as_date(np.busday_offset(np.datetime64(day), 0, roll="backward", busdaycal=self._calendar))

    def between(self, first: date, last: date) -> int:
        """Business days after `first` up to and including `last`; negative where `last` is earlier."""
        one = timedelta(days=1)
        if last < first:
            return -self.between(last, first)
        return int(np.busday_count(np.datetime64(first + one), np.datetime64(last + one), busdaycal=self._calendar))

    def count(self, first: Days, last: np.datetime64 | Days) -> npt.NDArray[np.int64]:
        """`between` for many first days, and one last day or as many."""
        one = np.timedelta64(1, "D")
        return np.busday_count(first + one, last + one, busdaycal=self._calendar).astype(np.int64)

    def shifted(self, days: Days, count: int, *, forward: bool) -> Days:
        """`add` for many days; a day off counts as the next (`forward`) or last business day before it is moved."""
        roll: Literal["forward", "backward"] = "forward" if forward else "backward"
        return np.busday_offset(days, count, roll=roll, busdaycal=self._calendar)

    def days(self, first: date, last: date) -> Days:
        """All business days from `first` to `last`, both included, in order."""
        span = np.arange(np.datetime64(first), np.datetime64(last) + np.timedelta64(1, "D"))
        return span[np.is_busday(span, busdaycal=self._calendar)]


def business_days(name: str, around: date) -> BusinessDays:
    """The calendar of that name, good for ten years before and after `around`.

    Raises `UnknownCalendarError` for a name that is neither TARGET2, FED, a country nor a financial calendar.
    """
    return _calendar(name.strip().upper(), around.year)


def check_calendar(name: str) -> None:
    """Raises `UnknownCalendarError` for a name that `business_days` does not know."""
    _calendar(name.strip().upper(), 2026)


@cache
def _calendar(name: str, year: int) -> BusinessDays:
    import holidays  # imported late: commands that need no calendar start faster

    years = range(year - _SPAN_YEARS, year + _SPAN_YEARS + 1)
    code = FINANCIAL.get(name, name)
    country, _, part = code.partition("-")
    try:
        if code in holidays.list_supported_financial():
            found = holidays.financial_holidays(code, years=years)
        else:
            kinds = holidays.country_holidays(country).supported_categories
            found = holidays.country_holidays(
                country,
                subdiv=part or SUBDIVISION.get(country),
                years=years,
                categories=tuple(kind for kind in ("bank", "public") if kind in kinds),
            )
    except NotImplementedError:
        raise UnknownCalendarError(
            f"calendar {name!r} is not known; expected TARGET2, FED, an ISO country code such as GB, "
            "or a financial calendar such as XSWX"
        ) from None
    weekmask = "".join("0" if weekday in found.weekend else "1" for weekday in range(7))
    return BusinessDays(name, np.array(sorted(found), dtype="datetime64[D]"), weekmask)


def _as_date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))
