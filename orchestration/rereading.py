"""Files that are to be read again because their source's declaration, or a reader, was wrong: their bytes stay, what was read of them goes.

What a run has loaded is never changed by a later run. Where the block of a source was wrong, though, the files were read wrongly, and
the bytes tell what they always told. A person has them read again: the next run of the source takes out what was read of them and loads
them as new from the archive, with the time they came (`orchestration.landing`). Until then the records stay: a run that does not read the
source, as one within the day, would do without a ledger. `ops.reread` keeps what is taken out, when and by whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from ingestion.archives import WITHIN
from ingestion.contracts import CONTRACTS
from orchestration.landing import PENDING, archived, create_reread
from orchestration.warehouse import transaction
from orchestration.workspace import Workspace

FAULTY = ("quarantined", "conflict", "partly")


@dataclass(frozen=True)
class Marked:
    """A delivery that the next run of its source reads again."""

    delivery_id: str
    file_name: str
    sha256: str
    received_at: datetime
    status: str
    records_loaded: int


def _is_named(one: Marked, files: Sequence[str]) -> bool:
    within = any(one.file_name.startswith(f"{name}{WITHIN}") for name in files)
    return within or one.file_name in files or one.delivery_id in files


def mark_to_read_again(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    source: str,
    files: Sequence[str],
    *,
    everything: bool,
    actor: str,
    at: datetime,
) -> list[Marked]:
    """Mark a source's files, so that its next run takes out what was read of them and reads them again; oldest first.

    `files` are names under landing/ or delivery ids; without any, the files that were refused or lost records, or with `everything` all
    of them. Repetitions of a file go with it, what an archive holds with the archive; what is marked already is left out. Raises
    `LookupError` for a name that the source has never delivered, and for a source that the workspace does not have: nothing would read
    its files.
    """
    if source not in {one.name for one in workspace.sources().sources}:
        raise LookupError(f"no source is named {source}: its files would not be read again")
    create_reread(connection)
    known = connection.execute(
        f"SELECT delivery_id IN ({PENDING}), delivery_id, file_name, sha256, received_at, status, records_loaded FROM raw.delivery "
        "WHERE source = ? ORDER BY received_at, delivery_id",
        [source],
    ).fetchall()
    deliveries = [Marked(*row[1:]) for row in known]
    marked = {row[1] for row in known if row[0]}
    names = {name for one in deliveries for name in (one.file_name, one.delivery_id)}
    unknown = sorted(set(files) - names)
    if unknown:
        raise LookupError(f"source {source} has delivered no {', '.join(unknown)}")
    wanted = {
        one.sha256 for one in deliveries if everything or (_is_named(one, files) if files else one.status in FAULTY)
    }
    chosen = [one for one in deliveries if one.sha256 in wanted and one.delivery_id not in marked]
    missing = sorted({one.file_name for one in chosen if not archived(workspace, one.sha256).exists()})
    if missing:
        raise LookupError(f"the archive does not hold {', '.join(missing)}: nothing was marked")
    connection.execute(
        'INSERT INTO ops.reread(delivery_id, source, file_name, sha256, bytes, received_at, status, records_loaded, run_id, actor, "at", '
        "is_pending) SELECT delivery_id, source, file_name, sha256, bytes, received_at, status, records_loaded, run_id, ?, ?, true "
        "FROM raw.delivery WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))",
        [actor, at, [one.delivery_id for one in chosen]],
    )
    return chosen


def take_out(connection: duckdb.DuckDBPyConnection, deliveries: Sequence[str]) -> None:
    """Take out what was read of those deliveries that are marked, all of it or nothing: they are read again now."""
    create_reread(connection)
    marked = connection.execute(
        f"SELECT delivery_id FROM ({PENDING}) WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))", [list(deliveries)]
    ).fetchall()
    if not marked:
        return
    ids = [delivery for (delivery,) in marked]
    with transaction(connection):
        for table in (*CONTRACTS, "reject", "identity", "delivery"):
            connection.execute(f"DELETE FROM raw.{table} WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))", [ids])
        connection.execute(
            "UPDATE ops.reread SET is_pending = false WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))", [ids]
        )
