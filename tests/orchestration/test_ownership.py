"""`config/ownership.yml`: what it may say, and the rows it becomes."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from pydantic import ValidationError

from orchestration.ownership import Cutover, Ownership
from orchestration.warehouse import CONFIG_TABLES
from orchestration.workspace import DEFAULT, Workspace


def test_without_a_file_only_a_bank_executes() -> None:
    executed = [row for row in Ownership().rows()["ownership"] if row[2] == "executed"]
    assert executed == [("payment", "status", "executed", "bank", 1)]


def test_the_first_system_is_the_authoritative_one() -> None:
    rows = Ownership(attributes={"counterparty": {"name": ("sap", "netsuite")}}, status={}, transitions={}).rows()
    assert rows["ownership"] == [
        ("counterparty", "name", None, "sap", 1),
        ("counterparty", "name", None, "netsuite", 2),
    ]
    assert {table: len(CONFIG_TABLES[table]) for table in rows} == {
        "ownership": 5,
        "status_transition": 3,
        "cutover": 5,
    }


def test_the_demo_says_who_may_say_what() -> None:
    assert Workspace(DEFAULT).ownership().attributes["counterparty"]["bank_account"][0] == "sap"


@pytest.mark.parametrize(
    "cutover",
    [
        [Cutover(entity="CH", from_system="sap", to_system="sap", cutover_date=date(2026, 1, 1))],
        [Cutover(entity="CH", from_system="sap", to_system="oracle", cutover_date=date(2026, 1, 1))] * 2,
    ],
)
def test_a_cutover_needs_two_systems_and_one_date(cutover: list[Cutover]) -> None:
    with pytest.raises(ValidationError, match="cutover of CH"):
        Ownership(cutover=tuple(cutover))


def test_the_ledgers_of_a_company_may_move_on_days_of_their_own() -> None:
    moves = "- {entity: CH, object: payable, from_system: sap, to_system: oracle, cutover_date: 2026-01-01}\n"
    moves += "- {entity: CH, object: receivable, from_system: sap, to_system: oracle, cutover_date: 2026-03-01}\n"
    read = Ownership(cutover=yaml.safe_load(moves))
    assert read.rows()["cutover"][1] == ("CH", "receivable", "sap", "oracle", date(2026, 3, 1))
    with pytest.raises(ValidationError, match="CH payable from sap is declared twice"):
        Ownership(cutover=(*read.cutover, read.cutover[0].model_copy(update={"object": "open_item"})))
