"""The files the readers are measured on: written here, in the shapes banks write, so that anybody can make them anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_CAMT_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2026-03-31T06:00:00+02:00</CreDtTm></GrpHdr>
    <Stmt>
      <Id>BENCH-1</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-03-31T06:00:00+02:00</CreDtTm>
      <Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
"""
_CAMT_TAIL = "    </Stmt>\n  </BkToCstmrStmt>\n</Document>\n"
_ENTRY = """      <Ntry>
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
_DETAIL = """
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
_EXCHANGE = """
            <AmtDtls><InstdAmt><Amt Ccy="USD">{amount}</Amt></InstdAmt>
            <TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>"""
_FREE = "<Ustrd>Rechnung RE-{n} vom 01.03.2026</Ustrd>"
_STRUCTURED = (
    "<Strd><RfrdDocInf><Nb>RE-{n}</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>"
)


_PAIN_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
  <CstmrCdtTrfInitn>
    <GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2026-03-31T06:00:00+02:00</CreDtTm><NbOfTxs>{count}</NbOfTxs>
      <InitgPty><Nm>Firma AG</Nm></InitgPty></GrpHdr>
    <PmtInf>
      <PmtInfId>BENCH-1</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg><NbOfTxs>{count}</NbOfTxs>
      <PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf><ReqdExctnDt><Dt>2026-04-01</Dt></ReqdExctnDt>
      <Dbtr><Nm>Firma AG</Nm></Dbtr><DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>
      <DbtrAgt><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></DbtrAgt>
"""
_PAYMENT = """      <CdtTrfTxInf>
        <PmtId><InstrId>I{n}</InstrId><EndToEndId>E2E-{n}</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt>
        <CdtrAgt><FinInstnId><BICFI>ABNANL2AXXX</BICFI></FinInstnId></CdtrAgt>
        <Cdtr><Nm>Lieferant {n} &amp; Söhne</Nm><PstlAdr><TwnNm>Utrecht</TwnNm><Ctry>NL</Ctry></PstlAdr></Cdtr>
        <CdtrAcct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></CdtrAcct>
        <RmtInf>{remittance}</RmtInf>
      </CdtTrfTxInf>
"""
_PAIN_TAIL = "    </PmtInf>\n  </CstmrCdtTrfInitn>\n</Document>\n"
_NOTES = (
    ":86:166?00GUTSCHRIFT?109310?20EREF+E2E-{n}?21KREF+K{n}?22SVWZ+Rechnung {n} vom\r\n"
    " 1.3.?30COBADEFFXXX?31DE89370400440532013000?32Muster GmbH {n}",
    ":86:/EREF/E2E-{n}/REMI/USTD//Invoice {n}//IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/Jansen BV/",
    ":86:Payment of invoice {n}\r\nACME Ltd {n}",
)


BANK = {
    "delimiter": ";",
    "dates": "%d.%m.%Y",
    "numbers": {"decimal": ",", "thousands": "."},
    "kind": "bank_entry",
    "constants": {"currency": "EUR"},
    "columns": {
        "booking_date": "Buchungstag", "value_date": "Valuta", "amount": "Betrag", "running_balance": "Saldo",
        "account_servicer_reference": "Referenz", "text": "Verwendungszweck",
    },
}  # fmt: skip


def camt_detail(number: int) -> str:
    """A transaction of an entry, in free text."""
    amount = f"{number * 37 % 9999}.{number % 100:02d}"
    return _DETAIL.format(n=number, amount=amount, exchange="", remittance=_FREE.format(n=number))


def camt_entry(number: int, details: str | None = None) -> str:
    """Entry `number`: every sixth of each shape, or with details given."""
    amount = f"{number * 37 % 9999}.{number % 100:02d}"
    kind = number % 6 if details is None else 0
    remittance = (_STRUCTURED if kind == 1 else _FREE).format(n=number)
    exchange = _EXCHANGE.format(amount=amount) if kind == 2 else ""
    detail = _DETAIL.format(n=number, amount=amount, exchange=exchange, remittance=remittance)
    return _ENTRY.format(
        n=number,
        amount=amount,
        way="DBIT" if number % 3 else "CRDT",
        day=number % 28 + 1,
        batch="<Btch><NbOfTxs>3</NbOfTxs></Btch>" if kind == 3 else "",
        details=details or (detail * 3 if kind == 3 else "" if kind == 4 else detail),
        info=f"\n        <AddtlNtryInf>Info {number}</AddtlNtryInf>" if kind == 5 else "",
    )


def write_camt(path: Path, *, entries: int = 0, megabytes: int = 0) -> None:
    """A file of so many entries, or of so many megabytes."""
    block = "".join(camt_entry(number) for number in range(6000))
    with path.open("w", encoding="utf-8") as stream:
        stream.write(_CAMT_HEAD)
        if megabytes:
            for _ in range(max(1, (megabytes << 20) // len(block.encode()))):
                stream.write(block)
        else:
            stream.writelines(camt_entry(number) for number in range(entries))
        stream.write(_CAMT_TAIL)


def write_pain001(path: Path, payments: int) -> None:
    """One batch of so many credit transfers; every sixth says what it pays in a structured reference."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(_PAIN_HEAD.format(count=payments))
        for number in range(payments):
            remittance = (_FREE if number % 6 else _STRUCTURED).format(n=number)
            amount = f"{number * 37 % 9999 + 1}.{number % 100:02d}"
            stream.write(_PAYMENT.format(n=number, amount=amount, remittance=remittance))
        stream.write(_PAIN_TAIL)


