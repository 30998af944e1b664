"""How right the canonical layer is on the simulated company: golden counterparties, items of two ERPs, the three-way match.

Golden counterparties are judged by pairs: two counterparties of one golden id that are the same party are right; two that are
not are wrong; the same party under two golden ids is missed. An item of two ERPs is a pair of keys; a three-way match is an
invoice with its flow and result.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.pipeline.score import Score, print_scores

_FOUND = {
    "golden counterparties": """
        SELECT one.counterparty_id AS a, other.counterparty_id AS b FROM canonical.counterparty AS one
        JOIN canonical.counterparty AS other ON one.golden_id = other.golden_id AND one.counterparty_id < other.counterparty_id
    """,
    "items of two ERPs": "SELECT open_item_id AS a, origin_item_id AS b FROM canonical.open_item_origin WHERE NOT is_surviving",
    "three-way matches": """
        SELECT open_item_id AS a, match_flow || ' ' || match_result AS b FROM canonical.three_way_match
        WHERE match_flow NOT IN ('no_order', 'order_not_known')
    """,
}
_TRUE = {
    "golden counterparties": """
        SELECT one.counterparty AS a, other.counterparty AS b FROM read_parquet('{0}/counterparty.parquet') AS one
        JOIN read_parquet('{0}/counterparty.parquet') AS other
            ON one.party = other.party AND one.counterparty < other.counterparty
        WHERE one.counterparty IN (SELECT counterparty_id FROM canonical.counterparty)
            AND other.counterparty IN (SELECT counterparty_id FROM canonical.counterparty)
    """,
    "items of two ERPs": "SELECT open_item AS a, origin AS b FROM read_parquet('{0}/open_item_origin.parquet')",
    "three-way matches": """
        SELECT open_item AS a, match_flow || ' ' || match_result AS b FROM read_parquet('{0}/three_way_match.parquet')
    """,
}


def canonical_scores(warehouse: Path, truth: Path, shown: int = 10) -> list[Score]:
    """A score per topic; `warehouse` is opened for reading, `truth` is the folder the simulation wrote."""
    scores = []
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{warehouse}' AS w (READ_ONLY)")
        connection.execute("USE w")
        for what, found in _FOUND.items():
            connection.execute(f"CREATE OR REPLACE TEMP TABLE found AS SELECT DISTINCT a, b FROM ({found})")
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE truth AS SELECT DISTINCT a, b FROM ({_TRUE[what].format(truth)})"
            )
            counts = [
                connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0]  # type: ignore[index]
                for rows in ("truth", "found", "(FROM found SEMI JOIN truth USING (a, b))")
            ]
            wrong, missed = (
                connection.execute(f"FROM {one} ANTI JOIN {other} USING (a, b) ORDER BY ALL LIMIT {shown}").fetchall()
                for one, other in (("found", "truth"), ("truth", "found"))
            )
            true, claimed, right = counts
            scores.append(Score(what, true, claimed, right, right, tuple(wrong), tuple(missed)))
    return scores


def main(workspace: str) -> None:
    """Print the table for a workspace that was simulated and run."""
    root = Path(workspace)
    print_scores("what", canonical_scores(root / "warehouse.duckdb", root / "truth"))


if __name__ == "__main__":
    import sys

    main(sys.argv[1] if len(sys.argv) > 1 else "data/demo")
