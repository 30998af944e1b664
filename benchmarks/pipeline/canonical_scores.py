"""How right the canonical layer is on the simulated company: golden counterparties, items of two ERPs, the three-way match.

Golden counterparties are judged by pairs: two counterparties of one golden id that are the same party are right; two that are
not are wrong; the same party under two golden ids is missed. An item of two ERPs is a pair of keys; a three-way match is an
invoice with its flow and result.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

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


@dataclass(frozen=True)
class CanonicalScore:
    """Pairs that are true, found, and both; `wrong` and `missed` hold a few to look at."""

    what: str
    true: int
    found: int
    right: int
    wrong: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]

    @property
    def precision(self) -> float:
        """Share of what was found that is true."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is true that was found."""
        return self.right / self.true if self.true else 1.0


def canonical_scores(warehouse: Path, truth: Path, shown: int = 10) -> list[CanonicalScore]:
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
            scores.append(CanonicalScore(what, true, claimed, right, tuple(wrong), tuple(missed)))
    return scores


def main(workspace: str) -> None:
    """Print the table for a workspace that was simulated and run."""
    root = Path(workspace)
    print(f"{'what':<24}{'true':>8}{'found':>8}{'right':>8}{'precision':>11}{'recall':>9}")
    for one in canonical_scores(root / "warehouse.duckdb", root / "truth"):
        print(f"{one.what:<24}{one.true:>8}{one.found:>8}{one.right:>8}{one.precision:>11.4f}{one.recall:>9.4f}")
        for name, pairs in (("wrong", one.wrong), ("missed", one.missed)):
            for pair in pairs[:5]:
                print(f"    {name}: {pair[0]}  ~  {pair[1]}")


if __name__ == "__main__":
    import sys

    main(sys.argv[1] if len(sys.argv) > 1 else "data/demo")
