"""A small workspace for the tests of the shell: one company, one account, MT940 statements written by hand."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from orchestration.workspace import Workspace

COMPANY = """\
name: Small Group
base_currency: EUR
timezone: Europe/Berlin
entities:
  - {id: DE, name: Small GmbH, country: DE, currency: EUR, erp: sap, company_code: "1000"}
accounts:
  - {id: DE-EUR, name: Main, entity: DE, bank: Testbank, currency: EUR, iban: DE89370400440532013000, timezone: Europe/Berlin}
"""
SOURCES = """\
sources:
  - {name: testbank, title: Testbank statements, system: bank, format: mt940, path: "testbank/*.sta", owner: treasury,
     group: bank, arrival: {calendar: TARGET2, by: "08:00", timezone: Europe/Berlin}}
"""


def small_workspace(root: Path, sources: str = SOURCES) -> Workspace:
    """The workspace at `root`, with empty landing."""
    workspace = Workspace(root)
    workspace.config.mkdir(parents=True)
    workspace.landing.mkdir()
    (workspace.config / "company.yml").write_text(COMPANY, encoding="utf-8")
    (workspace.config / "sources.yml").write_text(sources, encoding="utf-8")
    return workspace


def mt940(number: int, day: str, opening: str, *amounts: str) -> str:
    """A statement of DE-EUR: `day` as YYMMDD, amounts in cents with sign; the closing balance follows from them."""
    closing = int(opening) + sum(int(amount) for amount in amounts)
    lines = [
        ":20:STMT",
        ":25:DE89370400440532013000",
        f":28C:{number}/1",
        f":60F:{_mark(int(opening))}{day}EUR{_comma(int(opening))}",
    ]
    for index, amount in enumerate(amounts, start=1):
        lines.append(
            f":61:{day}{day[2:]}{_mark(int(amount))}{_comma(int(amount))}NTRFREF{number}{index}//BANK{number}{index}"
        )
        lines.append(f":86:Invoice {number}-{index}")
    lines.append(f":62F:{_mark(closing)}{day}EUR{_comma(closing)}")
    return "\r\n".join(lines) + "\r\n"


def _mark(cents: int) -> str:
    return "D" if cents < 0 else "C"


def _comma(cents: int) -> str:
    return f"{abs(cents) // 100},{abs(cents) % 100:02d}"


def land(workspace: Workspace, name: str, content: str | bytes, received_at: str) -> Path:
    """Put a file into landing/ as it arrived at `received_at` (ISO, UTC)."""
    path = workspace.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    moment = datetime.fromisoformat(received_at).replace(tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path
