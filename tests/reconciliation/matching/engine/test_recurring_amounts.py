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
