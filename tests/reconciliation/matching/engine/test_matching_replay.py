"""A run over what earlier runs have matched: it finds the same, gives nothing away, and judges what is new by all."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest
from example_items import items, members, one_leg

from reconciliation.matching import Ledger, MatchResult, match
from reconciliation.matching.ledger import new_ledger
from reconciliation.matching.results import RELEASED

RULES = one_leg("{kind: reference}", "{kind: recurring}", "{kind: amount_date}", "{kind: subset_sum}")
NOTHING_RELEASED = pl.DataFrame(schema=RELEASED)
Row = dict[str, object]


def _ledger(result: MatchResult) -> Ledger:
    return Ledger(result.groups, result.items)


def _prices(seed: int) -> dict[str, pl.DataFrame]:
    """Few prices, few counterparties, near dates: much is matched, suggested and tied, all of it by odds."""
    draw = Random(seed)  # noqa: S311 - a test world, no secret
    rows: dict[str, list[Row]] = {"left": [], "right": []}
    for number in range(160):
        party, day = draw.choice("ABCDEFGHIJ"), draw.randrange(200)
        row: Row = {"amount": -draw.choice((49, 99, 100 + number, 300 + number)), "counterparty_account": f"X{party}"}
        if draw.random() < 0.95:
            rows["right"].append(row | {"item_id": f"P{number}", "on": day})
        if draw.random() < 0.95:
            rows["left"].append(row | {"item_id": f"B{number}", "on": day + draw.choice((0, 1, 1, 2, 5))})
    return {side: items(*of) for side, of in rows.items()}


@pytest.mark.parametrize("seed", range(4))
def test_a_second_run_over_the_same_items_changes_nothing(seed: int) -> None:
    world = _prices(seed)
    first = match(world, RULES)
    assert {"matched", "suggested"} <= set(first.groups["status"])
    again = match(world, RULES, ledger=_ledger(first))
    groups, _, superseded = new_ledger(_ledger(first), NOTHING_RELEASED, again)
    assert (groups.height, dict(superseded)) == (0, {})
    assert again.unmatched.equals(first.unmatched)


def test_what_is_new_is_judged_by_all_there_is_in_one_run_as_in_two() -> None:
    world = _prices(5)
    once = match(world, RULES)
    new = world["left"].filter(pl.col("item_id").is_in(["B7", "B70"]))
    earlier = {"left": world["left"].join(new, on="item_id", how="anti"), "right": world["right"]}
    first = match(earlier, RULES)
    second = match(world, RULES, ledger=_ledger(first))

    def told(result: MatchResult) -> list[tuple[object, ...]]:
        held = result.items.join(new, on="item_id", how="semi").join(result.groups, on="group_id")
        return held.select("item_id", "group_id", "status", "confidence").sort("item_id").rows()

    assert told(second) == told(once) != []


def test_a_match_that_stands_keeps_its_items_whatever_comes_later() -> None:
    row: Row = {"amount": -70, "counterparty_account": "A"}
    left = items(row | {"item_id": "B1", "on": 9})
    first = match({"left": left, "right": items(row | {"item_id": "P1", "on": 6})}, RULES)
    assert members(first, "matched") == [("B1", "P1")]
    # a nearer one, and one that names it
    right = items(
        row | {"item_id": "P1", "on": 6},
        row | {"item_id": "P2", "on": 9},
        row | {"item_id": "P3", "on": 9, "references": ["R-4711"]},
    )
    named = left.with_columns(pl.lit(["R-4711"]).alias("references"))
    second = match({"left": named, "right": right}, RULES, ledger=_ledger(first))
    assert second.groups.is_empty()
    assert sorted(second.unmatched["item_id"]) == ["P2", "P3"]


@pytest.mark.parametrize(("currency", "amount"), [("EUR", "-9999999999999999.99"), ("JPY", "-999999999999999999")])
def test_amounts_of_18_digits_are_carried_forward(currency: str, amount: str) -> None:
    row: Row = {"amount": amount, "currency": currency, "references": ["R-1001"]}
    world = {"left": items(row | {"item_id": "B1"}), "right": items(row | {"item_id": "P1"})}
    again = match(world, RULES, ledger=_ledger(match(world, RULES)))
    assert again.groups.is_empty()
    assert again.unmatched.is_empty()


def test_how_sure_a_deducted_memo_is_does_not_depend_on_the_other_payments_of_the_run() -> None:
    named: Row = {"counterparty_id": "C1", "due_date": None}
    right = [
        named | {"item_id": "I1", "amount": "412.37", "references": ["INV-4001"]},
        named | {"item_id": "M1", "amount": "-57.19", "references": ["CM-801"]},
        *(
            {"item_id": f"I{n}", "amount": 100 + 13 * n, "references": [f"INV-{4000 + n}"], "counterparty_id": f"C{n}"}
            for n in range(2, 9)
        ),
    ]
    left: list[Row] = [{"item_id": "L1", "amount": "355.18", "on": 20, "text": "INV-4001"}]
    short: list[Row] = [
        {"item_id": f"L{n}", "amount": 90 + 13 * n, "on": 20, "text": f"INV-{4000 + n}"} for n in range(2, 9)
    ]
    rules = one_leg("{kind: reference_text, amounts: [netted]}")
    told = [
        match({"left": items(*lines), "right": items(*right)}, rules).groups.filter(pl.col("cardinality") == "1:N")
        for lines in (left, [*left, *short])
    ]
    assert [each["confidence"].to_list() for each in told] == [told[0]["confidence"].to_list()] * 2 != [[], []]
