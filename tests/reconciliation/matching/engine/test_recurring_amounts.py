"""Rents and subscriptions: equal amounts of one counterparty, told apart by their dates."""

from __future__ import annotations

import polars as pl
from example_items import items, members, one_leg

from reconciliation.matching import match

RULES = one_leg("{kind: recurring, before: 2, after: 8}")


def series(prefix: str, *days: int) -> pl.DataFrame:
    return items(
        *({"item_id": f"{prefix}{d}", "amount": -900, "on": d, "counterparty_account": "X", "counterparty_id": "S1"}
          for d in days)
    )  # fmt: skip


def test_each_month_of_a_rent_finds_its_own_payment() -> None:
    months = tuple(range(0, 360, 30))
    left, right = series("B", *(month + 1 for month in months)), series("P", *months)
    result = match({"left": left, "right": right}, RULES)
    found = members(result, "matched") + members(result, "suggested")
    assert sorted(found) == sorted((f"B{m + 1}", f"P{m}") for m in months)


def test_two_of_a_series_within_two_weeks_are_never_matched() -> None:
    left, right = series("B", 1, 4, 61), series("P", 0, 3, 60)
    result = match({"left": left, "right": right}, RULES)
    doubtful = {"B1", "B4", "P0", "P3"}
    assert not doubtful & {item for group in members(result, "matched") for item in group}


def test_a_month_without_its_payment_does_not_take_that_of_another_month() -> None:
    result = match({"left": series("B", 1, 31, 61), "right": series("P", 0, 60)}, RULES)
    assert not any("B31" in group for group in members(result))


def _monthly(unpaid: int | None, known: int = 0) -> set[tuple[str, ...]]:
    """What is matched of ten tenants, each of six monthly rents of its own amount, paid up to four days after they are due; the
    first one has not paid one of them. `known` other bills were paid in time by their references."""
    left, right = [], []
    for tenant in range(10):
        own = {
            "amount": -900 - tenant,
            "counterparty_id": f"S{tenant}",
            "counterparty_name": f"{'ABCDEFGHIJ'[tenant] * 5} KG",
        }
        for month in range(6):
            right.append({"item_id": f"P{tenant}-{month}", "on": 30 * month} | own)
            if (tenant, month) != (0, unpaid):
                left.append({"item_id": f"B{tenant}-{month}", "on": 30 * month + (tenant + month) % 5} | own)
    for each in range(known):
        bill = {"amount": -50 - each, "references": [f"INV-{each:05}"]}
        right.append({"item_id": f"I{each}", "on": each % 150} | bill)
        left.append({"item_id": f"L{each}", "on": each % 150 + each % 5} | bill)
    rules = one_leg("{kind: reference}", "{kind: recurring, before: 2, after: 20}")
    return set(members(match({"left": items(*left), "right": items(*right)}, rules), "matched"))


def test_who_owes_an_earlier_month_may_pay_that_one() -> None:
    everybody = {(f"B{tenant}-{month}", f"P{tenant}-{month}") for tenant in range(10) for month in range(6)}
    assert everybody == _monthly(unpaid=None)
    assert {("B0-3", "P0-3"), ("B0-4", "P0-4")} <= everybody - _monthly(unpaid=2)
    assert not any("B0-3" in group for group in _monthly(unpaid=2))


def test_where_others_are_known_to_pay_in_time_the_nearest_month_is_the_one() -> None:
    assert {("B0-3", "P0-3"), ("B0-4", "P0-4"), ("B0-5", "P0-5")} <= _monthly(unpaid=2, known=3000)
