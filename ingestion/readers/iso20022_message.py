"""What every reader of ISO 20022 messages says about a file that is not, or not wholly, the message it looks for."""

from __future__ import annotations

from ingestion.readers.xml_records import RecordStream
from ingestion.reading import FileRejected


def no_message(records: RecordStream, expected: str) -> FileRejected:
    """The verdict on a well-formed file in which no root element of the message was found."""
    namespaces = ", ".join(sorted(records.namespaces)) or "none"
    return FileRejected(
        f"the file holds no {expected} message", place=f"element {records.first_element}",
        found=f"root element {records.first_element}, namespaces: {namespaces}"[:300],
        expected=expected, advice="Check that the source's format fits the file.",
    )  # fmt: skip


def foreign_warnings(records: RecordStream) -> list[str]:
    """Elements of the message that were found in another namespace than the message's own were read all the same."""
    return [
        f"elements in the namespace {name or '(none)'!r} were read as the message's own"
        for name in sorted(records.foreign)
    ]
