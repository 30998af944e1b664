"""Money that no invoice explains: payroll, taxes, interest, charges, card settlements, transfers, noise.

Direct debits of suppliers are here too: they settle invoices, and the bank's entry is the only message of them.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from simulation.bookings import charge_line
from simulation.calendars import business_day, business_days
from simulation.documents import Numbering
from simulation.fx import Rates, convert, cross_rate
from simulation.group import ACCOUNT, ACCOUNTS, BANK, DISBURSEMENT, ENTITY, FIRST_DAY, LAST_DAY
from simulation.model import BankLine, Clearing, Document, LinePart, Settlement, money

UNEXPLAINED_PER_ACCOUNT = 4
_PAYROLL = {"rhein_eur": "318400.00", "alpen_chf": "214700.00"}
_MONTHLY_TAX = {
    "rhein_eur": ("Finanzamt Hamburg", "84210.00", 10),
    "alpen_chf": ("Eidg. Steuerverwaltung", "41300.00", 26),
}


def build_flows(rng: np.random.Generator, rates: Rates) -> list[BankLine]:
    """All recurring and unexplained lines of the window."""
    lines = [
        *_payroll(rng),
        *_taxes(rng),
        *_charges_and_interest(rng),
        *_cards(rng),
        *_noise(rng),
        *_transfers(rng, rates),
    ]
    return [line for line in lines if FIRST_DAY <= line.booking_date <= LAST_DAY]


def _calendar(account: str) -> str:
    return BANK[ACCOUNT[account].bank].calendar


def _months() -> list[date]:
    return [date(FIRST_DAY.year, month, 1) for month in range(FIRST_DAY.month, LAST_DAY.month + 1)]


def _varied(rng: np.random.Generator, typical: str, spread: float, currency: str) -> Decimal:
    return money(Decimal(typical) * Decimal(str(round(float(rng.normal(1, spread)), 4))), currency)


def _party_line(
    account: str,
    day: date,
    amount: Decimal,
    kind: str,
    code: str,
    name: str,
    text: str,
    counter_account: str | None = None,
) -> BankLine:
    part = LinePart(abs(amount), name=name, account=counter_account, remittance=text)
    return BankLine(account, day, day, amount, kind, code, [part])


def _payroll(rng: np.random.Generator) -> list[BankLine]:
    lines = []
    for account, typical in _PAYROLL.items():
        for month in _months():
            day = business_day(month.replace(day=26), _calendar(account), -1)
            amount = -_varied(rng, typical, 0.01, ACCOUNT[account].currency)
            lines.append(
                _party_line(account, day, amount, "payroll", "payroll", "Lohn und Gehalt", f"Gehaelter {month:%m/%Y}")
            )
    day = FIRST_DAY + timedelta(days=2)
    while day <= LAST_DAY:
        pay_day = business_day(day, "FED")
        amount = -_varied(rng, "142800.00", 0.015, "USD")
        lines.append(
            _party_line("continental_usd", pay_day, amount, "payroll", "payroll", "PAYWELL PAYROLL", "PAYROLL DD")
        )
        day += timedelta(days=14)
    return lines


def _taxes(rng: np.random.Generator) -> list[BankLine]:
    lines = []
    for account, (authority, typical, day_of_month) in _MONTHLY_TAX.items():
        for month in _months():
            day = business_day(month.replace(day=day_of_month), _calendar(account))
            amount = -_varied(rng, typical, 0.12, ACCOUNT[account].currency)
            lines.append(
                _party_line(account, day, amount, "tax", "tax", authority, f"USt {month:%m %Y} Steuernr 4412/07311")
            )
    day = FIRST_DAY + timedelta(days=6)
    while day <= LAST_DAY:
        amount = -_varied(rng, "38150.00", 0.03, "USD")
        lines.append(
            _party_line(
                "continental_usd", business_day(day, "FED"), amount, "tax", "tax", "IRS USATAXPYMT", "IRS 941 DEPOSIT"
            )
        )
        day += timedelta(days=14)
    return lines


def _charges_and_interest(rng: np.random.Generator) -> list[BankLine]:
    lines = []
    for account in ACCOUNTS:
        typical = "4200" if account.currency == "JPY" else "46.80"
        for month in _months():
            day = business_day((month + timedelta(days=32)).replace(day=1), _calendar(account.id), -2)
            fee = abs(_varied(rng, typical, 0.2, account.currency))
            lines.append(charge_line(account.id, day, fee, f"Kontofuehrung {month:%m/%Y}"))
            if account.currency in ("USD", "GBP", "EUR"):
                interest = abs(_varied(rng, "1240.00", 0.2, account.currency))
                lines.append(
                    BankLine(
                        account.id, day, day, interest, "interest", "interest_in", [], text=f"Habenzinsen {month:%m/%Y}"
                    )
                )
    return lines


def _cards(rng: np.random.Generator) -> list[BankLine]:
    """The card acquirer's daily settlement of the US web shop and the Swiss factory outlet."""
    lines = []
    for account, typical, name in (
        ("continental_usd", "3920.00", "CARDHUB MERCHANT"),
        ("alpen_chf", "2150.00", "Worldcard Acquiring AG"),
    ):
        for day in business_days(FIRST_DAY, LAST_DAY, _calendar(account)):
            amount = abs(_varied(rng, typical, 0.3, ACCOUNT[account].currency))
            text = f"DEPOSIT {rng.integers(10**8, 10**9)}"
            lines.append(_party_line(account, day, amount, "card", "card", name, text))
    return lines


