"""How the rows of one CSV file are cut, and the checks every part of the CSV reader shares."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from ingestion.reading import FileRejected

ROW_BYTES_LIMIT = 1 << 23
csv.field_size_limit(ROW_BYTES_LIMIT)  # of the whole process: Python's own limit is far below a long remittance text


@dataclass(frozen=True)
class Dialect:
    """How the rows of one file are cut."""

    encoding: str
    delimiter: str
    quote: str
    excess_fields: str = "reject"
    footer: tuple[str, ...] = ()


def is_rule(text: str) -> bool:
    """Whether a line is drawn, of strokes alone, as lists for printing have them between their parts."""
    return not text.strip("-=_*+| \t") and any(stroke * 3 in text for stroke in "-=_*")


def check_nul(block: bytes, offset: int) -> None:
    """Raise `FileRejected` at the first NUL byte: the file is binary or damaged."""
    position = block.find(b"\x00")
    if position >= 0:
        raise FileRejected(
            "the file holds a NUL byte: it is binary or damaged",
            place=f"byte {offset + position}",
            found="NUL",
            expected="text",
            advice="ask the sender for the file as text",
        )


def split_rows(lines: TextIO, dialect: Dialect) -> Iterator[list[str]]:
    """Rows by Python's csv module in the same dialect: a quote counts only at the start of a field."""
    if not dialect.quote:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, skipinitialspace=True)
