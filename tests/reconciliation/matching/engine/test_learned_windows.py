"""How far apart payments and items are looked for: as declared, or as far as surer pairs lie."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from example_items import day, ids, items, members

from reconciliation.matching import match, preset
from reconciliation.matching.chance import widened

LATE = 62  # days after the document that this company's customers pay; the items carry no due date


@pytest.mark.parametrize(
    ("lags", "window"),
    [
        ([0, 2, 5] * 30, (10, 20)),  # nobody pays later than declared
        ([2] * 95 + [90] * 5, (10, 20)),  # a few stragglers
        ([2] * 60 + [70] * 40, (10, 70)),  # many do
        ([70] * 40, (10, 20)),  # too few to say
    ],
)
def test_days_are_added_where_many_sure_pairs_lie_outside(lags: list[int], window: tuple[int, int]) -> None:
    assert widened(10, 20, np.array(lags, dtype=np.int64)) == window


def _world(paid_after: int) -> dict[str, pl.DataFrame]:
    """Sixty invoices that payments name, and one that its customer pays without naming it, all so many days later."""
    invoices: list[dict[str, object]] = [
        {
            "item_id": f"I{number}",
            "amount": f"{100 + 7 * number}.{number + 10}",
            "on": number,
            "references": [f"INV-{4000 + number}"],
            "counterparty_name": f"Customer {'ABCDEFGHIJ'[number % 10] * 5}",
        }
        for number in range(61)
    ]
    lines = [
        {
            "item_id": f"L{number}",
            "amount": invoice["amount"],
            "on": number + paid_after,
            "text": f"INV-{4000 + number}" if number < 60 else "thanks",
            "counterparty_name": invoice["counterparty_name"],
        }
        for number, invoice in enumerate(invoices)
    ]
    return {"bank_lines": items(*lines), "open_items": items(*invoices)}


def test_items_without_a_due_date_are_found_as_late_as_others_are_paid() -> None:
    assert ("I60", "L60") in members(match(_world(LATE), preset("receivables")))


def test_while_little_is_known_who_pays_on_receipt_is_found_before_the_due_date() -> None:
    line = {"item_id": "B1", "amount": "5176.50", "on": 2, "counterparty_name": "Cascade Electric"}
    item = {"item_id": "I1", "amount": "5176.50", "on": 0, "due_date": day(30), "counterparty_name": "Cascade Electric"}
    result = match({"bank_lines": items(line), "open_items": items(item)}, preset("receivables"))
    assert ids("B1", "I1")[0] in members(result)


@pytest.mark.parametrize(("name", "sign"), [("receivables", 1), ("payables", -1)])
def test_one_of_many_who_pays_on_receipt_is_found_though_all_others_pay_when_due(name: str, sign: int) -> None:
    world = _world(paid_after=30)
    due = pl.col("date").dt.offset_by("30d").alias("due_date")
    on_receipt = pl.when(pl.col("item_id") == "L60").then(pl.col("date").dt.offset_by("-28d")).otherwise("date")
    lines = world["bank_lines"].with_columns(on_receipt.alias("date"), pl.col("amount") * sign)
    invoices = world["open_items"].with_columns(due, pl.col("amount") * sign)
    given = {"bank_lines": lines, "payments": items(), "open_items": invoices}
    assert ("I60", "L60") in members(match(given, preset(name)), "matched")
