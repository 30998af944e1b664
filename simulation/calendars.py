"""Bank business days: weekends and the holidays of the calendar that governs an account."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

YEARS = range(2025, 2028)


@lru_cache
def bank_holidays(calendar: str) -> frozenset[date]:
    """Holidays of TARGET2, FED (a holiday on a Saturday does not move to Friday) or a country of ISO code."""
    import holidays  # slow to import, and only the calendars need it

    if calendar == "TARGET2":
        return frozenset(holidays.financial_holidays("ECB", years=YEARS))
    if calendar == "FED":
        return frozenset(holidays.financial_holidays("FED", years=YEARS))
    return frozenset(holidays.country_holidays(calendar, years=YEARS))


@lru_cache(maxsize=8192)
def is_business_day(day: date, calendar: str) -> bool:
    """Whether banks of the calendar work on the day."""
    return day.weekday() < 5 and day not in bank_holidays(calendar)


@lru_cache(maxsize=8192)
def business_day(day: date, calendar: str, step: int = 0) -> date:
    """The day itself or the next business day, then `step` business days on (or back, where negative)."""
    while not is_business_day(day, calendar):
        day += timedelta(days=-1 if step < 0 else 1)
    direction = -1 if step < 0 else 1
    for _ in range(abs(step)):
        day += timedelta(days=direction)
        while not is_business_day(day, calendar):
            day += timedelta(days=direction)
    return day


def business_days(first: date, last: date, calendar: str) -> list[date]:
    """All business days from first to last, both included."""
    span = (last - first).days + 1
    return [day for day in (first + timedelta(days=i) for i in range(span)) if is_business_day(day, calendar)]