def _noise(rng: np.random.Generator) -> list[BankLine]:
    """Entries nobody can place: refunds, wrong addressees, cryptic charges."""
    lines = []
    texts = ("Erstattung", "DIVERSE", "Rueckzahlung Depot", "ADJUSTMENT", "Gutschrift lt. Schreiben", "KORREKTUR")
    for account in ACCOUNTS:
        days = business_days(FIRST_DAY, LAST_DAY, _calendar(account.id))
        for _ in range(UNEXPLAINED_PER_ACCOUNT):
            day = days[int(rng.integers(3, len(days) - 4))]
            typical = "61200" if account.currency == "JPY" else "411.00"
            amount = abs(_varied(rng, typical, 0.5, account.currency)) + Decimal(1)
            incoming = bool(rng.random() < 0.6)
            name = str(rng.choice(("Diverse", "H. Sommer", "Kasse Nord", "Clearing Office")))
            lines.append(
                _party_line(
                    account.id,
                    day,
                    amount if incoming else -amount,
                    "unexplained",
                    "other_in" if incoming else "other_out",
                    name,
                    f"{rng.choice(texts)} {rng.integers(100, 999)}",
                )
            )
    return lines


def _transfers(rng: np.random.Generator, rates: Rates) -> list[BankLine]:
    """A weekly sweep of the collection account, and sterling and yen bought when it is time."""
    lines = []
    for day in business_days(FIRST_DAY, LAST_DAY, "TARGET2"):
        if day.weekday() == 3:
            amount = money(Decimal(int(rng.integers(60, 150))) * 1000, "EUR")
            lines += transfer("sued_eur", "rhein_eur", day, amount, amount, f"UEBERTRAG {day:%d.%m.%Y}")
    for source, target, months, typical in (
        ("alpen_chf", "alpen_gbp", _months(), "250000"),
        ("rhein_eur", "sued_jpy", _months(), "30000000"),
    ):
        for month in months:
            day = business_day(month.replace(day=14), "CH")
            currency = ACCOUNT[target].currency
            bought = money(typical, currency)
            rate = cross_rate(rates, day, currency, ACCOUNT[source].currency)
            sold = convert(bought, rate, ACCOUNT[source].currency)
            lines += transfer(source, target, day, sold, bought, f"FX {currency} {bought:,.0f}".replace(",", "'"))
    return lines


def transfer(source: str, target: str, day: date, out: Decimal, into: Decimal, text: str) -> list[BankLine]:
    """Both ends of a transfer between own accounts."""
    one, other = ACCOUNT[source], ACCOUNT[target]
    return [
        _party_line(source, day, -out, "transfer", "transfer_out", ENTITY[other.entity].name, text, other.identifier),
        _party_line(target, day, into, "transfer", "transfer_in", ENTITY[one.entity].name, text, one.identifier),
    ]


def build_direct_debits(
    rng: np.random.Generator, documents: list[Document], numbering: Numbering
) -> tuple[list[BankLine], list[Document]]:
    """Suppliers with a mandate draw their invoices on the due date; the ledger's payment is posted two days later."""
    lines, postings = [], []
    drawn = [d for d in documents if d.ledger == "payable" and d.party.direct_debit and d.kind == "invoice"]
    for item in sorted(drawn, key=lambda d: (d.due_date, d.number)):
        account = DISBURSEMENT[item.entity, item.currency]
        calendar = _calendar(account)
        day = business_day(item.due_date, calendar)
        if day > LAST_DAY:
            continue
        part = LinePart(
            item.amount,
            name=item.party.name,
            account=item.party.accounts[0].identifier,
            agent=item.party.accounts[0].bic,
            end_to_end_id=item.reference.replace("/", "-"),
            remittance=f"Rechnung {item.reference}",
            mandate_id=item.party.mandate_id,
        )
        line = BankLine(account, day, day, -item.amount, "direct_debit", "direct_debit", [part])
        line.settlements = [Settlement(item, item.amount)]
        lines.append(line)
        item.paid = item.amount
        posted = business_day(day, calendar, 2)
        if posted <= LAST_DAY:
            postings.append(_direct_debit_posting(item, day, posted, numbering))
    return lines, postings


def _direct_debit_posting(item: Document, day: date, posted: date, numbering: Numbering) -> Document:
    posting = Document(
        entity=item.entity,
        ledger="payable",
        kind="payment",
        party=item.party,
        amount=item.amount,
        currency=item.currency,
        document_date=day,
        due_date=day,
        terms=item.terms,
        reference=item.reference,
        created_at=datetime.combine(posted, time(10, 0)),
        created_by="AP.CLERK",
        text="Lastschrift",
    )
    numbering.assign(posting)
    clearing = Clearing(posting.number, posted)
    item.clearings.append(clearing)
    posting.clearings.append(clearing)
    return posting
