"""The planted anomalies by name, collected once the world is built."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from simulation.group import ACCOUNT, LAST_DAY
from simulation.keys import line_key, open_item_key, party_key, payment_key
from simulation.model import Anomaly, Payment
from simulation.statements import DELIVERED_LATE
from simulation.world import World


def anomalies(world: World) -> list[Anomaly]:
    """Everything planted in documents, payments, lines and statements."""
    return [*_documents(world), *_payments(world), *_lines(world), *_statements(world), *_changes(world)]


def _documents(world: World) -> Iterator[Anomaly]:
    for item in world.items:
        key, money = open_item_key(item), (item.amount, item.currency)
        if item.duplicate_of is not None:
            original = item.duplicate_of
            same = item.reference == original.reference
            note = "same number" if same else f"{item.reference} for {original.reference}"
            if item.entity != original.entity:
                note = "entered in two systems"
            day = item.created_at.date()
            yield Anomaly(
                "duplicate_payment", "open_item", key, day, *money, related_id=open_item_key(original), note=note
            )
        if item.ledger != "payable" or item.kind != "invoice" or item.party.direct_debit:
            continue
        if item.never_scheduled:
            yield Anomaly("approved_not_scheduled", "open_item", key, item.due_date, *money)
        if item.approved_at is None and item.due_date < LAST_DAY:
            yield Anomaly("never_approved", "open_item", key, item.due_date, *money)
        if item.approved_at is not None and item.approved_at.date() > item.due_date:
            yield Anomaly("late_approval", "open_item", key, item.approved_at.date(), *money)


def _payments(world: World) -> Iterator[Anomaly]:
    for payment in world.payments:
        batch = payment.batch
        if batch is None or batch.message is None:
            continue
        key, money = payment_key(payment), (payment.amount, payment.currency)
        sent = batch.message.created_at.date()
        if payment.outcome == "rejected":
            yield Anomaly(
                "reject",
                "payment",
                key,
                sent,
                *money,
                related_id=_made_good(world, payment),
                note=payment.reason or "",
            )
        if not batch.message.is_acknowledged:
            note = "booked all the same" if payment.booked_on else "not booked either"
            yield Anomaly("sent_not_acknowledged", "payment", key, sent, *money, note=note)


def _made_good(world: World, payment: Payment) -> str | None:
    """The later payment of the same items."""
    first = payment.settlements[0].document
    for other in world.payments:
        if other.execution_date > payment.execution_date and any(s.document is first for s in other.settlements):
            return payment_key(other)
    return None


def _lines(world: World) -> Iterator[Anomaly]:
    for line in world.delivered_lines:
        money = (line.amount, ACCOUNT[line.account].currency)
        if line.kind == "unexplained":
            yield Anomaly("unreconciled_line", "bank_line", line_key(line), line.booking_date, *money)
        if line.returns is not None:
            note = f"{line.return_reason}; made good by {_made_good(world, line.returns)}"
            related = payment_key(line.returns)
            yield Anomaly(
                "return", "bank_line", line_key(line), line.booking_date, *money, related_id=related, note=note
            )


def _statements(world: World) -> Iterator[Anomaly]:
    """A statement that never came while later ones did is missing; an account whose last ones never came is stale."""
    for account in ACCOUNT:
        days = [s for s in world.statements if s.account == account]
        arrived = [s.day for s in days if s.delivered_at is not None]
        for statement in days:
            if (account, statement.day) in DELIVERED_LATE and statement.delivered_at is not None:
                note = f"delivered on {statement.delivered_at.date()}"
                yield Anomaly("late_statement", "account", account, statement.day, note=note)
            if statement.delivered_at is None and statement.day < arrived[-1]:
                yield Anomaly("missing_statement", "account", account, statement.day, related_id=statement.statement_id)
        if arrived[-1] < LAST_DAY - timedelta(days=1):
            yield Anomaly("stale_account", "account", account, arrived[-1], note="the last statement is of this day")


def _changes(world: World) -> Iterator[Anomaly]:
    for party in world.hurried_changes:
        account = party.accounts[-1]
        paid = [p for p in world.payments if p.party is party and p.account == account]
        if account.known_from is not None and paid:
            first = paid[0]
            yield Anomaly(
                "bank_detail_change",
                "counterparty_bank_account",
                f"{party_key(party)}|{account.identifier}",
                account.known_from,
                first.amount,
                first.currency,
                related_id=payment_key(first),
                note=f"changed by {account.changed_by}, to {account.identifier}",
            )
