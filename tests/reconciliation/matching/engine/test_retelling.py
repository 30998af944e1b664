"""What a leg leaves open, told anew without its passes, is what the leg itself would tell when it looked again."""

from __future__ import annotations

import polars as pl
import pytest
from example_items import items, one_leg

from reconciliation.contracts import UNMATCHED
from reconciliation.matching import Ledger, Rules, match, match_leg, preset, retell_leg
from simulation.scale import write_scale

Frames = dict[str, pl.DataFrame]


def _told(unmatched: pl.DataFrame) -> pl.DataFrame:
    return unmatched.sort("dataset", "item_id")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Frames, pl.DataFrame]:
    """A small company's items, and its links."""
    folder = tmp_path_factory.mktemp("world")
    write_scale(folder, 1200, 2, hard=True)
    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in ("bank_lines", "payments", "open_items")}
    return frames, pl.read_parquet(folder / "links.parquet")


@pytest.mark.parametrize("leg", ["bank_lines_payments", "payments_open_items", "returns", "bank_lines_open_items"])
def test_a_leg_told_anew_says_what_it_would_say_looking_again(world: tuple[Frames, pl.DataFrame], leg: str) -> None:
    frames, links = world
    rules = preset("payables")
    first = match(frames, rules, links=links)
    ledger = Ledger(first.groups, first.items)
    again = match_leg(leg, frames, rules, links=links, ledger=ledger)
    before = first.unmatched.filter(pl.col("leg") == leg)
    anew = retell_leg(leg, frames, rules, before, ledger)
    assert anew.schema == pl.Schema(UNMATCHED)
    assert _told(anew).equals(_told(again.unmatched))


def _one_side_told(
    rules: Rules, left: pl.DataFrame, right: pl.DataFrame, told: pl.DataFrame, ledger: Ledger
) -> dict[str, str]:
    anew = retell_leg("leg", {"left": left, "right": right}, rules, told, ledger)
    return dict(anew.filter(pl.col("dataset") == "left").select("item_id", "reason").rows())


def test_reasons_that_a_pass_or_a_person_gave_stay_and_those_that_follow_are_made_anew() -> None:
    rules = one_leg("{kind: reference, amounts: [equal]}")
    left = items({"item_id": "L1", "amount": 5}, {"item_id": "L2", "amount": 7}, {"item_id": "L3", "amount": 9})
    right = items({"item_id": "R1", "amount": 5}, {"item_id": "R3", "amount": 9, "on": 300})
    told = pl.DataFrame(
        [
            ("leg", "left", "L1", 5, "ignored", []),
            ("leg", "left", "L2", 7, "outside_window", ["R9"]),
            ("leg", "left", "L3", 9, "too_many_candidates", []),
        ],
        schema=UNMATCHED,
        orient="row",
    )
    reasons = _one_side_told(rules, left, right, told, Ledger.empty())
    assert reasons == {"L1": "ignored", "L2": "no_candidate", "L3": "too_many_candidates"}
