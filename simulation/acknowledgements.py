"""What banks answer to payment files (pain.002), and what the payment hub logs on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from simulation.group import BANK, ENTITY, LAST_DAY, LAST_MOMENT
from simulation.model import ZERO, HubEvent, PaymentMessage, StatusReport

RELEASERS = {"DE01": ("h.brandt", "c.vogel"), "US01": ("rpatel", "mjordan"), "CH01": ("s.huber", "p.gerber")}


def build_reports(rng: np.random.Generator, messages: list[PaymentMessage]) -> list[StatusReport]:
    """Status reports in order of creation; a batch is named only where all of it has one status, a reject always."""
    reports: list[StatusReport] = []
    for message in messages:
        if not message.is_acknowledged:
            continue
        bank = BANK[message.bank]
        zone = ZoneInfo(bank.timezone)
        received = (message.created_at + timedelta(minutes=int(rng.integers(28, 45)))).astimezone(zone)
        reports.append(StatusReport(_report_id(bank.id, received, 1, message), message, received, "ACTC"))
        checked = received + timedelta(minutes=int(rng.integers(60, 200)))
        rejected = [p for p in message.payments if p.outcome == "rejected"]
        statuses = []
        for batch in message.batches:
            failed = sum(p.outcome == "rejected" for p in batch.payments)
            statuses.append((batch, "ACSP" if not failed else ("RJCT" if failed == len(batch.payments) else "PART")))
        transactions = tuple((p, "RJCT", p.reason or "AC01") for p in rejected)
        group = None if rejected else "ACCP"
        reports.append(
            StatusReport(
                _report_id(bank.id, checked, 2, message), message, checked, group, tuple(statuses), transactions
            )
        )
        if bank.says_settled:
            reports += _settled(message, zone)
    return sorted(reports, key=lambda report: (report.created_at, report.report_id))


def _report_id(bank: str, at: datetime, step: int, message: PaymentMessage) -> str:
    return f"{bank[:4].upper()}{at:%y%m%d%H%M}{step}{message.entity}"


def _settled(message: PaymentMessage, zone: ZoneInfo) -> list[StatusReport]:
    """On the evening of the execution day the bank says of each whole batch that it is settled."""
    day = message.batches[0].execution_date
    if day > LAST_DAY:
        return []
    at = datetime.combine(day, time(19, 30), zone)
    whole = tuple((b, "ACSC") for b in message.batches if all(p.outcome != "rejected" for p in b.payments))
    return [StatusReport(_report_id(message.bank, at, 3, message), message, at, None, whole)] if whole else []


def build_hub_events(messages: list[PaymentMessage], reports: list[StatusReport]) -> list[HubEvent]:
    """The hub's log of every file: created, approved by two people, sent, and what came back."""
    events: list[HubEvent] = []
    for message in messages:
        events += _outgoing(message)
    for report in reports:
        events += _incoming(report)
    events = [event for event in events if event.at <= LAST_MOMENT]
    events.sort(key=lambda e: (e.at.timestamp(), e.message_id, e.event, e.end_to_end_id or ""))
    return [replace(event, event_id=f"HUB{number:07d}") for number, event in enumerate(events, start=1)]


def _outgoing(message: PaymentMessage) -> list[HubEvent]:
    first, second = RELEASERS[message.entity]
    currencies = {p.currency for p in message.payments}
    steps = (
        ("created", 0, ENTITY[message.entity].erp),
        ("approved", 6, first),
        ("approved", 17, second),
        ("released", 18, second),
        ("sent", 21, "hub"),
    )
    events = [
        HubEvent("", event, message.created_at + timedelta(minutes=minutes), message.message_id, message.bank, actor)
        for event, minutes, actor in steps
    ]
    if len(currencies) == 1:  # a total over several currencies is no amount
        total: Decimal = sum((p.amount for p in message.payments), ZERO)
        events[0] = replace(events[0], amount=total, currency=min(currencies))
    return events


def _incoming(report: StatusReport) -> list[HubEvent]:
    message, at = report.message, report.created_at + timedelta(minutes=2)
    events = []
    if report.group_status == "ACTC":
        events.append(HubEvent("", "acknowledged", at, message.message_id, message.bank, message.bank))
    for payment, _, reason in report.transactions:
        events.append(
            HubEvent(
                event_id="",
                event="rejected",
                at=at,
                message_id=message.message_id,
                bank=message.bank,
                actor=message.bank,
                payment_information_id=payment.batch.payment_information_id if payment.batch else None,
                end_to_end_id=payment.end_to_end_id,
                amount=payment.amount,
                currency=payment.currency,
                reason=reason,
            )
        )
    return events
