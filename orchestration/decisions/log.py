"""The decision log: `decisions/log.jsonl` in the workspace, append-only. A warehouse can be made again from the archive;
what people decided cannot, so it has a file of its own.

One line is one act of one person: a decision, or the decisions of a file that was imported, all or none. Each line carries
the SHA-256 of the line before it, so that a line changed or taken out by hand is found by whoever reads the log next.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from orchestration.workspace import ConfigError, Workspace

FIRST = "0" * 64
Kind = Literal[
    "confirm", "reject", "match", "unmatch", "write_off", "ignore", "same_party", "other_party", "undo", "approve",
    "decline",
]  # fmt: skip
ABOUT_DECISIONS = ("undo", "approve", "decline")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DecidedItem(_Record):
    """An item of a decision: how much of it is meant, and the whole of it as the person saw it."""

    dataset: str
    item_id: str
    amount: Decimal
    seen_amount: Decimal
    currency: str


class Draft(_Record):
    """A decision before it has a number. Amounts are signed by their effect on cash."""

    kind: Kind
    about: str  # what it is about, in words
    reason: str = ""
    leg: str | None = None
    group_id: str | None = None  # the group it is about
    exception_id: str | None = None  # the row of the queue it is about
    target: str | None = None  # the decision it is about: undone, approved, declined
    items: tuple[DecidedItem, ...] = ()
    parties: tuple[str, str] | None = None  # two counterparty ids, the smaller first
    until: date | None = None
    difference_kind: str | None = None
    amount: Decimal | None = None  # money at stake, unsigned
    currency: str | None = None
    needs_approval: bool = False


class Decision(Draft):
    """A decision of the log. `decision_id` numbers them: D000001 is the first."""

    decision_id: str


class Entry(_Record):
    """One act: who, when, from where, and what was decided."""

    entry: int
    previous: str
    at: AwareDatetime
    actor: str
    origin: str  # "command line", or name and hash of an imported file
    decisions: tuple[Decision, ...]


class DecisionLogError(ConfigError):
    """The log cannot be trusted; the message names the line and what to do."""


class DecisionLog:
    """The log of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.path = workspace.root / "decisions" / "log.jsonl"

    def entries(self) -> list[Entry]:
        """All acts, oldest first; empty where nobody has decided anything yet. Raises DecisionLogError."""
        if not self.path.exists():
            return []
        return [entry for entry, _ in _verified(self.path, self.path.read_bytes())]

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        """Hold the log while a person decides: nobody else decides in between."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield Pen(self.path, file.fileno(), _verified(self.path, file.read()))


class Pen:
    """Appends to a log that is held."""

    def __init__(self, path: Path, descriptor: int, lines: list[tuple[Entry, str]]) -> None:
        self._path, self._descriptor, self._lines = path, descriptor, lines

    @property
    def entries(self) -> list[Entry]:
        """All acts so far."""
        return [entry for entry, _ in self._lines]

    def append(self, actor: str, at: datetime, origin: str, drafts: Sequence[Draft]) -> Entry:
        """Number the decisions and write them as one line, on the disk before this returns.

        The time never goes back: where the clock has, the act gets the time of the one before.
        """
        number = sum(len(entry.decisions) for entry, _ in self._lines)
        previous = self._lines[-1][1] if self._lines else FIRST
        at = max([at.astimezone(UTC), *(entry.at for entry, _ in self._lines[-1:])])
        decisions = tuple(
            Decision(decision_id=decision_id(number + place), **draft.model_dump())
            for place, draft in enumerate(drafts, start=1)
        )
        entry = Entry(
            entry=len(self._lines) + 1, previous=previous, at=at, actor=actor, origin=origin, decisions=decisions
        )
        line = entry.model_dump_json(exclude_defaults=True).encode()
        self._write(line + b"\n")
        self._lines.append((entry, _digest(line)))
        return entry

    def _write(self, data: bytes) -> None:
        end = os.lseek(self._descriptor, 0, os.SEEK_END)
        unfinished = _unfinished(self._path)
        if unfinished:  # a line cut off by a power failure: nobody was told that it counts
            end -= unfinished
            os.ftruncate(self._descriptor, end)
        try:
            written = os.write(self._descriptor, data)
            if written != len(data):
                raise OSError(f"{self._path}: {written} of {len(data)} bytes were written; is the disk full?")
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, end)
            raise


def decision_id(number: int) -> str:
    """The name of the decision with this number."""
    return f"D{number:06d}"


def parse_decision_id(text: str) -> str | None:
    """D000017 from `D17`, `d000017` or `17`; None where it is no number of a decision."""
    digits = text.strip().upper().removeprefix("D")
    return decision_id(int(digits)) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None


def hash_of_entry(path: Path, number: int) -> str | None:
    """The SHA-256 of the line with this number, from 1; None where the log is shorter."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return _digest(lines[number - 1]) if 1 <= number <= len(lines) else None


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _unfinished(path: Path) -> int:
    """Bytes after the last line end."""
    data = path.read_bytes()
    return len(data) - (data.rfind(b"\n") + 1)


def _verified(path: Path, data: bytes) -> list[tuple[Entry, str]]:
    """Each act with the hash of its line."""
    found: list[tuple[Entry, str]] = []
    previous = FIRST
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "line"
            raise DecisionLogError(
                f"{path}, line {number}: {place}: {first['msg']}; the log is only ever written by `tieout decide`: restore "
                "it from a backup"
            ) from None
        if entry.previous != previous or entry.entry != number:
            raise DecisionLogError(
                f"{path}, line {number}: it does not follow from line {number - 1}; a line before it was changed or taken "
                "out. Restore the log from a backup; a decision is taken back with `tieout decide undo`"
            )
        previous = _digest(line)
        found.append((entry, previous))
    return found
