"""The decision log as tables, brought into the warehouse at the start of each run: what was decided by the run's known_at.

`matching.decision` and `matching.decision_item` are what the legs and marts read, `config.counterparty_decision` what the
canonical models read. All three are a view of the log, replaced each time, never the record itself. `ops.decision_log`
remembers how far the log had come, so that a log that lost its end is found.
"""

from __future__ import annotations

import duckdb
import polars as pl

from orchestration.decisions.log import ABOUT_DECISIONS, FIRST, DecisionLog, DecisionLogError, hash_of_entry
from orchestration.decisions.shapes import COUNTERPARTY_DECISION, DECISIONS
from orchestration.decisions.standing import Standing, State, standings
from orchestration.run_time import RunTime
from orchestration.workspace import Workspace
from reconciliation.contracts import DECISION, DECISION_ITEM
from reconciliation.matching.decisions import KINDS


def load_decisions(connection: duckdb.DuckDBPyConnection, workspace: Workspace, run_time: RunTime) -> int:
    """Replace the tables by what had been decided by `run_time.known_at`; returns how many pairs of counterparties are
    decided on.

    To be called inside a transaction. Raises DecisionLogError where the log was changed or has lost lines.
    """
    log = DecisionLog(workspace)
    entries = log.entries()
    _remember(connection, log, len(entries))
    known = standings(entries, run_time.known_at)
    for table, frame in (
        ("matching.decision", _decisions(known)),
        ("matching.decision_item", _items(known)),
        ("config.counterparty_decision", _parties(known)),
    ):
        connection.execute(f"DELETE FROM {table}")
        if not frame.is_empty():
            names = ", ".join(f'"{name}"' for name in frame.columns)
            connection.register("decided", frame.to_arrow())
            connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM decided ORDER BY ALL")
            connection.unregister("decided")
    return sum(1 for one in known if one.decision.parties and one.state == State.HOLDS)


def read_decisions(connection: duckdb.DuckDBPyConnection) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the legs apply: decisions about matches that hold, or held until they were undone, and their items."""
    undone = (
        f"CASE state WHEN '{State.UNDONE}' THEN coalesce(closed_by, '') || ' (' || coalesce(closed_in, '') || ')' END"
    )
    decisions = connection.execute(
        "SELECT decision_id, kind, actor, decided_at, reason, leg, until, difference_kind, approved_by, "
        f"{undone} AS undone_by FROM matching.decision "
        "WHERE kind IN (SELECT unnest(?::VARCHAR[])) AND state IN (?, ?) AND (NOT needs_approval OR approved_by IS NOT NULL)",
        [list(KINDS), State.HOLDS.value, State.UNDONE.value],
    ).pl()
    items = connection.execute(f"SELECT {', '.join(DECISION_ITEM)} FROM matching.decision_item").pl()
    return decisions.cast(dict(DECISION)), items.cast(dict(DECISION_ITEM))  # type: ignore[arg-type]


def read_posted(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The matches whose difference a person has said is posted: books rest on them."""
    posted = connection.execute(
        "SELECT DISTINCT group_id FROM matching.decision WHERE kind = 'write_off' AND group_id IS NOT NULL AND state = ?",
        [State.HOLDS.value],
    ).fetchall()
    return frozenset(str(group_id) for (group_id,) in posted)


def write_effects(connection: duckdb.DuckDBPyConnection, effects: pl.DataFrame) -> None:
    """Keep what became of the decisions (EFFECT); to be called inside a transaction. Nothing is written where nothing
    changes."""
    held = connection.execute("SELECT decision_id, group_id, lapsed FROM matching.decision_effect ORDER BY ALL").pl()
    if set(held.rows()) == set(effects.select("decision_id", "group_id", "lapsed").rows()):
        return
    connection.execute("DELETE FROM matching.decision_effect")
    connection.register("effects", effects.to_arrow())
    connection.execute(
        "INSERT INTO matching.decision_effect SELECT decision_id, group_id, lapsed FROM effects ORDER BY ALL"
    )
    connection.unregister("effects")


def _remember(connection: duckdb.DuckDBPyConnection, log: DecisionLog, entries: int) -> None:
    """Check that the log goes on from where it was, and keep how far it is now."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute("CREATE TABLE IF NOT EXISTS ops.decision_log(entries BIGINT NOT NULL, hash VARCHAR NOT NULL)")
    row = connection.execute("SELECT entries, hash FROM ops.decision_log").fetchone()
    seen, known_hash = row or (0, FIRST)
    if seen and hash_of_entry(log.path, seen) != known_hash:
        raise DecisionLogError(
            f"{log.path}: the runs of this warehouse have read {seen} lines of it, and these are not all there any more "
            f"({entries} lines found). Restore the log from a backup: decisions people have made are missing"
        )
    if entries != seen:
        connection.execute("DELETE FROM ops.decision_log")
        connection.execute("INSERT INTO ops.decision_log VALUES (?, ?)", [entries, hash_of_entry(log.path, entries)])


def _decisions(known: list[Standing]) -> pl.DataFrame:
    rows = [
        {
            "decision_id": one.decision.decision_id, "kind": one.decision.kind, "state": one.state.value,
            "actor": one.actor, "decided_at": one.at, "reason": one.decision.reason, "about": one.decision.about,
            "leg": one.decision.leg, "group_id": one.decision.group_id, "exception_id": one.decision.exception_id,
            "target": one.decision.target,
            "counterparty_link_id": " = ".join(one.decision.parties) if one.decision.parties else None,
            "until": one.decision.until, "difference_kind": one.decision.difference_kind,
            "amount": one.decision.amount, "currency": one.decision.currency, "origin": one.origin,
            "needs_approval": one.decision.needs_approval, "approved_by": one.approved_by,
            "approved_at": one.approved_at, "closed_by": one.closed_by, "closed_at": one.closed_at,
            "closed_in": one.closed_in, "closed_why": one.closed_why,
        }
        for one in known
        if one.decision.kind not in ABOUT_DECISIONS or one.decision.kind == "undo"
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=DECISIONS)


def _items(known: list[Standing]) -> pl.DataFrame:
    rows = [
        (one.decision.decision_id, item.dataset, item.item_id, item.amount, item.seen_amount, item.currency)
        for one in known
        for item in one.decision.items
    ]
    return pl.DataFrame(rows, schema=DECISION_ITEM, orient="row")


def _parties(known: list[Standing]) -> pl.DataFrame:
    rows = [
        (*one.decision.parties, one.decision.kind == "same_party", one.decision.decision_id, one.actor, one.at,
         one.decision.reason)
        for one in known
        if one.decision.parties and one.state == State.HOLDS
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=COUNTERPARTY_DECISION, orient="row")
