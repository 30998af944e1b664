"""The rules that always hold, on customers' open items as bad as they come: each world has one bad habit throughout."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import polars as pl
import pytest
from example_items import items
from test_matching_invariants import assert_sound

from reconciliation.matching import Ledger, match, preset
from reconciliation.matching.ledger import new_ledger
from reconciliation.matching.results import RELEASED

RULES = preset("receivables")
Row = dict[str, object]
Habit = Callable[[Random, Row], Row]

HABITS: dict[str, Habit] = {
    "one customer, one price": lambda draw, _: {"amount": 100, "counterparty_account": "A"},
    "all the same day": lambda draw, _: {"on": 5, "due_date": None},
    "zero and tiny amounts": lambda draw, _: {"amount": draw.choice(["0", "0.01", "-0.01", "0.00001"])},
    "credits and debits": lambda draw, row: {"amount": draw.choice([-1, 1]) * int(str(row["amount"]))},
    "only negative": lambda draw, row: {"amount": -int(str(row["amount"]))},
    "18 digits": lambda draw, row: {"amount": f"{9_999_999_999_999_000 + int(str(row['amount']))}.99"},
    "yen of 18 digits": lambda draw, row: {"amount": 999_999_999_999_999_000 + draw.randrange(3), "currency": "JPY"},
    "dinars": lambda draw, row: {"amount": f"{row['amount']}.{draw.choice(['001', '500'])}", "currency": "KWD"},
    "nothing but the amount": lambda draw, _: {"references": None, "text": None, "counterparty_account": None},
}


def _world(seed: int, habit: Habit, *, lines: int = 25, open_items: int = 40) -> dict[str, pl.DataFrame]:
    """Bank lines and open items that meet by reference, by text, by customer, by sums, or not at all."""
    draw = Random(seed)  # noqa: S311 - a test world, no secret
    rows: dict[str, list[Row]] = {"bank_lines": [], "open_items": []}
    for name, count in (("bank_lines", lines), ("open_items", open_items)):
        for number in range(count):
            invoice = f"INV-{draw.randrange(1000, 1030)}"
            row: Row = {
                "item_id": f"{name[0].upper()}{number}",
                "amount": draw.choice([100, 100, 250, 350, 90, 10 + number]),
                "on": draw.randrange(60),
                "counterparty_account": draw.choice(["A", "B", None]),
                "references": [invoice] if name == "open_items" or draw.random() < 0.2 else None,
                "text": f"paid {invoice}" if name == "bank_lines" and draw.random() < 0.5 else None,
            }
            rows[name].append(row | habit(draw, row))
    return {name: items(*of) if of else items({"item_id": "X"}).clear() for name, of in rows.items()}


@pytest.mark.parametrize("habit", HABITS)
def test_the_rules_hold_whatever_the_order_of_rows_and_a_second_run_finds_nothing_to_take_back(habit: str) -> None:
    world = _world(len(habit), HABITS[habit])
    once = match(world, RULES)
    assert_sound(once, world, RULES)
    shuffled = match({name: frame.sample(fraction=1, shuffle=True, seed=1) for name, frame in world.items()}, RULES)
    assert shuffled.groups.equals(once.groups)
    assert shuffled.items.equals(once.items)
    assert shuffled.unmatched.equals(once.unmatched)
    ledger = Ledger(once.groups, once.items)
    change = new_ledger(ledger, pl.DataFrame(schema=RELEASED), match(world, RULES, ledger=ledger))
    assert not change.superseded.keys() & set(once.groups.filter(pl.col("status") == "matched")["group_id"])


@pytest.mark.parametrize(("lines", "open_items"), [(0, 0), (0, 3), (3, 0), (1, 1), (1, 3), (3, 1)])
def test_empty_sides_and_sides_of_one_row(lines: int, open_items: int) -> None:
    world = _world(3, HABITS["all the same day"], lines=lines, open_items=open_items)
    result = match(world, RULES)
    assert_sound(result, world, RULES)
    told = pl.concat([result.items.select("dataset", "item_id"), result.unmatched.select("dataset", "item_id")])
    assert told.unique().height == lines + open_items


def test_a_customer_of_very_many_open_items_costs_what_they_are_not_what_their_pairs_are() -> None:
    """20,000 open items of three prices against 500 lines: ten million pairs, none of which is better than another."""
    count = {"bank_lines": 500, "open_items": 20_000}
    base = items({"amount": 100, "counterparty_account": "A", "counterparty_name": "Acme"})
    world = {
        name: pl.concat([base] * rows).with_columns(
            pl.format("{}{}", pl.lit(name), pl.int_range(pl.len())).alias("item_id"),
            (pl.col("amount") * (pl.int_range(pl.len()) % 3 + 1)).cast(pl.Decimal(23, 5)).alias("amount"),
        )
        for name, rows in count.items()
    }
    result = match(world, RULES)
    assert result.groups.filter(pl.col("status") == "matched").is_empty()
    of_leg = result.unmatched.filter(pl.col("leg") == "bank_lines_open_items")
    assert of_leg.height == sum(count.values())
