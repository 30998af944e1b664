"""The same `as_of` and `known_at` give the same tables again, whatever was loaded or built in between."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime

import pytest
from small_warehouse import SmallWarehouse
from week import AS_OF, KNOWN_AT

from orchestration import fingerprints
from orchestration.run_content import TableContent, store
from orchestration.run_time import RunTime
from orchestration.warehouse import connect

EARLIER = "2026-09-29 12:00:00+00"  # later deliveries of the week are in the warehouse already


@pytest.fixture(scope="module")
def copied(built: SmallWarehouse, tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    """The warehouse of the week as another machine has it: the same rows in another file."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copy(built.path, folder / "warehouse.duckdb")
    return SmallWarehouse(folder)


def contents(warehouse: SmallWarehouse, run: str) -> dict[str, TableContent]:
    with connect(warehouse.path) as connection:
        return store(connection, RunTime(date(2026, 9, 30), datetime(2026, 9, 30, tzinfo=UTC), run))


def test_tables_are_bit_identical_after_a_run_that_knew_less(copied: SmallWarehouse) -> None:
    first = contents(copied, "first")
    copied.dbt("run", AS_OF, EARLIER)
    less = contents(copied, "less")
    copied.dbt("run", AS_OF, KNOWN_AT)
    assert contents(copied, "again") == first
    changed = {name for name in first if less[name] != first[name]}
    assert {"canonical.bank_statement_line", "canonical.open_item", "marts.tie_out", "marts.delivery_log"} <= changed
    assert "canonical.legal_entity" not in changed


def test_the_hashes_of_every_run_are_kept(copied: SmallWarehouse) -> None:
    contents(copied, "kept")
    contents(copied, "kept")
    stored, tables, shortest = copied.one(
        "SELECT count(*), count(DISTINCT table_name), min(length(content_hash)) FROM ops.run_content WHERE run_id = 'kept'"
    )
    assert stored == tables == len(contents(copied, "kept")) and shortest == 64


def test_a_table_that_was_not_built_again_is_not_hashed_again(copied: SmallWarehouse) -> None:
    with connect(copied.path) as connection:
        fingerprints.remember(connection, fingerprints.CANONICAL, "built from this")
        before = store(connection, RunTime(date(2026, 9, 30), datetime(2026, 9, 30, tzinfo=UTC), "before"))
        connection.execute("DELETE FROM canonical.legal_entity")  # nobody does: it only shows that nobody looks
        after = store(connection, RunTime(date(2026, 9, 30), datetime(2026, 9, 30, tzinfo=UTC), "after"))
        assert after == before
        fingerprints.remember(connection, fingerprints.CANONICAL, "built from something else")
        later = store(connection, RunTime(date(2026, 9, 30), datetime(2026, 9, 30, tzinfo=UTC), "later"))
        assert {name for name in later if later[name] != before[name]} == {"canonical.legal_entity"}
