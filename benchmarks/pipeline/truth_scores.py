"""Precision and recall of a run on the simulated company, per leg, against the ground truth written beside its files.

An *edge* is a pair of items of a leg's two datasets in one matched group. Precision is the share of found edges that are
true; recall the share of true edges found. In a group of several items on both sides an edge is right where the true
partners of both its items are in the group: which belongs to which inside it is not said.

A payment that came back settles no item. Edges between items that never reached the warehouse (a statement that was
never delivered, a file that was quarantined) cannot be found and are left out of recall.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.pipeline.score import Score, print_scores

LEGS = {
    "bank_lines_payments": ("bank_lines", "payments"),
    "payments_open_items": ("payments", "open_items"),
    "own_transfers": ("bank_lines", "bank_lines"),
    "bank_lines_open_items": ("bank_lines", "open_items"),
}

_BANK_KEY = """
    SELECT bank_line_id AS item_id, account_id || '|' || bank_reference AS truth_id FROM canonical.bank_statement_line
    WHERE bank_reference IS NOT NULL
"""
_TRUE = {
    "bank_lines_payments": "SELECT k.item_id AS a, t.payment AS b FROM read_parquet('{0}/bank_line_payment.parquet') t "
    "JOIN bank_key k ON k.truth_id = t.bank_line WHERE t.relation = 'booking'",
    "payments_open_items": "SELECT payment AS a, open_item AS b FROM read_parquet('{0}/payment_open_item.parquet') "
    "WHERE outcome NOT IN ('rejected', 'returned')",
    "own_transfers": "SELECT o.item_id AS a, i.item_id AS b FROM read_parquet('{0}/bank_line_transfer.parquet') t "
    "JOIN bank_key o ON o.truth_id IN (t.bank_line, t.other_line) JOIN bank_key i ON i.truth_id IN (t.bank_line, t.other_line) "
    "JOIN matching_input.bank_lines debit ON debit.item_id = o.item_id AND debit.amount < 0 "
    "JOIN matching_input.bank_lines credit ON credit.item_id = i.item_id AND credit.amount > 0",
    "bank_lines_open_items": "SELECT k.item_id AS a, t.open_item AS b FROM read_parquet('{0}/bank_line_open_item.parquet') t "
    "JOIN bank_key k ON k.truth_id = t.bank_line",
}

_RIGHT = (
    "EXISTS (SELECT 1 FROM true_edge t JOIN found_edge f ON f.a = found_edge.a AND f.b = t.b "
    "AND f.group_id = found_edge.group_id WHERE t.a = found_edge.a) "
    "AND EXISTS (SELECT 1 FROM true_edge t JOIN found_edge f ON f.a = t.a AND f.b = found_edge.b "
    "AND f.group_id = found_edge.group_id WHERE t.b = found_edge.b)"
)


def scores(warehouse: Path, truth: Path, shown: int = 10) -> list[Score]:
    """A score per leg; `warehouse` is opened for reading, `truth` is the folder the simulation wrote."""
    result = []
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{warehouse}' AS w (READ_ONLY)")
        connection.execute("USE w")
        connection.execute(f"CREATE TEMP TABLE bank_key AS {_BANK_KEY}")
        for leg, (left, right) in LEGS.items():
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE true_edge AS SELECT DISTINCT a, b FROM ({_TRUE[leg].format(truth)}) "
                f"WHERE a IN (SELECT item_id FROM matching_input.{left}) AND b IN (SELECT item_id FROM matching_input.{right})"
            )
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE found_edge AS SELECT DISTINCT group_id, l.item_id AS a, r.item_id AS b "
                "FROM matching.known_group g JOIN matching.match_item l USING (group_id, run_id) "
                "JOIN matching.match_item r USING (group_id, run_id) "
                "WHERE g.leg = ? AND g.status = 'matched' AND g.superseded_by IS NULL AND l.dataset = ? AND r.dataset = ? "
                "AND (l.dataset != r.dataset OR (l.applied_amount < 0 AND r.applied_amount > 0))",
                [leg, left, right],
            )
            counts = [
                connection.execute(sql).fetchone()[0]  # type: ignore[index]
                for sql in (
                    "SELECT count(*) FROM true_edge", "SELECT count(*) FROM found_edge",
                    f"SELECT count(*) FROM found_edge WHERE {_RIGHT}",
                    "SELECT count(*) FROM true_edge SEMI JOIN found_edge USING (a, b)",
                )
            ]  # fmt: skip
            wrong = connection.execute(
                f"SELECT a, b FROM found_edge WHERE NOT ({_RIGHT}) ORDER BY ALL LIMIT {shown}"
            ).fetchall()
            missed = connection.execute(
                f"FROM true_edge ANTI JOIN found_edge USING (a, b) ORDER BY ALL LIMIT {shown}"
            ).fetchall()
            true_edges, found, right, held = counts
            result.append(Score(leg, true_edges, found, right, held, tuple(wrong), tuple(missed)))
    return result


def main(workspace: str) -> None:
    """Print the table for a workspace that was simulated and run."""
    root = Path(workspace)
    print_scores("leg", scores(root / "warehouse.duckdb", root / "truth"))


if __name__ == "__main__":
    import sys

    main(sys.argv[1] if len(sys.argv) > 1 else "data/demo")
