"""Items that are not what they should be are told apart, with the name of what is wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from example_items import items, one_leg, reasons

from reconciliation.matching import MatchingError, match

RULES = one_leg("{kind: reference}")
GOOD = items({"item_id": "B1", "amount": "1.10", "references": ["R1"]})


def _match(left: pl.DataFrame) -> pl.DataFrame:
    return match({"left": left, "right": GOOD}, RULES).groups


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (GOOD.with_columns(colour=pl.lit("red")), "left: unknown column colour; known are item_id, amount"),
        (GOOD.drop("currency"), "left: required column currency missing"),
        (pl.concat([GOOD, GOOD]), "item_id not unique, found more than once: B1"),
        (GOOD.with_columns(pl.lit(None, dtype=pl.Date).alias("date")), "required column date has empty values"),
        (GOOD.with_columns(pl.lit(True).alias("date")), "column date is Boolean, expected Date"),
        (GOOD.with_columns(pl.lit("1.123456").alias("amount")), "more than 5 decimals"),
        (GOOD.with_columns(pl.lit(7).alias("account")), "column account is Int32, expected String"),
        (GOOD.with_columns(pl.lit(7.0).alias("item_id")), "column item_id is Float64, expected String"),
    ],
)
def test_what_is_wrong_is_named(frame: pl.DataFrame, said: str) -> None:
    with pytest.raises(MatchingError) as caught:
        _match(frame)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "amount",
    [
        pl.Series([Decimal("1.1")]),
        pl.Series(["1.10"]),
        pl.Series([1.1]),
        pl.Series([Decimal("1.100000000")], dtype=pl.Decimal(30, 9)),
    ],
)
def test_an_amount_of_any_honest_type_is_exact(amount: pl.Series) -> None:
    groups = _match(GOOD.with_columns(amount.alias("amount")))
    assert groups["left_total"].to_list() == [Decimal("1.10000")]


def test_ids_may_be_whole_numbers() -> None:
    numbered = GOOD.with_columns(pl.lit(4711).alias("item_id"), pl.lit(20250001).alias("references"))
    result = match({"left": numbered, "right": GOOD.with_columns(references=pl.lit(["20250001"]))}, RULES)
    assert result.items.filter(pl.col("dataset") == "left")["item_id"].to_list() == ["4711"]
    assert result.groups["status"].to_list() == ["matched"]


def test_only_the_required_columns_are_needed() -> None:
    bare = pl.DataFrame({"item_id": ["B1"], "amount": [5], "currency": ["EUR"], "date": [date(2024, 1, 1)]})
    result = match({"left": bare, "right": bare}, RULES)
    assert result.unmatched.height == 2


def test_floats_are_told_in_the_summary() -> None:
    result = match({"left": GOOD.with_columns(pl.lit(1.1).alias("amount")), "right": GOOD}, RULES)
    assert result.summary["float_columns"] == {"left": ["amount"]}


def test_a_dataset_that_is_not_given_is_named() -> None:
    with pytest.raises(MatchingError, match="dataset right not given"):
        match({"left": GOOD}, RULES)


def test_an_item_that_amounts_to_nothing_is_told_and_not_lost() -> None:
    left = items({"item_id": "B1", "amount": 0, "references": ["R1"]}, {"item_id": "B2", "amount": -5})
    right = items({"item_id": "P1", "amount": 0, "references": ["R1"]})
    result = match({"left": left, "right": right}, one_leg("{kind: reference}"))
    assert result.groups.is_empty()
    assert reasons(result) == {"B1": "zero_amount", "B2": "no_candidate", "P1": "zero_amount"}


def test_an_equal_amount_at_hand_and_one_of_another_month_are_told_apart() -> None:
    """Neither is a match: who reads why an item is open learns whether time or evidence is missing."""
    left = items({"item_id": "B1", "amount": -5}, {"item_id": "B2", "amount": -7})
    right = items({"item_id": "P1", "amount": -5, "on": 2}, {"item_id": "P2", "amount": -7, "on": 60})
    result = match({"left": left, "right": right}, one_leg("{kind: batch, after: 7}"))
    near, far = "too_little_evidence", "outside_window"
    assert reasons(result) == {"B1": near, "P1": near, "B2": far, "P2": far}
