"""A sheet of an XLSX file cut into a table of text: cells as the sender's program last showed them.

Formulas are never evaluated: their cached value is read, and that is reported. A number is written with the 15 digits
the format guarantees, in the notation its column is declared with; a number that needs more has lost digits at the
sender and makes its row a bad row. Dates are written in ISO 8601. The file is measured before it is opened: a sheet
that would unfold to more than a bounded number of cells or bytes is refused.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

import polars as pl

from ingestion.declaration import Column, FileDeclaration, Mapping_
from ingestion.declaration_fit import best_fit, is_header, missing_columns, read_columns
from ingestion.readers.text_table import (
    HEADER_LINES,
    LINE,
    PLACE,
    SHOWN_TEXT,
    BadRow,
    TextBlock,
    TextTable,
    same_name,
    unique_names,
)
from ingestion.readers.zip_archive import ARCHIVE_LIMIT, bounded_parts
from ingestion.reading import FileRejected

_LIST_CELLS = 3  # that a row of a list has at least
CELL_LIMIT = 30_000_000
EXACT_LIMIT = 10**15
BLOCK_ROWS = 20_000
Cell = int | float | str | bool | date | datetime | time | timedelta
_REFERENCE = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{1,9})?(\d{1,18}|&)""")
_DOCUMENT_TYPE, _XML = b"<!DOCTYPE", (".xml", ".rels")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")


def xlsx_table(stream: BinaryIO, candidates: Sequence[FileDeclaration]) -> tuple[FileDeclaration, TextTable]:
    """The table of a sheet and the declaration it is for; raises `FileRejected` where no sheet fits, or it is
    refused."""
    formulas = _measure(stream)
    rows_of = _rows_of(stream, candidates)
    fitting: list[tuple[FileDeclaration, str, int]] = []
    for declaration in candidates:
        for name in [declaration.sheet] if declaration.sheet else list(rows_of):
            position = _header(rows_of.get(name, []), declaration)
            if position is not None:
                fitting.append((declaration, name, position))
    if not fitting:
        raise _no_header(rows_of, candidates)
    counts = [(one, read_columns(one, _texts(rows_of[name][position]))) for one, name, position in fitting]
    chosen = best_fit(counts, _texts(rows_of[fitting[0][1]][fitting[0][2]]))
    declaration, name, position = fitting[chosen]
    others = [sheet for one, sheet, _ in fitting if one is declaration and sheet != name]
    if others:
        raise FileRejected(
            "several sheets have the declared columns", place="sheets", found=", ".join([name, *others]),
            expected="one sheet", advice="name it: `sheet: ...` of the declaration",
        )  # fmt: skip
    rows = rows_of[name]
    effective = _with_iso(declaration)
    names = () if declaration.header is False else unique_names(_texts(rows[position]))
    names = names or unique_names([""] * max(map(len, rows)))
    above = tuple(tuple(text.strip() for text in _texts(row)) for row in rows[:position])
    start = position if declaration.header is False else position + 1
    notes = (
        [f"{formulas} cells hold formulas: the value the sender's program last computed is read"] if formulas else []
    )
    return effective, TextTable(names, _blocks(rows, start, names, effective), above, notes, "row")


def _rows_of(stream: BinaryIO, candidates: Sequence[FileDeclaration] | None) -> dict[str, list[list[Cell]]]:
    """The rows of the sheets that are asked for, or of all."""
    from python_calamine import CalamineError, CalamineWorkbook

    stream.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(stream)
        names = workbook.sheet_names if candidates is None else _wanted(workbook.sheet_names, candidates)
        return {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}
    except (CalamineError, OSError, ValueError) as error:
        raise FileRejected(
            "the file is not a readable XLSX workbook",
            found=str(error)[:300],
            expected="an XLSX file without a password",
            advice="the file is damaged, protected or of an older format: ask the sender for it again",
        ) from None


