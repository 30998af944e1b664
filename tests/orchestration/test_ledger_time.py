"""A run reads the ledgers as they were at its own place in time: a day looked at again says what it said, and looking back
changes nothing for the runs after it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from decided_world import DAY, RULES, World, item

from orchestration import run_time
from orchestration.ledger_time import replace_rows
from orchestration.run_time import RunTime
from orchestration.warehouse import connect, create_tables, transaction
from reconciliation.contracts import ALERT

MOMENT = datetime(2026, 9, 28, 18, tzinfo=UTC)
STATE = (
    "SELECT COLUMNS(c -> c NOT IN ('run_id', 'superseded_in')) FROM matching.known_group WHERE superseded_by IS NULL ORDER BY ALL",
    "SELECT m.* EXCLUDE (run_id) FROM matching.match_item m JOIN matching.known_group USING (group_id, run_id) "
    "WHERE superseded_by IS NULL ORDER BY ALL",
    "FROM matching.unmatched ORDER BY ALL",
)
DAYS: list[dict[str, list[dict[str, object]]]] = [
    {"payments": [item("P1", "-100", references=["PAY-1"]), item("P2", "-8"), item("P3", "-8")], "bank_lines": [item("B2", "-8")]},
    {"bank_lines": [item("B1", "-100", 1, references=["PAY-1"])]},
    {"payments": [item("P3", "-8", references=["B3"])], "bank_lines": [item("B3", "-8", 2, references=["B3"])]},
]  # fmt: skip


def run(world: World, day: int) -> list[list[tuple[object, ...]]]:
    """Run a day on what was delivered by then; returns the state it leaves."""
    world.items = {name: {} for name in world.items}
    for arrivals in DAYS[: day + 1]:
        for dataset, rows in arrivals.items():
            world.deliver(dataset, *rows)
    world.run(DAY + timedelta(days=day), MOMENT + timedelta(days=day))
    return [world.rows(sql) for sql in STATE]


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, list[object]]:
    """A company after three days, and what each run said."""
    world = World(tmp_path_factory.mktemp("daily") / "company")
    return world, [run(world, day) for day in range(3)]


def test_each_day_looked_at_again_says_what_it_said(three_days: tuple[World, list[object]], tmp_path: Path) -> None:
    world, said = three_days[0].copy(tmp_path / "company"), three_days[1]
    assert said[0] != said[1] != said[2]
    for day in (0, 2, 1, 0, 2):
        assert run(world, day) == said[day]


def test_looking_back_on_other_grounds_changes_nothing_for_the_runs_after_it(
    three_days: tuple[World, list[object]], tmp_path: Path
) -> None:
    """Other rules and another amount of the second day's bank line: its match and the first day's tie are ended there only."""
    world, said = three_days[0].copy(tmp_path / "company"), three_days[1]
    rules, line = world.workspace.config / "matching.yml", DAYS[1]["bank_lines"][0]
    rules.write_text(RULES.replace("      - {kind: amount_date, before: 2, after: 8}\n", ""))
    with pytest.MonkeyPatch.context() as other:
        other.setitem(line, "amount", Decimal("-99"))
        assert run(world, 1) != said[1]
        assert world.groups() == world.groups("ambiguous") == {}
    rules.write_text(RULES)
    assert run(world, 2) == said[2]
    assert run(world, 0) == said[0]


def test_a_day_left_out_and_looked_at_later_is_as_if_it_had_been_run_in_time(
    three_days: tuple[World, list[object]], tmp_path: Path
) -> None:
    """But for the day on which a match was first made: the third day had found it before the second was looked at."""
    world = World(tmp_path / "company")
    run(world, 0)
    third = run(world, 2)
    assert run(world, 1) == three_days[1][1]
    assert run(world, 2) == third
    assert world.rows("SELECT DISTINCT as_of FROM matching.known_group JOIN matching.match_item USING (group_id, run_id) "
                      "WHERE superseded_by IS NULL AND item_id = 'B1'") == [(DAY + timedelta(days=2),)]  # fmt: skip


def test_rows_that_say_the_same_are_not_written_again(tmp_path: Path) -> None:
    """Alerts: what is found anew, what stays, what changes, told by the run's place and not by when it is executed."""

    def at(day: int, **amounts: str) -> list[tuple[object, ...]]:
        rows = [{"alert_id": name, "amount": Decimal(amount)} for name, amount in amounts.items()]
        with connect(tmp_path / "warehouse.duckdb") as connection, transaction(connection):
            run_time.write(connection, RunTime(date(2026, 9, day), datetime(2026, 9, day, 20, tzinfo=UTC), f"run{day}"))
            if rows:
                shape = {name: ALERT[name] for name in ("alert_id", "amount")}
                replace_rows(
                    connection, "monitoring.alert", "alert_id", shape, pl.DataFrame(rows, schema=shape).to_arrow()
                )
            return connection.execute("SELECT alert_id, amount::INT FROM monitoring.known_alert ORDER BY 1").fetchall()

    def written() -> int:
        with connect(tmp_path / "warehouse.duckdb", read_only=True) as connection:
            return len(connection.execute("FROM monitoring.alert").fetchall())

    with connect(tmp_path / "warehouse.duckdb") as connection:
        create_tables(connection)
    assert at(1, stays="1", changes="1") == [("changes", 1), ("stays", 1)]
    assert at(3, stays="1", changes="3") == [("changes", 3), ("stays", 1)]
    before = written()
    assert at(3, stays="1", changes="3") == [("changes", 3), ("stays", 1)] and written() == before
    assert at(2, stays="2", changes="2") == [("changes", 2), ("stays", 2)]  # looks back
    assert (at(1), at(3)) == ([("changes", 1), ("stays", 1)], [("changes", 3), ("stays", 1)])
    assert at(2) == [("changes", 2), ("stays", 2)]


