"""Checks of the match ledger: groups balance, and no money is used twice."""

from collections.abc import Iterable

import dagster as dg
import duckdb

from reconciliation.matching import Leg, Rules

BALANCED, NEVER_TWICE = "groups_balance", "nothing_applied_twice"
SHOWN = 10


def balance_check(connection: duckdb.DuckDBPyConnection, leg: Leg, asset: dg.AssetKey) -> dg.AssetCheckResult:
    """Whether the applied amounts of each active group of a leg add up to its totals, and those to its difference.

    In a leg between two datasets left and right move together (a bill and the debit that pays it are both negative): left -
    right = difference. In a leg inside one dataset they cancel each other out. An item of another currency than its group's
    is in the totals with what it was worth: such a side is not added up here.
    """
    sides = (
        "sum(applied_amount) FILTER (dataset = ?) AS lefts, sum(applied_amount) FILTER (dataset = ?) AS rights"
        if not leg.offsets
        else "sum(applied_amount) AS lefts, NULL::DECIMAL(38,5) AS rights"
    )
    sides_of = (leg.left.dataset, leg.right.dataset)
    broken = connection.execute(
        f"""
        WITH item AS ({_items(dict.fromkeys(side.dataset for side in leg.sides))}),
        abroad AS (
            SELECT m.group_id, m.run_id, bool_or(m.dataset = ?) AS at_left, bool_or(m.dataset = ?) AS at_right
            FROM matching.match_item m
            JOIN matching.known_group g USING (group_id, run_id)
            JOIN item ON item.dataset = m.dataset AND item.item_id = m.item_id
            WHERE item.currency != g.currency
            GROUP BY ALL
        ),
        applied AS (
            SELECT group_id, run_id, {sides} FROM matching.match_item GROUP BY ALL
        )
        SELECT g.group_id, g.left_total, g.right_total, g.difference
        FROM matching.known_group g
        JOIN applied a USING (group_id, run_id)
        LEFT JOIN abroad USING (group_id, run_id)
        WHERE g.leg = ? AND g.superseded_by IS NULL AND g.status != 'ambiguous'
          AND (g.left_total - g.right_total != g.difference
               OR (NOT coalesce(abroad.at_left, false) AND coalesce(a.lefts, 0)
                   != CASE WHEN a.rights IS NULL THEN g.left_total - g.right_total ELSE g.left_total END)
               OR (NOT coalesce(abroad.at_right, false) AND coalesce(a.rights, g.right_total) != g.right_total))
        ORDER BY ALL
        """,
        [*sides_of, *(() if leg.offsets else sides_of), leg.name],
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
    items = _items(rules.datasets)
    beyond = connection.execute(
        f"""
        WITH item AS ({items})
        SELECT p.pool, m.dataset, m.item_id, any_value(item.amount) AS amount, sum(m.applied_amount) AS applied
        FROM matching.match_item m
        JOIN matching.known_group g USING (group_id, run_id)
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


def _items(datasets: Iterable[str]) -> str:
    """SQL for the items of these datasets."""
    return " UNION ALL ".join(
        f"SELECT '{name}' AS dataset, item_id, amount, currency FROM matching_input.\"{name}\"" for name in datasets
    )
