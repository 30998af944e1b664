"""Hostile files, format by format: refused or made harmless, for little memory and time.

Archives that leave their folder or unfold to too much are in `test_declared_bank_csv`, names of remote files in
`test_transfers`, formulas on their way out in `test_publishing` and `test_decide`.
"""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable

import polars as pl
import pytest
import xlsxwriter
from declared_files import BANK, bank, read

from ingestion.readers import reader, zip_archive
from ingestion.reading import FileRejected
from ingestion.sources import Declaration, SourceConfig

LINE_BYTES = 100_000_000
TABLE = {key: value for key, value in BANK.items() if key != "delimiter"}
LAUGHS = "".join(f"<!ENTITY b{n} '&b{n - 1};&b{n - 1};'>" for n in range(1, 40))
DOCUMENT_TYPES = {
    "document type": "<!DOCTYPE a>",
    "entity bomb": f"<!DOCTYPE a [<!ENTITY b0 'bb'>{LAUGHS}]>",
    "external entity": "<!DOCTYPE a [<!ENTITY b39 SYSTEM 'file:///etc/passwd'>]>",
    "external definition": "<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'>",
    "parameter entity": "<!DOCTYPE a [<!ENTITY % b SYSTEM 'file:///etc/passwd'> %b;]>",
}  # fmt: skip
ROOTS = {
    "camt.052": "BkToCstmrAcctRpt", "camt.053": "BkToCstmrStmt", "camt.054": "BkToCstmrDbtCdtNtfctn", "pain.001": "CstmrCdtTrfInitn",
    "pain.002": "CstmrPmtStsRpt", "pain.008": "CstmrDrctDbtInitn",
}  # fmt: skip


def opening(format: str) -> str:
    """How a message begins, up to where the text of its identifier would stand."""
    header = f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:{format}.001.03'><{ROOTS[format]}><GrpHdr><MsgId>"
    return f"<?xml version='1.0'?>\n{header}"


class Endless(io.RawIOBase):
    """A beginning, and then one letter over and over, up to 100 MB; it counts how much of it was asked for."""

    def __init__(self, begin: bytes) -> None:
        self._begin, self._at, self.asked = begin, 0, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, to: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: LINE_BYTES}[whence] + to
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = max(0, min(len(buffer), LINE_BYTES - self._at))
        start = self._begin[self._at : self._at + size]
        buffer[:size] = start + b"x" * (size - len(start))
        self._at += size
        self.asked = max(self.asked, self._at)
        return size


def refusal(format: str, stream: io.BufferedReader | io.BytesIO) -> FileRejected:
    block = (
        Declaration.model_validate(BANK if format == "csv" else TABLE) if format in ("csv", "json", "xlsx") else None
    )
    source = SourceConfig(
        name="bank", title="Bank", system="bank", format=format, path="*", owner="x", group="bank", declaration=block
    )
    with pytest.raises(FileRejected) as verdict:
        list(reader(format).read(stream, source))
    assert verdict.value.reason and verdict.value.expected and verdict.value.advice
    return verdict.value


MT = ":20:R\n:25:1\n:28C:1\n:60F:C260301EUR0,\n:61:260310C1,NTRFX\n:86:"
BAI = "01,S,R,260401,0600,1,80,,2/\n02,R,S,1,260331,2400,USD,2/\n03,1,USD,010,0,,/\n16,475,100,Z,"
LONG_LINES = {
    **{format: opening(format) for format in ROOTS},
    "mt940": MT, "mt942": MT, "bai2": BAI, "ofx": "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>", "nacha": "101 ",
}  # fmt: skip


@pytest.mark.parametrize("format", LONG_LINES)
def test_of_a_line_of_100_mb_little_is_read(format: str) -> None:
    stream = Endless(LONG_LINES[format].encode())
    refusal(format, io.BufferedReader(stream))
    assert stream.asked <= 24 << 20


def test_a_row_of_100_mb_is_refused() -> None:
    """The file is looked through once before, piece by piece, for its encoding and for NUL bytes."""
    stream = Endless(b"Date;Amount;Text\n2026-01-01;1;")
    tracemalloc.start()
    try:
        assert "longer than 8 MB" in refusal("csv", io.BufferedReader(stream)).reason
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("format", "begin", "verdict"),
    [
        ("json", '[{"Text":"', "longer than 8 MB"),
        ("hub_log", '{"event":"', "longer than 8 MB"),
        ("json", '[{"Amount":1', "not JSON"),
    ],
)
def test_a_json_value_of_100_mb_is_refused_before_it_is_one(format: str, begin: str, verdict: str) -> None:
    stream = Endless(begin.encode())
    assert verdict in refusal(format, io.BufferedReader(stream)).reason
    assert stream.asked <= 24 << 20


@pytest.mark.parametrize("kind", DOCUMENT_TYPES)
@pytest.mark.parametrize("format", [*ROOTS, "ofx"])
def test_a_document_type_is_refused_whatever_it_holds(format: str, kind: str) -> None:
    if format == "ofx":
        text = f"<?xml version='1.0'?>{DOCUMENT_TYPES[kind]}<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>"
    else:
        text = (
            opening(format).replace("\n", f"\n{DOCUMENT_TYPES[kind]}")
            + f"&b39;</MsgId></GrpHdr></{ROOTS[format]}></Document>"
        )
    assert "document type" in refusal(format, io.BytesIO(text.encode())).reason


