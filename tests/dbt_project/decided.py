"""Rows about what people decided: pairs of counterparties, rows of the exception queue, matches by hand."""

from __future__ import annotations

from governance import supplier
from small_warehouse import SmallWarehouse, Value

MOMENT = "2026-09-30 10:00:00+00"
IGNORED_ROW = "3b6dc61d55ee9dd629f6caddc131fab9"  # the gap between two statements


def pair(decision_id: str, one: str, other: str, is_same: bool) -> dict[str, Value]:
    return {
        "counterparty_id": one,
        "other_id": other,
        "is_same": is_same,
        "decision_id": decision_id,
        "actor": "ada",
        "decided_at": MOMENT,
        "reason": "asked them",
    }


def decision(number: int, kind: str, **more: Value) -> dict[str, Value]:
    return {
        "decision_id": f"D{number:06d}",
        "kind": kind,
        "state": "holds",
        "actor": "ada",
        "decided_at": MOMENT,
        "reason": "seen",
        "about": "this",
        "needs_approval": False,
        "origin": "command line",
    } | more


def deliver_decisions(warehouse: SmallWarehouse) -> None:
    """Three parties of one VAT id of which a person told two apart, and two that only a person joins."""
    one_id = {"vat_id": "FR12345678901", "country": "FR"}
    warehouse.deliver(
        "party1",
        "sap",
        "sap",
        "2026-09-21 10:00:00+00",
        [
            supplier("sap", "P1", "Premier SA", **one_id),
            supplier("netsuite", "P2", "Deuxieme SA", **one_id),
            supplier("oracle", "P3", "Troisieme SA", **one_id),
            supplier("sap", "Q1", "Quinta SA"),
            supplier("netsuite", "Q2", "Quinta SA"),
        ],
    )
    warehouse.insert(
        "config.counterparty_decision",
        pair("D000001", "netsuite|supplier|P2", "sap|supplier|P1", False),
        pair("D000002", "netsuite|supplier|Q2", "sap|supplier|Q1", True),
        pair("D000003", "netsuite|supplier|P2", "sap|supplier|gone", False),
    )
    warehouse.insert(
        "matching.decision",
        decision(4, "ignore", exception_id=IGNORED_ROW, until="2026-10-15"),
        decision(5, "ignore", exception_id="28ec4e9580b79025535ee3db3d296401", until="2026-09-30"),  # over
        decision(6, "confirm", state="waiting", needs_approval=True, amount="9", currency="CHF"),
        decision(7, "match", amount="100", currency="EUR", approved_by="grace", needs_approval=True),
        decision(8, "undo", target="D000009"),
        decision(9, "write_off", state="undone", closed_by="ada", closed_in="D000008", closed_why="seen"),
    )
    warehouse.insert(
        "matching.decision_item",
        {"decision_id": "D000006", "dataset": "open_items", "item_id": "dynamics|CHCO|D3||", "amount": "-9"},
        {"decision_id": "D000007", "dataset": "open_items", "item_id": "gone", "amount": "-100"},
    )
    warehouse.insert(
        "matching.decision_effect", {"decision_id": "D000007", "lapsed": "open_items gone is no longer there"}
    )
