"""ZIP archives opened with limits: no path leaves them, nothing is written to disk, and no member unfolds without
bound.

A member is only ever read as a stream; its name is a label. Names that would leave a folder, or that hold control
characters, are refused all the same: a sender whose archive holds one is not to be trusted with the rest.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from ingestion.reading import FileRejected

ARCHIVE_LIMIT = 1 << 29
MEMBER_LIMIT = 1 << 32
MEMBER_COUNT = 2000
RATIO_LIMIT = 200
CHUNK = 1 << 20


def checked_members(archive: zipfile.ZipFile, limit: int = MEMBER_LIMIT) -> list[zipfile.ZipInfo]:
    """The files of an archive; raises `FileRejected` where names, number or sizes are not those of an extract.

    Python's zipfile never gives more bytes of a member than its entry declares, so the declared sizes bound what is
    read.
    """
    members = [one for one in archive.infolist() if not _is_folder(one)]
    if len(members) > MEMBER_COUNT:
        raise FileRejected(
            "the archive holds too many files", found=str(len(members)), expected=f"at most {MEMBER_COUNT}",
            advice="the archive is damaged or hostile",
        )  # fmt: skip
    for one in members:
        steps = one.filename.replace("\\", "/").split("/")
        if ".." in steps or steps[0] in ("", "~") or steps[0][1:2] == ":" or not one.filename.isprintable():
            raise FileRejected(
                "the archive holds a file whose name leaves its folder or is no name", place="archive",
                found=repr(one.filename[:200]), expected="plain file names",
                advice="the archive is hostile: do not unpack it",
            )  # fmt: skip
        if one.flag_bits & 0x1:
            raise FileRejected(
                "the archive is encrypted", place=one.filename, expected="an archive without a password",
                advice="ask the sender for it without a password, over a protected channel",
            )  # fmt: skip
        if one.file_size > RATIO_LIMIT * max(one.compress_size, CHUNK):
            raise _bomb(one, f"{one.file_size} bytes in {one.compress_size}")
    if sum(one.file_size for one in members) > limit:
        raise _bomb(members[0], f"{sum(one.file_size for one in members)} bytes unpacked")
    return members


def _is_folder(member: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder, also as archives made on Windows write it."""
    return member.is_dir() or (member.filename.endswith("\\") and member.file_size == 0)


def bounded_parts(archive: zipfile.ZipFile, limit: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Every member as chunks, refused when it gives more bytes than the limit."""
    for one in checked_members(archive, limit):
        yield one.filename, _chunks(archive, one)


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as part:
        while chunk := part.read(CHUNK):
            yield chunk


def _bomb(member: zipfile.ZipInfo, found: str) -> FileRejected:
    return FileRejected(
        "the archive unfolds to too much", place=member.filename, found=found,
        expected=f"at most {RATIO_LIMIT} times its size and {MEMBER_LIMIT >> 30} GB",
        advice="the archive is damaged or hostile",
    )  # fmt: skip
