"""What the reading of an MT940 file finds beside its rows: rejects, warnings, control totals, and the record numbers given."""

from __future__ import annotations

from ingestion.readers.mt94_fields import decode
from ingestion.readers.mt94_statement import RawEntry, Statement
from ingestion.reading import ControlTotal, RecordCounter, Reject
from ingestion.record_columns import unscaled

WARNING_LIMIT = 50


class Findings:
    """Collected over a file; rejects are taken away as they are handed on."""

    def __init__(self, encoding: str | None) -> None:
        self.encoding = encoding
        self.counter = RecordCounter()
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.totals: list[ControlTotal] = []

    def warn(self, text: str) -> None:
        """Note something a person may want to know; of very many the first are kept."""
        if len(self.warnings) < WARNING_LIMIT:
            self.warnings.append(text)
        elif len(self.warnings) == WARNING_LIMIT:
            self.warnings[-1] = "there are more warnings than are listed"

    def reject(
        self, statement: Statement | None, line: int, start: int, end: int, field: str, found: str, expected: str,
        advice: str, place: str = "",
    ) -> None:  # fmt: skip
        """A field of a statement that cannot be used; `found` is one character a byte."""
        self.rejects.append(
            Reject(
                self.counter.next(),
                place or f"{statement.place if statement else 'before the first statement'}, line {line}",
                field,
                decode(found.strip(), self.encoding)[:200],
                expected,
                advice,
                decode(found, self.encoding)[:2000],
                line,
                start,
                end,
            )
        )

    def reject_balance(
        self, statement: Statement | None, tag: str, content: str, start: int, line: int, expected: str
    ) -> None:
        """A balance that cannot be used."""
        self.reject(
            statement, line, start, start + len(tag) + len(content), tag, content, expected,
            "The balance was not loaded. Ask the bank to correct the file.",
        )  # fmt: skip

    def reject_entry(self, statement: Statement, entry: RawEntry, expected: str, amount: int | None = None) -> None:
        """A :61: that cannot be read; the entry counts as rejected."""
        statement.rejected += 1
        number = statement.entries + statement.rejected + len(statement.doubtful)
        self.rejects.append(
            Reject(
                self.counter.next(),
                f"{statement.place}, entry {number}, line {entry.line}",
                ":61:",
                decode(entry.content.strip(), self.encoding)[:200],
                expected,
                "The entry was not loaded; the statement's balances will differ by it. Ask the bank to correct the file.",
                decode(":61:" + entry.content, self.encoding)[:2000],
                entry.line,
                entry.start,
                entry.end,
                None if amount is None else unscaled(abs(amount)),
                statement.currency,
            )
        )
