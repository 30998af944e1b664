"""Payment runs: on each pay-run weekday an entity pays what is approved and due, or would lose its discount.

The loop over runs is sequential by nature: what one run pays, a reject or return hands to a later one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from simulation.calendars import business_day
from simulation.documents import Numbering
from simulation.group import ACCOUNT, DISBURSEMENT, ENTITIES, ENTITY, FIRST_DAY, FX_ACCOUNT, LAST_DAY, Entity
from simulation.model import ZERO, Document, Party, Payment, PaymentBatch, PaymentMessage, Settlement, money
from simulation.parties import bank_account

REJECT_SHARE = 0.008
RETURN_SHARE = 0.01
BATCH_BELOW = {"EUR": Decimal(3200), "CHF": Decimal(2800), "USD": Decimal(5000), "JPY": ZERO, "GBP": ZERO}
WIRE_FROM = Decimal(25000)
REASONS = ("AC04", "AC01", "AC06")
UNACKNOWLEDGED = {("CH01", date(2026, 9, 24)), ("US01", date(2026, 8, 12))}
"""Files never acknowledged: the money of the first does not move either, the second is booked all the same."""
LOST = {("CH01", date(2026, 9, 24))}
PLANTED_FAILURES = {
    ("DE01", date(2026, 7, 14)): "rejected",
    ("CH01", date(2026, 8, 6)): "rejected",
    ("DE01", date(2026, 8, 11)): "returned",
    ("US01", date(2026, 7, 22)): "returned",
    ("DE01", date(2026, 9, 25)): "rejected",
}
"""Runs whose smallest payment fails for certain: it is a member of a batch that the bank books as one entry.

The last one fails too late for another run to make it good."""
PAIN001 = {"DE01": "001.03", "US01": "001.09", "CH01": "001.09"}


@dataclass
class PaymentRuns:
    """The result: payment files in order of creation, and the ledgers' own payment documents."""

    messages: list[PaymentMessage] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


def run_days(entity: Entity) -> list[date]:
    """Pay-run days of an entity; a run that falls on a bank holiday moves to the next business day."""
    span = (LAST_DAY - FIRST_DAY).days + 1
    days = [FIRST_DAY + timedelta(days=i) for i in range(span)]
    moved = {business_day(day, entity.calendar) for day in days if day.weekday() in entity.run_weekdays}
    return sorted(day for day in moved if day <= LAST_DAY)


def execution_day(run: date, entity: Entity) -> date:
    """The business day after the run."""
    return business_day(run, entity.calendar, 1)


def takes(document: Document, run: date, following: date, entity: Entity) -> bool:
    """Whether a run pays an item: approved before, and due or losing its discount before the following run pays."""
    if document.never_scheduled or document.approved_at is None or document.approved_at.date() >= run:
        return False
    if document.not_before is not None and run < document.not_before:
        return False
    execution, next_execution = execution_day(run, entity), execution_day(following, entity)
    if document.due_date < next_execution:
        return True
    if document.not_before is not None and execution <= document.due_date:
        return True  # a payment failed: it is made up for at once
    return document.discount_date is not None and execution <= document.discount_date < next_execution


def planned_run(document: Document) -> date | None:
    """The run that will pay an item, if nothing happens to it."""
    entity = ENTITY[document.entity]
    days = run_days(entity)
    followers = [*days[1:], days[-1] + timedelta(days=7)]
    return next(
        (run for run, following in zip(days, followers, strict=True) if takes(document, run, following, entity)), None
    )


def build_payment_runs(rng: np.random.Generator, documents: list[Document], numbering: Numbering) -> PaymentRuns:
    """Run all payment runs of the window, oldest first."""
    result = PaymentRuns()
    payables = [d for d in documents if d.ledger == "payable" and not d.party.direct_debit]
    runs = sorted((day, entity.id) for entity in ENTITIES for day in run_days(entity))
    for run, entity_id in runs:
        entity = ENTITY[entity_id]
        following = next((day for day, other in runs if other == entity_id and day > run), run + timedelta(days=7))
        due = [
            d
            for d in payables
            if d.entity == entity_id and d.kind == "invoice" and d.remaining > 0 and takes(d, run, following, entity)
        ]
        memos = [
            d
            for d in payables
            if d.entity == entity_id
            and d.kind == "credit_memo"
            and d.remaining > 0
            and d.approved_at is not None
            and d.approved_at.date() < run
        ]
        payments = _payments(run, entity, due, memos)
        if payments:
            _draw_outcomes(rng, run, entity, payments)
            result.documents += [_post(payment, run, numbering) for payment in payments]
            result.messages += _messages(run, entity, payments)
    return result


