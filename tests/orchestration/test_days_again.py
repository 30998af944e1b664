"""A day run again, days later, says in every mart what it said: the whole way, on a company with one account."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_workspace import land, mt940, small_workspace

from orchestration.commands.run import execute
from orchestration.warehouse import connect

pytestmark = pytest.mark.full

DAYS = ("2026-09-28", "2026-09-30")


def test_a_day_run_again_says_what_it_said(tmp_path: Path) -> None:
    """Its alerts were resolved, others opened, and a newer forecast made in between."""
    workspace = small_workspace(tmp_path / "company")
    for number, (day, opening, amounts) in enumerate(
        ((DAYS[0], "1000000", ("-12345", "5000")), (DAYS[1], "992655", ("700", "-99999"))), start=1
    ):
        statement = mt940(number, day.replace("-", "")[2:], opening, *amounts)
        land(workspace, f"testbank/{day}.sta", statement, f"{day}T16:00:00")
    for day in (*DAYS, DAYS[0]):
        assert execute(workspace, "nightly", day, f"{day}T21:59:59+00:00") is None
    with connect(workspace.warehouse, read_only=True) as connection:
        said = connection.execute(
            "SELECT as_of::VARCHAR, count(DISTINCT run_id), count(DISTINCT (table_name, content_hash)), "
            "count(DISTINCT table_name) FROM ops.run_content GROUP BY 1 ORDER BY 1"
        ).fetchall()
        changed = connection.execute(
            "SELECT table_name FROM ops.run_content WHERE starts_with(table_name, 'marts.') "
            "GROUP BY 1 HAVING count(DISTINCT content_hash) = 2"
        ).fetchall()
    assert [(day, runs) for day, runs, *_ in said] == [(DAYS[0], 2), (DAYS[1], 1)]
    assert all(hashes == tables for *_, hashes, tables in said)
    assert {("marts.workflow_health",), ("marts.cash_forecast",), ("marts.exception_queue",)} <= set(changed)
