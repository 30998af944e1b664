"""What connectors offer is brought into landing/: each delivery whole or not at all, each attempt on the record.

An outage is a failed attempt in `ops.transfer` and a failed check; it is never an empty delivery. What landed before stays,
and the source becomes late by its own calendar.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
from pydantic import ValidationError

from ingestion.connectors import connector
from ingestion.connectors.contracts import Clock, Connector, Delivery, TransferFailed, TransferState, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.extraction import Unproven
from ingestion.connectors.options import FolderConnector
from ingestion.connectors.remote_files import StillWritten
from ingestion.sources import SourceConfig
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

REACHABLE = "source_reachable"
LIVE_WITHIN = timedelta(hours=1)
EXTRACTIONS = 2  # an extraction whose data moved while it was read is asked for once more
NAME_BYTES = 180
SHOWN_PROBLEMS = 20
UNSAFE_IN_NAMES = frozenset('<>:"|?*\\/')

Connect = Callable[[SourceConfig, Credentials, Clock], Connector | None]


def system_clock() -> Clock:
    """The machine's own."""
    return Clock(now=lambda: datetime.now(UTC), monotonic=time.monotonic, sleep=time.sleep)


@dataclass(frozen=True)
class Transfer:
    """One attempt to bring what a source offers: a row of `ops.transfer`."""

    source: str
    attempted_at: datetime
    status: str  # ok, failed, skipped
    message: str
    files: int = 0  # that landed
    rows: int | None = None  # of extractions; a file's rows are counted by its reader


@dataclass
class _Tally:
    """What happened so far in one attempt."""

    files: int = 0
    rows: int | None = None
    problems: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def lies_in_landing(source: SourceConfig) -> bool:
    """Whether a source's files are put into its landing folder by others: nothing is fetched then."""
    return isinstance(source.connector, FolderConnector)


def transfer(
    workspace: Workspace,
    source: SourceConfig,
    known_at: datetime,
    run_started_at: datetime,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
    connect: Connect = connector,
) -> Transfer | None:
    """Bring what is new at a source into its landing folder; None for a source whose files lie there already.

    What lands is received at the run's `known_at`, in the order the source made it, so that this run loads it and a rerun
    with the same `known_at` sees the same. A run that looks at the past (`known_at` an hour before it started) brings
    nothing: what comes now was not known then. Never raises for what the far side does: that is the attempt's outcome.
    """
    if lies_in_landing(source):
        return None
    clock = clock or system_clock()
    attempted_at = clock.now().astimezone(UTC)
    if run_started_at - known_at > LIVE_WITHIN:
        return Transfer(
            source.name, attempted_at, "skipped",
            f"nothing was asked for: the run looks at {known_at.isoformat()}, and what comes now was not known then",
        )  # fmt: skip
    credentials = Credentials(os.environ if environment is None else environment)
    tally = _Tally()
    try:
        _bring(workspace, source, min(known_at, attempted_at), clock, credentials, connect, tally)
    except TransferFailed as failure:
        tally.problems.append(str(failure))
    except Exception as error:  # a fault of one transport must not take the other sources' night with it
        tally.problems.append(f"{type(error).__name__}: {error}")
    return Transfer(
        source.name, attempted_at, "failed" if tally.problems else "ok", credentials.scrubbed(_message(tally)), tally.files,
        tally.rows,
    )  # fmt: skip