def sheet_texts(stream: BinaryIO) -> list[list[str]]:
    """The cells of a workbook's sheet that holds its list, as text: of several, the first of those with most rows of a list.

    Raises `FileRejected` where the workbook cannot be opened.
    """
    _measure(stream)
    rows_of = _rows_of(stream, None)
    rows = max(rows_of.values(), key=lambda rows: sum(_is_wide(row) for row in rows), default=[])
    return [_texts(row) for row in rows]


def _is_wide(row: Sequence[Cell]) -> bool:
    """Whether a row has the cells of a list (day, amount, text), as a cover sheet's have not."""
    return sum(cell not in ("", None) for cell in row) >= _LIST_CELLS


def _wanted(names: Sequence[str], candidates: Sequence[FileDeclaration]) -> list[str]:
    asked = {one.sheet for one in candidates if one.sheet}
    missing = sorted(asked - set(names))
    if missing and len(candidates) == 1:
        raise FileRejected(
            f"the workbook has no sheet {missing[0]!r}", place="sheets", found=", ".join(names),
            expected=missing[0], advice="correct `sheet` of the declaration",
        )  # fmt: skip
    return list(names) if any(one.sheet is None for one in candidates) else [name for name in names if name in asked]


def _measure(stream: BinaryIO) -> int:
    """Refuse what would unfold to too much; returns how many formulas the sheets hold."""
    formulas = 0
    cells = 0
    try:
        with zipfile.ZipFile(stream) as archive:
            for name, part in bounded_parts(archive, ARCHIVE_LIMIT):
                is_sheet = name.startswith("xl/worksheets/")
                rows = columns = 0
                tail = b""
                for chunk in part:
                    block = tail + chunk
                    tail = block[-64:]
                    if _DOCUMENT_TYPE in block and name.endswith(_XML):
                        raise FileRejected(
                            "a part of the workbook has a document type", place=name, found="<!DOCTYPE",
                            expected="XML without one", advice="the file is damaged or hostile: no spreadsheet program writes it",
                        )  # fmt: skip
                    if not is_sheet:
                        continue
                    formulas += len(_FORMULA.findall(block)) - len(_FORMULA.findall(tail))
                    for letters, digits in _REFERENCE.findall(block):
                        if digits == b"&" or len(digits) > 7 or len(letters) > 3:
                            cells = CELL_LIMIT + 1
                            break
                        rows = max(rows, int(digits))
                        columns = max(columns, _column(letters))
                    cells = max(cells, rows * columns)
                    if cells > CELL_LIMIT:
                        raise FileRejected(
                            f"a sheet spans more than {CELL_LIMIT} cells", place=name,
                            found=f"{rows} rows, {columns} columns",
                            expected="an extract", advice="the file is damaged or hostile",
                        )  # fmt: skip
                formulas += len(_FORMULA.findall(tail)) if is_sheet else 0
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise FileRejected(
            "the file is not a readable XLSX workbook", found=str(error)[:300], expected="an XLSX file",
            advice="the file is truncated or damaged: ask for it again",
        ) from None  # fmt: skip
    return formulas


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _header(rows: Sequence[Sequence[Cell]], declaration: FileDeclaration) -> int | None:
    if declaration.header is False:
        return next((number for number, row in enumerate(rows) if any(cell != "" for cell in row)), None)
    for number, row in enumerate(rows[:HEADER_LINES]):
        if is_header(declaration, _texts(row)):
            return number
    return None


def _no_header(rows_of: Mapping[str, Sequence[Sequence[Cell]]], candidates: Sequence[FileDeclaration]) -> FileRejected:
    nearest = max(
        ((one, _texts(row)) for one in candidates for rows in rows_of.values() for row in rows[:HEADER_LINES]),
        key=lambda pair: read_columns(*pair),
        default=(candidates[0], []),
    )
    return FileRejected(
        f"no row with the declared columns in the first {HEADER_LINES} rows of a sheet",
        place="header",
        found=f"nearest row: {', '.join(text for text in nearest[1] if text)[:SHOWN_TEXT]}",
        expected="missing there: " + "; ".join(missing_columns(*nearest) or ("any declared column",)),
        advice="the sender changed the layout, or the declaration names sheet or columns otherwise",
    )


