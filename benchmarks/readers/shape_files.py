"""The shapes in which banks send a format: statements of few entries, second lines, long texts, batches, continuations."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.readers.written_files import camt_detail, camt_entry, german

GERMAN = (
    ":86:166?00SEPA-UEBERWEISUNG?109310?20EREF+E2E-{n}?21MREF+M{n}?22CRED+DE98ZZZ09999999999"
    "?23SVWZ+Rechnung {n} vom 01.\r\n03.2026 und Rechnung?24 {n}1 abzueglich Skonto?25ABWA+Muster Holding"
    "?30COBADEFFXXX?31DE89370400440532013000?32Muster GmbH {n}?33und Co. KG?34992",
)
SLASHES = (
    ":86:/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A\r\n/NAME/Jansen {n} BV/REMI/Factuur {n} van "
    "maart/EREF/E2E-{n}",
    ":86:/EREF/E2E-{n}//CNTP/NL91ABNA0417164300/ABNANL2A/Jansen BV///REMI/USTD//Invoice {n}/",
)
FREE = (
    ":86:PAYMENT OF INVOICE {n} DATED 1 MARCH 2026\r\nACME TRADING LIMITED {n}\r\n12 HIGH STREET\r\nLONDON EC1A 1BB\r\n"
    "REFERENCE CUST{n}\r\nCHARGES SHARED",
)
SECOND_TEXT = ("\r\nTRANSFER {n}",)
SECOND_ACCOUNT = ("\r\nNL91ABNA0417164300",)
SECOND_FOREIGN = ("\r\n/OCMT/USD{n},00/CHGS/EUR1,50/",)


def write_mt940(
    path: Path, entries: int, statement: int, notes: tuple[str, ...] = FREE[:0], seconds: tuple[str, ...] = ("",)
) -> None:
    """So many entries in statements of so many each; as many statements without any where that is none."""
    notes = notes or (*GERMAN, *SLASHES[:1], ":86:Payment of invoice {n}")
    with path.open("w", encoding="ascii", newline="") as stream:
        for number, first in enumerate(range(0, entries, max(1, statement))):
            opening = total = number * 1_000_01
            stream.write(
                f":20:STMT{number}\r\n:25:12345678/{number % 500 + 1}\r\n:28C:{number // 500 + 1}/1\r\n"
                f":60F:C260301EUR{opening // 100},{opening % 100:02d}\r\n"
            )
            for entry in range(first, min(entries, first + statement)):
                cents = entry * 37 % 99_999 + 1
                total += cents
                when = f"2603{entry % 28 + 1:02d}03{entry % 28 + 1:02d}"
                second = seconds[entry % len(seconds)].format(n=entry)
                note = notes[entry % len(notes)].format(n=entry)
                stream.write(f":61:{when}C{cents // 100},{cents % 100:02d}NTRFNONREF//REF{entry:012d}{second}\r\n")
                stream.write(note + "\r\n" if note else "")
            closing = f"C260331EUR{total // 100},{total % 100:02d}"
            stream.write(f":62F:{closing}\r\n:64:{closing}\r\n-\r\n")


BANK_SIDES: dict[str, object] = {
    "delimiter": ";",
    "dates": "%d.%m.%Y",
    "numbers": {"decimal": ",", "thousands": ".", "minus": "trailing"},
    "kind": "bank_entry",
    "constants": {"currency": "EUR"},
    "columns": {
        "booking_date": "Datum",
        "debit": "Soll",
        "credit": "Haben",
        "running_balance": "Saldo",
        "text": "Text",
    },
}
BANK_ACCOUNTS: dict[str, object] = {
    "delimiter": ";",
    "kind": "bank_entry",
    "columns": {
        "account_id": "Account", "booking_date": "Booked", "value_date": "Value", "amount": "Amount", "currency": "Ccy",
        "credit_debit": {"from": "D/C", "map": {"D": "DBIT", "C": "CRDT"}},
        "account_servicer_reference": "Reference", "text": "Text",
    },
}  # fmt: skip


def csv_sides(rows: int) -> bytes:
    """A list with a column for debits and one for credits, and balances with their minus behind."""
    lines = ["Datum;Text;Soll;Haben;Saldo"]
    balance = 0
    for number, cents in enumerate(np.random.default_rng(7).integers(-999_999, 999_999, rows).tolist()):
        balance += cents
        sides = f"{german(-cents)};" if cents < 0 else f";{german(cents)}"
        total = german(abs(balance)) + ("-" if balance < 0 else "")
        lines.append(f"{1 + number * 27 // rows:02d}.03.2026;Zahlung {number} vom Kunden;{sides};{total}")
    return ("\n".join(lines) + "\n").encode()


def csv_accounts(rows: int) -> bytes:
    """A list of five accounts in three currencies, with value dates in no order and a column that says debit or credit."""
    lines = ["Account;Booked;Value;Amount;Ccy;D/C;Reference;Text"]
    for number, cents in enumerate(np.random.default_rng(7).integers(1, 999_999, rows).tolist()):
        days = f"2026-03-{1 + number * 27 // rows:02d};2026-03-{1 + cents % 28:02d}"
        amount = f"{cents // 100}.{cents % 100:02d};{('EUR', 'USD', 'GBP')[number % 3]};{'DC'[number % 2]}"
        lines.append(f"NL91ABNA04171643{number % 5:02d};{days};{amount};REF{number:09d};Payment {number}")
    return ("\n".join(lines) + "\n").encode()


_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.08">
  <{root}>
    <GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2026-03-31T06:00:00+02:00</CreDtTm></GrpHdr>
"""
_STATEMENT = """    <{name}>
      <Id>BENCH-{n}</Id><ElctrncSeqNb>{n}</ElctrncSeqNb><CreDtTm>2026-03-31T06:00:00+02:00</CreDtTm>
      <Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
"""
_BALANCE = """      <Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-{day}</Dt></Dt></Bal>
"""