def write_mt940(path: Path, entries: int) -> None:
    """Statements of a thousand entries each, in three dialects of :86:."""
    with path.open("w", encoding="ascii", newline="") as stream:
        for first in range(0, entries, 1000):
            total = 0
            stream.write(f":20:REF{first}\r\n:25:12345678/{first + 1}\r\n:28C:1/1\r\n:60F:C260301EUR0,00\r\n")
            for number in range(first, min(entries, first + 1000)):
                cents = number * 37 % 99_999 + 1
                total += cents
                when = f"2603{number % 28 + 1:02d}03{number % 28 + 1:02d}"
                stream.write(f":61:{when}C{cents // 100},{cents % 100:02d}NTRFNONREF//REF{number:012d}\r\n")
                stream.write(_NOTES[number % 3].format(n=number) + "\r\n")
            stream.write(f":62F:C260331EUR{total // 100},{total % 100:02d}\r\n-\r\n")


def write_bai2(path: Path, transactions: int) -> None:
    """Accounts of a thousand transactions each; every fourth goes on in a record 88, every third is value-dated."""
    rows = ["01,SENDER,US,260401,0600,1,80,10,2/", "02,US,SENDER,1,260331,2400,USD,2/"]
    accounts = group = 0
    for first in range(0, transactions, 1000):
        accounts += 1
        start, total = len(rows), 20_000
        rows.append(f"03,{first + 1:09d},USD,010,10000,,,015,10000,,/")
        for number in range(first, min(transactions, first + 1000)):
            cents = number * 37 % 99_999 + 1
            total += cents
            funds = "V,260402,," if number % 3 == 0 else "Z,"
            text = f"16,{475 if number % 2 else 165},{cents},{funds}REF{number:012d},CUST{number},ACME Ltd invoice {number}/"
            rows.append(text)
            if number % 4 == 0:
                rows.append(f"88,further text of {number}/")
        rows.append(f"49,{total},{len(rows) - start + 1}/")
        group += total
    rows.append(f"98,{group},{accounts},{len(rows)}/")
    rows.append(f"99,{group},1,{len(rows) + 1}/")
    path.write_text("\n".join(rows) + "\n", "ascii")


def bank_csv(rows: int, quoted: bool) -> bytes:
    rng = np.random.default_rng(7)
    mark = '"' if quoted else ""
    lines = ["Buchungstag;Valuta;Betrag;Saldo;Referenz;Verwendungszweck"]
    balance = 0
    for number in range(rows):
        cents = int(rng.integers(-999_999, 999_999))
        balance += cents
        day = f"{1 + number * 27 // rows:02d}.03.2026"
        text = f"{mark}Rechnung {100_000 + number} Kunde {number % 997}{'; Skonto' if quoted else ''}{mark}"
        lines.append(f"{day};{day};{german(cents)};{german(balance)};R{number:010d};{text}")
    return ("\n".join(lines) + "\n").encode()


def german(cents: int) -> str:
    """Cents as an amount with a decimal comma and thousands."""
    whole = f"{abs(cents) // 100:,}".replace(",", ".")
    return f"{'-' if cents < 0 else ''}{whole},{abs(cents) % 100:02d}"


def sap_csv(rows: int) -> bytes:
    lines = [
        "BUKRS;BELNR;GJAHR;BUZEI;LIFNR;BLART;SHKZG;WRBTR;WAERS;BLDAT;BUDAT;NETDT;ZTERM;XBLNR;ZUONR;SGTXT;AUGBL;AUGDT"
    ]
    lines += [
        f"1000;{5_100_000_000 + n};2026;001;{n % 5000:010d};KR;H;{n % 99_999}.{n % 100:02d};EUR;"
        f"20260105;20260106;20260205;N030;INV-{n};{n % 7};Invoice {n};;00000000"
        for n in range(rows)
    ]
    return ("\n".join(lines) + "\n").encode()
