"""A remote folder over a transport that tells a broken line as the end of the file, as SFTP clients may."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from erp_server import FakeTime
from fsspec.implementations.memory import MemoryFileSystem

from ingestion.connectors.contracts import RemoteFile, Unreachable
from ingestion.connectors.options import FileOptions
from ingestion.connectors.remote_files import CHUNK_BYTES, FileDelivery, RemoteFolder

CONTENT = bytes(range(256)) * 8192  # two chunks


class BreakingStore(MemoryFileSystem):  # type: ignore[misc]
    """A store whose line breaks after the first chunk, a number of times."""

    cachable = False

    def __init__(self, breaks: int) -> None:
        super().__init__()
        self.breaks_left = breaks

    def open(self, path: str, mode: str = "rb", **_: Any) -> io.BytesIO:
        """The file; cut after its first chunk while the line still breaks."""
        if self.breaks_left:
            self.breaks_left -= 1
            return io.BytesIO(CONTENT[:CHUNK_BYTES])
        return io.BytesIO(CONTENT)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """The file is as long as it was."""
        return {"name": path, "size": len(CONTENT), "type": "file"}


def delivery(store: BreakingStore, time: FakeTime) -> FileDelivery:
    folder = RemoteFolder(
        "sftp://bank/out", "/out", lambda: cast(Any, store), lambda error: Unreachable(str(error)),
        FileOptions(attempts=2), time.clock,
    )  # fmt: skip
    return FileDelivery("a.xml", RemoteFile(size=len(CONTENT), modified_at=None, tag=None), folder)


def test_an_end_before_the_end_is_a_broken_line_and_taken_up_there() -> None:
    time = FakeTime()
    assert b"".join(delivery(BreakingStore(1), time).chunks()) == CONTENT
    assert time.slept == [1.0]


def test_a_line_that_breaks_again_and_again_is_an_outage_not_a_short_file() -> None:
    with pytest.raises(Unreachable, match="the line broke while the file was read"):
        list(delivery(BreakingStore(9), FakeTime()).chunks())
