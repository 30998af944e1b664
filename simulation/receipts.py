"""How customers pay: with structured references, with invoice numbers in free text, in lump sums, in parts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from simulation.calendars import business_day
from simulation.documents import Numbering
from simulation.group import ACCOUNT, BANK, DISBURSEMENT, ENTITY, FIRST_DAY, LAST_DAY
from simulation.model import ZERO, BankLine, Clearing, Document, LinePart, Party, Settlement, money

PARTIAL_SHARE = 0.025
INSTALMENT_SHARE = 0.012
SHORT_SHARE = 0.012
LATE_DISCOUNT_SHARE = 0.12  # of those who could have taken the discount in time and did not
FEE_SHARE = 0.15
CORRESPONDENT_FEE = {"GBP": Decimal("9.50"), "JPY": Decimal(2500)}
"""What banks on the way keep of an international transfer; the clerk clears the item in full all the same."""
_COLLECTION = {"DE01": "sued_eur"}
_CODES = {"EUR": "sepa_in", "CHF": "domestic_in", "GBP": "intl_in", "USD": "ach_in", "JPY": "intl_in"}


def build_receipts(
    rng: np.random.Generator, documents: list[Document], numbering: Numbering
) -> tuple[list[BankLine], list[Document]]:
    """Bank lines of customer money, and the ledgers' receipts; settlements and clearings of the items are set."""
    sales = [d for d in documents if d.ledger == "receivable"]
    by_customer: dict[str, list[Document]] = defaultdict(list)
    for document in sorted(sales, key=lambda d: d.number):
        by_customer[document.party.key].append(document)
    lines: list[BankLine] = []
    for key in sorted(by_customer):
        items = by_customer[key]
        if items[0].party.habit in ("lump_listed", "lump_silent"):
            lines += _lump_sums(rng, items)
        else:
            for item in items:
                if item.kind == "invoice":
                    lines += _single(rng, item)
    lines = sorted((line for line in lines if line.booking_date <= LAST_DAY), key=_order)
    return lines, _post(rng, lines, numbering)


def _order(line: BankLine) -> tuple[date, str, str]:
    return line.booking_date, line.account, line.settlements[0].document.number


def collection_account(item: Document) -> str:
    """Where a customer pays: German customers to the collection account, the big ones to the operating account."""
    own = DISBURSEMENT[item.entity, item.currency]
    if own == "rhein_eur" and sum(item.party.source_id.encode()) % 3:
        return _COLLECTION[item.entity]
    return own


def _pay_day(rng: np.random.Generator, item: Document, account: str) -> tuple[date, Decimal]:
    """Day of the receipt, and the discount the customer takes, in time or not."""
    discount = ZERO
    if item.discount_date is not None and rng.random() < 0.55:
        day, discount = item.discount_date - timedelta(days=int(rng.integers(0, 4))), item.discount_amount
    else:
        day = item.due_date + timedelta(days=round(float(rng.normal(item.party.delay_days, 3.0))))
        if item.discount_date is not None and rng.random() < LATE_DISCOUNT_SHARE:
            discount = item.discount_amount
            day = item.discount_date + timedelta(days=int(rng.integers(2, 7)))
    day = max(day, item.document_date + timedelta(days=2), FIRST_DAY + timedelta(days=int(rng.integers(0, 8))))
    return business_day(day, BANK[ACCOUNT[account].bank].calendar), discount


def _single(rng: np.random.Generator, item: Document) -> list[BankLine]:
    account = collection_account(item)
    day, discount = _pay_day(rng, item, account)
    draw = rng.random()
    calendar = BANK[ACCOUNT[account].bank].calendar
    if draw < PARTIAL_SHARE:
        first = money(item.amount * Decimal(str(round(float(rng.uniform(0.4, 0.7)), 2))), item.currency)
        rest_day = business_day(day + timedelta(days=int(rng.integers(12, 25))), calendar)
        return [
            _line(rng, account, day, item.party, [Settlement(item, first)]),
            _line(rng, account, rest_day, item.party, [Settlement(item, item.amount - first)]),
        ]
    if draw < PARTIAL_SHARE + INSTALMENT_SHARE:
        part = money(item.amount / 3, item.currency)
        amounts = (part, part, item.amount - 2 * part)
        return [
            _line(
                rng,
                account,
                business_day(day + timedelta(days=21 * i), calendar),
                item.party,
                [Settlement(item, amount)],
            )
            for i, amount in enumerate(amounts)
        ]
    if draw < PARTIAL_SHARE + INSTALMENT_SHARE + SHORT_SHARE:
        short = money(item.amount - Decimal(int(rng.integers(5, 40))), item.currency)
        if short > 0:
            return [_line(rng, account, day, item.party, [Settlement(item, short)])]
    late = discount > 0 and item.discount_date is not None and day > item.discount_date
    settlement = (
        Settlement(item, item.amount - discount, claimed=discount) if late else Settlement(item, item.amount, discount)
    )
    return [_line(rng, account, day, item.party, [settlement])]


