"""The whole life of one thing: where an invoice, payment, bank line or match comes from, what happened to it, and by which rule; what a
figure is made of; what became of a record.

`find` turns what a person types (a key, a document or invoice number, an end-to-end id, a bank reference) into one object;
`explain` follows it along invoice, payment and bank line. An alert or exception leads to what it is about; of a statement and a
delivery there is told which file they are. Both read the warehouse and write nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.audit.figures import FIGURES, TYPES, prepare, require_a_whole_run
from orchestration.explain_queries import (
    ALERTS,
    DECISIONS,
    FACTS,
    GROUP_ITEMS,
    GROUPS,
    LEARNED,
    LINKS,
    NAMES,
    OBSERVATIONS,
    OPEN,
    PARTS,
    STEPS,
    places_query,
)
from orchestration.explain_records import delivery_fates, named_records, record_facts

CHAIN = ("open_item", "payment", "bank_line")
"""The way of the money; what is linked to an object is followed outwards along it, never back."""
DATASET = {"open_item": "open_items", "payment": "payments", "bank_line": "bank_lines"}
MATCH, RECORD = "match", "record"
ABOUT = {"alert", "exception", "stale_data", "ownership_violation"}
FILED = {"statement", "delivery"}
NEAR = 5
NEAR_ENOUGH = 0.85  # Jaro-Winkler similarity: a digit or two mistyped

Row = dict[str, object]
Connection = duckdb.DuckDBPyConnection


class NotOne(LookupError):  # noqa: N818  (what it says is what happened)
    """What was asked for is not exactly one object; the message names what it could be."""


@dataclass(frozen=True)
class Thing:
    """An object of the chain, a match group, a statement, a delivery, one record of it, a figure of a mart, or an alert or exception about
    one of them."""

    type: str
    id: str


@dataclass(frozen=True)
class Explanation:
    """What is known of an object. Each list holds rows as the queries name them; amounts are decimals, times UTC."""

    thing: Thing
    facts: Row
    related: list[Row]  # the other objects of its chain: type, id and the facts of each
    observations: list[Row]  # what which system said of them, when, with file, hash and record or bytes
    steps: list[Row]  # their statuses in order of time
    matches: list[Row]  # groups that hold them, superseded ones too, each with its items
    open: list[Row]  # what no leg could place, and why
    decisions: list[Row]  # what people decided on them
    alerts: list[Row]
    parts: list[Row]  # what a figure adds up from, most money first
    learned: list[Row]  # the bank lines an estimate was learned from
    became: list[Row]  # what became of the records of a delivery

    def as_rows(self) -> Row:
        """The explanation as nested rows, for JSON."""
        return {"type": self.thing.type, "id": self.thing.id} | {
            name: value for name, value in self.__dict__.items() if name != "thing"
        }


def find(connection: Connection, text: str) -> Thing:
    """The one object of this name; a key goes before a number of the trade, that before a reference merely carried along.

    Raises `NotOne` where nothing has the name (it gives the nearest) or several things have it (it lists them).
    """
    wanted = text.strip()
    records = named_records(connection, wanted)
    if len(records) == 1:
        return Thing(RECORD, records[0])
    if records:
        raise NotOne(
            f"{wanted!r} is {len(records)} records; ask for one of them:"
            + "".join(f"\n  {one}" for one in records[:20])
        )
    found = _rows(
        connection,
        f"SELECT type, id, min(rank) AS rank, any_value(said) AS said FROM ({NAMES}) WHERE upper(name) = upper(?) "
        "GROUP BY type, id ORDER BY rank, type, id",
        [wanted],
    )
    best = [row for row in found if row["rank"] == found[0]["rank"]]
    if len(best) == 1:
        return Thing(str(best[0]["type"]), str(best[0]["id"]))
    if best:
        listed = "".join(f"\n  {row['type']:<10} {row['id']}  {row['said']}" for row in best[:20])
        more = f"\n  ... and {len(best) - 20} more" if len(best) > 20 else ""
        raise NotOne(f"{wanted!r} is {len(best)} things; ask for one of them by its id:{listed}{more}")
    near = _rows(
        connection,
        "SELECT type, name, max(greatest(jaro_winkler_similarity(upper(name), upper($1)), "
        f"CASE WHEN contains(upper(name), upper($1)) THEN 0.99 ELSE 0 END)) AS nearness FROM ({NAMES}) "
        f"GROUP BY type, name HAVING nearness >= {NEAR_ENOUGH} ORDER BY nearness DESC, name, type LIMIT {NEAR}",
        [wanted],
    )
    hint = "".join(f"\n  {row['type']:<10} {row['name']}" for row in near)
    raise NotOne(
        f"{wanted!r} is no open item, payment, bank line or match, nor an alert, exception, statement, delivery or figure, this "
        "warehouse knows" + (f"; near it are:{hint}" if near else ", nor is anything near it")
    )


def explain(connection: Connection, text: str, forecasting: str = "") -> Explanation:
    """All that is known of the object named; raises `NotOne` as `find` does. `forecasting` is the text of config/forecasting.yml: a
    figure of the forecast is taken apart by making it again."""
    thing = find(connection, text)
    facts = (
        record_facts(connection, thing.id) if thing.type == RECORD else _facts(connection, thing.type, [thing.id])[0]
    )
    about = _about(thing, facts)
    parts, learned = _parts(connection, thing, forecasting)
    chain = _chain(connection, about)
    keys = _origins(connection, chain)
    observations = [row for kind in CHAIN for row in _query(connection, OBSERVATIONS[kind], keys[kind])]
    if about.type in FILED:
        observations += _query(connection, OBSERVATIONS[about.type], [about.id])
    if thing.type == RECORD:
        delivery, _, number = thing.id.rpartition("|")
        row = {"object_type": RECORD, "object_id": thing.id, "system": None, "said": facts["became"]}
        observations = [row | {"delivery_id": delivery, "record_number": int(number)}, *observations]
    steps = _rows(
        connection,
        STEPS,
        [[kind for kind in CHAIN for _ in chain[kind]], [one for kind in CHAIN for one in chain[kind]]],
    )
    matches = _matches(connection, about, chain)
    datasets = [DATASET[kind] for kind in CHAIN for _ in chain[kind]]
    items = [one for kind in CHAIN for one in chain[kind]]
    return Explanation(
        thing=thing,
        facts=facts,
        related=[
            {"type": kind, "id": row.pop("id")} | row
            for kind in CHAIN
            for row in _facts(connection, kind, [one for one in chain[kind] if one != thing.id])
        ],
        observations=_with_places(connection, observations),
        steps=_with_places(connection, steps),
        matches=matches,
        open=_rows(connection, OPEN, [datasets, items]),
        decisions=_decisions(connection, [thing.id, *(str(row["group_id"]) for row in matches)], datasets, items),
        alerts=_rows(connection, ALERTS, [[*items, about.id]]),
        parts=_with_places(connection, parts),
        learned=_with_places(connection, learned),
        became=delivery_fates(connection, about.id) if about.type == "delivery" and thing.type != RECORD else [],
    )


def _about(thing: Thing, facts: Row) -> Thing:
    """What an alert, exception or record is about; anything else is about itself."""
    if thing.type == RECORD:
        if facts.get("object_type") is None or facts.get("object_id") is None:
            return Thing("delivery", thing.id.rpartition("|")[0])
        return Thing(str(facts["object_type"]), str(facts["object_id"]))
    if thing.type not in ABOUT:
        return thing
    kind = str(facts["object_type"])
    if kind == "record":  # a refused one: of its delivery
        return Thing("delivery", str(facts["object_id"]).split("|")[0])
    return Thing(TYPES.get(kind, kind), str(facts["object_id"]))


def _parts(connection: Connection, thing: Thing, forecasting: str) -> tuple[list[Row], list[Row]]:
    """What a figure is made of, and the lines an estimate in it was learned from; nothing of what is no figure."""
    if thing.type not in FIGURES:
        return [], []
    if thing.type == "cash_forecast":
        require_a_whole_run(connection)
    prepare(connection, forecasting, [thing.type])
    return _rows(connection, PARTS, [thing.type, thing.id]), _rows(connection, LEARNED, [thing.id])


def _chain(connection: Connection, thing: Thing) -> dict[str, list[str]]:
    """Ids per type of what hangs together with an object: from it to both ends of the chain, or the items of a match."""
    chain: dict[str, list[str]] = {kind: [] for kind in CHAIN}
    if thing.type == MATCH:
        for row in _query(connection, GROUP_ITEMS, [thing.id]):
            kind = next(kind for kind, dataset in DATASET.items() if dataset == row["dataset"])
            chain[kind].append(str(row["item_id"]))
        return {kind: sorted(set(ids)) for kind, ids in chain.items()}
    if thing.type not in CHAIN:
        return chain
    chain[thing.type] = [thing.id]
    start = CHAIN.index(thing.type)
    for order in (CHAIN[start:], tuple(reversed(CHAIN[: start + 1]))):
        for place, kind in enumerate(order[1:], start=1):
            reached: set[str] = set()
            for before in order[:place]:
                reached |= _linked(connection, before, chain[before], kind)
            chain[kind] = sorted(reached)
    return chain


def _linked(connection: Connection, kind: str, ids: Sequence[str], other: str) -> set[str]:
    if not ids:
        return set()
    rows = _rows(connection, LINKS, [list(ids), DATASET[kind], DATASET[other]])
    return {str(row["item_id"]) for row in rows}


def _origins(connection: Connection, chain: dict[str, list[str]]) -> dict[str, list[str]]:
    """The chain's ids, and those under which another system knows the same item."""
    others = _query(
        connection,
        "SELECT origin_item_id AS id FROM canonical.open_item_origin WHERE open_item_id IN (SELECT unnest(?::VARCHAR[]))",
        chain["open_item"],
    )
    return chain | {"open_item": sorted({*chain["open_item"], *(str(row["id"]) for row in others)})}


