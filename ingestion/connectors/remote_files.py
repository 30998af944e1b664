"""Files of a remote folder: which are new, which are still being written, and their bytes, resumed where a line broke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from ingestion.connectors.contracts import Clock, RemoteFile, TransferFailed, TransferState
from ingestion.connectors.options import FileOptions
from ingestion.connectors.retrying import with_retries

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

CHUNK_BYTES = 1 << 20
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".partial")  # what senders call a file they still write
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

Result = TypeVar("Result")


class StillWritten(TransferFailed):
    """The sender has not finished this file: the next run takes it."""


class RemoteFolder:
    """A folder of a remote store: listed, looked at and read with retries, over a connection that is made anew when it broke.

    `connect` opens the store; `explain` says which errors of the transport are worth another attempt (`Unreachable`).
    """

    def __init__(
        self,
        where: str,
        path: str,
        connect: Callable[[], AbstractFileSystem],
        explain: Callable[[Exception], TransferFailed],
        options: FileOptions,
        clock: Clock,
    ) -> None:
        self.where = where  # for messages: sftp://host/folder
        self.path = path
        self._connect, self._explain, self._options, self._clock = connect, explain, options, clock
        self._store: AbstractFileSystem | None = None
        self._open: tuple[str, BinaryIO] | None = None

    def listing(self) -> dict[str, RemoteFile]:
        """The plain files of the folder by name. Links and folders are not followed."""
        entries = self._tried(lambda store: store.ls(self.path, detail=True))
        if len(entries) > self._options.max_files:
            raise TransferFailed(
                f"{self.where} lists {len(entries)} files, more than the {self._options.max_files} allowed (max_files)"
            )
        prefix = self.path.rstrip("/") + "/"
        names = {str(entry["name"]): entry for entry in entries if entry["type"] == "file"}
        return {name.removeprefix(prefix): _facts(entry) for name, entry in names.items() if name.startswith(prefix)}

    def facts(self, name: str) -> RemoteFile:
        """A file as it is now."""
        return self._tried(lambda store: self._look(store, name))

    def read(self, name: str, position: int, size: int) -> bytes:
        """Up to a chunk of a file from a position; empty at its end."""

        def read(store: AbstractFileSystem) -> bytes:
            if self._open is None or self._open[0] != name:
                self._close_file()
                stream = store.open(f"{self.path.rstrip('/')}/{name}", "rb")
                self._open = name, stream
                if position == 0 and hasattr(stream, "prefetch"):
                    stream.prefetch(size)  # SFTP answers each request of 32 kB: without this, one at a time
                stream.seek(position)
            chunk = self._open[1].read(min(CHUNK_BYTES, size - position))
            if not chunk and self._look(store, name).size > position:
                raise EOFError("the line broke while the file was read")  # transports may tell that as its end
            return chunk

        return self._tried(read)

    def close(self) -> None:
        """Close file and connection; what fails at that is of no interest any more."""
        self._close_file()
        store, self._store = self._store, None
        client = getattr(store, "client", None)
        if client is not None:
            client.close()

    def _look(self, store: AbstractFileSystem, name: str) -> RemoteFile:
        return _facts(store.info(f"{self.path.rstrip('/')}/{name}", refresh=True))

    def _close_file(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            with suppress(Exception):  # of a connection that broke
                opened[1].close()

    def _tried(self, action: Callable[[AbstractFileSystem], Result]) -> Result:
        return with_retries(lambda: self._once(action), self._options, self._clock)

    def _once(self, action: Callable[[AbstractFileSystem], Result]) -> Result:
        try:
            if self._store is None:
                self._store = self._connect()
            return action(self._store)
        except TransferFailed:
            self.close()
            raise
        except Exception as error:  # transports raise many kinds; `explain` knows them
            self.close()
            explained = self._explain(error)
            raise type(explained)(f"{self.where}: {explained}") from error


def _facts(entry: dict[str, object]) -> RemoteFile:
    size, moment, tag = entry.get("size"), entry.get("mtime") or entry.get("LastModified"), entry.get("ETag")
    return RemoteFile(
        size=size if isinstance(size, int) else 0,
        modified_at=moment.astimezone(UTC).replace(microsecond=0) if isinstance(moment, datetime) else None,
        tag=tag if isinstance(tag, str) else None,
    )


@dataclass(frozen=True)
class FileDelivery:
    """A remote file as it was listed."""

    name: str
    listed: RemoteFile
    folder: RemoteFolder

    @property
    def rows(self) -> int | None:
        """Not known: the reader counts."""
        return None

    def chunks(self) -> Iterator[bytes]:
        """The bytes; raises `StillWritten` where the file is no longer as it was listed."""
        position = 0
        while position < self.listed.size:
            chunk = self.folder.read(self.name, position, self.listed.size)
            if not chunk:
                break
            position += len(chunk)
            yield chunk
        if position != self.listed.size or self.folder.facts(self.name) != self.listed:
            raise StillWritten(f"{self.name}: changed while it was read; left for the next run")

    def remembered(self, state: TransferState) -> TransferState:
        """This state of the file is known from now on."""
        return state.model_copy(update={"files": {**state.files, self.name: self.listed}})


class RemoteFiles:
    """The connector over a remote folder."""

    def __init__(
        self, folder: RemoteFolder, pattern: str, settle_seconds: float, options: FileOptions, clock: Clock
    ) -> None:
        self.max_bytes = options.max_bytes
        self._folder, self._pattern, self._settle, self._clock = (
            folder,
            options.pattern or pattern,
            settle_seconds,
            clock,
        )

    def deliveries(self, state: TransferState) -> Iterator[FileDelivery | TransferFailed]:
        """New and changed files, oldest first.

        A file is looked at twice, `settle_seconds` apart: one that grows meanwhile is still being written, whatever its name.
        """
        fresh = self._fresh(state)
        if fresh and self._settle:
            self._clock.sleep(self._settle)
            again = self._fresh(state)
        else:
            again = fresh
        for name, listed in sorted(fresh.items(), key=lambda item: (item[1].modified_at or LONG_AGO, item[0])):
            if again.get(name) != listed:
                yield StillWritten(f"{name}: still being written; left for the next run")
            elif listed.size > self.max_bytes:
                yield TransferFailed(
                    f"{name}: {listed.size} bytes, more than the {self.max_bytes} allowed (max_bytes); it was not fetched"
                )
            else:
                yield FileDelivery(name, listed, self._folder)

    def _fresh(self, state: TransferState) -> dict[str, RemoteFile]:
        return {
            name: listed
            for name, listed in self._folder.listing().items()
            if fnmatchcase(name, self._pattern)
            and not name.startswith(".")
            and not name.lower().endswith(UNFINISHED)
            and state.files.get(name) != listed
        }

    def close(self) -> None:
        """Close the connection."""
        self._folder.close()
