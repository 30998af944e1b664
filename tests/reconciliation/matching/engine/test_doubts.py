"""What one leg only suggests, or finds tied, gives way to what a later leg is sure of, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import polars as pl
import pytest
from example_items import items, members
from test_late_arrivals import Books
from test_matching_invariants import assert_sound

from reconciliation.contracts import LINK
from reconciliation.matching import Ledger, MatchResult, Part, match, match_in_parts, parse_rules
from reconciliation.matching.ledger import carry_forward, new_ledger
from reconciliation.matching.leg_outcomes import LegOutcome

RULES = parse_rules("""\
legs:
  - name: bank_lines_payments
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: payments, pool: cash}
    passes:
      - {kind: reference, amounts: [equal]}
      - {kind: reference, name: shared_word, find: texts, odds: 3000, amounts: [equal]}  # for a suggestion
  - name: payments_open_items
    left: {dataset: payments, pool: ledger}
    right: {dataset: open_items, pool: ledger}
    passes: [{kind: links}, {kind: reference, find: texts, odds: 3000, amounts: [equal]}]
  - name: bank_lines_open_items
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: open_items, pool: ledger}
    passes: [{kind: reference, find: left_text, amounts: [equal, sum, partial]}]
""")
LINE = {"item_id": "B1", "amount": -100, "on": 5, "text": "ACCT-77881 INV-4001", "counterparty_name": "Acme"}
PAYMENT = {"item_id": "P1", "amount": -100, "on": 4, "text": "ACCT-77881", "counterparty_name": "Zeta"}
BILL = {"item_id": "I1", "amount": -100, "references": ["INV-4001"], "counterparty_name": "Acme"}
Rows = Mapping[str, list[dict[str, object]]]


def _world(rows: Rows) -> dict[str, pl.DataFrame]:
    names = ("bank_lines", "payments", "open_items")
    return {name: items(*rows[name]) if rows.get(name) else items(LINE).clear() for name in names}


def _matched(rows: Rows, links: pl.DataFrame | None = None) -> MatchResult:
    world = _world(rows)
    result = match(world, RULES, links=links)
    assert_sound(result, world, RULES)
    return result


def test_a_line_that_names_a_bill_to_the_cent_is_not_kept_for_a_weak_payment() -> None:
    """Line and payment of another party share an account number: a suggestion, and the bill is surer."""
    rows = {"bank_lines": [LINE], "payments": [PAYMENT]}
    assert members(_matched(rows), "suggested") == [("B1", "P1")]
    result = _matched(rows | {"open_items": [BILL]})
    assert members(result) == [("B1", "I1")]
    assert result.groups["status"].to_list() == ["matched"]
    open_payments = result.unmatched.filter(pl.col("dataset") == "payments").sort("leg")
    assert open_payments["leg"].to_list() == ["bank_lines_payments", "payments_open_items"]
    assert open_payments["open_amount"].to_list() == [Decimal(-100), Decimal(-100)]
    legs = result.summary["legs"]
    assert isinstance(legs, Mapping)
    assert legs["bank_lines_payments"]["right"]["suggested"] == 0
    assert legs["bank_lines_payments"]["right"]["unmatched_reasons"] == {"no_candidate": 1}


@pytest.mark.parametrize(
    ("payment", "bill", "why"),
    [
        ({"counterparty_name": "Acme"}, {}, "of the bill's party and amount: it may be how the bill was paid"),
        ({"counterparty_name": None}, {}, "of no party: it may be anybody's"),
        ({}, {"amount": -120}, "the bill is paid in part only"),
        ({"references": ["INV-4001"]}, {}, "it names the bill itself"),
    ],
)
def test_what_may_be_one_story_stays_suggested(payment: dict[str, object], bill: dict[str, object], why: str) -> None:
    rows = {"bank_lines": [LINE], "payments": [PAYMENT | payment], "open_items": [BILL | bill]}
    result = _matched(rows)
    assert ("B1", "I1") not in members(result, "matched"), why


def test_a_payment_that_is_known_to_pay_the_bill_keeps_the_line() -> None:
    links = pl.DataFrame(
        [{"left_dataset": "payments", "left_id": "P1", "right_dataset": "open_items", "right_id": "I1"}], schema=LINK
    )
    result = _matched({"bank_lines": [LINE], "payments": [PAYMENT], "open_items": [BILL]}, links)
    assert members(result) == [("B1", "P1"), ("I1", "P1")]


def test_a_bill_suggested_for_a_payment_is_settled_by_the_line_that_names_it() -> None:
    """The payment is known to be another line's money."""
    payment = {
        "item_id": "P1",
        "amount": -100,
        "on": 2,
        "references": ["E2E-1"],
        "text": "ORDER-5501",
        "counterparty_name": "Zeta",
    }
    paid = {"item_id": "B2", "amount": -100, "on": 3, "references": ["E2E-1"]}
    bill = BILL | {"text": "ORDER-5501"}
    assert members(_matched({"payments": [payment], "open_items": [bill]}), "suggested") == [("I1", "P1")]
    result = _matched({"bank_lines": [LINE, paid], "payments": [payment], "open_items": [bill]})
    assert members(result) == [("B1", "I1"), ("B2", "P1")]


def test_a_tie_gives_way_with_its_only_line_and_stays_where_two_lines_compete() -> None:
    other = PAYMENT | {"item_id": "P2", "counterparty_name": "Omega"}
    rows = {"bank_lines": [LINE], "payments": [PAYMENT, other], "open_items": [BILL]}
    assert members(_matched(rows)) == [("B1", "I1")]
    second = LINE | {"item_id": "B2", "text": "ACCT-77881"}
    two = {"bank_lines": [LINE, second], "payments": [PAYMENT], "open_items": [BILL]}
    assert members(_matched(two), "ambiguous") == [("B1", "B2", "P1")]


