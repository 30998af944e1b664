"""Small ISO 20022 files for tests, written here by hand and not by tieout, and what a reader makes of a file."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from ingestion.readers import reader
from ingestion.reading import FileFacts, FileRejected, Records, Reject
from ingestion.sources import SourceConfig

Row = dict[str, object]


@dataclass
class Reading:
    """Everything a reader yielded."""

    records: dict[str, list[Row]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    facts: FileFacts | None = None

    def __getitem__(self, kind: str) -> list[Row]:
        return sorted(self.records.get(kind, []), key=lambda row: row["record_number"])

    def content(self) -> dict[str, list[Row]]:
        """The records without their places in the file."""
        places = {"byte_start", "byte_end", "file_line"}
        return {
            kind: [{key: value for key, value in row.items() if key not in places} for row in self[kind]]
            for kind in sorted(self.records)
        }


def source(format: str, account: str | None = None, **options: object) -> SourceConfig:
    return SourceConfig(
        name="bank", title="Bank", system="bank", format=format, path="*", owner="treasury", group="bank",
        account=account, options=options,
    )  # fmt: skip


def read(
    data: bytes | str | BinaryIO, format: str = "camt.053", account: str | None = None, **options: object
) -> Reading:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data) if isinstance(data, (bytes, str)) else data
    reading = Reading()
    for event in reader(format).read(stream, source(format, account, **options)):
        if isinstance(event, Records):
            reading.records.setdefault(event.kind, []).extend(event.batch.to_pylist())
        elif isinstance(event, Reject):
            reading.rejects.append(event)
        else:
            reading.facts = event
    return reading


def outcome(data: bytes, format: str = "camt.053") -> Reading | FileRejected:
    """What becomes of any bytes: a reading or a verdict, never another exception."""
    try:
        return read(data, format)
    except FileRejected as verdict:
        return verdict


@dataclass(frozen=True)
class Style:
    """How the same content may be written."""

    prefix: str = ""
    namespace: str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    encoding: str = "utf-8"
    bom: bytes = b""
    envelope: bool = False
    indent: bool = True
    quote: str = '"'
    comments: bool = False

    def write(self, body: str) -> bytes:
        """`body` is the message root with unprefixed tags, as the builders below make it."""
        import re

        text = body
        if self.comments:
            text = re.sub(r"<(Ntry|TxDtls|Bal)>", r"<!-- <\1> & more --><\1><?pi x > y ?>", text)
        if not self.indent:
            text = re.sub(r">\s+<", "><", text)
        text = text.replace('"', self.quote)
        if self.prefix:
            text = re.sub(r"<(/?)([A-Za-z])", rf"<\1{self.prefix}:\2", text)
        colon = f"{self.prefix}:" if self.prefix else ""
        binding = f"xmlns:{self.prefix}" if self.prefix else "xmlns"
        document = f"<{colon}Document {binding}='{self.namespace}'>{text}</{colon}Document>"
        if self.envelope:
            header = "<h:AppHdr xmlns:h='urn:iso:std:iso:20022:tech:xsd:head.001.001.02'><h:Fr>X</h:Fr></h:AppHdr>"
            document = f"<BizMsg>{header}{document}</BizMsg>"
        declared = f"<?xml version='1.0' encoding='{self.encoding}'?>\n"
        return self.bom + (declared + document).encode(self.encoding)


def balance(code: str, amount: str, indicator: str = "CRDT", day: str = "2026-03-31", currency: str = "EUR") -> str:
    return f"""
      <Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount}</Amt>
        <CdtDbtInd>{indicator}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"""


def entry(
    amount: str = "100.00", indicator: str = "CRDT", details: str = "", more: str = "", status: str = "<Cd>BOOK</Cd>",
    currency: str = "EUR", dates: str = "<BookgDt><Dt>2026-03-31</Dt></BookgDt><ValDt><Dt>2026-03-31</Dt></ValDt>",
) -> str:  # fmt: skip
    return f"""
      <Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>{more}
        <Sts>{status}</Sts>{dates}<AcctSvcrRef>B{amount}</AcctSvcrRef>{details}</Ntry>"""


def statement(
    *parts: str, element: str = "Stmt", account: str = "<IBAN>DE89370400440532013000</IBAN>", identifier: str = "S1",
    before: str = "", currency: str = "<Ccy>EUR</Ccy>",
) -> str:  # fmt: skip
    return f"""
    <{element}><Id>{identifier}</Id>{before}<CreDtTm>2026-04-01T06:00:00+02:00</CreDtTm>
      <Acct><Id>{account}</Id>{currency}</Acct>{"".join(parts)}
    </{element}>"""


def message(*statements: str, root: str = "BkToCstmrStmt", header: str = "") -> str:
    return f"""
  <{root}><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-04-01T06:00:00+02:00</CreDtTm>{header}</GrpHdr>{"".join(statements)}
  </{root}>"""


def camt(*statements: str, version: str = "camt.053.001.08", root: str = "BkToCstmrStmt", header: str = "") -> bytes:
    style = replace(Style(), namespace=f"urn:iso:std:iso:20022:tech:xsd:{version}")
    return style.write(message(*statements, root=root, header=header))
