"""Entities packed into parts that are matched one after another."""

from __future__ import annotations

import polars as pl
from example_items import items

from reconciliation.matching import Part, entity_parts, match_in_parts, parse_rules


def test_entities_are_packed_the_same_way_in_any_order_of_rows() -> None:
    frame = pl.LazyFrame({"entity": ["A"] * 5 + ["B"] * 4 + ["C"] * 3 + ["D"] * 2})
    assert entity_parts({"items": frame}, 7) == {"A": 0, "B": 1, "C": 1, "D": 0}
    assert entity_parts({"items": frame.reverse()}, 7) == {"A": 0, "B": 1, "C": 1, "D": 0}


def test_nothing_is_cut_where_an_item_may_belong_to_any_entity() -> None:
    assert entity_parts({"items": pl.LazyFrame({"entity": ["A", "B", None]})}, 1) is None
    assert entity_parts({"items": pl.LazyFrame({"item_id": ["1", "2"]})}, 1) is None
    assert entity_parts({"items": pl.LazyFrame({"entity": ["A", "A"]})}, 1) is None


def test_a_leg_across_entities_knows_the_links_of_every_part() -> None:
    rules = parse_rules(
        """
        legs:
          - name: moved
            left: {dataset: payments, pool: cash}
            right: {dataset: invoices, pool: ledger}
            passes: [{kind: links}, {kind: own_transfer}]
        """
    )
    parts = [
        Part(
            {
                "payments": items({"item_id": f"P{entity}", "amount": -10, "entity": entity, "account": entity}).lazy(),
                "invoices": items({"item_id": f"I{entity}", "amount": -10, "entity": entity}).lazy(),
            },
            pl.LazyFrame(
                {
                    "left_dataset": ["payments"],
                    "left_id": [f"P{entity}"],
                    "right_dataset": ["invoices"],
                    "right_id": [f"I{entity}"],
                }
            ),
        )
        for entity in ("DE01", "FR01")
    ]
    made: list[pl.DataFrame] = []
    match_in_parts(parts, rules, lambda outcome: made.append(outcome.groups))
    assert pl.concat(made)["pass"].to_list() == ["links", "links"]
