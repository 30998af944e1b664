"""What explains an amount to the cent and is undecided outranks what explains it but nearly."""

from __future__ import annotations

import polars as pl

from reconciliation.matching import MatchResult, match, preset
from tests.reconciliation.matching.engine.example_items import items, one_leg
from tests.reconciliation.matching.two_sided_rows import Row, side

ZANZIBAR = "ZANZIBAR TRADING"


def _plain() -> tuple[list[Row], list[Row]]:
    """Payments of eighty customers and their entries; every third one lacks a charge of 2.50."""
    left: list[Row] = []
    right: list[Row] = []
    for number in range(80):
        amount, booked = 10_000 + 9_700 * number * number + 11 * number, 5 + 7 * number % 55
        charge = 250 if number % 3 == 0 else 0
        paid, owed = (f"{cents // 100}.{cents % 100:02}" for cents in (amount - charge, amount))
        left.append((f"l{number}", paid, booked + number % 2, f"PAYMENT CUSTOMER{number:03}"))
        right.append((f"r{number}", owed, booked, f"invoice CUSTOMER{number:03}"))
    return left, right


def _told(result: MatchResult, *asked: str) -> dict[str, str]:
    """By item that is asked for and in a group: the group's status."""
    decided = result.items.join(result.groups.select("group_id", "status"), on="group_id")
    return dict(decided.filter(pl.col("item_id").is_in(asked)).select("item_id", "status").rows())


def test_what_two_sums_come_to_is_no_slip_of_the_amount_that_both_share() -> None:
    left, right = _plain()
    left.append(("paid", "140.37", 29, f"{ZANZIBAR} PAYMENT"))
    right.append(("rest", "40.37", 28, ZANZIBAR))
    alone = match({"left": side(left), "right": side(right)}, preset("two_sided"))
    assert _told(alone, "paid", "rest") == {"paid": "matched", "rest": "matched"}

    right += [(name, "100.00", 28, ZANZIBAR) for name in ("one", "other")]
    beside = match({"left": side(left), "right": side(right)}, preset("two_sided"))
    assert _told(beside, "paid", "rest", "one", "other") == dict.fromkeys(("paid", "rest", "one", "other"), "ambiguous")


def test_of_two_entries_of_one_amount_neither_is_passed_over_for_one_with_a_charge() -> None:
    left, right = _plain()
    left.append(("paid", "140.37", 29, f"{ZANZIBAR} PAYMENT"))
    right += [("one", "140.37", 28, ZANZIBAR), ("other", "140.37", 28, ZANZIBAR), ("charged", "142.87", 28, ZANZIBAR)]
    result = match({"left": side(left), "right": side(right)}, preset("two_sided"))
    assert _told(result, "paid", "one", "other", "charged") == dict.fromkeys(("paid", "one", "other"), "ambiguous")


def test_bills_that_tie_for_a_payment_outrank_a_bill_less_the_usual_charge() -> None:
    lines, bills = [], []
    for number in range(20):
        name = f"{chr(65 + number) * 4}wood Trading {chr(90 - number) * 3}"
        owed = 100_000 + 7_919 * number
        bills.append({"item_id": f"I{number}", "amount": owed / 100, "counterparty_name": name})
        lines.append({"item_id": f"B{number}", "amount": (owed - 1500) / 100, "on": 10, "text": name.upper()})
    twins = [{**bills[0], "item_id": name, "amount": lines[0]["amount"]} for name in ("one", "other")]
    rules = one_leg(
        "{kind: amount_date, before: 15, after: 30}", "{kind: near_amount, before: 15, after: 30, charge: 50}"
    )

    alone = match({"left": items(*lines), "right": items(*bills)}, rules)
    assert _told(alone, "B0", "I0") == {"B0": "matched", "I0": "matched"}
    beside = match({"left": items(*lines), "right": items(*bills, *twins)}, rules)
    assert _told(beside, "B0", "I0", "one", "other") == dict.fromkeys(("B0", "one", "other"), "ambiguous")
