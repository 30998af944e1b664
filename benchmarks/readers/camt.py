"""How fast camt.053 is read, as a ratio to a raw expat pass of the same bytes, and whether memory stays flat.

    python benchmarks/readers/camt.py [--entries N] [--megabytes M] [--rounds R]

Both ways run in one process, in turns, and the best of the rounds counts, in CPU seconds. The raw pass is expat without
any handler; the reading ends in Arrow batches of every contract. The file mixes six shapes of entry, so that it is not
one template; `--megabytes` writes a second, large file for the memory test.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from xml.parsers import expat

from ingestion.readers import reader
from ingestion.reading import Records
from ingestion.sources import SourceConfig

SOURCE = SourceConfig(
    name="bench", title="bench", system="bank", format="camt.053", path="*", owner="bench", group="bank"
)
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2026-03-31T06:00:00+02:00</CreDtTm></GrpHdr>
    <Stmt>
      <Id>BENCH-1</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-03-31T06:00:00+02:00</CreDtTm>
      <Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
"""
TAIL = "    </Stmt>\n  </BkToCstmrStmt>\n</Document>\n"
ENTRY = """      <Ntry>
        <NtryRef>{n}</NtryRef>
        <Amt Ccy="EUR">{amount}</Amt>
        <CdtDbtInd>{way}</CdtDbtInd>
        <Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>2026-03-{day:02d}</Dt></BookgDt>
        <ValDt><Dt>2026-03-{day:02d}</Dt></ValDt>
        <AcctSvcrRef>REF{n:012d}</AcctSvcrRef>
        <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
        <NtryDtls>{batch}{details}
        </NtryDtls>{info}
      </Ntry>
"""
DETAIL = """
          <TxDtls>
            <Refs><EndToEndId>E2E-{n}</EndToEndId><TxId>TX{n}</TxId></Refs>
            <Amt Ccy="EUR">{amount}</Amt>{exchange}
            <RltdPties>
              <Dbtr><Pty><Nm>Kunde {n} &amp; Söhne</Nm></Pty></Dbtr>
              <DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>
              <Cdtr><Pty><Nm>Firma AG</Nm></Pty></Cdtr>
            </RltdPties>
            <RltdAgts><DbtrAgt><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></DbtrAgt></RltdAgts>
            <RmtInf>{remittance}</RmtInf>
          </TxDtls>"""
EXCHANGE = """
            <AmtDtls><InstdAmt><Amt Ccy="USD">{amount}</Amt></InstdAmt>
            <TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>"""
FREE = "<Ustrd>Rechnung RE-{n} vom 01.03.2026</Ustrd>"
STRUCTURED = "<Strd><RfrdDocInf><Nb>RE-{n}</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>"


def entry(number: int) -> str:
    """Entry `number`: every sixth of each shape."""
    amount = f"{number * 37 % 9999}.{number % 100:02d}"
    kind = number % 6
    remittance = (STRUCTURED if kind == 1 else FREE).format(n=number)
    exchange = EXCHANGE.format(amount=amount) if kind == 2 else ""
    detail = DETAIL.format(n=number, amount=amount, exchange=exchange, remittance=remittance)
    return ENTRY.format(
        n=number,
        amount=amount,
        way="DBIT" if number % 3 else "CRDT",
        day=number % 28 + 1,
        batch="<Btch><NbOfTxs>3</NbOfTxs></Btch>" if kind == 3 else "",
        details=detail * 3 if kind == 3 else "" if kind == 4 else detail,
        info=f"\n        <AddtlNtryInf>Info {number}</AddtlNtryInf>" if kind == 5 else "",
    )


def write(path: Path, *, entries: int = 0, megabytes: int = 0) -> None:
    """A file of so many entries, or of so many megabytes."""
    block = "".join(entry(number) for number in range(6000))
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEAD)
        if megabytes:
            for _ in range(max(1, (megabytes << 20) // len(block.encode()))):
                stream.write(block)
        else:
            stream.writelines(entry(number) for number in range(entries))
        stream.write(TAIL)


def raw_pass(path: Path) -> float:
    """CPU seconds expat needs for the bytes, without any handler."""
    began = time.process_time()
    with path.open("rb") as stream:
        expat.ParserCreate().ParseFile(stream)
    return time.process_time() - began


def reading(path: Path, counts: Counter[str] | None = None) -> float:
    """CPU seconds from bytes to Arrow batches; the batches are let go."""
    began = time.process_time()
    with path.open("rb") as stream:
        for event in reader("camt.053").read(stream, SOURCE):
            if counts is not None and isinstance(event, Records):
                counts[event.kind] += event.batch.num_rows
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "camt053.xml"
        write(path, entries=given.entries)
        raw = read = float("inf")
        counts: Counter[str] = Counter()
        reading(path, counts)
        for _ in range(given.rounds):
            raw, read = min(raw, raw_pass(path)), min(read, reading(path))
        size = path.stat().st_size / (1 << 20)
        print(f"{size:.1f} MiB, {counts['bank_entry']} entries, {counts['bank_entry_detail']} transactions")
        print(f"raw expat pass {raw:.3f} s ({size / raw:.0f} MiB/s); reading {read:.3f} s ({size / read:.1f} MiB/s)")
        print(f"ratio {read / raw:.1f} (bar: 6)")
        if given.megabytes:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            write(path, megabytes=given.megabytes)
            written = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            seconds = reading(path)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            print(
                f"{path.stat().st_size >> 20} MiB in {seconds:.1f} s: peak RSS {peak} MiB (before {before}, {written})"
            )


if __name__ == "__main__":
    main()