def _texts(row: Sequence[Cell]) -> list[str]:
    """The cells of a row that may be a header: a number that is not exact is no name."""
    return [
        str(cell) if isinstance(cell, float) and abs(cell) >= EXACT_LIMIT else _text(cell, ".") or "" for cell in row
    ]


def _text(cell: Cell, mark: str) -> str | None:
    """A cell as text; None where it is empty. Raises `ValueError` where a number has more digits than the format
    holds."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float | int):
        if abs(cell) >= EXACT_LIMIT:
            raise ValueError(f"the number {cell!r}, of more than 15 digits")
        text = f"{cell:.15g}"
        if "e" in text:
            text = f"{cell:.20f}".rstrip("0").rstrip(".")
        return text.replace(".", mark)
    if isinstance(cell, datetime):
        return cell.isoformat(sep="T") if cell.time() != time() else cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _blocks(
    rows: Sequence[Sequence[Cell]], start: int, names: tuple[str, ...], declaration: FileDeclaration
) -> Iterator[TextBlock]:
    marks = [_mark(name, declaration) for name in names]
    ended = False
    for first in range(start, len(rows), BLOCK_ROWS):
        cells: list[list[str | None]] = []
        lines: list[int] = []
        bad: list[BadRow] = []
        blank = footer = 0
        for number, row in enumerate(rows[first : first + BLOCK_ROWS], first + 1):
            try:
                texts = [_text(cell, mark) for cell, mark in zip(row, marks, strict=False)]
            except ValueError as error:
                advice = "the sender's program has lost digits: ask for the column as text"
                shown = " | ".join(str(cell) for cell in row)[:SHOWN_TEXT]
                bad.append(BadRow(number, str(error), "a number of at most 15 digits", advice, shown))
                continue
            if not any(text and text.strip() for text in texts):
                blank += 1
                continue
            opening = next(text for text in texts if text).strip()
            ended = ended or (bool(declaration.footer) and opening.startswith(declaration.footer))
            if ended:
                footer += 1
                continue
            cells.append(texts + [None] * (len(names) - len(texts)))
            lines.append(number)
        frame = pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String), orient="row") if cells else pl.DataFrame()
        if cells:
            places = pl.DataFrame({LINE: lines}, schema={LINE: pl.Int64})
            others = [pl.lit(None, pl.Int64).alias(name) for name in PLACE if name != LINE]
            frame = frame.hstack(places).with_columns(others)
        yield TextBlock(frame, tuple(bad), blank, footer)


def _mark(name: str, declaration: FileDeclaration) -> str:
    """The decimal mark a column is declared with: a numeric cell has none of its own and is written to fit."""
    for part in declaration.parts:
        for column in part.columns.values():
            if any(same_name(source) == same_name(name) for source in column.sources):
                return (column.numbers or declaration.numbers).mark
    return declaration.numbers.mark


def _with_iso(declaration: FileDeclaration) -> FileDeclaration:
    """The declaration with ISO 8601 among its date formats: cells that are real dates are written so."""

    def formats(given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return given if given is None or "iso" in given else (*given, "iso")

    def column(one: Column) -> Column:
        return one.model_copy(update={"dates": formats(one.dates), "timestamps": formats(one.timestamps)})

    def part(one: Mapping_) -> Mapping_:
        return one.model_copy(update={"columns": {name: column(value) for name, value in one.columns.items()}})

    changed = declaration.model_copy(
        update={
            "dates": formats(declaration.dates),
            "timestamps": formats(declaration.timestamps),
            "columns": {name: column(value) for name, value in declaration.columns.items()},
            "mappings": tuple(part(one) for one in declaration.mappings),
        }
    )
    changed.__dict__.pop("parts", None)  # what was cached of the original
    return changed


iso_dates_too = _with_iso