def _payments(run: date, entity: Entity, due: list[Document], memos: list[Document]) -> list[Payment]:
    groups: dict[tuple[str, str, str], list[Document]] = defaultdict(list)
    for document in sorted(due, key=lambda d: d.number):
        single = "" if document.party.collective and document.instalments == 1 else document.number
        groups[document.party.source_id, document.currency, single].append(document)
    open_memos = defaultdict(list)
    for memo in sorted(memos, key=lambda d: d.number):
        open_memos[memo.party.source_id, memo.currency].append(memo)
    payments = []
    execution = execution_day(run, entity)
    for (supplier, currency, _), items in groups.items():
        settlements = [_settlement(item, execution) for item in items]
        cash = sum((s.cash for s in settlements), ZERO)
        if items[0].instalments == 1 and items[0].payment_reference is None:
            for memo in list(open_memos[supplier, currency]):
                if memo.remaining < cash / 2:
                    settlements.append(Settlement(memo, -memo.remaining))
                    cash -= memo.remaining
                    open_memos[supplier, currency].remove(memo)
        payments.append(_payment(run, entity, items[0].party, currency, cash, settlements))
    return payments


def _settlement(item: Document, execution: date) -> Settlement:
    if item.instalments > 1:
        part = money(item.amount / item.instalments, item.currency)
        amount = item.remaining if item.remaining - part < part / 2 else part
        return Settlement(item, amount)
    in_time = item.discount_date is not None and execution <= item.discount_date
    return Settlement(item, item.remaining, item.discount_amount if in_time else ZERO)


def _payment(
    run: date, entity: Entity, party: Party, currency: str, cash: Decimal, settlements: list[Settlement]
) -> Payment:
    own = party.pay_from or DISBURSEMENT.get((entity.id, currency)) or FX_ACCOUNT[entity.id]
    single = settlements[0].document if len(settlements) == 1 else None
    for settlement in settlements:
        settlement.document.paid += abs(settlement.amount)
    return Payment(
        party=party,
        account=party.account_on(run),
        own_account=own,
        amount=cash,
        currency=currency,
        execution_date=execution_day(run, entity),
        settlements=settlements,
        text=_remittance_text(settlements),
        structured_reference=single.payment_reference if single is not None and single.instalments == 1 else None,
    )


def _remittance_text(settlements: list[Settlement]) -> str:
    """The suppliers' invoice numbers in at most 140 characters, as a payment run fills the field."""
    words: list[str] = []
    for index, settlement in enumerate(settlements):
        word = settlement.document.reference
        if settlement.amount < settlement.document.amount and settlement.amount > 0 and settlement.discount == 0:
            word += " TEIL"
        if sum(map(len, words)) + len(words) + len(word) > 128:
            words.append(f"+{len(settlements) - index}")
            break
        words.append(word)
    return " ".join(words)


def _draw_outcomes(rng: np.random.Generator, run: date, entity: Entity, payments: list[Payment]) -> None:
    # what goes wrong must have time to come back; of a file without an answer nothing is known
    calm = run > LAST_DAY - timedelta(days=12) or (entity.id, run) in UNACKNOWLEDGED
    smallest = min(payments, key=lambda p: (p.amount, p.end_to_end_id))
    for payment in payments:
        draw = rng.random()
        planted = PLANTED_FAILURES.get((entity.id, run)) if payment is smallest else None
        if planted is not None:
            draw = 0.0 if planted == "rejected" else REJECT_SHARE
        if (entity.id, run) in LOST:
            payment.outcome = "waiting"
        elif planted is None and (calm or draw >= REJECT_SHARE + RETURN_SHARE):
            continue
        else:
            foreign = (
                payment.currency != ACCOUNT[payment.own_account].currency
            )  # a return of those is a matter of its own
            payment.outcome = "rejected" if draw < REJECT_SHARE or foreign else "returned"
            payment.reason = REASONS[int(rng.integers(len(REASONS)))]
            _hand_to_later_run(rng, run, payment)


