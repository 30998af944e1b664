"""A company the group has just bought, on an ERP nobody has a model for yet: its extracts and bank statements, with the truth.

The ERP, here called `magna`, is any small one: amounts signed as its ledger is, one letter for the kind of a document, no due
date but a number of days, a paid-up flag instead of a clearing document. docs/how-to/onboard-an-entity.md takes it in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from simulation.calendars import business_day
from simulation.deliveries import Delivery
from simulation.group import FIRST_DAY, LAST_DAY
from simulation.identifiers import iban
from simulation.model import Party, money
from simulation.writers.delimited import delimited

SYSTEM, ENTITY, CURRENCY = "magna", "PL01", "PLN"
ACCOUNT_IBAN = iban("PL", "109010140000071219812874")
SUPPLIERS, INVOICES = 14, 90
SHARED = 3
"""Suppliers that the group's German company knows as well."""
_LETTERS = {"invoice": "F", "credit_memo": "K"}


@dataclass(frozen=True)
class AcquiredItem:
    """A payable of the acquired company; `amount` positive, `paid_on` the day its bank account was debited."""

    number: str
    supplier: str
    kind: str
    reference: str
    amount: Decimal
    day: date
    days: int
    paid_on: date | None

    @property
    def key(self) -> str:
        """The open_item_id of canonical.open_item."""
        return f"{SYSTEM}|{ENTITY}|{self.number}||"

    @property
    def due(self) -> date:
        """What the ERP does not say: the document's day and the days of its terms."""
        return self.day + timedelta(days=self.days)


@dataclass(frozen=True)
class Acquired:
    """The company: its payables, its suppliers (id, name, country, VAT id), what it delivers."""

    items: tuple[AcquiredItem, ...]
    suppliers: tuple[tuple[str, str, str, str], ...]
    files: tuple[Delivery, ...]
    balance: Decimal  # at the end of the last statement


def acquired_company(seed: int, parties: list[Party]) -> Acquired:
    """The company of a seed; some of its suppliers are those of the group's German company, with the same VAT id."""
    rng = np.random.default_rng([seed, 21])
    known = [p for p in parties if p.role == "supplier" and p.entity == "DE01" and p.country == "DE"][:SHARED]
    suppliers = [(f"{index:04d}", p.name, p.country, p.vat_id) for index, p in enumerate(known, start=1)]
    suppliers += [
        (f"{index:04d}", f"Zaklad {index} Sp. z o.o.", "PL", f"PL{rng.integers(10**9, 10**10)}")
        for index in range(SHARED + 1, SUPPLIERS + 1)
    ]
    items = tuple(_item(rng, number, suppliers) for number in range(1, INVOICES + 1))
    files, balance = _statement_files(items)
    days = (date(2026, 8, 31), LAST_DAY)
    extracts = [_payables(items, day) for day in days]
    master = delimited(
        ({"id": s[0], "nazwa": s[1], "kraj": s[2], "nip": s[3]} for s in suppliers), ("id", "nazwa", "kraj", "nip")
    )
    files += [Delivery(f"magna/suppliers/suppliers_{days[0]:%Y%m%d}.csv", master, _evening(days[0]))]
    files += [
        Delivery(f"magna/payables/payables_{day:%Y%m%d}.csv", content, _evening(day))
        for day, content in zip(days, extracts, strict=True)
    ]
    return Acquired(items, tuple(suppliers), tuple(sorted(files, key=lambda file: (file.at, file.path))), balance)


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(16, 0), UTC)


def _item(rng: np.random.Generator, number: int, suppliers: list[tuple[str, str, str, str]]) -> AcquiredItem:
    day = business_day(FIRST_DAY + timedelta(days=int(rng.integers(0, 85))), "PL")
    kind = "credit_memo" if rng.random() < 0.08 else "invoice"
    days = int(rng.choice((14, 30, 60)))
    paid = business_day(day + timedelta(days=days), "PL") if kind == "invoice" else None
    return AcquiredItem(
        number=f"ZK/{number:05d}",
        supplier=suppliers[int(rng.integers(len(suppliers)))][0],
        kind=kind,
        reference=f"FV {rng.integers(100, 9999)}/{day:%m/%Y}",
        amount=money(6000 * float(np.exp(rng.normal(0, 0.9))), CURRENCY),
        day=day,
        days=days,
        paid_on=paid if paid is not None and paid <= LAST_DAY - timedelta(days=1) else None,
    )


def _payables(items: tuple[AcquiredItem, ...], day: date) -> bytes:
    """Everything entered by a day; an invoice is negative, as the ledger owes it, a credit note positive."""
    rows = (
        {
            "firma": ENTITY,
            "dokument": item.number,
            "dostawca": item.supplier,
            "typ": _LETTERS[item.kind],
            "numer_obcy": item.reference,
            "kwota": f"{-item.amount if item.kind == 'invoice' else item.amount:f}".replace(".", ","),
            "waluta": CURRENCY,
            "data": f"{item.day:%d.%m.%Y}",
            "dni": item.days,
            "zaplacono": f"{item.paid_on:%d.%m.%Y}" if item.paid_on is not None and item.paid_on <= day else "",
        }
        for item in items
        if item.day <= day
    )
    columns = ("firma", "dokument", "dostawca", "typ", "numer_obcy", "kwota", "waluta", "data", "dni", "zaplacono")
    return delimited(rows, columns)


def _statement_files(items: tuple[AcquiredItem, ...]) -> tuple[list[Delivery], Decimal]:
    """A statement (MT940) for each day on which something was paid, delivered the next morning."""
    balance, files = Decimal("950000.00"), []
    days = sorted({item.paid_on for item in items if item.paid_on is not None})
    for sequence, day in enumerate(days, start=1):
        paid = [item for item in items if item.paid_on == day]
        after = balance - sum((item.amount for item in paid), Decimal(0))
        text = "".join(_mt940(sequence, day, balance, after, paid))
        at = datetime.combine(day + timedelta(days=1), time(5, 0), UTC)
        files.append(Delivery(f"bank_pl/mt940/{day:%Y%m%d}.sta", text.encode("ascii"), at))
        balance = after
    return files, balance


def _mt940(sequence: int, day: date, opening: Decimal, closing: Decimal, paid: list[AcquiredItem]) -> Iterator[str]:
    yield f":20:PL{day:%y%m%d}\r\n:25:{ACCOUNT_IBAN}\r\n:28C:{sequence}/1\r\n"
    yield f":60F:C{day:%y%m%d}{CURRENCY}{opening:f}\r\n".replace(".", ",")
    for entry, item in enumerate(paid, start=1):
        yield f":61:{day:%y%m%d}{day:%m%d}D{item.amount:f}NTRFNONREF//PL{day:%y%m%d}{entry:03d}\r\n".replace(".", ",")
        yield f":86:PRZELEW {item.reference}\r\n"
    yield f":62F:C{day:%y%m%d}{CURRENCY}{closing:f}\r\n-\r\n".replace(".", ",")
