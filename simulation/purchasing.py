"""Purchase orders and goods receipts of the German company: what its invoices are checked against before they are paid.

An order is invoiced once, or twice where the invoice was entered twice. Its flow says what is checked: the order alone, the
receipt as well (before or after the invoice may come), or nothing (consignment, settled from stock withdrawals).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from simulation.calendars import business_day
from simulation.group import ENTITY
from simulation.model import ZERO, Document, Party, money

BUYER = "DE01"
FLOWS = ("two_way", "three_way_before_receipt", "three_way_after_receipt", "consignment")
_FLOW_SHARES = (0.35, 0.3, 0.25, 0.1)
_DEVIATIONS = ("", "over_order", "awaiting_receipt", "over_receipt")
_DEVIATION_SHARES = (0.91, 0.03, 0.03, 0.03)
_OVERCHARGED = Decimal("1.08")
TOLERANCE = Decimal("1.02")
"""What the group's rule allows above order or receipt."""


@dataclass(frozen=True)
class Receipt:
    """Goods that came in for an order line."""

    number: str
    order: PurchaseOrder
    day: date
    quantity: int
    amount: Decimal


@dataclass(frozen=True)
class PurchaseOrder:
    """An order of one line."""

    number: str
    party: Party
    flow: str
    day: date
    quantity: int
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Purchasing:
    """Orders and receipts in order of their days."""

    orders: tuple[PurchaseOrder, ...]
    receipts: tuple[Receipt, ...]

    def result(self, number: str, invoiced: Decimal) -> tuple[str, str]:
        """Flow of an order, and what a clerk finds who lays order, receipts and all its invoices side by side."""
        order = next(one for one in self.orders if one.number == number)
        received = [one.amount for one in self.receipts if one.order is order]
        if order.flow == "consignment":
            return order.flow, "not_applicable"
        if invoiced > order.amount * TOLERANCE:
            return order.flow, "over_order"
        if order.flow == "two_way":
            return order.flow, "matched"
        if not received:
            return order.flow, "awaiting_receipt"
        return order.flow, "over_receipt" if invoiced > sum(received, ZERO) * TOLERANCE else "matched"


def build_purchasing(rng: np.random.Generator, documents: Iterable[Document]) -> Purchasing:
    """An order for each number that an invoice of the buyer names; a few are invoiced for more than was ordered or came."""
    first: dict[str, Document] = {}
    for document in sorted(documents, key=lambda d: (d.created_at, d.internal_id)):
        if document.entity == BUYER and document.kind == "invoice" and document.purchase_order:
            first.setdefault(document.purchase_order, document)
    orders: list[PurchaseOrder] = []
    receipts: list[Receipt] = []
    for number, invoice in sorted(first.items()):
        flow = str(rng.choice(FLOWS, p=_FLOW_SHARES))
        deviation = str(rng.choice(_DEVIATIONS, p=_DEVIATION_SHARES))
        ordered = business_day(invoice.document_date - timedelta(days=int(rng.integers(8, 40))), ENTITY[BUYER].calendar)
        amount = invoice.amount / _OVERCHARGED if deviation == "over_order" else invoice.amount
        quantity = 2 * int(rng.integers(1, 60))
        order = PurchaseOrder(
            number, invoice.party, flow, ordered, quantity, money(amount, invoice.currency), invoice.currency
        )
        orders.append(order)
        if flow.startswith("three_way") and deviation != "awaiting_receipt":
            came = quantity // 2 if deviation == "over_receipt" else quantity
            day = min(ordered + timedelta(days=int(rng.integers(2, 8))), invoice.document_date)
            worth = money(order.amount * came / quantity, order.currency)
            receipts.append(Receipt(f"50{len(receipts):08d}", order, day, came, worth))
    return Purchasing(tuple(orders), tuple(sorted(receipts, key=lambda r: (r.day, r.number))))


def three_way_results(purchasing: Purchasing, documents: Iterable[Document]) -> list[tuple[Document, str, str]]:
    """Each invoice with an order, its flow and what the check finds, all invoices of the order taken together."""
    invoices: dict[str, list[Document]] = defaultdict(list)
    known = {order.number for order in purchasing.orders}
    for document in documents:
        if document.entity == BUYER and document.kind == "invoice" and document.purchase_order in known:
            invoices[str(document.purchase_order)].append(document)
    return [
        (invoice, *purchasing.result(number, sum((one.amount for one in group), ZERO)))
        for number, group in sorted(invoices.items())
        for invoice in group
    ]
