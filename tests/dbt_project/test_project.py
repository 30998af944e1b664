"""The shape of the dbt project: everything described, two phases, tables even where nothing was delivered."""

from __future__ import annotations

import re
from typing import cast

import pytest
from small_warehouse import SmallWarehouse

from orchestration.dbt_runner import DBT_PROJECT, manifest_json

RESULTS = {"matching", "monitoring", "forecasting"}
AFTER_RESULTS = "after_results"


@pytest.fixture(scope="module")
def built(empty_group: SmallWarehouse) -> SmallWarehouse:
    empty_group.dbt("run", "2026-09-30", "2026-09-30 21:59:59+00", "--exclude", f"tag:{AFTER_RESULTS}")
    empty_group.dbt("run", "2026-09-30", "2026-09-30 21:59:59+00", "--select", f"tag:{AFTER_RESULTS}")
    return empty_group


def models() -> dict[str, dict]:
    nodes = cast("dict[str, dict]", manifest_json()["nodes"])
    return {key: node for key, node in nodes.items() if node["resource_type"] == "model"}


def test_a_group_without_deliveries_has_all_its_tables(built: SmallWarehouse) -> None:
    there = {
        table for (table,) in built.rows("SELECT table_schema || '.' || table_name FROM information_schema.tables")
    }
    assert {f"{node['schema']}.{node['alias']}" for node in models().values()} <= there
    assert built.one("SELECT count(*), count(position) FROM marts.cash_position") == (2, 0)
    assert built.one("SELECT count(*) FROM matching_input.open_items") == (0,)


def test_every_model_and_column_is_described(built: SmallWarehouse) -> None:
    columns: dict[object, list[object]] = {}
    for table, column in built.rows(
        "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
    ):
        columns.setdefault(table, []).append(column)
    undescribed = []
    for node in models().values():
        there = columns[f"{node['schema']}.{node['alias']}"]
        documented = {name for name, column in node["columns"].items() if column["description"]}
        undescribed += [f"{node['name']}.{column}" for column in there if column not in documented]
        undescribed += [f"{node['name']}: {name} is not there" for name in documented if name not in there]
        if not node["description"]:
            undescribed.append(node["name"])
    assert undescribed == []


def test_nothing_before_the_matching_reads_results(built: SmallWarehouse) -> None:
    everything = models()
    late = {key for key, node in everything.items() if AFTER_RESULTS in node["tags"]}
    assert late
    for key, node in everything.items():
        if key not in late:
            parents = node["depends_on"]["nodes"]
            assert not late & set(parents), f"{node['name']} reads a model of phase 2"
            assert not {parent.split(".")[2] for parent in parents if parent.startswith("source.")} & RESULTS


def test_every_table_below_staging_has_an_enforced_contract(built: SmallWarehouse) -> None:
    loose = [n["name"] for n in models().values() if n["schema"] != "staging" and not n["contract"]["enforced"]]
    assert loose == []


def test_compression_is_told_of_text_columns_that_are_there(built: SmallWarehouse) -> None:
    told = re.findall(
        r"'(\w+)'", (DBT_PROJECT / "macros" / "compression.sql").read_text().split("macro ids_of_rows")[1]
    )
    texts = {
        name
        for node in models().values()
        for name, column in node["columns"].items()
        if column["data_type"] == "varchar"
    }
    assert set(told) <= texts
    assert len(told) == len(set(told)), "an id of rows is no code"
