"""What connectors offer lands whole or not at all, every attempt is on the record, and an outage is never an empty delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from erp_server import START, ErpServer, FakeTime, Fault, records
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from small_workspace import SOURCES, land, mt940, small_workspace

from ingestion.connectors.contracts import Clock, RemoteFile, TransferFailed, TransferState, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.remote_files import StillWritten
from ingestion.sources import SourceConfig
from orchestration.landing import arrivals
from orchestration.transfers import Connect, Transfer, read_state, record, safe_name, transfer, unreachable, write_state
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

SFTP = {
    "kind": "sftp",
    "options": {
        "host": "sftp.bank.example",
        "folder": "/out",
        "user": "u",
        "host_key": "ssh-ed25519 AAAA",
        "password_env": "PW",
    },
}


def source(connector: dict[str, object], path: str = "bank/in/*.sta") -> SourceConfig:
    given = {
        "name": "bank",
        "title": "Bank",
        "system": "bank",
        "format": "mt940",
        "path": path,
        "owner": "t",
        "group": "bank",
    }
    return SourceConfig.model_validate(given | {"connector": connector})


def vendors(erp: ErpServer, **options: object) -> SourceConfig:
    return SourceConfig.model_validate(
        {"name": "vendors", "title": "Vendors", "system": "dynamics", "format": "dynamics_odata", "path": "erp/vendors-*.json",
         "owner": "t", "group": "erp", "options": {"object": "vendors"}, "connector": {"kind": "odata", "options": {
             "service": f"{erp.url}/v4", "entity_set": "Vendors", "version": "4.0"} | options}}
    )  # fmt: skip


@dataclass
class Offered:
    """A remote file of a test: its chunks, the last of which may be an error."""

    name: str
    parts: list[bytes | Exception]
    rows: int | None = None

    def chunks(self) -> Iterator[bytes]:
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            yield part

    def remembered(self, state: TransferState) -> TransferState:
        return state.model_copy(update={"files": {**state.files, self.name: RemoteFile(size=1)}})


@dataclass
class Remote:
    """A connector of a test."""

    offers: list[Offered | TransferFailed]
    max_bytes: int = 1000
    asked: bool = field(default=False, init=False)
    closed: bool = field(default=False, init=False)

    def deliveries(self, state: TransferState) -> Iterator[Offered | TransferFailed]:
        self.asked = True
        yield from (one for one in self.offers if not isinstance(one, Offered) or one.name not in state.files)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path / "small")


@pytest.fixture
def erp() -> Iterator[ErpServer]:
    with ErpServer(records(7)) as server:
        yield server


def bring(
    workspace: Workspace, *offers: Offered | TransferFailed, known_at: datetime = START, max_bytes: int = 1000
) -> Transfer:
    remote = Remote(list(offers), max_bytes)

    def offering(_: SourceConfig, __: Credentials, ___: Clock) -> Remote:
        return remote

    made: Connect = offering
    attempt = transfer(workspace, source(SFTP), known_at, START, FakeTime().clock, {"PW": "x"}, made)
    assert attempt is not None
    assert remote.closed == remote.asked
    return attempt


def lying(workspace: Workspace) -> dict[str, bytes]:
    """Every file under the workspace's landing folder, and no other was made."""
    return {
        str(path.relative_to(workspace.landing)): path.read_bytes()
        for path in workspace.landing.rglob("*")
        if path.is_file()
    }


# landing --------------------------------------------------------------------------------------------------------------


def test_a_folder_needs_no_transfer(workspace: Workspace) -> None:
    (folder,) = workspace.sources().sources
    assert transfer(workspace, folder, START, START) is None


def test_files_land_under_the_path_of_the_source_and_are_known_then(workspace: Workspace) -> None:
    attempt = bring(workspace, Offered("1.sta", [b"on", b"e"]), Offered("2.sta", [b"two"]))
    assert (attempt.status, attempt.files, attempt.rows, attempt.message) == ("ok", 2, None, "done")
    assert lying(workspace) == {"bank/in/1.sta": b"one", "bank/in/2.sta": b"two"}
    assert set(read_state(workspace, "bank").files) == {"1.sta", "2.sta"}
    again = bring(workspace, Offered("1.sta", [b"one"]))
    assert (again.status, again.files, again.message) == ("ok", 0, "nothing new")


