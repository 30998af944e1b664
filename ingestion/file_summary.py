"""What is in a file: status, counts, statements and rejects, as `tieout read` shows them. Nothing is loaded
anywhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

import pyarrow as pa

from ingestion.contracts import BANK_STATEMENT
from ingestion.currencies import CURRENCIES, minor_units
from ingestion.reading import FileFacts, FileRejected, Reader, Records, Reject
from ingestion.sources import SourceConfig

_MESSAGE = re.compile(r"(camt|pain)\.\d{3}")
_STATEMENT_COLUMNS = [
    "statement_number",
    "account_id",
    "statement_id",
    "electronic_sequence",
    "legal_sequence",
    "page",
    "account_currency",
    "opening_balance",
    "closing_balance",
    "entry_count",
    "net_amount",
    "balance_check",
]


@dataclass
class FileSummary:
    """One file as it was read.

    `status` is `read`, `partly` (some records were rejected) or `rejected` (nothing may be loaded, `reason` says why).
    `records` counts every record of the file, statements, balances, entries and their details alike, rejects included.
    """

    file: str
    format: str | None = None
    version: str | None = None  # what was really read, e.g. camt.053.001.08
    status: str = "read"
    reason: str | None = None
    identity: str | None = None
    records: int = 0
    record_counts: dict[str, int] = field(default_factory=dict)
    rejects: list[dict[str, object]] = field(default_factory=list)
    statements: list[dict[str, object]] = field(default_factory=list)
    control_totals: list[dict[str, object]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The summary as JSON takes it; amounts are decimal strings, exact."""
        return dict(vars(self))


def summarise(
    file: str,
    stream: BinaryIO,
    reader: Reader,
    source: SourceConfig,
    on_records: Callable[[Records], None] | None = None,
) -> FileSummary:
    """Read a file opened for bytes and tell what is in it; never raises for what a file holds.

    `on_records` is given each batch as it is read. An error of the reader itself makes the file `rejected` too: it is
    told with its kind and the place reached, and no record of the file counts as read.
    """
    summary = FileSummary(file, source.format)
    counts: Counter[str] = Counter()
    rejects: list[Reject] = []
    statements: list[dict[str, object]] = []
    facts: FileFacts | None = None
    try:
        for event in reader.read(stream, source):
            if isinstance(event, Records):
                counts[event.kind] += event.batch.num_rows
                if event.kind == BANK_STATEMENT.kind:
                    statements += event.batch.select(_STATEMENT_COLUMNS).to_pylist()
                if on_records is not None:
                    on_records(event)
            elif isinstance(event, Reject):
                rejects.append(event)
            else:
                facts = event
    except FileRejected as verdict:
        return _rejected(summary, verdict)
    except pa.ArrowException as error:
        return _failed(summary, error, counts, rejects)
    except Exception as error:  # whatever a reader trips over, the person asking gets an answer
        return _failed(summary, error, counts, rejects)
    summary.records = counts.total() + len(rejects)
    summary.record_counts = dict(sorted(counts.items()))
    summary.statements = [_statement(row) for row in sorted(statements, key=_number)]
    summary.rejects = [_reject(one) for one in rejects]
    if facts is not None:
        found = _MESSAGE.match(facts.format)
        summary.format = found[0] if found else facts.format
        summary.version = facts.format
        summary.identity = facts.identity
        summary.warnings = list(facts.warnings)
        summary.control_totals = [
            {"name": one.name, "declared": f"{one.declared:f}", "computed": f"{one.computed:f}", "agrees": one.agrees}
            for one in facts.control_totals
        ]
    if rejects and not counts:
        summary.status = "rejected"
        summary.reason = f"none of the {len(rejects)} records of the file can be read"
    elif rejects:
        summary.status = "partly"
        summary.reason = f"{len(rejects)} of {summary.records} records cannot be read"
    return summary


def rejected(file: str, format: str | None, verdict: FileRejected) -> FileSummary:
    """The summary of a file that no reader was tried on."""
    return _rejected(FileSummary(file, format), verdict)


def plain_amount(amount: Decimal | None, currency: str | None) -> str | None:
    """An amount as exact text, with the decimals of its currency and more only where they are not zero."""
    if amount is None:
        return None
    decimals = minor_units(currency) if currency in CURRENCIES and currency is not None else 2
    shortest = amount.normalize()
    exponent = shortest.as_tuple().exponent
    needed = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"{amount:.{max(decimals, needed)}f}"


def _rejected(summary: FileSummary, verdict: FileRejected) -> FileSummary:
    summary.status, summary.reason = "rejected", verdict.reason
    summary.rejects = [
        {
            "place": verdict.place or "file",
            "found": verdict.found,
            "expected": verdict.expected,
            "advice": verdict.advice,
        }
    ]
    return summary


def _failed(summary: FileSummary, error: Exception, counts: Counter[str], rejects: list[Reject]) -> FileSummary:
    done = counts.total() + len(rejects)
    return _rejected(
        summary,
        FileRejected(
            f"the file cannot be read: {type(error).__name__}: {error}"[:400],
            place=f"after record {done}" if done else "start of the file",
            found=type(error).__name__,
            expected=f"a file that the reader of {summary.format} can follow",
            advice="this is a fault of the reader: report it with the file's first lines",
        ),
    )


def _number(row: dict[str, object]) -> int:
    number = row["statement_number"]
    return number if isinstance(number, int) else 0


def _statement(row: dict[str, object]) -> dict[str, object]:
    currency = row["account_currency"]
    code = currency if isinstance(currency, str) else None

    def money(column: str) -> str | None:
        value = row[column]
        return plain_amount(value if isinstance(value, Decimal) else None, code)

    sequence = row["electronic_sequence"]
    return {
        "account": row["account_id"],
        "statement_id": row["statement_id"],
        "sequence": row["legal_sequence"] if sequence is None else sequence,
        "page": row["page"],
        "currency": code,
        "opening_balance": money("opening_balance"),
        "closing_balance": money("closing_balance"),
        "entries": row["entry_count"],
        "net": money("net_amount"),
        "balance_check": row["balance_check"],
    }


def _reject(one: Reject) -> dict[str, object]:
    return {
        "place": one.place,
        "field": one.field,
        "found": one.found,
        "expected": one.expected,
        "advice": one.advice,
        "amount": plain_amount(one.amount, one.currency),
        "currency": one.currency,
    }
