"""The values of ISO 20022 messages: amounts, dates, flags, in the exact types of the raw layer.

Every parser raises `ValueError` whose message says what was expected, in words a reject can carry.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from ingestion.record_columns import AMOUNT_SCALE
from ingestion.references import account_id

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"\d{1,13}(?:\.\d{1,10}0*)?", re.ASCII)
_COUNT = re.compile(r"\d{1,15}", re.ASCII)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
NOT_GIVEN = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOTAVAILABLE"})

EXPECTED_AMOUNT = "an amount with a decimal point, at most 18 digits before it and five after, such as 1234.50"
EXPECTED_CURRENCY = "an ISO 4217 currency code in the attribute Ccy, such as EUR"
EXPECTED_DIRECTION = "CRDT or DBIT"
EXPECTED_DAY = "a date YYYY-MM-DD, alone or with a time"


def amount(text: str | None) -> int:
    """An unsigned amount, scaled by 100,000 (ISO 20022: up to 18 digits, five of them decimals; never a sign)."""
    if text:
        if text[-3:-2] == "." and len(text) < 18 and (digits := text[:-3] + text[-2:]).isdigit() and digits.isascii():
            return int(digits) * 1000  # two decimals, as most amounts have
        whole, _, fraction = text.partition(".")
        whole = whole.removeprefix("+")
        if len(fraction) > 5:
            fraction = fraction.rstrip("0")
        digits = whole + fraction
        if digits.isascii() and digits.isdigit() and len(whole) <= 18 and len(fraction) <= 5:
            return int(digits + "0" * (5 - len(fraction)))
    raise ValueError(EXPECTED_AMOUNT)


def signed_decimal(text: str | None) -> Decimal:
    """A control sum, exact at any length; a sign is read so that the mismatch can be shown."""
    try:
        value = Decimal(text or "")
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or not re.fullmatch(r"[+-]?\d{0,30}\.?\d{0,17}", text or "", re.ASCII):
        raise ValueError("a sum with a decimal point, such as 1234.50")
    return value


def currency(text: str | None) -> str:
    """A currency code in its form; codes ISO 4217 has dropped are kept."""
    if text is None or not _CURRENCY.fullmatch(text):
        raise ValueError(EXPECTED_CURRENCY)
    return text


def direction(text: str | None) -> str:
    """The credit or debit indicator."""
    if text not in ("CRDT", "DBIT"):
        raise ValueError(EXPECTED_DIRECTION)
    return text


@lru_cache(maxsize=4096)
def day(text: str) -> int:
    """The local date of an ISO date or date and time, as days since 1970-01-01; an offset does not move it."""
    found = _DAY.fullmatch(text)
    try:
        return date.fromisoformat(found[1]).toordinal() - _EPOCH if found else _fail()
    except ValueError:
        raise ValueError(EXPECTED_DAY) from None


def _fail() -> int:
    raise ValueError


@lru_cache(maxsize=4096)
def iso_day(days: int | None) -> str:
    """Days since 1970-01-01 as YYYY-MM-DD; empty for None."""
    return "" if days is None else date.fromordinal(days + _EPOCH).isoformat()


def flag(text: str | None) -> bool | None:
    """An indicator: true, false, 1, 0; None where it is absent or something else."""
    return None if text is None else _FLAGS.get(text.lower())


def count(text: str | None) -> int | None:
    """A number of things; None where it is absent or not one."""
    if text is None or not _COUNT.fullmatch(text):
        return None
    return int(text)


def rate(text: str | None) -> Decimal | None:
    """An exchange rate of at most 13 digits before the point and ten after; None where it is absent or not one."""
    return Decimal(text) if text is not None and _RATE.fullmatch(text) else None


def given(text: str | None) -> str | None:
    """An identifier, or None where the sender wrote that there is none (NOTPROVIDED)."""
    return None if text is None or text.upper() in NOT_GIVEN else text


def account(fields: dict[str, str], path: str) -> str | None:
    """The account under `path`: its IBAN, else the bank's own number."""
    get = fields.get
    found = (
        get(f"{path}/Id/IBAN") or get(f"{path}/Id/Othr/Id") or get(f"{path}/Id/BBAN") or get(f"{path}/Id/PrtryAcct/Id")
    )
    return account_id(found) if found else None


assert AMOUNT_SCALE == 10**5  # noqa: S101  (what `amount` scales by)
