"""The world: a group of companies over ninety days, built from a seed and nothing else.

`build_world` is pure: the same seed gives the same world, whatever the clock, the machine or the order of calls. Each
topic draws from its own stream of random numbers, so that a change in one does not move the draws of the others. The
topic modules loop over documents and days in Python on purpose: what a day brings depends on the days before, and the
world is small; `simulation.scale` makes large data, vectorised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from simulation.acknowledgements import build_hub_events, build_reports
from simulation.anomalies import plant
from simulation.bookings import book_payments
from simulation.clearing import clear_payables
from simulation.documents import Numbering, build_documents, number_documents
from simulation.fx import Rates, build_rates
from simulation.group import ACCOUNT, FIRST_DAY, LAST_DAY, LAST_MOMENT
from simulation.migration import move
from simulation.model import (
    BankLine,
    BankStatement,
    Document,
    HubEvent,
    Party,
    Payment,
    PaymentMessage,
    StatusReport,
)
from simulation.parties import build_parties
from simulation.payment_runs import build_payment_runs
from simulation.purchasing import Purchasing, build_purchasing
from simulation.receipts import build_receipts
from simulation.statements import build_statements
from simulation.treasury import build_direct_debits, build_flows

DEFAULT_SEED = 20260930


@dataclass
class World:
    """Everything that happened between the first and the last day."""

    seed: int
    first_day: date
    last_day: date
    parties: list[Party]
    documents: list[Document]  # items and the ledgers' payment documents, in order of entry
    messages: list[PaymentMessage]
    reports: list[StatusReport]
    hub_events: list[HubEvent]
    lines: list[BankLine]
    statements: list[BankStatement]
    rates: Rates
    purchasing: Purchasing
    moved: list[Document]  # items that the company loaded into its new ERP
    hurried_changes: list[Party] = field(default_factory=list)

    @property
    def payments(self) -> list[Payment]:
        """All payments in order of their files."""
        return [payment for message in self.messages for payment in message.payments]

    @property
    def delivered_lines(self) -> list[BankLine]:
        """Bank lines whose statement arrived."""
        return [line for line in self.lines if line.statement is not None and line.statement.delivered_at is not None]

    @staticmethod
    def currency(account: str) -> str:
        """The currency of an own account."""
        return ACCOUNT[account].currency

    @property
    def items(self) -> list[Document]:
        """Invoices and credit memos: what money settles."""
        return [document for document in self.documents if document.kind != "payment"]


def build_world(seed: int = DEFAULT_SEED) -> World:
    """The world of a seed."""

    def stream(topic: int) -> np.random.Generator:
        return np.random.default_rng([seed, topic])

    parties = build_parties(stream(1))
    documents = build_documents(stream(2), parties)
    duplicates, hurried = plant(stream(3), parties, documents)
    documents += duplicates
    numbering = Numbering()
    number_documents(documents, numbering)
    rates = build_rates(stream(4))
    runs = build_payment_runs(stream(5), documents, numbering)
    lines = book_payments(stream(6), runs.messages, rates)
    clear_payables(runs.messages)
    receipt_lines, receipts = build_receipts(stream(7), documents, numbering)
    debit_lines, debits = build_direct_debits(stream(8), documents, numbering)
    lines += receipt_lines + debit_lines + build_flows(stream(9), rates)
    statements = build_statements(lines)
    reports = build_reports(stream(10), runs.messages)
    reports = [report for report in reports if report.created_at <= LAST_MOMENT]
    everything = sorted(
        documents + runs.documents + receipts + debits, key=lambda d: (d.created_at, d.entity, d.internal_id)
    )
    return World(
        seed=seed,
        first_day=FIRST_DAY,
        last_day=LAST_DAY,
        parties=parties,
        documents=everything,
        messages=runs.messages,
        reports=reports,
        hub_events=build_hub_events(runs.messages, reports),
        lines=[line for statement in statements for line in statement.lines],
        statements=statements,
        rates=rates,
        purchasing=build_purchasing(stream(11), documents),
        moved=move(everything),
        hurried_changes=hurried,
    )
