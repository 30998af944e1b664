"""What is measured: files in the shapes banks send, each with the least a pass over its bytes costs and the bar of its format.

`COURSES` are the formats, `SHAPES` the ways in which files of a format differ: many small statements, long or coded texts, details
in details, continuation lines. A bar holds for every shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

import bai2.bai2
import mt940
import polars as pl
from pyiso20022.camt import camt_053_001_08
from pyiso20022.pain import pain_001_001_09
from xsdata.formats.dataclass.parsers import XmlParser

from benchmarks.readers import shape_files as shapes
from benchmarks.readers import written_files as files

Way = Callable[[Path], object]


@dataclass(frozen=True)
class Course:
    """A format on its file: what is measured beside its reader, and the ratio that is the bar."""

    title: str
    format: str
    bar: float | None  # None: no bar is set
    write: Callable[[Path, float], object]  # the file, of a size in units of the usual
    floor: Way
    package: tuple[str, Way] | None = None
    block: dict[str, object] | None = None


def expat_pass(path: Path) -> None:
    with path.open("rb") as stream:
        expat.ParserCreate().ParseFile(stream)


def line_pass(begin: bytes) -> Way:
    def look(path: Path) -> int:
        found = 0
        with path.open("rb") as stream:
            for line in stream:
                if line.startswith(begin):
                    found += 1
        return found

    return look


def schema_model(document: type) -> Way:
    return lambda path: XmlParser().parse(path, document)


def polars_text(path: Path) -> int:
    return pl.read_csv(path.read_bytes(), separator=";", infer_schema=False).height


COURSES = (
    Course(
        "camt.053", "camt.053", 6,
        lambda path, size: files.write_camt(path, entries=int(10_000 * size)), expat_pass,
        ("pyiso20022", schema_model(camt_053_001_08.Document)),
    ),
    Course(
        "pain.001", "pain.001", None,
        lambda path, size: files.write_pain001(path, int(10_000 * size)), expat_pass,
        ("pyiso20022", schema_model(pain_001_001_09.Document)),
    ),
    Course(
        "MT940", "mt940", 15,
        lambda path, size: files.write_mt940(path, int(60_000 * size)), line_pass(b":"),
        ("mt-940", lambda path: mt940.parse(path.read_text("ascii"))),
    ),
    Course(
        "BAI2", "bai2", 5,
        lambda path, size: files.write_bai2(path, int(200_000 * size)), line_pass(b"16,"),
        ("bai2", lambda path: bai2.bai2.parse_from_string(path.read_text("ascii"))),
    ),
    Course(
        "CSV, bank, no quotes", "csv", 3,
        lambda path, size: path.write_bytes(files.bank_csv(int(200_000 * size), quoted=False)), polars_text,
        block=files.BANK,
    ),
    Course(
        "CSV, bank, quoted texts", "csv", 3,
        lambda path, size: path.write_bytes(files.bank_csv(int(200_000 * size), quoted=True)), polars_text,
        block=files.BANK,
    ),
    Course(
        "CSV, SAP line items", "sap_line_items", 3,
        lambda path, size: path.write_bytes(files.sap_csv(int(200_000 * size))), polars_text,
    ),
)  # fmt: skip


def _mt940(title: str, statement: int, **given: tuple[str, ...]) -> Course:
    return Course(
        f"MT940, {title}", "mt940", 15,
        lambda path, size: shapes.write_mt940(path, int(20_000 * size), statement, **given), line_pass(b":"),
    )  # fmt: skip


def _camt(title: str, format: str, write: Callable[[Path, int], object], entries: int) -> Course:
    return Course(f"{format}, {title}", format, 6, lambda path, size: write(path, int(entries * size)), expat_pass)


def _bai2(title: str, account: int, **given: int) -> Course:
    return Course(
        f"BAI2, {title}", "bai2", 5,
        lambda path, size: shapes.write_bai2(path, int(60_000 * size), account, **given), line_pass(b"16,"),
    )  # fmt: skip


def _csv(title: str, rows: Callable[[int], bytes], block: dict[str, object]) -> Course:
    return Course(
        f"CSV, {title}",
        "csv",
        3,
        lambda path, size: path.write_bytes(rows(int(200_000 * size))),
        polars_text,
        block=block,
    )


SHAPES = (
    _mt940("statements of ten", 10),
    _mt940("statements of one", 1),
    _mt940("statements of none", 0),
    _mt940("subfields ?20 to ?29", 100, notes=shapes.GERMAN),
    _mt940("code words in slashes", 100, notes=shapes.SLASHES),
    _mt940("six lines of text", 100, notes=shapes.FREE),
    _mt940("no :86:", 100, notes=("",)),
    _mt940("second line, text", 100, seconds=shapes.SECOND_TEXT),
    _mt940("second line, account", 100, seconds=shapes.SECOND_ACCOUNT),
    _mt940("second line, foreign", 100, seconds=shapes.SECOND_FOREIGN),
    _camt("statements of ten", "camt.053", shapes.write_camt_statements, 10_000),
    _camt("batches of fifty", "camt.053", shapes.write_camt_batches, 200),
    _camt("notifications", "camt.054", shapes.write_camt054, 10_000),
    _bai2("accounts of ten", 10),
    _bai2("accounts of one", 1),
    _bai2("three records 88", 1000, continuations=3),
    _bai2("balances only", 0),
    _csv("debits and credits", shapes.csv_sides, shapes.BANK_SIDES),
    _csv("several accounts", shapes.csv_accounts, shapes.BANK_ACCOUNTS),
)
