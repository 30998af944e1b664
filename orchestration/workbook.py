"""The published workbook: the marts a person works with, one sheet each, as an Excel file.

Money is written as a number only where Excel keeps it exactly (15 significant digits), else as text; nothing is rounded.
Text is never a formula. A mart longer than a sheet says how many rows are left out and where they are.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.run_time import RunTime

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

SHEETS = {
    "exception_queue": "Exceptions",
    "alert": "Alerts",
    "cash_position": "Cash position",
    "cash_outlook": "Cash outlook by week",
    "reconciliation_status": "Reconciliation",
    "open_payables": "Open payables",
    "payment_proposal": "Payment proposal",
    "stale_data": "Stale data",
    "workflow_health": "Workflow health",
    "decision_log": "Decisions",
    "tie_out": "Tie-out",
    "ownership_violation": "Ownership",
    "delivery_log": "Deliveries",
}
MOST_MONEY_FIRST = {"exception_queue", "alert", "open_payables", "payment_proposal"}
# what was refused, then the newest
FIRST_ROWS = {"delivery_log": "status IN ('quarantined', 'conflict', 'partly') DESC, received_at DESC"}
NAMED = {"decision_log"}  # people call these rows by their key
NOT_DONE = {"alert": "status != 'resolved'"}  # a sheet to work from; what is done stays in the mart
WORKED = {"exception_queue", "alert"}
FIRST = (
    "cause", "check_name", "detail", "status", "severity", "entity_id", "account_id", "counterparty_name", "document_number",
    "currency", "amount", "amount_base", "since", "age_days", "owner", "message", "next_step",
)  # fmt: skip
"""What the person who works an exception or an alert reads, in this order; the rest comes after."""
FORECAST = "Cash forecast by week"
AS_GIVEN = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}
"""Options of a workbook: text is text."""
EXCEL_DIGITS = 15
EXCEL_ROWS = 1_048_576
WIDTHS = (8, 60)
_ELSEWHERE = "in marts.duckdb or parquet/"


def exact_in_excel(value: Decimal) -> bool:
    """Whether a spreadsheet, which keeps 15 significant digits, holds this amount as it is."""
    return len(value.normalize().as_tuple().digits) <= EXCEL_DIGITS


def write_workbook(target: Path, database: Path, run_time: RunTime) -> None:
    """Write the workbook from a published database."""
    import xlsxwriter

    with (
        xlsxwriter.Workbook(str(target), AS_GIVEN) as book,
        duckdb.connect(str(database), read_only=True) as connection,
    ):
        book.set_properties({"title": "tieout", "comments": f"as of {run_time.as_of}, run {run_time.run_id}",
                             "created": datetime(run_time.as_of.year, run_time.as_of.month, run_time.as_of.day)})  # noqa: DTZ001  # fmt: skip
        present = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        cover(book, connection, run_time, [name for name in SHEETS if name in present])
        for name, title in SHEETS.items():
            if name in present:
                write_sheet(book, connection, title, _selection(connection, name), f"marts.{name} {_ELSEWHERE}")
        if "cash_forecast" in present:
            write_sheet(
                book, connection, FORECAST,
                "SELECT entity_id, account_id, currency, week, layer, certainty, sum(amount) AS amount FROM marts.cash_forecast "
                "GROUP BY ALL ORDER BY ALL",
                f"marts.cash_forecast {_ELSEWHERE}, added up by week",
            )  # fmt: skip


def cover(book: Workbook, connection: duckdb.DuckDBPyConnection, run_time: RunTime, names: list[str]) -> None:
    """The first sheet: what this is, as of when, and what is on the other sheets."""
    sheet = book.add_worksheet("Overview")
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 2, 60)
    sheet.write_row(0, 0, ["Reconciliation of payables and cash"], bold)
    sheet.write_row(1, 0, ["As of", run_time.as_of.isoformat()])
    sheet.write_row(2, 0, ["Known at (UTC)", run_time.known_at.isoformat(timespec="seconds")])
    sheet.write_row(3, 0, ["Run", run_time.run_id])
    sheet.write_row(5, 0, ["Sheet", "Table", "Rows"], bold)
    for row, name in enumerate(names, start=6):
        count = connection.execute(f'SELECT count(*) FROM marts."{name}" WHERE {NOT_DONE.get(name, "true")}').fetchone()
        sheet.write_url(row, 0, f"internal:'{SHEETS[name]}'!A1", string=SHEETS[name])
        sheet.write_string(row, 1, f"marts.{name}")
        sheet.write_number(row, 2, count[0] if count else 0)


def _selection(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """The query of a mart's sheet: what people read first, the key that machines join by last."""
    columns = [row[0] for row in connection.execute(f'DESCRIBE marts."{name}"').fetchall()]
    key, *others = columns
    first = [column for column in FIRST if column in others] if name in WORKED else []
    if name in NAMED:
        first = [key]
    shown = [*first, *(column for column in (*others, key) if column not in first)]
    order = next((column for column in ("amount_base", "open_amount_base") if column in columns), None)
    leading = f'abs("{order}") DESC NULLS LAST, ' if order and name in MOST_MONEY_FIRST else ""
    if name in FIRST_ROWS:
        leading = f"{FIRST_ROWS[name]}, "
    rows = NOT_DONE.get(name, "true")
    return f'SELECT {", ".join(_quoted(shown))} FROM marts."{name}" WHERE {rows} ORDER BY {leading}"{key}"'


