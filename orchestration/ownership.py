"""Who may say what (`config/ownership.yml`): authoritative systems of attributes, who may set which status, cut-overs.

The rules become the tables config.ownership, config.status_transition and config.cutover; the dbt models apply them.
A status of a payment that its system may not set does not count; every violation is a row of marts.ownership_violation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from ingestion.sources import Strict

System = str
Status = str

PAYMENT_STATUS: Mapping[Status, tuple[System, ...]] = {
    "created": ("hub",),
    "approved": ("hub",),
    "released": ("hub",),
    "sent": ("hub",),
    "acknowledged": ("bank", "hub"),
    "accepted": ("bank", "hub"),
    "executed": ("bank",),
    "rejected": ("bank", "hub"),
    "cancelled": ("hub", "bank"),
}
"""What is true of every payment: only a bank executes, only the hub releases."""

PAYMENT_TRANSITIONS: Mapping[Status, tuple[Status, ...]] = {
    "created": ("approved", "released", "sent", "acknowledged", "accepted", "rejected", "cancelled"),
    "approved": ("approved", "released", "sent", "acknowledged", "accepted", "rejected", "cancelled"),
    "released": ("sent", "acknowledged", "accepted", "executed", "rejected", "cancelled"),
    "sent": ("acknowledged", "accepted", "executed", "rejected", "cancelled"),
    "acknowledged": ("acknowledged", "accepted", "executed", "rejected", "cancelled"),
    "accepted": ("acknowledged", "accepted", "executed", "rejected", "cancelled"),
    "executed": ("executed", "rejected"),
    "rejected": ("rejected",),
    "cancelled": ("cancelled", "rejected"),
}
"""What may follow a status. A status repeated by a second system is no step; rejected after executed is a return."""


class Cutover(Strict):
    """A company moves from one ERP to another: from `cutover_date` the new one answers for the object, before it the old one."""

    entity: str
    object: Literal["open_item", "payable", "receivable"] = Field(
        default="open_item",
        description="open_item is both ledgers; payable and receivable may move on days of their own",
    )
    from_system: str = Field(description="source system the items came from")
    to_system: str = Field(description="source system that takes over")
    cutover_date: date


class Ownership(Strict):
    """`config/ownership.yml`. Without the file the defaults hold: who may set the status of a payment."""

    attributes: dict[str, dict[str, tuple[System, ...]]] = Field(
        default_factory=dict,
        description="object -> attribute -> systems, the authoritative one first, then the fallback",
    )
    status: dict[str, dict[Status, tuple[System, ...]]] = Field(
        default_factory=lambda: {"payment": dict(PAYMENT_STATUS)},
        description="object -> status -> systems that may set it",
    )
    transitions: dict[str, dict[Status, tuple[Status, ...]]] = Field(
        default_factory=lambda: {"payment": dict(PAYMENT_TRANSITIONS)},
        description="object -> status -> what may follow it",
    )
    cutover: tuple[Cutover, ...] = ()

    @model_validator(mode="after")
    def _a_cutover_is_between_two_systems_and_declared_once(self) -> Ownership:
        seen: set[tuple[str, str, str]] = set()
        for one in self.cutover:
            if one.from_system == one.to_system:
                raise ValueError(f"cutover of {one.entity}: from_system and to_system are both {one.from_system!r}")
            for ledger in ("payable", "receivable") if one.object == "open_item" else (one.object,):
                key = (one.entity, ledger, one.from_system)
                if key in seen:
                    raise ValueError(f"cutover of {one.entity} {ledger} from {one.from_system} is declared twice")
                seen.add(key)
        return self

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Rows of the three config tables, columns in their order there; `rank` 1 is the authoritative system."""
        owned: list[tuple[object, ...]] = []
        for thing, attributes in self.attributes.items():
            for attribute, systems in attributes.items():
                owned += [(thing, attribute, None, system, rank) for rank, system in enumerate(systems, start=1)]
        for thing, statuses in self.status.items():
            for status, systems in statuses.items():
                owned += [(thing, "status", status, system, rank) for rank, system in enumerate(systems, start=1)]
        steps: list[tuple[object, ...]] = [
            (thing, before, after)
            for thing, transitions in self.transitions.items()
            for before, allowed in transitions.items()
            for after in allowed
        ]
        moves: list[tuple[object, ...]] = [
            (one.entity, one.object, one.from_system, one.to_system, one.cutover_date) for one in self.cutover
        ]
        return {"ownership": owned, "status_transition": steps, "cutover": moves}
