"""What a connector is: a state of what is known already in, deliveries and a new state out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict


class TransferFailed(Exception):  # noqa: N818  (what it says is what happened)
    """A delivery could not be brought, wholly and provably; the message tells a person what happened and what to do."""


class Unreachable(TransferFailed):
    """The far side cannot be reached, is overloaded or broke off: it may work on another attempt."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds the server asks us to wait


@dataclass(frozen=True)
class Clock:
    """Time as the shell gives it, so that nothing here looks at a clock or sleeps by itself."""

    now: Callable[[], datetime]  # with offset
    monotonic: Callable[[], float]  # seconds
    sleep: Callable[[float], None]  # seconds


class RemoteFile(BaseModel):
    """What tells two states of a remote file apart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int
    modified_at: datetime | None = None  # to the second: listings and headers differ in what is finer
    tag: str | None = None  # the store's own mark of the content, where it has one


class TransferState(BaseModel):
    """What is known of a remote source after the last delivery that landed: `<workspace>/state/<source>.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: dict[str, RemoteFile] = {}  # by remote path: not fetched again while unchanged
    changed_until: datetime | None = None  # an extraction by change date starts here, less the overlap
    query: str | None = None  # what that extraction asked for: another question starts anew


class Delivery(Protocol):
    """One file to be."""

    @property
    def name(self) -> str:
        """Its name on the far side: not to be trusted as a path."""

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, from the start at each call.

        Raises `TransferFailed`, at the end at the latest, where they are not whole: what was yielded is then worth nothing.
        """

    @property
    def rows(self) -> int | None:
        """Records delivered, after `chunks` ended; None for a file, which its reader counts."""

    def remembered(self, state: TransferState) -> TransferState:
        """The state once this delivery has landed."""


class Connector(Protocol):
    """One remote source."""

    max_bytes: int  # a delivery beyond is refused

    def deliveries(self, state: TransferState) -> Iterator[Delivery | TransferFailed]:
        """What is there and not known yet, oldest first; an item that is refused comes as the failure that says why.

        Raises `TransferFailed` where the source as a whole cannot be asked.
        """

    def close(self) -> None:
        """Give connections back."""
