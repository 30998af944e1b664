"""Files that are to be read again because their source's declaration, or a reader, was wrong: their bytes stay, what was read of them goes.

What a run has loaded is never changed by a later run. Where the block of a source was wrong, though, the files were read wrongly, and
the bytes tell what they always told. A person has them read again: the records of the deliveries are taken out, the files lie in
`landing/` with the time they came, and the next run loads them as new. `ops.reread` keeps what was taken out, when and by whom.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from ingestion.contracts import CONTRACTS
from orchestration.landing import EPOCH
from orchestration.warehouse import transaction
from orchestration.workspace import Workspace

FAULTY = ("quarantined", "conflict", "partly")


@dataclass(frozen=True)
class Forgotten:
    """A delivery that the next run reads again."""

    delivery_id: str
    file_name: str
    sha256: str
    received_at: datetime
    status: str
    records_loaded: int


def forget_deliveries(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    source: str,
    files: Sequence[str],
    *,
    everything: bool,
    actor: str,
    at: datetime,
) -> list[Forgotten]:
    """Take out what was read of a source's files, so that the next run reads them again; oldest first.

    `files` are names under landing/ or delivery ids; without any, the files that were refused or lost records, or with `everything` all
    of them. Repetitions of a file go with it. Raises `LookupError` for a name that the source has never delivered.
    """
    known = connection.execute(
        "SELECT delivery_id, file_name, sha256, received_at, status, records_loaded FROM raw.delivery WHERE source = ? "
        "ORDER BY received_at, delivery_id",
        [source],
    ).fetchall()
    deliveries = [Forgotten(*row) for row in known]
    names = {name for one in deliveries for name in (one.file_name, one.delivery_id)}
    unknown = sorted(set(files) - names)
    if unknown:
        raise LookupError(f"source {source} has delivered no {', '.join(unknown)}")
    wanted = {
        one.sha256
        for one in deliveries
        if everything or ({one.file_name, one.delivery_id} & set(files) if files else one.status in FAULTY)
    }
    chosen = [one for one in deliveries if one.sha256 in wanted]
    for one in chosen:
        _lay_in_landing(workspace, one)
    ids = [one.delivery_id for one in chosen]
    with transaction(connection):
        connection.execute(
            "CREATE TABLE IF NOT EXISTS ops.reread(delivery_id VARCHAR, source VARCHAR, file_name VARCHAR, sha256 VARCHAR, status VARCHAR, "
            'records_loaded BIGINT, run_id VARCHAR, actor VARCHAR, "at" TIMESTAMPTZ)'
        )
        connection.execute(
            "INSERT INTO ops.reread SELECT delivery_id, source, file_name, sha256, status, records_loaded, run_id, ?, ? "
            "FROM raw.delivery WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))",
            [actor, at, ids],
        )
        for table in (*CONTRACTS, "reject", "identity", "delivery"):
            connection.execute(f"DELETE FROM raw.{table} WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))", [ids])
    return chosen


def _lay_in_landing(workspace: Workspace, one: Forgotten) -> None:
    """The file back in landing/ with the time it came, where it lies there no more."""
    path = workspace.landing / one.file_name
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    shutil.copyfile(workspace.archive / one.sha256[:2] / one.sha256, unfinished)
    came = (one.received_at - EPOCH) // timedelta(microseconds=1) * 1000
    os.utime(unfinished, ns=(came, came))
    unfinished.replace(path)