def test_what_lands_is_seen_by_the_run_that_brought_it_in_the_order_it_was_made(workspace: Workspace) -> None:
    bring(workspace, Offered("z.sta", [b"older"]), Offered("a.sta", [b"newer"]))
    found = list(arrivals(workspace, source(SFTP), known_at=START))
    assert [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)] == ["z.sta", "a.sta"]
    assert list(arrivals(workspace, source(SFTP), known_at=START - timedelta(seconds=2))) == []


def test_half_a_file_never_lands(workspace: Workspace) -> None:
    attempt = bring(
        workspace, Offered("1.sta", [b"ha", Unreachable("line broke")]), Offered("2.sta", [b"never asked for"])
    )
    assert (attempt.status, attempt.files, attempt.message) == ("failed", 0, "line broke")
    assert lying(workspace) == {} and read_state(workspace, "bank") == TransferState()


def test_what_came_before_a_failure_stays_and_is_known(workspace: Workspace) -> None:
    attempt = bring(workspace, Offered("1.sta", [b"one"]), Offered("2.sta", [b"ha", Unreachable("line broke")]))
    assert (attempt.status, attempt.files) == ("failed", 1)
    assert lying(workspace) == {"bank/in/1.sta": b"one"} and set(read_state(workspace, "bank").files) == {"1.sta"}


def test_a_refused_file_is_told_and_the_others_land(workspace: Workspace) -> None:
    too_long = Offered("1.sta", [b"x" * 8, b"x" * 8])
    attempt = bring(workspace, too_long, TransferFailed("3.sta: refused"), Offered("2.sta", [b"two"]), max_bytes=10)
    assert attempt.status == "failed" and attempt.files == 1
    assert attempt.message == "1.sta: more than the 10 bytes allowed (max_bytes); it was not taken; 3.sta: refused"
    assert lying(workspace) == {"bank/in/2.sta": b"two"}


def test_a_file_still_written_is_no_failure(workspace: Workspace) -> None:
    attempt = bring(
        workspace, StillWritten("1.sta: still being written"), Offered("2.sta", [b"x", StillWritten("2.sta: changed")])
    )
    assert (attempt.status, attempt.files, attempt.message) == ("ok", 0, "1.sta: still being written; 2.sta: changed")
    assert lying(workspace) == {} and read_state(workspace, "bank") == TransferState()


def test_other_bytes_of_a_name_lie_beside_never_over(workspace: Workspace) -> None:
    land(workspace, "bank/in/1.sta", b"first", "2026-09-01T00:00:00")
    assert bring(workspace, Offered("1.sta", [b"second"])).files == 1
    (beside,) = [name for name in lying(workspace) if "~" in name]
    assert lying(workspace) == {"bank/in/1.sta": b"first", beside: b"second"} and beside.endswith(".sta")


def test_after_a_lost_state_the_same_bytes_do_not_land_twice(workspace: Workspace) -> None:
    offers = [Offered("1.sta", [b"first"])], [Offered("1.sta", [b"second"])]
    for one in [*offers, *offers]:
        bring(workspace, *one)
        (workspace.root / "state" / "bank.json").unlink()
    assert sorted(lying(workspace).values()) == [b"first", b"second"]


