"""Items that cancel each other out add up to nothing, yet money moved: four eyes and the trial of rules see how much."""

from __future__ import annotations

from pathlib import Path

import pytest
from decided_world import World, item

from orchestration.cli import run_command
from orchestration.rule_trial import try_rules
from orchestration.warehouse import connect

RULES = """\
legs:
  - name: bank_lines_payments
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: payments, pool: cash}
    passes: [{kind: reference, amounts: [equal]}]
  - name: payments_open_items
    left: {dataset: payments, pool: ledger}
    right: {dataset: open_items, pool: ledger}
    passes: [{kind: reference, amounts: [equal]}]
  - name: returns
    left: {dataset: bank_lines, pool: reversal, blocked_by: [cash]}
    right: {dataset: bank_lines, pool: reversal, report_unmatched: false}
    passes: [{kind: offset, by: reference}]
"""


def test_what_moved_in_a_match_that_adds_up_to_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path / "company", RULES)
    lines = item("B1", "-20000", references=["R-100"]), item("B2", "20000", 1, references=["R-100"])
    world.deliver("bank_lines", *lines)
    world.run()
    (group,) = world.groups().values()
    rules = world.workspace.matching_rules()
    with connect(world.workspace.warehouse, read_only=True) as connection:
        legs = try_rules(connection, rules, rules, None).legs
    assert legs.select("kept", "kept_money").row(2) == (1, 20000)
    (world.workspace.config / "decisions.yml").write_text("four_eyes:\n  - {above: 10000}\n")
    with pytest.raises(SystemExit):
        run_command(
            "decide",
            ["unmatch", group, "--reason", "no return", "--actor", "ada", "--workspace", str(world.workspace.root)],
        )
    said = capsys.readouterr().out
    assert "20,000.00 EUR" in said and "wait for a second person" in said
