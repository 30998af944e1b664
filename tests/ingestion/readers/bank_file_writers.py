"""Small MT940, BAI2, OFX and NACHA files for tests, written here and not by tieout, from one plain description."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal


@dataclass(frozen=True)
class Line:
    """One booking: signed cents, the bank's reference and a text of letters, digits and blanks."""

    cents: int
    reference: str
    text: str
    days: int = 0  # after the first of March 2026

    @property
    def day(self) -> date:
        return date(2026, 3, 1) + timedelta(days=self.days)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.cents).scaleb(-2)


@dataclass(frozen=True)
class Account:
    """An account of a file: its number, opening balance in cents, and bookings."""

    number: str
    opening: int
    lines: tuple[Line, ...]

    @property
    def closing(self) -> int:
        return self.opening + sum(line.cents for line in self.lines)


def swift_amount(cents: int) -> str:
    return f"{abs(cents) // 100},{abs(cents) % 100:02d}"


def mt940(*accounts: Account, end: str = "\r\n", currency: str = "EUR") -> bytes:
    rows: list[str] = []
    for number, account in enumerate(accounts, 1):
        rows += [f":20:REF{number}", f":25:12345678/{account.number}", f":28C:{number}/1"]
        mark = "D" if account.opening < 0 else "C"
        rows.append(f":60F:{mark}260301{currency}{swift_amount(account.opening)}")
        for line in account.lines:
            mark = "D" if line.cents < 0 else "C"
            amount = swift_amount(line.cents)
            rows.append(f":61:{line.day:%y%m%d}{line.day:%m%d}{mark}{amount}NTRFNONREF//{line.reference}")
            rows.append(f":86:{line.text}")
        mark = "D" if account.closing < 0 else "C"
        rows += [f":62F:{mark}260331{currency}{swift_amount(account.closing)}", "-"]
    return (end.join(rows) + end).encode()


def bai2(*accounts: Account, end: str = "\n", currency: str = "USD") -> bytes:
    rows = ["01,026004226,NORTH,260331,0600,1,80,10,2/", f"02,NORTH,026004226,1,260331,2400,{currency},2/"]
    group = 0
    for account in accounts:
        first, total = len(rows), account.opening + account.closing
        rows.append(f"03,{account.number},{currency},010,{account.opening},,/")
        rows.append(f"88,015,{account.closing},,/")
        for line in account.lines:
            total += abs(line.cents)
            code = 475 if line.cents < 0 else 165
            rows.append(f"16,{code},{abs(line.cents)},V,{line.day:%y%m%d},,{line.reference},,{line.text}/")
        rows.append(f"49,{total},{len(rows) - first + 1}/")
        group += total
    rows.append(f"98,{group},{len(accounts)},{len(rows)}/")
    rows.append(f"99,{group},1,{len(rows) + 1}/")
    return (end.join(rows) + end).encode()


def ofx(*accounts: Account, xml: bool = False, comma: bool = False, end: str = "\n", currency: str = "EUR") -> bytes:
    """Version 1 without closing tags of values, or version 2."""

    def value(name: str, text: str) -> str:
        return f"<{name}>{text}</{name}>" if xml else f"<{name}>{text}"

    def money(cents: int) -> str:
        text = f"{Decimal(cents).scaleb(-2):.2f}"
        return text.replace(".", ",") if comma else text

    header = (
        ['<?xml version="1.0" encoding="UTF-8"?>', '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE"?>']
        if xml
        else ["OFXHEADER:100", "DATA:OFXSGML", "VERSION:102", "ENCODING:USASCII", "CHARSET:1252", ""]
    )
    rows = [*header, "<OFX>", "<SIGNONMSGSRSV1><SONRS>", value("DTSERVER", "20260401060000[-5:EST]")]
    rows += ["</SONRS></SIGNONMSGSRSV1>", "<BANKMSGSRSV1>"]
    for number, account in enumerate(accounts, 1):
        rows += ["<STMTTRNRS>", value("TRNUID", str(number)), "<STMTRS>", value("CURDEF", currency), "<BANKACCTFROM>"]
        rows += [value("BANKID", "12345678"), value("ACCTID", account.number), "</BANKACCTFROM>", "<BANKTRANLIST>"]
        rows += [value("DTSTART", "20260301"), value("DTEND", "20260331")]
        for line in account.lines:
            rows += ["<STMTTRN>", value("TRNTYPE", "DEBIT" if line.cents < 0 else "CREDIT")]
            rows += [value("DTPOSTED", f"{line.day:%Y%m%d}"), value("TRNAMT", money(line.cents))]
            rows += [value("FITID", line.reference), value("MEMO", line.text.replace("&", "&amp;")), "</STMTTRN>"]
        rows += ["</BANKTRANLIST>", "<LEDGERBAL>", value("BALAMT", money(account.closing)), value("DTASOF", "20260331")]
        rows += ["</LEDGERBAL>", "</STMTRS>", "</STMTTRNRS>"]
    return (end.join([*rows, "</BANKMSGSRSV1>", "</OFX>"]) + end).encode()


ROUTING = "231380104"


def nacha_entry(
    cents: int, trace: int, name: str = "Receiver", account: str = "12345678", code: str = "", id: str = "INV-7",
    addenda: int = 0, routing: str = ROUTING,
) -> str:  # fmt: skip
    code = code or ("27" if cents < 0 else "22")
    return (
        f"6{code}{routing}{account:<17}{abs(cents):010d}{id:<15}{name[:22]:<22}  {min(addenda, 1)}"
        f"12104288{trace:07d}"
    )  # fmt: skip


def nacha_addendum(text: str, number: int = 1, trace: int = 1) -> str:
    return f"705{text:<80}{number:04d}{trace:07d}"


def nacha(
    *batches: list[str], sec: str = "PPD", service: str = "200", fill: bool = True, end: str = "\n", modifier: str = "A",
) -> bytes:  # fmt: skip
    """Batches of entries and addenda, with right totals."""
    rows = [f"101 231380104 1210428822603310600{modifier}094101{'Federal Reserve Bank':<23}{'My Bank Name':<23}{'':<8}"]
    sums = [0, 0, 0, 0]  # entries and addenda, hash, debits, credits
    for number, lines in enumerate(batches, 1):
        rows.append(
            f"5{service}{'Our Company':<16}{'':<20}{'121042882':<10}{sec}{'PAYROLL':<10}{'':<6}260402   112104288{number:07d}"
        )
        entries = [line for line in lines if line[0] == "6"]
        batch = [
            len(lines),
            sum(int(line[3:11]) for line in entries),
            sum(int(line[29:39]) for line in entries if line[2] > "4"),
            sum(int(line[29:39]) for line in entries if line[2] < "5"),
        ]
        rows += lines
        rows.append(
            f"8{service}{batch[0]:06d}{batch[1] % 10**10:010d}{batch[2]:012d}{batch[3]:012d}{'121042882':<10}{'':<25}"
            f"12104288{number:07d}"
        )
        sums = [one + other for one, other in zip(sums, batch, strict=True)]
    blocks = -(-(len(rows) + 1) // 10)
    rows.append(
        f"9{len(batches):06d}{blocks:06d}{sums[0]:08d}{sums[1] % 10**10:010d}{sums[2]:012d}{sums[3]:012d}{'':<39}"
    )
    if fill:
        rows += ["9" * 94] * (-len(rows) % 10)
    assert all(len(row) == 94 for row in rows), [row for row in rows if len(row) != 94]
    return (end.join(rows) + end).encode()