def _quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def write_sheet(book: Workbook, connection: duckdb.DuckDBPyConnection, title: str, sql: str, source: str) -> None:
    """Write the rows of a query as a sheet; `source` says where those beyond what a sheet holds are to be found."""
    sheet = book.add_worksheet(title)
    header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = {
        "money": book.add_format({"num_format": "#,##0.00###;[Red]-#,##0.00###"}),
        # a valued amount has decimals that nobody reads
        "base": book.add_format({"num_format": "#,##0.00;[Red]-#,##0.00"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "share": book.add_format({"num_format": "0.0%"}),
        # an estimate such as a confidence: the value is all there, but who reads nine digits of it
        "estimate": book.add_format({"num_format": "0.0000"}),
    }
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    sheet.write_row(0, 0, [name.replace("_", " ") for name in names], header)
    sheet.freeze_panes(1, 0)
    widths = [len(name) for name in names]
    row = 0
    while rows := cursor.fetchmany(2048):
        for values in rows:
            row += 1
            if row >= EXCEL_ROWS - 1:
                sheet.write_string(row, 0, f"more rows than a sheet holds: see {source}")
                break
            for column, value in enumerate(values):
                shown = _cell(sheet, row, column, value, names[column], formats)
                widths[column] = max(widths[column], shown)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 2, WIDTHS[0]), WIDTHS[1]))
    sheet.autofilter(0, 0, max(row, 1), max(len(names) - 1, 0))


def _cell(sheet: Worksheet, row: int, column: int, value: object, name: str, formats: dict[str, Format]) -> int:
    """Write one value; returns how many characters it shows."""
    if value is None:
        return 0
    if isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no")
        return 3
    if isinstance(value, Decimal):
        if exact_in_excel(value):
            kind = "base" if name.endswith("_base") else "money"
            sheet.write_number(row, column, value, formats[kind])  # a Decimal is written digit for digit
        else:
            sheet.write_string(row, column, format(value.normalize(), "f"))
        return len(f"{value:,.2f}")
    if isinstance(value, int):
        sheet.write_number(row, column, value)
        return len(str(value))
    if isinstance(value, float):
        sheet.write_number(row, column, value, formats["share" if name.endswith("rate") else "estimate"])
        return 8
    if isinstance(value, date) and not isinstance(value, datetime):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats["date"])  # noqa: DTZ001
        return 10
    text = value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else str(value)
    sheet.write_string(row, column, text[:32767])
    return min(len(text), WIDTHS[1])
