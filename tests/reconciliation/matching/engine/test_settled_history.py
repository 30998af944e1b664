"""What was settled long ago is history: a run looks at what is open and what is recent."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from example_items import items

from reconciliation.matching import Ledger, match, match_leg, preset
from reconciliation.matching.ledger import new_ledger
from reconciliation.matching.settled_history import without_history

RULES = preset("payables")
NEW_YEAR = date(2025, 1, 1)
OLD, RECENT = date(2024, 3, 1), date(2025, 2, 1)
World = dict[str, pl.DataFrame]


def _paid(number: int, when: date, paid: int = 100, invoiced: int = 100) -> World:
    """An invoice, its payment and the bank line of the payment."""
    amount: dict[str, object] = {"amount": -paid, "date": when, "account": "A1", "references": [f"E2E-0000-{number}"]}
    return {
        "bank_lines": items(amount | {"item_id": f"L{number}"}),
        "payments": items(amount | {"item_id": f"P{number}", "text": f"INV-7000-{number}"}),
        "open_items": items(
            {"item_id": f"I{number}", "amount": -invoiced, "date": when, "references": [f"INV-7000-{number}"]}
        ),
    }


def _together(*worlds: World) -> World:
    return {name: pl.concat(world[name] for world in worlds) for name in RULES.datasets}


def _left(world: World, before: date = NEW_YEAR) -> list[str]:
    result = match(world, RULES)
    rest = without_history(world, Ledger(result.groups, result.items), RULES, before)
    return sorted(name for frame in rest.values() for name in frame["item_id"])


def test_what_is_paid_booked_and_old_is_left_out_and_what_is_recent_stays() -> None:
    assert _left(_together(_paid(1, OLD), _paid(2, RECENT))) == ["I2", "L2", "P2"]


def test_what_is_open_stays_however_old() -> None:
    unpaid = _paid(3, OLD) | {
        "payments": _paid(4, OLD)["payments"].clear(),
        "bank_lines": _paid(4, OLD)["bank_lines"].clear(),
    }
    assert _left(_together(_paid(1, OLD), unpaid)) == ["I3"]


def test_an_item_stays_as_long_as_something_it_was_settled_with_is_not_done() -> None:
    not_booked = _paid(3, OLD) | {"bank_lines": _paid(4, OLD)["bank_lines"].clear()}
    partly_paid = _paid(5, OLD, paid=100, invoiced=250)
    assert _left(_together(_paid(1, OLD), not_booked, partly_paid)) == ["I3", "I5", "L5", "P3", "P5"]


def test_a_young_partner_keeps_an_old_item() -> None:
    late = _paid(3, OLD) | {"bank_lines": _paid(3, RECENT)["bank_lines"]}
    assert _left(late) == ["I3", "L3", "P3"]
    assert _left(late, before=date(2026, 1, 1)) == []


def test_nothing_is_old_enough() -> None:
    world = _paid(1, OLD)
    assert without_history(world, Ledger.empty(), RULES, OLD) == world


@pytest.mark.parametrize("leg", [leg.name for leg in RULES.legs])
def test_a_run_without_history_changes_nothing_in_it(leg: str) -> None:
    world = _together(*(_paid(number, OLD) for number in range(1, 6)), _paid(7, RECENT))
    before = match(_together(*(_paid(number, OLD) for number in range(1, 6))), RULES)
    ledger = Ledger(before.groups, before.items)
    rest = without_history(world, ledger, RULES, NEW_YEAR)
    change = new_ledger(
        ledger,
        pl.DataFrame(schema={"group_id": pl.String, "reason": pl.String}),
        match_leg(leg, rest, RULES, ledger=ledger),
    )
    whole = new_ledger(
        ledger,
        pl.DataFrame(schema={"group_id": pl.String, "reason": pl.String}),
        match_leg(leg, world, RULES, ledger=ledger),
    )
    assert change.superseded == {}
    assert change.groups["group_id"].to_list() == whole.groups["group_id"].to_list()
