"""One entry of MT940 or MT942 read with care: whatever banks write, it becomes a row, a doubt or a reject.

Most entries are plain and read many at once (`mt94_plain`, `mt94_bulk`); this is the reading of all others.
"""

from __future__ import annotations

from typing import NamedTuple

from ingestion.bank_transaction_codes import from_gvc, from_swift
from ingestion.readers import mt94_fields as fields
from ingestion.readers.mt94_findings import Findings
from ingestion.readers.mt94_settling import hold
from ingestion.readers.mt94_statement import Held, Output, RawEntry, Statement
from ingestion.readers.mt94_text import EntryText, free_text, read_ns, read_text
from ingestion.record_columns import Row
from ingestion.references import account_id, is_iban


class _Line(NamedTuple):
    """Field :61: taken apart; the amount scaled by 100,000, days since 1970-01-01."""

    value_day: int | None
    booking_day: int | None
    mark: str
    amount: int
    doubtful: bool  # a minus after the mark
    kind: str | None
    customer: str
    bank: str
    supplement: str


def read_entry(entry: RawEntry, statement: Statement, output: Output, findings: Findings) -> None:
    """Add the rows of an entry to the output, or its reject to the findings; counts it in the statement."""
    line = _read_line(entry, statement, findings)
    if line is None:
        return
    direction, sign, reversal, status = fields.MARKS[line.mark]
    said, raw_text = _read_texts(entry, statement, findings.encoding)
    if line.supplement and not line.supplement.isspace():
        added = "\n".join(fields.decode(line.supplement, findings.encoding).split("\n")).replace("\r", "").strip()
        said = _with_supplement(statement, said, added)
        raw_text = f"{added}\n{raw_text}" if raw_text else added
    instructed, charges = fields.foreign_amounts(raw_text)
    credit = sign > 0
    number = statement.entries + statement.rejected + len(statement.doubtful) + 1
    signed = line.amount * sign
    row = (
        findings.counter.next(),
        entry.line,
        entry.start,
        entry.end,
        statement.number,
        number,
        line.bank if line.bank not in fields.NO_REFERENCE else None,
        line.customer if line.customer not in fields.NO_REFERENCE else None,
        status,
        abs(line.amount),
        direction,
        signed,
        reversal,
        line.booking_day,
        line.value_day,
        *_codes(line.kind, said.transaction_code if said else None, credit),
        *instructed,
        *charges,
        0 if said is None else 1,
        raw_text or None,
        statement.currency,
    )
    detail = None if said is None else _detail(entry, said, credit, statement.number, number, findings.counter.next())
    if line.doubtful:
        statement.doubtful.append((signed, Held(row, detail)))
        return
    statement.entries += 1
    if status == "BOOK":
        statement.net += signed
    else:
        statement.expected += signed
    if statement.currency is None:
        hold(statement, Held(row, detail))
    else:
        output.add_entry(row, detail)


def _detail(entry: RawEntry, said: EntryText, credit: bool, statement: int, number: int, record: int) -> Row:
    """The transaction inside an entry, which has one text and so one transaction."""
    party, nobody = (said.name, said.account, said.agent), (None, None, None)
    return (
        record,
        entry.line,
        entry.start,
        entry.end,
        statement,
        number,
        1,
        said.instruction_id,
        said.end_to_end_id,
        said.mandate_id,
        *(party if credit else nobody),
        said.ultimate_debtor,
        *(nobody if credit else party),
        said.ultimate_creditor,
        said.remittance,
        said.structured_reference,
        said.structured_reference_type,
        said.purpose,
        said.return_reason,
        said.additional,
    )


