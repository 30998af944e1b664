"""BAI2 cash management reports: groups, accounts, their balances and transactions, all control totals proven.

A chunk of the file is cut into records (`bai2_lines`), its transactions (`bai2_details`) and plain accounts (`bai2_accounts`) into
fields. The order and totals of the records are proven (`bai2_walk`); accounts (`bai2_account_columns`) and transactions
(`bai2_entries`) become rows all at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from ingestion.contracts import BANK_BALANCE, BANK_ENTRY, BANK_STATEMENT
from ingestion.currencies import CURRENCIES
from ingestion.readers.bai2_details import details
from ingestion.readers.bai2_entries import entry_records
from ingestion.readers.bai2_lines import Cutter, chunks
from ingestion.readers.bai2_walk import Walk
from ingestion.reading import FileFacts, Reader, ReaderEvent
from ingestion.sources import SourceConfig

_DEFAULT_CURRENCY = "USD"  # BAI2: where neither group nor account names one


class Bai2Reader:
    """BAI2, prior day (statements) and same day (reports)."""

    format = "bai2"
    version = "1"
    kinds = (BANK_STATEMENT.kind, BANK_BALANCE.kind, BANK_ENTRY.kind)

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Statements, balances and entries; see `ingestion.reading.Reader`.

        Options: `currency` where neither group nor account names one (BAI2 says USD). Raises `FileRejected` where records
        stand out of order, a trailer is missing, or a control total or record count is wrong.
        """
        given = source.options.get("currency")
        walk = Walk(given if isinstance(given, str) and given in CURRENCIES else _DEFAULT_CURRENCY)
        cutter = Cutter()
        for raw, offset in chunks(stream):
            lines = cutter.cut(raw, offset)
            found = details(lines)
            walked = walk.chunk(lines, found)
            entries, rejects = entry_records(lines, found, walked.segments, walked.place)
            if entries is not None:
                yield entries
            yield from walk.rows.flush(walked.taken.statements(walk.file_id, walk.created_at), walked.taken.balances())
            yield from walk.rejects
            yield from rejects
            walk.rejects = []
        walk.finish()
        yield FileFacts("bai2", walk.file_id, walk.created_at, tuple(walk.controls), tuple(walk.warnings))


READERS: dict[str, Reader] = {"bai2": Bai2Reader()}
