"""A second run over the same items finds nothing new: what the first one took, suggested and left was all there is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from example_items import items, members, one_leg

from reconciliation.contracts import LINK
from reconciliation.matching import Ledger, match, preset
from reconciliation.matching.ledger import new_ledger
from reconciliation.matching.results import RELEASED
from simulation.scale import write_scale
from simulation.two_sided import HARD, two_sided

Frames = dict[str, pl.DataFrame]
PARTS = one_leg("{kind: reference_text, amounts: [equal, {rule: partial, odds: 0.0005}]}", "{kind: links}")
LINE = items({"item_id": "B1", "amount": 100, "on": 5, "text": "INV-4001"})
BILLS = items({"item_id": "I1", "amount": 70, "references": ["INV-4001"]}, {"item_id": "I2", "amount": 30})


def _world(name: str, folder: Path) -> tuple[Frames, pl.DataFrame | None, str]:
    """Items, links and the rules that they are matched by."""
    if name == "two_sided":
        made = two_sided(3, replace(HARD, events=300))
        return {"left": made.bank, "right": made.ledger}, None, "two_sided"
    write_scale(folder, 400, 2, hard=True)
    frames = {each: pl.read_parquet(folder / f"{each}.parquet") for each in ("bank_lines", "payments", "open_items")}
    if name == "payables":
        return frames, pl.read_parquet(folder / "links.parquet"), "payables"
    return {"bank_lines": frames["bank_lines"], "open_items": frames["open_items"]}, None, "receivables"


@pytest.mark.parametrize("name", ["payables", "receivables", "two_sided"])
def test_a_second_run_over_the_same_items_finds_nothing_new(name: str, tmp_path: Path) -> None:
    world, links, rules = _world(name, tmp_path)
    first = match(world, preset(rules), links=links)
    assert {"matched", "suggested"} <= set(first.groups["status"])
    ledger = Ledger(first.groups, first.items)
    again = match(world, preset(rules), links=links, ledger=ledger)
    change = new_ledger(ledger, pl.DataFrame(schema=RELEASED), again)
    assert (change.groups.rows(), dict(change.superseded)) == ([], {})


def test_what_is_left_of_a_line_and_named_in_it_is_settled_to_the_cent() -> None:
    """A part alone is only suggested; where a link tells what the rest of the line was for, the amounts agree."""
    world = {"left": LINE, "right": BILLS}
    alone = match(world, PARTS)
    assert (members(alone, "suggested"), members(alone, "matched")) == ([("B1", "I1")], [])
    link = pl.DataFrame([("left", "B1", "right", "I2", 30, None)], schema=LINK, orient="row")
    told = match(world, PARTS, links=link)
    assert members(told, "matched") == [("B1", "I1"), ("B1", "I2")]
    assert told.groups["confidence"].min() >= 0.999 and told.unmatched.is_empty()


def test_a_part_stays_a_suggestion_where_something_is_left_over() -> None:
    more = LINE.with_columns(amount=pl.lit(101, pl.Decimal(23, 5)))
    link = pl.DataFrame([("left", "B1", "right", "I2", 30, None)], schema=LINK, orient="row")
    told = match({"left": more, "right": BILLS}, PARTS, links=link)
    assert ("B1", "I1") in members(told, "suggested")
