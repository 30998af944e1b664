"""What the addenda (7) of a NACHA entry say: remittance, returns, corrections, the parties of international payments.

Source: Nacha Operating Rules, appendix three (addenda 05, 10 to 18, 98, 99) and appendix four (return reason codes);
ANSI ASC X12 transaction set 820, segment RMR (remittance advice).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from ingestion.readers.nacha_records import Record
from ingestion.record_columns import AMOUNT_LIMIT, scaled

RETURN_REASONS = {
    "R01": "insufficient funds",
    "R02": "account closed",
    "R03": "no account, or unable to locate account",
    "R04": "invalid account number",
    "R05": "unauthorized debit to consumer account using a corporate code",
    "R06": "returned per the originating bank's request",
    "R07": "authorization revoked by customer",
    "R08": "payment stopped",
    "R09": "uncollected funds",
    "R10": "customer advises not authorized",
    "R11": "customer advises entry not in accordance with the authorization",
    "R12": "account sold to another bank",
    "R13": "routing number not qualified to participate",
    "R14": "representative payee deceased",
    "R15": "beneficiary or account holder deceased",
    "R16": "account frozen",
    "R17": "file record edit criteria",
    "R20": "non-transaction account",
    "R21": "invalid company identification",
    "R22": "invalid individual identification number",
    "R23": "credit entry refused by receiver",
    "R24": "duplicate entry",
    "R29": "corporate customer advises not authorized",
    "R31": "permissible return of a corporate entry",
    "R33": "return of a destroyed check entry",
    "R61": "misrouted return",
    "R62": "return of an erroneous or reversing debit",
    "R67": "duplicate return",
    "R68": "untimely return",
    "R69": "field errors in the return",
    "R70": "permissible return not accepted",
    "R71": "return stands: the dishonored return was misrouted",
    "R72": "return stands: the dishonored return was untimely",
    "R73": "return stands: it was timely",
    "R74": "return stands, corrected",
    "R75": "return stands: it was no duplicate",
    "R76": "return stands: no errors found",
    "R77": "return stands: the dishonored return is not accepted",
}
DISHONORED = frozenset({"R61", "R62", "R67", "R68", "R69", "R70"})
"""The originating bank refuses a return: what these entries report is no end of the payment."""
REFUSED_CHANGES = frozenset(f"C6{digit}" for digit in range(1, 10))
"""The originating bank refuses a notification of change: no data of the payment change."""
_CONTESTED = frozenset(f"R7{digit}" for digit in range(1, 8))
_NUMBERED = frozenset({"05", *map(str, range(10, 19))})
_DOCUMENTS = {"IV": "CINV", "CM": "CREN", "DM": "DEBN", "PO": "PUOR", "CR": "SOAC"}


class Return(NamedTuple):
    """An addenda 99 or 98: reason, trace number of the original entry, what the bank adds."""

    code: str
    original_trace: str
    text: str | None


class Settled(NamedTuple):
    """A document an X12 820 says is settled; amounts scaled by 100,000."""

    document_type: str | None
    number: str
    remitted: int | None
    due: int | None
    discount: int | None


def kind(record: Record) -> str:
    """The addenda type: 02, 05, 10 to 18, 98, 99."""
    return record.text[1:3]


def entry_number(record: Record) -> str | None:
    """The last seven digits of the trace number of the entry it says it belongs to; None where it says none."""
    return record.field((87, 94)) if kind(record) in _NUMBERED else None


def returned(record: Record, *, international: bool = False) -> Return:
    """An addenda 99: the reason, and what the bank adds to it; an IAT return repeats the amount before that."""
    code = record.field((3, 6))
    # after a dishonored return stand the traces and dates of what it answers; a contested one has nothing else
    start = 79 if code in _CONTESTED else 58 if code in DISHONORED else 45 if international else 35
    said = [RETURN_REASONS.get(code), record.field((start, 79)) or None]
    return Return(code, record.field((6, 21)), ": ".join(part for part in said if part) or None)


def corrected(record: Record) -> Return:
    """An addenda 98, notification of change: the change code and the corrected data."""
    return Return(record.field((3, 6)), record.field((6, 21)), record.field((35, 64)) or None)


def remittance(addenda: Iterable[Record]) -> str | None:
    """The payment information of addenda 05: 80 characters each, one text where an X12 message runs on."""
    parts = [record.text[3:83] for record in addenda if kind(record) == "05"]
    whole = "".join(parts)
    if "*" in whole and len(parts) > 1:
        return whole.strip() or None
    return "\n".join(part.strip() for part in parts if part.strip()) or None


def settled(text: str | None) -> list[Settled]:
    """The RMR segments of remittance in X12: `RMR*IV*number**paid*gross*discount\\`."""
    if text is None or "RMR*" not in text:
        return []
    found = []
    for segment in text.replace("~", "\\").replace("\n", "\\").split("\\"):
        name, *elements = segment.strip().split("*")
        if name != "RMR" or len(elements) < 2 or not elements[1].strip():
            continue
        amounts = [_amount(elements[at]) if at < len(elements) else None for at in (3, 4, 5)]
        found.append(Settled(_DOCUMENTS.get(elements[0]), elements[1].strip(), *amounts))
    return found


def _amount(text: str) -> int | None:
    """An X12 amount (R): a decimal point only where it is needed. None where it is empty or cannot be read."""
    text = text.strip()
    if not text.lstrip("-").replace(".", "", 1).isdigit():
        return None
    try:
        value = scaled(Decimal(text))
    except (ValueError, InvalidOperation):
        return None
    return value if abs(value) < AMOUNT_LIMIT else None
