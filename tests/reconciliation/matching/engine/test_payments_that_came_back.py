"""A payment that came back settles nothing: the item is open again, and the payment that replaces it settles it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from example_items import items, members

from reconciliation.matching import Ledger, MatchingError, MatchResult, match, match_leg, parse_rules, preset
from reconciliation.matching.came_back import HELD, undone_rows
from reconciliation.matching.ledger import carry_forward, new_ledger
from reconciliation.matching.state import DECIDED

RULES = preset("payables")
LEG = "payments_open_items"
BILL = items({"item_id": "I1", "amount": -70, "kind": "invoice"})
LINKS = pl.DataFrame(
    [("payments", paid, "open_items", "I1", None, "INV1") for paid in ("P1", "P2")],
    schema=["left_dataset", "left_id", "right_dataset", "right_id", "amount", "reference"],
    orient="row",
)


def _payments(*kinds: str) -> pl.DataFrame:
    """P1, P2, ... of the bill's amount, a week apart."""
    return items(
        *({"item_id": f"P{n}", "amount": -70, "on": 7 * n, "kind": kind} for n, kind in enumerate(kinds, start=1))
    )


def _match(payments: pl.DataFrame, ledger: Ledger | None = None) -> MatchResult:
    links = LINKS.filter(pl.col("left_id").is_in(payments["item_id"].to_list()))
    return match_leg(LEG, {"payments": payments, "open_items": BILL}, RULES, links=links, ledger=ledger)


def test_of_two_payments_of_one_bill_the_one_that_stayed_settles_it() -> None:
    assert members(_match(_payments("returned_payment", "payment")), "matched") == [("I1", "P2")]
    assert members(_match(_payments("payment", "returned_payment")), "matched") == [("I1", "P1")]
    assert members(_match(_payments("payment", "payment")), "matched") == []


def test_the_return_releases_the_match_and_the_next_payment_takes_its_place() -> None:
    first = _match(_payments("payment"))
    assert members(first, "matched") == [("I1", "P1")]
    ledger = Ledger(first.groups, first.items)
    returned = _payments("returned_payment", "payment")
    kept, released = carry_forward(ledger, {"payments": returned, "open_items": BILL}, RULES)
    assert released["reason"].to_list() == ["payments P1 is a returned_payment by now"]
    second = _match(returned, kept)
    assert members(second, "matched") == [("I1", "P2")]
    assert list(new_ledger(ledger, released, second).superseded) == first.groups["group_id"].to_list()


def test_what_a_person_has_matched_stands_though_the_payment_came_back() -> None:
    first = _match(_payments("payment"))
    by_hand = Ledger(first.groups.with_columns(pl.lit(DECIDED).alias("pass")), first.items)
    kept, released = carry_forward(by_hand, {"payments": _payments("returned_payment"), "open_items": BILL}, RULES)
    assert released.is_empty() and kept.groups.height == 1


def test_a_side_takes_some_kinds_or_all_but_some() -> None:
    rules = parse_rules(
        "legs:\n  - name: leg\n    left: {dataset: payments, pool: p, kinds: [payment, draft], without_kinds: [draft]}\n"
        "    right: {dataset: open_items, pool: q, without_kinds: [draft]}\n    passes: [{kind: reference}]\n"
    )
    taken = pl.DataFrame({"kind": ["payment", "draft", "other", None]})
    left, right = (side.takes for side in rules.legs[0].sides)
    assert left is not None and right is not None
    assert taken.select(left)["kind"].to_list() == [True, False, False, False]
    assert taken.select(right)["kind"].to_list() == [True, False, True, True]


SENT = items(
    {"item_id": "P1", "amount": -70, "on": 7, "references": ["E2E0001"]},
    {"item_id": "P2", "amount": -70, "on": 14, "references": ["E2E0002"]},
)
LINES = items(
    {"item_id": "L1", "amount": -70, "on": 8, "references": ["E2E0001"]},
    {"item_id": "L2", "amount": 70, "on": 11, "references": ["E2E0001"], "text": "RETURN E2E0001"},
    {"item_id": "L3", "amount": -70, "on": 15, "references": ["E2E0002"]},
)


