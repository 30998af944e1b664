"""A bank's own CSV download (yen account): lines above the header, semicolons, German dates and digit groups."""

from __future__ import annotations

from decimal import Decimal

from simulation.bank_codes import BANK_CODES
from simulation.group import ACCOUNT, ENTITY
from simulation.model import BankLine, BankStatement

COLUMNS = (
    "Buchungstag",
    "Valuta",
    "Buchungstext",
    "Name",
    "Konto",
    "BIC",
    "Verwendungszweck",
    "Kundenreferenz",
    "Bankreferenz",
    "Betrag",
    "Waehrung",
    "Saldo",
)


def bank_csv(statement: BankStatement) -> bytes:
    """A day's lines in windows-1252, as the bank's portal saves them."""
    account = ACCOUNT[statement.account]
    rows = [
        f"Kontonummer;{account.number}",
        f"Kontoinhaber;{ENTITY[account.entity].name}",
        f"Auszug;{statement.statement_id}",
        f"Anfangssaldo;{_number(statement.opening)}",
        f"Endsaldo;{_number(statement.closing)}",
        f"Datum;{statement.day:%d.%m.%Y}",
        "",
        ";".join(COLUMNS),
    ]
    balance = statement.opening
    for line in statement.lines:
        balance += line.amount
        rows.append(";".join(_cell(value) for value in _row(line, balance, account.currency)))
    return ("\r\n".join(rows) + "\r\n").encode("windows-1252", "replace")


def _number(value: Decimal) -> str:
    return f"{value:,.0f}".replace(",", ".")


def _cell(value: str) -> str:
    return f'"{value}"' if ";" in value else value


def _row(line: BankLine, balance: Decimal, currency: str) -> tuple[str, ...]:
    part = line.parts[0] if line.parts else None
    return (
        f"{line.booking_date:%d.%m.%Y}",
        f"{line.value_date:%d.%m.%Y}",
        BANK_CODES[line.code].text,
        (part.name or "") if part else "",
        (part.account or "") if part else "",
        (part.agent or "") if part else "",
        ((part.structured_reference or part.remittance or "") if part else "") or line.text,
        (part.end_to_end_id or "") if part else "",
        line.bank_reference,
        _number(line.amount),
        currency,
        _number(balance),
    )
