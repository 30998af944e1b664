"""The proof that nothing is lost and nothing counted twice, over the whole warehouse: files, records, items, matches, figures.

`audit` reads, writes nothing, and asks the warehouse anew each time: it counts what is there, not what a run has said of itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from ingestion.contracts import CONTRACTS
from orchestration.audit.figures import FIGURES, has_read_again, make_object_records, prepare, require_a_whole_run
from orchestration.audit.item_ends import ENDS, make_item_ends
from orchestration.audit.record_fates import ALTERED, FATES, LOST, TWICE, make_record_fates
from orchestration.landing import archived, arrivals, digest, printable, unclaimed
from orchestration.workspace import Workspace

SHOWN = 20
"""Of each kind of fault the first so many are named."""

RECORDS_OF_A_RUN = 500_000
"""More than so many records are proven by `tieout audit` alone: a run is to cost what is new."""

Row = tuple[object, ...]


@dataclass(frozen=True)
class Section:
    """One part of the proof: what was counted, and the faults found, each in a sentence."""

    title: str
    columns: tuple[str, ...]
    rows: list[Row]
    faults: list[str]


def audit(connection: duckdb.DuckDBPyConnection, workspace: Workspace, *, read_bytes: bool = False) -> list[Section]:
    """All parts of the proof. `read_bytes` reads every archived file again and compares its hash."""
    require_a_whole_run(connection)
    prepare(connection, workspace.optional_text("forecasting.yml"))
    return [
        files(connection, workspace, read_bytes=read_bytes),
        records(connection),
        items(connection),
        matches(connection, workspace),
        figures(connection),
    ]


def records_and_items(connection: duckdb.DuckDBPyConnection) -> list[str] | None:
    """The faults of these two parts, which need no forecast made again and no file read: what each run proves of itself.

    None where there are too many records to look at all of them each night; that the proof could not be made is a fault.
    """
    row = connection.execute("SELECT sum(records_loaded) FROM raw.delivery").fetchone()
    if row is not None and (row[0] or 0) > RECORDS_OF_A_RUN:
        return None
    try:
        make_object_records(connection)
        return [*records(connection).faults, *items(connection).faults]
    except duckdb.Error as error:
        return [f"it could not be proven that nothing is lost: {error}"]


def files(connection: duckdb.DuckDBPyConnection, workspace: Workspace, *, read_bytes: bool) -> Section:
    """Whether each file that landed is registered and lies in the archive, and its records are where its count says."""
    kept = " UNION ALL ".join(f"SELECT delivery_id FROM raw.{kind}" for kind in CONTRACTS)
    rows = connection.execute(
        f"""
        WITH loaded AS (SELECT delivery_id, count(*) AS records FROM ({kept}) GROUP BY ALL),
        rejected AS (SELECT delivery_id, count(*) AS records FROM raw.reject GROUP BY ALL)
        SELECT d.file_name, d.source, d.sha256, d.bytes, d.status, d.records_read, d.records_loaded, d.records_rejected,
            d.records_duplicate, coalesce(loaded.records, 0), coalesce(rejected.records, 0)
        FROM raw.delivery AS d LEFT JOIN loaded USING (delivery_id) LEFT JOIN rejected USING (delivery_id)
        ORDER BY d.source, d.file_name
        """
    ).fetchall()
    faults: list[str] = []
    by_status: dict[str, list[int]] = {}
    for name, source, sha256, size, status, read, loaded, refused, repeated, there, rejects in rows:
        count = by_status.setdefault(status, [0, 0, 0, 0, 0])
        for place, number in enumerate((1, read, loaded, refused, repeated)):
            count[place] += number
        copy = archived(workspace, sha256)
        if not copy.is_file():
            faults.append(f"{name} of {source}: its copy archive/{sha256[:2]}/{sha256} is gone")
        elif copy.stat().st_size != size or (read_bytes and digest(copy) != sha256):
            faults.append(
                f"{name} of {source}: its copy archive/{sha256[:2]}/{sha256} has other bytes than were delivered"
            )
        if read != loaded + refused + repeated:
            faults.append(
                f"{name} of {source}: {read} records read, {loaded} loaded, {refused} rejected, {repeated} repeated"
            )
        if loaded != there or (status in ("loaded", "partly") and refused != rejects):
            faults.append(
                f"{name} of {source}: {loaded} records said to be loaded, {there} are; {refused} rejected, {rejects} are"
            )
    if has_read_again(connection):
        gone = connection.execute(
            "SELECT DISTINCT file_name, source FROM ops.reread WHERE sha256 NOT IN (SELECT sha256 FROM raw.delivery) ORDER BY ALL"
        ).fetchall()
        faults += [f"{name} of {source}: was to be read again and has not come back" for name, source in gone]
    table: list[Row] = [(status, *count) for status, count in sorted(by_status.items())]
    waiting = list(_unread(connection, workspace))
    if waiting:
        table.append(("landed, not read", len(waiting), None, None, None, None))
    faults += waiting
    return Section(
        "Files: each that landed is registered and archived", ("became", "files", "records", "loaded", "rejected", "repeated"),
        table, faults,
    )  # fmt: skip


def _unread(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> Iterator[str]:
    """Files in landing/ that no run has read though they had arrived by then."""
    known = {name for (name,) in connection.execute("SELECT file_name FROM raw.delivery").fetchall()}
    row = connection.execute("SELECT known_at FROM config.run_parameter").fetchone()
    assert row is not None  # noqa: S101  (a warehouse with marts has had a run)
    root, sources = workspace.landing.resolve(), workspace.sources().sources
    taken = {path for source in sources for path in arrivals(workspace, source, row[0])}
    for name in sorted({printable(str(path.relative_to(root))) for path in taken} - known):
        yield f"landing/{name}: not read by the last run, though it had arrived; `tieout run` again"
    for name in unclaimed(workspace, sources, row[0]):
        if name not in known:
            yield f"landing/{name}: no source of config/sources.yml takes it"


def refused(connection: duckdb.DuckDBPyConnection) -> str | None:
    """What was delivered and is in no figure because it was refused, in a sentence; None where all was taken."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE status IN ('quarantined', 'conflict')), coalesce(sum(records_rejected), 0) FROM raw.delivery"
    ).fetchone()
    if row is None or not any(row):
        return None
    return f"Refused, and in no figure: {row[0]:,} files, {row[1]:,} records; the exception queue asks, unless a person set it aside."


