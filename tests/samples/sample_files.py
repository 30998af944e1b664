"""The sample files of other projects, and what tieout makes of one."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import pytest

from ingestion.readers import reader
from ingestion.reading import FileFacts, FileRejected, Records, Reject
from ingestion.sources import SourceConfig

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
MANIFEST = SAMPLES / "manifest.tsv"
needs_samples = [
    pytest.mark.samples,
    pytest.mark.skipif(not MANIFEST.exists(), reason=f"no sample files at {SAMPLES}"),
]


class OtherReading(TypedDict, total=False):
    """`independent_read` of the manifest."""

    stmts: int
    entries: int
    flags: dict[str, int]
    st: list[list[object]]  # opening balance, closing balance, entries


@dataclass
class Sample:
    """A file of the manifest; `other` is None where the other reading gave nothing."""

    file: str
    format: str
    other: OtherReading | None

    @property
    def path(self) -> Path:
        return SAMPLES / self.file


@dataclass
class Found:
    """What tieout made of a file."""

    records: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    facts: FileFacts | None = None
    verdict: FileRejected | None = None

    def __getitem__(self, kind: str) -> list[dict[str, object]]:
        return self.records.get(kind, [])


def samples(*formats: str) -> list[Sample]:
    if not MANIFEST.exists():
        return []
    with MANIFEST.open(encoding="utf-8") as stream:
        return [
            Sample(row["file"], row["format"], json.loads(row["independent_read"]) if row["independent_read"] else None)
            for row in csv.DictReader(stream, delimiter="\t")
            if row["format"] in formats
        ]


def read(sample: Sample) -> Found:
    found = Found()
    source = SourceConfig(
        name="x", title="x", system="bank", format=sample.format, path="*", owner="x", group="bank"
    )  # fmt: skip
    try:
        with sample.path.open("rb") as stream:
            for event in reader(sample.format).read(stream, source):
                if isinstance(event, Records):
                    found.records.setdefault(event.kind, []).extend(event.batch.to_pylist())
                elif isinstance(event, Reject):
                    found.rejects.append(event)
                else:
                    found.facts = event
    except FileRejected as verdict:
        found.verdict = verdict
    return found


def assert_can_be_acted_on(found: Found) -> None:
    """A refusal or reject says where, what and what to do; without either there are facts."""
    if found.verdict is not None:
        one = found.verdict
        assert one.reason and one.expected and one.advice
        assert not found.rejects or found.facts is None
    else:
        assert found.facts is not None
    for reject in found.rejects:
        assert reject.place and reject.field and reject.expected and reject.advice
        assert reject.record_number > 0
