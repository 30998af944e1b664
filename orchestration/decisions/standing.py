"""What holds of what was decided: approvals, refusals and undoings applied, each decision's state told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from orchestration.decisions.log import Decision, Entry


class State(StrEnum):
    """What a decision counts for."""

    HOLDS = "holds"
    WAITING = "waiting"  # for a second person
    DECLINED = "declined"
    UNDONE = "undone"


@dataclass(frozen=True)
class Standing:
    """A decision and what holds of it."""

    decision: Decision
    actor: str
    at: datetime
    origin: str
    state: State = State.HOLDS
    approved_by: str | None = None
    approved_at: datetime | None = None
    closed_by: str | None = None  # who declined or undid it
    closed_at: datetime | None = None
    closed_in: str | None = None  # the decision that did
    closed_why: str | None = None

    @property
    def stands(self) -> bool:
        """Whether it counts, or will once a second person agrees."""
        return self.state in (State.HOLDS, State.WAITING)


def standings(entries: Iterable[Entry], known_at: datetime | None = None) -> list[Standing]:
    """All decisions made up to `known_at`, oldest first, with their state.

    A decision that undoes another (an undoing, or taking apart a group that a person made) counts only as long as it
    holds itself, so that undoing it brings the other back. Approvals and refusals are final.
    """
    made = [
        Standing(decision, entry.actor, entry.at, entry.origin)
        for entry in entries
        if known_at is None or entry.at <= known_at
        for decision in entry.decisions
    ]
    about: dict[str, list[Standing]] = {}
    found = []
    for one in reversed(made):  # whatever is about a decision comes later: it is settled first
        settled = _settled(one, about.get(one.decision.decision_id, ()))
        if settled.decision.target is not None:
            about.setdefault(settled.decision.target, []).append(settled)
        found.append(settled)
    return found[::-1]


def _settled(one: Standing, said: Sequence[Standing]) -> Standing:
    """The state of a decision, given what was said about it, newest first."""
    if one.decision.needs_approval:
        one = replace(one, state=State.WAITING)
    for other in reversed(said):
        kind = other.decision.kind
        if kind == "approve" and one.state == State.WAITING:
            one = replace(one, state=State.HOLDS, approved_by=other.actor, approved_at=other.at)
        elif kind == "decline" and one.state == State.WAITING:
            one = _closed(one, State.DECLINED, other)
        elif kind not in ("approve", "decline") and other.state == State.HOLDS and one.stands:
            one = _closed(one, State.UNDONE, other)
    return one


def _closed(one: Standing, state: State, by: Standing) -> Standing:
    return replace(
        one, state=state, closed_by=by.actor, closed_at=by.at, closed_in=by.decision.decision_id,
        closed_why=by.decision.reason,
    )  # fmt: skip
