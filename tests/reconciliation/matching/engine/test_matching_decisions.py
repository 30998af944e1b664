"""A person's decision outranks every rule, and undoing one touches no other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from example_items import items, members, one_leg, reasons

from reconciliation.contracts import DECISION, DECISION_ITEM
from reconciliation.matching import Ledger, MatchingError, match
from reconciliation.matching.decisions import BARRED, Decided, Holds, apply_decisions
from reconciliation.matching.ledger import carry_forward

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
Made = tuple[dict[str, object], list[tuple[str, str, object]]]


def _decide(ledger: Ledger, *made: Made, world: dict[str, pl.DataFrame] = WORLD) -> Decided:
    """Decisions D0, D1, ... of Ada, an hour apart; items are (dataset, id, amount or None for all of it)."""
    rows, held = [], []
    seen = {
        (name, row["item_id"]): (row["amount"], row["currency"])
        for name, frame in WORLD.items()
        for row in frame.iter_rows(named=True)
    }
    for number, (decision, named) in enumerate(made):
        base = {"decision_id": f"D{number}", "actor": "Ada", "decided_at": datetime(2024, 3, 2, number, tzinfo=UTC)}
        rows.append({name: ({"leg": "leg", "reason": "seen"} | base | decision).get(name) for name in DECISION})
        for dataset, item, amount in named:
            whole, currency = seen.get((dataset, item), (Decimal(1), "EUR"))
            held.append(
                {"decision_id": f"D{number}", "dataset": dataset, "item_id": item, "amount": amount}
                | {"seen_amount": whole, "seen_currency": currency}
            )
    decisions = pl.DataFrame(rows, schema=DECISION)
    return apply_decisions(ledger, decisions, pl.DataFrame(held, schema=DECISION_ITEM), world, RULES, date(2024, 3, 5))


def _first() -> Ledger:
    result = match(WORLD, RULES)
    assert members(result) == [("B1", "P1", "P2"), ("B2", "P3")]
    return Ledger(result.groups, result.items)


B1_P2: Made = ({"kind": "match"}, [("left", "B1", None), ("right", "P2", None)])
B2_P3: Made = ({"kind": "match"}, [("left", "B2", None), ("right", "P3", None)])


def test_a_match_by_hand_settles_a_tie() -> None:
    decided = _decide(_first(), B1_P2)
    assert decided.groups["status"].to_list() == ["matched"]
    assert decided.groups["explanation"].to_list() == ["Decided by Ada (match): seen"]
    again = match(WORLD, RULES, ledger=decided.ledger, holds=decided.holds)
    assert again.groups.is_empty()
    assert reasons(again) == {"P1": "no_candidate"}


def test_a_second_run_with_the_same_decisions_changes_nothing() -> None:
    decided = _decide(_first(), B1_P2)
    again = _decide(decided.ledger, B1_P2)
    assert again.groups.is_empty() and again.superseded == {}
    assert again.effects["group_id"].to_list() == decided.groups["group_id"].to_list()


def test_a_rejected_pair_is_not_proposed_again_and_the_other_group_stands() -> None:
    ledger = _first()
    pair = ledger.groups.filter(pl.col("pass") == "reference")["group_id"][0]
    decided = _decide(ledger, ({"kind": "unmatch"}, B2_P3[1]))
    assert decided.superseded == {pair: "decision D0 by Ada"}
    again = match(WORLD, RULES, ledger=decided.ledger, holds=decided.holds)
    assert members(again) == [("B1", "P1", "P2")]
    assert {"B2", "P3"} <= set(reasons(again))


def test_a_rejected_pair_is_not_brought_together_inside_a_larger_group_either() -> None:
    rules = one_leg("{kind: reference, amounts: [sum]}")
    left = items({"item_id": "B", "amount": -75, "references": ["R1", "R2"]})
    right = items(
        {"item_id": "P", "amount": -70, "references": ["R1"]}, {"item_id": "Q", "amount": -5, "references": ["R2"]}
    )
    world = {"left": left, "right": right}
    assert members(match(world, rules)) == [("B", "P", "Q")]
    barred = pl.DataFrame({"leg": ["leg"], "left_id": ["B"], "right_id": ["Q"]}, schema=BARRED)
    assert match(world, rules, holds=Holds(barred=barred)).groups.is_empty()


def test_undoing_a_rejection_brings_the_rule_back() -> None:
    decided = _decide(Ledger.empty(), ({"kind": "reject", "undone_by": "Ada (D1)"}, B2_P3[1]))
    assert members(match(WORLD, RULES, holds=decided.holds)) == [("B1", "P1", "P2"), ("B2", "P3")]


def test_undoing_a_match_by_hand_releases_its_group_and_no_other() -> None:
    ledger = _decide(_first(), B1_P2, B2_P3).ledger
    undone = _decide(ledger, (B1_P2[0] | {"undone_by": "Grace (D2)"}, B1_P2[1]), B2_P3)
    assert list(undone.superseded.values()) == ["decision D0 was undone by Grace (D2)"]
    assert sorted(undone.ledger.items["item_id"]) == ["B2", "P3"]
    again = match(WORLD, RULES, ledger=undone.ledger, holds=undone.holds)
    assert members(again) == [("B1", "P1", "P2")]


def test_a_match_by_hand_takes_the_place_of_an_automatic_one_on_the_record() -> None:
    ledger = _first()
    automatic = ledger.groups.filter(pl.col("pass") == "reference")["group_id"][0]
    wanted = _decide(ledger, ({"kind": "match"}, [("left", "B2", None), ("right", "P1", Decimal(-5))]))
    assert wanted.superseded[automatic] == wanted.groups["group_id"][0]
    again = match(WORLD, RULES, ledger=wanted.ledger, holds=wanted.holds)
    assert "P3" in reasons(again)


def test_a_decision_about_an_item_that_changed_or_went_lapses_and_says_so() -> None:
    ledger = _decide(_first(), B2_P3).ledger
    changed = WORLD | {
        "right": RIGHT.with_columns(
            pl.when(pl.col("item_id") == "P3").then(Decimal("-5.25")).otherwise("amount").cast(pl.Decimal(23, 5)).alias("amount")
        )
    }  # fmt: skip
    kept, released = carry_forward(ledger, changed)
    assert released.height == 1
    decided = _decide(kept, B2_P3, world=changed)
    assert decided.groups.is_empty()
    assert decided.effects["lapsed"].to_list() == ["right P3 was -5.00 EUR and is now -5.25 EUR"]
    gone = WORLD | {"right": RIGHT.filter(pl.col("item_id") != "P3")}
    assert _decide(Ledger.empty(), B2_P3, world=gone).effects["lapsed"].to_list() == ["right P3 is no longer there"]
    # delivered again as it was, the decision holds again
    assert _decide(kept, B2_P3).groups["status"].to_list() == ["matched"]


def test_of_two_decisions_about_the_same_money_the_earlier_holds() -> None:
    decided = _decide(Ledger.empty(), B1_P2, ({"kind": "match"}, [("left", "B1", None), ("right", "P1", None)]))
    assert decided.groups.height == 1
    assert decided.effects["lapsed"].to_list() == [None, "left B1 is used up by an earlier decision"]


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
    assert row["difference_kind"] == "write_off"


def test_an_item_is_never_applied_beyond_its_amount() -> None:
    beyond = _decide(Ledger.empty(), ({"kind": "match"}, [("left", "B2", Decimal(-6)), ("right", "P3", None)]))
    assert beyond.groups.is_empty()
    assert beyond.effects["lapsed"].to_list() == ["left B2 is applied beyond its amount"]


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MatchingError, match="unknown kind guess; known are confirm"):
        _decide(Ledger.empty(), ({"kind": "guess"}, []))
