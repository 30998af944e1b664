"""Two-sided worlds: the truth covers what it should, amounts balance, and nothing depends on anything but the seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from simulation.two_sided import HARD, TwoSided, TwoSidedSettings, two_sided, write_two_sided
from simulation.two_sided_wording import BANK_STYLES, LEDGER_STYLES

SMALL = replace(HARD, events=300)


def totals(world: TwoSided) -> pl.DataFrame:
    items = pl.concat([world.bank.select("item_id", "amount"), world.ledger.select("item_id", "amount")])
    signed = pl.when(pl.col("dataset") == "left").then(pl.col("amount")).otherwise(-pl.col("amount"))
    return (
        world.truth.join(items, on="item_id").group_by("group", "kind").agg(signed.sum().alias("difference"), pl.len())
    )


@pytest.mark.parametrize("bank", sorted(BANK_STYLES))
def test_every_bank_style_names_the_party_or_the_cheque(bank: str) -> None:
    world = two_sided(3, replace(SMALL, bank_style=bank))
    assert world.bank["text"].null_count() == 0
    assert world.bank["text"].str.contains("(?i)CHECK|CHK|CHQ|CHEQUE|SCHECK").any()


def test_groups_balance_but_for_fees_and_typing_errors() -> None:
    by_kind = totals(two_sided(4, SMALL))
    unequal = by_kind.filter(pl.col("difference") != 0)
    assert set(unequal["kind"]) == {"netted_fee", "typing_error"}
    fees = by_kind.filter(pl.col("kind") == "netted_fee")["difference"]
    assert (fees < 0).all()  # a fee only ever costs


def test_an_item_is_in_one_group_and_noise_in_none() -> None:
    world = two_sided(5, SMALL)
    assert world.truth["item_id"].is_unique().all()
    known = set(world.truth["item_id"])
    items = set(world.bank["item_id"]) | set(world.ledger["item_id"])
    assert known < items


def test_one_sided_groups_cancel_out() -> None:
    world = two_sided(6, SMALL)
    single = world.truth.filter(pl.col("kind").is_in(["void", "returned"]))
    assert (single.group_by("group").agg(pl.col("dataset").n_unique())["dataset"] == 1).all()
    assert not single.is_empty()


def test_the_same_seed_gives_the_same_world_and_another_a_different_one(tmp_path: Path) -> None:
    one, again = two_sided(7, SMALL), write_two_sided(tmp_path, 7, SMALL)
    assert one.bank.equals(again.bank) and one.ledger.equals(again.ledger) and one.truth.equals(again.truth)
    assert not one.bank.equals(two_sided(8, SMALL).bank)
    assert pl.read_parquet(tmp_path / "left.parquet").equals(one.bank)


def test_only_one_ledger_style_has_a_name_column() -> None:
    with_name = {
        style
        for style in LEDGER_STYLES
        if "counterparty_name" in two_sided(9, TwoSidedSettings(events=60, ledger_style=style)).ledger.columns
    }
    assert with_name == {"name_column"}
