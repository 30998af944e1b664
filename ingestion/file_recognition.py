"""How a file is to be read when nobody has said so: its format by its content, and for tables the declaration that
fits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO

from ingestion.readers import FORMATS
from ingestion.readers.sniffing import HEAD_BYTES, sniff
from ingestion.reading import FileRejected
from ingestion.sources import Declaration, SourceConfig

TABLES = frozenset({"csv", "xlsx", "json", "parquet", "hub_log", "oracle_bicc"})
"""Formats that say nothing of what their columns mean."""

_KNOWN_OTHERS = {
    b"\xd0\xcf\x11\xe0": (
        "a workbook of Excel 97 (.xls), or another old Office file",
        "save it as .xlsx or CSV, or ask the bank for that",
    ),
    b"%PDF": ("a PDF document", "ask the bank for the statement as data: camt.053, MT940 or CSV"),
    b"\x1f\x8b": ("compressed (gzip)", "unpack it and read what is inside"),
    b"7z\xbc\xaf": ("an archive (7z)", "unpack it and read what is inside"),
    b"Rar!": ("an archive (RAR)", "unpack it and read what is inside"),
    b"BZh": ("compressed (bzip2)", "unpack it and read what is inside"),
    b"\xfd7zXZ": ("compressed (xz)", "unpack it and read what is inside"),
    b"\x28\xb5\x2f\xfd": ("compressed (zstd)", "unpack it and read what is inside"),
    b"-----BEGIN PGP": ("encrypted or signed (PGP)", "have it decrypted before it lands"),
    b"-----BEGIN PKCS7": ("encrypted or signed (PKCS 7)", "have it decrypted before it lands"),
    b"<html": (
        "a web page",
        "an export that is a web page in truth: save it as .xlsx or CSV, or ask the bank for that",
    ),
    b"<!DOCTYPE html": ("a web page", "the download was not the file but a page, perhaps of the login: repeat it"),
    b"!Type:": (
        "in Quicken's format QIF, which names neither account nor currency",
        "ask the bank for OFX, camt.053 or CSV",
    ),
}
"""First bytes of what people bring by mistake -> what it is, and what to do."""

_ARCHIVE = b"PK\x03\x04"

_INSTEAD = "ask the bank for camt.053 or MT940"
_NATIONAL = (
    (re.compile(rb"1CClientBankExchange"), "an exchange file of 1C"),
    (re.compile(rb"11\d{18}\d{12}[12]\d{14}\d{3}"), "in the Spanish format Norma 43"),
    (re.compile(rb"00000\d{9}05.{112}"), "in the Belgian format CODA"),
    (re.compile(rb"0[147]\d{5}.{113}\r?\n"), "in the French format CFONB 120"),
    (re.compile(rb"\d{3}00000 {9}|0[12](?:RETORNO|REMESSA)"), "in the Brazilian format CNAB"),
    (re.compile(rb"074\d{16}.{20}\d{6}"), "in the Czech format ABO (GPC)"),
)
"""How files of national formats begin, and what they are."""
_ZEROS_BETWEEN = re.compile(rb"(?:[\t\r\n -~]\0){8}|(?:\0[\t\r\n -~]){8}")
_EBCDIC = re.compile(rb"[\x40\x4b-\x7f\x81-\xa9\xc1-\xe9\xf0-\xf9\x15\x25\x0d]{40}")

NO_CURRENCY = "XXX"
"""ISO 4217's code where no currency is told: a list can be shown without, but not loaded."""

_DECIDING = frozenset({"amount", "numbers", "booking_date"})
"""Topics on which a proposal may only guess, and a wrong guess gives wrong amounts or days."""


@dataclass
class Recognition:
    """A source made up for one file, and what that rests on."""

    source: SourceConfig
    notes: list[str] = field(default_factory=list)


