"""Read bytes by declaration in a test: everything a reader says of a file, by kind."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from decimal import Decimal

from ingestion.readers import reader
from ingestion.reading import FileFacts, FileRejected, Records, Reject
from ingestion.sources import Declaration, SourceConfig

BANK = {
    "delimiter": ";",
    "kind": "bank_entry",
    "constants": {"currency": "EUR"},
    "columns": {"booking_date": "Date", "amount": "Amount", "text": "Text"},
}


@dataclass
class Outcome:
    records: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    facts: FileFacts | None = None
    refused: FileRejected | None = None

    def rows(self, kind: str) -> list[dict[str, object]]:
        return self.records.get(kind, [])

    @property
    def amounts(self) -> list[Decimal]:
        return [row["signed_amount"] for row in self.rows("bank_entry")]  # type: ignore[misc]

    @property
    def texts(self) -> list[object]:
        return [row["text"] for row in self.rows("bank_entry")]


def read(format: str, data: bytes, block: dict[str, object] | None = None, **source: object) -> Outcome:
    config = {"system": "test", "group": "erp", **source}
    if block is not None:
        config["declaration"] = Declaration.model_validate(block)
    chosen = SourceConfig.model_validate(
        {"name": "sample", "title": "sample", "format": format, "path": "x", "owner": "x", **config}
    )
    outcome = Outcome()
    try:
        for event in reader(format).read(io.BytesIO(data), chosen):
            if isinstance(event, Records):
                outcome.records.setdefault(event.kind, []).extend(event.batch.to_pylist())
            elif isinstance(event, Reject):
                outcome.rejects.append(event)
            else:
                outcome.facts = event
    except FileRejected as verdict:
        outcome.refused = verdict
    return outcome


def bank(data: bytes, **changes: object) -> Outcome:
    return read("csv", data, {**BANK, **changes})
