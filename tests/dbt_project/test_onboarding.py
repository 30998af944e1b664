"""docs/how-to/onboard-an-entity.md, done to the letter: its YAML and SQL blocks take in a company the group has just bought."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from small_warehouse import SmallWarehouse

from ingestion.readers import reader
from orchestration.config_tables import write_config
from orchestration.dbt_runner import DBT_PROJECT
from orchestration.landing import landed
from orchestration.loading import load_source
from orchestration.run_time import resolve
from orchestration.warehouse import connect
from orchestration.workspace import PROJECT_ROOT, Workspace
from simulation.acquired import Acquired, acquired_company
from simulation.deliveries import Delivery
from simulation.group import LAST_DAY
from simulation.parties import build_parties
from simulation.writers import sap

PAGE = (PROJECT_ROOT / "docs" / "how-to" / "onboard-an-entity.md").read_text(encoding="utf-8")
SEED = 7
OURS = ("polski_statements", "magna_payables", "magna_suppliers", "sap_suppliers")


@dataclass(frozen=True)
class Onboarded:
    company: Acquired
    warehouse: SmallWarehouse


def yaml_blocks() -> list[tuple[str, str, str]]:
    """File, key and text of each YAML block of the page."""
    found = re.findall(r"```yaml\n# (\S+\.yml): (\S+)\n(.*?)```", PAGE, re.DOTALL)
    return [(file, key, text) for file, key, text in found]


def follow_the_page(workspace: Workspace, project: Path) -> None:
    """Put every block where the page says it goes."""
    shutil.copytree(PROJECT_ROOT / "data" / "demo" / "config", workspace.config)
    shutil.copytree(DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    blocks = yaml_blocks()
    assert len(blocks) == 4
    for file, key, text in blocks:
        path = (project if file == "dbt_project.yml" else workspace.config) / file
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        block = yaml.safe_load(text)
        if isinstance(block, list):
            content[key] += block
        else:
            content[key] |= block
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    ((sql,),) = [re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)]
    ((model,),) = [re.findall(r"One model, `dbt_project/(\S+\.sql)`", PAGE)]
    (project / model).parent.mkdir()
    (project / model).write_text(sql, encoding="utf-8")


def land(workspace: Workspace, file: Delivery) -> None:
    path = workspace.landing / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)
    os.utime(path, (file.at.timestamp(), file.at.timestamp()))


@pytest.fixture(scope="module")
def onboarded(tmp_path_factory: pytest.TempPathFactory) -> Onboarded:
    """The workspace after the page, the company's files loaded, the models built that its figures come from."""
    workspace = Workspace(tmp_path_factory.mktemp("acquired"))
    project = tmp_path_factory.mktemp("project") / "dbt_project"
    follow_the_page(workspace, project)
    parties = build_parties(np.random.default_rng([SEED, 1]))
    company = acquired_company(SEED, parties)
    german = [p for p in parties if p.entity == "DE01" and p.role == "supplier"]
    group_suppliers = Delivery("sap/suppliers/all.csv", sap.parties(german, "supplier"), company.files[0].at)
    for file in (*company.files, group_suppliers):
        land(workspace, file)
    warehouse = SmallWarehouse(workspace.root, project)
    now = resolve(workspace.company(), company.files[-1].at, LAST_DAY)
    with connect(warehouse.path) as connection:
        write_config(connection, workspace)
        for source in workspace.sources().sources:
            if source.name in OURS:
                files = landed(connection, workspace, source, now.known_at)
                load_source(connection, workspace, source, reader(source.format), files, "test")
    warehouse.dbt(
        "run", str(LAST_DAY), now.known_at.isoformat(), "--select", "+tie_out +golden_counterparty +bank_statement_line"
    )
    return Onboarded(company, warehouse)


def test_every_record_of_the_new_company_is_loaded(onboarded: Onboarded) -> None:
    assert onboarded.warehouse.one(
        "SELECT count(*), bool_and(status = 'loaded'), sum(records_rejected) FROM raw.delivery"
    ) == (len(onboarded.company.files) + 1, True, 0)


def test_its_items_mean_what_they_meant_in_its_own_ledger(onboarded: Onboarded) -> None:
    found = onboarded.warehouse.rows(
        "SELECT open_item_id, entity_id, kind, amount, due_date, status, is_known_type FROM canonical.open_item ORDER BY 1"
    )
    assert found == sorted(
        (
            item.key, "PL01", item.kind, -item.amount if item.kind == "invoice" else item.amount, item.due,
            "cleared" if item.paid_on else "open", True,
        )
        for item in onboarded.company.items
    )  # fmt: skip
    assert f"tieout explain '{onboarded.company.items[0].key}'" in PAGE
    assert onboarded.warehouse.rows("SELECT is_tied_out, difference FROM marts.tie_out") == [(True, 0)]


def test_its_account_has_a_balance_and_every_line_of_its_bank(onboarded: Onboarded) -> None:
    paid = sum(1 for item in onboarded.company.items if item.paid_on is not None)
    assert onboarded.warehouse.one(
        "SELECT count(*), min(account_id), min(entity_id) FROM canonical.bank_statement_line"
    ) == (paid, "polski_pln", "PL01")
    assert onboarded.warehouse.one(
        "SELECT arg_max(closing_balance, statement_date), bool_and(continuity IN ('first', 'ok')) FROM canonical.bank_statement"
    ) == (onboarded.company.balance, True)


def test_suppliers_the_group_knew_are_found_again(onboarded: Onboarded) -> None:
    shared = onboarded.warehouse.rows(
        "SELECT counterparty_ids FROM canonical.golden_counterparty WHERE systems = 'magna, sap' ORDER BY 1"
    )
    assert [row[0] for row in shared if "magna|supplier|0001" in str(row[0])] and len(shared) == 3
