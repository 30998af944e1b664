"""The match ledger in the warehouse: groups are appended, and marked when a later run supersedes them; never deleted.

The active ledger is what no run up to the current one has superseded (`ledger_time`). `matching.unmatched` is the state after
the run that was executed last, not a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import duckdb
import polars as pl

from orchestration import carried_items, ledger_time
from orchestration.decisions.tables import read_decisions, read_posted, write_effects
from orchestration.run_time import RunTime
from orchestration.run_time import read as read_run_time
from reconciliation.contracts import MATCH_GROUP, MATCH_ITEM, UNMATCHED
from reconciliation.matching import Ledger, Leg, Rules, match_leg
from reconciliation.matching.decisions import apply_decisions
from reconciliation.matching.known_groups import ASKED
from reconciliation.matching.ledger import carry_forward, new_ledger
from reconciliation.matching.results import RELEASED
from reconciliation.matching.settled_history import DAYS as HISTORY_DAYS
from reconciliation.matching.settled_history import without_history

INPUT = "matching_input"
LOOKED_BACK = "later runs do not know it: it was found by looking back"


def read_items(
    connection: duckdb.DuckDBPyConnection, datasets: Iterable[str], columns: str = "*"
) -> dict[str, pl.DataFrame]:
    """The datasets of `matching_input` in the item shape, or some columns of it."""
    return {name: connection.execute(f'SELECT {columns} FROM {INPUT}."{name}"').pl() for name in datasets}


def read_links(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The known links."""
    return connection.execute(f"SELECT * FROM {INPUT}.links").pl()


