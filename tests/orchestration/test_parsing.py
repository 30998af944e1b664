"""Several files are read at once where that pays, and what comes of them is the same, in the same order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_workspace import land, mt940, small_workspace

from ingestion.readers import reader
from orchestration import parsing
from orchestration.landing import LandedFile, archive, landed
from orchestration.parsing import Parsed, parse_all
from orchestration.warehouse import connect
from orchestration.workspace import Workspace


def statements(tmp_path: Path) -> tuple[Workspace, list[LandedFile]]:
    """Three statements; the second is none."""
    workspace = small_workspace(tmp_path / "small")
    for day in (1, 2, 3):
        text = mt940(day, f"26090{day}", "100000", *["-2500"] * day)
        land(workspace, f"testbank/{day}.sta", "no statement" if day == 2 else text, f"2026-09-0{day}T06:00:00")
    (source,) = workspace.sources().sources
    with connect(workspace.warehouse) as connection:
        return workspace, landed(connection, workspace, source, datetime(2026, 12, 31, tzinfo=UTC))


def told(parsed: Parsed) -> object:
    failure = parsed.failure and (parsed.failure.reason, parsed.failure.place, parsed.failure.advice)
    batches = {kind: [batch.to_pylist() for batch in batches] for kind, batches in parsed.batches.items()}
    return parsed.file, parsed.archived, batches, parsed.rejects, parsed.facts, failure


def test_files_read_in_processes_of_their_own_are_as_read_here(tmp_path: Path) -> None:
    workspace, files = statements(tmp_path)
    (source,) = workspace.sources().sources
    copies = [archive(workspace, file) for file in files]
    here = [told(one) for one in parse_all(files, copies, source, reader("mt940"), workers=0)]
    apart = [told(one) for one in parse_all(files, copies, source, reader("mt940"), workers=2)]
    assert apart == here and len(here) == 3
    assert [one.failure is not None for one in parse_all(files, copies, source, reader("mt940"))] == [
        False,
        True,
        False,
    ]


def test_processes_are_started_only_for_much_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, files = statements(tmp_path)
    (source,) = workspace.sources().sources
    copies = [archive(workspace, file) for file in files]
    monkeypatch.setattr(parsing, "ProcessPoolExecutor", lambda *_, **__: pytest.fail("processes for three small files"))
    assert len(list(parse_all(files, copies, source, reader("mt940")))) == 3
    monkeypatch.setattr(parsing, "PAYS_FROM_BYTES", 1)
    with pytest.raises(pytest.fail.Exception, match="processes"):
        list(parse_all(files, copies, source, reader("mt940")))
