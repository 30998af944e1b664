"""What a reader is: bytes and a source config in, a stream of records, rejects and file facts out.

Every format is one module in `ingestion.readers` with one `Reader`. A reader yields, in any order:

* `Records`: an Arrow batch of one kind, with exactly the columns of its contract (a few thousand rows each, so that memory
  stays flat however large the file is);
* `Reject`: a record that fails its contract and cannot be loaded;
* `FileFacts`: once, at the end: what the file says of itself.

A file that fails as a whole (not well-formed, truncated, wrong control totals, a DTD) raises `FileRejected`; the loader then
quarantines the delivery and keeps nothing of it. A reader raises nothing else on any input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, Protocol

import pyarrow as pa

from ingestion.sources import SourceConfig


@dataclass(frozen=True)
class Records:
    """A batch of records of one kind, in file order."""

    kind: str
    batch: pa.RecordBatch


@dataclass(frozen=True)
class Reject:
    """A record that cannot be loaded, in words an analyst can act on."""

    record_number: int
    place: str  # e.g. "statement 2, entry 14" or "line 87"
    field: str
    found: str
    expected: str
    advice: str
    raw_text: str = ""
    line: int | None = None
    byte_start: int | None = None
    byte_end: int | None = None
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True)
class ControlTotal:
    """A total the file declares about itself and what was counted."""

    name: str  # e.g. "NbOfTxs of PmtInf P-1"
    declared: Decimal
    computed: Decimal

    @property
    def agrees(self) -> bool:
        """Whether the declared total equals the computed one."""
        return self.declared == self.computed


@dataclass(frozen=True)
class FileFacts:
    """What a file says of itself, yielded last."""

    format: str  # what was really read, e.g. camt.053.001.08
    identity: str | None = None  # message id or the like: the same identity with other content is a conflict
    created_at: str | None = None
    control_totals: tuple[ControlTotal, ...] = ()
    warnings: tuple[str, ...] = ()


class FileRejected(Exception):  # noqa: N818  (a verdict, named as the trade says it)
    """The file fails as a whole: nothing of it may be loaded."""

    def __init__(self, reason: str, *, place: str = "", found: str = "", expected: str = "", advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.found = found
        self.expected = expected
        self.advice = advice


ReaderEvent = Records | Reject | FileFacts


class Reader(Protocol):
    """One format. Stateless: `read` may run for several files at once."""

    @property
    def format(self) -> str:
        """The name used in source configs: camt.053, mt940, pain.001, csv, ..."""
        ...

    @property
    def version(self) -> str:
        """Raised when the reading of the same bytes changes."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """The contracts it may emit."""
        ...

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Read a file opened for bytes; raises `FileRejected` only."""
        ...


@dataclass
class RecordCounter:
    """Hands out record numbers: 1, 2, 3, ... over all kinds of one delivery."""

    last: int = field(default=0)

    def next(self) -> int:
        """The next record number."""
        self.last += 1
        return self.last
