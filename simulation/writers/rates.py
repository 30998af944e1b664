"""Reference rates in the layout of the European Central Bank's history: one column a currency, newest day first."""

from __future__ import annotations

from datetime import date

from simulation.fx import Rates

CURRENCIES = ("USD", "JPY", "GBP", "CHF")


def ecb_history(rates: Rates, until: date) -> bytes:
    """All days up to `until`; the ECB ends each line with a comma."""
    rows = ["Date," + ",".join(CURRENCIES) + ","]
    for day in sorted((d for d in rates if d <= until), reverse=True):
        rows.append(f"{day.isoformat()}," + ",".join(f"{rates[day][currency]:f}" for currency in CURRENCIES) + ",")
    return ("\n".join(rows) + "\n").encode()
