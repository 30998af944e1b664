"""The ledger over days: arriving daily or at once, changed, cancelled. And rules tried before they are taken."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from decided_world import DAY, RULES, World, item

from orchestration import run_time
from orchestration.carried_items import stands_on
from orchestration.cli import run_command
from orchestration.content_hash import content_hash
from orchestration.match_ledger import run_leg
from orchestration.warehouse import connect

DAYS = [
    {
        "open_items": [item("I1", "-70", references=["INV-1"]), item("I2", "-30", references=["INV-2"])],
        "payments": [item("P1", "-100", references=["PAY-1", "INV-1", "INV-2"])],
    },
    {
        "bank_lines": [item("B1", "-100", 1, references=["PAY-1"]), item("B2", "-8", 1, counterparty_account="X")],
        "payments": [item("P2", "-8", 1, counterparty_account="X"), item("P3", "-8", 1, counterparty_account="X")],
    },
    {
        "bank_lines": [item("B3", "-8", 2, references=["PAY-3"]), item("B9", "-1", 2)],
        "payments": [item("P3", "-8", 1, counterparty_account="X", references=["PAY-3"])],  # delivered again, with more
    },
]
STATE = (
    'SELECT g.group_id, g.leg, g."pass", g.status, g.left_total, g.explanation FROM matching.known_group g '
    "WHERE superseded_by IS NULL ORDER BY 1",
    "SELECT m.group_id, m.dataset, m.item_id, m.applied_amount FROM matching.match_item m JOIN matching.known_group g "
    "USING (group_id, run_id) WHERE superseded_by IS NULL ORDER BY ALL",
    "SELECT leg, dataset, item_id, open_amount, reason, best_candidates FROM matching.unmatched ORDER BY ALL",
)


def state(world: World) -> list[list[tuple[object, ...]]]:
    return [world.rows(sql) for sql in STATE]


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The three days in three runs."""
    world = World(tmp_path_factory.mktemp("daily") / "company")
    for number, arrivals in enumerate(DAYS):
        for dataset, rows in arrivals.items():
            world.deliver(dataset, *rows)
        world.run(DAY + timedelta(days=number))
    return world


def test_the_same_days_in_one_run_or_in_three_reach_the_same_state(daily: World, tmp_path: Path) -> None:
    at_once = World(tmp_path / "company")
    for arrivals in DAYS:
        for dataset, rows in arrivals.items():
            at_once.deliver(dataset, *rows)
    at_once.run(DAY + timedelta(days=2))
    assert state(at_once) == state(daily)
    assert set(daily.groups()) == {"B1 P1", "B2 P2", "B3 P3", "I1 I2 P1"}
    assert set(daily.open()) == {"B9"}


def test_what_was_known_on_each_day_stays_on_the_record(daily: World) -> None:
    """When a match was first made, and that the tie of the second day gave way on the third."""
    assert daily.rows("SELECT as_of, count(*) FROM matching.match_group WHERE status = 'matched' GROUP BY 1 ORDER BY 1") == [
        (DAY, 1), (DAY + timedelta(days=1), 1), (DAY + timedelta(days=2), 2)
    ]  # fmt: skip
    ties = daily.rows("SELECT as_of, superseded_in FROM matching.match_group WHERE status = 'ambiguous'")
    assert ties == [(DAY + timedelta(days=1), "run3")]


def test_a_changed_or_cancelled_item_releases_its_match_and_only_that(daily: World, tmp_path: Path) -> None:
    world = daily.copy(tmp_path / "company")
    before = world.groups()
    world.deliver("bank_lines", item("B1", "-99", 1, references=["PAY-1"]))  # the bank corrects its statement
    world.cancel("payments", "P3")
    world.run(DAY + timedelta(days=3))
    after = world.groups()
    assert set(before) - set(after) == {"B1 P1", "B3 P3"}
    assert all(after[name] == group for name, group in before.items() if name in after)
    released = dict(world.rows("SELECT group_id, superseded_by FROM matching.match_group WHERE superseded_in = 'run4'"))
    assert released == {
        before["B1 P1"]: "the amount or currency of an item has changed",
        before["B3 P3"]: "payments P3 is no longer there",
    }
    assert {"B1", "B3", "P1"} <= set(world.open())
    assert world.rows("SELECT DISTINCT as_of FROM matching.match_group WHERE superseded_by IS NULL ORDER BY 1") == [
        (DAY,), (DAY + timedelta(days=2),)
    ]  # fmt: skip  # what still stands is as old as it was


