"""When the ERPs are extracted, and what of them an extract shows.

Extracts are taken on the first day, every Friday and the last three days, at 17:00 local time: the items open then, and
those that changed since the extract before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulation.group import ENTITY, FIRST_DAY, LAST_DAY
from simulation.model import ZERO, Document

EXTRACT_AT = time(17, 0)


def first_shown(at: datetime) -> date:
    """The day whose extract is the first that can show a step: one taken later than the extract is told the day after."""
    return at.date() + timedelta(days=int(at.time() > EXTRACT_AT))


@dataclass(frozen=True)
class Extract:
    """A moment at which an entity's ERP is read, and the day of the reading before it."""

    entity: str
    day: date
    since: date | None

    @property
    def at(self) -> datetime:
        """The local moment."""
        return datetime.combine(self.day, EXTRACT_AT, ZoneInfo(ENTITY[self.entity].timezone))


def extracts(entity: str) -> list[Extract]:
    """All extracts of an entity, oldest first."""
    span = (LAST_DAY - FIRST_DAY).days
    days = [FIRST_DAY + timedelta(days=i) for i in range(span + 1)]
    chosen = [d for d in days if d in (FIRST_DAY, LAST_DAY) or d.weekday() == 4 or LAST_DAY - d <= timedelta(days=2)]
    return [Extract(entity, day, chosen[index - 1] if index else None) for index, day in enumerate(chosen)]


@dataclass(frozen=True)
class ItemState:
    """A document as its ERP shows it in an extract of a day."""

    document: Document
    clearing_document: str | None
    clearing_date: date | None
    open_amount: Decimal
    is_approved: bool

    @property
    def is_cleared(self) -> bool:
        """Whether the item is cleared."""
        return self.clearing_document is not None


def state_on(document: Document, day: date) -> ItemState:
    """The state of a document in the extract of a day. Bookings of the day are in it, approvals until its hour."""
    clearing = document.clearing_on(day)
    applied = sum((amount for on, amount in document.applied if on <= day), ZERO)
    approved = document.approved_at is not None and first_shown(document.approved_at) <= day
    return ItemState(
        document,
        clearing.document if clearing else None,
        clearing.on if clearing else None,
        ZERO if clearing else document.amount - applied,
        approved,
    )


def visible(documents: Iterable[Document], extract: Extract, ledger: str) -> list[ItemState]:
    """What an extract of a sub-ledger shows: entered items that are open, or changed since the extract before."""
    states = []
    for document in documents:
        if document.entity != extract.entity or document.ledger != ledger or document.posting_date > extract.day:
            continue
        state = state_on(document, extract.day)
        changed = any(
            (extract.since is None or day > extract.since) and day <= extract.day for day in document.changes()
        )
        if not state.is_cleared or changed:
            states.append(state)
    return states
