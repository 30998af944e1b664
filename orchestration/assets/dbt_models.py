"""The dbt models as assets, in two phases: raw to matching_input before matching, marts and what reads results after.

A phase is built in this process and in one go; each model becomes a materialisation, each dbt test an asset check. Where
nothing a phase is built from has changed since it was last built, its tables stand and the run says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dbt.artifacts.schemas.run import RunResult

from orchestration import additions, fingerprints
from orchestration.dbt_runner import FAILED, build, manifest_json
from orchestration.left_overs import drop_left_overs
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

EVERYTHING = "fqn:*"
AFTER_RESULTS = "tag:after_results"
"""Marts, and whatever reads the results of matching, monitoring or forecasting."""

Event = dg.MaterializeResult | dg.AssetCheckResult  # type: ignore[type-arg]


class Translator(DagsterDbtTranslator):
    """Groups follow the layers, so that the lineage reads like DESIGN 1."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer a model belongs to: its schema."""
        return str(dbt_resource_props.get("config", {}).get("schema") or dbt_resource_props["schema"])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """The team that answers for the SQL, where the model names none."""
        return super().get_owners(dbt_resource_props) or ["team:finance_data"]


TRANSLATOR = Translator()


def run_phase(
    context: dg.AssetExecutionContext, workspace: Workspace, phase: str, select: str, exclude: str
) -> Iterator[Event]:
    """Build a phase, or the part of it that was asked for; raises `Failure` where a model or a blocking test failed."""
    if context.is_subset:
        with connect(workspace.warehouse) as connection:
            fingerprints.remember(connection, phase, None)  # parts of it may now be of another day
            additions.forget(connection, phase)
        yield from _events(context, build(workspace, " ".join(_model_names(context)), tests=True))
        return
    with connect(workspace.warehouse) as connection:
        now = fingerprints.fingerprint(connection, phase)
        found = fingerprints.remembered_checks(connection, phase)
        if found and now == fingerprints.built_from(connection, phase):
            context.log.info(f"{phase}: nothing it is built from has changed; its tables stand as they are")
            yield from _standing(context, found)
            return
        fingerprints.remember(connection, phase, None)
    results, added = additions.build_phase(workspace, phase, select, exclude)
    context.log.info(
        f"{phase}: " + ("new deliveries were added to its tables" if added else "all its tables were made anew")
    )
    yield from _events(context, results, added=added)
    with connect(workspace.warehouse) as connection:
        if not added:
            for each in drop_left_overs(connection):
                context.log.info(f"{phase}: dropped {each}, which no model makes any more")
        fingerprints.remember_checks(connection, phase, _test_results(results))
        fingerprints.remember(connection, phase, now)


def _standing(context: dg.AssetExecutionContext, found: Sequence[tuple[str, str, int]]) -> Iterator[Event]:
    """A phase that stands: its models unchanged, its tests as they were when it was built."""
    for _, key in _in_order():
        if key in context.selected_asset_keys:
            yield dg.MaterializeResult(key, metadata={"unchanged": True})
    checks = {key.name: key for key in context.assets_def.check_keys}
    for name, status, failing in found:
        if name in checks:
            yield _check_result(checks[name], status, failing)


def _events(context: dg.AssetExecutionContext, results: Sequence[RunResult], *, added: bool = False) -> Iterator[Event]:
    """What a build did, model by model and test by test; where deliveries were added its views are not among the results: they
    stand. Raises `Failure` where a model or a test failed."""
    failures = [f"{result.node.name}: {result.message}" for result in results if str(result.status) in FAILED]
    seconds = {
        result.node.unique_id: result.execution_time
        for result in results
        if str(result.node.resource_type) == "model" and result.status == "success"
    }
    for unique_id, key in _in_order():
        if unique_id in seconds:
            yield dg.MaterializeResult(key, metadata={"seconds": round(seconds[unique_id], 3)})
        elif added and not failures and key in context.selected_asset_keys:
            yield dg.MaterializeResult(key, metadata={"unchanged": True})
    checks = {key.name: key for key in context.assets_def.check_keys}
    for name, status, failing in _test_results(results):
        if name in checks:
            yield _check_result(checks[name], status, failing)
    if failures:
        raise dg.Failure(f"{len(failures)} dbt models or tests failed: " + "; ".join(failures[:10]))


def _check_result(key: dg.AssetCheckKey, status: str, failing: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key, check_name=key.name, passed=status == "pass",
        severity=dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata={"failing_rows": failing},
    )  # fmt: skip


def _test_results(results: Sequence[RunResult]) -> list[tuple[str, str, int]]:
    tests = [result for result in results if str(result.node.resource_type) == "test"]
    return [
        (result.node.name, str(result.status), result.failures or 0) for result in tests if result.status != "skipped"
    ]


def _in_order() -> list[tuple[str, dg.AssetKey]]:
    """Every model's id and asset, each after the models it reads: the order in which Dagster wants to hear of them."""
    manifest = manifest_json()
    nodes: Mapping[str, Mapping[str, Any]] = manifest["nodes"]  # type: ignore[assignment]
    models = {name: node for name, node in nodes.items() if node["resource_type"] == "model"}
    graph = {name: [up for up in node["depends_on"]["nodes"] if up in models] for name, node in models.items()}
    return [
        (name, TRANSLATOR.get_asset_spec(manifest, name, None).key) for name in TopologicalSorter(graph).static_order()
    ]


def _model_names(context: dg.AssetExecutionContext) -> list[str]:
    manifest = manifest_json()
    nodes: Mapping[str, Mapping[str, Any]] = manifest["nodes"]  # type: ignore[assignment]
    chosen = context.selected_asset_keys
    return [
        node["name"]
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model" and TRANSLATOR.get_asset_spec(manifest, unique_id, None).key in chosen
    ]


def dbt_model_assets() -> list[dg.AssetsDefinition]:
    """Both phases."""

    @dbt_assets(
        manifest=manifest_json(), select=EVERYTHING, exclude=AFTER_RESULTS, name="canonical_models",
        dagster_dbt_translator=TRANSLATOR, pool=WAREHOUSE_POOL,
    )  # fmt: skip
    def canonical_models(context: dg.AssetExecutionContext, workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
        yield from run_phase(context, workspace.workspace, fingerprints.CANONICAL, EVERYTHING, AFTER_RESULTS)

    @dbt_assets(
        manifest=manifest_json(), select=AFTER_RESULTS, name="marts_models",
        dagster_dbt_translator=TRANSLATOR, pool=WAREHOUSE_POOL,
    )  # fmt: skip
    def marts_models(context: dg.AssetExecutionContext, workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
        yield from run_phase(context, workspace.workspace, fingerprints.MARTS, AFTER_RESULTS, "")

    return [canonical_models, marts_models]
