"""Single fields of MT940 and MT942 as values: dates, amounts, balances, the statement line :61:, the account :25:.

Source: SWIFT Standards MT, category 9, fields 13D, 25, 28C, 34F, 60a, 61, 62a, 64, 65, 90a, and what banks make of them.
Text arrives one character a byte (Latin-1), so that offsets are exact; `decode` turns it into what the bank wrote.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from ingestion.currencies import CURRENCIES, minor_units
from ingestion.record_columns import AMOUNT_LIMIT
from ingestion.references import account_id, is_iban

_EPOCH = date(1970, 1, 1).toordinal()
_HALF_YEAR = 184  # days
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+,\d{0,5}")
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})([\d.,]+)\s*")
_ACCOUNT_CURRENCY = re.compile(r"(.*\d)[/ ]*([A-Z]{3})")
BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3,4})?")
_FOREIGN = re.compile(r"/(OCMT|CHGS)/([A-Z]{3})([\d,.]+)")
_STAMP = re.compile(r"(\d{6})(\d{2})(\d{2})(?:([+-])(\d{2})(\d{2}))?")

# value date, entry date, mark, funds code, amount, transaction type, references, supplementary details
ENTRY = re.compile(
    r"[ \t]*(\d{6})(\d{4}| {4})?(RC|RD|EC|ED|C|D)([A-Z])?(-?(?:\d[\d.]*,?|,(?=\d))\d*)"
    r"(?:[ \t]+(?=[FNS][A-Z0-9]{3}))?([A-Z][A-Z0-9 ]{3})?([^\r\n]*)[\r\n]*(.*)",
    re.DOTALL,
)
LIKE_TYPE = re.compile(
    r"[ \t]+[A-Z]{3}"
)  # behind a blank: a type or a reference, which only the type's letter would tell
# RC cancels a credit and RD a debit, so that the money moves the other way; EC and ED are expected, not booked.
MARKS: dict[str, tuple[str, int, bool, str]] = {
    "C": ("CRDT", 1, False, "BOOK"),
    "D": ("DBIT", -1, False, "BOOK"),
    "RC": ("DBIT", -1, True, "BOOK"),
    "RD": ("CRDT", 1, True, "BOOK"),
    "EC": ("CRDT", 1, False, "PDNG"),
    "ED": ("DBIT", -1, False, "PDNG"),
}
# Words banks write where a reference is missing or stands elsewhere (Rabobank: in :86: under that code word).
NO_REFERENCE = frozenset({"", "NONREF", "NOREF", "NOTPROVIDED", "EREF", "KREF", "KREF+", "EREF+", "PREF", "MARF"})


Foreign = tuple[int | None, str | None]  # an amount scaled by 100,000, and its currency


class Balance(NamedTuple):
    """A balance field: signed amount scaled by 100,000, date as days since 1970-01-01."""

    code: str
    native_code: str
    currency: str
    amount: int
    date: int | None  # None where the calendar has no such day


class Account(NamedTuple):
    """Field :25: taken apart."""

    account_id: str
    scheme: str
    servicer: str | None
    currency: str | None


@lru_cache(maxsize=65536)
def day(yymmdd: str) -> int | None:
    """Days since 1970-01-01 of a six-digit date, None where the calendar has no such day; 80 to 99 are the last century."""
    year = int(yymmdd[:2])
    try:
        return date(year + (1900 if year >= 80 else 2000), int(yymmdd[2:4]), int(yymmdd[4:])).toordinal() - _EPOCH
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def entry_day(mmdd: str, value: int, opening: int | None) -> int | None:
    """The day `mmdd` of the year that brings it nearest to the value date, but not half a year before the opening balance.

    An entry date has no year. The opening balance of an account at rest may be years old, the value date of a correction too.
    None where no year near either has the day.
    """
    near = (value,) if opening is None else (value, opening)
    years = {date.fromordinal(one + _EPOCH).year + step for one in near for step in (-1, 0, 1)}
    days = []
    for year in sorted(years):
        try:
            days.append(date(year, int(mmdd[:2]), int(mmdd[2:])).toordinal() - _EPOCH)
        except ValueError:
            continue
    later = [one for one in days if opening is None or one >= opening - _HALF_YEAR]
    found = min(later or days, key=lambda one: abs(one - value), default=None)
    if found is None or min(abs(found - one) for one in near) > _HALF_YEAR:
        return None
    return found


@lru_cache(maxsize=65536)
def iso_day(days: int) -> str:
    """A day as ISO 8601 text."""
    return date.fromordinal(days + _EPOCH).isoformat()


def amount(text: str, currency: str | None) -> int | None:
    """An amount scaled by 100,000, or None where it cannot be read for certain.

    SWIFT writes a decimal comma and no grouping. Some banks write a decimal point: taken as one only where no more digits
    follow than the currency has, so that 1.000 is never a guess between one and a thousand.
    """
    whole, comma, fraction = text.partition(",")
    if whole in ("", "-") and fraction:
        whole += "0"  # a bank's ,50
    if not whole.lstrip("-").isdigit():
        if "." not in whole:
            return None
        if comma:
            if not _GROUPED.fullmatch(text):
                return None
            whole = whole.replace(".", "")
        else:
            whole, _, fraction = text.partition(".")
            places = minor_units(currency) if currency else 2
            if not whole.isdigit() or (fraction and not fraction.isdigit()) or len(fraction) > places:
                return None
    if len(fraction) > 5 or (fraction and not fraction.isdigit()):
        return None
    scaled = int(whole + fraction.ljust(5, "0")) if len(whole) < 24 else AMOUNT_LIMIT
    return scaled if -AMOUNT_LIMIT < scaled < AMOUNT_LIMIT else None


def foreign_amounts(text: str) -> tuple[Foreign, Foreign]:
    """The original amount (/OCMT/) and the charges (/CHGS/) with their currencies."""
    found: dict[str, Foreign] = {}
    if "/OCMT/" in text or "/CHGS/" in text:
        for word, currency, figure in _FOREIGN.findall(text):
            value = amount(figure.rstrip(",."), currency) if currency in CURRENCIES else None
            if value is not None:
                found.setdefault(word, (value, currency))
    return found.get("OCMT", (None, None)), found.get("CHGS", (None, None))


def balance(tag: str, code: str, content: str) -> Balance | str:
    """A field :60a:, :62a:, :64: or :65:, or what is wrong with it in words."""
    match = _BALANCE.match(content)
    if match is None:
        return "C or D, a date YYMMDD, a currency and an amount with decimal comma, e.g. C260930EUR1234,56"
    mark, when, currency, number = match.groups()
    rest = content[match.end() :].strip()
    if rest.strip("-"):  # a dash alone is the end of the message, set in by a blank
        return f"nothing after the amount (found {rest[:40]!r})"
    if currency not in CURRENCIES:
        return f"an ISO 4217 currency instead of {currency}"
    value = amount(number, currency)
    if value is None or not ("," in number or "." in number):
        return "an amount with a decimal comma, e.g. 1234,56"
    return Balance(code, tag, currency, value if mark == "C" else -value, day(when))


@lru_cache(maxsize=4096)
def account(content: str) -> Account:
    """Field :25:: an IBAN, `bank/account`, `BIC/account`, with or without the currency at the end.

    The account number stays as delivered, bank code included, for a number alone is unique in its bank only; an IBAN stands
    for itself.
    """
    text = content.strip()
    currency = None
    match = _ACCOUNT_CURRENCY.fullmatch(text)
    if match is not None and match.group(2) in CURRENCIES and not is_iban(text):
        text, currency = match.group(1).rstrip("/ "), match.group(2)
    servicer, slash, number = text.partition("/")
    if not slash:
        return Account(account_id(text), "IBAN" if is_iban(text) else "OTHER", None, currency)
    servicer = servicer.strip()
    if is_iban(number):
        return Account(account_id(number), "IBAN", servicer or None, currency)
    if BIC.fullmatch(servicer):
        return Account(number.strip() or text, "OTHER", servicer, currency)
    return Account(text, "OTHER", servicer or None, currency)


def created_at(content: str) -> str | None:
    """Field :13D: (or :13:) as ISO 8601 text with the offset given, None where it is no time."""
    match = _STAMP.match(content)
    if match is None:
        return None
    yymmdd, hour, minute, sign, offset_hour, offset_minute = match.groups()
    days = day(yymmdd)
    if days is None or int(hour) > 23 or int(minute) > 59:
        return None
    offset = f"{sign}{offset_hour}:{offset_minute}" if sign else ""
    return f"{iso_day(days)}T{hour}:{minute}:00{offset}"


def decode(text: str, encoding: str | None = None) -> str:
    """Latin-1 text as the bank wrote it: in `encoding` where configured, else UTF-8, else Windows-1252."""
    if text.isascii():
        return text
    raw = text.encode("latin-1")
    for candidate in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            return raw.decode(candidate)
        except UnicodeDecodeError:
            continue
    return text
