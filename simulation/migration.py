"""The Swiss company moves from Dynamics to the group's SAP: what was open is loaded there, and both systems know it.

From the cut-over date on the SAP record is the item (config/ownership.yml of the demo names it). Until the world ends
both systems go on telling of it: the months of parallel operation every migration has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from simulation.extracts import EXTRACT_AT, ItemState, state_on
from simulation.group import ENTITY, LAST_DAY
from simulation.model import Document, Party

MOVED_ENTITY = "CH01"
NEW_SYSTEM, NEW_COMPANY_CODE = "sap", "3000"
LOADED_FROM = date(2026, 9, 25)
"""The last extract of the old system: what is open in it is loaded into the new one."""
CUTOVER = date(2026, 9, 28)
_FIRST_NUMBER = 5300000000
_FIRST_SUPPLIER = 270000


def move(documents: Iterable[Document]) -> list[Document]:
    """Give each item of the company's payables that is open on the day of the load its number in the new system."""
    moved: list[Document] = []
    for document in documents:
        if (document.entity, document.ledger) != (MOVED_ENTITY, "payable") or document.kind == "payment":
            continue
        if document.posting_date <= LOADED_FROM and not state_on(document, LOADED_FROM).is_cleared:
            document.moved_to = str(_FIRST_NUMBER + len(moved) + 1)
            moved.append(document)
    return moved


def load_days() -> list[date]:
    """The days on which the new system is extracted: at cut-over and until the world ends."""
    return [date.fromordinal(day) for day in range(CUTOVER.toordinal(), LAST_DAY.toordinal() + 1)]


def load_moment(day: date) -> datetime:
    """When the new system is extracted on a day."""
    zone = ZoneInfo(ENTITY[MOVED_ENTITY].timezone)
    return datetime.combine(day, time(EXTRACT_AT.hour, 30), zone)


def new_supplier(party: Party) -> Party:
    """A supplier under its number in the new system."""
    return replace(party, source_id=f"{_FIRST_SUPPLIER + int(party.source_id.rpartition('-')[2]):010d}")


def new_state(document: Document, day: date) -> ItemState:
    """A moved item as the new system shows it: its own number and supplier, no order, the rest as it was."""
    state = state_on(document, day)
    twin = replace(
        document,
        number=str(document.moved_to),
        party=new_supplier(document.party),
        purchase_order=None,
        clearings=document.clearings,
        applied=document.applied,
    )
    return replace(state, document=twin)
