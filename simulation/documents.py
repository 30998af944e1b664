"""Invoices and credit memos of both sub-ledgers, with their approvals; numbered when all are known."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from simulation.calendars import business_day
from simulation.extracts import first_shown
from simulation.group import ENTITY, FIRST_DAY, LAST_DAY, TERMS
from simulation.identifiers import creditor_reference, qr_reference
from simulation.model import ZERO, Document, Party, money

PAYABLES = {"DE01": 980, "US01": 520, "CH01": 480}
RECEIVABLES = {"DE01": 1060, "US01": 560, "CH01": 720}
LARGEST_WEIGHT = 4.0
"""No party has more than ten times the documents of the smallest: one customer must not be the world."""
CREDIT_MEMO_SHARE = 0.03
LATE_APPROVAL_SHARE = 0.03
NEVER_APPROVED_SHARE = 0.015
OLDEST = FIRST_DAY - timedelta(days=44)
APPROVERS = {"DE01": ("M.KELLER", "J.HANSEN", "S.ROTH"), "US01": ("dwhite", "lgomez"), "CH01": ("u.frei", "n.meier")}
_TYPICAL = {"EUR": 3200.0, "USD": 4100.0, "CHF": 3600.0, "GBP": 2900.0, "JPY": 520000.0}
_GOODS = ("Material", "Ersatzteile", "Wartung", "Fracht", "Beratung", "Lizenzen", "Werkzeuge", "Verpackung")


def build_documents(rng: np.random.Generator, parties: list[Party]) -> list[Document]:
    """Payables and receivables in no particular order; what would be due before the first day is left out."""
    documents: list[Document] = []
    for role, counts in (("supplier", PAYABLES), ("customer", RECEIVABLES)):
        for entity, count in counts.items():
            group = [p for p in parties if p.entity == entity and p.role == role]
            weights = np.minimum(rng.pareto(1.6, len(group)) + 0.4, LARGEST_WEIGHT)  # a few parties have many documents
            chosen = rng.choice(len(group), size=count, p=weights / weights.sum())
            for index in chosen:
                document = _document(rng, group[int(index)])
                if document.due_date >= FIRST_DAY + timedelta(days=3):
                    documents.append(document)
    for document in [d for d in documents if d.kind == "invoice" and not d.party.direct_debit]:
        if rng.random() < CREDIT_MEMO_SHARE:
            documents.append(_credit_memo(rng, document))
    return documents


def _document(rng: np.random.Generator, party: Party) -> Document:
    span = (LAST_DAY - OLDEST).days
    day = business_day(OLDEST + timedelta(days=int(rng.integers(0, span))), ENTITY[party.entity].calendar)
    day = min(day, LAST_DAY)
    amount = money(_TYPICAL[party.currency] * float(np.exp(rng.normal(0, 1.05))), party.currency)
    return make_document(rng, party, day, amount)


def make_document(rng: np.random.Generator, party: Party, day: date, amount: Decimal) -> Document:
    """An invoice of a party dated `day`, with terms, discount, and for payables the approval."""
    terms = TERMS[party.terms]
    discount = money(amount * terms.discount_percent / 100, party.currency)
    payable = party.role == "supplier"
    calendar = ENTITY[party.entity].calendar
    entered = business_day(day + timedelta(days=int(rng.integers(0, 4)) if payable else 0), calendar)
    created = datetime.combine(min(entered, max(day, LAST_DAY)), time(int(rng.integers(8, 17)), int(rng.integers(60))))
    document = Document(
        entity=party.entity,
        ledger="payable" if payable else "receivable",
        kind="invoice",
        party=party,
        amount=amount,
        currency=party.currency,
        document_date=day,
        due_date=day + timedelta(days=terms.net_days),
        terms=terms.terms_id,
        reference=supplier_reference(rng, party, day) if payable else "",
        created_at=created,
        discount_percent=terms.discount_percent,
        discount_amount=discount,
        discount_date=day + timedelta(days=terms.discount_days) if discount else None,
        text=str(rng.choice(_GOODS)),
        purchase_order=f"45{rng.integers(10**7, 10**8)}" if payable and rng.random() < 0.6 else None,
        created_by="EDI" if rng.random() < 0.4 else "AP.CLERK",
    )
    if payable:
        _approve(rng, document)
    return document


def supplier_reference(rng: np.random.Generator, party: Party, day: date) -> str:
    """An invoice number as the supplier writes it: each has its own pattern."""
    number = int(rng.integers(1000, 99999))
    pattern = sum(party.name.encode()) % 5
    return (
        f"RE-{day.year}-{number:05d}",
        f"{day:%y}{number:06d}",
        f"INV{number:06d}",
        f"{day.year}/{number}",
        f"{party.name[:2].upper()}{number:05d}-{day:%m}",
    )[pattern]


def _approve(rng: np.random.Generator, document: Document) -> None:
    document.submitted_at = document.created_at + timedelta(minutes=int(rng.integers(5, 240)))
    if document.party.direct_debit:
        hours = 4.0
    else:
        draw = rng.random()
        if draw < NEVER_APPROVED_SHARE:
            return
        hours = float(np.exp(rng.normal(3.0, 0.8)))  # typically a day
        if draw < NEVER_APPROVED_SHARE + LATE_APPROVAL_SHARE:
            hours = 24.0 * ((document.due_date - document.document_date).days + float(rng.integers(2, 12)))
    approved = document.submitted_at + timedelta(hours=hours)
    day = business_day(approved.date(), ENTITY[document.entity].calendar)
    moment = datetime.combine(day, time(int(rng.integers(8, 18)), int(rng.integers(60))))
    moment = max(moment, document.submitted_at + timedelta(minutes=10))
    if first_shown(moment) > LAST_DAY:
        return
    document.approved_at = moment
    document.approved_by = str(rng.choice(APPROVERS[document.entity]))


def _credit_memo(rng: np.random.Generator, invoice: Document) -> Document:
    day = min(invoice.document_date + timedelta(days=int(rng.integers(3, 12))), LAST_DAY)
    amount = money(invoice.amount * Decimal(str(round(float(rng.uniform(0.05, 0.4)), 3))), invoice.currency)
    memo = make_document(rng, invoice.party, business_day(min(day, LAST_DAY), ENTITY[invoice.entity].calendar), amount)
    memo.kind = "credit_memo"
    memo.due_date = memo.document_date
    memo.discount_percent, memo.discount_amount, memo.discount_date = ZERO, ZERO, None
    memo.applies_to = invoice
    memo.text = "Gutschrift"
    if memo.ledger == "payable":
        memo.reference = f"GS{memo.reference}"[:16]
        memo.purchase_order = None
    return memo


_RANGES = {
    ("sap", "payable", "invoice"): 5105600000,
    ("sap", "payable", "credit_memo"): 1700000000,
    ("sap", "payable", "payment"): 2000000000,
    ("sap", "receivable", "invoice"): 9000010000,
    ("sap", "receivable", "credit_memo"): 1600000000,
    ("sap", "receivable", "payment"): 1400000000,
}
_PREFIXES = {
    ("netsuite", "payable", "invoice"): "VENDBILL",
    ("netsuite", "payable", "credit_memo"): "VENDCRED",
    ("netsuite", "payable", "payment"): "VENDPYMT",
    ("netsuite", "receivable", "invoice"): "INV",
    ("netsuite", "receivable", "credit_memo"): "CRMEMO",
    ("netsuite", "receivable", "payment"): "PYMT",
    ("dynamics", "payable", "invoice"): "APIN-",
    ("dynamics", "payable", "credit_memo"): "APCN-",
    ("dynamics", "payable", "payment"): "APPM-",
    ("dynamics", "receivable", "invoice"): "FTI-",
    ("dynamics", "receivable", "credit_memo"): "FTC-",
    ("dynamics", "receivable", "payment"): "ARPM-",
}


class Numbering:
    """The number ranges of the ERPs: each document type counts on its own, internal ids count over all of a system."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, str, str], int] = {}
        self._internal = 48210

    def assign(self, document: Document) -> None:
        """Give a document its number; sales documents are their own reference, and carry a reference to pay with."""
        erp = ENTITY[document.entity].erp
        kind = (erp, document.ledger, document.kind)
        ordinal = self._next[kind] = self._next.get(kind, 0) + 1
        self._internal += 1
        document.internal_id = self._internal
        document.number = str(_RANGES[kind] + ordinal) if erp == "sap" else f"{_PREFIXES[kind]}{30000 + ordinal}"
        if erp == "dynamics":
            document.number = f"{_PREFIXES[kind]}{30000 + ordinal:06d}"
        if document.ledger == "payable" and document.kind == "invoice" and _demands_reference(document.party):
            document.payment_reference = creditor_reference("".join(c for c in document.reference if c.isalnum()))
        if document.ledger == "receivable" and document.kind != "payment":
            document.reference = document.number
            if document.kind == "invoice" and document.currency == "EUR":
                document.payment_reference = creditor_reference(document.number)
            elif document.kind == "invoice" and document.currency == "CHF":
                document.payment_reference = qr_reference("".join(c for c in document.number if c.isdigit()))


def _demands_reference(party: Party) -> bool:
    """Some suppliers in euro want their structured reference with each payment, and one payment an invoice."""
    return party.currency == "EUR" and not party.collective and sum(party.email.encode()) % 8 == 0


def number_documents(documents: list[Document], numbering: Numbering) -> None:
    """Number documents in the order in which they were entered."""
    order = sorted(
        range(len(documents)),
        key=lambda i: (documents[i].created_at, documents[i].entity, documents[i].party.source_id, i),
    )
    for index in order:
        numbering.assign(documents[index])
