"""Deliveries added to the tables that stand, in any order, give the tables that a build of everything gives, bit by bit."""

from __future__ import annotations

import os
import random
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from small_warehouse import SmallWarehouse
from week import AS_OF, KNOWN_AT

from orchestration import additions
from orchestration.additions import build_phase
from orchestration.content_hash import content_hash
from orchestration.fingerprints import CANONICAL, MARTS
from orchestration.run_content import TableContent, store
from orchestration.run_time import RunTime
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

PHASES = ((CANONICAL, "fqn:*", "tag:after_results"), (MARTS, "tag:after_results", ""))
SEEDS = range(20) if os.environ.get("TIEOUT_FUZZ") == "long" else range(1)


def build(warehouse: SmallWarehouse) -> list[bool]:
    """Both phases; whether each added to what stood."""
    added = []
    for phase, select, exclude in PHASES:
        results, by_adding = build_phase(Workspace(warehouse.folder), phase, select, exclude, tests=False)
        assert [f"{one.node.name}: {one.message}" for one in results if str(one.status) == "error"] == []
        added.append(by_adding)
    return added


def contents(warehouse: SmallWarehouse) -> dict[str, TableContent | str]:
    """What every canonical table, mart and input of the matching says."""
    with connect(warehouse.path) as connection:
        found: dict[str, TableContent | str] = dict(
            store(
                connection, RunTime(date.fromisoformat(AS_OF), datetime.fromisoformat(KNOWN_AT).astimezone(UTC), "test")
            )
        )
        for table in ("bank_lines", "payments", "open_items", "links", "rates"):
            found[f"matching_input.{table}"] = content_hash(connection, f"matching_input.{table}")
    return found


def set_day(warehouse: SmallWarehouse, day: date) -> None:
    with connect(warehouse.path) as connection:
        connection.execute("UPDATE config.run_parameter SET as_of = ?", [day])


def copied(built: SmallWarehouse, folder: Path) -> SmallWarehouse:
    shutil.copy(built.path, folder / "warehouse.duckdb")
    return SmallWarehouse(folder)


@pytest.mark.parametrize("seed", SEEDS)
def test_deliveries_in_any_order_and_on_any_day_add_up_to_a_whole_build(
    built: SmallWarehouse, tmp_path: Path, seed: int
) -> None:
    warehouse, chance = copied(built, tmp_path), random.Random(seed)  # noqa: S311  (an order of arrival, not a secret)
    with connect(warehouse.path) as connection:
        connection.execute("CREATE TABLE to_come AS SELECT * FROM raw.delivery; DELETE FROM raw.delivery")
        order = [name for (name,) in connection.execute("SELECT delivery_id FROM to_come ORDER BY 1").fetchall()]
    chance.shuffle(order)
    cuts = sorted(chance.sample(range(1, len(order)), 2))
    for number, arriving in enumerate((order[: cuts[0]], order[cuts[0] : cuts[1]], order[cuts[1] :])):
        # business days on either side of a cut-over, of due dates and of the validity of accounts, forwards and back
        set_day(warehouse, date.fromisoformat(AS_OF) + timedelta(days=chance.choice([-40, -3, 0, 0, 3, 40])))
        with connect(warehouse.path) as connection:
            connection.execute(
                "INSERT INTO raw.delivery SELECT * FROM to_come WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))",
                [arriving],
            )
        assert build(warehouse) == [number > 0, number > 0]
    added_up = contents(warehouse)
    with connect(warehouse.path) as connection:
        for phase, _, _ in PHASES:
            additions.forget(connection, phase)
    assert build(warehouse) == [False, False]
    assert contents(warehouse) == added_up


@pytest.fixture
def remembered(empty_group: SmallWarehouse, tmp_path: Path) -> SmallWarehouse:
    """A warehouse whose two phases are known to hold delivery one; delivery two has come since."""
    warehouse = copied(empty_group, tmp_path)
    warehouse.insert("config.run_parameter", {"as_of": AS_OF, "known_at": KNOWN_AT, "run_id": "test"})
    warehouse.deliver("one", "sap", "sap", "2026-09-01 00:00:00+00", [])
    with connect(warehouse.path) as connection:
        additions.remember(connection, CANONICAL, added=False)
        additions.remember(connection, MARTS, added=False)
    warehouse.deliver("two", "sap", "sap", "2026-08-01 00:00:00+00", [])
    return warehouse


def can_add(warehouse: SmallWarehouse, phase: str = CANONICAL) -> bool:
    with connect(warehouse.path) as connection:
        return additions.can_add(connection, phase)


def test_a_delivery_may_be_added_however_old_it_is(remembered: SmallWarehouse) -> None:
    assert can_add(remembered)
    assert remembered.rows("SELECT delivery_id FROM ops.new_delivery") == [("two",)]


def test_another_business_day_is_added_to(remembered: SmallWarehouse) -> None:
    with connect(remembered.path) as connection:
        assert not additions.is_new_day(connection, CANONICAL)
    set_day(remembered, date.fromisoformat(AS_OF) + timedelta(days=1))
    assert can_add(remembered)
    with connect(remembered.path) as connection:
        assert additions.is_new_day(connection, CANONICAL)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE config.run_parameter SET known_at = timestamptz '2026-08-15 00:00:00+00'",
        "UPDATE config.company SET base_currency = 'CHF'",
        "DELETE FROM raw.delivery WHERE delivery_id = 'one'",
        "UPDATE raw.delivery SET status = 'quarantined' WHERE delivery_id = 'one'",
        "UPDATE ops.phase_build SET ground = NULL",  # a build that did not end
        "UPDATE ops.phase_build SET ground = 'another version of the project'",
    ],
)
def test_anything_else_that_changes_makes_every_table_anew(remembered: SmallWarehouse, change: str) -> None:
    with connect(remembered.path) as connection:
        connection.execute(change)
    assert not can_add(remembered)


def test_marts_add_only_to_what_follows_the_canonical_tables_they_read(remembered: SmallWarehouse) -> None:
    assert can_add(remembered, MARTS)  # the canonical tables stand
    with connect(remembered.path) as connection:
        additions.remember(connection, CANONICAL, added=True)
        assert additions.can_add(connection, MARTS)  # one build ahead
        additions.remember(connection, CANONICAL, added=True)
        assert not additions.can_add(connection, MARTS)  # a build was missed
        additions.remember(connection, MARTS, added=False)
        assert additions.can_add(connection, MARTS)
        additions.remember(connection, CANONICAL, added=False)
        assert not additions.can_add(connection, MARTS)  # made anew: what has changed is not known
