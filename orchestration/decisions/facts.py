"""What the warehouse knows of the things a person names: items, groups, rows of the exception queue, counterparties.

Names are looked up together, so that a file of thousands of decisions costs a few queries. Nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl

Key = tuple[str, str]  # dataset, item id
SHORT = re.compile(r"[0-9a-f]{6,31}")
PAIR = " = "


@dataclass(frozen=True)
class Item:
    """An item of matching_input as it is now; `amount` signed by its effect on cash."""

    dataset: str
    item_id: str
    amount: Decimal
    currency: str
    date: date
    entity: str | None
    account: str | None
    party: str | None

    @property
    def key(self) -> Key:
        """Dataset and id."""
        return (self.dataset, self.item_id)

    @property
    def name(self) -> str:
        """What a person may type for it."""
        return f"{self.dataset}:{self.item_id}"


@dataclass(frozen=True)
class Group:
    """A group in force."""

    group_id: str
    leg: str
    made_by: str  # the pass
    status: str
    currency: str
    left_total: Decimal
    right_total: Decimal
    difference: Decimal
    difference_kind: str
    explanation: str
    members: tuple[tuple[Key, Decimal], ...] = ()  # what is applied of each item; zero in a tie

    @property
    def money(self) -> Decimal:
        """The larger of its sides, unsigned."""
        return max(abs(self.left_total), abs(self.right_total))


@dataclass(frozen=True)
class QueueRow:
    """A row of marts.exception_queue, or an alert: its check is the cause."""

    exception_id: str
    cause: str
    object_type: str
    object_id: str
    detail: str | None
    message: str | None
    amount: Decimal | None
    currency: str | None


@dataclass(frozen=True)
class Use:
    """How a group in force uses an item."""

    group_id: str
    leg: str
    status: str
    made_by: str
    applied: Decimal


@dataclass(frozen=True)
class Facts:
    """What was found, by name; a name can fit several things, and then the person has to say which."""

    items: Mapping[Key, Item] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    queue: Mapping[str, QueueRow] = field(default_factory=dict)
    named: Mapping[str, frozenset[Item | Group | QueueRow]] = field(default_factory=dict)
    uses: Mapping[Key, Sequence[Use]] = field(default_factory=dict)
    parties: frozenset[str] = frozenset()
    rates: Mapping[str, tuple[int, int]] = field(
        default_factory=dict
    )  # currency -> numerator, denominator to the group's
    effects: Mapping[str, tuple[str | None, str | None]] = field(
        default_factory=dict
    )  # decision -> group, why it lapsed

    def in_group_currency(self, amount: Decimal | None, currency: str | None) -> Decimal | None:
        """The amount in the group's currency; None where it or its rate is not known."""
        rate = self.rates.get(currency or "")
        return None if amount is None or rate is None else amount * rate[0] / rate[1]


def look_up(connection: duckdb.DuckDBPyConnection, names: Iterable[str], datasets: Sequence[str]) -> Facts:
    """Everything the names may mean, and all that hangs on it."""
    given = {name.strip() for name in names}
    wanted = sorted((given | {name.rpartition("=")[0] for name in given}) - {""})
    found: dict[str, set[Item | Group | QueueRow]] = {name: set() for name in wanted}
    queue = _queue(connection, wanted)
    of_object = {
        name: [row for row in rows if row.object_type == "match_group"] for name, rows in queue.items()
    }  # fmt: skip
    groups = _groups(connection, sorted({*wanted, *(row.object_id for rows in of_object.values() for row in rows)}))
    members = [key for fitting in groups.values() for group in fitting for key, _ in group.members]
    objects = [
        (row.object_type, row.object_id) for rows in queue.values() for row in rows if row.object_type in datasets
    ]
    keys = [*members, *objects, *_item_keys(wanted, datasets)]
    items = _items(connection, keys, datasets)
    for name in wanted:
        found[name] |= set(queue.get(name, ())) | set(groups.get(name, ()))
        found[name] |= {items[key] for key in _item_keys([name], datasets) if key in items}
    return Facts(
        items,
        {group.group_id: group for fitting in groups.values() for group in fitting},
        {row.exception_id: row for rows in queue.values() for row in rows},
        {name: frozenset(things) for name, things in found.items()},
        _uses(connection, list(items)),
        _parties(connection, [*wanted, *(row.object_id for rows in queue.values() for row in rows)]),
        {
            row[0]: (row[1], row[2])
            for row in connection.execute(
                "SELECT currency, numerator, denominator FROM canonical.group_rate"
            ).fetchall()
        },
        {
            row[0]: (row[1], row[2])
            for row in connection.execute(
                "SELECT decision_id, group_id, lapsed FROM matching.decision_effect"
            ).fetchall()
        },
    )