def _lump_sums(rng: np.random.Generator, items: list[Document]) -> list[BankLine]:
    """One transfer a week for everything that is due, credit memos taken off."""
    account = collection_account(items[0])
    calendar = BANK[ACCOUNT[account].bank].calendar
    weekday = int(rng.integers(0, 5))
    lines = []
    waiting = sorted(items, key=lambda d: (d.due_date, d.number))
    day = FIRST_DAY + timedelta(days=(weekday - FIRST_DAY.weekday()) % 7)
    while day <= LAST_DAY:
        pay_day = business_day(day, calendar)
        due = [d for d in waiting if d.due_date <= day and d.document_date < day]
        due = due[: int(rng.integers(6, 19))]
        cash = sum((d.amount if d.kind == "invoice" else -d.amount for d in due), ZERO)
        if any(d.kind == "invoice" for d in due) and cash > 0:
            settlements = [Settlement(d, d.amount if d.kind == "invoice" else -d.amount) for d in due]
            lines.append(_line(rng, account, pay_day, items[0].party, settlements))
            paid = {d.number for d in due}
            waiting = [d for d in waiting if d.number not in paid]
        day += timedelta(days=7)
    return lines


def _line(rng: np.random.Generator, account: str, day: date, party: Party, settlements: list[Settlement]) -> BankLine:
    amount = sum((s.cash for s in settlements), ZERO)
    own = ACCOUNT[account]
    single = settlements[0].document
    reference = single.payment_reference if party.habit == "structured" and len(settlements) == 1 else None
    bank_account = party.account_on(day)
    part = LinePart(
        amount=amount,
        name=party.name,
        account=bank_account.identifier,
        agent=bank_account.bic,
        end_to_end_id=f"{party.source_id.lstrip('0')}-{day:%y%m%d}-{rng.integers(100, 999)}"
        if rng.random() < 0.3
        else None,
        remittance=None if reference else _text(rng, party, settlements),
        structured_reference=reference,
        reference_type=None if reference is None else ("QRR" if reference.isdigit() else "SCOR"),
    )
    code = _CODES[own.currency]
    charges = ZERO
    value = day
    if code == "intl_in":
        value = business_day(day, BANK[own.bank].calendar, 1)
        if rng.random() < FEE_SHARE and amount > 20 * CORRESPONDENT_FEE[own.currency]:
            charges = CORRESPONDENT_FEE[own.currency]
    if own.currency == "USD" and amount > 20000:
        code = "wire_in"
    return BankLine(
        account, day, value, amount - charges, "receipt", code, [part], settlements=settlements, charges=charges
    )


def _text(rng: np.random.Generator, party: Party, settlements: list[Settlement]) -> str:
    if party.habit == "lump_silent" and len(settlements) > 1:
        return str(rng.choice(("Zahlung lt. Avis", "Sammelzahlung", "PAYMENT PER ADVICE", "Zahlung offene Rechnungen")))
    numbers = [s.document.number for s in settlements]
    if len(numbers) > 1:
        text = " ".join(numbers)
        return text if len(text) <= 140 else text[:140].rsplit(" ", 1)[0]
    settlement = settlements[0]
    words = [str(rng.choice(("Rechnung", "RE", "Invoice", "RG-Nr.", "Re.Nr.", ""))), numbers[0]]
    if settlement.discount or settlement.claimed:
        words.append(str(rng.choice(("abzgl. Skonto", "less discount", "Skonto"))))
    elif settlement.cash < settlement.document.amount:
        words.append(str(rng.choice(("Teilzahlung", "a conto", "part"))))
    return " ".join(word for word in words if word)


def _post(rng: np.random.Generator, lines: list[BankLine], numbering: Numbering) -> list[Document]:
    """The accounts receivable clerk posts a receipt one to three business days later and clears what is settled whole.

    What was paid short stays open: the receipt then stands beside the item until the rest has come.
    """
    postings = []
    partial: dict[str, list[Document]] = defaultdict(list)
    for line in lines:
        party = line.settlements[0].document.party
        calendar = ENTITY[party.entity].calendar
        posted = business_day(line.booking_date, calendar, int(rng.integers(1, 4)))
        if posted > LAST_DAY:
            continue
        document = Document(
            entity=party.entity,
            ledger="receivable",
            kind="payment",
            party=party,
            amount=sum((s.amount for s in line.settlements), ZERO),
            currency=ACCOUNT[line.account].currency,
            document_date=line.booking_date,
            due_date=line.booking_date,
            terms=party.terms,
            reference="",
            created_at=datetime.combine(posted, time(11, 0)),
            created_by="AR.CLERK",
            text="Zahlungseingang",
        )
        numbering.assign(document)
        document.reference = line.parts[0].end_to_end_id or ""
        postings.append(document)
        _apply(line, document, posted, partial)
    return postings


def _apply(line: BankLine, receipt: Document, posted: date, partial: dict[str, list[Document]]) -> None:
    whole = True
    for settlement in line.settlements:
        item = settlement.document
        item.paid += abs(settlement.amount)
        item.applied.append((posted, abs(settlement.amount)))
        if item.remaining == 0:
            clearing = Clearing(receipt.number, posted)
            for cleared in (item, *partial.pop(item.number, [])):
                cleared.clearings.append(clearing)
        else:
            whole = False
            receipt.applies_to = item
            partial[item.number].append(receipt)
    if whole:
        receipt.clearings.append(Clearing(receipt.number, posted))