def test_new_rules_are_tried_without_changing_anything(
    daily: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = ("match_group", "match_item", "unmatched", "rules_version")
    with connect(daily.workspace.warehouse, read_only=True) as connection:
        before = [content_hash(connection, f"matching.{name}") for name in tables]
    new = tmp_path / "new.yml"
    new.write_text(RULES.replace("      - {kind: amount_date, before: 2, after: 8}\n", "").replace("grace", "ada", 1))
    root, out = str(daily.workspace.root), tmp_path / "changes.csv"
    with pytest.raises(SystemExit) as ended:
        run_command("rules", ["try", str(new), "--since", str(DAY), "--workspace", root, "--out", str(out)])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "lost, now open: 8.00 EUR in bank_lines_payments: bank_lines:B2; payments:P2" in said
    rows = {line.split("│")[1].strip(): line for line in said.splitlines() if line.startswith("│")}
    kept, _, gained, _, lost, money, moved = (cell.strip() for cell in rows["bank_lines_payments"].split("│")[2:9])
    assert (kept, gained, lost, money, moved) == ("2", "0", "1", "8.00", "0")
    assert out.read_text("utf-8-sig").splitlines()[1].startswith("lost,bank_lines_payments,")
    with connect(daily.workspace.warehouse, read_only=True) as connection:
        assert [content_hash(connection, f"matching.{name}") for name in tables] == before


def test_versions_of_the_rules_are_kept_with_author_approver_and_first_use(daily: World, tmp_path: Path) -> None:
    world = daily.copy(tmp_path / "company")
    assert world.rows("SELECT author, approved_by, first_as_of, first_run_id FROM matching.rules_version") == [
        ("grace", "ada", DAY, "run1")
    ]
    (world.workspace.config / "matching.yml").write_text(RULES.replace("after: 8", "after: 9"))
    world.run(DAY + timedelta(days=3))
    found = world.rows("SELECT rules_version, first_as_of FROM matching.rules_version ORDER BY first_as_of")
    assert [day for _, day in found] == [DAY, DAY + timedelta(days=3)]
    assert found[1][0] == world.workspace.matching_rules().version


def test_rules_that_nobody_else_has_approved_do_not_run_where_that_is_asked_for(daily: World, tmp_path: Path) -> None:
    world = daily.copy(tmp_path / "company")
    (world.workspace.config / "decisions.yml").write_text("rules_need_approval: true\n")
    world.run()
    (world.workspace.config / "matching.yml").write_text(RULES.replace("approved_by: ada", "approved_by: Grace"))
    with pytest.raises(Exception, match=r"author grace, approved_by Grace; config/decisions.yml asks for rules"):
        world.run()


STRAIGHT = """\
  - name: bank_lines_open_items
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: open_items, pool: ledger}
    passes:
      - {kind: reference_text, amounts: [equal, sum]}
"""


def test_a_payment_file_that_arrives_late_takes_the_place_of_the_straight_match(tmp_path: Path) -> None:
    """On the record: what stood, until when, and what it gave way to."""
    bill = item("I1", "-70", references=["INV-4001"])
    line = item("B1", "-70", 1, references=["PAY-1"], text="INV-4001")
    payment = item("P1", "-70", references=["PAY-1", "INV-4001"])
    late, once = (World(tmp_path / name, RULES + STRAIGHT) for name in ("late", "once"))
    for world in (late, once):
        world.deliver("open_items", bill)
        world.deliver("bank_lines", line)
    late.run(DAY + timedelta(days=1))
    (straight,) = late.groups().values()
    late.deliver("payments", payment)
    late.run(DAY + timedelta(days=2))
    assert set(late.groups()) == {"B1 P1", "I1 P1"}
    ended = late.rows(
        "SELECT group_id, superseded_by, superseded_in FROM matching.match_group WHERE superseded_by IS NOT NULL"
    )
    assert ended == [(straight, f"{late.groups()['B1 P1']} of the earlier leg bank_lines_payments", "run2")]
    once.deliver("payments", payment)
    once.run(DAY + timedelta(days=2))
    assert state(late) == state(once)
    late.run(DAY + timedelta(days=3))
    assert state(late) == state(once)


def test_what_was_suggested_gives_way_to_the_bill_that_the_line_names(tmp_path: Path) -> None:
    """The bill arrives a day after the line was suggested for a payment of like amount to somebody else."""
    bill = item("I1", "-70", references=["INV-4001"], counterparty_name="Acme")
    line = item("B1", "-70", 1, text="INV-4001 ACCT-77881", counterparty_name="Acme")
    payment = item("P1", "-70", text="ACCT-77881", counterparty_name="Zeta")
    shared = "{kind: reference, find: texts, name: shared, odds: 3000, amounts: [equal]}"
    rules = (RULES + STRAIGHT).replace("{kind: amount_date, before: 2, after: 8}", shared)
    late, once = (World(tmp_path / name, rules) for name in ("late", "once"))
    for world in (late, once):
        world.deliver("bank_lines", line)
        world.deliver("payments", payment)
    late.run(DAY + timedelta(days=1))
    (suggested,) = late.rows("SELECT group_id FROM matching.match_group WHERE status = 'suggested'")
    for world in (late, once):
        world.deliver("open_items", bill)
        world.run(DAY + timedelta(days=2))
    assert set(late.groups()) == {"B1 I1"}
    assert late.rows("SELECT group_id, superseded_by FROM matching.match_group WHERE superseded_by IS NOT NULL") == [
        (*suggested, f"{late.groups()['B1 I1']} of the later leg bank_lines_open_items")
    ]
    assert set(late.open()) == {"P1"}
    assert state(late) == state(once)
    late.run(DAY + timedelta(days=3))
    assert state(late) == state(once)


def test_a_leg_is_looked_at_again_only_where_a_later_one_has_touched_what_it_tells(tmp_path: Path) -> None:
    world = World(tmp_path / "company", RULES + STRAIGHT)
    world.deliver("open_items", item("I1", "-70", references=["INV-4001"]), item("I2", "-8", references=["INV-4002"]))
    world.deliver("bank_lines", item("B1", "-70", 1, text="INV-4001"), item("B2", "-5", 1))
    world.run(DAY + timedelta(days=1))
    assert (set(world.groups()), world.looked_again) == ({"B1 I1"}, 2)  # they had told that line and bill are open
    assert set(world.open()) == {"B2"}
    world.deliver("payments", item("P2", "-5", references=["PAY-2"]))
    world.deliver("bank_lines", item("B2", "-5", 1, references=["PAY-2"]))
    world.run(DAY + timedelta(days=2))
    assert (set(world.groups()), world.looked_again) == ({"B1 I1", "B2 P2"}, 0)


def test_what_a_later_leg_has_matched_is_told_without_looking_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The passes of the earlier leg would find what they have found; only what it leaves open is another by now."""

    def looks(*_: object) -> None:
        raise AssertionError("no leg has reason to look at its items again")

    monkeypatch.setattr("orchestration.settling.run_leg", looks)
    world = World(tmp_path / "company", RULES + STRAIGHT)
    world.deliver("open_items", item("I1", "-70", references=["INV-4001"]))
    world.deliver("bank_lines", item("B1", "-70", 1, text="INV-4001"), item("B2", "-5", 1))
    world.deliver("payments", item("P3", "-5", 60))
    world.run(DAY + timedelta(days=1))
    assert set(world.groups()) == {"B1 I1"}
    assert world.open() == {"B2": "outside_window", "P3": "outside_window"}


def test_a_straight_match_whose_difference_is_posted_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Books rest on it: a payment that arrives late stays open, for a person to see."""
    rules = RULES + STRAIGHT.replace("equal, sum", "{rule: fee, up_to: 5}")
    world = World(tmp_path / "company", rules)
    world.deliver("open_items", item("I1", "-70", references=["INV-4001"]))
    world.deliver("bank_lines", item("B1", "-73", 1, references=["PAY-1"], text="INV-4001"))
    world.run(DAY + timedelta(days=1))
    (straight,) = world.groups().values()
    monkeypatch.setenv("TIEOUT_WORKSPACE", str(world.workspace.root))
    monkeypatch.setenv("TIEOUT_ACTOR", "ada")
    with pytest.raises(SystemExit) as ended:
        run_command("decide", ["write-off", straight, "--reason", "posted as 4711"])
    assert ended.value.code == 0
    world.deliver("payments", item("P1", "-73", references=["PAY-1"]))
    world.run(DAY + timedelta(days=2))
    assert world.groups() == {"B1 I1": straight}


def test_within_a_run_items_are_looked_at_again_only_where_they_have_changed(tmp_path: Path) -> None:
    """What the first leg has carried forward stands for the others; were an item another one by then, they would see it."""
    world = World(tmp_path / "company")
    world.deliver("bank_lines", item("B1", "-100", references=["PAY-1"]))
    world.deliver("payments", item("P1", "-100", references=["PAY-1"]))
    world.run()
    rules = world.workspace.matching_rules()
    with connect(world.workspace.warehouse) as connection:
        first, _ = run_leg(connection, rules, rules.legs[0])
        assert (first.groups.height, dict(first.superseded)) == (0, {})
        assert stands_on(connection, run_time.read(connection), first.items_content)
        connection.execute("UPDATE matching_input.payments SET amount = -99")
        second, _ = run_leg(connection, rules, rules.legs[1])
        assert not stands_on(connection, run_time.read(connection), second.items_content)
    assert list(second.superseded.values()) == ["the amount or currency of an item has changed"]
