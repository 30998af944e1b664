"""The shape of the dbt project: everything described, two phases, tables even where nothing was delivered."""

from __future__ import annotations

import re

import pytest
from small_warehouse import SmallWarehouse

from orchestration.dbt_runner import DBT_PROJECT

RESULTS = {"matching", "monitoring", "forecasting"}
AFTER_RESULTS = "after_results"


@pytest.fixture(scope="module")
def built(empty_group: SmallWarehouse) -> SmallWarehouse:
    empty_group.dbt("run", "2026-09-30", "2026-09-30 21:59:59+00", "--exclude", f"tag:{AFTER_RESULTS}")
    empty_group.dbt("run", "2026-09-30", "2026-09-30 21:59:59+00", "--select", f"tag:{AFTER_RESULTS}")
    return empty_group


def models(warehouse: SmallWarehouse) -> dict[str, dict]:
    return {key: node for key, node in warehouse.manifest()["nodes"].items() if node["resource_type"] == "model"}


def test_a_group_without_deliveries_has_all_its_tables(built: SmallWarehouse) -> None:
    there = {
        table for (table,) in built.rows("SELECT table_schema || '.' || table_name FROM information_schema.tables")
    }
    assert {f"{node['schema']}.{node['alias']}" for node in models(built).values()} <= there
    assert built.one("SELECT count(*), count(position) FROM marts.cash_position") == (2, 0)
    assert built.one("SELECT count(*) FROM matching_input.open_items") == (0,)


def test_every_model_and_column_is_described(built: SmallWarehouse) -> None:
    undescribed = []
    for node in models(built).values():
        columns = [
            column
            for (column,) in built.rows(
                "SELECT column_name FROM information_schema.columns "
                f"WHERE table_schema = '{node['schema']}' AND table_name = '{node['alias']}'"
            )
        ]
        documented = {name for name, column in node["columns"].items() if column["description"]}
        undescribed += [f"{node['name']}.{column}" for column in columns if column not in documented]
        undescribed += [f"{node['name']}: {name} is not there" for name in documented if name not in columns]
        if not node["description"]:
            undescribed.append(node["name"])
    assert undescribed == []


def test_nothing_before_the_matching_reads_results(built: SmallWarehouse) -> None:
    everything = models(built)
    late = {key for key, node in everything.items() if AFTER_RESULTS in node["tags"]}
    assert late
    for key, node in everything.items():
        if key not in late:
            parents = node["depends_on"]["nodes"]
            assert not late & set(parents), f"{node['name']} reads a model of phase 2"
            assert not {parent.split(".")[2] for parent in parents if parent.startswith("source.")} & RESULTS


def test_every_table_below_staging_has_an_enforced_contract(built: SmallWarehouse) -> None:
    loose = [n["name"] for n in models(built).values() if n["schema"] != "staging" and not n["contract"]["enforced"]]
    assert loose == []


def test_compression_is_told_of_text_columns_that_are_there(built: SmallWarehouse) -> None:
    told = re.findall(
        r"'(\w+)'", (DBT_PROJECT / "macros" / "compression.sql").read_text().split("macro ids_of_rows")[1]
    )
    texts = {
        name
        for node in models(built).values()
        for name, column in node["columns"].items()
        if column["data_type"] == "varchar"
    }
    assert set(told) <= texts
    assert len(told) == len(set(told)), "an id of rows is no code"
