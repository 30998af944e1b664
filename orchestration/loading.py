"""From landed files to raw rows: read, check, and load each delivery whole or not at all (DESIGN 4).

Many small deliveries share one transaction; none is ever half in. Of a delivery that is quarantined, in conflict or a
repetition, no row is loaded, and `raw.delivery` says why. A list of what an ERP holds is no repetition where it came otherwise in
between (`orchestration.repeated_lists`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from ingestion.archives import WITHIN
from ingestion.contracts import CONTRACTS
from ingestion.reading import FileRejected, Reader
from ingestion.sources import SourceConfig
from orchestration.identity import Verdict, judge
from orchestration.landing import PENDING, LandedFile, archive, quarantine
from orchestration.parsing import Parsed, parse_all
from orchestration.repeated_lists import is_list, registered_of, returned, unregistered
from orchestration.rereading import take_out
from orchestration.unpacking import UNPACKED, unpacked
from orchestration.warehouse import DELIVERY_COLUMNS, REJECT_COLUMNS, insert_rows, transaction
from orchestration.workspace import Workspace

GROUP_ROWS = 200_000
GROUP_FILES = 500
_HEADS = frozenset({"bank_statement", "bank_balance"})  # of a file: two sources that share its entries have them both
_IDENTIFIED = frozenset(
    {"bank_statement", "payment_message"}
)  # a repetition of one of these is told statement by statement


@dataclass(frozen=True)
class LoadSummary:
    """What a run did with the files of one source."""

    source: str
    deliveries: int = 0
    loaded: int = 0
    quarantined: int = 0
    conflicts: int = 0
    duplicates: int = 0
    records_read: int = 0
    records_loaded: int = 0
    records_rejected: int = 0
    records_duplicate: int = 0


def load_source(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    source: SourceConfig,
    reader: Reader,
    files: Sequence[LandedFile],
    run_id: str,
    progress: Callable[[str], None] = lambda _: None,
) -> LoadSummary:
    """Load the files of a source that are not registered yet, oldest first; those within an archive each for itself."""
    take_out(connection, [file.delivery_id for file in files])
    registered = registered_of(connection, source)
    found = unpacked(connection, workspace, source, files)
    archives = [file for file in found if file.packed is not None and file.delivery_id not in registered.deliveries]
    new = unregistered(source, [file for file in found if file.packed is None], registered)
    back = returned(source, new, registered)
    first = {file.delivery_id for file in _first_of_each(new, _known_bytes(connection, source))}
    elsewhere = _known_elsewhere(connection, source)
    fresh = [file for file in new if file.delivery_id in first or file.delivery_id in back]
    parsed_in_order = parse_all(fresh, (archive(workspace, file) for file in fresh), source, reader)
    read_now = {file.delivery_id for file in fresh}
    outcomes: list[tuple[object, ...]] = []
    group: list[Parsed] = []

    def flush() -> None:
        if group:
            outcomes.extend(_load_group(connection, workspace, source, reader, group, run_id))
            group.clear()

    for file in new:
        if file.delivery_id not in read_now:
            flush()
            outcomes.append(_register_repetition(connection, file, source, run_id))
            continue
        parsed = next(parsed_in_order)
        is_told = file.sha256 in elsewhere and _is_told_elsewhere(connection, source, parsed)
        if is_told or (file.delivery_id in back and not is_list(source, parsed)):
            flush()
            outcomes.append(_register_repetition(connection, file, source, run_id))
            continue
        progress(f"{file.name}: {parsed.rows} records")
        group.append(parsed)
        if len(group) >= GROUP_FILES or sum(one.rows for one in group) >= GROUP_ROWS:
            flush()
    flush()
    outcomes += [_register_archive(connection, workspace, file, source, run_id) for file in archives]
    return _summary(source.name, outcomes)


def _known_bytes(connection: duckdb.DuckDBPyConnection, source: SourceConfig) -> set[str]:
    """Hashes of what the source has delivered. What only others have is read: see `_is_told_elsewhere`."""
    rows = connection.execute("SELECT DISTINCT sha256 FROM raw.delivery WHERE source = ?", [source.name]).fetchall()
    return {row[0] for row in rows}


def _known_elsewhere(connection: duckdb.DuckDBPyConnection, source: SourceConfig) -> set[str]:
    """Hashes of what other sources have delivered."""
    rows = connection.execute("SELECT DISTINCT sha256 FROM raw.delivery WHERE source <> ?", [source.name]).fetchall()
    return {row[0] for row in rows}


def _is_told_elsewhere(connection: duckdb.DuckDBPyConnection, source: SourceConfig, parsed: Parsed) -> bool:
    """Whether what is in a file has been loaded from the same bytes by another source, or there is nothing in it.

    A file that lay where nothing could read it, and lies now where it belongs, tells something new; so does a list of suppliers and
    their accounts of which one source takes the one and another the other, or of two ledgers. Where two sources take some records
    both and others not, the file fails: neither may it count any twice, nor leave any out.
    """
    if parsed.failure or not parsed.batches:
        return not (parsed.failure or parsed.rejects)
    others = connection.execute(
        f"SELECT delivery_id FROM raw.delivery WHERE sha256 = ? AND source <> ? AND delivery_id NOT IN ({PENDING})",
        [parsed.file.sha256, source.name],
    ).fetchall()
    ids = [delivery for (delivery,) in others]
    told, new = 0, 0
    for kind, batches in parsed.batches.items():
        if kind in _HEADS and not _HEADS.issuperset(parsed.batches):
            continue
        numbers = [number for batch in batches for number in batch.column("record_number").to_pylist()]
        row = connection.execute(
            f"SELECT count(DISTINCT record_number) FROM raw.{kind} WHERE delivery_id IN (SELECT unnest(?::VARCHAR[])) "
            "AND record_number IN (SELECT unnest(?::BIGINT[]))",
            [ids, numbers],
        ).fetchone()
        known = int(row[0]) if row else 0
        told, new = told + known, new + len(set(numbers)) - known
    if told and new and not _IDENTIFIED & parsed.batches.keys():
        parsed.batches.clear()
        parsed.rejects.clear()
        parsed.failure = FileRejected(
            "another source has loaded some of the records that this one takes, and not the others",
            found=f"{told} of {told + new} records loaded",
            expected="sources that take different records of one file, or one source that takes all",
            advice="let the sources differ by `kind` or `where`, then have the file read again: tieout source reread",
        )
        return False
    return told > 0


def _first_of_each(files: Sequence[LandedFile], known: set[str]) -> list[LandedFile]:
    """The files whose bytes are not known yet, in their order, without repetitions among them."""
    first: dict[str, LandedFile] = {}
    for file in files:
        if file.sha256 not in known:
            first.setdefault(file.sha256, file)
    return list(first.values())


def _register_repetition(
    connection: duckdb.DuckDBPyConnection, file: LandedFile, source: SourceConfig, run_id: str
) -> tuple[object, ...]:
    """The same bytes again, under any name or source: registered, not loaded."""
    original = connection.execute(
        "SELECT file_name, source, status, format, reader_version, file_identity, records_read FROM raw.delivery "
        "WHERE sha256 = ? ORDER BY received_at, delivery_id LIMIT 1",
        [file.sha256],
    ).fetchone()
    assert original is not None, file.sha256  # noqa: S101  (the caller saw this hash)
    name, first_source, status, file_format, version, identity, read = original
    row = {
        **_delivery_row(file, source, run_id),
        "status": "duplicate",
        "reason": f"the same bytes as {name} of source {first_source} ({status}); nothing was loaded again",
        "format": file_format,
        "reader_version": version,
        "file_identity": identity,
        "records_read": read,
        "records_duplicate": read,
    }
    with transaction(connection):
        _insert_rows(connection, "raw.delivery", DELIVERY_COLUMNS, [row])
    return tuple(row.values())


def _register_archive(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, file: LandedFile, source: SourceConfig, run_id: str
) -> tuple[object, ...]:
    """An archive whose members are deliveries of their own: kept as it came, and registered after them."""
    archive(workspace, file)
    row = {
        **_delivery_row(file, source, run_id),
        "status": UNPACKED,
        "reason": f"an archive: what it holds is delivered as {file.name}{WITHIN}... ({file.packed} in all)",
    }
    with transaction(connection):
        _insert_rows(connection, "raw.delivery", DELIVERY_COLUMNS, [row])
    return tuple(row.values())


def _delivery_row(file: LandedFile, source: SourceConfig, run_id: str) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(DELIVERY_COLUMNS)
    row |= {
        "delivery_id": file.delivery_id,
        "source": source.name,
        "system": source.system,
        "file_name": file.name,
        "sha256": file.sha256,
        "bytes": file.size,
        "received_at": file.received_at,
        "format": source.format,
        "records_read": 0,
        "records_loaded": 0,
        "records_rejected": 0,
        "records_duplicate": 0,
        "run_id": run_id,
    }
    return row


def _load_group(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    source: SourceConfig,
    reader: Reader,
    group: Sequence[Parsed],
    run_id: str,
) -> list[tuple[object, ...]]:
    incoming = _register_incoming(connection, group)
    verdicts = judge(connection, incoming, group)
    rows = []
    with transaction(connection):
        counts = _insert_records(connection, incoming, verdicts)
        for parsed in group:
            verdict = verdicts[parsed.file.delivery_id]
            row = _delivery_row(parsed.file, source, run_id) | _outcome(parsed, verdict, counts, reader.version)
            rows.append(row)
        _insert_rows(connection, "raw.delivery", DELIVERY_COLUMNS, rows)
        kept = [p for p in group if verdicts[p.file.delivery_id].status not in ("quarantined", "conflict")]
        _insert_rows(connection, "raw.reject", REJECT_COLUMNS, _reject_rows(kept))
        identities: list[dict[str, object]] = [
            {"identity": one.identity, "content_hash": one.content_hash, "delivery_id": one.delivery_id,
             "statement_number": one.statement_number}
            for parsed in group
            for one in verdicts[parsed.file.delivery_id].new_identities
        ]  # fmt: skip
        _insert_rows(connection, "raw.identity", dict.fromkeys(identities[0]) if identities else {}, identities)
    for kind in incoming:
        connection.unregister(f"incoming_{kind}")
    for parsed, row in zip(group, rows, strict=True):
        if row["status"] in ("quarantined", "conflict"):
            quarantine(workspace, parsed.file, parsed.archived, str(row["reason"]))
    return [tuple(row.values()) for row in rows]


def _register_incoming(connection: duckdb.DuckDBPyConnection, group: Iterable[Parsed]) -> list[str]:
    """Make the group's records visible to SQL as incoming_<kind>, each row with its delivery; returns the kinds."""
    tables: dict[str, list[pa.Table]] = {}
    for parsed in group:
        for kind, batches in parsed.batches.items():
            schema = CONTRACTS[kind].schema
            table = pa.Table.from_batches(batches).cast(schema)
            delivery = pa.array([parsed.file.delivery_id] * table.num_rows, pa.string())
            tables.setdefault(kind, []).append(table.add_column(0, "delivery_id", delivery))
    for kind, parts in tables.items():
        connection.register(f"incoming_{kind}", pa.concat_tables(parts))
    return sorted(tables)