def _read_line(entry: RawEntry, statement: Statement, findings: Findings) -> _Line | None:
    """Field :61: taken apart; None where it was rejected."""

    def reject(expected: str, amount: int | None = None) -> None:
        findings.reject_entry(statement, entry, expected, amount)

    match = fields.ENTRY.match(entry.content)
    if match is None:
        reject("value date, C or D, amount and type, e.g. 2609300930D1234,56NTRFREF//BANKREF")
        return None
    value_text, entry_text, mark, _funds, number, kind, rest, supplement = match.groups()
    amount = fields.amount(number, statement.currency)
    if amount is None:
        reject("an amount with decimal comma and no grouping, e.g. 1234,56")
        return None
    value_day = fields.day(value_text)
    if value_day is None:
        # the 30-day months of interest calculation: 30 February is a value date banks do send
        if not (value_text[2:] in ("0229", "0230") and entry_text and entry_text.strip()):
            reject(f"a value date of the calendar instead of {value_text}", amount)
            return None
        findings.warn(f"line {entry.line}: value date {value_text} is in no calendar; left empty")
    booking_day = None
    if entry_text is not None and entry_text.strip():
        opening = statement.opening
        anchor = fields.day(value_text[:2] + "0228") or 0 if value_day is None else value_day
        booking_day = fields.entry_day(entry_text, anchor, opening.date if opening is not None else None)
        if booking_day is None:
            reject(f"an entry date of the calendar instead of {entry_text}", amount)
            return None
    if kind is None and rest[:1].isspace() and fields.LIKE_TYPE.match(rest):
        reject(f"a transaction type of F, N or S and three letters or digits instead of {rest.strip()[:4]}", amount)
        return None
    customer, _, bank = rest.partition("//")
    return _Line(
        value_day,
        booking_day,
        mark,
        amount,
        amount < 0 or number[0] == "-",
        kind,
        fields.decode(customer.strip(), findings.encoding),
        fields.decode(bank.strip(), findings.encoding),
        supplement,
    )


def _codes(kind: str | None, business: str | None, credit: bool) -> tuple[str | None, ...]:
    """ISO domain, family and sub-family, the bank's own code and its issuer.

    The German business transaction code of the text decides before the SWIFT type of the entry.
    """
    native = kind.strip() if kind else None
    iso, issuer = None, "SWIFT" if native else None
    if business is not None:
        iso, issuer = from_gvc(business, credit), "DK"
        native = f"{native}+{business}" if native else business
    if iso is None and kind:
        iso = from_swift(kind, credit)
    return (*(iso or (None, None, None)), native, issuer)


def _read_texts(entry: RawEntry, statement: Statement, encoding: str | None) -> tuple[EntryText | None, str]:
    """What the texts after an entry say, and the texts themselves."""
    texts = entry.texts
    if not texts:
        return None, ""
    if len(texts) == 1 and texts[0][0] == ":86:":
        text = fields.decode(texts[0][1], encoding).strip("\r\n")
        return (read_text(text) if text.strip() else None), text.replace("\r", "").strip()
    decoded = [(tag, fields.decode(text, encoding).replace("\r", "").strip("\n")) for tag, text in texts]
    own = statement.account
    if own is not None and len(decoded) > 1 and any(text.strip() == own.account_id for _, text in decoded):
        return None, ""  # the bank's note about the account itself, printed after the first entry
    said: EntryText | None = None
    notes = "\n".join(text for tag, text in decoded if tag == ":86:")
    if notes.strip():
        said = read_text(notes)
    for tag, text in decoded:
        if tag == ":NS:":
            lines = read_ns(text)
            said = lines if said is None else _merged(said, lines)
    return said, "\n".join(text for _, text in decoded if text.strip())


def _with_supplement(statement: Statement, said: EntryText | None, added: str) -> EntryText:
    """Supplementary details stand in the line after :61:. A lone IBAN is the other account; else they are text."""
    if is_iban(added) and (statement.account is None or account_id(added) != statement.account.account_id):
        said = said or EntryText()
        return said if said.account else said._replace(account=account_id(added))
    if said is None:
        return free_text(added)
    if said.transaction_code is None and said.name is None and said.end_to_end_id is None:
        return said._replace(remittance=f"{added}\n{said.remittance}" if said.remittance else added)
    return said._replace(additional=f"{added}\n{said.additional}" if said.additional else added)


def _merged(first: EntryText, second: EntryText) -> EntryText:
    """Two readings of one entry's texts: the first wins where both say something of one party; texts are joined."""
    joined = {
        name: "\n".join(filter(None, (getattr(first, name), getattr(second, name)))) or None
        for name in ("remittance", "additional")
    }
    kept = [one if one is not None else other for one, other in zip(first, second, strict=True)]
    return EntryText(*kept)._replace(**joined)
