"""Checks of the match ledger: groups balance, and no money is used twice."""

import dagster as dg
import duckdb

from reconciliation.matching import Leg, Rules

BALANCED, NEVER_TWICE = "groups_balance", "nothing_applied_twice"
SHOWN = 10


def balance_check(connection: duckdb.DuckDBPyConnection, leg: Leg, asset: dg.AssetKey) -> dg.AssetCheckResult:
    """Whether the applied amounts of each active group of a leg add up to its totals, and those to its difference.

    In a leg between two datasets left and right move together (a bill and the debit that pays it are both negative): left -
    right = difference. In a leg inside one dataset they cancel each other out. Where left and right are of two currencies, the
    right total is what the right item was worth in the left one's: it is held against the difference alone.
    """
    sides = (
        "sum(applied_amount) FILTER (dataset = ?) AS lefts, sum(applied_amount) FILTER (dataset = ?) AS rights"
        if not leg.offsets
        else "sum(applied_amount) AS lefts, NULL::DECIMAL(38,5) AS rights"
    )
    broken = connection.execute(
        f"""
        WITH applied AS (
            SELECT group_id, run_id, {sides} FROM matching.match_item GROUP BY ALL
        ),
        exchanged AS (
            SELECT DISTINCT group_id, run_id
            FROM matching.match_group g JOIN matching.match_item m USING (group_id, run_id)
            JOIN matching_input."{leg.right.dataset}" i ON i.item_id = m.item_id
            WHERE g.difference_kind = 'fx' AND m.dataset = '{leg.right.dataset}' AND i.currency != g.currency
        )
        SELECT g.group_id, g.left_total, g.right_total, g.difference
        FROM matching.match_group g JOIN applied a USING (group_id, run_id) LEFT JOIN exchanged x USING (group_id, run_id)
        WHERE g.leg = ? AND g.superseded_by IS NULL AND g.status != 'ambiguous'
          AND (g.left_total - g.right_total != g.difference
               OR coalesce(a.lefts, 0) != CASE WHEN a.rights IS NULL THEN g.left_total - g.right_total ELSE g.left_total END
               OR (x.group_id IS NULL AND coalesce(a.rights, g.right_total) != g.right_total))
        ORDER BY ALL
        """,
        [*(() if leg.offsets else (leg.left.dataset, leg.right.dataset)), leg.name],
    ).fetchall()
    return dg.AssetCheckResult(
        asset_key=asset, check_name=BALANCED, passed=not broken,
        metadata={"groups_off": len(broken), "first": [" | ".join(map(str, row)) for row in broken[:SHOWN]]},
    )  # fmt: skip


def over_application_check(
    connection: duckdb.DuckDBPyConnection, rules: Rules, asset: dg.AssetKey
) -> dg.AssetCheckResult:
    """Whether the matched amounts of each item stay within its amount, per pool, over all legs."""
    pools = [(leg.name, side.dataset, side.pool) for leg in rules.legs for side in leg.sides]
    connection.execute("CREATE OR REPLACE TEMP TABLE pool_of(leg VARCHAR, dataset VARCHAR, pool VARCHAR)")
    connection.executemany("INSERT INTO pool_of VALUES (?, ?, ?)", sorted(set(pools)))
    items = " UNION ALL ".join(
        f"SELECT '{name}' AS dataset, item_id, amount FROM matching_input.\"{name}\"" for name in rules.datasets
    )
    beyond = connection.execute(
        f"""
        WITH item AS ({items})
        SELECT p.pool, m.dataset, m.item_id, any_value(item.amount) AS amount, sum(m.applied_amount) AS applied
        FROM matching.match_item m
        JOIN matching.match_group g USING (group_id, run_id)
        JOIN pool_of p ON p.leg = g.leg AND p.dataset = m.dataset
        JOIN item ON item.dataset = m.dataset AND item.item_id = m.item_id
        WHERE g.superseded_by IS NULL AND g.status = 'matched'
        GROUP BY p.pool, m.dataset, m.item_id
        HAVING abs(sum(m.applied_amount)) > abs(any_value(item.amount))
        ORDER BY ALL
        """
    ).fetchall()
    return dg.AssetCheckResult(
        asset_key=asset, check_name=NEVER_TWICE, passed=not beyond,
        metadata={"items_beyond": len(beyond), "first": [" | ".join(map(str, row)) for row in beyond[:SHOWN]]},
    )  # fmt: skip