def _facts(connection: Connection, kind: str, ids: Sequence[str]) -> list[Row]:
    return _query(connection, FACTS[kind], ids)


def _matches(connection: Connection, thing: Thing, chain: dict[str, list[str]]) -> list[Row]:
    """Groups that hold the object, and those that hold two others of its chain, each with its items."""
    datasets = [DATASET[kind] for kind in CHAIN for _ in chain[kind]]
    items = [one for kind in CHAIN for one in chain[kind]]
    groups = _rows(connection, GROUPS, [datasets, items, thing.id])
    members = _query(connection, GROUP_ITEMS, [str(row["group_id"]) for row in groups])
    for group in groups:
        group["items"] = [
            {name: row[name] for name in ("dataset", "item_id", "applied_amount")}
            for row in members
            if (row["group_id"], row["run_id"]) == (group["group_id"], group["run_id"])
        ]
    return groups


def _decisions(connection: Connection, groups: list[str], datasets: list[str], items: list[str]) -> list[Row]:
    """What people decided of the groups, of what they made, or of the items."""
    return _rows(connection, DECISIONS, [groups, datasets, items])


def _with_places(connection: Connection, rows: list[Row]) -> list[Row]:
    """Add file, hash and place in the file to rows that name a delivery and a record."""
    deliveries = sorted({str(row["delivery_id"]) for row in rows if row["delivery_id"] is not None})
    if not deliveries:
        return rows
    files = {row["delivery_id"]: row for row in _query(connection, _FILES, deliveries)}
    places = {
        (row["delivery_id"], row["record_number"]): row
        for row in _rows(connection, places_query(), [
            [row["delivery_id"] for row in rows], [row.get("record_number") for row in rows]
        ])
    }  # fmt: skip
    return [
        row | files.get(row["delivery_id"], {}) | places.get((row["delivery_id"], row.get("record_number")), {})
        for row in rows
    ]


_FILES = (
    "SELECT delivery_id, source, system AS source_system, file_name, sha256, bytes, received_at, format, reader_version, "
    "run_id AS loaded_by_run, 'archive/' || sha256[:2] || '/' || sha256 AS archived "
    "FROM raw.delivery WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))"
)


def _query(connection: Connection, sql: str, ids: Iterable[str]) -> list[Row]:
    return _rows(connection, sql, [list(ids)])


def _rows(connection: Connection, sql: str, parameters: list[object]) -> list[Row]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
