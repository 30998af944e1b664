"""After all legs of a run: those that have reason to are looked at again, so that what is open is told as it stands at the end.

A leg does not see what later legs do in the same run. What they match it no longer has to report as open, or to name as a
candidate; what gave way to a later leg is open again. A leg that nothing of this touches has told the truth already.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import polars as pl

from orchestration.match_ledger import LedgerUpdate, run_leg, write_leg
from orchestration.run_time import RunTime
from orchestration.warehouse import transaction
from reconciliation.matching import Leg, Rules
from reconciliation.matching.precedence import TO_EARLIER_LEG

ROUNDS = 3
_ITEM = ["dataset", "item_id"]
_TOUCHED = {"dataset": pl.String(), "item_id": pl.String(), "freed": pl.Boolean()}  # freed: by a match that is no more
_IN_FORCE = "matching.known_group g JOIN matching.match_item m USING (group_id, run_id) WHERE g.superseded_by IS NULL"


def settle(connection: duckdb.DuckDBPyConnection, rules: Rules, run_time: RunTime) -> int:
    """Look again at legs that others have touched since they ran; returns how many times a leg was looked at again.

    Another run at once would then change nothing.
    """
    again = 0
    unseen = {
        leg.name: _by_later_legs(connection, rules.legs[place + 1 :], run_time) for place, leg in enumerate(rules.legs)
    }
    for _ in range(ROUNDS):
        concerned = [leg for leg in rules.legs if _concerns(connection, leg, unseen[leg.name])]
        if not concerned:
            break
        for leg in concerned:
            update, _summary = run_leg(connection, rules, leg)
            touched = _touched(connection, update)
            with transaction(connection):
                write_leg(connection, leg.name, update, run_time)
            again += 1
            unseen = {name: pl.concat([items, touched]) for name, items in unseen.items()}
            unseen[leg.name] = touched.clear()
    return again


def _by_later_legs(connection: duckdb.DuckDBPyConnection, later: Sequence[Leg], run_time: RunTime) -> pl.DataFrame:
    """The items of matches that these legs have made in this run, and of those that gave way to them (`freed`)."""
    found = connection.execute(
        "SELECT DISTINCT m.dataset, m.item_id, g.superseded_by IS NOT NULL AS freed FROM matching.known_group g "
        "JOIN matching.match_item m USING (group_id, run_id) "
        "WHERE g.status = 'matched' AND list_contains($legs, CASE WHEN g.superseded_by IS NULL AND g.run_id = $run THEN g.leg "
        "WHEN g.superseded_in = $run THEN split_part(g.superseded_by, $to, 2) END)",
        {"legs": [leg.name for leg in later], "run": run_time.run_id, "to": TO_EARLIER_LEG},
    ).pl()
    return found.cast(_TOUCHED)  # type: ignore[arg-type]


def _touched(connection: duckdb.DuckDBPyConnection, update: LedgerUpdate) -> pl.DataFrame:
    """The items of what a leg is about to write."""
    freed = connection.execute(
        f"SELECT m.dataset, m.item_id, true AS freed FROM {_IN_FORCE} AND list_contains(?, g.group_id)",
        [list(update.superseded)],
    ).pl()
    made = update.items.select(*_ITEM, pl.lit(False).alias("freed"))
    return pl.concat([freed.cast(_TOUCHED), made]).unique()  # type: ignore[arg-type]


def _concerns(connection: duckdb.DuckDBPyConnection, leg: Leg, touched: pl.DataFrame) -> bool:
    """Whether a leg reports one of these items, names one as a candidate, has one in a group that is not sure, or has to
    report one from now on."""
    if touched.is_empty():
        return False
    told = connection.execute(
        "SELECT dataset, item_id, best_candidates FROM matching.unmatched WHERE leg = ?", [leg.name]
    ).pl()
    other = {leg.left.dataset: leg.right.dataset, leg.right.dataset: leg.left.dataset}
    candidates = told.explode("best_candidates").select(
        pl.col("dataset").replace_strict(other, return_dtype=pl.String), item_id="best_candidates"
    )
    unsure = connection.execute(
        f"SELECT m.dataset, m.item_id FROM {_IN_FORCE} AND g.leg = ? AND g.status != 'matched'", [leg.name]
    ).pl()
    spoken_of = pl.concat([told.select(_ITEM), candidates.cast(pl.String), unsure.cast(pl.String)])
    reporting = [side.dataset for side in leg.sides if side.report_unmatched]
    to_report = touched.filter("freed", pl.col("dataset").is_in(reporting))
    return not (to_report.is_empty() and touched.join(spoken_of, on=_ITEM, how="semi").is_empty())