def test_a_day_is_compared_with_what_was_forecast_on_that_day(tmp_path: Path) -> None:
    """Its last forecast of the day; one made with hindsight counts only where there is no other, and for its own run."""

    def known(as_of: date, known_at: datetime) -> dict[date, str]:
        with connect(tmp_path / "warehouse.duckdb") as connection:
            run_time.write(connection, RunTime(as_of, known_at, "run"))
            found = connection.execute(
                "SELECT vintage, sources FROM forecasting.known_forecast ORDER BY ALL"
            ).fetchall()
        assert len({vintage for vintage, _ in found}) == len(found)
        return dict(found)

    days = [date(2026, 9, number) for number in (28, 29, 30)]
    moments = {
        "morning": datetime(2026, 9, 28, 6, tzinfo=UTC), "evening": datetime(2026, 9, 28, 21, tzinfo=UTC),
        "after midnight in Berlin": datetime(2026, 9, 28, 22, tzinfo=UTC), "next week": datetime(2026, 10, 5, tzinfo=UTC),
        "next month": datetime(2026, 11, 2, tzinfo=UTC),
    }  # fmt: skip
    with connect(tmp_path / "warehouse.duckdb") as connection:
        create_tables(connection)
        connection.execute("INSERT INTO config.company VALUES ('Group', 'EUR', 'Europe/Berlin')")
        for day, made in [(days[0], list(moments)), (days[1], ["next month", "next week"])]:
            for name in made:
                connection.execute(
                    "INSERT INTO forecasting.cash_forecast (vintage, sources, known_at) VALUES (?, ?, ?)",
                    [day, name, moments[name]],
                )
    assert known(days[2], moments["next month"]) == {days[0]: "evening", days[1]: "next week"}
    assert known(days[2], moments["morning"]) == {days[0]: "morning"}
    assert known(days[0], moments["next month"]) == {days[0]: "next month", days[1]: "next week"}
    assert known(days[0], moments["evening"]) == {days[0]: "evening"}