def _hand_to_later_run(rng: np.random.Generator, run: date, payment: Payment) -> None:
    """The items are unpaid again; the supplier's account is corrected before a later run takes them."""
    again = business_day(run, ENTITY[payment.party.entity].calendar, 6 if payment.outcome == "returned" else 3)
    for settlement in payment.settlements:
        settlement.document.paid -= abs(settlement.amount)
        settlement.document.not_before = again
    party = payment.party
    if payment.reason in ("AC01", "AC04"):
        changed = bank_account(rng, party.country, party.currency, known_from=again - timedelta(days=1))
        party.accounts.append(replace(changed, changed_by="A.BERGER"))


def _post(payment: Payment, run: date, numbering: Numbering) -> Document:
    """The ledger's payment document; its number makes the end-to-end id."""
    entity = ENTITY[payment.party.entity]
    gross = sum((s.amount for s in payment.settlements), ZERO)
    document = Document(
        entity=entity.id,
        ledger="payable",
        kind="payment",
        party=payment.party,
        amount=gross,
        currency=payment.currency,
        document_date=run,
        due_date=run,
        terms=payment.party.terms,
        reference="",
        created_at=datetime.combine(run, time(9, 30)),
        created_by="PAYRUN",
        text="Zahlung",
    )
    numbering.assign(document)
    payment.end_to_end_id = (
        f"{document.number}{entity.company_code}{run:%y}" if entity.erp == "sap" else document.number
    )
    payment.instruction_id = f"{entity.id}{run:%y%m%d}{document.internal_id}"
    payment.posting = document
    document.assignment = payment.end_to_end_id
    document.reference = payment.end_to_end_id
    return document


def scheme(payment: Payment) -> str:
    """How a bank carries a payment."""
    own = ACCOUNT[payment.own_account]
    if payment.currency != own.currency or payment.party.country == "GB":
        return "INTL"
    if own.currency == "EUR":
        return "SEPA"
    if own.currency == "USD":
        return "WIRE" if payment.amount >= WIRE_FROM else "ACH"
    return "DOMESTIC"


def _messages(run: date, entity: Entity, payments: list[Payment]) -> list[PaymentMessage]:
    """One file a bank, a payment information block per account, scheme and way of booking."""
    blocks: dict[tuple[str, str, str, bool], list[Payment]] = defaultdict(list)
    for payment in payments:
        way = scheme(payment)
        together = (
            way in ("SEPA", "ACH", "DOMESTIC") and payment.amount < BATCH_BELOW[ACCOUNT[payment.own_account].currency]
        )
        blocks[ACCOUNT[payment.own_account].bank, payment.own_account, way, together].append(payment)
    messages: dict[str, PaymentMessage] = {}
    zone = ZoneInfo(entity.timezone)
    for (bank, own_account, way, together), members in sorted(blocks.items()):
        if bank not in messages:
            created = datetime.combine(run, time(10, 5 + 7 * len(messages), 12), zone)
            name = f"{entity.id}-{run:%Y%m%d}-{bank[:5].upper()}"
            messages[bank] = PaymentMessage(name, entity.id, bank, PAIN001[entity.id], created, [])
            messages[bank].is_acknowledged = (entity.id, run) not in UNACKNOWLEDGED
        message = messages[bank]
        batch = PaymentBatch(
            f"{message.message_id}-{len(message.batches) + 1}",
            own_account,
            members[0].execution_date,
            together,
            way,
            members,
            message,
        )
        message.batches.append(batch)
        for payment in members:
            payment.batch = batch
    for message in messages.values():
        for ordinal, payment in enumerate(message.payments, start=1):
            payment.transaction_number = ordinal
    return list(messages.values())
