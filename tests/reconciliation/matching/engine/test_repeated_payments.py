"""A payment that came back and the one that replaced it: the text names the invoice of both, the dates tell which one it was."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from reconciliation.matching import match, preset


def matched_pairs(*lines: tuple[str, date]) -> set[tuple[str, str]]:
    """Bank lines (id, booking date) against two payments of one invoice: P1 of 1 September, P2, its repeat, of 20 September."""
    amount = Decimal("-250.00")
    bank_lines = pl.DataFrame(
        [
            {"item_id": line, "amount": amount, "currency": "EUR", "date": day, "text": "Invoice RE-2026-4711"}
            for line, day in lines
        ]
    )
    payments = pl.DataFrame(
        [
            {"item_id": name, "amount": amount, "currency": "EUR", "date": day}
            for name, day in (("P1", date(2026, 9, 1)), ("P2", date(2026, 9, 20)))
        ]
    )
    open_items = pl.DataFrame(
        [
            {
                "item_id": "I1",
                "amount": amount,
                "currency": "EUR",
                "date": date(2026, 8, 1),
                "references": ["RE-2026-4711"],
            }
        ]
    )
    links = pl.DataFrame(
        [
            {"left_dataset": "payments", "left_id": p, "right_dataset": "open_items", "right_id": "I1"}
            for p in ("P1", "P2")
        ]
    )
    result = match(
        {"bank_lines": bank_lines, "payments": payments, "open_items": open_items}, preset("payables"), links=links
    )
    groups = result.groups.filter((pl.col("leg") == "bank_lines_payments") & (pl.col("status") == "matched")).select(
        "group_id"
    )
    members = result.items.join(groups, on="group_id")
    of = {
        name: members.filter(pl.col("dataset") == name).select("group_id", name=pl.col("item_id"))
        for name in ("bank_lines", "payments")
    }
    pairs = of["bank_lines"].join(of["payments"], on="group_id", suffix="_payment")
    return set(pairs.select("name", "name_payment").iter_rows())


def test_each_line_goes_to_the_payment_of_its_day() -> None:
    assert matched_pairs(("L1", date(2026, 9, 2)), ("L2", date(2026, 9, 21))) == {("L1", "P1"), ("L2", "P2")}


def test_the_repeat_does_not_take_the_line_of_the_first() -> None:
    assert ("L1", "P2") not in matched_pairs(("L1", date(2026, 9, 2)))


def test_a_line_half_way_is_not_guessed() -> None:
    assert matched_pairs(("L1", date(2026, 9, 11))) == set()
