"""One asset per configured source: what it offers is brought to landing/, archived, read and loaded, each delivery whole or
not at all."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import dagster as dg

from ingestion.sources import SourceConfig
from orchestration import run_time
from orchestration.checks.deliveries import delivery_check_specs, delivery_checks
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.transfers import Transfer, lies_in_landing, reachable_check, reachable_check_specs, record, transfer
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

SCHEMA = "landing"


def source_key(source: SourceConfig) -> dg.AssetKey:
    """The asset of a source."""
    return dg.AssetKey([SCHEMA, source.name])


def team(owner: str) -> str:
    """An owner as Dagster wants it: an e-mail address as it is, anything else as a team."""
    return owner if "@" in owner else f"team:{owner.replace(' ', '_')}"


def _freshness(source: SourceConfig) -> dg.FreshnessPolicy:
    """How long the asset may go without a run. Whether the *data* is stale is monitoring's question, not this one."""
    lag = source.arrival.lag_days if source.arrival else 1
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(days=lag + 3), warn_window=timedelta(days=lag, hours=12)
    )


def source_asset(source: SourceConfig) -> dg.AssetsDefinition:
    """The asset of one source."""

    @dg.multi_asset(
        name=f"{SCHEMA}__{source.name}",
        specs=[
            dg.AssetSpec(
                source_key(source),
                deps=[["config", "source"], ["config", "run_parameter"]],
                group_name=f"landing_{source.group}",
                kinds={source.system, source.format.replace(".", "_")},
                owners=[team(source.owner)],
                description=f"{source.title}: {source.format} files of {source.system} at landing/{source.path}. Archived byte "
                "for byte, loaded into raw.*; what cannot be loaded is in raw.reject or quarantined with its reason.",
                freshness_policy=_freshness(source),
                tags={"system": source.system, "format": source.format},
            )
        ],
        check_specs=[
            *delivery_check_specs(source_key(source), statements=source.group == "bank"),
            *reachable_check_specs(source_key(source), source),
        ],
        pool=WAREHOUSE_POOL,
    )
    def load(context: dg.AssetExecutionContext, workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
        from ingestion.readers import reader
        from orchestration.landing import landed
        from orchestration.loading import load_source

        attempt = _transferred(context, workspace.workspace, source)
        with connect(workspace.workspace.warehouse) as connection:
            if attempt is not None:
                record(connection, attempt)
            files = landed(connection, workspace.workspace, source, run_time.read(connection).known_at)
            summary = load_source(
                connection, workspace.workspace, source, reader(source.format), files, context.run.run_id,
                context.log.debug,
            )  # fmt: skip
            checks = delivery_checks(connection, source, context.run.run_id)
        yield dg.MaterializeResult(source_key(source), metadata=asdict(summary) | {"files_in_landing": len(files)})
        yield from checks
        if attempt is not None:
            yield reachable_check(source_key(source), attempt)

    return load


def _transferred(context: dg.AssetExecutionContext, workspace: Workspace, source: SourceConfig) -> Transfer | None:
    """What the source offers, brought while the working file is closed; None where its files lie in landing/ already."""
    if lies_in_landing(source):
        return None
    with connect(workspace.warehouse) as connection:
        known_at = run_time.read(connection).known_at
    return transfer(workspace, source, known_at, _started_at(context))


def _started_at(context: dg.AssetExecutionContext) -> datetime:
    """When the run started: later sources of a long night belong to the same moment as the first."""
    run = context.instance.get_run_record_by_id(context.run.run_id)
    return datetime.fromtimestamp(run.start_time, UTC) if run and run.start_time else datetime.now(UTC)


def source_assets(sources: Sequence[SourceConfig]) -> list[dg.AssetsDefinition]:
    """The assets of all sources, in the order of the config."""
    return [source_asset(source) for source in sources]