def recognise_file(stream: BinaryIO, name: str, format: str | None = None) -> Recognition:
    """The source config a file can be read with; `format` is believed where it is given. Leaves the stream at its
    start.

    A table is read by the shipped declaration that is for it alone, else by one inferred from its content, which says
    so. Raises `FileRejected` where the content tells no format, or leaves a question open that only a person can
    answer.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    found = format or sniff(head, name)
    if not head:
        raise FileRejected(
            "the file is empty", found="0 bytes", expected="a file with content", advice="ask for it again"
        )
    if found is None:
        kind, advice = next((one for mark, one in _KNOWN_OTHERS.items() if head.startswith(mark)), ("", ""))
        if not kind:
            kind, advice = _other_text(head)
        if kind:
            raise FileRejected(
                f"the file is {kind}", place="start of the file", found=repr(head[:16]),
                expected="a bank, payment or ERP file of a known format", advice=advice,
            )  # fmt: skip
        raise FileRejected(
            "the format of the file is not recognised", place="start of the file", found=repr(head[:40]),
            expected="a bank, payment or ERP file of a known format",
            advice="name its format (--format), or the source it belongs to (--source)",
        )  # fmt: skip
    if found not in TABLES:
        return Recognition(_source(found))
    from ingestion.declaration_recognition import recognise

    shipped = recognise(stream)
    stream.seek(0)
    if shipped is not None and (format is None or format == shipped[0]):
        return Recognition(
            _source(shipped[0], options={"object": shipped[1]}), [f"read as {shipped[0]}, object {shipped[1]}"]
        )
    if found == "oracle_bicc" and format is None:
        raise FileRejected(
            "the file is an archive (zip), and no extract of Oracle", place="start of the file", found=repr(head[:16]),
            expected="a bank, payment or ERP file of a known format", advice="unpack it and read what is inside",
        )  # fmt: skip
    if found in ("json", "parquet"):
        raise FileRejected(
            f"a file of format {found} is read by a declaration, and no shipped one is for it", place="start of the file",
            found="columns of no known system", expected="a source whose declaration maps its columns",
            advice="declare it in config/sources.yml and name that source (--source)",
        )  # fmt: skip
    return _inferred(stream, found) if found in ("csv", "xlsx") else Recognition(_source(found))


def refused_as(head: bytes, format: str) -> FileRejected | None:
    """Why a file that the reader of `format` has refused is none for it, where its first bytes say so; None where they do not."""
    if not head:
        return FileRejected(
            "the file is empty", found="0 bytes", expected="a file with content", advice="ask for it again"
        )
    kind, advice = next((one for mark, one in _KNOWN_OTHERS.items() if head.startswith(mark)), ("", ""))
    if head.startswith(_ARCHIVE) and FORMATS[format] != "declared":  # workbooks and some extracts are archives
        kind, advice = "compressed (zip)", "deliver what is inside"
    if not kind:
        return None
    return FileRejected(
        f"the file is {kind}", place="start of the file", found=repr(head[:16]), expected=f"a file of the format {format}",
        advice=advice,
    )  # fmt: skip


def _other_text(head: bytes) -> tuple[str, str]:
    """What a text is that no reader is for, and what to do; empty where that is not known."""
    start = head.lstrip(b"\xef\xbb\xbf\r\n")
    for begins, kind in _NATIONAL:
        if begins.match(start):
            return kind, _INSTEAD
    if _ZEROS_BETWEEN.match(head):
        return "in UTF-16 without a byte order mark", "save it as UTF-8, or ask the sender for that"
    if b"\0" in head and head.rstrip(b"\0").find(b"\0") < 0:
        return (
            "a text with NUL bytes behind it",
            "the end of the transfer was filled up: ask for the file again, as text",
        )
    if _EBCDIC.match(head) and not _is_ascii_text(head):
        return "in EBCDIC, the encoding of mainframes", "ask the sender to convert it to ASCII or UTF-8 as it is sent"
    return "", ""


def _is_ascii_text(head: bytes) -> bool:
    return sum(byte < 0x80 for byte in head[:400]) * 2 > len(head[:400])


def _inferred(stream: BinaryIO, format: str) -> Recognition:
    from ingestion.declaration import DeclarationError
    from ingestion.declaration_inference import SAMPLE_BYTES, InferenceError, infer, infer_grid
    from ingestion.readers.xlsx_table import sheet_texts

    advice = "propose a declaration with `tieout source infer FILE`, complete it and name the source (--source)"
    try:
        proposal = infer_grid(sheet_texts(stream)) if format == "xlsx" else infer(stream.read(SAMPLE_BYTES + 1))
        stream.seek(0)
    except InferenceError as error:
        raise FileRejected(
            "the file is no table of bank entries that a declaration could be proposed for", place="start of the file",
            found=str(error)[:300], expected="a header with a date and an amount", advice=advice,
        ) from None  # fmt: skip
    questions = "; ".join(note.text for note in proposal.questions)
    constants = proposal.block.setdefault("constants", {})
    unnamed = any(note.topic == "currency" for note in proposal.questions)
    if unnamed and isinstance(constants, dict):
        constants["currency"] = NO_CURRENCY
    try:
        proposal.declaration()
    except DeclarationError as error:
        raise FileRejected(
            "the file does not tell all that is needed to read it", place="declaration", found=questions or str(error),
            expected="a declaration that answers this", advice=advice,
        ) from None  # fmt: skip
    guessed = [note.text for note in proposal.questions if note.topic in _DECIDING]
    if guessed:
        raise FileRejected(
            "the file leaves open what its amounts are", place="declaration", found="; ".join(guessed)[:300],
            expected="a declaration that answers this", advice=advice,
        )  # fmt: skip
    notes = ["read by a declaration inferred from the file itself"]
    notes += [f"not told by the file: {note.text}" for note in proposal.questions if note.topic != "currency"]
    if unnamed:
        notes.append(f"the file names no currency: shown as {NO_CURRENCY}; name it in the declaration")
    declaration = Declaration.model_validate(proposal.block)
    return Recognition(_source(proposal.format, declaration=declaration), notes)


def _source(
    format: str, *, declaration: Declaration | None = None, options: dict[str, object] | None = None
) -> SourceConfig:
    return SourceConfig(
        name="file",
        title="a file on its own",
        system="unknown",
        format=format,
        path="*",
        owner="nobody",
        group="bank",
        declaration=declaration,
        options=options or {},
    )