def records(connection: duckdb.DuckDBPyConnection) -> Section:
    """Where each loaded record ended."""
    make_record_fates(connection)
    rows = connection.execute("SELECT kind, fate, count(*) FROM record_fate GROUP BY ALL ORDER BY ALL").fetchall()
    faulty = connection.execute(
        "SELECT kind, delivery.file_name, record_number, fate, amount, currency FROM record_fate JOIN raw.delivery USING (delivery_id) "
        f"WHERE fate IN ('{LOST}', '{TWICE}', '{ALTERED}') ORDER BY ALL LIMIT {SHOWN}"
    ).fetchall()
    faults = [
        f"{name}, record {number} ({kind.replace('_', ' ')}): {FATES[fate]}"
        + (f"; {amount} {currency}" if amount else "")
        for kind, name, number, fate, amount, currency in faulty
    ]
    twice = connection.execute(
        "SELECT kind, delivery_id, record_number, count(*) FROM record_fate GROUP BY ALL HAVING count(*) > 1 "
        f"ORDER BY ALL LIMIT {SHOWN}"
    ).fetchall()
    faults += [f"{kind} {delivery}|{number}: {count} places" for kind, delivery, number, count in twice]
    faults += _without_record(connection)
    told: list[Row] = [(kind.replace("_", " "), FATES[fate], count) for kind, fate, count in rows]
    return Section("Records: where each one ended", ("kind", "is now", "records"), told, faults)


