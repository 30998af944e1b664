"""OFX as banks write it: SGML without closing tags, XML, headers that lie, and what is no statement of cash."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from bank_file_writers import Account, Line, ofx
from iso20022_files import Reading, outcome, read

from ingestion.reading import FileRejected

ACCOUNT = Account("1020304050", 1000_00, (Line(250_50, "F1", "Invoice 7"), Line(-10_00, "F2", "Fee", 3)))


def statement(
    *transactions: str, currency: str = "<CURDEF>EUR", account: str = "<BANKACCTFROM><BANKID>1<ACCTID>4711</BANKACCTFROM>",
    after: str = "<LEDGERBAL><BALAMT>90.00<DTASOF>20260331</LEDGERBAL>", header: str = "OFXHEADER:100\nVERSION:102\n\n",
) -> str:  # fmt: skip
    return (
        f"{header}<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260401</SONRS>"
        f"</SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS>{currency}{account}<BANKTRANLIST><DTSTART>20260301"
        f"<DTEND>20260331{''.join(transactions)}</BANKTRANLIST>{after}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


def transaction(
    amount: str = "-5.00", more: str = "", posted: str = "20260310", fitid: str = "F1", kind: str = "DEBIT",
    memo: str = "<MEMO>text",
) -> str:  # fmt: skip
    return f"<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{posted}<TRNAMT>{amount}<FITID>{fitid}{more}{memo}</STMTTRN>"


def only(reading: Reading, kind: str = "bank_entry") -> dict[str, object]:
    (row,) = reading[kind]
    return row


def entry(*args: str, **kwargs: str) -> dict[str, object]:
    return only(read(statement(transaction(*args, **kwargs)), "ofx"))


def detail(*args: str, **kwargs: str) -> dict[str, object]:
    return only(read(statement(transaction(*args, **kwargs)), "ofx"), "bank_entry_detail")


@pytest.mark.parametrize("xml", [False, True])
def test_a_statement_with_its_balance_and_entries(xml: bool) -> None:
    reading = read(ofx(ACCOUNT, xml=xml), "ofx")
    one = only(reading, "bank_statement")
    assert (one["account_id"], one["servicer_id"], one["account_currency"]) == ("1020304050", "12345678", "EUR")
    assert (one["statement_id"], one["from_date"], one["to_date"]) == (
        "2026-03-01/2026-03-31", date(2026, 3, 1), date(2026, 3, 31),
    )  # fmt: skip
    assert (one["opening_balance"], one["closing_balance"]) == (None, Decimal("1240.5"))
    assert (one["net_amount"], one["entry_count"], one["balance_check"]) == (Decimal("240.5"), 2, "none")
    assert one["created_at"] == "2026-04-01T06:00:00-05:00"
    credit, debit = reading["bank_entry"]
    assert (credit["account_servicer_reference"], credit["signed_amount"], credit["native_code"]) == (
        "F1", Decimal("250.5"), "CREDIT",
    )  # fmt: skip
    assert (debit["credit_debit"], debit["booking_date"]) == ("DBIT", date(2026, 3, 4))
    assert reading.facts is not None and reading.facts.format == "ofx"


def test_both_versions_and_any_line_ends_give_the_same() -> None:
    plain = read(ofx(ACCOUNT), "ofx").content()
    assert read(ofx(ACCOUNT, xml=True), "ofx").content() == plain
    assert read(ofx(ACCOUNT, end=""), "ofx").content() != {}
    assert read(ofx(ACCOUNT, end="\r\n"), "ofx").content() == plain
    assert read(ofx(ACCOUNT, xml=True).decode().encode("utf-16"), "ofx").content() == plain
    lower = ofx(ACCOUNT).replace(b"<OFX>", b"<ofx>").replace(b"</OFX>", b"</ofx>").replace(b"STMTTRN>", b"stmttrn>")
    assert read(lower, "ofx").content() == plain


def test_several_statements_and_credit_cards() -> None:
    other = Account("999", 0, (Line(100, "F9", "x"),))
    data = ofx(ACCOUNT, other, other).decode()
    card = (
        "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD<CCACCTFROM><ACCTID>4111</CCACCTFROM><BANKTRANLIST>"
        + transaction("-7.00")
        + "</BANKTRANLIST><LEDGERBAL><BALAMT>-500.00<DTASOF>20260331</LEDGERBAL></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1>"
    )
    reading = read(data.replace("</OFX>", card + "</OFX>"), "ofx")
    assert [row["account_id"] for row in reading["bank_statement"]] == ["1020304050", "999", "999", "4111"]
    assert len({row["identity"] for row in reading["bank_statement"]}) == 4
    assert [row["statement_number"] for row in reading["bank_entry"]] == [1, 1, 2, 3, 4]
    assert reading["bank_statement"][3]["closing_balance"] == Decimal(-500)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("-5", "-5"), ("+5.5", "5.5"), ("1234,56", "1234.56"), ("-1.234,56", "-1234.56"), ("1,234,567.80", "1234567.8"),
     ("0.500", "0.5"), ("12.3456", "12.3456"), ("1234.500", "1234.5"), ("0", "0"), (" 7.00 ", "7"), ("-.50", "-0.5"),
     (",5", "0.5"), ("-.", None),
     ("1.234", None), ("1,234", None), ("$5", None), ("5-", None), ("", None), ("1e3", None), ("1.23.45", None),
     ("5.000001", None), ("1.2345,00", None), ("١٢", None)],
)  # fmt: skip
def test_amounts_are_exact_or_rejected(text: str, expected: str | None) -> None:
    reading = read(statement(transaction(text)), "ofx")
    if expected is None:
        (reject,) = reading.rejects
        assert (reject.field, reject.found) == ("TRNAMT", text.strip())
        assert "entry 1" in reject.place
        assert not reading["bank_entry"] and not reading["bank_entry_detail"]
        assert only(reading, "bank_statement")["entry_count"] == 0
    else:
        assert only(reading)["signed_amount"] == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "day", "time"),
    [
        ("20260310", date(2026, 3, 10), None),
        ("20260310120000", date(2026, 3, 10), "2026-03-10T12:00:00"),
        ("20260310233000.000[-5:EST]", date(2026, 3, 10), "2026-03-10T23:30:00-05:00"),
        ("20260310000000.250[+5.5:IST]", date(2026, 3, 10), "2026-03-10T00:00:00.250+05:30"),
        ("20260310100000[-03:EST]", date(2026, 3, 10), "2026-03-10T10:00:00-03:00"),
        ("20260310202000.000[-:EST]", date(2026, 3, 10), "2026-03-10T20:20:00"),
        ("2026-03-10", date(2026, 3, 10), None),
    ],
)
def test_dates_keep_the_banks_day_and_offset(text: str, day: date, time: str | None) -> None:
    row = entry(posted=text)
    assert (row["booking_date"], row["booking_time"]) == (day, time)


@pytest.mark.parametrize("text", ["", "20260231", "201120000000", "10/03/2026", "20260310250000", "yesterday"])
def test_a_date_that_is_none_rejects_the_entry(text: str) -> None:
    (reject,) = read(statement(transaction(posted=text)), "ofx").rejects
    assert (reject.field, reject.found, reject.amount, reject.currency) == ("DTPOSTED", text, Decimal(5), "EUR")


def test_fields_of_a_transaction() -> None:
    more = (
        "<DTAVAIL>20260312<CHECKNUM>77<REFNUM>R-1<SRVRTID>S-1<NAME>ACME Ltd"
        "<BANKACCTTO><BANKID>20000000<ACCTID>DE89370400440532013000<ACCTTYPE>CHECKING</BANKACCTTO>"
        "<ORIGCURRENCY><CURRATE>1.1<CURSYM>USD</ORIGCURRENCY>"
    )
    row, said = entry(more=more), detail(more=more)
    assert (row["value_date"], row["entry_reference"], row["instructed_currency"]) == (date(2026, 3, 12), "R-1", "USD")
    assert row["text"] == "ACME Ltd\ntext"
    assert (said["creditor_name"], said["creditor_account"], said["debtor_name"]) == (
        "ACME Ltd", "DE89370400440532013000", None,
    )  # fmt: skip
    assert (said["cheque_number"], said["transaction_id"], said["exchange_rate"]) == ("77", "S-1", Decimal("1.1"))
    assert detail("5.00", more=more)["debtor_name"] == "ACME Ltd"
    assert detail(memo="<MEMO>RF18539007547034")["structured_reference_type"] == "SCOR"
    assert said["amount"] is None


@pytest.mark.parametrize(
    ("kind", "amount", "code"),
    [
        ("SRVCHG", "-1", "CHRG"),
        ("INT", "1", "INTR"),
        ("POS", "-1", "POSD"),
        ("CHECK", "-1", "OTHR"),
        ("OTHER", "1", None),
    ],
)
def test_transaction_types_are_mapped_to_iso(kind: str, amount: str, code: str | None) -> None:
    row = entry(amount, kind=kind)
    assert (row["native_code"], row["native_issuer"], row["subfamily_code"]) == (kind, "OFX", code)


def test_an_amount_in_another_currency_is_not_part_of_the_net() -> None:
    foreign = transaction("9.00", more="<CURRENCY><CURRATE>1.1<CURSYM>USD</CURRENCY>", kind="CREDIT", fitid="F2")
    reading = read(statement(transaction(), foreign), "ofx")
    assert [row["currency"] for row in reading["bank_entry"]] == ["EUR", "USD"]
    assert only(reading, "bank_statement")["net_amount"] == Decimal(-5)
    assert reading.facts is not None and "USD" in reading.facts.warnings[0]


def test_a_correction_of_an_earlier_entry_is_not_loaded_beside_it() -> None:
    reading = read(statement(transaction(more="<CORRECTFITID>F0<CORRECTACTION>REPLACE")), "ofx")
    (reject,) = reading.rejects
    assert reject.field == "CORRECTFITID" and "REPLACE of F0" in reject.found


def test_pending_transactions_are_not_booked() -> None:
    pending = (
        "<BANKTRANLISTP><DTASOF>20260331<STMTTRNP><TRNTYPE>DEBIT<DTTRAN>20260331<TRNAMT>-3.00<NAME>Hold</STMTTRNP>"
        "</BANKTRANLISTP>"
    )
    reading = read(statement(transaction(), after=pending), "ofx")
    assert [(row["status"], row["booking_date"]) for row in reading["bank_entry"]] == [
        ("BOOK", date(2026, 3, 10)), ("PDNG", None),
    ]  # fmt: skip
    assert only(reading, "bank_statement")["net_amount"] == Decimal(-5)


def test_balances() -> None:
    after = (
        "<LEDGERBAL><BALAMT>-1,50<DTASOF>20260331120000[1:CET]</LEDGERBAL><AVAILBAL><BALAMT><DTASOF>20260331</AVAILBAL>"
        "<BALLIST><BAL><NAME>LIMIT<DESC>Credit line<BALTYPE>DOLLAR<VALUE>500<DTASOF>20260331</BAL></BALLIST>"
    )
    reading = read(statement(after=after), "ofx")
    ledger, limit = reading["bank_balance"]
    assert (ledger["code"], ledger["native_code"], ledger["signed_amount"]) == ("CLBD", "LEDGERBAL", Decimal("-1.5"))
    assert (limit["code"], limit["amount"]) == ("LIMIT", Decimal(500))
    assert reading.facts is not None and "AVAILBAL gives no amount" in reading.facts.warnings[0]
    (reject,) = read(statement(after="<LEDGERBAL><BALAMT>n/a<DTASOF>20260331</LEDGERBAL>"), "ofx").rejects
    assert reject.field == "LEDGERBAL/BALAMT" and reject.found == "n/a"


@pytest.mark.parametrize(
    ("header", "raw", "expected"),
    [
        ("ENCODING:USASCII\nCHARSET:1252\n", "Müller €".encode("cp1252"), "Müller €"),
        ("ENCODING:USASCII\nCHARSET:1252\n", "Müller €".encode(), "Müller €"),
        ("ENCODING:UTF-8\nCHARSET:NONE\n", "Łódź".encode(), "Łódź"),
        ("ENCODING:USASCII\nCHARSET:8859-1\n", "Müller".encode("latin-1"), "Müller"),
        ("ENCODING:USASCII CHARSET:1252 COMPRESSION:NONE ", "Müller".encode("cp1252"), "Müller"),
        ('<?xml version="1.0" encoding="iso-8859-2"?>', "Łódź".encode("iso-8859-2"), "Łódź"),
    ],
)
def test_encodings(header: str, raw: bytes, expected: str) -> None:
    data = statement(transaction(memo="<MEMO>@@"), header=header).encode().replace(b"@@", raw)
    assert only(read(data, "ofx"), "bank_entry_detail")["remittance_unstructured"] == expected


@pytest.mark.parametrize(
    ("memo", "text"),
    [
        ("<MEMO>a &amp; b &lt;c&gt; &#228; &#x41;", "a & b <c> ä A"),
        ("<MEMO>Smith & Sons &unknown; a < b", "Smith & Sons &unknown; a < b"),
        ("<MEMO><![CDATA[a <b> & c]]></MEMO>", "a <b> & c"),
        ("<MEMO>A <B> C", "A <B> C"),
        ("<NAME>x<MEMO>a < b & c <d&e> f", "a < b & c <d&e> f"),
        ("<MEMO>pay <b>bold</b> now <br/> or <never> <FITID>F1", "pay <b>bold</b> now <br/> or <never>"),
        ("<MEMO><B> C", "<B> C"),
        ("<MEMO>one\n<BANKSOWN>two\n<BANK.OWN>three", "one"),
        ("<MEMO>one</MEMO><BANKSOWN>two</BANKSOWN>", "one"),
        ("<MEMO>one<!-- a <TRNAMT>9</TRNAMT> --></MEMO>", "one"),
        ("<MEMO>&#0;&#xD800;", "&#0;&#xD800;"),
        ("<MEMO></MEMO>", None),
        ("<MEMO/>", None),
        ("<MEMO>", None),
        ("<BANK.OWN><MEMO>x", "x"),
    ],
)
def test_values_with_markup(memo: str, text: str | None) -> None:
    row = detail(memo=memo)
    assert row["remittance_unstructured"] == text
    assert only(read(statement(transaction(memo=memo)), "ofx"))["amount"] == 5


@pytest.mark.parametrize("memo", ["<MEMO>A<B>C", "<MEMO><B>C", "<MEMO>pay <REFNUM> later"])
def test_a_text_whose_markup_may_be_a_tag_is_refused(memo: str) -> None:
    (reject,) = read(statement(transaction(memo=memo)), "ofx").rejects
    assert reject.field == "MEMO" and "&lt;" in reject.expected and reject.place.endswith("entry 1, line 4")


def test_an_entry_that_is_not_closed_ends_where_it_must() -> None:
    whole = statement(transaction(), transaction("-1.00", fitid="F2"), transaction("-2.00", fitid="F3"))
    reading = read(whole.replace("</STMTTRN>", ""), "ofx")
    assert [row["signed_amount"] for row in reading["bank_entry"]] == [-5, -1, -2]
    pieces = [whole.replace("</STMTTRN>", "")[row["byte_start"] : row["byte_end"]] for row in reading["bank_entry"]]
    assert [piece.count("<FITID>") for piece in pieces] == [1, 1, 1]
    assert reading.facts is not None and any("STMTTRN" in text and "3 times" in text for text in reading.facts.warnings)


def test_a_value_given_twice_is_not_chosen() -> None:
    (reject,) = read(statement(transaction(more="<TRNAMT>-6.00")), "ofx").rejects
    assert reject.field == "TRNAMT" and "two that differ" in reject.expected
    assert entry(more="<TRNAMT>-5.00")["amount"] == 5


def test_the_account_and_currency_may_come_from_the_source() -> None:
    data = statement(transaction(), account="", currency="")
    verdict = outcome(data.encode(), "ofx")
    assert isinstance(verdict, FileRejected) and "currency" in verdict.reason
    reading = read(data, "ofx", currency="BRL")
    assert [one.field for one in reading.rejects] == ["ACCTID"]
    named = read(data, "ofx", "4711", currency="BRL")
    assert not named.rejects
    assert (only(named, "bank_statement")["account_id"], only(named)["currency"]) == ("4711", "BRL")


INVESTMENT = "<INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><INVACCTFROM><ACCTID>77</INVACCTFROM></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>"


def test_an_investment_statement_beside_a_bank_statement_is_rejected_by_name() -> None:
    reading = read(statement(transaction()).replace("</OFX>", INVESTMENT + "</OFX>"), "ofx")
    (reject,) = reading.rejects
    assert reject.field == "INVSTMTRS" and "account 77" in reject.place
    assert len(reading["bank_entry"]) == 1


ENTITY = "<!DOCTYPE OFX [<!ENTITY a 'aaaa'>]>"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "empty"),
        ("hello", "not OFX"),
        ("<OFX></OFX>", "no statement"),
        (f"<OFX>{INVESTMENT}</OFX>", "no statement of a bank"),
        (statement().replace("<CODE>0<SEVERITY>INFO", "<CODE>15500<SEVERITY>ERROR"), "sign-on"),
        (statement(transaction()).removesuffix("</OFX>"), "cut off"),
        (statement(transaction(more="<CURRENCY><CURSYM>USD")).replace("</STMTTRN>", ""), "not closed"),
        (statement(transaction()).replace("<BANKTRANLIST>", ""), "no opening"),
        (statement(transaction(memo="<MEMO>" + "x" * 300_000)), "longer than any"),
        ("<OFX>" + "<A>" * 100, "nested too deeply"),
        (ENTITY + statement(header=""), "document type"),
        (statement(transaction(memo=f"<MEMO>{ENTITY}")), "document type"),
        ("<OFX>\0</OFX>", "NUL"),
    ],
)
def test_files_that_are_no_statements_or_are_damaged_are_refused(data: str, reason: str) -> None:
    verdict = outcome(data.encode(), "ofx")
    assert isinstance(verdict, FileRejected)
    assert reason in verdict.reason and verdict.place and verdict.expected and verdict.advice


def test_byte_ranges_point_at_the_transactions() -> None:
    data = ofx(ACCOUNT).replace(b"Fee", "Gebühr".encode())
    for row in read(data, "ofx")["bank_entry"]:
        piece = data[row["byte_start"] : row["byte_end"]]
        assert piece.startswith(b"<STMTTRN>") and piece.endswith(b"</STMTTRN>")
        assert data[: row["byte_start"]].count(b"\n") + 1 == row["file_line"]


def test_a_list_that_is_not_closed_ends_with_its_statement_which_is_said() -> None:
    whole = statement(transaction(), transaction("-1.00", fitid="F2"))
    reading = read(whole.replace("</BANKTRANLIST>", ""), "ofx")
    assert reading.content() == read(whole, "ofx").content()
    assert reading.facts is not None and any("BANKTRANLIST" in text for text in reading.facts.warnings)
