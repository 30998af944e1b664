"""The definitions load, the lineage is the one we mean, and it explains itself."""

from __future__ import annotations

import json
import shutil
from datetime import UTC
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import definitions
from orchestration.jobs import INTRADAY, NIGHTLY
from orchestration.sensors import landing_state
from orchestration.workspace import PROJECT_ROOT, ConfigError, Workspace

SNAPSHOT = Path(__file__).with_name("lineage.json")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("definitions")
    shutil.copytree(PROJECT_ROOT / "data" / "demo" / "config", root / "config")
    (root / "landing").mkdir()
    return Workspace(root)


@pytest.fixture(scope="module")
def loaded(workspace: Workspace) -> dg.Definitions:
    return definitions(workspace)


def lineage(loaded: dg.Definitions) -> dict[str, dict[str, object]]:
    graph = loaded.resolve_asset_graph()
    return {
        key.to_user_string(): {
            "group": graph.get(key).group_name,
            "after": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
        }
        for key in sorted(graph.get_all_asset_keys())
    }


def test_a_change_of_lineage_is_seen_in_review(loaded: dg.Definitions) -> None:
    """To accept a change: python tests/orchestration/write_lineage.py, and look at the diff."""
    assert lineage(loaded) == json.loads(SNAPSHOT.read_text("utf-8"))


def test_every_asset_says_what_it_is(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    assert len(keys) > 100
    assert [key for key in keys if not graph.get(key).description] == []
    assert [key for key in keys if not graph.get(key).group_name or graph.get(key).group_name == "default"] == []


RESULTS = (
    "stg_match", "stg_item", "stg_decision", "stg_difference", "stg_reconciled", "stg_document_step", "stg_exception_match",
    "stg_exception_record",
)  # fmt: skip


def test_nothing_is_read_from_a_later_layer(loaded: dg.Definitions) -> None:
    """Staging and canonical are one layer here: what a hub's remittance names is an item of record, which is canonical."""
    order = [
        ("config",), ("landing",), ("raw",), ("staging", "canonical"), ("matching_input",), ("matching",),
        ("monitoring", "forecasting"), ("marts",), ("published",),
    ]  # fmt: skip

    def place(key: str) -> int:
        layer = "marts" if key.split("/")[-1] in RESULTS else key.split("/")[0]
        return next(number for number, layers in enumerate(order) if layer in layers)

    backwards = [
        f"{parent} -> {key}"
        for key, facts in lineage(loaded).items()
        for parent in facts["after"]  # type: ignore[attr-defined]
        if place(parent) > place(key)
    ]
    assert backwards == []


def test_sources_have_owners_and_freshness_and_a_blocking_check(workspace: Workspace, loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    for source in workspace.sources().sources:
        node = graph.get(dg.AssetKey(["landing", source.name]))
        assert node.owners and node.freshness_policy is not None, source.name
        assert any(check.name == "records_accounted_for" for check in node.check_keys), source.name


def test_every_step_that_opens_the_working_file_takes_the_one_slot(loaded: dg.Definitions) -> None:
    job = loaded.resolve_job_def(NIGHTLY)
    pools = {node.name: set(node.definition.pools) for node in job.graph.nodes}
    assert {name for name, pool in pools.items() if pool != {"warehouse"}} == set()


def test_the_intraday_job_leaves_the_erp_for_the_night(workspace: Workspace, loaded: dg.Definitions) -> None:
    intraday = {node.name for node in loaded.resolve_job_def(INTRADAY).graph.nodes}
    assert "landing__rheinbank_statements" in intraday and "publish" in intraday
    assert "landing__sap_payables" not in intraday


def test_schedules_run_in_the_groups_time_zone(workspace: Workspace, loaded: dg.Definitions) -> None:
    zone = workspace.company().timezone
    found = {schedule.name: schedule.execution_timezone for schedule in loaded.schedules or ()}  # type: ignore[union-attr]
    assert found == {"nightly_schedule": zone, "intraday_schedule": zone}


def test_a_scheduled_run_gets_its_scheduled_moment(loaded: dg.Definitions) -> None:
    from datetime import datetime

    schedule = loaded.resolve_schedule_def("nightly_schedule")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=datetime(2026, 9, 30, 3, 30, tzinfo=UTC)
        )
        data = schedule.evaluate_tick(context)
    assert data.run_requests is not None
    (request,) = data.run_requests
    assert request.run_config["ops"]["workspace_config"]["config"] == {
        "as_of": "2026-09-30",
        "known_at": "2026-09-30T05:30:00+02:00",
    }


def test_the_sensor_starts_a_run_when_a_file_has_landed(workspace: Workspace, loaded: dg.Definitions) -> None:
    sensor = loaded.resolve_sensor_def("landing_folder")
    empty = landing_state(workspace, workspace.sources())
    folder = workspace.landing / "rheinbank" / "camt053"
    folder.mkdir(parents=True)
    with dg.DagsterInstance.ephemeral() as instance:
        quiet = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=empty, definitions=loaded))
        assert quiet.run_requests == []
        (folder / "x.xml.part").write_text("half")
        assert landing_state(workspace, workspace.sources()) == empty
        (folder / "x.xml").write_text("<Document/>")
        woken = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=empty, definitions=loaded))
    assert woken.run_requests is not None
    assert len(woken.run_requests) == 1 and woken.cursor == landing_state(workspace, workspace.sources())


def test_a_wrong_config_names_file_key_and_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "company.yml").write_text(
        "name: G\nbase_currency: euro\ntimezone: Mars/Olympus\ncolour: red\n"
    )
    with pytest.raises(ConfigError) as error:
        Workspace(tmp_path).company()
    text = str(error.value)
    assert "company.yml: base_currency" in text and "timezone" in text and "colour" in text