@pytest.mark.parametrize("format", ROOTS)
def test_deep_nesting_is_refused(format: str) -> None:
    assert "nested too deeply" in refusal(format, io.BytesIO((opening(format) + "<a>" * 10_000).encode())).reason


@pytest.mark.parametrize("format", LONG_LINES)
def test_a_nul_byte_is_refused(format: str) -> None:
    refusal(format, io.BytesIO(LONG_LINES[format].encode() + b"a\0b\n"))


# tables whose cells may be anything -----------------------------------------------------------------------------------


def workbook(text: str, change: Callable[[str, bytes], tuple[str, bytes]] = lambda name, data: (name, data)) -> bytes:
    """A list with one good row and one with `text`; `change` gives each part another name or content."""
    plain, changed = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(plain) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["Date", "Amount", "Text"], ["2026-01-01", 1, "rent"], ["2026-01-02", 2, text]]):
            sheet.write_row(number, 0, row)
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts.infolist():
            archive.writestr(*change(part.filename, parts.read(part)))
    return changed.getvalue()


def parquet(text: str) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"Date": ["2026-01-01", "2026-01-02"], "Amount": ["1", "2"], "Text": ["rent", text]}).write_parquet(
        buffer
    )
    return buffer.getvalue()


def json(text: str) -> bytes:
    rows = pl.DataFrame({"Date": ["2026-01-01", "2026-01-02"], "Amount": ["1", "2"], "Text": ["rent", text]})
    return rows.write_json().encode()


def with_nul(name: str, data: bytes) -> tuple[str, bytes]:
    return name, data.replace(b"NUL", b"a_x0000_b")


@pytest.mark.parametrize(
    ("format", "data"),
    [("json", json("a\0b")), ("parquet", parquet("a\0b")), ("xlsx", workbook("NUL", with_nul))],
    ids=["json", "parquet", "xlsx"],
)
def test_a_row_with_a_nul_is_a_reject(format: str, data: bytes) -> None:
    outcome = read(format, data, TABLE)
    assert outcome.texts == ["rent"]
    (reject,) = outcome.rejects
    assert reject.found == "a NUL byte" and "2026-01-02" in reject.raw_text and "\0" not in reject.raw_text


@pytest.mark.parametrize("make", [json, parquet])
def test_a_row_with_a_cell_of_many_megabytes_is_a_reject(make: Callable[[str], bytes]) -> None:
    outcome = read(make.__name__, make('"' * 9_000_000), TABLE)
    assert outcome.texts == ["rent"]
    assert [reject.found for reject in outcome.rejects] == ["a cell of more than 8 MB"]
    assert len(outcome.rejects[0].raw_text) <= 2000


@pytest.mark.parametrize("kind", DOCUMENT_TYPES)
def test_a_workbook_with_a_document_type_is_refused(kind: str) -> None:
    def change(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data.replace(b"<sst", DOCUMENT_TYPES[kind].encode() + b"<sst")

    outcome = read("xlsx", workbook("x", change), TABLE)
    assert outcome.refused is not None and "document type" in outcome.refused.reason


def test_a_workbook_whose_parts_leave_their_folder_is_refused() -> None:
    def slip(name: str, data: bytes) -> tuple[str, bytes]:
        return f"../{name}" if "theme" in name else name, data

    outcome = read("xlsx", workbook("x", slip), TABLE)
    assert outcome.refused is not None and "leaves its folder" in outcome.refused.reason


def test_a_workbook_that_unfolds_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def bomb(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data.replace(b"<sheetData>", b" " * 3_000_000 + b"<sheetData>")

    monkeypatch.setattr(zip_archive, "RATIO_LIMIT", 2)  # of a megabyte, instead of 200
    outcome = read("xlsx", workbook("x", bomb), TABLE)
    assert outcome.refused is not None and "unfolds to too much" in outcome.refused.reason


FORMULA = "=cmd|' /C calc'!A0"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_a_text_that_looks_like_a_formula_is_a_text(start: str) -> None:
    text = start + FORMULA
    quoted = f'Date;Amount;Text\n2026-01-02;2;"{text}"\n'
    assert bank(quoted.encode()).texts == [text.strip()]
    for format, data in (("json", json(text)), ("parquet", parquet(text)), ("xlsx", workbook(f" {text}"))):
        assert read(format, data, TABLE).texts == ["rent", text.strip()]


def test_a_row_of_very_many_columns_is_no_header_and_costs_little() -> None:
    refused = read("csv", b"Date;Amount;Text" + b";" * 20_000 + b"\n", BANK, group="bank").refused
    assert refused is not None and "no header line" in refused.reason


def test_delimiters_behind_a_row_make_no_columns() -> None:
    rows = b"Date;Amount;Text\n" + b"2026-03-01;1;a" + b";" * 5000 + b"\n2026-03-02;2;b; ;\n2026-03-03;3;c;d\n"
    outcome = read("csv", rows, BANK, group="bank")
    assert outcome.texts == ["a", "b"] and [reject.found for reject in outcome.rejects] == ["4 fields"]