def _message(tally: _Tally) -> str:
    """All that went wrong, else all that waits, else that all is well."""
    lines = [*tally.problems, *tally.waiting]
    more = [f"and {len(lines) - SHOWN_PROBLEMS} more"] if len(lines) > SHOWN_PROBLEMS else []
    text = "; ".join([*lines[:SHOWN_PROBLEMS], *more]) or ("done" if tally.files else "nothing new")
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _bring(
    workspace: Workspace,
    source: SourceConfig,
    received_at: datetime,
    clock: Clock,
    credentials: Credentials,
    connect: Connect,
    tally: _Tally,
) -> None:
    folder = _landing_folder(workspace, source)
    state = read_state(workspace, source.name)
    before = state
    remote = connect(source, credentials, clock)
    assert remote is not None, source.connector.kind  # noqa: S101  (folders were left out before)
    deadline = getattr(source.connector.options, "deadline_seconds", 0.0)
    try:
        for offered in remote.deliveries(state):
            if isinstance(offered, StillWritten):
                tally.waiting.append(str(offered))
                continue
            if isinstance(offered, TransferFailed):
                tally.problems.append(str(offered))
                continue
            # a second before the run's moment, one microsecond apart: loaded in the order the source made them
            moment = received_at - timedelta(seconds=1) + timedelta(microseconds=tally.files)
            try:
                landed = _land(offered, folder, source, moment, remote.max_bytes, clock, deadline)
            except StillWritten as waiting:
                tally.waiting.append(str(waiting))
                continue
            except Unreachable:
                raise  # so will be the next one
            except TransferFailed as failure:
                tally.problems.append(str(failure))
                continue
            state = offered.remembered(state)
            tally.files += landed
            if offered.rows is not None:
                tally.rows = (tally.rows or 0) + offered.rows
    finally:
        remote.close()
        if state != before:
            write_state(workspace, source.name, state)


def _landing_folder(workspace: Workspace, source: SourceConfig) -> Path:
    """The folder, made where it is missing; never outside landing/, not even through a link."""
    root = workspace.landing.resolve()
    folder = (root / source.folder).resolve()
    if not folder.is_relative_to(root):
        raise TransferFailed(f"{source.path}: leads out of landing/; nothing was written")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _land(
    delivery: Delivery, folder: Path, source: SourceConfig, moment: datetime, limit: int, clock: Clock, seconds: float
) -> bool:
    """Write a delivery under a name of its own; False where the same bytes lie there under its name already."""
    name = safe_name(delivery.name)
    if not PurePosixPath(name).match(source.file_pattern):
        raise TransferFailed(
            f"{name}: does not match {source.file_pattern} of `path`, the run would not see it; not fetched"
        )
    unfinished = folder / f"{name}.part"
    try:
        for attempt in range(1, EXTRACTIONS + 1):
            try:
                _write(delivery, unfinished, limit, clock, clock.monotonic() + seconds)
                break
            except Unproven:
                if attempt == EXTRACTIONS:
                    raise
        target = _target(folder / name, unfinished)
        if target is None:
            return False
        nanoseconds = int(moment.timestamp()) * 10**9 + moment.microsecond * 1000
        os.utime(unfinished, ns=(nanoseconds, nanoseconds))
        unfinished.replace(target)
        return True
    finally:
        unfinished.unlink(missing_ok=True)


def _write(delivery: Delivery, path: Path, limit: int, clock: Clock, deadline: float) -> None:
    written = 0
    with path.open("wb") as stream:
        for chunk in delivery.chunks():
            written += len(chunk)
            if written > limit:
                raise TransferFailed(
                    f"{delivery.name}: more than the {limit} bytes allowed (max_bytes); it was not taken"
                )
            if clock.monotonic() > deadline:
                raise TransferFailed(f"{delivery.name}: not done in time (deadline_seconds); it was not taken")
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())


def _target(wanted: Path, unfinished: Path) -> Path | None:
    """Where the file goes: a name once taken keeps its bytes, other bytes of the same name go beside it."""
    if not wanted.exists():
        return wanted
    digest = _digest(unfinished)
    beside = wanted.with_name(f"{wanted.stem}~{digest[:12]}{wanted.suffix}")
    return None if beside.exists() or _digest(wanted) == digest else beside


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def safe_name(remote: str) -> str:
    """A remote name as a plain file name; one that had to be changed carries a hash, so that two never become one.

    Raises `TransferFailed` where nothing of a name is left.
    """
    last = remote.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter if letter.isprintable() and letter not in UNSAFE_IN_NAMES else "_" for letter in last)
    kept = kept.encode("utf-8", "replace").decode().strip(" ").lstrip(".")
    while len(kept.encode()) > NAME_BYTES:
        stem, dot, suffix = kept.rpartition(".")
        kept = f"{stem[:-1]}{dot}{suffix}" if stem else kept[:-1]
    if not kept.strip("._ "):
        raise TransferFailed(f"{remote!r} is no file name; it was not fetched")
    if kept == remote:
        return kept
    path = PurePosixPath(kept)
    return f"{path.stem}~{sha256(remote.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}{path.suffix}"


