"""`tieout decide`: what a person says counts from the next run on, stands against the rules, and can be taken back."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest
from decided_world import DAY, World, item

from orchestration.cli import run_command
from orchestration.decisions.log import DecisionLog, DecisionLogError
from orchestration.warehouse import connect, insert_rows
from orchestration.workspace import ConfigError

Tieout = Callable[..., tuple[int, str]]
FOUR_EYES = "four_eyes:\n  - {kinds: [write_off], above: 20}\n"


@pytest.fixture(scope="module")
def reconciled(tmp_path_factory: pytest.TempPathFactory) -> World:
    """B1 is paid by P1 or P2, B2 by P3; B3 and P4 differ by a fee; B5 is a charge nobody instructed."""
    made = World(tmp_path_factory.mktemp("company") / "company")
    made.deliver(
        "bank_lines",
        item("B1", "-70", counterparty_account="X"),
        item("B2", "-5", references=["R-200"]),
        item("B3", "-101.50"),
        item("B5", "-33"),
    )
    made.deliver(
        "payments",
        item("P1", "-70", counterparty_account="X"),
        item("P2", "-70", counterparty_account="X"),
        item("P3", "-5", references=["R-200"]),
        item("P4", "-100"),
    )
    made.run()
    assert set(made.groups()) == {"B2 P3"}
    assert set(made.groups("ambiguous")) == {"B1 P1 P2"}
    return made


@pytest.fixture
def world(reconciled: World, tmp_path: Path) -> World:
    """The company after its first run, for one test."""
    return reconciled.copy(tmp_path / "company")


@pytest.fixture
def tieout(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tieout:
    """Call `tieout decide ...` as Ada; gives the exit status and what was said."""
    monkeypatch.setenv("TIEOUT_WORKSPACE", str(world.workspace.root))
    monkeypatch.setenv("TIEOUT_ACTOR", "ada")

    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            run_command("decide", arguments)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return call


def decided(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT decision_id, kind, state FROM matching.decision ORDER BY 1")


def test_a_match_by_hand_survives_the_next_runs_and_undoing_it_touches_no_other(world: World, tieout: Tieout) -> None:
    status, said = tieout("match", "bank_lines:B1", "P2", "--reason", "the bank confirmed it")
    assert status == 0 and "D000001 match: 70.00 EUR" in said and "tieout run" in said
    tieout("match", "B3", "P4", "--difference", "fee", "--reason", "the bank keeps 1.50")
    for _ in range(2):
        world.run()
        before = world.groups()
        assert set(before) == {"B1 P2", "B2 P3", "B3 P4"} and world.open()["P1"] == "no_candidate"
    assert world.rows(
        "SELECT explanation, difference_kind FROM matching.match_group WHERE pass = 'decision' ORDER BY 1"
    ) == [
        ("Decided by ada (match): the bank confirmed it", "none"),
        ("Decided by ada (match): the bank keeps 1.50", "fee"),
    ]
    assert tieout("undo", "D1", "--reason", "it was the other one")[0] == 0
    world.run()
    assert world.groups() == {name: group for name, group in before.items() if name != "B1 P2"}
    assert set(world.groups("ambiguous")) == {"B1 P1 P2"}
    assert world.rows(f"SELECT superseded_by FROM matching.match_group WHERE group_id = '{before['B1 P2']}'") == [
        ("decision D000001 was undone by ada (D000003)",)
    ]
    assert decided(world) == [
        ("D000001", "match", "undone"),
        ("D000002", "match", "holds"),
        ("D000003", "undo", "holds"),
    ]


def test_sides_that_differ_are_refused_until_the_difference_is_named(world: World, tieout: Tieout) -> None:
    status, said = tieout("match", "B3", "P4", "--reason", "seen")
    assert status == 2
    assert "they differ by -1.50" in said and "difference: fee, fx" in said and "nothing was recorded" in said
    assert tieout("match", "B3=-100", "P4", "--reason", "the rest is open")[0] == 0
    world.run()
    assert world.open()["B3"] == "partly_applied"


def test_a_rejected_match_stays_apart_until_that_is_undone(world: World, tieout: Tieout) -> None:
    group = world.groups()["B2 P3"]
    status, said = tieout("reject", group, "--reason", "wrong")
    assert status == 2 and f"tieout decide unmatch {group}" in said
    assert tieout("unmatch", group[:8], "--reason", "another R-200")[0] == 0
    world.run()
    assert "B2 P3" not in world.groups() and {"B2", "P3"} <= set(world.open())
    assert world.rows(f"SELECT superseded_by FROM matching.match_group WHERE group_id = '{group}'") == [
        ("decision D000001 by ada",)
    ]
    tieout("undo", "D1", "--reason", "it was right")
    world.run()
    assert "B2 P3" in world.groups()


def test_an_automatic_match_gives_way_only_where_the_person_says_so(world: World, tieout: Tieout) -> None:
    group = world.groups()["B2 P3"]
    status, said = tieout("match", "B2", "P1=-5", "--reason", "seen")
    assert status == 2 and f"unmatch {group}" in said and "--replace" in said
    assert tieout("match", "B2", "P1=-5", "--replace", "--reason", "seen")[0] == 0
    world.run()
    assert "B2 P1" in world.groups() and "B2 P3" not in world.groups()
    (heir,) = world.rows(f"SELECT superseded_by FROM matching.match_group WHERE group_id = '{group}'")
    assert heir == (world.groups()["B2 P1"],)


def test_what_four_eyes_ask_for_waits_for_a_second_person(world: World, tieout: Tieout) -> None:
    (world.workspace.config / "decisions.yml").write_text(FOUR_EYES)
    status, said = tieout("write-off", "B5", "--reason", "charge, posted by hand")
    assert status == 0 and "wait for a second person: tieout decide approve D000001" in said
    world.run()
    assert "B5" in world.open() and decided(world) == [("D000001", "write_off", "waiting")]
    status, said = tieout("approve", "D1", "--actor", " ADA")
    assert status == 2 and "a person other than ada" in said
    assert tieout("approve", "D1", "--actor", "grace")[0] == 0
    world.run()
    assert "B5" not in world.open() and decided(world) == [("D000001", "write_off", "holds")]
    assert world.rows("SELECT difference, difference_kind, explanation FROM matching.match_group WHERE pass = 'decision'") == [
        (-33, "write_off", "Decided by ada (write off): charge, posted by hand; approved by grace")
    ]  # fmt: skip
    assert "wait" not in tieout("write-off", "P4=-15", "--leg", "bank_lines_payments", "--reason", "small")[1]


def test_the_difference_of_a_match_is_written_off_once_by_the_id_of_its_group(world: World, tieout: Tieout) -> None:
    tieout("match", "B3", "P4", "--difference", "fee", "--reason", "the bank keeps 1.50")
    world.run()
    before = world.groups()
    group = before["B3 P4"]
    status, said = tieout("write-off", group[:8], "--reason", "posted as 4711")
    assert status == 0 and "D000002 write off: 1.50 EUR" in said
    for again, found in ((group, "written off in D000002"), (before["B2 P3"], "matched without a difference")):
        status, said = tieout("write-off", again, "--reason", "posted")
        assert status == 2 and found in said
    world.run()
    assert world.groups() == before and decided(world)[1] == ("D000002", "write_off", "holds")


def test_an_item_set_aside_comes_back_on_its_day(world: World, tieout: Tieout) -> None:
    status, said = tieout("ignore", "B5", "--until", str(DAY), "--reason", "x")
    assert status == 2 and f"expected a day after {DAY}" in said
    tieout("ignore", "B1", "--until", "2026-10-02", "--reason", "the bank was asked")
    world.run()
    assert world.open()["B1"] == "ignored"
    world.run(date(2026, 10, 2))
    assert set(world.groups("ambiguous")) == {"B1 P1 P2"}


def test_an_alert_is_set_aside_by_its_id(world: World, tieout: Tieout) -> None:
    """As of an invoice that looks entered twice and is another one."""
    alert_id = "a1b2c3d4e5f60718293a4b5c"
    with connect(world.workspace.warehouse) as connection:
        insert_rows(
            connection, "monitoring.alert", ("alert_id", "check", "object_type", "object_id", "status", "message", "first_seen"),
            [(alert_id, "duplicate_invoice", "open_item", "sap|1000|20|2026|1", "open", "looks like another", DAY)],
        )  # fmt: skip
    assert tieout("ignore", alert_id[:8], "--until", "2026-10-15", "--reason", "two deliveries")[0] == 0
    status, said = tieout("ignore", alert_id, "--until", "2026-10-15", "--reason", "again")
    assert status == 2 and "D000001" in said
    assert tieout("confirm", alert_id, "--reason", "x")[0] == 2
    world.run()
    assert world.rows("SELECT about, exception_id FROM matching.decision") == [
        ("duplicate_invoice: sap|1000|20|2026|1", alert_id)
    ]
    assert set(world.groups()) == {"B2 P3"}


def test_two_counterparties_are_told_to_be_one(world: World, tieout: Tieout) -> None:
    assert tieout("confirm", "b|supplier|2 = a|supplier|1", "--reason", "asked them")[0] == 0
    status, said = tieout("reject", "a|supplier|1 = b|supplier|2", "--reason", "no")
    assert status == 2 and "D000001 (same party by ada)" in said
    world.run()
    assert world.rows("SELECT counterparty_id, other_id, is_same, actor FROM config.counterparty_decision") == [
        ("a|supplier|1", "b|supplier|2", True, "ada")
    ]


def test_nobody_is_guessed_and_nothing_found_is_said_with_what_to_do(
    world: World, tieout: Tieout, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = tieout("confirm", "abcdef", "--reason", "x")
    assert status == 2 and "expected the id of a group in force" in said
    status, said = tieout("match", "B1", "nowhere", "--reason", "x")
    assert status == 2 and "found nowhere" in said and "Datasets are bank_lines, payments, open_items" in said
    monkeypatch.delenv("TIEOUT_ACTOR")
    status, said = tieout("match", "B1", "P1", "--reason", "x")
    assert status == 2 and "Give --actor NAME or set TIEOUT_ACTOR" in said
    assert DecisionLog(world.workspace).entries() == []


def queue_id(world: World, name: str) -> str:
    ((found, *_), *_) = world.rows(f"SELECT exception_id FROM marts.exception_queue WHERE object_id = '{name}'")
    return str(found)


def sheet(path: Path, *rows: tuple[str, ...]) -> str:
    """A work list with its columns filled in: exception_id, decision, with, difference, until, reason."""
    header = ("exception_id", "cause", "decision", "with", "difference", "until", "reason")
    lines = [header, *((name, "", *rest) for name, *rest in rows)]
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)  # type: ignore[union-attr]
        book.save(path)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=";").writerows(lines)
    return str(path)


def test_a_file_is_taken_whole_or_not_at_all_and_each_bad_row_is_told(
    world: World, tieout: Tieout, tmp_path: Path
) -> None:
    good = (queue_id(world, "B5"), "write off", "", "", "", "charge")
    file = sheet(
        tmp_path / "queue.csv", good,
        (queue_id(world, "B3"), "match", "P4", "", "", "seen"),
        (queue_id(world, "B3"), "match", "P4", "fee", "", ""),
        (queue_id(world, "P4"), "maybe", "", "", "", "seen"),
        (queue_id(world, "B5"), "ignore", "", "", "2026/10/01", "seen"),
        (queue_id(world, "B5"), "write off", "", "", "", "twice"),
        (queue_id(world, "P4"), "", "", "", "", "left alone"),
    )  # fmt: skip
    status, said = tieout("import", file)
    assert status == 3
    for told in (
        "queue.csv, row 3, items: found bank_lines -101.50, payments -100.00 EUR: they differ by -1.50",
        "queue.csv, row 4, reason: found nothing",
        "queue.csv, row 5, decision: found maybe",
        "expected one of confirm, reject, match, unmatch, write off, ignore, undo, approve, decline",
        "queue.csv, row 6, until: found 2026/10/01",
        "queue.csv, row 7, item: found bank_lines:B5, of which 33.00 of -33.00 EUR is used",
        "row 2 of this file uses it",
        "nothing was recorded: 5 of 6 rows cannot be taken",
    ):
        assert told.replace("33.00 of -33.00", "-33.00 of -33.00") in said, told
    assert DecisionLog(world.workspace).entries() == []


def test_a_filled_in_workbook_is_one_act_and_is_not_taken_twice(world: World, tieout: Tieout, tmp_path: Path) -> None:
    file = sheet(
        tmp_path / "queue.xlsx",
        (queue_id(world, "B5"), "Write-off", "", "", "", "charge"),
        (queue_id(world, "B3"), "match", "payments:P4", "Fee", "", "the bank keeps 1.50"),
        (queue_id(world, world.groups("ambiguous")["B1 P1 P2"]), "reject", "", "", "", "neither"),
    )
    assert "all 3 rows can be taken; nothing was recorded" in tieout("import", file, "--dry-run")[1]
    status, said = tieout("import", file)
    assert status == 0 and "recorded 3 by ada" in said
    (entry,) = DecisionLog(world.workspace).entries()
    assert entry.origin.startswith("queue.xlsx sha256:") and len(entry.decisions) == 3
    world.run()
    assert set(world.groups()) == {"B2 P3", "B3 P4", "B5"} and world.groups("ambiguous") == {}
    status, said = tieout("import", file)
    assert status == 2 and "this very file was imported" in said and "D000001 to D000003" in said


def test_what_waits_goes_to_the_second_person_as_a_workbook(world: World, tieout: Tieout, tmp_path: Path) -> None:
    (world.workspace.config / "decisions.yml").write_text(FOUR_EYES)
    tieout("write-off", "B5", "--reason", "=charge")
    file = tmp_path / "waiting.xlsx"
    assert tieout("export", str(file), "--waiting")[1].startswith("wrote 1 decisions")
    book = openpyxl.load_workbook(file)
    (header, row) = book["To decide"].iter_rows()
    cells = {str(name.value): cell for name, cell in zip(header, row, strict=True)}
    assert (cells["decision_id"].value, cells["said"].value, cells["amount"].value) == ("D000001", "=charge", 33)
    assert cells["said"].data_type == "s"  # text, no formula
    cells["decision"].value = "approve"
    book.save(file)
    status, said = tieout("import", str(file))
    assert status == 3 and "waiting.xlsx, row 2, actor: found ada" in said
    assert tieout("import", str(file), "--actor", "grace")[0] == 0
    assert "holds, approved by grace" in tieout("list")[1]


def test_the_queue_of_the_published_run_is_the_work_list(world: World, tieout: Tieout, tmp_path: Path) -> None:
    assert "nothing is published yet" in tieout("export", str(tmp_path / "queue.csv"))[1]
    snapshot = world.workspace.published / "2026-09-28-run1"
    snapshot.mkdir(parents=True)
    (world.workspace.published / "CURRENT").write_text("2026-09-28-run1")
    with duckdb.connect(str(snapshot / "marts.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE exception_queue AS SELECT * FROM (VALUES "
            "('e1', 'charge_to_post', -33.5, 'treasury', '=1+1', NULL, NULL), ('e2', 'reject', -9000, 'ap', 'bad', NULL, NULL), "
            "('e3', 'suggested', -1, 'treasury', 'so', DATE '2026-10-01', 'holds'), "
            "('e4', 'suggested', -1, 'treasury', 'so', NULL, 'waiting')) "
            "AS row (exception_id, cause, amount, owner, message, ignored_until, decision_state)"
        )
        for name in (
            "entity_id",
            "account_id",
            "currency",
            "next_step",
            "object_type",
            "object_id",
            "detail",
            "file_name",
            "decided",
        ):
            connection.execute(f"ALTER TABLE exception_queue ADD COLUMN {name} VARCHAR")
        connection.execute("ALTER TABLE exception_queue ADD COLUMN since DATE")
        connection.execute("ALTER TABLE exception_queue ADD COLUMN age_days BIGINT")
        connection.execute("ALTER TABLE exception_queue ADD COLUMN amount_base DECIMAL(23,5)")
        connection.execute("UPDATE exception_queue SET amount_base = amount")
    file = tmp_path / "queue.csv"
    assert tieout("export", str(file))[1].startswith("wrote 2 rows of run 2026-09-28-run1")
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [(row["exception_id"], row["amount"], row["message"]) for row in rows] == [
        ("e2", "-9000", "bad"),  # most money first
        ("e1", "-33.5", "'=1+1"),  # no formula for a spreadsheet
    ]
    assert list(rows[0])[-5:] == ["decision", "with", "difference", "until", "reason"]
    assert "wrote 1 rows" in tieout("export", str(tmp_path / "q.xlsx"), "--owner", "treasury")[1]


def test_a_log_that_was_changed_or_lost_lines_is_found(world: World, tieout: Tieout) -> None:
    tieout("match", "B1", "P2", "--reason", "seen")
    tieout("write-off", "B5", "--reason", "charge")
    world.run()
    log = DecisionLog(world.workspace).path
    kept = log.read_bytes()
    log.write_bytes(kept.replace(b'"reason":"seen"', b'"reason":"paid"'))
    with pytest.raises(DecisionLogError, match="line 2: it does not follow from line 1"):
        world.run()
    log.write_bytes(kept.splitlines(keepends=True)[0])
    with pytest.raises(ConfigError, match="have read 2 lines"):
        world.run()
    log.write_bytes(kept + b'{"entry":3,"prev')  # a power failure: nobody was told that it counts
    tieout("undo", "D2", "--reason", "no")
    assert [entry.entry for entry in DecisionLog(world.workspace).entries()] == [1, 2, 3]
    world.run()
    assert set(world.groups()) == {"B1 P2", "B2 P3"}


def test_a_run_of_an_earlier_moment_knows_only_what_was_decided_by_then(world: World, tieout: Tieout) -> None:
    tieout("match", "B1", "P2", "--reason", "seen")
    (entry,) = DecisionLog(world.workspace).entries()
    world.run(known_at=entry.at.replace(year=2000))
    assert "B1 P2" not in world.groups() and decided(world) == []
    world.run(known_at=entry.at)
    assert "B1 P2" in world.groups()