def test_on_the_record_the_suggestion_gave_way_to_the_match_of_the_later_leg() -> None:
    books = Books().run(_world({"bank_lines": [LINE], "payments": [PAYMENT]}), RULES)
    (suggestion,) = books.ledger.groups["group_id"]
    world = _world({"bank_lines": [LINE], "payments": [PAYMENT], "open_items": [BILL]})
    books.run(world, RULES)
    (heir,) = books.ledger.groups["group_id"]
    assert books.superseded == {suggestion: f"{heir} of the later leg bank_lines_open_items"}
    once = Books().run(world, RULES)
    assert once.ledger.groups["group_id"].to_list() == [heir]
    assert all(books.unmatched[leg].equals(once.unmatched[leg]) for leg in once.unmatched)


def test_all_legs_at_once_day_by_day_reach_what_they_reach_in_one_run() -> None:
    days: list[Rows] = [
        {"bank_lines": [LINE], "payments": [PAYMENT]},
        {"bank_lines": [LINE], "payments": [PAYMENT], "open_items": [BILL]},
        {"bank_lines": [LINE], "payments": [PAYMENT], "open_items": [BILL]},
    ]
    ledger = Ledger.empty()
    for rows in days:
        world = _world(rows)
        kept, released = carry_forward(ledger, world)
        change = new_ledger(ledger, released, match(world, RULES, ledger=kept))
        standing = ledger.groups.filter(~pl.col("group_id").is_in(list(change.superseded)))
        groups = pl.concat([standing, change.groups])
        held = pl.concat([ledger.items, change.items]).join(groups, on="group_id", how="semi")
        ledger = Ledger(groups, held)
    once = _matched(days[-1])
    assert ledger.groups["group_id"].to_list() == once.groups["group_id"].to_list()


def test_in_parts_of_entities_the_same_suggestions_give_way() -> None:
    parts, every = [], []
    for entity in ("E1", "E2"):
        rows = [{"item_id": f"{row['item_id']}-{entity}", "entity": entity} for row in (LINE, PAYMENT, BILL)]
        line, payment, bill = (one | more for one, more in zip((LINE, PAYMENT, BILL), rows, strict=True))
        world = _world({"bank_lines": [line], "payments": [payment], "open_items": [bill] if entity == "E1" else []})
        every.append(world)
        parts.append(Part({name: frame.lazy() for name, frame in world.items()}))
    taken: list[LegOutcome] = []
    summary = match_in_parts(parts, RULES, taken.append)
    whole = match({name: pl.concat([world[name] for world in every]) for name in every[0]}, RULES)
    for name in ("groups", "items", "unmatched"):
        made = pl.concat([getattr(each, name) for each in taken])
        expected = getattr(whole, name)
        order = expected.columns[:3]
        assert made.sort(order).equals(expected.sort(order))
    legs, of_whole = summary["legs"], whole.summary["legs"]
    assert isinstance(legs, Mapping)
    assert isinstance(of_whole, Mapping)
    for leg, figures in of_whole.items():
        assert {side: legs[leg][side] for side in ("left", "right")} == {
            side: figures[side] for side in ("left", "right")
        }


OFFSETS = parse_rules("""\
legs:
  - name: bank_lines_payments
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: payments, pool: cash}
    passes: [{kind: reference, find: texts, odds: 3000, amounts: [equal]}]  # for a suggestion
  - name: returns
    left: {dataset: bank_lines, pool: reversal, blocked_by: [cash]}
    right: {dataset: bank_lines, pool: reversal}
    passes: [{kind: offset}, {kind: returned, name: number, by: number}, {kind: returned}]
  - name: bank_lines_open_items
    left: {dataset: bank_lines, pool: cash, blocked_by: [reversal]}
    right: {dataset: open_items, pool: ledger}
    passes: [{kind: reference, find: left_text, amounts: [equal]}]
""")
SENT = {"item_id": "B1", "amount": -100, "on": 2, "text": "E2E-000551", "counterparty_name": "Acme"}
BACK = {"item_id": "B2", "amount": 100, "on": 5, "text": "ACCT-77881 RETURN E2E-000551", "counterparty_name": "Acme"}


def test_a_line_that_names_the_line_it_undoes_is_not_kept_for_a_weak_payment() -> None:
    weak = PAYMENT | {"amount": 100}
    world = {"bank_lines": items(SENT, BACK), "payments": items(weak), "open_items": items(BILL)}
    result = match(world, OFFSETS)
    assert_sound(result, world, OFFSETS)
    assert members(result) == [("B1", "B2")]
    assert result.groups["leg"].to_list() == ["returns"]


def test_a_line_that_names_a_bill_is_not_kept_for_one_that_may_undo_it_if_that_is_of_another_name() -> None:
    paid = LINE | {"text": "INV-4001"}
    back = {"item_id": "B2", "amount": 100, "on": 8, "text": "RETURN", "counterparty_name": "Zeta"}
    world = {"bank_lines": items(paid, back), "payments": items(PAYMENT).clear(), "open_items": items(BILL)}
    result = match(world, OFFSETS)
    assert_sound(result, world, OFFSETS)
    assert members(result) == [("B1", "I1")]
    same = {**world, "bank_lines": items(paid, back | {"counterparty_name": "Acme"})}
    assert members(match(same, OFFSETS)) == [("B1", "B2")]
