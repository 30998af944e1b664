"""A person's decision outranks every rule, and undoing one touches no other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from example_items import items, members, one_leg, reasons

from reconciliation.matching import Ledger, MatchingError, match
from reconciliation.matching.decisions import DECISION, DECISION_ITEM, Decided, apply_decisions

RULES = one_leg("{kind: reference}", "{kind: amount_date}")
LEFT = items(
    {"item_id": "B1", "amount": -70, "counterparty_account": "X"},
    {"item_id": "B2", "amount": -5, "references": ["R-200"]},
)
RIGHT = items(
    {"item_id": "P1", "amount": -70, "counterparty_account": "X"},
    {"item_id": "P2", "amount": -70, "counterparty_account": "X"},
    {"item_id": "P3", "amount": -5, "references": ["R-200"]},
)
WORLD = {"left": LEFT, "right": RIGHT}


def _decide(ledger: Ledger, *made: tuple[dict[str, object], list[tuple[str, str, object]]]) -> Decided:
    rows, held = [], []
    for number, (decision, named) in enumerate(made):
        base = {"decision_id": f"D{number}", "actor": "Ada", "decided_at": datetime(2024, 3, 2, number, tzinfo=UTC)}
        rows.append({name: ({"leg": "leg", "reason": "seen"} | base | decision).get(name) for name in DECISION})
        held.extend({"decision_id": f"D{number}", "dataset": d, "item_id": i, "amount": a} for d, i, a in named)
    decisions = pl.DataFrame(rows, schema=DECISION)
    return apply_decisions(ledger, decisions, pl.DataFrame(held, schema=DECISION_ITEM), WORLD, RULES, date(2024, 3, 5))


def _first() -> Ledger:
    result = match(WORLD, RULES)
    assert members(result) == [("B1", "P1", "P2"), ("B2", "P3")]
    return Ledger(result.groups, result.items)


def test_a_match_by_hand_settles_a_tie() -> None:
    decided = _decide(_first(), ({"kind": "match"}, [("left", "B1", None), ("right", "P2", None)]))
    assert decided.groups["status"].to_list() == ["matched"]
    assert decided.groups["explanation"].to_list() == ["Decided by Ada (match): seen"]
    again = match(WORLD, RULES, ledger=decided.ledger, holds=decided.holds)
    assert again.groups.is_empty()
    assert reasons(again) == {"P1": "no_candidate"}


def test_a_rejected_pair_is_not_proposed_again_and_the_other_group_stands() -> None:
    ledger = _first()
    pair = ledger.groups.filter(pl.col("pass") == "reference")["group_id"][0]
    decided = _decide(ledger, ({"kind": "unmatch", "group_id": pair}, []))
    assert decided.superseded == {pair: "decision D0 by Ada"}
    again = match(WORLD, RULES, ledger=decided.ledger, holds=decided.holds)
    assert members(again) == [("B1", "P1", "P2")]
    assert {"B2", "P3"} <= set(reasons(again))


def test_revoking_the_decision_brings_the_rule_back() -> None:
    decided = _decide(
        Ledger.empty(),
        ({"kind": "reject"}, [("left", "B2", None), ("right", "P3", None)]),
        ({"kind": "revoke", "revokes": "D0"}, []),
    )
    assert members(match(WORLD, RULES, holds=decided.holds)) == [("B1", "P1", "P2"), ("B2", "P3")]


def test_an_ignored_item_takes_no_part_until_its_day() -> None:
    told = [("left", "B2", None)]
    until = _decide(Ledger.empty(), ({"kind": "ignore", "until": date(2024, 4, 1)}, told))
    result = match(WORLD, RULES, holds=until.holds)
    assert reasons(result)["B2"] == "ignored"
    over = _decide(Ledger.empty(), ({"kind": "ignore", "until": date(2024, 3, 5)}, told))
    assert ("B2", "P3") in members(match(WORLD, RULES, holds=over.holds))


def test_a_rest_is_written_off_with_a_typed_difference() -> None:
    decided = _decide(Ledger.empty(), ({"kind": "write_off"}, [("left", "B2", None)]))
    row = decided.groups.row(0, named=True)
    assert (row["left_total"], row["right_total"], row["difference"]) == (Decimal(-5), Decimal(0), Decimal(-5))
    assert row["difference_kind"] == "over_pay"


def test_a_person_cannot_apply_an_item_beyond_its_amount_or_one_that_is_not_there() -> None:
    with pytest.raises(MatchingError, match="beyond its amount"):
        _decide(Ledger.empty(), ({"kind": "match"}, [("left", "B2", Decimal(-6)), ("right", "P3", None)]))
    with pytest.raises(MatchingError, match="not there"):
        _decide(Ledger.empty(), ({"kind": "match"}, [("left", "B9", None), ("right", "P3", None)]))
