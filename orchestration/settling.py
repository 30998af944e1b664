"""After all legs of a run: what is open is told as it stands at the end.

A leg does not see what later legs do in the same run. What they match it no longer has to report as open, or to name as a
candidate: that is told anew (`reconciliation.matching.retelling`). Where a suggestion or tie of the leg holds any of it, or
what gave way to another leg is open again, the leg is looked at again, with its passes. A leg that nothing of this touches has
told the truth already.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import duckdb
import polars as pl

from orchestration.match_ledger import (
    LedgerUpdate,
    read_active,
    read_items,
    read_unmatched,
    run_leg,
    write_leg,
    write_unmatched,
)
from orchestration.run_time import RunTime
from orchestration.warehouse import transaction
from reconciliation.matching import Leg, Rules, retell_leg
from reconciliation.matching.decided_groups import applied_in_pools
from reconciliation.matching.doubts import TO_LATER_LEG
from reconciliation.matching.known_groups import ASKED
from reconciliation.matching.precedence import TO_EARLIER_LEG
from reconciliation.matching.retelling import COLUMNS

ROUNDS = 3
_ITEM = ["dataset", "item_id"]
#: An item that a group of a leg uses now, or uses no more (`freed`).
_TOUCHED = {"leg": pl.String(), "dataset": pl.String(), "item_id": pl.String(), "freed": pl.Boolean()}
_IN_FORCE = "matching.known_group g JOIN matching.match_item m USING (group_id, run_id) WHERE g.superseded_by IS NULL"


class _Concern(Enum):
    """What touched items are to a leg."""

    NONE = 0
    TOLD = 1  # it reports them as open or names them as candidates
    WEIGHED = 2  # they are in a group that is not sure, or open again


def settle(connection: duckdb.DuckDBPyConnection, rules: Rules, run_time: RunTime) -> int:
    """Look again at legs that others have touched since they ran, or tell anew what they leave open; returns for how many legs
    and times.

    Another run at once would then change nothing.
    """
    again = 0
    unseen = {
        leg.name: _by_later_legs(connection, rules.legs[place + 1 :], run_time) for place, leg in enumerate(rules.legs)
    }
    for _ in range(ROUNDS):
        weighed = [leg for leg in rules.legs if _concern(connection, rules, leg, unseen[leg.name]) is _Concern.WEIGHED]
        if not weighed:
            break
        for leg in weighed:
            update, _summary = run_leg(connection, rules, leg)
            touched = _touched(connection, update)
            with transaction(connection):
                write_leg(connection, leg.name, update, run_time)
            again += 1
            unseen = {name: pl.concat([items, touched]) for name, items in unseen.items()}
            unseen[leg.name] = touched.clear()
    told = [leg for leg in rules.legs if _concern(connection, rules, leg, unseen[leg.name]) is not _Concern.NONE]
    _tell_anew(connection, rules, told)
    return again + len(told)


def _tell_anew(connection: duckdb.DuckDBPyConnection, rules: Rules, legs: Sequence[Leg]) -> None:
    """What these legs leave open now that others have used some of it."""
    if not legs:
        return
    names = dict.fromkeys(name for leg in legs for name in leg.datasets(rules))
    # of a column that a dataset lacks all is null
    those = f"COLUMNS(lambda name: list_contains({list(COLUMNS)}, name))"
    items, active = read_items(connection, names, those), read_active(connection, ASKED)
    unmatched = {
        leg.name: retell_leg(leg.name, items, rules, read_unmatched(connection, leg.name), active) for leg in legs
    }
    with transaction(connection):
        for name, rows in unmatched.items():
            write_unmatched(connection, name, rows)


def _by_later_legs(connection: duckdb.DuckDBPyConnection, later: Sequence[Leg], run_time: RunTime) -> pl.DataFrame:
    """The items of matches that these legs have made in this run, and of matches, suggestions and ties that gave way to them
    (`freed`)."""
    found = connection.execute(
        "SELECT DISTINCT g.leg, m.dataset, m.item_id, g.superseded_by IS NOT NULL AS freed FROM matching.known_group g "
        "JOIN matching.match_item m USING (group_id, run_id) "
        "WHERE list_contains($legs, CASE WHEN g.superseded_by IS NULL AND g.run_id = $run AND g.status = 'matched' THEN g.leg "
        "WHEN g.superseded_in = $run AND g.status = 'matched' THEN split_part(g.superseded_by, $earlier, 2) "
        "WHEN g.superseded_in = $run THEN split_part(g.superseded_by, $later, 2) END)",
        {
            "legs": [leg.name for leg in later],
            "run": run_time.run_id,
            "earlier": TO_EARLIER_LEG,
            "later": TO_LATER_LEG,
        },
    ).pl()
    return found.cast(_TOUCHED)  # type: ignore[arg-type]


def _touched(connection: duckdb.DuckDBPyConnection, update: LedgerUpdate) -> pl.DataFrame:
    """The items of what a leg is about to write."""
    freed = connection.execute(
        f"SELECT g.leg, m.dataset, m.item_id, true AS freed FROM {_IN_FORCE} AND list_contains(?, g.group_id)",
        [list(update.superseded)],
    ).pl()
    made = update.items.join(update.groups.select("group_id", "leg"), on="group_id").with_columns(freed=pl.lit(False))
    return pl.concat([freed.cast(_TOUCHED), made.select(list(_TOUCHED))]).unique()  # type: ignore[arg-type]


def _concern(connection: duckdb.DuckDBPyConnection, rules: Rules, leg: Leg, touched: pl.DataFrame) -> _Concern:
    """What these items are to a leg, as far as they were touched in a pool that it looks at."""
    pools = {(side.dataset, pool) for side in leg.sides for pool in (side.pool, *side.blocked_by)}
    looked_at = pl.DataFrame(sorted(pools), schema=["dataset", "pool"], orient="row")
    touched = applied_in_pools(touched, rules).join(looked_at, on=["dataset", "pool"], how="semi")
    if touched.is_empty():
        return _Concern.NONE
    unsure = connection.execute(
        f"SELECT m.dataset, m.item_id FROM {_IN_FORCE} AND g.leg = ? AND g.status != 'matched'", [leg.name]
    ).pl()
    told = read_unmatched(connection, leg.name).select(*_ITEM, "best_candidates")
    other = {leg.left.dataset: leg.right.dataset, leg.right.dataset: leg.left.dataset}
    candidates = told.explode("best_candidates").select(
        pl.col("dataset").replace_strict(other, return_dtype=pl.String), item_id="best_candidates"
    )
    spoken_of = touched.join(pl.concat([told.select(_ITEM), candidates.cast(pl.String)]), on=_ITEM, how="semi")
    reporting = [side.dataset for side in leg.sides if side.report_unmatched]
    to_report = touched.filter("freed", pl.col("dataset").is_in(reporting))
    weighed = touched.join(unsure.cast(pl.String), on=_ITEM, how="semi")
    if not (to_report.is_empty() and weighed.is_empty()) or spoken_of["freed"].any():
        return _Concern.WEIGHED
    return _Concern.NONE if spoken_of.is_empty() else _Concern.TOLD
