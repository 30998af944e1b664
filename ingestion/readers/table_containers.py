"""The container of a declared file opened as tables of text: CSV, XLSX, JSON, Parquet, or CSV files in a ZIP archive.

Formats `csv`, `xlsx`, `json` and `parquet` name their container. The extract of a known system comes in the container
its first bytes tell, so that one format serves a SAP list as CSV and as XLSX.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import BinaryIO, cast

from ingestion.declaration import FileDeclaration, Mapping_
from ingestion.readers.csv_table import csv_table
from ingestion.readers.text_table import TextTable, only_text
from ingestion.readers.unpivoting import unpivoted
from ingestion.readers.zip_archive import checked_members
from ingestion.reading import FileRejected

CONTAINERS = ("csv", "xlsx", "json", "parquet")
Tables = list[tuple[tuple[Mapping_, ...], TextTable]]


def open_tables(stream: BinaryIO, format: str, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, Tables]:
    """The declaration a file is for, and its tables with the mappings of each.

    Raises `FileRejected` where the file is not of its container, or none of the candidates is for it.
    """
    container = container_of(stream)
    if format in CONTAINERS and container != format and not (format == "csv" and container in ("json", "zip")):
        raise FileRejected(
            f"the file is not {format.upper()}", found=f"{container} content", expected=format,
            advice=f"set `format` of the source to {container}, or ask the sender for {format}",
        )  # fmt: skip
    stream.seek(0)
    if container == "json" and format != "csv":
        from ingestion.readers.json_table import json_tables

        return _checked(*json_tables(stream, candidates))
    if container == "parquet":
        from ingestion.readers.parquet_table import parquet_table

        return _checked(*_single(*parquet_table(stream, candidates)))
    if container == "xlsx":
        from ingestion.readers.xlsx_table import xlsx_table

        return _checked(*_single(*xlsx_table(stream, candidates)))
    if container == "zip":
        return _zipped(stream, candidates)
    declaration, table = csv_table(stream, candidates)
    return _single(declaration, table)


def container_of(stream: BinaryIO) -> str:
    """csv, xlsx, json, parquet or zip, by the first bytes."""
    stream.seek(0)
    head = stream.read(4096)
    if head.startswith(b"PK\x03\x04"):
        stream.seek(0)
        try:
            with zipfile.ZipFile(stream) as archive:
                return "xlsx" if any(name.startswith("xl/") for name in archive.namelist()) else "zip"
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
            raise FileRejected(
                "the file is not a readable archive", found=str(error)[:300], expected="a ZIP or XLSX file",
                advice="the file is truncated or damaged: ask for it again",
            ) from None  # fmt: skip
    if head.startswith(b"PAR1"):
        return "parquet"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "json" if start.startswith((b"{", b"[")) else "csv"


def _checked(declaration: FileDeclaration, tables: Tables) -> tuple[FileDeclaration, Tables]:
    """The tables of a container whose cells may be anything; a CSV file is text already."""
    for _, table in tables:
        table.blocks = only_text(table.blocks)
    return declaration, tables


def _single(declaration: FileDeclaration, table: TextTable) -> tuple[FileDeclaration, Tables]:
    nested = [part.each for part in declaration.parts if part.each is not None]
    if nested:
        raise FileRejected(
            f"the declaration reads a nested list ({nested[0]}), which only JSON has", expected="JSON",
            advice="correct the declaration or the format of the source",
        )  # fmt: skip
    return declaration, [(declaration.parts, unpivoted(table, declaration.unpivot))]


def _zipped(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, Tables]:
    """The CSV files of an archive, all of one kind."""
    archive = zipfile.ZipFile(stream)
    members = [one for one in checked_members(archive) if one.filename.lower().endswith((".csv", ".txt"))]
    if not members:
        raise FileRejected(
            "the archive holds no CSV file", found=", ".join(archive.namelist()[:10]), expected="CSV files",
            advice="files of other formats are read one by one: unpack the archive",
        )  # fmt: skip
    tables: Tables = []
    chosen: FileDeclaration | None = None
    for member in sorted(members, key=lambda one: one.filename):
        part = cast(BinaryIO, archive.open(member))
        declaration, opened = _single(*csv_table(part, candidates))
        if chosen is not None and declaration is not chosen:
            raise FileRejected(
                "the archive holds extracts of several kinds", place=member.filename, expected="one kind an archive",
                advice="ask for one archive an extract",
            )  # fmt: skip
        chosen = declaration
        for _, table in opened:
            table.notes.append(f"read {member.filename}")
        tables += opened
    assert chosen is not None  # noqa: S101  (there is at least one member)
    return chosen, tables
