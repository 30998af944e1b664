"""One asset per leg of config/matching.yml, and the ledger they write to.

A leg sees what earlier legs and earlier runs have left open. Legs run in the order of the rules, one after another. Where
items, rules and ledger are as the last run has left them, the ledger stands.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb

from orchestration import fingerprints, run_time
from orchestration.checks.matching import BALANCED, NEVER_TWICE, balance_check, over_application_check
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.warehouse import connect, transaction
from reconciliation.matching import Leg, Rules

INPUT, LEDGER = "matching_input", fingerprints.MATCHING
EXCHANGED = ("cross_currency", "own_transfer")  # passes that read the rates
LEDGER_TABLES = {
    "match_group": "Groups of items that belong together, or may: appended, superseded on the record, never deleted.",
    "match_item": "The items of each group, with the amount applied.",
    "unmatched": "What each leg leaves open after this run, with the reason and the nearest candidates.",
    "decision_effect": "The group each decision of a person has made, or why it makes none any more.",
}


def leg_key(leg: Leg) -> dg.AssetKey:
    """The asset of a leg."""
    return dg.AssetKey([LEDGER, f"leg_{leg.name}"])


def leg_asset(rules: Rules, leg: Leg, before: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset of one leg, after the legs `before` it."""
    exchanged = ("rates",) if any(each.kind in EXCHANGED for each in leg.passes) else ()
    read = dict.fromkeys((*leg.datasets(rules), "links", *exchanged))
    inputs = [dg.AssetKey([INPUT, name]) for name in read]
    inputs += [dg.AssetKey([LEDGER, "decision"]), dg.AssetKey([LEDGER, "decision_item"])]

    @dg.multi_asset(
        name=f"match__{leg.name}",
        specs=[
            dg.AssetSpec(
                leg_key(leg), deps=[*inputs, *before], group_name="matching", kinds={"polars"}, owners=["team:treasury"],
                description=f"{leg.left.dataset} against {leg.right.dataset}, in {len(leg.passes)} passes: "
                f"{', '.join(each.name for each in leg.passes)}. Rules version {rules.version}.",
                code_version=rules.version,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                BALANCED, asset=leg_key(leg), blocking=True,
                description="Every group balances to the minor unit: left + right + typed difference.",
            )
        ],
        pool=WAREHOUSE_POOL,
    )  # fmt: skip
    def match_one_leg(context: dg.AssetExecutionContext, workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
        with connect(workspace.workspace.warehouse) as connection:
            stands = fingerprints.job_stands(connection, LEDGER, [INPUT], rules.version)
            facts: Mapping[str, Any] = {"unchanged": True} if stands else _match(connection, rules, leg)
            check = balance_check(connection, leg, leg_key(leg))
        yield dg.MaterializeResult(leg_key(leg), metadata=facts)
        yield check

    return match_one_leg


def _match(connection: duckdb.DuckDBPyConnection, rules: Rules, leg: Leg) -> dict[str, Any]:
    """Match one leg, write what changes, and tell of it."""
    from orchestration.match_ledger import run_leg, write_leg

    update, summary = run_leg(connection, rules, leg)
    with transaction(connection):
        write_leg(connection, leg.name, update, run_time.read(connection))
    return {
        "new_groups": update.groups.height,
        "superseded": len(update.superseded),
        "unmatched": update.unmatched.height,
        "summary": dg.MetadataValue.json(summary),
    }


def ledger_asset(rules: Rules) -> dg.AssetsDefinition:
    """The ledger's tables, after all legs: what the marts read."""
    group_key = dg.AssetKey([LEDGER, "match_item"])

    @dg.multi_asset(
        name="match_ledger",
        specs=[
            dg.AssetSpec(
                [LEDGER, table], deps=[leg_key(leg) for leg in rules.legs], group_name="matching", kinds={"duckdb"},
                description=text,
            )
            for table, text in LEDGER_TABLES.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(
                NEVER_TWICE, asset=group_key, blocking=True,
                description="No item is applied beyond its amount in a pool, over all legs and runs.",
            )
        ],
        pool=WAREHOUSE_POOL,
    )  # fmt: skip
    def match_ledger(workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
        with connect(workspace.workspace.warehouse) as connection:
            if not fingerprints.job_stands(connection, LEDGER, [INPUT], rules.version):
                from orchestration.settling import settle

                settle(connection, rules, run_time.read(connection))
                fingerprints.job_ended(connection, LEDGER, [INPUT], rules.version)
            for table in LEDGER_TABLES:
                count = connection.execute(f"SELECT count(*) FROM matching.{table}").fetchone()
                yield dg.MaterializeResult([LEDGER, table], metadata={"rows": count[0] if count else 0})
            yield over_application_check(connection, rules, group_key)

    return match_ledger


def matching_assets(rules: Rules) -> list[dg.AssetsDefinition]:
    """A leg each, chained in the order of the rules, then the ledger."""
    legs = []
    before: list[dg.AssetKey] = []
    for leg in rules.legs:
        legs.append(leg_asset(rules, leg, before))
        before = [leg_key(leg)]
    return [*legs, ledger_asset(rules)]
