"""What holds of a list of decisions, whoever has said what about them."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestration.decisions.log import Decision, Entry, Kind, parse_decision_id
from orchestration.decisions.standing import State, standings


def said(*acts: tuple[str, Kind, str | None, bool]) -> dict[str, State]:
    """Acts of (actor, kind, which decision it is about, needs approval), an hour apart: decision -> what holds of it."""
    entries = [
        Entry(
            entry=number, previous="", at=datetime(2026, 9, 30, number, tzinfo=UTC), actor=actor, origin="test",
            decisions=(
                Decision(decision_id=f"D{number:06d}", kind=kind, about="this", target=target, needs_approval=needs),
            ),
        )
        for number, (actor, kind, target, needs) in enumerate(acts, start=1)
    ]  # fmt: skip
    return {one.decision.decision_id[-1]: one.state for one in standings(entries)}


FIRST = "D000001"
HOLDS, WAITING, DECLINED, UNDONE = State.HOLDS, State.WAITING, State.DECLINED, State.UNDONE


def test_a_decision_holds_until_it_is_undone() -> None:
    assert said(("ada", "match", None, False), ("ada", "undo", FIRST, False)) == {"1": UNDONE, "2": HOLDS}


def test_undoing_what_undid_it_brings_it_back() -> None:
    acts = (("ada", "match", None, False), ("bob", "unmatch", FIRST, False), ("ada", "undo", "D000002", False))
    assert said(*acts) == {"1": HOLDS, "2": UNDONE, "3": HOLDS}


def test_a_decision_waits_until_it_is_approved_or_declined() -> None:
    waiting: tuple[str, Kind, str | None, bool] = ("ada", "write_off", None, True)
    assert said(waiting) == {"1": WAITING}
    assert said(waiting, ("bob", "approve", FIRST, False))["1"] == HOLDS
    assert said(waiting, ("bob", "decline", FIRST, False))["1"] == DECLINED
    assert said(waiting, ("bob", "decline", FIRST, False), ("eve", "approve", FIRST, False))["1"] == DECLINED


def test_an_undoing_that_waits_changes_nothing_yet() -> None:
    acts = (("ada", "match", None, False), ("ada", "undo", FIRST, True), ("bob", "approve", "D000002", False))
    assert said(*acts[:2])["1"] == HOLDS
    assert said(*acts)["1"] == UNDONE


def test_a_number_may_be_typed_as_people_type_it() -> None:
    assert [parse_decision_id(text) for text in ("D17", "d000017", " 17 ", "17a", "")] == ["D000017"] * 3 + [None, None]
