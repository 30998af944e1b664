"""MT940 customer statements and MT942 interim reports, as SWIFT defines them and as banks send them.

The file is cut into fields three megabytes at a time (`mt94_cut`). The walk (`mt94_walk`) finds the statement and entry each field
belongs to. What is written as the standard has it is read many at once: statements (`mt94_plain_statements`,
`mt94_statement_columns`) and entries (`mt94_plain`, `mt94_bulk`). All others are read with care, one by one (`mt94_entry`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from ingestion.contracts import BANK_BALANCE, BANK_ENTRY, BANK_ENTRY_DETAIL, BANK_STATEMENT
from ingestion.readers.mt94_bulk import BulkEntries
from ingestion.readers.mt94_cut import field_chunks
from ingestion.readers.mt94_statement_columns import TakenStatements
from ingestion.readers.mt94_walk import Walk
from ingestion.reading import FileFacts, FileRejected, Reader, ReaderEvent
from ingestion.record_columns import merged_records
from ingestion.sources import SourceConfig


class MtReader:
    """Reads MT940, MT941, MT942 and MT950; `format` decides only what a message without header and balances is."""

    version = "1"
    kinds = (BANK_STATEMENT.kind, BANK_BALANCE.kind, BANK_ENTRY.kind, BANK_ENTRY_DETAIL.kind)

    def __init__(self, format: str) -> None:
        self.format = format

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Statements, balances, entries and one detail an entry; see `ingestion.reading.Reader`.

        Options: `encoding` (default UTF-8, else Windows-1252), `currency` for files that state none. Raises `FileRejected`
        for a file without a field, with NUL bytes, with a field beyond 256 kB, or cut off inside a SWIFT envelope.
        """
        encoding, currency = source.options.get("encoding"), source.options.get("currency")
        walk = Walk(
            self.format,
            encoding if isinstance(encoding, str) else None,
            currency if isinstance(currency, str) else None,
        )
        for chunk in field_chunks(stream):
            taken, bulk = walk.chunk(chunk)
            if chunk.is_last:
                walk.finish(chunk.offset + len(chunk.data))
                _check_complete(walk, chunk.first_line + len(chunk.line_ends))
            yield from _rows(walk, taken, bulk)
        findings = walk.findings
        yield FileFacts(
            "+".join(sorted(walk.formats)) or self.format,
            None,
            walk.created_at,
            tuple(findings.totals),
            tuple(findings.warnings),
        )


def _rows(walk: Walk, taken: TakenStatements, bulk: BulkEntries) -> Iterator[ReaderEvent]:
    """What a chunk brought, in the order of the contracts."""
    output = walk.output
    statements, balances = taken.records()
    entries, details = bulk.records()
    yield from merged_records(statements, output.statements)
    yield from merged_records(balances, output.balances)
    yield from merged_records(entries, output.entries)
    yield from merged_records(details, output.details)
    yield from walk.findings.rejects
    walk.findings.rejects = []


def _check_complete(walk: Walk, last_line: int) -> None:
    if not walk.statements:
        raise FileRejected(
            "no MT940 or MT942 statement in the file",
            expected="fields such as :20:, :25:, :60F:, :61: at the start of a line",
            advice="Check that the source's format fits the file.",
        )
    if walk.envelope:
        raise FileRejected(
            "the file is cut off: its last SWIFT message is not closed",
            place=f"line {last_line}",
            found="the end of the file",
            expected="-} after the last field",
            advice="Ask the bank to send the file again.",
        )


READERS: dict[str, Reader] = {"mt940": MtReader("mt940"), "mt942": MtReader("mt942")}