# state


def _state_path(workspace: Workspace, source: str) -> Path:
    return workspace.root / "state" / f"{source}.json"


def read_state(workspace: Workspace, source: str) -> TransferState:
    """What is known of a source; nothing where it was never asked. Raises `TransferFailed` where the file is damaged."""
    path = _state_path(workspace, source)
    try:
        return TransferState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return TransferState()
    except ValidationError as error:
        raise TransferFailed(
            f"{path}: damaged ({error.error_count()} errors); delete it to ask for everything again, which loads nothing twice"
        ) from error


def write_state(workspace: Workspace, source: str, state: TransferState) -> None:
    """Replace the state at once, never half."""
    path = _state_path(workspace, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8") as stream:
        stream.write(state.model_dump_json(indent=1))
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


# the record


def record(connection: duckdb.DuckDBPyConnection, attempt: Transfer) -> None:
    """Add an attempt to `ops.transfer`."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS ops.transfer (source VARCHAR NOT NULL, attempted_at TIMESTAMPTZ NOT NULL, "
        "status VARCHAR NOT NULL, message VARCHAR NOT NULL, files BIGINT NOT NULL, rows BIGINT)"
    )
    connection.execute(
        "INSERT INTO ops.transfer VALUES (?, ?, ?, ?, ?, ?)",
        [attempt.source, attempt.attempted_at, attempt.status, attempt.message, attempt.files, attempt.rows],
    )


def unreachable(connection: duckdb.DuckDBPyConnection, known_at: datetime) -> pl.DataFrame:
    """Sources whose newest attempt failed (source, unreachable_since, unreachable_because), as a run at `known_at` knows it.

    `unreachable_since` is the first failed attempt after the last good one. A run's own attempts are made shortly after its
    moment; what was skipped was no attempt.
    """
    recorded = connection.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'ops' AND table_name = 'transfer'"
    ).fetchone()
    attempts = "ops.transfer" if recorded and recorded[0] else _NO_ATTEMPTS
    return connection.execute(
        f"WITH attempt AS (SELECT * FROM {attempts} WHERE status != 'skipped' AND attempted_at <= $until), "
        "good AS (SELECT source, max(attempted_at) AS last FROM attempt WHERE status = 'ok' GROUP BY source) "
        "SELECT source, min(attempted_at) AS unreachable_since, arg_max(message, attempted_at) AS unreachable_because "
        "FROM attempt LEFT JOIN good USING (source) WHERE last IS NULL OR attempted_at > last GROUP BY source ORDER BY source",
        {"until": known_at + LIVE_WITHIN},
    ).pl()


_NO_ATTEMPTS = (
    "(SELECT NULL::VARCHAR AS source, NULL::TIMESTAMPTZ AS attempted_at, NULL::VARCHAR AS status, NULL::VARCHAR AS message "
    "WHERE false)"
)


def reachable_check_specs(asset: dg.AssetKey, source: SourceConfig) -> list[dg.AssetCheckSpec]:
    """The check a source with a connector carries; it blocks nothing, the night goes on with what is there."""
    if lies_in_landing(source):
        return []
    return [
        dg.AssetCheckSpec(
            REACHABLE,
            asset=asset,
            description="The source could be asked, and all it offers was brought, whole and proven.",
        )
    ]


def reachable_check(asset: dg.AssetKey, attempt: Transfer) -> dg.AssetCheckResult:
    """Its result: fails with the reason of a failed attempt."""
    return dg.AssetCheckResult(
        asset_key=asset, check_name=REACHABLE, passed=attempt.status != "failed",
        description=attempt.message,
        metadata={"status": attempt.status, "files": attempt.files, "rows": attempt.rows if attempt.rows is not None else "-"},
    )  # fmt: skip
