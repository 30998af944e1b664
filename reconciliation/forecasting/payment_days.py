"""The days on which money can move: business days for receipts, pay-run days for suppliers where an entity has such
days.

Delays are counted in steps along these days. So weekends, holidays and the rhythm of the pay runs need no model of
their own, and a habit ("two runs late") is learned from few payments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from reconciliation.business_days import BusinessDays, Days
from reconciliation.forecasting.calendar_model import weekdays
from reconciliation.forecasting.config import PaymentDelay

LOOK_BACK = timedelta(days=3 * 366)
LOOK_AHEAD = timedelta(days=366)
_WEEKS_FOR_RHYTHM = 26
_EPOCH_MONDAY = np.datetime64("1970-01-05")


@dataclass(frozen=True)
class PaymentDays:
    """Payment days in order, and whether they are learned pay-run days."""

    days: Days
    is_run: bool

    def place(self, days: Days) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """The place of the first payment day on or after each day."""
        return np.searchsorted(self.days, days.astype("datetime64[D]")).astype(np.int64)


def payment_days(paid: Days, calendar: BusinessDays, as_of: date, settings: PaymentDelay, *, runs: bool) -> PaymentDays:
    """The payment days around `as_of`. With `runs`, the pay-run days that the days in `paid` (one a payment) show,
    if any.

    One or two weekdays that hold `run_day_share` of the payments are run days; a weekday used in every second week
    only is a run day in those weeks. A run day that is a holiday moves to the next business day.
    """
    business = calendar.days(as_of - LOOK_BACK, as_of + LOOK_AHEAD)
    recent = paid[paid > np.datetime64(as_of - timedelta(weeks=_WEEKS_FOR_RHYTHM))]
    if not runs or len(recent) < settings.run_day_minimum:
        return PaymentDays(business, is_run=False)
    weekday, week = weekdays(recent), _week(recent)
    counts = np.bincount(weekday, minlength=7)
    chosen = np.argsort(-counts, kind="stable")[:2]
    if counts[chosen[0]] >= settings.run_day_share * len(recent):
        chosen = chosen[:1]
    if counts[chosen].sum() < settings.run_day_share * len(recent) or len(np.unique(week)) < 4:
        return PaymentDays(business, is_run=False)
    every = np.arange(np.datetime64(as_of - LOOK_BACK), np.datetime64(as_of + LOOK_AHEAD))
    planned = []
    for one in chosen:
        mine = every[weekdays(every) == one]
        weeks_used = np.unique(week[weekday == one])
        span = weeks_used.max() - weeks_used.min() + 1
        parity = np.bincount(weeks_used % 2, minlength=2)
        if span >= 8 and len(weeks_used) <= 0.6 * span and parity.max() >= 0.9 * len(weeks_used):
            mine = mine[_week(mine) % 2 == parity.argmax()]
        planned.append(mine)
    places = np.searchsorted(business, np.concatenate(planned))
    return PaymentDays(np.unique(business[places[places < len(business)]]), is_run=True)


def _week(days: Days) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return ((days - _EPOCH_MONDAY).astype(np.int64) // 7).astype(np.int64)
