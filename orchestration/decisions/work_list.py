"""The work list as a file to fill in: the exception queue of the published run, or the decisions that wait."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.decisions.desk import DIFFERENCES
from orchestration.decisions.log import DecisionLog
from orchestration.decisions.sheets import FILLED, SUFFIXES
from orchestration.decisions.standing import State, standings
from orchestration.publishing import current
from orchestration.workbook import AS_GIVEN, exact_in_excel
from orchestration.workspace import ConfigError, Workspace

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

FOR_CAUSE = {
    "suggested": ("confirm", "reject"), "ambiguous": ("reject",), "possible_same_party": ("confirm", "reject"),
    "difference_to_post": ("write off", "unmatch"),
}  # fmt: skip
FOR_ITEM = ("match", "write off", "ignore")
QUEUE = (
    "exception_id, cause, entity_id, account_id, currency, amount, since, age_days, owner, message, next_step, object_type, "
    "object_id, detail, file_name, decided, ignored_until"
)
WAITING = ("decision_id", "kind", "decided_by", "decided_at", "currency", "amount", "about", "said", "origin")
HINTS = (
    ("decision", "what is decided; leave it empty to decide nothing"),
    (
        "with",
        "for match: the other items, as dataset:id or id, several separated by a semicolon; ITEM=AMOUNT takes a part",
    ),
    ("difference", f"for match and write off, where the sides differ: {', '.join(DIFFERENCES)}"),
    ("until", "for ignore: the first day it counts again, such as 2026-10-15"),
    ("reason", "why, in a few words; an auditor will read it"),
)


def write_queue(
    workspace: Workspace, target: Path, causes: Sequence[str] = (), owner: str | None = None
) -> tuple[int, str]:
    """Write the exception queue (of these causes, of this owner), most money first; what waits for a second person or is set
    aside is left out. Returns its rows and the name of the published run it comes from. Raises ConfigError."""
    _check(target)
    snapshot = current(workspace)
    if snapshot is None:
        raise ConfigError(f"{workspace.published}: nothing is published yet; `tieout run` publishes")
    with duckdb.connect(str(snapshot.database), read_only=True) as connection:
        try:
            cursor = connection.execute(
                f"SELECT {QUEUE} FROM marts.exception_queue WHERE decision_state IS DISTINCT FROM 'waiting' "
                "AND ignored_until IS NULL AND (? = 0 OR cause IN (SELECT unnest(?::VARCHAR[]))) AND (? IS NULL OR owner = ?) "
                "ORDER BY abs(amount_base) DESC NULLS LAST, exception_id",
                [len(causes), list(causes), owner, owner],
            )
        except duckdb.BinderException:
            raise ConfigError(
                f"{snapshot.folder}: published by an older version; `tieout run` publishes anew"
            ) from None
        names = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall()
    _write(target, names, rows, FILLED, snapshot.run)
    return len(rows), snapshot.run


def write_waiting(workspace: Workspace, target: Path) -> int:
    """Write the decisions that wait for a second person, as the log has them now; returns how many. Raises ConfigError."""
    _check(target)
    rows = [
        (one.decision.decision_id, one.decision.kind, one.actor, one.at, one.decision.currency, one.decision.amount,
         one.decision.about, one.decision.reason, one.origin)
        for one in standings(DecisionLog(workspace).entries())
        if one.state == State.WAITING
    ]  # fmt: skip
    _write(target, WAITING, rows, ("decision", "reason"), "the decision log")
    return len(rows)


def _check(target: Path) -> None:
    if target.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{target}: found the ending {target.suffix or '(none)'}, expected {' or '.join(SUFFIXES)}")


def _write(
    target: Path, names: Sequence[str], rows: Sequence[tuple[object, ...]], filled: Sequence[str], origin: str
) -> None:
    if target.suffix.lower() == ".csv":
        _write_csv(target, names, rows, filled)
    else:
        _write_excel(target, names, rows, filled, origin)


def _write_csv(target: Path, names: Sequence[str], rows: Sequence[tuple[object, ...]], filled: Sequence[str]) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, *filled])
        writer.writerows([*(_csv_cell(value) for value in row), *("" for _ in filled)] for row in rows)


def _csv_cell(value: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    text = value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _write_excel(
    target: Path, names: Sequence[str], rows: Sequence[tuple[object, ...]], filled: Sequence[str], origin: str
) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(target), AS_GIVEN) as book:
        sheet = book.add_worksheet("To decide")
        bold = book.add_format({"bold": True, "bottom": 1})
        yours = book.add_format({"bold": True, "bottom": 1, "bg_color": "#FFF2CC"})
        formats = (book.add_format({"num_format": "#,##0.00###"}), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_row(0, 0, names, bold)
        sheet.write_row(0, len(names), filled, yours)
        sheet.freeze_panes(1, 2)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                _write_cell(sheet, number, column, value, formats)
            sheet.data_validation(
                number, len(names), number, len(names),
                {"validate": "list", "source": list(_choices(dict(zip(names, row, strict=True)))), "ignore_blank": True},
            )  # fmt: skip
        for column, name in enumerate([*names, *filled]):
            sheet.set_column(column, column, {"message": 60, "next_step": 40, "about": 60, "reason": 40}.get(name, 16))
        sheet.autofilter(0, 0, max(len(rows), 1), len(names) + len(filled) - 1)
        _explain(book, filled, origin)


def _choices(row: dict[str, object]) -> Sequence[str]:
    """What can be decided about a row."""
    if "decision_id" in row:
        return ("approve", "decline")
    if row["cause"] in FOR_CAUSE:
        return (*FOR_CAUSE[str(row["cause"])], "ignore")
    return FOR_ITEM if row["object_type"] in ("bank_lines", "payments", "open_items") else ("ignore",)


def _write_cell(sheet: Worksheet, row: int, column: int, value: object, formats: tuple[object, object]) -> None:
    if value is None:
        return
    if isinstance(value, Decimal) and exact_in_excel(value):
        sheet.write_number(row, column, value, formats[0])
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats[1])  # noqa: DTZ001
    else:
        text = value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else str(value)
        sheet.write_string(row, column, text[:32767])


def _explain(book: Workbook, filled: Sequence[str], origin: str) -> None:
    sheet = book.add_worksheet("How to")
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 110)
    sheet.write_string(0, 0, "From")
    sheet.write_string(0, 1, origin)
    for row, (name, text) in enumerate((hint for hint in HINTS if hint[0] in filled), start=2):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, text)
    sheet.write_string(8, 1, "Then: tieout decide import THIS_FILE --actor YOUR_NAME. All rows are taken, or none.")
