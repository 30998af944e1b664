"""BAI2 prior-day report of a US bank: totals in records 49, 98 and 99, long texts continued in records 88.

Source: BAI, Cash Management Balance Reporting Specifications, version 2.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from simulation.bank_codes import BANK_CODES
from simulation.group import ACCOUNT
from simulation.model import BankLine, BankStatement

SENDER, RECEIVER = "026004226", "NORDWERK"
_TEXT_WIDTH = 60


def bai2(statement: BankStatement, created_at: datetime) -> bytes:
    """A day's report of one account."""
    account = ACCOUNT[statement.account]
    credits = [line for line in statement.lines if line.amount > 0]
    debits = [line for line in statement.lines if line.amount < 0]
    summaries = [
        (code, value, count)
        for code, value, count in (
            ("010", _cents(statement.opening), ""),
            ("015", _cents(statement.closing), ""),
            ("100", sum(_cents(line.amount) for line in credits), str(len(credits))),
            ("400", sum(_cents(-line.amount) for line in debits), str(len(debits))),
        )
    ]
    rows = [f"03,{account.number},{account.currency}," + ",".join(f"{c},{v},{n}," for c, v, n in summaries[:2]) + "/"]
    rows.append("88," + ",".join(f"{c},{v},{n}," for c, v, n in summaries[2:]) + "/")
    total = sum(value for _, value, _ in summaries)
    for line in statement.lines:
        rows += _transaction(line)
        total += abs(_cents(line.amount))
    rows.append(f"49,{total},{len(rows) + 1}/")
    group = [f"02,{RECEIVER},{SENDER},1,{statement.day:%y%m%d},2400,USD,2/", *rows]
    group.append(f"98,{total},1,{len(group) + 1}/")
    whole = [f"01,{SENDER},{RECEIVER},{created_at:%y%m%d},{created_at:%H%M},{statement.sequence},,,2/", *group]
    whole.append(f"99,{total},1,{len(whole) + 1}/")
    return ("\n".join(whole) + "\n").encode("ascii", "replace")


def _cents(value: Decimal) -> int:
    return int(value.scaleb(2))


def _transaction(line: BankLine) -> list[str]:
    """Record 16 with the bank's and the customer's reference, and its text in 60 characters a record."""
    code = BANK_CODES[line.code].bai
    customer = ""
    if line.kind == "batch" and line.batch is not None:
        customer = line.batch.payment_information_id
    elif line.parts and line.parts[0].end_to_end_id:
        customer = line.parts[0].end_to_end_id
    text = _text(line)
    pieces = [text[i : i + _TEXT_WIDTH] for i in range(0, len(text), _TEXT_WIDTH)] or [""]
    first = f"16,{code},{abs(_cents(line.amount))},0,{line.bank_reference},{customer},{pieces[0]}"
    return [first, *(f"88,{piece}" for piece in pieces[1:])]


def _text(line: BankLine) -> str:
    words = [BANK_CODES[line.code].text.upper(), line.text.upper()]
    if line.kind == "batch":
        words.append(f"ACH SETTLEMENT {len(line.parts)} ITEMS")
    elif line.parts:
        part = line.parts[0]
        words += [part.name or "", part.structured_reference or part.remittance or ""]
    return " ".join(word for word in words if word)
