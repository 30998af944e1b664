"""The last asset of a run: the marts as an immutable snapshot, and the pointer to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration import fingerprints, run_content, run_time
from orchestration.audit.conservation import RECORDS_OF_A_RUN
from orchestration.dbt_runner import manifest_json
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.warehouse import connect

KEY = dg.AssetKey(["published", "snapshot"])
COMPLETE, ACCOUNTED = "snapshot_complete", "nothing_lost_nothing_twice"


def descriptions() -> dict[str, dict[str, str]]:
    """Comments of the published tables and their columns, from the models' YAML."""
    nodes: Mapping[str, Mapping[str, Any]] = manifest_json()["nodes"]  # type: ignore[assignment]
    return {
        node.get("alias") or node["name"]: {"": node["description"]}
        | {name: column["description"] for name, column in node["columns"].items()}
        for node in nodes.values()
        if node["resource_type"] == "model" and node["schema"].endswith("marts")
    }


def published_assets(marts: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The snapshot, downstream of every mart."""

    @dg.multi_asset(
        name="publish",
        specs=[
            dg.AssetSpec(
                KEY, deps=list(marts), group_name="published", kinds={"duckdb", "parquet", "excel"}, owners=["team:treasury"],
                description="published/<run>/ (marts.duckdb, parquet/, tieout.xlsx) and the pointer CURRENT. Immutable: people "
                "and BI tools read it at any moment, a run never touches what it published before.",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(COMPLETE, asset=KEY, description="Every mart is in the snapshot with all of its rows."),
            dg.AssetCheckSpec(
                ACCOUNTED, asset=KEY,
                description="Every delivered record ended somewhere and once, with its amount; every booked line is in a match or in "
                "somebody's queue. `tieout audit` shows it, with files, matches and figures.",
            ),
        ],
        pool=WAREHOUSE_POOL,
    )  # fmt: skip
    def publish_marts(workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
        from orchestration.audit.conservation import records_and_items
        from orchestration.publishing import publish

        with connect(workspace.workspace.warehouse) as connection:
            now = run_time.read(connection)
            snapshot, is_new = publish(
                connection, workspace.workspace, now, fingerprints.fingerprint(connection, fingerprints.MARTS),
                descriptions(), run_content.store(connection, now), lambda: records_and_items(connection),
            )  # fmt: skip
            tables: Mapping[str, Mapping[str, int]] = snapshot.manifest()["tables"]  # type: ignore[assignment]
            short = {}
            for name, facts in tables.items():
                held = connection.execute(f'SELECT count(*) FROM marts."{name}"').fetchone()
                if held is None or held[0] != facts["rows"]:
                    short[name] = f"{facts['rows']} published, {held} in the warehouse"
        yield dg.MaterializeResult(
            KEY, metadata={"run": snapshot.run, "new": is_new, "database": dg.MetadataValue.path(snapshot.database),
                           "workbook": dg.MetadataValue.path(snapshot.workbook), "tables": len(tables)},
        )  # fmt: skip
        yield dg.AssetCheckResult(asset_key=KEY, check_name=COMPLETE, passed=not short, metadata=short)
        yield accounted_check(snapshot.not_accounted_for())

    return publish_marts


def accounted_check(faults: list[str] | None) -> dg.AssetCheckResult:
    """The proof a run has made of itself; what was not looked at (None) is not proven, and warns."""
    if faults is None:
        return dg.AssetCheckResult(
            asset_key=KEY, check_name=ACCOUNTED, passed=False, severity=dg.AssetCheckSeverity.WARN,
            description=f"Not proven: with more than {RECORDS_OF_A_RUN:,} records a run does not look at all of them. `tieout audit` does.",
            metadata={"proven": False},
        )  # fmt: skip
    return dg.AssetCheckResult(
        asset_key=KEY, check_name=ACCOUNTED, passed=not faults,
        metadata={"proven": True, "faults": len(faults), "first": faults},
    )  # fmt: skip
