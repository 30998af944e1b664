"""What `tieout read` answers: one object a file, exact amounts, and a status for whatever the file holds."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq
import pytest

from ingestion.file_summary import plain_amount, summarise
from ingestion.reading import ReaderEvent
from ingestion.sources import SourceConfig
from orchestration.cli import main
from orchestration.commands import read

CAMT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
<Stmt><Id>S1</Id><ElctrncSeqNb>7</ElctrncSeqNb><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>{ccy}</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="{ccy}">1000</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="{ccy}">1234.5</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="{ccy}">234.50000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
<NtryDtls><TxDtls/><TxDtls/></NtryDtls></Ntry>
{more}</Stmt></BkToCstmrStmt></Document>"""
BAD = '<Ntry><Amt Ccy="EUR">x</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>'


def camt(more: str = "", ccy: str = "EUR") -> str:
    return CAMT.format(more=more, ccy=ccy)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as exit_:
        main(["read", *arguments])
    code = exit_.value.code
    return (0 if code is None else int(code)), capsys.readouterr().out


def write(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_one_file_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.xml", camt())
    status, out = run(capsys, file, "--as", "json")
    answer = json.loads(out)
    assert status == 0
    assert {key: answer[key] for key in ("file", "format", "version", "status", "reason", "records", "rejects")} == {
        "file": file, "format": "camt.053", "version": "camt.053.001.08", "status": "read", "reason": None,
        "records": 6, "rejects": [],
    }  # fmt: skip
    assert answer["statements"] == [
        {
            "account": "DE89370400440532013000", "statement_id": "S1", "sequence": 7, "page": None, "currency": "EUR",
            "opening_balance": "1000.00", "closing_balance": "1234.50", "entries": 1, "net": "234.50",
            "balance_check": "ok",
        }
    ]  # fmt: skip


def test_several_files_are_one_line_each_and_any_rejected_one_shows_in_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        write(tmp_path, "good.xml", camt()),
        write(tmp_path, "partly.xml", camt(BAD)),
        write(tmp_path, "cut.xml", camt()[:-30]),
        write(tmp_path, "empty", b""),
        write(tmp_path, "noise", bytes(range(256))),
    ]
    status, out = run(capsys, *files, "--as", "json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert status == 3
    assert [one["status"] for one in answers] == ["read", "partly", "rejected", "rejected", "rejected"]
    assert [one["file"] for one in answers] == files
    (reject,) = answers[1]["rejects"]
    assert (
        reject["place"].startswith("statement 1, entry 2") and reject["found"] == "x" and "amount" in reject["expected"]
    )
    for one in answers[2:]:
        assert one["reason"] and one["records"] == 0 and one["statements"] == []
        assert one["rejects"][0]["place"]
    assert run(capsys, *files[:2], "--as", "json")[0] == 0


def test_a_format_that_is_named_is_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(capsys, write(tmp_path, "a.xml", camt()), "--format", "mt940", "--as", "json")
    assert (status, json.loads(out)["status"], json.loads(out)["format"]) == (3, "rejected", "mt940")


@pytest.mark.parametrize("arguments", [["{tmp}/none.xml"], ["{tmp}"], ["{tmp}/a.xml", "--format", "swift"], []])
def test_wrong_usage_is_told(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "a.xml", camt())
    assert run(capsys, *(one.format(tmp=tmp_path) for one in arguments))[0] == 2


def test_the_table_shows_no_control_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(capsys, write(tmp_path, "a\x1b[2J.xml", camt(BAD)))
    assert status == 0
    assert "1234.50" in out and "DE89370400440532013000" in out and "rejected  statement 1, entry 2" in out
    assert "\x1b" not in out


def test_parquet_holds_the_records_and_a_rejected_file_leaves_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, cut = write(tmp_path, "a.xml", camt()), write(tmp_path, "b.xml", camt()[:-9])
    assert run(capsys, good, cut, "--as", "parquet", "--out", str(tmp_path / "out"))[0] == 3
    entries = pq.read_table(tmp_path / "out" / "a.xml" / "bank_entry.parquet").to_pylist()
    assert [row["amount"] for row in entries] == [Decimal("234.5")]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.xml"]


def test_large_files_are_read_on_all_cores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "PARALLEL_BYTES", 0)
    files = [write(tmp_path, f"{number}.xml", camt() if number else camt()[:-9]) for number in range(3)]
    status, out = run(capsys, *files, "--as", "json")
    assert status == 3
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["rejected", "read", "read"]


class _Broken:
    """A reader with a fault."""

    format = "mt940"
    version = "1"
    kinds = ()

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        raise ZeroDivisionError("oops")


def test_a_fault_of_a_reader_is_told_not_thrown() -> None:
    source = SourceConfig(name="x", title="x", system="bank", format="mt940", path="*", owner="x", group="bank")
    summary = summarise("f", io.BytesIO(b"x"), _Broken(), source)
    assert summary.status == "rejected" and "ZeroDivisionError: oops" in str(summary.reason)
    assert summary.rejects[0]["place"]


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1234.50000", "EUR", "1234.50"), ("1", "JPY", "1"), ("1.5", "JPY", "1.5"), ("0.12345", "EUR", "0.12345"),
     ("-2.00000", "KWD", "-2.000"), ("1E+3", "EUR", "1000.00"), ("0", None, "0.00")],
)  # fmt: skip
def test_amounts_are_exact_text(amount: str, currency: str | None, text: str) -> None:
    assert plain_amount(Decimal(amount), currency) == text