def read_rates(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame | None:
    """The exchange rates of the days, where the warehouse holds any."""
    held = connection.execute(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = 'rates'", [INPUT]
    ).fetchone()
    return connection.execute(f"SELECT * FROM {INPUT}.rates").pl() if held else None


def read_active(connection: duckdb.DuckDBPyConnection, columns: Iterable[str] = tuple(MATCH_GROUP)) -> Ledger:
    """The groups in force at the current run, with these columns, and their items."""
    shape = {name: MATCH_GROUP[name] for name in columns}
    groups = connection.execute(f"SELECT {_names(shape)} FROM matching.known_group WHERE superseded_by IS NULL").pl()
    items = connection.execute(
        "SELECT group_id, dataset, item_id, applied_amount FROM matching.match_item SEMI JOIN "
        "(SELECT group_id, run_id FROM matching.known_group WHERE superseded_by IS NULL) USING (group_id, run_id)"
    ).pl()
    return Ledger(groups.cast(shape), items.cast(dict(MATCH_ITEM)))  # type: ignore[arg-type]


def read_unmatched(connection: duckdb.DuckDBPyConnection, leg: str) -> pl.DataFrame:
    """What a leg leaves open (UNMATCHED)."""
    rows = connection.execute(f"SELECT {_names(UNMATCHED)} FROM matching.unmatched WHERE leg = ?", [leg]).pl()
    return rows.cast(dict(UNMATCHED))  # type: ignore[arg-type]


@dataclass(frozen=True)
class LedgerUpdate:
    """What a leg changes in the ledger."""

    groups: pl.DataFrame  # MATCH_GROUP, to append
    items: pl.DataFrame  # MATCH_ITEM, to append
    superseded: Mapping[str, str]  # group_id -> by which group, or why
    unmatched: pl.DataFrame  # UNMATCHED, the leg's whole state
    effects: pl.DataFrame  # DECISION_EFFECT, of all decisions that make a group
    items_content: str  # the items that the ledger stands on (`carried_items`)


def write_leg(connection: duckdb.DuckDBPyConnection, leg: str, update: LedgerUpdate, run_time: RunTime) -> None:
    """Write what a leg changed; to be called inside a transaction."""
    superseded = pl.DataFrame(
        {"group_id": list(update.superseded.keys()), "reason": list(update.superseded.values())},
        schema={"group_id": pl.String, "reason": pl.String},
    ).to_arrow()
    groups, items = update.groups.to_arrow(), update.items.to_arrow()
    for name, table in (("new_superseded", superseded), ("new_groups", groups), ("new_items", items)):
        connection.register(name, table)
    after = ledger_time.next_run(connection)
    ledger_time.end_rows(
        connection, "matching.match_group", "group_id", "new_superseded",
        {"superseded_by": "n.reason", "superseded_in": "r.run_id"}, after,
    )  # fmt: skip
    given_up = (None, None) if after is None else (LOOKED_BACK, run_time.run_id)
    connection.execute(
        f"INSERT INTO matching.match_group ({_names(MATCH_GROUP)}, run_id, as_of, superseded_by, superseded_in, "
        f"{', '.join(ledger_time.SPAN)}) SELECT {_names(MATCH_GROUP)}, ?, ?, ?, ?, ?, ?, ?, ? FROM new_groups ORDER BY group_id",
        [run_time.run_id, run_time.as_of, *given_up, run_time.known_at, run_time.as_of, *(after or (None, None))],
    )
    # a group that this run has made and given up before may come again: its items are there
    connection.execute(
        f"INSERT INTO matching.match_item ({_names(MATCH_ITEM)}, run_id) SELECT {_names(MATCH_ITEM)}, $1 FROM new_items "
        "WHERE group_id NOT IN (SELECT group_id FROM matching.match_item WHERE run_id = $1) "
        "ORDER BY group_id, dataset, item_id",
        [run_time.run_id],
    )
    for name in ("new_superseded", "new_groups", "new_items"):
        connection.unregister(name)
    write_unmatched(connection, leg, update.unmatched)
    write_effects(connection, update.effects)
    carried_items.carried_to(connection, run_time, update.items_content)


def write_unmatched(connection: duckdb.DuckDBPyConnection, leg: str, unmatched: pl.DataFrame) -> None:
    """Write all that a leg leaves open (UNMATCHED), in the place of what it left before; to be called inside a transaction."""
    connection.register("new_unmatched", unmatched.to_arrow())
    connection.execute("DELETE FROM matching.unmatched WHERE leg = ?", [leg])
    connection.execute(
        f"INSERT INTO matching.unmatched ({_names(UNMATCHED)}) SELECT {_names(UNMATCHED)} FROM new_unmatched "
        "ORDER BY dataset, item_id"
    )
    connection.unregister("new_unmatched")


def _names(shape: Mapping[str, object]) -> str:
    return ", ".join(f'"{name}"' for name in shape)


def run_leg(connection: duckdb.DuckDBPyConnection, rules: Rules, leg: Leg) -> tuple[LedgerUpdate, Mapping[str, object]]:
    """Match one leg on what is open, beside what was settled within a year; returns what changes and the engine's summary.

    Writes nothing.
    Groups whose items have changed or gone are released first, so that their other items take part again. Then what
    people decided is applied, of all legs: the first leg of a run writes it, the others find it done.
    """
    run_time, own = read_run_time(connection), leg.datasets(rules)
    items = read_items(connection, own)
    # of what the leg does not look at, what groups stand on is enough
    others = [name for name in rules.datasets if name not in items]
    items |= read_items(connection, others, "item_id, amount, currency, date, kind")
    active = read_active(connection, ASKED)
    content = carried_items.items_content(connection, rules.datasets)
    kept, released = active, pl.DataFrame(schema=RELEASED)
    if not carried_items.stands_on(connection, run_time, content):
        kept, released = carry_forward(active, items, rules)
    decided = apply_decisions(kept, *read_decisions(connection), items, rules, run_time.as_of)
    recent = without_history(items, decided.ledger, rules, run_time.as_of - timedelta(days=HISTORY_DAYS))
    recent = {name: recent[name] for name in own}
    known = {"links": read_links(connection), "rates": read_rates(connection)}
    holds = replace(decided.holds, decided=decided.holds.decided | read_posted(connection))
    result = match_leg(leg.name, recent, rules, **known, ledger=decided.ledger, holds=holds)
    given_way = pl.DataFrame(list(decided.superseded.items()), schema=RELEASED, orient="row")
    change = new_ledger(active, pl.concat([released, given_way]), result)
    groups, members = pl.concat([decided.groups, change.groups]), pl.concat([decided.items, change.items])
    return LedgerUpdate(groups, members, change.superseded, result.unmatched, decided.effects, content), result.summary
