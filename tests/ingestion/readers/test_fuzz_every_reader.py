"""Every format that has a reader is fed damaged files and any bytes: records, rejects or a refusal, never another exception.

MT940, MT942, BAI2, OFX and NACHA, whose records are also checked, are in `test_bank_file_properties`.
"""

from __future__ import annotations

import io
import json
import zipfile

import polars as pl
import pytest
import xlsxwriter
from accidents import damaged, examples
from hypothesis import given
from hypothesis import strategies as st
from iso20022_files import balance, camt, entry, statement
from test_bank_file_properties import FILES as BANK_FILES
from test_pain import batch, initiation, payment

from ingestion.declaration_catalogue import SHIPPED_FORMATS, choices
from ingestion.readers import FORMATS, reader
from ingestion.reading import FileFacts, FileRejected, Reject
from ingestion.sources import Declaration, SourceConfig

BLOCK = {
    "delimiter": ";",
    "kind": "bank_entry",
    "constants": {"currency": "EUR"},
    "columns": {"booking_date": "Date", "amount": "Amount", "text": "Text"},
}
ROWS = {"Date": ["2026-03-01", "2026-03-02"], "Amount": ["12.50", "-1"], "Text": ['quoted; "text"', "Müller"]}
DETAILS = (
    "<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><Amt Ccy='EUR'>1</Amt><RmtInf><Strd><CdtrRefInf>"
    "<Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls>"
)


def _workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for at, (name, cells) in enumerate(ROWS.items()):
            sheet.write_column(0, at, [name, *cells])
    return buffer.getvalue()


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(ROWS).write_parquet(buffer)
    return buffer.getvalue()


def _extracts(format: str) -> list[bytes]:
    """An extract with the columns of each shipped declaration of a system: CSV, JSON and zipped CSV."""
    found = []
    for declaration in choices(format, {}):
        names = list(dict.fromkeys(name for part in declaration.parts for column in part.columns.values()
                                   for name in column.sources))  # fmt: skip
        rows = [dict.fromkeys(names, cell) for cell in ("1", "2026-03-01", "EUR", "")]
        csv = "\n".join(";".join(row) for row in (names, *(row.values() for row in rows))).encode() + b"\n"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("extract.csv", csv)
        found += [csv, json.dumps({"value": rows}).encode(), packed.getvalue()]
    return found


def _collection() -> bytes:
    data = initiation(batch(payment())).replace(b"pain.001", b"pain.008").replace(b"CdtTrf", b"DrctDbt")
    return data.replace(b"<Amt>", b"").replace(b"</Amt>", b"")


STATEMENT = statement(balance("OPBD", "1"), entry(details=DETAILS), entry("2.00", "DBIT"), balance("CLBD", "99"))
STATUS = b"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><GrpHdr><MsgId>S</MsgId>
<CreDtTm>2026-04-01T08:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId>
<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>E1
</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>"""
FILES: dict[str, list[bytes]] = {
    "camt.052": [camt(STATEMENT.replace("Stmt>", "Rpt>"), version="camt.052.001.08", root="BkToCstmrAcctRpt")],
    "camt.053": [camt(STATEMENT), camt(statement(*[entry(details=DETAILS)] * 12), version="camt.053.001.02")],
    "camt.054": [camt(STATEMENT.replace("Stmt>", "Ntfctn>"), version="camt.054.001.08", root="BkToCstmrDbtCdtNtfctn")],
    "pain.001": [initiation(batch(payment()))],
    "pain.002": [STATUS],
    "pain.008": [_collection()],
    "csv": [b"Date;Amount;Text\n2026-03-01;12.50;\"quoted; \"\"text\"\"\"\n2026-03-02;-1;M\xc3\xbcller\n"],
    "xlsx": [_workbook()],
    "json": [json.dumps([dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]).encode()],
    "parquet": [_parquet()],
    **{format: _extracts(format) for format in SHIPPED_FORMATS},
}  # fmt: skip


def read(format: str, data: bytes) -> list[object] | FileRejected:
    """What a reader says of any bytes; its record numbers are given once, and its rejects say what to do."""
    block = Declaration.model_validate(BLOCK) if format in ("csv", "xlsx", "json", "parquet") else None
    source = SourceConfig(
        name="bank", title="Bank", system="bank", format=format, path="*", owner="x", group="bank", declaration=block
    )
    try:
        events = list(reader(format).read(io.BytesIO(data), source))
    except FileRejected as verdict:
        assert verdict.reason
        return verdict
    assert isinstance(events[-1], FileFacts)
    numbers = [one.record_number for one in events if isinstance(one, Reject)]
    for event in events:
        if isinstance(event, Reject):
            assert event.place and event.field and event.expected
        elif not isinstance(event, FileFacts):
            numbers += event.batch.column("record_number").to_pylist()
    assert len(set(numbers)) == len(numbers), "no record number is given twice"
    return list(events)


def test_every_reader_is_fuzzed() -> None:
    assert set(FILES) | set(BANK_FILES) == set(FORMATS)


@pytest.mark.parametrize("format", [*(one for one in FILES if one not in SHIPPED_FORMATS)])
def test_the_files_are_read_before_they_are_damaged(format: str) -> None:
    for data in FILES[format]:
        assert not isinstance(read(format, data), FileRejected), read(format, data)


@pytest.mark.parametrize("format", list(FILES))
@examples(12)
@given(st.data(), st.integers(0, 2**32))
def test_fuzz_damaged_files(format: str, data: st.DataObject, seed: int) -> None:
    read(format, damaged(data.draw(st.sampled_from(FILES[format])), seed))


@pytest.mark.parametrize("format", list(FILES))
@examples(12)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_fuzz_any_bytes(format: str, data: bytes) -> None:
    read(format, data)
