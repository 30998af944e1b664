"""Files that come packed: the members of a ZIP archive and what a gzip file holds, opened with limits.

EBICS hands out camt files in ZIP archives, hubs send gzip. Each member is a file of its own, named `archive.zip!member.xml`; it is only
ever given as a stream of bytes, its name is a label. What is packed once more within an archive is not unpacked: its reader refuses it.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from ingestion.readers import FORMATS
from ingestion.readers.zip_archive import CHUNK, MEMBER_LIMIT, RATIO_LIMIT, checked_members
from ingestion.reading import FileRejected
from ingestion.sources import SourceConfig

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
WITHIN = "!"
"""Between the name of an archive and that of a member."""

_EMPTY_ZIP = b"PK\x05\x06"
_OF_OFFICE = frozenset({"[Content_Types].xml", "mimetype"})  # a workbook or a document is an archive too
_TAR_AT, _TAR = 257, b"ustar"
_PACKED = ((ZIP, "ZIP"), (_EMPTY_ZIP, "ZIP"), (GZIP, "gzip"))
_DAMAGED = (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, zlib.error)


@dataclass(frozen=True)
class Member:
    """A file within an archive: its name there, empty for what a gzip file holds, and its bytes, to be taken before the next member
    is."""

    name: str
    chunks: Iterator[bytes]


def packed_as(head: bytes) -> str | None:
    """ZIP or gzip, by the first bytes; None for what is not packed. A workbook is a ZIP too: see `is_packed`."""
    return next((kind for mark, kind in _PACKED if head.startswith(mark)), None)


def is_packed(stream: BinaryIO) -> bool:
    """Whether a file holds other files, and is neither a workbook nor a file that is read as it is; leaves the stream at its start."""
    kind = packed_as(stream.read(4))
    stream.seek(0)
    if kind != "ZIP":
        return kind is not None
    try:
        with zipfile.ZipFile(stream) as archive:
            return not any(name.startswith("xl/") or name in _OF_OFFICE for name in archive.namelist())
    except _DAMAGED:
        return True
    finally:
        stream.seek(0)


def labelled(archive: str, member: str) -> str:
    """The name of a member with that of its archive; what a gzip file holds has its name without `.gz`."""
    own = PurePosixPath(archive).name
    stem = own[:-3] if own.lower().endswith(".gz") and len(own) > 3 else own
    return f"{archive}{WITHIN}{member or stem}"


def nested(stream: BinaryIO) -> FileRejected | None:
    """Why a member is not unpacked once more; None where it is no archive."""
    if not is_packed(stream):
        return None
    return FileRejected(
        "the file is an archive within an archive", place="start of the file", found=packed_as(stream.read(4)) or "",
        expected="the files of a delivery in one ZIP archive, or one file as gzip", advice="ask for it packed once, or unpack it",
    )  # fmt: skip


def takes_members(source: SourceConfig, head: bytes) -> bool:
    """Whether a source's archives of this beginning hold deliveries of their own.

    An extract of an ERP may be cut into the parts of a ZIP archive: its reader takes them together, as one list.
    """
    return packed_as(head) == "gzip" or FORMATS.get(source.format) != "declared" or source.group != "erp"


def members(stream: BinaryIO) -> Iterator[Member]:
    """The files within an archive, in the order of their names; hidden ones and those of macOS's `__MACOSX` are none.

    Raises `FileRejected`, also while bytes are taken, where the archive is damaged, encrypted, empty, unfolds to too much, or holds
    names that would leave their folder.
    """
    try:
        if packed_as(stream.read(4)) == "gzip":
            stream.seek(0)
            yield Member("", _gzip_chunks(stream))
            return
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            yield from _zipped(archive)
    except _DAMAGED as error:
        raise _damaged(error) from None


def _zipped(archive: zipfile.ZipFile) -> Iterator[Member]:
    found = [one for one in checked_members(archive) if not _is_hidden(one.filename)]
    if not found:
        raise FileRejected(
            "the archive holds no file", found=", ".join(archive.namelist()[:10]) or "nothing", expected="the files of a delivery",
            advice="ask the sender whether there was nothing to deliver",
        )  # fmt: skip
    labels: dict[str, int] = {}
    for one in sorted(found, key=lambda member: member.filename):
        labels[one.filename] = labels.get(one.filename, 0) + 1
        again = f"#{labels[one.filename]}" if labels[one.filename] > 1 else ""  # two files of one name are two files
        yield Member(f"{one.filename}{again}", _zip_chunks(archive, one))


def _is_hidden(name: str) -> bool:
    steps = PurePosixPath(name.replace("\\", "/")).parts
    return steps[0] == "__MACOSX" or steps[-1].startswith(".")


def _zip_chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(member) as part:
            while chunk := part.read(CHUNK):
                yield chunk
    except _DAMAGED as error:
        raise _damaged(error, member.filename) from None


def _gzip_chunks(stream: BinaryIO) -> Iterator[bytes]:
    size = stream.seek(0, 2)
    stream.seek(0)
    limit = min(MEMBER_LIMIT, RATIO_LIMIT * max(size, CHUNK))
    given = 0
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            while chunk := unpacked.read(CHUNK):
                if not given and chunk[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
                    raise FileRejected(
                        "the file is an archive (tar) within gzip", place="start of what is unpacked", found="ustar",
                        expected="a ZIP archive, or one file as gzip", advice="ask for a ZIP archive, or for the files themselves",
                    )  # fmt: skip
                given += len(chunk)
                if given > limit:
                    raise FileRejected(
                        "the archive unfolds to too much", found=f"more than {limit} bytes in {size}",
                        expected=f"at most {RATIO_LIMIT} times its size and {MEMBER_LIMIT >> 30} GB",
                        advice="the archive is damaged or hostile",
                    )  # fmt: skip
                yield chunk
    except _DAMAGED as error:
        raise _damaged(error) from None


def _damaged(error: Exception, place: str = "archive") -> FileRejected:
    return FileRejected(
        "the file is not a readable archive", place=place, found=str(error)[:300] or type(error).__name__,
        expected="a whole ZIP or gzip file", advice="the file is truncated or damaged: ask for it again",
    )  # fmt: skip