def _item_keys(names: Iterable[str], datasets: Sequence[str]) -> list[Key]:
    """What the names mean if they are items: `dataset:id`, or an id in any dataset; an amount behind the last `=` aside."""
    keys: list[Key] = []
    for name in names:
        for text in dict.fromkeys((name, name.rpartition("=")[0])):
            if not text:
                continue
            dataset, colon, item_id = text.partition(":")
            if colon and dataset in datasets:
                keys.append((dataset, item_id))
            keys += [(dataset, text) for dataset in datasets]
    return keys


def _queue(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, list[QueueRow]]:
    columns = "q.exception_id, q.cause, q.object_type, q.object_id, q.detail, q.message, q.amount, q.currency"
    alerts = (
        '(SELECT alert_id AS exception_id, "check" AS cause, object_type, object_id, NULL::VARCHAR AS detail, message, amount, '
        "currency FROM monitoring.known_alert WHERE status != 'resolved') q"
    )
    rows = [
        row
        for table in ("marts.exception_queue q", alerts)
        for row in _by_name(connection, names, f"SELECT w.name, {columns} FROM wanted w JOIN {table}", "q.exception_id")
    ]
    found: dict[str, list[QueueRow]] = {}
    for name, *values in rows:
        found.setdefault(str(name), []).append(QueueRow(*values))  # type: ignore[arg-type]
    return found


def _groups(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, list[Group]]:
    columns = (
        'g.group_id, g.leg, g."pass", g.status, g.currency, g.left_total, g.right_total, g.difference, g.difference_kind, '
        "g.explanation"
    )
    active = "(SELECT * FROM matching.known_group WHERE superseded_by IS NULL) g"
    rows = _by_name(connection, names, f"SELECT w.name, {columns} FROM wanted w JOIN {active}", "g.group_id")
    members: dict[str, list[tuple[Key, Decimal]]] = {str(row[1]): [] for row in rows}
    for group_id, dataset, item_id, applied in connection.execute(
        "SELECT group_id, dataset, item_id, applied_amount FROM matching.match_item SEMI JOIN (SELECT group_id, run_id FROM "
        "matching.known_group WHERE superseded_by IS NULL AND group_id IN (SELECT unnest(?::VARCHAR[]))) "
        "USING (group_id, run_id) ORDER BY ALL",
        [sorted(members)],
    ).fetchall():
        members[group_id].append(((dataset, item_id), applied))
    found: dict[str, list[Group]] = {}
    for name, group_id, *values in rows:
        group = Group(str(group_id), *values, tuple(members[str(group_id)]))  # type: ignore[arg-type, call-arg]
        found.setdefault(str(name), []).append(group)
    return found


def _by_name(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], select: str, column: str
) -> list[tuple[object, ...]]:
    """Rows whose id is one of the names, or begins with one that is a short form of an id."""
    rows: list[tuple[object, ...]] = []
    for wanted, condition in (
        (list(names), f"{column} = w.name"),
        ([name for name in names if SHORT.fullmatch(name)], f"starts_with({column}, w.name) AND {column} != w.name"),
    ):
        if wanted:
            connection.register("wanted", pl.DataFrame({"name": wanted}).to_arrow())
            rows += connection.execute(f"{select} ON {condition} ORDER BY ALL").fetchall()
            connection.unregister("wanted")
    return rows


def _items(connection: duckdb.DuckDBPyConnection, keys: Iterable[Key], datasets: Sequence[str]) -> dict[Key, Item]:
    found: dict[Key, Item] = {}
    for dataset in datasets:
        ids = sorted({item_id for name, item_id in keys if name == dataset})
        for row in connection.execute(
            "SELECT item_id, amount, currency, date, entity, account, coalesce(counterparty_name, text) "
            f'FROM matching_input."{dataset}" WHERE item_id IN (SELECT unnest(?::VARCHAR[]))',
            [ids],
        ).fetchall():
            found[dataset, row[0]] = Item(dataset, *row)
    return found


def _uses(connection: duckdb.DuckDBPyConnection, keys: Sequence[Key]) -> dict[Key, list[Use]]:
    wanted = pl.DataFrame(keys, schema={"dataset": pl.String, "item_id": pl.String}, orient="row")
    connection.register("wanted", wanted.to_arrow())
    rows = connection.execute(
        'SELECT m.dataset, m.item_id, g.group_id, g.leg, g.status, g."pass", m.applied_amount FROM wanted '
        "JOIN matching.match_item m USING (dataset, item_id) JOIN matching.known_group g USING (group_id, run_id) "
        "WHERE g.superseded_by IS NULL ORDER BY ALL"
    ).fetchall()
    connection.unregister("wanted")
    found: dict[Key, list[Use]] = {}
    for dataset, item_id, *values in rows:
        found.setdefault((dataset, item_id), []).append(Use(*values))
    return found


def _parties(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> frozenset[str]:
    ids = sorted({part for name in names if PAIR in name for part in name.split(PAIR)})
    rows = connection.execute(
        "SELECT counterparty_id FROM canonical.counterparty WHERE counterparty_id IN (SELECT unnest(?::VARCHAR[]))",
        [ids],
    ).fetchall()
    return frozenset(row[0] for row in rows)