def _without_record(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Objects that count money and stand for no record that was delivered, or share one with another."""
    return [
        f"{object_type} {object_id}: comes from no record of its own ({delivery}|{number})"
        for object_type, object_id, delivery, number in connection.execute(
            f"""
            SELECT object_record.object_type, object_record.object_id, delivery_id, record_number FROM object_record
            LEFT JOIN record_fate AS fate USING (delivery_id, record_number)
            WHERE object_record.object_type IN ('bank_line', 'payment', 'open_item', 'statement')
            QUALIFY count(*) OVER (PARTITION BY object_record.object_type, delivery_id, record_number) > 1 OR fate.kind IS NULL
            ORDER BY ALL LIMIT {SHOWN}
            """
        ).fetchall()
    ]


def items(connection: duckdb.DuckDBPyConnection) -> Section:
    """Where each bank line, payment and open item ended."""
    make_item_ends(connection)
    rows = connection.execute(
        "SELECT dataset, face, ended, count(*) FROM item_end GROUP BY ALL ORDER BY dataset, face, ended"
    ).fetchall()
    faults = [
        f"{object_type} {item}: {ENDS['lost']}; {amount} {currency}"
        for object_type, item, amount, currency in connection.execute(
            f"SELECT object_type, item_id, amount, currency FROM item_end WHERE ended = 'lost' ORDER BY ALL LIMIT {SHOWN}"
        ).fetchall()
    ]
    sides = {"": "", "bank_lines": ", at the bank", "open_items": ", in the ledger"}
    told: list[Row] = [
        (dataset.replace("_", " ") + sides[face], ENDS[ended], count) for dataset, face, ended, count in rows
    ]
    return Section("Items: where each one ended", ("items", "ended", "count"), told, faults)


def matches(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> Section:
    """Whether groups balance, and no amount is used twice."""
    import dagster as dg

    from orchestration.checks.matching import balance_check, over_application_check

    rules, key = workspace.matching_rules(), dg.AssetKey("audit")
    rows: list[Row] = []
    faults = []
    for leg in rules.legs:
        counted = connection.execute(
            "SELECT count(*) FROM matching.known_group WHERE leg = ? AND superseded_by IS NULL", [leg.name]
        ).fetchone()
        check = balance_check(connection, leg, key)
        rows.append((leg.name.replace("_", " "), counted[0] if counted else 0, "yes" if check.passed else "no"))
        faults += [f"{leg.name}: group {row} does not balance" for row in _firsts(check)]
    twice = over_application_check(connection, rules, key)
    faults += [f"applied beyond its amount: {row}" for row in _firsts(twice)]
    return Section("Matches: every group balances, no amount is used twice", ("leg", "groups", "balance"), rows, faults)


def _firsts(check: object) -> list[str]:
    import dagster as dg

    assert isinstance(check, dg.AssetCheckResult)  # noqa: S101
    found = check.metadata["first"].value
    return [str(one) for one in found] if isinstance(found, list) and not check.passed else []


def figures(connection: duckdb.DuckDBPyConnection) -> Section:
    """Whether each figure of the marts adds up from its parts, and each part leads to a record or to a figure that does."""
    rows: list[Row] = []
    faults = []
    for name, figure in FIGURES.items():
        found = connection.execute(
            f"""
            WITH figure AS ({figure.rows(name)}),
            parts AS (
                SELECT figure_id, sum(part.amount) AS amount, count(*) AS parts, count(*) FILTER (NOT ({_LEADS_ON})) AS blind
                FROM part
                LEFT JOIN (SELECT DISTINCT object_type, object_id FROM object_record) AS known USING (object_type, object_id)
                WHERE figure_type = ? GROUP BY figure_id
            )
            SELECT figure_id, coalesce(parts, 0), coalesce(blind, 0), figure.amount, parts.amount FROM figure
            LEFT JOIN parts USING (figure_id) ORDER BY figure_id
            """,
            [name],
        ).fetchall()
        rows.append(
            (figure.mart.replace("_", " "), len(found), sum(row[1] for row in found), "yes" if figure.amount else "")
        )
        for figure_id, parts, blind, amount, total in found:
            blindly = (
                blind if figure.amount else parts and blind == parts
            )  # who is told of several things needs one that leads on
            if blindly or not (parts or (figure.amount and amount is None)):  # a balance nobody has told has no part
                faults.append(f"{figure.mart} {figure_id}: {blind} of its {parts} parts lead to no record")
            elif figure.amount and (amount or 0) != (total or 0):
                faults.append(f"{figure.mart} {figure_id}: shows {amount}, its parts add up to {total}")
    return Section(
        "Figures: each leads to the records it is made of", ("mart", "figures", "parts", "add up"), rows, faults[:SHOWN]
    )  # fmt: skip


# a forecast's estimates lead on to the lines they were learned from; figures of figures to those
_LEADS_ON = """
    known.object_id IS NOT NULL
    OR part.object_id IS NULL
    OR (part.object_type = 'alert' AND part.object_id IN (SELECT alert_id FROM marts.alert))
    OR (part.object_type IN ('cash_forecast', 'cash_outlook') AND (
        part.object_id IN (SELECT cash_forecast_id FROM marts.cash_forecast)
        OR part.object_id IN (SELECT cash_outlook_id FROM marts.cash_outlook)
    ))
    OR (part.object_type IN ('series', 'usual') AND part.figure_id IN (SELECT figure_id FROM learned))
    OR (part.object_type = 'open_item' AND part.object_id IN (SELECT origin_item_id FROM canonical.open_item_origin))
"""
