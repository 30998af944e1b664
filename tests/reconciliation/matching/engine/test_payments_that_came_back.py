"""A payment that came back settles nothing: the item is open again, and the payment that replaces it settles it."""

from __future__ import annotations

import polars as pl
from example_items import items, members

from reconciliation.matching import Ledger, MatchResult, match_leg, parse_rules, preset
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
