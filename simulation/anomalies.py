"""What is planted on purpose, for the warehouse to find: duplicates, forgotten invoices, hurried changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import numpy as np

from simulation.calendars import business_day
from simulation.documents import APPROVERS
from simulation.group import ENTITY, LAST_DAY
from simulation.model import Document, Party
from simulation.parties import bank_account
from simulation.payment_runs import planned_run

EXACT_DUPLICATES = 4
NEAR_DUPLICATES = 3
CROSS_SYSTEM_DUPLICATES = 1
FORGOTTEN = 8
HURRIED_CHANGES = 3
INSTALMENT_INVOICES = 5


def plant(
    rng: np.random.Generator, parties: list[Party], documents: list[Document]
) -> tuple[list[Document], list[Party]]:
    """Plant anomalies among the payables.

    Returns the invoices entered a second time (to be added to the documents) and the suppliers whose bank details
    change right before they are paid; forgotten and instalment invoices are marked in place.
    """
    payable = [
        d
        for d in documents
        if d.ledger == "payable" and d.kind == "invoice" and not d.party.direct_debit and d.approved_at is not None
    ]
    planned = [(d, planned_run(d)) for d in payable]
    early = [d for d, run in planned if run is not None and run <= LAST_DAY - timedelta(days=35)]
    taken: set[int] = set()

    def pick(candidates: list[Document], count: int) -> list[Document]:
        free = [d for d in candidates if id(d) not in taken]
        chosen = [free[int(i)] for i in rng.permutation(len(free))[:count]]
        taken.update(map(id, chosen))
        return chosen

    duplicates = [_again(rng, d, d.party, d.reference) for d in pick(early, EXACT_DUPLICATES)]
    duplicates += [_again(rng, d, d.party, _mistyped(d.reference)) for d in pick(early, NEAR_DUPLICATES)]
    twins = {p.same_as: p for p in parties if p.same_as}
    shared = [d for d in early if d.party.key in twins and d.currency == twins[d.party.key].currency]
    duplicates += [_again(rng, d, twins[d.party.key], d.reference) for d in pick(shared, CROSS_SYSTEM_DUPLICATES)]
    late = [d for d, run in planned if run is not None and run <= LAST_DAY - timedelta(days=6)]
    for document in pick(late, FORGOTTEN):
        document.never_scheduled = True
    large = sorted((d for d in early if d.discount_date is None), key=lambda d: (-d.amount, d.reference))[:60]
    for document in pick(large, INSTALMENT_INVOICES):
        document.instalments = 2
    return duplicates, _hurried_changes(rng, planned)


def _again(rng: np.random.Generator, document: Document, party: Party, reference: str) -> Document:
    """The same invoice entered once more some days later, by another channel."""
    entered = business_day(
        document.created_at.date() + timedelta(days=int(rng.integers(2, 9))), ENTITY[party.entity].calendar
    )
    created = datetime.combine(entered, time(int(rng.integers(9, 16)), 20))
    approved = business_day(entered, ENTITY[party.entity].calendar, int(rng.integers(1, 3)))
    return replace(
        document,
        entity=party.entity,
        party=party,
        reference=reference,
        created_at=created,
        created_by="SCAN",
        submitted_at=created + timedelta(minutes=30),
        approved_at=datetime.combine(approved, time(15, 10)),
        approved_by=APPROVERS[party.entity][0],
        due_date=max(document.due_date, entered + timedelta(days=3)),
        discount_amount=document.discount_amount * 0,
        discount_percent=document.discount_percent * 0,
        discount_date=None,
        duplicate_of=document,
        clearings=[],
        applied=[],
    )


def _mistyped(reference: str) -> str:
    """The number as a clerk types it from paper: separators lost, a leading zero of the number too."""
    plain = reference.replace("-", "").replace("/", "")
    return (
        plain
        if plain != reference
        else reference.replace("0", "O", 1)
        if "0" in reference
        else f"{reference[:-1]}-{reference[-1]}"
    )


def _hurried_changes(rng: np.random.Generator, planned: list[tuple[Document, date | None]]) -> list[Party]:
    """Bank details changed the day before a late payment run, all by the same user."""
    recent = [
        (d, run)
        for d, run in planned
        if run is not None
        and LAST_DAY - timedelta(days=24) < run < LAST_DAY - timedelta(days=3)
        and len(d.party.accounts) == 1
        and d.party.same_as is None
    ]
    changed: list[Party] = []
    for index in rng.permutation(len(recent)):
        document, run = recent[int(index)]
        if run is None or document.party in changed:
            continue
        known_from = business_day(run, ENTITY[document.entity].calendar, -1)
        account = bank_account(rng, document.party.country, document.party.currency, known_from=known_from)
        document.party.accounts.append(replace(account, changed_by="T.VOSS"))
        changed.append(document.party)
        if len(changed) == HURRIED_CHANGES:
            break
    return changed
