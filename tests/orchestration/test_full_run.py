"""The whole way on a simulated company, from landed files to published marts, compared with the ground truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import duckdb
import polars as pl
import pytest
from simulated_company import LAST_DAY, LAST_MOMENT, simulated_company

from benchmarks.pipeline.canonical_scores import canonical_scores
from benchmarks.pipeline.truth_scores import scores
from orchestration.cli import main
from orchestration.commands.run import execute
from orchestration.content_hash import content_hash
from orchestration.dbt_runner import manifest_json
from orchestration.publishing import current
from orchestration.treasurer_summary import print_summary
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

pytestmark = pytest.mark.full

LAYERS = ("raw", "canonical", "matching", "monitoring", "forecasting", "marts")


def rows(workspace: Workspace, sql: str) -> list[tuple[object, ...]]:
    with connect(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def anomalies(workspace: Workspace, kind: str) -> pl.DataFrame:
    return pl.read_parquet(workspace.root / "truth" / "anomaly.parquet").filter(pl.col("kind") == kind)


def objects_alerted(workspace: Workspace, *checks: str) -> set[object]:
    marks = ", ".join(f"'{check}'" for check in checks)
    return {row[0] for row in rows(workspace, f'SELECT object_id FROM monitoring.alert WHERE "check" IN ({marks})')}


def contents(workspace: Workspace) -> dict[str, str]:
    with connect(workspace.warehouse, read_only=True) as connection:
        tables = connection.execute(
            "SELECT table_schema || '.\"' || table_name || '\"' FROM information_schema.tables "
            "WHERE table_schema IN (SELECT unnest(?::VARCHAR[])) ORDER BY 1",
            [list(LAYERS)],
        ).fetchall()
        return {table: content_hash(connection, table) for (table,) in tables}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = simulated_company(tmp_path_factory.mktemp("company"))
    assert execute(workspace, "nightly", LAST_DAY, LAST_MOMENT) is None
    return workspace


@pytest.fixture(scope="module")
def said(company: Workspace) -> dict[str, str]:
    """What every table says after the first night."""
    return contents(company)


def test_every_record_of_every_file_is_accounted_for(company: Workspace) -> None:
    landed = sum(1 for path in company.landing.rglob("*") if path.is_file())
    assert rows(company, "SELECT count(*), bool_and(is_tied_out) FROM marts.delivery_log") == [(landed, True)]
    assert rows(company, "SELECT count(*) FROM raw.reject") == rows(
        company, "SELECT sum(records_rejected) FROM raw.delivery WHERE status = 'partly'"
    )


def test_planted_delivery_problems_end_as_planted(company: Workspace) -> None:
    status = dict(rows(company, "SELECT file_name, status FROM marts.delivery_log"))
    for kind, expected in (
        ("delivery_duplicate", "duplicate"),
        ("delivery_quarantined", "quarantined"),
        ("record_rejected", "partly"),
    ):
        planted = anomalies(company, kind)["object_id"].to_list()
        assert planted, kind
        assert {name: status[name] for name in planted} == dict.fromkeys(planted, expected)


def test_no_step_is_told_before_it_happened(company: Workspace) -> None:
    early = 'SELECT system, event, "at", known_at FROM canonical.workflow_event WHERE "at" > known_at'
    assert rows(company, early) == []


def test_matches_agree_with_the_truth(company: Workspace) -> None:
    for score in scores(company.warehouse, company.root / "truth"):
        assert score.true > (15 if score.what == "own_transfers" else 900), score.what
        assert score.precision >= 0.999, (score.what, score.wrong)
        assert score.recall >= 0.95, (score.what, score.missed)


def test_a_payment_that_came_back_settles_nothing(company: Workspace) -> None:
    """Each of them has left the account and is there as returned; whatever it was meant for is settled by another payment."""
    outcome = pl.read_parquet(company.root / "truth/payment_open_item.parquet").filter(pl.col("outcome") == "returned")
    returned = set(outcome["payment"])
    kinds = dict(rows(company, "SELECT item_id, kind FROM matching_input.payments"))
    assert {payment for payment, kind in kinds.items() if kind == "returned_payment"} == returned & kinds.keys()
    legs = rows(
        company,
        "SELECT item.item_id, known.leg FROM matching.match_item item JOIN matching.known_group known USING (group_id, run_id) "
        "WHERE known.superseded_by IS NULL AND known.status != 'ambiguous'",
    )
    assert returned and {leg for payment, leg in legs if payment in returned} == {"bank_lines_payments"}


def test_the_canonical_layer_agrees_with_the_truth(company: Workspace) -> None:
    """Parties known to two systems, items of the company that moves to another ERP, invoices against orders and receipts."""
    for score in canonical_scores(company.warehouse, company.root / "truth"):
        assert score.true > 40, score.what
        assert score.precision == 1, (score.what, score.wrong)
        assert score.recall == 1, (score.what, score.missed)


def test_noise_on_the_bank_account_stays_unexplained(company: Workspace) -> None:
    noise = anomalies(company, "unreconciled_line")["object_id"].to_list()
    matched = {
        row[0]
        for row in rows(
            company,
            "SELECT line.account_id || '|' || line.bank_reference FROM matching.match_item item "
            "JOIN matching.match_group g USING (group_id, run_id) "
            "JOIN canonical.bank_statement_line line ON line.bank_line_id = item.item_id WHERE g.status = 'matched'",
        )
    }
    assert noise and not matched & set(noise)


@pytest.mark.parametrize(
    ("kind", "checks"),
    [
        ("approved_not_scheduled", ("approved_not_scheduled",)),
        ("sent_not_acknowledged", ("sent_not_acknowledged", "executed_not_booked")),
        ("reject", ("rejected_not_reissued", "payment_rejected")),
    ],
)
def test_planted_workflow_problems_are_alerts(company: Workspace, kind: str, checks: tuple[str, ...]) -> None:
    """Those that still stand on the last day; a problem made good in the meantime raises nothing."""
    planted = anomalies(company, kind)
    if kind == "reject":
        planted = planted.filter(pl.col("related_id").is_null())
    if kind == "sent_not_acknowledged":
        planted = planted.filter(pl.col("note").str.contains("not booked"))
        planted = planted.filter(pl.col("date") < date(2026, 9, 25))  # younger ones are not late yet
    ids = set(planted["object_id"].to_list())
    assert ids, kind
    found = objects_alerted(company, *checks)
    assert len(ids & found) >= 0.9 * len(ids), sorted(ids - found)


def test_the_stale_account_and_the_missing_statement_are_named(company: Workspace) -> None:
    (stale,) = anomalies(company, "stale_account")["object_id"].to_list()
    assert rows(company, "SELECT account_id FROM marts.cash_position WHERE is_stale") == [(stale,)]
    (gap,) = anomalies(company, "missing_statement")["object_id"].to_list()
    assert gap in {
        row[0] for row in rows(company, "SELECT account FROM monitoring.alert WHERE \"check\" = 'statement_gap'")
    }


def test_invoices_entered_twice_are_a_duplicate_risk(company: Workspace) -> None:
    planted = anomalies(company, "duplicate_payment")
    told = " ".join(
        str(row)
        for row in rows(company, "SELECT object_id, message FROM monitoring.alert WHERE \"check\" LIKE 'duplicate%'")
    )
    found = [row for row in planted.iter_rows(named=True) if row["object_id"] in told or str(row["related_id"]) in told]
    assert planted.height and len(found) >= 0.75 * planted.height


def test_positions_are_the_closing_balances_of_the_last_statements(company: Workspace) -> None:
    assert rows(company, "SELECT count(*) FROM marts.cash_position WHERE position IS NULL") == [(0,)]
    assert rows(company, "SELECT count(DISTINCT currency), count(*) FROM marts.cash_position") == [(5, 6)]


def test_the_forecast_spans_thirteen_weeks_and_opens_at_the_last_confirmed_balance(company: Workspace) -> None:
    opening = rows(
        company,
        "SELECT account_id, sum(amount) FROM marts.cash_forecast WHERE layer = 'opening' GROUP BY ALL ORDER BY 1",
    )
    assert opening == rows(company, "SELECT account_id, statement_balance FROM marts.cash_position ORDER BY 1")
    assert rows(
        company,
        "SELECT max(date) - min(date) >= 90 FROM marts.cash_forecast WHERE layer NOT IN ('opening', 'beyond_horizon')",
    ) == [(True,)]


def test_the_outlook_is_the_forecast_by_week_and_every_week_begins_with_the_balance_the_last_ended_with(
    company: Workspace,
) -> None:
    uneven = rows(
        company,
        "SELECT count(*), count(*) FILTER (opening_balance + inflow + outflow != closing_balance), "
        "count(*) FILTER (committed + expected + statistical != inflow + outflow), "
        "count(*) FILTER (NOT closing_balance BETWEEN closing_low AND closing_high OR lowest_balance > closing_balance), "
        "count(*) FILTER (opening_balance != before) FROM (SELECT *, lag(closing_balance) OVER "
        "(PARTITION BY vintage, entity_id, account_id, currency ORDER BY week) AS before FROM marts.cash_outlook)",
    )
    assert uneven[0][0] >= 13 and uneven[0][1:] == (0, 0, 0, 0)
    daily = "SELECT account_id, sum(amount) FROM marts.cash_forecast WHERE layer NOT IN ('opening', 'beyond_horizon') GROUP BY 1 ORDER BY 1"
    assert rows(
        company, "SELECT account_id, sum(inflow + outflow) FROM marts.cash_outlook GROUP BY 1 ORDER BY 1"
    ) == rows(company, daily)


def test_the_summary_is_one_a_treasurer_can_read(company: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    print_summary(company, Console(width=140, force_terminal=False))
    text = capsys.readouterr().out
    for part in (
        "rheinbank_statements",
        "read",
        "duplicate",
        "bank_lines_payments",
        "Cash position",
        "stale balance",
        "marts.duckdb",
    ):
        assert part in text


def test_an_auditor_is_shown_where_every_record_ended_and_what_every_figure_is_made_of(
    company: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        main(["audit", "--bytes", "--workspace", str(company.root), "--out", str(tmp_path)])
    told = capsys.readouterr()
    assert (done.value.code, told.err) == (0, "")
    assert told.out.rstrip().endswith("Nothing is lost, nothing is counted twice.")
    with duckdb.connect() as connection:
        (records,) = connection.execute(f"SELECT count(*) FROM '{tmp_path}/records.csv'").fetchall()
        ended = connection.execute(
            f"SELECT ended, count(*) FROM '{tmp_path}/records.csv' WHERE fate = 'bank_line' AND kind = 'bank_entry' GROUP BY 1"
        ).fetchall()
    assert [records] == rows(
        company, "SELECT sum(records_loaded) + (SELECT count(*) FROM raw.reject) FROM raw.delivery"
    )
    assert {end for end, _ in ended} == {"matched", "asked_about"}
    assert [(sum(count for _, count in ended),)] == rows(company, "SELECT count(*) FROM canonical.bank_statement_line")
    snapshot = current(company)
    assert snapshot is not None and snapshot.manifest()["not_accounted_for"] == []


def test_a_run_with_nothing_new_leaves_every_phase_as_it_stands(
    company: Workspace, said: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing is new, and yet a phase is made again")

    snapshot = current(company)
    assert len(said) > 50
    for again in (
        "assets.dbt_models.build", "match_ledger.run_leg", "assets.monitoring._monitor", "assets.forecasting._forecast"
    ):  # fmt: skip
        monkeypatch.setattr(f"orchestration.{again}", refuse)
    assert execute(company, "nightly", LAST_DAY, LAST_MOMENT) is None
    assert contents(company) == said
    assert current(company) == snapshot
    nodes = cast("dict[str, dict[str, object]]", manifest_json()["nodes"]).values()
    tests = [(node["name"],) for node in nodes if node["resource_type"] == "test"]
    assert set(rows(company, "SELECT test FROM ops.phase_check")) == set(tests)  # told again with what they found


def test_doing_all_of_it_again_changes_nothing(company: Workspace, said: dict[str, str]) -> None:
    snapshot = current(company)
    with connect(company.warehouse) as connection:
        connection.execute("DELETE FROM ops.phase")
    assert execute(company, "nightly", LAST_DAY, LAST_MOMENT) is None
    assert contents(company) == said
    assert current(company) == snapshot
    ((runs, tables, contents_told),) = rows(
        company,
        "SELECT count(DISTINCT run_id), count(DISTINCT table_name), count(DISTINCT (table_name, content_hash)) "
        "FROM ops.run_content",
    )
    assert runs >= 2 and contents_told == tables  # every run said the same


def test_a_new_statement_arrives_intraday_while_another_process_reads(company: Workspace) -> None:
    """One more statement; a reader in another process queries the published marts all the while."""
    before = current(company)
    assert before is not None
    newest = max(company.landing.glob("rheinbank/camt053/*.xml"), key=lambda path: path.name)
    text = newest.read_text("utf-8")
    again = newest.with_name("reissued.xml")
    again.write_text(text + "\n", encoding="utf-8")  # the same statement, other bytes
    moment = datetime(2026, 9, 30, 21, 0, tzinfo=UTC).timestamp()
    os.utime(again, (moment, moment))
    script = (
        "import sys, time, duckdb, pathlib\n"
        "published = pathlib.Path(sys.argv[1]); reads = 0; print('ready', flush=True)\n"
        "while not (published / 'stop').exists():\n"
        "    run = (published / 'CURRENT').read_text().strip()\n"
        "    with duckdb.connect(str(published / run / 'marts.duckdb'), read_only=True) as c:\n"
        "        assert c.execute('SELECT count(*) FROM delivery_log').fetchone()[0] > 0\n"
        "    reads += 1\n"
        "    time.sleep(0.1)\n"
        "print(reads)\n"
    )
    reader = subprocess.Popen([sys.executable, "-c", script, str(company.published)], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
    try:
        assert execute(company, "intraday", LAST_DAY, LAST_MOMENT) is None
    finally:
        (company.published / "stop").touch()
        out, _ = reader.communicate(timeout=60)
    assert reader.returncode == 0 and int(out) > 10
    assert rows(company, "SELECT status FROM raw.delivery WHERE file_name LIKE '%reissued.xml'") == [("duplicate",)]
    manifest = json.loads((Path(before.folder) / "manifest.json").read_text())
    assert manifest["as_of"] == LAST_DAY
    with duckdb.connect(str(before.database), read_only=True) as connection:
        assert connection.execute(
            "SELECT count(*) FROM delivery_log WHERE file_name LIKE '%reissued.xml'"
        ).fetchone() == (0,)