def _all_legs(payments: pl.DataFrame, lines: pl.DataFrame, ledger: Ledger | None = None) -> MatchResult:
    links = LINKS.filter(pl.col("left_id").is_in(payments["item_id"].to_list()))
    return match({"bank_lines": lines, "payments": payments, "open_items": BILL}, RULES, links=links, ledger=ledger)


def _settled(result: MatchResult) -> list[tuple[str, ...]]:
    return [each for each in members(result, "matched") if "I1" in each]


def test_where_a_line_undoes_the_line_of_a_payment_the_next_payment_settles_the_item() -> None:
    assert _settled(_all_legs(SENT, LINES)) == [("I1", "P2")]
    assert _settled(_all_legs(SENT[:1], LINES[:1])) == [("I1", "P1")]
    assert _settled(_all_legs(SENT[:1], LINES[:2])) == []


def test_a_line_that_arrives_later_and_undoes_it_releases_the_match() -> None:
    first = _all_legs(SENT[:1], LINES[:1])
    ledger = Ledger(first.groups, first.items)
    second = _all_legs(SENT, LINES, ledger)
    assert second.gave_way["reason"].to_list() == ["payments P1 came back"]
    assert _settled(second) == [("I1", "P2")]
    change = new_ledger(ledger, pl.DataFrame(schema={"group_id": pl.String, "reason": pl.String}), second)
    assert list(change.superseded.values()) == ["payments P1 came back"]


def test_a_return_that_names_one_payment_of_a_batch_brings_it_back() -> None:
    """The bank booked P1 and P3 in one sum, which the return of P1 alone does not undo."""
    other = items({"item_id": "P3", "amount": -30, "on": 7, "references": ["E2E0003"]})
    sent = pl.concat([SENT, other]).with_columns(batch_id=pl.when(pl.col("date") == SENT["date"][0]).then(pl.lit("B1")))
    lines = pl.concat([items({"item_id": "L1", "amount": -100, "on": 8, "batch_id": "B1"}), LINES[1:]])
    assert _settled(_all_legs(sent, lines)) == [("I1", "P2")]


def test_of_two_payments_of_one_bill_the_one_before_a_return_of_its_amount_is_what_came_back() -> None:
    """The return names nothing, and L0 is of that amount as well: which line it undoes is not known."""
    lines = pl.concat(
        [
            LINES.with_columns(
                text=pl.when(pl.col("text").is_not_null()).then(pl.lit("RETURN")),
                references=pl.when(pl.col("amount") < 0).then("references"),
            ),
            items({"item_id": "L0", "amount": -70, "on": 8, "references": ["E2E0009"]}),
        ]
    )
    assert _settled(_all_legs(SENT, lines)) == [("I1", "P2")]


def test_payments_come_back_with_all_of_their_lines() -> None:
    """Line 0 is booked for payments 0 and 1, lines 1 and 2 for payment 2, of which only the first is undone."""
    held = pl.DataFrame(
        {"group": [0, 0, 0, 1, 1, 1], "side": [0, 1, 1, 0, 0, 1], "row": [0, 0, 1, 1, 2, 2]}, schema=HELD
    )
    assert undone_rows(held, 0, np.array([True, True, False])).tolist() == [0, 1]


def test_a_leg_that_undoes_comes_before_and_none_across_entities_stands_between() -> None:
    def leg(name: str, left: str, right: str = "{dataset: b, pool: q}", kind: str = "reference") -> str:
        return f"  - name: {name}\n    left: {left}\n    right: {right}\n    passes: [{{kind: {kind}}}]\n"

    undone = leg("leg", "{dataset: a, pool: p, undone_by: undo}", "{dataset: c, pool: p}")
    undo = leg("undo", "{dataset: b, pool: r}", "{dataset: b, pool: r}")
    whose, across = leg("whose", "{dataset: a, pool: q}"), leg("across", "{dataset: b, pool: t}", kind="own_transfer")
    assert parse_rules("legs:\n" + whose + undo + across + undone).leg("leg").left.undone_by == "undo"
    with pytest.raises(MatchingError, match="leg leg: undone_by names 'undo', which is no earlier leg"):
        parse_rules("legs:\n" + whose + undone + undo)
    with pytest.raises(MatchingError, match="leg leg: a leg across entities stands between undo and the legs"):
        parse_rules("legs:\n" + whose + across + undo + undone)