def _insert_records(
    connection: duckdb.DuckDBPyConnection, incoming: Iterable[str], verdicts: dict[str, Verdict]
) -> dict[str, tuple[int, int]]:
    """Insert what is new; returns per delivery (records loaded, records that are repetitions)."""
    refused = [delivery for delivery, verdict in verdicts.items() if verdict.status in ("quarantined", "conflict")]
    repeated = [
        (delivery, statement) for delivery, verdict in verdicts.items() for statement in verdict.repeated_statements
    ]
    whole = [delivery for delivery, verdict in verdicts.items() if verdict.repeated_whole]
    connection.execute("CREATE OR REPLACE TEMP TABLE refused AS SELECT unnest(?::VARCHAR[]) AS delivery_id", [refused])
    connection.execute("CREATE OR REPLACE TEMP TABLE whole AS SELECT unnest(?::VARCHAR[]) AS delivery_id", [whole])
    connection.execute("CREATE OR REPLACE TEMP TABLE repeated(delivery_id VARCHAR, statement_number BIGINT)")
    insert_rows(connection, "repeated", ["delivery_id", "statement_number"], repeated)
    counts: dict[str, tuple[int, int]] = {}
    for kind in incoming:
        names = ", ".join(f'"{name}"' for name in ("delivery_id", *CONTRACTS[kind].names))
        is_repetition = "delivery_id IN (SELECT delivery_id FROM whole)"
        if "statement_number" in CONTRACTS[kind].names:
            is_repetition += (
                " OR (delivery_id, statement_number) IN (SELECT (delivery_id, statement_number) FROM repeated)"
            )
        candidates = f"incoming_{kind} WHERE delivery_id NOT IN (SELECT delivery_id FROM refused)"
        for delivery, loaded, duplicate in connection.execute(
            f"SELECT delivery_id, count(*) FILTER (NOT ({is_repetition})), count(*) FILTER ({is_repetition}) "
            f"FROM {candidates} GROUP BY ALL"
        ).fetchall():
            before = counts.get(delivery, (0, 0))
            counts[delivery] = (before[0] + loaded, before[1] + duplicate)
        connection.execute(
            f"INSERT INTO raw.{kind} ({names}) SELECT {names} FROM {candidates} AND NOT ({is_repetition})"
        )
    return counts


