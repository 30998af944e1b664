"""camt.052, camt.053 and camt.054 as banks write them (format-traps 1 to 11)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from iso20022_files import balance, camt, entry, read, statement

from ingestion.reading import FileRejected

DETAIL = """
 <NtryDtls><TxDtls>
   <Refs><MsgId>MSG</MsgId><PmtInfId>PI</PmtInfId><InstrId>I1</InstrId><EndToEndId>{id}</EndToEndId><UETR>u-1</UETR></Refs>
   {amount}
   <RltdPties><Dbtr><Pty><Nm>Kunde &amp; Söhne</Nm></Pty></Dbtr>
     <DbtrAcct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id></DbtrAcct><Cdtr><Nm>Wir AG</Nm></Cdtr></RltdPties>
   <RltdAgts><DbtrAgt><FinInstnId><BICFI>BUKBGB22</BICFI></FinInstnId></DbtrAgt></RltdAgts>
   <RmtInf>{remittance}</RmtInf>{more}
 </TxDtls></NtryDtls>"""


def detail(id: str = "E2E-1", amount: str = "", remittance: str = "<Ustrd>Invoice 7</Ustrd>", more: str = "") -> str:
    return DETAIL.format(id=id, amount=amount, remittance=remittance, more=more)


def only(rows: list[dict[str, object]]) -> dict[str, object]:
    assert len(rows) == 1, rows
    return rows[0]


def test_a_statement_with_its_balances_entries_and_details() -> None:
    data = camt(
        statement(
            balance("OPBD", "1000.00", day="2026-03-30"), balance("CLBD", "1050.5"),
            entry("100.00", "CRDT", detail()), entry("49.50", "DBIT"),
            before="<ElctrncSeqNb>12</ElctrncSeqNb><LglSeqNb>3</LglSeqNb>",
        )
    )  # fmt: skip
    reading = read(data)
    one = only(reading["bank_statement"])
    assert one["kind"] == "statement"
    assert one["account_id"] == "DE89370400440532013000"
    assert (one["electronic_sequence"], one["legal_sequence"], one["entry_count"]) == (12, 3, 2)
    assert (one["opening_balance"], one["closing_balance"]) == (Decimal("1000"), Decimal("1050.5"))
    assert (one["net_amount"], one["balance_check"], one["difference"]) == (Decimal("50.5"), "ok", Decimal(0))
    assert one["identity"] == "DE89370400440532013000|EUR|statement|S1|12||2026-03-31"
    first, second = reading["bank_entry"]
    assert (first["signed_amount"], second["signed_amount"]) == (Decimal(100), Decimal("-49.5"))
    assert (first["booking_date"], first["detail_count"], second["detail_count"]) == (date(2026, 3, 31), 1, 0)
    said = only(reading["bank_entry_detail"])
    assert said["debtor_name"] == "Kunde & Söhne"
    assert (said["end_to_end_id"], said["debtor_agent"], said["creditor_name"]) == ("E2E-1", "BUKBGB22", "Wir AG")
    assert said["amount"] is None, "the entry's amount is never copied into a detail"
    assert reading.facts is not None
    assert (reading.facts.format, reading.facts.identity) == ("camt.053.001.08", "M1")
    numbers = sorted(int(str(row["record_number"])) for rows in reading.records.values() for row in rows)
    assert numbers == [1, 2, 3, 4, 5, 6]


def test_byte_ranges_point_at_the_records() -> None:
    data = camt(statement(entry("1.00"), entry("2.00", details=detail())))
    reading = read(data)
    for row in reading["bank_entry"]:
        piece = data[row["byte_start"] : row["byte_end"]]
        assert piece.startswith(b"<Ntry>") and piece.endswith(b"</Ntry>") and piece.count(b"<Ntry>") == 1
    said = only(reading["bank_entry_detail"])
    piece = data[said["byte_start"] : said["byte_end"]]
    assert piece.startswith(b"<TxDtls>") and piece.endswith(b"</TxDtls>")


def test_a_reversal_does_not_turn_the_sign_unless_the_bank_needs_it() -> None:
    data = camt(statement(entry("5.00", "DBIT", more="<RvslInd>true</RvslInd>")))
    assert only(read(data)["bank_entry"])["signed_amount"] == Decimal(-5)
    turned = only(read(data, reversal_flips_sign=True)["bank_entry"])
    assert (turned["signed_amount"], turned["credit_debit"], turned["reversal"]) == (Decimal(5), "DBIT", True)


def test_only_booked_entries_make_the_balance() -> None:
    data = camt(
        statement(balance("OPBD", "0"), balance("CLBD", "1"), entry("1.00"), entry("7.00", status="<Cd>PDNG</Cd>"))
    )
    one = only(read(data)["bank_statement"])
    assert (one["net_amount"], one["entry_count"], one["balance_check"]) == (Decimal(1), 2, "ok")


def test_entries_labelled_with_another_currency_count_where_the_balances_prove_them() -> None:
    data = camt(statement(balance("OPBD", "10.00"), entry("5.00", currency="USD"), balance("CLBD", "15.00")))
    reading = read(data)
    one = only(reading["bank_statement"])
    assert (one["balance_check"], one["difference"], one["net_amount"]) == ("ok", Decimal(0), Decimal(5))


@pytest.mark.parametrize(
    ("balances", "expected"),
    [
        ([balance("PRCD", "10", day="2026-03-30"), balance("CLBD", "11")], ("10", "11", "ok")),
        ([balance("PRCD", "9", day="2026-03-30"), balance("OPBD", "10"), balance("CLBD", "11")], ("10", "11", "ok")),
        ([balance("OPBD", "10"), balance("ITBD", "11")], ("10", "11", "ok")),
        ([balance("ITBD", "10"), balance("CLBD", "11")], ("10", "11", "ok")),
        ([balance("ITBD", "10"), balance("ITBD", "11")], ("10", "11", "ok")),
        ([balance("OIBD", "10"), balance("CIBD", "11")], ("10", "11", "ok")),
        ([balance("OPBD", "10"), balance("CLBD", "12"), balance("FWAV", "1")], ("10", "12", "off")),
        ([balance("OPAV", "10"), balance("CLAV", "11")], (None, None, "none")),
        ([balance("OPBD", "1", "DBIT"), balance("CLBD", "0")], ("-1", "0", "ok")),
        ([balance("ITBD", "10")], (None, None, "none")),
    ],
)
def test_which_balances_open_and_close(balances: list[str], expected: tuple[str | None, str | None, str]) -> None:
    reading = read(camt(statement(*balances, entry("1.00"))))
    one = only(reading["bank_statement"])
    found = (one["opening_balance"], one["closing_balance"], one["balance_check"])
    assert found == (*(None if text is None else Decimal(text) for text in expected[:2]), expected[2])
    assert len(reading["bank_balance"]) == len(balances), "every balance is kept, with its own code"


def test_an_interim_report_is_not_closed_by_the_position_now() -> None:
    reading = read(
        camt(
            statement(balance("OPBD", "10"), balance("ITBD", "99"), entry("1.00"), element="Rpt"),
            version="camt.052.001.08", root="BkToCstmrAcctRpt",
        ),
        "camt.052",
    )  # fmt: skip
    one = only(reading["bank_statement"])
    assert (one["kind"], one["closing_balance"], one["balance_check"]) == ("report", None, "none")


def test_pages_are_told_apart() -> None:
    pages = [
        statement(balance("OPBD", "0"), balance("ITBD", "1"), entry("1.00")),
        statement(balance("ITBD", "1"), balance("CLBD", "3"), entry("2.00")),
    ]
    reading = read(camt(*pages))
    assert [one["balance_check"] for one in reading["bank_statement"]] == ["ok", "ok"]
    assert len({one["identity"] for one in reading["bank_statement"]}) == 2
    numbered = "<StmtPgntn><PgNb>2</PgNb><LastPgInd>true</LastPgInd></StmtPgntn>"
    one = only(read(camt(statement(entry(), before=numbered)))["bank_statement"])
    assert (one["page"], one["last_page"]) == (2, True)
    header = "<MsgPgntn><PgNb>3</PgNb><LastPgInd>false</LastPgInd></MsgPgntn>"
    one = only(read(camt(statement(entry()), header=header))["bank_statement"])
    assert (one["page"], one["last_page"]) == (3, False)


def test_the_same_statement_twice_in_a_file_has_one_identity() -> None:
    same = statement(balance("CLBD", "1"), entry("1.00"))
    assert len({one["identity"] for one in read(camt(same, same))["bank_statement"]}) == 1
    other = statement(balance("CLBD", "1"), entry("2.00"))
    assert len({one["identity"] for one in read(camt(same, other))["bank_statement"]}) == 2


def test_dates_with_time_and_offset_stay_local_days() -> None:
    dates = "<BookgDt><DtTm>2026-03-31T23:30:00-05:00</DtTm></BookgDt>"
    row = only(read(camt(statement(entry(dates=dates))))["bank_entry"])
    assert (row["booking_date"], row["booking_time"]) == (date(2026, 3, 31), "2026-03-31T23:30:00-05:00")
    assert row["value_date"] is None


def test_status_as_text_as_code_and_as_the_banks_own() -> None:
    data = camt(statement(entry(status="BOOK"), entry(status="<Cd>PDNG</Cd>"), entry(status="<Prtry>HELD</Prtry>")))
    assert [row["status"] for row in read(data)["bank_entry"]] == ["BOOK", "PDNG", "HELD"]


def test_a_status_that_is_no_code_is_rejected() -> None:
    """Nobody knows whether it is booked, and as anything else it would be no line of the account."""
    found = read(camt(statement(entry(status="BOOKED"), entry(status="<Cd>Booked</Cd>"), entry(status="BOOK"))))
    assert [(one.field, one.found) for one in found.rejects] == [("Sts", "BOOKED"), ("Sts", "Booked")]
    assert len(found["bank_entry"]) == 1


def test_a_batch_keeps_its_head_and_its_parts() -> None:
    parts = (
        "<NtryDtls><Btch><MsgId>M</MsgId><PmtInfId>P-1</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>"
        '<TxDtls><Refs><EndToEndId>A</EndToEndId></Refs><Amt Ccy="EUR">1</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>'
        "<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><AmtDtls>"
        '<TxAmt><Amt Ccy="EUR">2.5</Amt></TxAmt></AmtDtls></TxDtls></NtryDtls>'
    )
    reading = read(camt(statement(entry("3.50", "DBIT", parts))))
    row = only(reading["bank_entry"])
    assert (row["batch_payment_information_id"], row["batch_count"], row["detail_count"]) == ("P-1", 2, 2)
    first, second = reading["bank_entry_detail"]
    assert (first["signed_amount"], second["signed_amount"]) == (Decimal(-1), Decimal("-2.5"))
    assert (first["credit_debit"], second["credit_debit"], second["end_to_end_id"]) == ("DBIT", None, None)


@pytest.mark.parametrize(
    ("charges", "expected"),
    [
        ('<Chrgs><Amt Ccy="EUR">1.5</Amt></Chrgs><Chrgs><Amt Ccy="EUR">2</Amt></Chrgs>', ("3.5", "EUR")),
        ('<Chrgs><Rcrd><Amt Ccy="EUR">3</Amt></Rcrd>'
         '<Rcrd><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd></Chrgs>', ("2", "EUR")),
        ('<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">9</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy="EUR">4</Amt></Rcrd></Chrgs>',
         ("9", "EUR")),
        ('<Chrgs><Amt Ccy="EUR">1</Amt></Chrgs><Chrgs><Amt Ccy="USD">1</Amt></Chrgs>', (None, None)),
    ],
)  # fmt: skip
def test_charges_over_the_versions(charges: str, expected: tuple[str | None, str | None]) -> None:
    row = only(read(camt(statement(entry("26.00", "DBIT", details=charges))))["bank_entry"])
    assert row["charges_amount"] == (None if expected[0] is None else Decimal(expected[0]))
    assert row["charges_currency"] == expected[1]


def test_charges_of_a_transaction_are_not_those_of_the_one_before() -> None:
    charged = "<TxDtls><Refs><TxId>2</TxId></Refs><Chrgs><Amt Ccy='CHF'>0.94</Amt></Chrgs></TxDtls>"
    free = "<TxDtls><Refs><TxId>1</TxId></Refs></TxDtls>"
    details = read(camt(statement(entry(details=f"<NtryDtls>{free}{charged}</NtryDtls>"))))["bank_entry_detail"]
    assert [row["charges_amount"] for row in details] == [None, Decimal("0.94")]


def test_foreign_exchange_keeps_its_amounts_apart() -> None:
    amounts = (
        '<AmtDtls><InstdAmt><Amt Ccy="USD">110.00</Amt></InstdAmt><TxAmt><Amt Ccy="USD">110.00</Amt><CcyXchg>'
        "<SrcCcy>USD</SrcCcy><TrgtCcy>EUR</TrgtCcy><XchgRate>1.0998765432</XchgRate></CcyXchg></TxAmt></AmtDtls>"
    )
    said = only(read(camt(statement(entry("100.01", details=detail(amount=amounts)))))["bank_entry_detail"])
    assert said["amount"] is None, "an amount in another currency is not the amount booked"
    assert (said["instructed_amount"], said["transaction_currency"]) == (Decimal(110), "USD")
    assert (said["exchange_rate"], said["source_currency"]) == (Decimal("1.0998765432"), "USD")


@pytest.mark.parametrize(
    ("remittance", "reference", "kind", "documents"),
    [
        ("<Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>", "RF18539007547034", "SCOR", None),
        ("<Strd><CdtrRefInf><Ref>RF19539007547034</Ref></CdtrRefInf></Strd>", "RF19539007547034", None, None),
        ("<Ustrd>RF18 5390 0754 7034</Ustrd>", "RF18539007547034", "SCOR", None),
        ("<Strd><RfrdDocInf><Nb>INV-1</Nb></RfrdDocInf><RfrdDocInf><Nb>INV-2</Nb></RfrdDocInf></Strd>"
         "<Strd><RfrdDocInf><Nb>INV-3</Nb></RfrdDocInf></Strd>", None, None, ["INV-1", "INV-2", "INV-3"]),
    ],
)  # fmt: skip
def test_references_are_typed_only_by_their_check_digits(
    remittance: str, reference: str | None, kind: str | None, documents: list[str] | None
) -> None:
    said = only(read(camt(statement(entry(details=detail(remittance=remittance)))))["bank_entry_detail"])
    assert (said["structured_reference"], said["structured_reference_type"]) == (reference, kind)
    assert said["referred_documents"] == documents


def test_lines_of_text_and_returns() -> None:
    more = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf><AddtlInf>account</AddtlInf></RtrInf>"
    lines = "<Ustrd>one</Ustrd><Ustrd/><Ustrd>two</Ustrd>"
    said = only(read(camt(statement(entry(details=detail(remittance=lines, more=more)))))["bank_entry_detail"])
    assert said["remittance_unstructured"] == "one\ntwo"
    assert (said["return_reason_code"], said["return_reason_text"]) == ("AC04", "closed\naccount")


@pytest.mark.parametrize("amount", ["0.00001", "123456789012345678.99999", "1.000000", "+5", "007.50"])
def test_amounts_are_exact(amount: str) -> None:
    assert only(read(camt(statement(entry(amount))))["bank_entry"])["amount"] == Decimal(amount)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (entry("12..34"), "Amt"),
        (entry("1.123456"), "Amt"),
        (entry("1,50"), "Amt"),
        (entry("-1.50"), "Amt"),
        (entry("1_000"), "Amt"),
        (entry("١٢"), "Amt"),
        (entry("1" * 19), "Amt"),
        (entry("1e3"), "Amt"),
        (entry("").replace("<Amt", "<Amount").replace("</Amt", "</Amount"), "Amt"),
        (entry(currency="euro"), "Amt/@Ccy"),
        (entry(indicator="C"), "CdtDbtInd"),
        (entry(status=""), "Sts"),
        (entry(dates="<BookgDt><Dt>2026-02-30</Dt></BookgDt>"), "BookgDt"),
        (entry(dates="<ValDt><Dt>31.03.2026</Dt></ValDt>"), "ValDt"),
    ],
)
def test_an_entry_that_cannot_be_read_is_rejected_and_the_rest_is_kept(bad: str, field: str) -> None:
    data = camt(statement(balance("OPBD", "0"), balance("CLBD", "3"), entry("1.00"), bad, entry("2.00")))
    reading = read(data)
    reject = only([vars(one) for one in reading.rejects])
    assert (reject["field"], reject["place"].split(", line")[0]) == (field, "statement 1, entry 2")
    assert reject["expected"] and reject["advice"]
    assert reject["raw_text"].startswith("<Ntry>") and reject["raw_text"].endswith("</Ntry>")
    assert data.decode().splitlines()[reject["line"] - 1].strip().startswith("<Ntry>")
    assert [row["entry_number"] for row in reading["bank_entry"]] == [1, 3]
    assert only(reading["bank_statement"])["entry_count"] == 2
    assert reading.facts is not None and any("could not be read: 1" in text for text in reading.facts.warnings)


def test_a_garbled_detail_or_balance_is_rejected_alone() -> None:
    garbled = detail(amount='<Amt Ccy="EUR">XX</Amt>')
    reading = read(camt(statement(balance("CLBD", "***"), entry(details=garbled))))
    assert [one.place.split(", line")[0] for one in reading.rejects] == [
        "statement 1, balance CLBD",
        "statement 1, entry 1, transaction 1",
    ]
    assert (len(reading["bank_entry"]), len(reading["bank_entry_detail"])) == (1, 0)


def test_a_statement_without_an_account_says_so() -> None:
    data = camt(statement(entry(), account=""))
    reading = read(data)
    assert only([one.field for one in reading.rejects]) == "Acct/Id"
    assert only(reading["bank_statement"])["account_id"] is None
    assert only(read(data, account="4711")["bank_statement"])["account_id"] == "4711"
    assert not read(data, account="4711").rejects


def test_a_declared_summary_that_differs_is_reported() -> None:
    summary = "<TxsSummry><TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries></TxsSummry>"
    reading = read(camt(statement(summary, entry())))
    assert reading.facts is not None
    assert [(one.declared, one.computed) for one in reading.facts.control_totals] == [(Decimal(3), Decimal(1))]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (
            "<TtlNtries><Sum>9</Sum></TtlNtries>",
            "Sum of statement 1: the bank declares 9.00000, the entries make 10.00000",
        ),
        ("<TtlCdtNtries><NbOfNtries>2</NbOfNtries></TtlCdtNtries>", "NbOfNtries of TtlCdtNtries of statement 1"),
        ("<TtlDbtNtries><Sum>4.00</Sum></TtlDbtNtries>", "Sum of TtlDbtNtries of statement 1"),
        (
            "<TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>7</Sum></TtlCdtNtries><TtlDbtNtries><Sum>3</Sum></TtlDbtNtries>",
            "",
        ),
    ],
)
def test_the_sums_of_each_side_are_compared(declared: str, told: str) -> None:
    entries = [entry(amount="7"), entry(amount="3", indicator="DBIT")]
    found = read(camt(statement(f"<TxsSummry>{declared}</TxsSummry>", *entries)))
    assert found.facts is not None
    assert [warning.startswith(told) for warning in found.facts.warnings] == ([True] if told else [])
    assert all(one.agrees for one in found.facts.control_totals) is not bool(told)


def test_an_entry_of_nothing_is_on_neither_side() -> None:
    """A statement may count it as a credit or a debit: its own counts are no contradiction."""
    declared = (
        "<TtlCdtNtries><NbOfNtries>2</NbOfNtries></TtlCdtNtries><TtlDbtNtries><NbOfNtries>0</NbOfNtries></TtlDbtNtries>"
    )
    found = read(camt(statement(f"<TxsSummry>{declared}</TxsSummry>", entry(amount="7"), entry(amount="0"))))
    assert found.facts is not None and not found.facts.warnings and not found.facts.control_totals


def test_version_one_and_notifications() -> None:
    first = camt(statement(entry(), element="Rpt"), version="camt.052.001.01", root="BkToCstmrAcctRptV01")
    assert only(read(first, "camt.052")["bank_statement"])["kind"] == "report"
    note = camt(statement(entry(), element="Ntfctn"), version="camt.054.001.14", root="BkToCstmrDbtCdtNtfctn")
    assert only(read(note, "camt.054")["bank_statement"])["kind"] == "notification"


def test_another_of_the_three_messages_is_read_and_said() -> None:
    note = camt(statement(entry(), element="Ntfctn"), version="camt.054.001.08", root="BkToCstmrDbtCdtNtfctn")
    reading = read(note, "camt.053")
    assert reading.facts is not None and reading.facts.format == "camt.054.001.08"
    assert "expects camt.053" in reading.facts.warnings[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (camt(), "no statement"),
        (b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'></Document>", "no camt.052"),
        (b"<html><body/></html>", "no camt.052"),
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"{1:F01}", "not well-formed"),
        (b"PK\x03\x04\x00", "not well-formed|NUL"),
    ],
)
def test_files_that_hold_no_statement_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FileRejected, match=reason) as verdict:
        read(data)
    assert verdict.value.advice


def test_an_entry_of_many_transactions_is_written_as_it_is_read() -> None:
    one = '<TxDtls><Amt Ccy="EUR">0.01</Amt></TxDtls>'
    reading = read(camt(statement(entry("200.00", "DBIT", f"<NtryDtls>{one * 20_000}</NtryDtls>"))))
    assert only(reading["bank_entry"])["detail_count"] == 20_000
    assert sum(row["signed_amount"] for row in reading["bank_entry_detail"]) == Decimal(-200)
    assert {row["entry_number"] for row in reading["bank_entry_detail"]} == {1}
