"""Reference rates against the euro, as the ECB publishes them: one euro costs so many units."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from simulation.calendars import business_days
from simulation.group import FIRST_DAY, LAST_DAY
from simulation.model import money

_START = {"USD": 1.1645, "JPY": 172.4, "GBP": 0.8655, "CHF": 0.9352}
_DAILY_VOLATILITY = {"USD": 0.0042, "JPY": 0.0051, "GBP": 0.0030, "CHF": 0.0026}
_PLACES = {"USD": 4, "JPY": 2, "GBP": 5, "CHF": 4}

Rates = dict[date, dict[str, Decimal]]


def build_rates(rng: np.random.Generator) -> Rates:
    """Rates of each TARGET2 day from a week before the world begins."""
    days = business_days(FIRST_DAY - timedelta(days=7), LAST_DAY, "TARGET2")
    rates: Rates = {day: {} for day in days}
    for currency, start in _START.items():
        steps = rng.normal(0, _DAILY_VOLATILITY[currency], len(days))
        for day, level in zip(days, start * np.exp(np.cumsum(steps)), strict=True):
            rates[day][currency] = Decimal(f"{level:.{_PLACES[currency]}f}")
    return rates


def cross_rate(rates: Rates, day: date, base: str, quote: str) -> Decimal:
    """Units of `quote` for one unit of `base`, six decimals, from the newest rates up to the day."""
    while day not in rates:
        day -= timedelta(days=1)
    today = {**rates[day], "EUR": Decimal(1)}
    return (today[quote] / today[base]).quantize(Decimal("0.000001"))


def convert(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """An amount at a rate, rounded to the minor unit of the currency it becomes."""
    return money(amount * rate, currency)