def _outcome(
    parsed: Parsed, verdict: Verdict, counts: dict[str, tuple[int, int]], reader_version: str
) -> dict[str, object]:
    """The columns of raw.delivery that depend on what became of it.

    Of a delivery that is refused whole, each record read counts as rejected, so that the equation always holds.
    """
    loaded, duplicate = counts.get(parsed.file.delivery_id, (0, 0))
    refused = verdict.status in ("quarantined", "conflict")
    read = parsed.rows + len(parsed.rejects)
    facts = parsed.facts
    return {
        "status": verdict.status,
        "reason": verdict.reason,
        "format": facts.format if facts else None,
        "reader_version": reader_version,
        "file_identity": facts.identity if facts else None,
        "records_read": read,
        "records_loaded": loaded,
        "records_rejected": read if refused else len(parsed.rejects),
        "records_duplicate": duplicate,
        "control_totals": json.dumps(
            [{"name": t.name, "declared": str(t.declared), "computed": str(t.computed)} for t in facts.control_totals]
        )
        if facts
        else None,
        "warnings": json.dumps(list(facts.warnings)) if facts else None,
    }


def _reject_rows(group: Iterable[Parsed]) -> list[dict[str, object]]:
    return [
        {"delivery_id": parsed.file.delivery_id} | {name: getattr(reject, name) for name in list(REJECT_COLUMNS)[1:]}
        for parsed in group
        for reject in parsed.rejects
    ]


def _insert_rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Iterable[str], rows: Sequence[dict[str, object]]
) -> None:
    """Insert registrations, identities or rejects; records are inserted as Arrow batches."""
    names = list(columns)
    insert_rows(connection, table, names, [[row[name] for name in names] for row in rows])


def _summary(source: str, outcomes: Sequence[tuple[object, ...]]) -> LoadSummary:
    rows = [dict(zip(DELIVERY_COLUMNS, outcome, strict=True)) for outcome in outcomes]

    def with_status(*statuses: str) -> int:
        return sum(row["status"] in statuses for row in rows)

    def total(column: str) -> int:
        return sum(int(str(row[column])) for row in rows)

    return LoadSummary(
        source=source,
        deliveries=len(rows),
        loaded=with_status("loaded", "partly"),
        quarantined=with_status("quarantined"),
        conflicts=with_status("conflict"),
        duplicates=with_status("duplicate"),
        records_read=total("records_read"),
        records_loaded=total("records_loaded"),
        records_rejected=total("records_rejected"),
        records_duplicate=total("records_duplicate"),
    )
