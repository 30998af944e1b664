"""How the ERPs follow a payment: items are cleared after the money moves, and open again when it comes back.

SAP clears with the payment run's execution date, NetSuite a day later, Dynamics when the bank has booked. A rejected or
returned payment is reversed: its document is cleared against its reversal, and the items are open again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from simulation.calendars import business_day
from simulation.group import ENTITY, LAST_DAY
from simulation.model import Clearing, Document, Payment, PaymentMessage


def clear_payables(messages: Iterable[PaymentMessage]) -> None:
    """Set the clearings of all items the payments settle, oldest payment first."""
    partial: dict[int, list[Document]] = defaultdict(list)
    payments = [payment for message in messages for payment in message.payments]
    for payment in sorted(payments, key=lambda p: (p.execution_date, p.end_to_end_id)):
        on = _clearing_day(payment)
        if on is not None and on <= LAST_DAY:
            _clear(payment, on, partial)


def _clearing_day(payment: Payment) -> date | None:
    entity = ENTITY[payment.party.entity]
    if entity.erp == "sap":
        return payment.execution_date
    if payment.outcome == "rejected":
        return None
    if entity.erp == "netsuite":
        return business_day(payment.execution_date, entity.calendar, 1)
    return None if payment.booked_on is None else business_day(payment.booked_on, entity.calendar, 2)


def reversal_day(payment: Payment) -> date | None:
    """The day the ledger undoes a payment that failed."""
    entity = ENTITY[payment.party.entity]
    if payment.outcome == "rejected":
        return business_day(payment.execution_date, entity.calendar, 1)
    if payment.outcome == "returned" and payment.returned_on is not None:
        return business_day(payment.returned_on, entity.calendar, 2)
    return None


def _clear(payment: Payment, on: date, partial: dict[int, list[Document]]) -> None:
    posting = payment.posting
    assert posting is not None  # noqa: S101  (payment runs post every payment)
    undone = reversal_day(payment)
    if undone is not None and undone <= on:
        undone = business_day(on, ENTITY[payment.party.entity].calendar, 1)
    whole = True
    for settlement in payment.settlements:
        item = settlement.document
        if settlement.amount > 0 and item.instalments > 1 and undone is None:
            item.applied.append((on, settlement.amount))
            if sum(amount for _, amount in item.applied) < item.amount:
                whole = False
                posting.applies_to = item
                partial[item.internal_id].append(posting)
                continue
            for earlier in partial.pop(item.internal_id, []):
                earlier.clearings.append(Clearing(posting.number, on))
        item.clearings.append(Clearing(posting.number, on, undone))
    if whole or undone is not None:
        posting.clearings.append(Clearing(posting.number, undone or on))
