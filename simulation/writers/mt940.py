"""MT940 as a German bank sends it: structured :86: with `?` subfields and SEPA code words, several pages on busy days.

Sources: SWIFT Standards MT940; Deutsche Kreditwirtschaft, Anlage 3 des DFUE-Abkommens, chapter 8.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from simulation.bank_codes import BANK_CODES
from simulation.group import ACCOUNT
from simulation.model import ZERO, BankLine, BankStatement, LinePart

LINES_A_PAGE = 12
_SUBFIELD = 27
_SUBFIELDS = [*range(20, 30), *range(60, 64)]


def mt940(statement: BankStatement) -> bytes:
    """A day's statement: one message, or several whose intermediate balances tie."""
    lines = statement.lines
    pages = [lines[i : i + LINES_A_PAGE] for i in range(0, len(lines), LINES_A_PAGE)] or [[]]
    balance = statement.opening
    messages = []
    for number, page in enumerate(pages, start=1):
        first, last = number == 1, number == len(pages)
        after = balance + sum((line.amount for line in page), ZERO)
        messages.append(_message(statement, number, page, balance, after, first, last))
        balance = after
    return "".join(messages).encode("ascii", "replace")


def _message(
    statement: BankStatement,
    page: int,
    lines: list[BankLine],
    opening: Decimal,
    closing: Decimal,
    first: bool,
    last: bool,
) -> str:
    account = ACCOUNT[statement.account]
    iban = account.identifier
    rows = [
        f":20:{statement.statement_id[-12:]}",
        f":25:{iban[4:12]}/{iban[12:].lstrip('0')}",
        f":28C:{statement.sequence:05d}/{page:03d}",
        _balance("60F" if first else "60M", opening, statement.day, account.currency),
    ]
    for line in lines:
        rows += _entry(line)
    rows.append(_balance("62F" if last else "62M", closing, statement.day, account.currency))
    if last:
        rows.append(_balance("64", closing, statement.day, account.currency))
    return "\r\n".join(rows) + "\r\n-\r\n"


def _amount(value: Decimal) -> str:
    whole, _, cents = f"{abs(value):f}".partition(".")
    return f"{whole},{cents}"


def _balance(tag: str, value: Decimal, day: date, currency: str) -> str:
    return f":{tag}:{'C' if value >= 0 else 'D'}{day:%y%m%d}{currency}{_amount(value)}"


def _entry(line: BankLine) -> list[str]:
    code = BANK_CODES[line.code]
    mark = "C" if line.amount > 0 else "D"
    reference = "NONREF"
    if line.kind == "batch" and line.batch is not None:
        reference = line.batch.payment_information_id[-16:].lstrip("-")
    first = f":61:{line.value_date:%y%m%d}{line.booking_date:%m%d}{mark}{_amount(line.amount)}N{code.swift}{reference}"
    return [f"{first}//{line.bank_reference}", *_text(line)]


def _text(line: BankLine) -> list[str]:
    code = BANK_CODES[line.code]
    fields = [f"{code.gvc}?00{code.text[:27]}?10{line.entry_number:04d}"]
    words = _words(line)
    for tag, chunk in zip(_SUBFIELDS, _chunks(words), strict=False):
        fields.append(f"?{tag}{chunk}")
    if len(line.parts) == 1:
        part = line.parts[0]
        fields += [f"?30{part.agent}"] if part.agent else []
        fields += [f"?31{part.account}"] if part.account else []
        name = _plain(part.name or "")
        fields += [f"?32{name[:27]}"] if name else []
        fields += [f"?33{name[27:54]}"] if name[27:] else []
    if line.return_reason:
        fields.append("?34914" if line.return_reason == "AC06" else "?34901")
    whole = ":86:" + "".join(fields)
    return [whole[i : i + 65] for i in range(0, len(whole), 65)]


def _words(line: BankLine) -> list[str]:
    """SEPA code words, each beginning a subfield of its own."""
    if line.kind == "batch" and line.batch is not None:
        return [f"KREF+{line.batch.payment_information_id}", f"SVWZ+SAMMLER ANZ {len(line.parts)}"]
    if not line.parts:
        return [f"SVWZ+{_plain(line.text)}"]
    part = line.parts[0]
    words = [f"EREF+{part.end_to_end_id}"] if part.end_to_end_id else []
    words += [f"MREF+{part.mandate_id}"] if part.mandate_id else []
    return [*words, f"SVWZ+{_plain(_purpose(line, part))}"]


def _purpose(line: BankLine, part: LinePart) -> str:
    purpose = part.structured_reference or part.remittance or ""
    return f"RUECKGABE {line.return_reason} {purpose}" if line.return_reason else purpose


def _chunks(words: list[str]) -> list[str]:
    return [word[i : i + _SUBFIELD] for word in words for i in range(0, len(word), _SUBFIELD)]


def _plain(text: str) -> str:
    """The SWIFT character set: what it lacks becomes a blank, and `?` would begin a subfield."""
    allowed = "/-:().,'+ "
    return "".join(c if c.isascii() and (c.isalnum() or c in allowed) else " " for c in text)
