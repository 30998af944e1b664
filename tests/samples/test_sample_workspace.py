"""Real files of many banks go the whole way: landed, read or quarantined with a reason, and every figure ties out to the marts."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime

import pytest
import yaml
from sample_files import SAMPLES, samples

from ingestion.file_summary import summarise
from ingestion.readers import reader
from ingestion.sources import SourceConfig
from orchestration.commands.run import execute
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

FORMATS = {"camt.053": "bank", "mt940": "bank", "pain.001": "payments", "pain.002": "payments"}
AS_OF, KNOWN_AT = "2026-01-02", "2026-01-02T22:00:00+00:00"

pytestmark = [
    pytest.mark.samples,
    pytest.mark.full,
    pytest.mark.skipif(not SAMPLES.exists(), reason="no folder shared/samples beside the checkout"),
]


def rows(workspace: Workspace, sql: str) -> list[tuple[object, ...]]:
    with connect(workspace.warehouse, read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A group that has configured no account: whatever the files name is taken as it is named."""
    workspace = Workspace(tmp_path_factory.mktemp("samples"))
    workspace.config.mkdir()
    (workspace.config / "company.yml").write_text(
        "name: Samples\nbase_currency: EUR\ntimezone: Europe/Berlin\n", "utf-8"
    )
    sources = [
        {"name": name.replace(".", "_"), "title": name, "system": group if group == "bank" else "hub", "format": name,
         "path": f"{name}/**/*", "owner": "treasury", "group": group}
        for name, group in FORMATS.items()
    ]  # fmt: skip
    (workspace.config / "sources.yml").write_text(yaml.safe_dump({"sources": sources}), "utf-8")
    moment = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for name in FORMATS:
        shutil.copytree(SAMPLES / name, workspace.landing / name)
        for path in (workspace.landing / name).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
            os.utime(path, (moment, moment))
    assert execute(workspace, "nightly", AS_OF, KNOWN_AT) is None
    return workspace


def test_each_file_ends_loaded_or_refused_with_its_reason(workspace: Workspace) -> None:
    landed = sorted(str(path.relative_to(workspace.landing)) for path in workspace.landing.rglob("*") if path.is_file())
    assert [row[0] for row in rows(workspace, "SELECT file_name FROM marts.delivery_log ORDER BY 1")] == landed
    silent = "status NOT IN ('loaded', 'partly') AND coalesce(length(reason), 0) < 20"
    assert rows(workspace, f"SELECT file_name, status, reason FROM marts.delivery_log WHERE {silent}") == []


def test_each_file_ends_as_its_reader_alone_reads_it(workspace: Workspace) -> None:
    """A file goes in whole, in part or not at all as `tieout read` says; one that was there before, or differs, is told so."""
    ends = {
        "read": {"loaded", "duplicate", "conflict"},
        "partly": {"partly", "duplicate", "conflict"},
        "rejected": {"quarantined"},
    }
    read_alone = {}
    for sample in samples(*FORMATS):
        with sample.path.open("rb") as stream:
            source = SourceConfig(
                name="x", title="x", system="bank", format=sample.format, path="*", owner="x", group="bank"
            )
            read_alone[sample.file] = summarise(sample.file, stream, reader(sample.format), source).status
    told = dict(rows(workspace, "SELECT file_name, status FROM marts.delivery_log"))
    assert {file: told[file] for file, status in read_alone.items() if told[file] not in ends[status]} == {}


def test_each_statement_another_reading_counts_is_in_the_warehouse_once(workspace: Workspace) -> None:
    """Per file loaded whole, none of it there before: as many statements and entries as `independent_read` of the manifest counts."""
    whole = dict(
        rows(
            workspace,
            "SELECT d.file_name, (count(DISTINCT s.statement_number), count(e.record_number)) FROM raw.delivery d "
            "JOIN raw.bank_statement s USING (delivery_id) LEFT JOIN raw.bank_entry e USING (delivery_id, statement_number) "
            "WHERE d.status = 'loaded' AND d.records_duplicate = 0 GROUP BY ALL",
        )
    )
    differ = {
        sample.file: (whole[sample.file], sample.other["stmts"], sample.other["entries"])
        for sample in samples("camt.053", "mt940")
        if sample.other and sample.file in whole and "entries" in sample.other
        and whole[sample.file] != (sample.other["stmts"], sample.other["entries"])
    }  # fmt: skip
    assert whole and differ == {}


def test_a_refused_file_is_where_a_person_looks_for_it(workspace: Workspace) -> None:
    refused = rows(
        workspace, "SELECT count(DISTINCT sha256) FROM marts.delivery_log WHERE status IN ('quarantined', 'conflict')"
    )
    reasons = list(workspace.quarantine.rglob("*.reason.txt"))
    assert refused == [(len(reasons),)]
    assert all(path.read_text("utf-8").strip() for path in reasons)


def test_totals_tie_out_from_file_to_mart(workspace: Workspace) -> None:
    assert rows(workspace, "SELECT bool_and(is_tied_out) FROM marts.delivery_log") == [(True,)]
    kinds = [
        row[0] for row in rows(workspace, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw'")
    ]
    counted = " UNION ALL ".join(
        f"SELECT delivery_id FROM raw.{kind}" for kind in kinds if kind not in ("delivery", "reject", "identity")
    )
    off = rows(
        workspace,
        f"SELECT d.file_name, d.records_loaded, count(r.delivery_id) FROM marts.delivery_log d LEFT JOIN ({counted}) r "
        "USING (delivery_id) GROUP BY ALL HAVING d.records_loaded != count(r.delivery_id)",
    )
    assert off == []
    booked = "SELECT delivery_id, sum(signed_amount) AS net, count(*) AS lines FROM raw.bank_entry e "
    booked += "JOIN raw.bank_statement s USING (delivery_id, statement_number) "
    booked += "WHERE e.status = 'BOOK' AND s.kind = 'statement' GROUP BY ALL"
    different = rows(
        workspace,
        # several projects test with one and the same statement: what another file has told is counted, and no line again
        "SELECT d.file_name, d.bank_lines, d.repeated_entries, b.lines, d.bank_line_net, b.net FROM marts.delivery_log d "
        f"JOIN ({booked}) b USING (delivery_id) "
        "WHERE d.bank_lines + d.repeated_entries != b.lines OR (d.repeated_entries = 0 AND d.bank_line_net != b.net)",
    )
    assert different == []


def test_each_account_has_its_statements_in_order_and_its_position(workspace: Workspace) -> None:
    out_of_order = rows(
        workspace,
        "SELECT account_id, currency, position, statement_date, lag(statement_date) OVER w AS before "
        "FROM canonical.bank_statement WHERE kind = 'statement' AND statement_date IS NOT NULL "
        "WINDOW w AS (PARTITION BY account_id, currency ORDER BY position) QUALIFY before > statement_date",
    )
    assert out_of_order == []
    wrong = rows(
        workspace,
        "WITH newest AS (SELECT account_id, currency, max_by(closing_balance, position) AS balance FROM canonical.bank_statement "
        f"WHERE kind = 'statement' AND closing_balance IS NOT NULL AND statement_date <= DATE '{AS_OF}' GROUP BY ALL) "
        "SELECT * FROM newest ANTI JOIN marts.cash_position p ON p.account_id = newest.account_id "
        "AND p.currency = newest.currency AND p.statement_balance = newest.balance",
    )
    assert wrong == []
    assert rows(workspace, "SELECT count(*) > 80 FROM marts.cash_position") == [(True,)]