def write_camt_statements(path: Path, entries: int) -> None:
    """Statements of ten entries each, with balances that the entries do not make up: that is said, and costs too."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(_HEAD.format(message="053", root="BkToCstmrStmt"))
        for first in range(0, entries, 10):
            stream.write(_STATEMENT.format(name="Stmt", n=first // 10 + 1))
            for code, day in (("OPBD", "01"), ("CLBD", "31"), ("CLAV", "31")):
                stream.write(_BALANCE.format(code=code, day=day))
            stream.writelines(camt_entry(number) for number in range(first, first + 10))
            stream.write("    </Stmt>\n")
        stream.write("  </BkToCstmrStmt>\n</Document>\n")


def write_camt_batches(path: Path, entries: int) -> None:
    """So many entries of fifty transactions each."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(_HEAD.format(message="053", root="BkToCstmrStmt") + _STATEMENT.format(name="Stmt", n=1))
        for number in range(entries):
            details = "".join(camt_detail(50 * number + one) for one in range(50))
            stream.write(camt_entry(number, "<Btch><NbOfTxs>50</NbOfTxs></Btch>" + details))
        stream.write("    </Stmt>\n  </BkToCstmrStmt>\n</Document>\n")


def write_camt054(path: Path, entries: int) -> None:
    """Notifications of one entry each."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(_HEAD.format(message="054", root="BkToCstmrDbtCdtNtfctn"))
        for number in range(entries):
            stream.write(_STATEMENT.format(name="Ntfctn", n=number + 1) + camt_entry(number) + "    </Ntfctn>\n")
        stream.write("  </BkToCstmrDbtCdtNtfctn>\n</Document>\n")


def write_bai2(path: Path, transactions: int, account: int, continuations: int = 0) -> None:
    """So many transactions in accounts of so many each, each with so many records 88; as many accounts without any where
    that is none."""
    rows = ["01,SENDER,US,260401,0600,1,80,10,2/", "02,US,SENDER,1,260331,2400,USD,2/"]
    accounts = group = 0
    for first in range(0, transactions, max(1, account)):
        accounts += 1
        start, total = len(rows), 50_000
        rows.append(f"03,{first + 1:09d},USD,010,10000,,,015,10000,,/")
        rows.append("88,040,10000,,,045,10000,,,100,10000,2,/")
        for number in range(first, min(transactions, first + account)):
            cents = number * 37 % 99_999 + 1
            total += cents
            text = f"ACME Ltd invoice {number}"
            rows.append(
                f"16,{475 if number % 2 else 165},{cents},Z,REF{number:012d},CUST{number},{text}{'' if continuations else '/'}"
            )
            rows += [f"88,OUR REF {number} LINE {line} OF THE TEXT" for line in range(continuations)]
        rows.append(f"49,{total},{len(rows) - start + 1}/")
        group += total
    rows.append(f"98,{group},{accounts},{len(rows)}/")
    rows.append(f"99,{group},1,{len(rows) + 1}/")
    path.write_text("\n".join(rows) + "\n", "ascii")
