"""`tieout read --as json` answers with the same keys whatever the format, and its exit status says whether it was refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xlsxwriter
from test_bank_file_properties import FILES as BANK_FILES
from test_fuzz_every_reader import FILES as OTHER_FILES

from orchestration.cli import main

FILES = {**BANK_FILES, **{format: files[0] for format, files in OTHER_FILES.items()}}
WITH_STATEMENTS = {"camt.052", "camt.053", "camt.054", "mt940", "mt942", "bai2", "ofx", "csv", "xlsx"}
FILE_KEYS = {"file", "format", "status", "reason", "records", "rejects", "statements"}
STATEMENT_KEYS = {
    "account", "statement_id", "sequence", "page", "currency", "opening_balance", "closing_balance", "entries", "net", "balance_check",
}  # fmt: skip


def answer(capsys: pytest.CaptureFixture[str], file: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    with pytest.raises(SystemExit) as end:
        main(["read", str(file), "--as", "json", *arguments])
    return int(end.value.code or 0), json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("format", FILES)
@pytest.mark.parametrize("is_named", [True, False], ids=["named", "told by its content"])
def test_every_format_answers_with_the_same_keys(
    format: str, is_named: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.file"
    file.write_bytes(FILES[format])
    status, said = answer(capsys, file, *(("--format", format) if is_named else ()))
    assert said.keys() >= FILE_KEYS
    assert all(one.keys() == STATEMENT_KEYS for one in said["statements"])
    assert all(one.keys() >= {"place", "found", "expected"} for one in said["rejects"])
    assert all(one["balance_check"] in ("ok", "off", "none") for one in said["statements"])
    assert (status, said["reason"] is None) == {"read": (0, True), "partly": (0, False), "rejected": (3, False)}[
        said["status"]
    ]
    assert bool(said["statements"]) == (format in WITH_STATEMENTS)


@pytest.mark.parametrize("format", ["json", "parquet"])
def test_a_table_of_no_known_system_asks_for_its_source(
    format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"a.{format}"
    file.write_bytes(FILES[format])
    status, said = answer(capsys, file)
    assert status == 3 and f"a file of format {format} is read by a declaration" in str(said["reason"])
    assert "--source" in said["rejects"][0]["advice"]


def test_a_bank_list_in_a_workbook_is_read_as_one_in_csv_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        ["Date", "Text", "Amount (EUR)", "Balance"],
        ["2026-01-02", "rent", "-12.50", "87.50"],
        ["2026-01-03", "sale", "10", "97.50"],
    ]
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    (tmp_path / "a.csv").write_text("\n".join(";".join(row) for row in rows) + "\n")
    found = [answer(capsys, tmp_path / name)[1] for name in ("a.xlsx", "a.csv")]
    assert [one["status"] for one in found] == ["read", "read"]
    assert found[0]["statements"] == found[1]["statements"]
    assert found[0]["statements"][0]["net"] == "-2.50"


@pytest.mark.parametrize(
    ("content", "kind", "advice"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel 97", "save it as .xlsx"),
        (b"%PDF-1.7\n", "a PDF document", "camt.053"),
        (b"\x1f\x8b\x08\x00", "not a readable archive", "ask for it again"),
        (b"<html><body>Login</body></html>", "a web page", "save it as"),
        (b"!Type:Bank\nD01/02/2026\nT-5.00\n^\n", "QIF", "OFX"),
    ],
)
def test_what_people_bring_by_mistake_is_named(
    content: bytes, kind: str, advice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "statement"
    file.write_bytes(content)
    status, said = answer(capsys, file)
    assert status == 3 and kind in str(said["reason"]) and advice in said["rejects"][0]["advice"]
