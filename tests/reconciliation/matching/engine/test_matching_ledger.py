"""The ledger over time: what stands, what is released, what is superseded."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
from example_items import items, members, one_leg

from reconciliation.matching import Ledger, MatchResult, StoredLedger, match
from reconciliation.matching.ledger import carry_forward, new_ledger
from reconciliation.matching.results import RELEASED

RULES = one_leg("{kind: reference}", "{kind: amount_date}")
NOTHING_RELEASED = pl.DataFrame(schema=RELEASED)


def _after(ledger: Ledger, change: object) -> Ledger:
    groups, added, superseded = change  # type: ignore[misc]
    kept = ledger.groups.filter(~pl.col("group_id").is_in(list(superseded)))
    held = ledger.items.filter(~pl.col("group_id").is_in(list(superseded)))
    return Ledger(pl.concat([kept, groups]), pl.concat([held, added]))


def test_a_match_stands_as_long_as_its_items_do() -> None:
    world = {
        "left": items({"item_id": "B1", "amount": -10, "references": ["R1"]}),
        "right": items({"item_id": "P1", "amount": -10, "references": ["R1"]}),
    }
    result = match(world, RULES)
    ledger = Ledger(result.groups, result.items)
    kept, released = carry_forward(ledger, world)
    assert released.is_empty()
    again = match(world, RULES, ledger=kept)
    assert again.groups.is_empty()
    assert again.unmatched.is_empty()
    assert new_ledger(kept, released, again).superseded == {}


def test_a_changed_amount_releases_its_group_and_no_other() -> None:
    left = items(*({"item_id": f"B{n}", "amount": -10 * n, "references": [f"R{n}"]} for n in (1, 2)))
    right = items(*({"item_id": f"P{n}", "amount": -10 * n, "references": [f"R{n}"]} for n in (1, 2)))
    result = match({"left": left, "right": right}, RULES)
    changed = right.with_columns(
        pl.when(pl.col("item_id") == "P2")
        .then(Decimal(-21))
        .otherwise("amount")
        .cast(pl.Decimal(23, 5))
        .alias("amount")
    )
    kept, released = carry_forward(Ledger(result.groups, result.items), {"left": left, "right": changed})
    assert kept.items["item_id"].sort().to_list() == ["B1", "P1"]
    assert released["reason"].to_list() == ["the amount or currency of an item has changed"]
    # the money it had used is open again
    again = match({"left": left, "right": changed}, RULES, ledger=kept)
    assert sorted(again.unmatched["item_id"]) == ["B2", "P2"]


def test_a_cancelled_item_releases_its_group() -> None:
    left = items({"item_id": "B1", "amount": -10, "references": ["R1"]})
    right = items({"item_id": "P1", "amount": -10, "references": ["R1"]})
    result = match({"left": left, "right": right}, RULES)
    _, released = carry_forward(Ledger(result.groups, result.items), {"left": left, "right": right.clear()})
    assert released["reason"].to_list() == ["right P1 is no longer there"]


def test_a_tie_is_superseded_when_a_later_day_decides_it() -> None:
    left = items({"item_id": "B1", "amount": -70, "counterparty_account": "X"})
    right = items(*({"item_id": f"P{n}", "amount": -70, "counterparty_account": "X"} for n in (1, 2)))
    first = match({"left": left, "right": right}, RULES)
    assert members(first, "ambiguous") == [("B1", "P1", "P2")]
    ledger = _after(Ledger.empty(), new_ledger(Ledger.empty(), NOTHING_RELEASED, first))
    later = right.with_columns(
        pl.when(pl.col("item_id") == "P1").then(pl.lit(["R1"])).otherwise("references").alias("references")
    )
    known = left.with_columns(pl.lit(["R1"]).alias("references"))
    kept, released = carry_forward(ledger, {"left": known, "right": later})
    second = match({"left": known, "right": later}, RULES, ledger=kept)
    change = new_ledger(ledger, released, second)
    assert members(second, "matched") == [("B1", "P1")]
    assert list(change.superseded) == first.groups["group_id"].to_list()
    assert list(change.superseded.values()) == second.groups["group_id"].to_list()


def test_day_by_day_reaches_the_same_state_as_one_run() -> None:
    days = range(1, 8)
    left = items(*({"item_id": f"B{n}", "amount": -10 * n, "on": n, "references": [f"R{n}"]} for n in days))
    right = items(*({"item_id": f"P{n}", "amount": -10 * n, "on": n - 1, "references": [f"R{n}"]} for n in days))
    ledger = Ledger.empty()
    for until in sorted(left["date"]):
        world = {"left": left.filter(pl.col("date") <= until), "right": right.filter(pl.col("date") <= until)}
        kept, released = carry_forward(ledger, world)
        ledger = _after(ledger, new_ledger(ledger, released, match(world, RULES, ledger=kept)))
    once = match({"left": left, "right": right}, RULES)
    assert sorted(ledger.groups["group_id"]) == sorted(once.groups["group_id"])


def test_a_later_run_has_learned_what_one_run_over_all_would_have_learned() -> None:
    """Date distances are learned from the pairs of surer passes, also where an earlier run has found them."""
    known = [{"item_id": f"{n}", "amount": -10 - n, "references": [f"R{n}00"], "on": 0} for n in range(60)]
    late = [row | {"on": 5} for row in known]
    unnamed = {"item_id": "X", "amount": -7, "counterparty_account": "A"}
    everything = {
        "left": items(*late, unnamed | {"on": 5}),
        "right": items(*known, unnamed | {"on": 0}),
    }
    at_once = match(everything, RULES)
    first = match({"left": items(*late), "right": items(*known)}, RULES)
    later = match(everything, RULES, ledger=Ledger(first.groups, first.items))
    alone = match({name: frame.filter(pl.col("item_id") == "X") for name, frame in everything.items()}, RULES)

    def confidence(result: MatchResult) -> float:
        return float(result.groups.filter(pl.col("left_total") == -7)["confidence"][0])

    assert confidence(later) == confidence(at_once) != confidence(alone)


def test_of_a_stored_ledger_a_run_reads_what_its_own_items_are_in(tmp_path: Path) -> None:
    """A line that was paid in part is open with its rest; the others are settled and not in the run any more."""
    rules = one_leg("{kind: reference, amounts: [equal, {rule: partial, odds: 0.9}]}", "{kind: links}")
    settled = [{"item_id": f"{n}", "amount": -10 - n, "references": [f"R{n}"]} for n in range(40)]
    part = {"item_id": "PART", "references": ["RPART"]}
    first = match(
        {"left": items(*settled, part | {"amount": -7}), "right": items(*settled, part | {"amount": -9})}, rules
    )
    assert first.groups.height == 41
    first.groups.write_parquet(tmp_path / "groups.parquet")
    first.items.write_parquet(tmp_path / "items.parquet")
    files = StoredLedger(pl.scan_parquet(tmp_path / "groups.parquet"), pl.scan_parquet(tmp_path / "items.parquet"))
    rest = {
        "left": items({"item_id": "LATE", "amount": -2, "references": ["RPART"]}),
        "right": items(part | {"amount": -9}),
    }
    late, held = (match(rest, rules, ledger=ledger) for ledger in (files, Ledger(first.groups, first.items)))
    assert members(late) == [("LATE", "PART")]
    assert (late.groups.rows(), late.unmatched.rows()) == (held.groups.rows(), held.unmatched.rows())
