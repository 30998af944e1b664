"""Single values of OFX: amounts, dates and times, transaction types, each None where it cannot be read for certain.

Source: Open Financial Exchange, specification 2.2, chapters 3.2.8 (dates and times, time zones) and 3.2.9 (amounts).
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from ingestion.currencies import minor_units
from ingestion.record_columns import AMOUNT_LIMIT

_EPOCH = date(1970, 1, 1).toordinal()
_AMOUNT = re.compile(r"([+-]?)(\d{1,18}|(?=[.,]\d))(?:([.,])(\d{0,8}))?", re.ASCII)
_GROUPED = re.compile(r"([+-]?)(\d{1,3}(?:([.,])\d{3})(?:\3\d{3})*)([.,])(\d{0,8})", re.ASCII)
_RATE = re.compile(r"\d{1,12}(?:[.,]\d{1,10})?", re.ASCII)
_STAMP = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,:](\d{1,6}))?)?)?\s*(?:\[([^\]]*)\]?)?\s*",
    re.ASCII,
)
_ZONE = re.compile(r"\s*([+-]?)(\d{1,2})(?:[.:](\d{1,2}))?\s*(?::.*)?", re.ASCII)


class Stamp(NamedTuple):
    """A date as the bank wrote it, in its own zone: days since 1970-01-01, and ISO 8601 text where a time is given."""

    day: int
    text: str | None

    @property
    def iso(self) -> str:
        """The day, or the time where there is one, as ISO 8601 text."""
        return self.text or date.fromordinal(self.day + _EPOCH).isoformat()


@lru_cache(maxsize=65536)
def stamp(text: str) -> Stamp | None:
    """YYYYMMDD, with or without HHMMSS.XXX and [offset:zone]; the offset is kept, the day never moved by it."""
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH
    except ValueError:
        return None
    if hour is None:
        return Stamp(days, None)
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return None
    parts = f".{fraction}" if fraction and fraction.strip("0") else ""
    return Stamp(days, f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{parts}{_offset(zone)}")


def _offset(zone: str | None) -> str:
    """[-5:EST] as -05:00. Halves of an hour are written .5 or .30; a zone without a number says nothing."""
    match = _ZONE.fullmatch(zone) if zone else None
    if match is None:
        return ""
    sign, hours, part = match.groups()
    minutes = {None: 0, "5": 30, "50": 30, "25": 15, "75": 45}.get(part)
    if minutes is None:
        minutes = int(part or 0)
    if int(hours) > 14 or minutes > 59:
        return ""
    return f"{'-' if sign == '-' else '+'}{int(hours):02d}:{minutes:02d}"


@lru_cache(maxsize=65536)
def amount(text: str, currency: str) -> int | None:
    """A signed amount scaled by 100,000. The decimal sign is a point or a comma, grouping only where beyond doubt.

    One separator before exactly three digits may be either (1.234 is what some banks write for a thousand): read as a
    decimal sign only where the currency has three decimals or the number before it begins with a zero.
    """
    compact = text.replace(" ", "").replace("\u00a0", "")
    match = _AMOUNT.fullmatch(compact)
    if match is not None:
        sign, whole, separator, fraction = match.groups()
        fraction = fraction or ""
        if (
            separator
            and len(fraction) == 3
            and len(whole) < 4
            and whole[:1] not in ("", "0")
            and minor_units(currency) < 3
        ):
            return None
    else:
        grouped = _GROUPED.fullmatch(compact)
        if grouped is None or grouped[3] == grouped[4]:
            return None
        sign, whole, fraction = grouped[1], re.sub(r"[.,]", "", grouped[2]), grouped[5]
    fraction = fraction.rstrip("0")
    if len(fraction) > 5:
        return None
    value = int(whole + fraction.ljust(5, "0"))
    if value >= AMOUNT_LIMIT:
        return None
    return -value if sign == "-" else value


def rate(text: str) -> Decimal | None:
    """An exchange rate, None where it is none."""
    return Decimal(text.replace(",", ".")) if _RATE.fullmatch(text) else None
