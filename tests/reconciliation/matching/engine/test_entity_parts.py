"""Entities packed into parts that are matched one after another."""

from __future__ import annotations

import polars as pl

from reconciliation.matching import entity_parts


def test_entities_are_packed_the_same_way_in_any_order_of_rows() -> None:
    frame = pl.LazyFrame({"entity": ["A"] * 5 + ["B"] * 4 + ["C"] * 3 + ["D"] * 2})
    assert entity_parts({"items": frame}, 7) == {"A": 0, "B": 1, "C": 1, "D": 0}
    assert entity_parts({"items": frame.reverse()}, 7) == {"A": 0, "B": 1, "C": 1, "D": 0}


def test_nothing_is_cut_where_an_item_may_belong_to_any_entity() -> None:
    assert entity_parts({"items": pl.LazyFrame({"entity": ["A", "B", None]})}, 1) is None
    assert entity_parts({"items": pl.LazyFrame({"item_id": ["1", "2"]})}, 1) is None
    assert entity_parts({"items": pl.LazyFrame({"entity": ["A", "A"]})}, 1) is None
