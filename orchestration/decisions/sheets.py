"""Decisions in bulk: a work list goes out as CSV or Excel, comes back with columns filled in, all rows or none are taken.

A row names what it is about by exception_id, decision_id or object_id, and says what is decided in `decision`; rows whose
`decision` is empty are left alone.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from orchestration.decisions.desk import Desk
from orchestration.decisions.log import Draft
from orchestration.decisions.refusal import Refused
from orchestration.workspace import ConfigError

FILLED = ("decision", "with", "difference", "until", "reason")
NAMES = ("exception_id", "decision_id", "object_id")
WORDS = ("confirm", "reject", "match", "unmatch", "write off", "ignore", "undo", "approve", "decline")
SUFFIXES = (".csv", ".xlsx")
_SPREADSHEET_NUMBER = re.compile(r"\d[.,]?\d*E\+?\d+", re.IGNORECASE)
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


@dataclass(frozen=True)
class Row:
    """A row that decides something; `number` as a spreadsheet counts, `cells` by column name, trimmed."""

    number: int
    cells: dict[str, str]

    @property
    def name(self) -> str:
        """What it is about."""
        return next((self.cells[column] for column in NAMES if self.cells.get(column)), "")

    @property
    def others(self) -> list[str]:
        """The items in `with`."""
        return [part.strip() for part in re.split(r"[;\n]", self.cells.get("with", "")) if part.strip()]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be taken, and why."""

    number: int
    refused: Refused


def read_sheet(path: Path) -> tuple[list[Row], str]:
    """The rows of a filled-in work list whose `decision` is not empty, and where they come from: name and hash.

    Raises ConfigError where the file as a whole cannot be one.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: found the ending {path.suffix or '(none)'}, expected {' or '.join(SUFFIXES)}")
    data = path.read_bytes()
    lines = _csv_lines(path, data) if path.suffix.lower() == ".csv" else _excel_lines(path, data)
    header = [_column(cell) for cell in lines[0]] if lines else []
    missing = [name for name in ("decision", "reason") if name not in header]
    if missing or not set(header) & set(NAMES):
        wanted = ", ".join(missing) or f"one of {', '.join(NAMES)}"
        raise ConfigError(
            f"{path}, row 1: no column {wanted}; found {', '.join(header) or 'an empty file'}. Fill in a file that "
            "`tieout decide export` has written, and leave its first row as it is"
        )
    rows = [
        Row(number, dict(zip(header, cells, strict=False)))
        for number, cells in enumerate(lines[1:], start=2)
        if cells and dict(zip(header, cells, strict=False)).get("decision")
    ]
    return rows, f"{path.name} sha256:{hashlib.sha256(data).hexdigest()}"


def decide_rows(desk: Desk, rows: Sequence[Row]) -> tuple[list[Draft], list[BadRow]]:
    """A draft per row, and the rows that cannot be taken."""
    drafts, bad = [], []
    for row in rows:
        try:
            drafts.append(desk.accept(_draft(desk, row), f"row {row.number} of this file"))
        except Refused as refused:
            bad.append(BadRow(row.number, refused))
    return drafts, bad


def _draft(desk: Desk, row: Row) -> Draft:
    word, name, reason = re.sub(r"[\s_-]+", " ", row.cells["decision"]).lower(), row.name, row.cells.get("reason", "")
    if word not in WORDS:
        raise Refused(
            "decision", row.cells["decision"], f"one of {', '.join(WORDS)}", "Leave it empty to decide nothing"
        )
    if not name:
        raise Refused(
            ", ".join(NAMES), "nothing", "what the row is about", "Keep the id columns of the export as they are"
        )
    if _SPREADSHEET_NUMBER.fullmatch(name):
        raise Refused(
            "exception_id", name, "32 hexadecimal digits", "A spreadsheet took the id for a number: export as .xlsx"
        )
    difference = row.cells.get("difference", "").lower().replace(" ", "_") or None
    if word not in ("match",) and row.others:
        raise Refused(
            "with", "; ".join(row.others), f"nothing for {word!r}", "`with` names the items of a match by hand"
        )
    if word == "match":
        if not row.others:
            raise Refused("with", "nothing", "the items it is matched with", "Separate several with a semicolon")
        return desk.match([name, *row.others], reason, difference=difference)
    if word == "write off":
        return desk.write_off([name], reason, difference=difference)
    if word == "ignore":
        return desk.ignore(name, reason, _date(row.cells.get("until", "")))
    made: Draft = getattr(desk, word)(name, reason)
    return made


def _date(text: str) -> date:
    german = _GERMAN_DATE.fullmatch(text)
    try:
        return date(*map(int, german.groups()[::-1])) if german else date.fromisoformat(text[:10])
    except ValueError:
        raise Refused("until", text or "nothing", "a day such as 2026-10-15", "Write year-month-day") from None


def _csv_lines(path: Path, data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")  # how Excel saves a CSV on Windows
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise ConfigError(f"{path}: not a CSV file: {error}") from None


def _excel_lines(path: Path, data: bytes) -> list[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, IndexError) as error:
        raise ConfigError(f"{path}: not an Excel file: {error}") from None
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: object) -> str:
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _column(cell: str) -> str:
    return re.sub(r"[\s_]+", "_", cell.strip().lower())