def test_nothing_is_written_through_a_link_out_of_landing(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (workspace.landing / "bank").symlink_to(tmp_path / "outside")
    attempt = bring(workspace, Offered("1.sta", [b"one"]))
    assert attempt.status == "failed" and "leads out of landing/" in attempt.message
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_name_the_run_would_not_see_is_told(workspace: Workspace) -> None:
    attempt = bring(workspace, Offered("1.txt", [b"one"]))
    assert attempt.status == "failed" and "does not match *.sta" in attempt.message


@pytest.mark.parametrize(
    "hostile",
    ["../../../etc/cron.d/x.sta", "..\\..\\x.sta", "/etc/x.sta", "a\x00b\x1b[31m.sta", "a\nb.sta", "n" * 5000 + ".sta"],
)
def test_a_hostile_name_lands_as_a_plain_one(workspace: Workspace, hostile: str) -> None:
    assert bring(workspace, Offered(hostile, [b"x"])).files == 1
    (path,) = lying(workspace)
    assert (
        path.startswith("bank/in/")
        and path.endswith(".sta")
        and path.isprintable()
        and path.count("/") == 2
        and ".." not in path
    )
    assert [one.name for one in workspace.root.parent.iterdir()] == ["small"]


@given(st.text(min_size=1, max_size=80))
@example_settings(max_examples=150, derandomize=True, deadline=None)
def test_a_safe_name_is_one_part_of_a_path(remote: str) -> None:
    try:
        name = safe_name(remote)
    except TransferFailed:
        return
    assert Path(name).name == name and name not in (".", "..") and not name.startswith(".")
    assert name.isprintable() and len(name.encode()) <= 255
    assert safe_name(name) == name


def test_two_remote_names_never_become_one() -> None:
    names = ["a?b.sta", "a*b.sta", "a_b.sta", "x/a_b.sta", "a\x01b.sta", "a\x02b.sta"]
    assert len({safe_name(name) for name in names}) == len(names)
    assert safe_name("a_b.sta") == "a_b.sta"


# time and state -------------------------------------------------------------------------------------------------------


def test_a_run_that_looks_at_the_past_brings_nothing(workspace: Workspace) -> None:
    attempt = transfer(workspace, source(SFTP), START - timedelta(days=30), START, FakeTime().clock, {})
    assert attempt is not None
    assert (attempt.status, attempt.files) == ("skipped", 0) and "was not known then" in attempt.message
    assert lying(workspace) == {}


def test_a_damaged_state_is_told_not_taken_for_none(workspace: Workspace) -> None:
    write_state(workspace, "bank", TransferState())
    (workspace.root / "state" / "bank.json").write_text('{"files": {"1.sta"')
    attempt = transfer(workspace, source(SFTP), START, START, FakeTime().clock, {"PW": "x"})
    assert attempt is not None and attempt.status == "failed" and "bank.json: damaged" in attempt.message


# extractions ----------------------------------------------------------------------------------------------------------


def test_an_extraction_lands_as_one_document(workspace: Workspace, erp: ErpServer) -> None:
    attempt = transfer(workspace, vendors(erp), START, START, FakeTime().clock, {})
    assert attempt is not None and (attempt.status, attempt.files, attempt.rows) == ("ok", 1, 7)
    ((name, content),) = lying(workspace).items()
    assert name == "erp/vendors-20260930T040000000000Z.json" and len(json.loads(content)["value"]) == 7


def test_a_wrong_count_lands_nothing_and_moves_no_date(workspace: Workspace, erp: ErpServer) -> None:
    erp.count = 8
    asked = vendors(erp, changed={"field": "ChangedAt"})
    attempt = transfer(workspace, asked, START, START, FakeTime().clock, {})
    assert attempt is not None and (attempt.status, attempt.files, attempt.rows) == ("failed", 0, None)
    assert "7 records came in 3 pages, the server counts 8" in attempt.message
    assert lying(workspace) == {} and read_state(workspace, "vendors") == TransferState()
    assert len(erp.seen) == 6  # once more from the start, then no more


def test_data_that_moved_is_asked_for_once_more(workspace: Workspace, erp: ErpServer) -> None:
    shifted = b'{"@odata.count":8,"value":[{"Id":"1"}]}'
    erp.faults.extend([None, Fault(200, body=shifted)])
    attempt = transfer(workspace, vendors(erp), START, START, FakeTime().clock, {})
    assert attempt is not None and (attempt.status, attempt.rows) == ("ok", 7)


def test_only_what_landed_moves_the_change_date(workspace: Workspace, erp: ErpServer) -> None:
    time = FakeTime()
    asked = vendors(erp, changed={"field": "ChangedAt", "overlap_minutes": 60})
    transfer(workspace, asked, START, START, time.clock, {})
    assert read_state(workspace, "vendors").changed_until == START
    time.sleep(3600)
    erp.faults.extend([Fault(503)] * 4)
    down = transfer(workspace, asked, time.moment, time.moment, time.clock, {})
    assert down is not None and down.status == "failed" and read_state(workspace, "vendors").changed_until == START
    second = transfer(workspace, asked, time.moment, time.moment, time.clock, {})
    assert (
        second is not None and second.rows == 2 and erp.seen[-1].query["$filter"] == "ChangedAt ge 2026-09-30T03:00:00Z"
    )


def test_no_secret_is_in_a_message(workspace: Workspace, erp: ErpServer) -> None:
    """The server repeats the login it refuses."""
    erp.login = "Basic of someone else"
    auth = {"kind": "basic", "user": "tieout", "password_env": "ERP_PASSWORD"}
    attempt = transfer(workspace, vendors(erp, auth=auth), START, START, FakeTime().clock, {"ERP_PASSWORD": "s3cret"})
    assert attempt is not None and attempt.status == "failed"
    assert "401" in attempt.message and "who are you, Basic ***" in attempt.message


def test_a_missing_secret_is_a_failed_attempt_that_names_it(workspace: Workspace) -> None:
    attempt = transfer(workspace, source(SFTP), START, START, FakeTime().clock, {})
    assert attempt is not None and attempt.status == "failed"
    assert attempt.message == "the environment variable PW is not set; the config takes a secret from it"


def test_a_fault_of_a_transport_is_the_attempts_outcome(workspace: Workspace) -> None:
    def broken(_: SourceConfig, credentials: Credentials, __: Clock) -> None:
        raise KeyError(f"nobody expected {credentials.get('PW')}")

    attempt = transfer(workspace, source(SFTP), START, START, FakeTime().clock, {"PW": "hunter2"}, broken)
    assert attempt is not None and (attempt.status, attempt.message) == ("failed", "KeyError: 'nobody expected ***'")


# the record and the run -----------------------------------------------------------------------------------------------


def test_attempts_are_on_the_record(workspace: Workspace) -> None:
    attempts = [
        Transfer("bank", START, "failed", "down"),
        Transfer("bank", START + timedelta(hours=1), "ok", "done", 2, None),
    ]
    with connect(workspace.warehouse) as connection:
        for attempt in attempts:
            record(connection, attempt)
        rows = connection.execute("SELECT * FROM ops.transfer ORDER BY attempted_at").fetchall()
    assert [Transfer(*row) for row in rows] == attempts


def test_an_outage_fails_the_check_and_the_rest_of_the_run_goes_on(tmp_path: Path, erp: ErpServer) -> None:
    import dagster as dg

    from orchestration.assets.ingestion import source_assets
    from orchestration.assets.workspace_config import workspace_config
    from orchestration.resources import WorkspaceResource

    erp.records = ['{"dataAreaId":"usmf","VendorAccountNumber":"V1","VendorOrganizationName":"Acme"}']
    block = f"""\
  - {{name: vendors, title: Vendors, system: dynamics, format: dynamics_odata, path: "erp/vendors-*.json", owner: treasury,
     group: erp, options: {{object: vendors}}, connector: {{kind: odata, options: {{service: "{erp.url}/v4", attempts: 1,
     entity_set: Vendors, version: "4.0"}}}}}}
"""
    workspace = small_workspace(tmp_path / "small", SOURCES + block)
    land(workspace, "testbank/1.sta", mt940(1, "260901", "100000", "-2500"), "2026-09-02T06:00:00")

    def run() -> dict[str, bool]:
        now = datetime.now(UTC).isoformat()
        result = dg.materialize(
            [workspace_config, *source_assets(workspace.sources().sources)],
            resources={"workspace": WorkspaceResource(root=str(workspace.root))},
            run_config={"ops": {"workspace_config": {"config": {"known_at": now}}}},
        )
        assert result.success
        return {
            f"{one.asset_key.path[-1]}.{one.check_name}": one.passed for one in result.get_asset_check_evaluations()
        }

    def rows(sql: str) -> list[tuple[object, ...]]:
        with connect(workspace.warehouse, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    assert run()["vendors.source_reachable"]
    assert rows("SELECT name FROM raw.counterparty") == [("Acme",)]
    erp.faults.append(Fault(503))
    checks = run()
    assert not checks["vendors.source_reachable"] and "testbank.source_reachable" not in checks
    assert rows("SELECT count(*) FROM raw.delivery WHERE source = 'vendors'") == [
        (1,)
    ]  # the last good one, and no empty one
    assert rows("SELECT status, files, rows FROM ops.transfer ORDER BY attempted_at") == [
        ("ok", 1, 1),
        ("failed", 0, None),
    ]
    assert rows("SELECT count(*) FROM raw.bank_entry") == [(1,)]
    assert rows("SELECT name FROM raw.counterparty") == [("Acme",)]  # the last good data stay
    with connect(workspace.warehouse, read_only=True) as connection:
        late = unreachable(connection, datetime.now(UTC))
    assert late["source"].to_list() == ["vendors"] and "503" in late["unreachable_because"][0]
