"""The raw tables as assets: where the sources meet. Nothing is moved here; the new rows are counted and checked."""

from collections.abc import Sequence

import dagster as dg

from ingestion.contracts import CONTRACTS
from ingestion.sources import SourceConfig
from orchestration.assets.ingestion import source_key
from orchestration.checks.raw_contracts import CONTRACT, contract_check
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.warehouse import connect

REGISTRY = {
    "delivery": "One row per file that ever landed: what it was, when it came, what became of it and of its records.",
    "reject": "One row per record that could not be loaded: where it stands, what was found, what was expected, what to do.",
}
_BANK = {kind for kind in CONTRACTS if kind.startswith("bank_")}
_PAYMENTS = {kind for kind in CONTRACTS if kind.startswith("payment_")} - {"payment_terms"}


def feeds(source: SourceConfig, kind: str) -> bool:
    """Whether a source of this group may fill the raw table of this kind."""
    if source.group == "bank":
        return kind in _BANK
    if source.group == "payments":
        return kind in _PAYMENTS
    if source.group == "reference":
        return kind == "fx_rate"
    return kind not in _BANK | _PAYMENTS | {"fx_rate"}


def raw_tables(sources: Sequence[SourceConfig]) -> dg.AssetsDefinition:
    """The asset of every raw table, downstream of the sources that fill it."""
    specs = [
        dg.AssetSpec(
            ["raw", name], deps=[source_key(s) for s in sources], group_name="raw", kinds={"duckdb"}, description=text
        )
        for name, text in REGISTRY.items()
    ] + [
        dg.AssetSpec(
            ["raw", kind],
            deps=[source_key(source) for source in sources if feeds(source, kind)],
            group_name="raw",
            kinds={"duckdb"},
            description=f"As delivered, append-only: {contract.grain}.",
        )
        for kind, contract in CONTRACTS.items()
    ]

    @dg.multi_asset(
        name="raw_tables",
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(
                CONTRACT,
                asset=["raw", kind],
                blocking=True,
                description="The new rows keep the record contract of their kind.",
            )
            for kind in CONTRACTS
        ],
        pool=WAREHOUSE_POOL,
    )
    def check_raw_tables(context: dg.AssetExecutionContext, workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
        with connect(workspace.workspace.warehouse) as connection:
            new = connection.execute(
                "SELECT delivery_id FROM raw.delivery WHERE run_id = ?", [context.run.run_id]
            ).fetchall()
            deliveries = [row[0] for row in new]
            for name in REGISTRY:
                yield dg.MaterializeResult(["raw", name], metadata={"new_deliveries": len(deliveries)})
            for kind in CONTRACTS:
                check = contract_check(connection, kind, deliveries)
                yield dg.MaterializeResult(["raw", kind], metadata={"new_rows": check.metadata["rows_checked"]})
                yield check

    return check_raw_tables
