"""Extracts of the known systems, in the shapes their vendors deliver, by the shipped declarations."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from decimal import Decimal

import polars as pl
import pytest
import xlsxwriter
from declared_files import read

from ingestion.file_recognition import recognise_file

SAP = (
    b"BUKRS;BELNR;GJAHR;BUZEI;LIFNR;BLART;SHKZG;WRBTR;WAERS;BLDAT;BUDAT;NETDT;XBLNR;UMSKZ;AUGBL;AUGDT\n"
    b"1000;5100000001;2026;001;0000100001;KR;H;1234.56;EUR;20260105;05.01.2026;2026-02-04;INV 1;A;;00000000\n"
    b"1000;5100000002;2026;001;0000100001;KR;X;12.50-;EUR;20260105;20260105;;;;;\n"
)


def test_sap_line_items_keep_the_mark_and_the_fields_without_a_column() -> None:
    outcome = read("sap_line_items", SAP, system="sap")
    (item,) = outcome.rows("open_item")
    assert (item["debit_credit"], item["amount"], item["ledger"]) == ("H", Decimal("1234.56000"), "payable")
    assert item["counterparty_id"] == "0000100001"  # leading zeros are part of the number
    assert item["posting_date"] == datetime.date(2026, 1, 5)
    assert item["clearing_date"] is None  # 00000000 is no date
    assert json.loads(str(item["extra"])) == {"UMSKZ": "A"}
    (reject,) = outcome.rejects
    assert (reject.place, reject.field, reject.found, reject.expected) == (
        "line 3",
        "debit_credit",
        "X",
        "one of S, H in SHKZG",
    )
    assert SAP[reject.byte_start : reject.byte_end].startswith(b"1000;5100000002")


def test_a_sap_list_with_labels_gives_what_the_table_holds() -> None:
    text = (
        "Company Code;Document Number;Vendor;Document Type;Amount in doc. curr.;Document Currency;Net due date\n"
        "1000;51;7;KR;1.234,56-;EUR;04.02.2026\n"
        "1000;52;7;KG;99,00;EUR;04.02.2026\n"
        ";;;;1.135,56-;EUR;\n"
    )
    numbers = {"numbers": {"decimal": ",", "thousands": ".", "minus": "trailing"}}
    outcome = read("sap_line_items", text.encode("cp1252"), numbers, system="sap")
    assert [(r["debit_credit"], r["amount"]) for r in outcome.rows("open_item")] == [
        ("H", Decimal("1234.56000")), ("S", Decimal("99.00000")),
    ]  # fmt: skip
    assert outcome.facts is not None
    assert outcome.facts.warnings == ("1 rows are no records: total of the list",)


@pytest.mark.parametrize(("party", "ledger"), [("Kreditor", "payable"), ("Debitor", "receivable")])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_sap_list_with_german_labels(party: str, ledger: str, encoding: str) -> None:
    text = (
        f"Buchungskreis\tBelegnummer\t{party}\tBelegart\tBetrag in Belegwährung\tBelegwährung\tNettofälligkeit\tReferenz\n"
        "1000\t51\t7\tKR\t1.234,56-\tEUR\t04.02.2026\tRE-1\n"
        "1000\t52\t7\tKG\t99\tJPY\t04.02.2026\tGS-1\n"
        "\t\t\t\t1.135,56-\tEUR\t\t\n"
    )
    outcome = read("sap_line_items", text.encode(encoding), system="sap")
    assert [(r["ledger"], r["debit_credit"], r["amount"], str(r["due_date"])) for r in outcome.rows("open_item")] == [
        (ledger, "H", Decimal("1234.56000"), "2026-02-04"), (ledger, "S", Decimal("99.00000"), "2026-02-04"),
    ]  # fmt: skip
    assert outcome.facts is not None
    assert outcome.facts.warnings == ("1 rows are no records: total of the list",)


@pytest.mark.parametrize("text", ["Material", 'Sheet 3" steel'])
def test_lines_drawn_between_the_parts_of_a_list_are_no_records(text: str) -> None:
    """A list saved as it is printed: each line of strokes was a reject. A quote within a text has the rows cut one by one."""
    line = "-" * 60
    rows = [f"|1000        |51             |1.234,56-           |EUR              |{text}|", line,
            "|            |               |1.234,56-           |EUR              ||", line]  # fmt: skip
    header = "|Company Code|Document Number|Amount in doc. curr.|Document Currency|Text|"
    data = "\n".join(["03.03.2026   Vendor Line Item Display", line, header, line, *rows, ""]).encode()
    outcome = read("sap_line_items", data, system="sap", options={"object": "payables_list"})
    assert [(row["amount"], row["text"]) for row in outcome.rows("open_item")] == [(Decimal("1234.56000"), text)]
    assert outcome.rejects == []
    assert outcome.facts is not None and any("rows are no records: blank" in one for one in outcome.facts.warnings)


def test_the_same_extract_as_a_workbook() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("Sheet1")
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, ["BUKRS", "BELNR", "LIFNR", "SHKZG", "WRBTR", "WAERS", "BLDAT", "SGTXT"])
        sheet.write_row(1, 0, ["1000", 5100000001, "0000100001", "H", 0.1 + 0.2, "EUR"])
        sheet.write_datetime(1, 6, datetime.datetime(2026, 1, 5), day)  # noqa: DTZ001
        sheet.write_string(1, 7, '=HYPERLINK("http://x")')
        sheet.write_row(2, 0, ["1000", "51", "1", "H"])
        sheet.write_formula(2, 4, "=40+2", None, 42)
        sheet.write_row(2, 5, ["EUR", "06.01.2026"])
        sheet.write_row(3, 0, ["1000", "52", "1", "H", 12345678901234567, "EUR", "06.01.2026"])
    outcome = read("sap_line_items", buffer.getvalue(), system="sap")
    first, second = outcome.rows("open_item")
    assert (first["document_number"], first["amount"]) == (
        "5100000001",
        Decimal("0.30000"),
    )  # 15 digits, as Excel shows
    assert first["document_date"] == datetime.date(2026, 1, 5)
    assert first["text"] == '=HYPERLINK("http://x")'  # a text that looks like a formula is a text
    assert second["amount"] == Decimal("42.00000")
    assert outcome.facts is not None
    assert "hold formulas" in outcome.facts.warnings[0]
    (reject,) = outcome.rejects
    assert (reject.place, reject.expected) == ("row 4", "a number of at most 15 digits")


def test_a_file_that_could_be_two_objects_is_not_guessed() -> None:
    text = b"Company Code;Document Number;Account;Amount in doc. curr.;Document Currency\n1000;51;7;-1.00;EUR\n"
    outcome = read("sap_line_items", text)
    assert outcome.refused is not None
    assert (
        outcome.refused.expected
        == "columns that tell sap_line_items.payables_list or sap_line_items.receivables_list apart"
    )
    named = read("sap_line_items", text, options={"object": "receivables_list"})
    assert [row["ledger"] for row in named.rows("open_item")] == ["receivable"]


def test_sap_odata_v2_dates_are_utc_and_the_amount_has_its_mark() -> None:
    record = {
        "__metadata": {"type": "API_OPLACCTGDOCITEMCUBE_SRV.A_OperationalAcctgDocItemCubeType"},
        "CompanyCode": "1000", "AccountingDocument": "51", "FiscalYear": "2026", "FinancialAccountType": "K",
        "Supplier": "7", "DebitCreditCode": "H", "AmountInTransactionCurrency": "-100.50", "TransactionCurrency": "EUR",
        "PostingDate": "/Date(1767571200000)/",
    }  # fmt: skip
    page = {"d": {"results": [record, {**record, "FinancialAccountType": "S"}], "__next": "https://x/?$skiptoken=2"}}
    outcome = read("sap_odata", json.dumps(page).encode(), system="sap")
    (item,) = outcome.rows("open_item")
    assert (item["amount"], item["debit_credit"], item["posting_date"]) == (
        Decimal("100.50000"), "H", datetime.date(2026, 1, 5),
    )  # fmt: skip
    assert outcome.facts is not None
    assert set(outcome.facts.warnings) == {
        "the file says that more pages follow it", "1 rows are no records: not a supplier or customer item",
    }  # fmt: skip


@pytest.mark.parametrize(
    "context",
    [
        "$metadata#OperationalAcctgDocItemCube",
        "../$metadata#OperationalAcctgDocItemCube(CompanyCode)",
        "https://host/srv/",
    ],
)
def test_sap_odata_v4_is_known_by_its_entity_or_columns_wherever_it_was_called(context: str) -> None:
    record = {
        "CompanyCode": "1000", "AccountingDocument": "51", "FinancialAccountType": "K", "Supplier": "7",
        "DebitCreditCode": "H", "AmountInTransactionCurrency": "-100.50", "TransactionCurrency": "EUR",
        "PostingDate": "2026-01-05", "NetDueDate": "0001-01-01",
    }  # fmt: skip
    data = json.dumps({"@odata.context": context, "value": [record]}).encode()
    source = recognise_file(io.BytesIO(data), "page.json").source
    assert (source.format, source.options) == ("sap_odata", {"object": "items"})
    (item,) = read("sap_odata", data).rows("open_item")
    assert (item["posting_date"], item["due_date"]) == (datetime.date(2026, 1, 5), None), "year 1 is no date"


def test_sap_odata_v4_business_partners_are_suppliers_and_customers() -> None:
    page = {
        "@odata.context": "$metadata#BusinessPartner",
        "value": [
            {"BusinessPartner": "1", "Supplier": "S1", "Customer": "C1", "BusinessPartnerFullName": "Both"},
            {"BusinessPartner": "2", "Supplier": "S2", "Customer": "", "BusinessPartnerFullName": "One"},
        ],
    }
    outcome = read("sap_odata", json.dumps(page).encode())
    assert sorted((str(r["role"]), str(r["source_id"])) for r in outcome.rows("counterparty")) == [
        ("customer", "C1"), ("supplier", "S1"), ("supplier", "S2"),
    ]  # fmt: skip


def test_netsuite_rows_of_both_ledgers() -> None:
    items = [
        {"links": [], "id": "12", "type": "VendBill", "tranid": "S-1", "foreigntotal": "-100.50", "currency": "USD",
         "trandate": "2026-01-05", "status": "A", "entity": "7", "subsidiary": "2"},
        {"links": [], "id": "13", "type": "CustInvc", "foreigntotal": 1e2, "currency": "USD", "subsidiary": "2"},
        {"links": [], "id": "14", "type": "Journal", "foreigntotal": "1", "currency": "USD", "subsidiary": "2"},
    ]  # fmt: skip
    outcome = read("netsuite_suiteql", json.dumps({"items": items, "hasMore": False}).encode(), system="netsuite")
    assert [(r["ledger"], r["document_number"], r["amount"]) for r in outcome.rows("open_item")] == [
        ("payable", "12", Decimal("-100.50000")), ("receivable", "13", Decimal("100.00000")),
    ]  # fmt: skip
    assert [(r.place, r.found) for r in outcome.rejects] == [("record 3", "Journal")]


def test_dynamics_tells_its_entity_and_its_empty_dates() -> None:
    row = {"@odata.etag": "W/1", "dataAreaId": "usmf", "Voucher": "V1", "AccountNum": "7", "TransType": "Vend",
           "AmountCur": -100.5, "CurrencyCode": "USD", "TransDate": "2026-01-05T12:00:00Z",
           "Closed": "1900-01-01T12:00:00Z"}  # fmt: skip
    for entity, ledger in (("VendTransBiEntities", "payable"), ("CustTransBiEntities", "receivable")):
        page = {"@odata.context": f"https://x/data/$metadata#{entity}", "value": [row]}
        (item,) = read("dynamics_odata", json.dumps(page).encode()).rows("open_item")
        assert (item["ledger"], item["amount"], item["clearing_date"]) == (ledger, Decimal("-100.50000"), None)


def test_an_odata_page_without_rows_is_read_and_a_foreign_entity_is_not() -> None:
    empty = read("dynamics_odata", b'{"@odata.context":"x#VendorsV3","value":[]}')
    assert empty.refused is None
    assert empty.records == {}
    foreign = read("dynamics_odata", b'{"@odata.context":"x#Warehouses","value":[{"dataAreaId":"usmf"}]}')
    assert foreign.refused is not None
    assert foreign.refused.found == "Warehouses"


def test_coupa_invoices_bring_their_approvals() -> None:
    invoice = {
        "id": 1, "invoice-number": "A1", "gross-total": "100.00", "currency": {"code": "USD"}, "company-code": "US1",
        "approvals": [{"id": 5, "status": "approved", "position": 1, "approval-date": "2026-01-06T10:00:00Z"},
                      {"id": 6, "status": "pending_approval", "position": 2}],
    }  # fmt: skip
    outcome = read("coupa", json.dumps([invoice]).encode())
    assert [(r["document_number"], r["reference"], r["amount"]) for r in outcome.rows("open_item")] == [
        ("1", "A1", Decimal("100.00000"))
    ]
    assert [(r["step"], r["status"], r["at"]) for r in outcome.rows("approval")] == [
        ("1", "approved", "2026-01-06T10:00:00Z"), ("2", "pending_approval", None),
    ]  # fmt: skip


def test_oracle_bicc_is_a_zip_of_csv() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(
            "file_fscmtopmodelam_invoiceheaderextractpvo-batch1.csv",
            "ApInvoicesInvoiceId,ApInvoicesInvoiceNum,ApInvoicesInvoiceAmount,ApInvoicesInvoiceCurrencyCode,ApInvoicesOrgId,"
            'ApInvoicesPaymentStatusFlag\n3001,"INV,1",100.5,USD,204,N\n',
        )
    (item,) = read("oracle_bicc", buffer.getvalue()).rows("open_item")
    assert (item["reference"], item["amount"], item["status"]) == ("INV,1", Decimal("100.50000"), "unpaid")


def test_hub_log_lines_each_stand_alone() -> None:
    lines = (
        b'{"event":"sent","event_at":"2026-01-05T10:00:00+01:00","message_id":"M1","amount":"10.00","currency":"EUR"}\n'
        b"not json\n"
        b'{"event":"rejected","event_at":"2026-01-05T11:00:00+01:00","message_id":"M1","reason":"AC04"}\n'
    )
    outcome = read("hub_log", lines)
    assert [(r["record_number"], r["event"], r["reason"]) for r in outcome.rows("payment_event")] == [
        (1, "sent", None), (3, "rejected", "AC04"),
    ]  # fmt: skip
    (reject,) = outcome.rejects
    assert (reject.place, lines[reject.byte_start : reject.byte_end]) == ("line 2", b"not json\n")


def test_fx_rates_by_pair_and_as_the_ecb_publishes_them() -> None:
    pairs = read("fx_rates", b"date,base,quote,rate\n2026-01-05,EUR,USD,1.1\n")
    assert [r["rate"] for r in pairs.rows("fx_rate")] == [Decimal("1.1000000000")]
    wide = read("fx_rates", b"Date,USD,JPY,CYP,\n2026-01-05,1.1,160.25,N/A,\n2026-01-02,1.2,161,N/A,\n")
    assert [(r["quote_currency"], r["rate"]) for r in wide.rows("fx_rate")] == [
        ("USD", Decimal("1.1000000000")), ("JPY", Decimal("160.2500000000")),
        ("USD", Decimal("1.2000000000")), ("JPY", Decimal("161.0000000000")),
    ]  # fmt: skip


def test_parquet_keeps_decimals_and_dates() -> None:
    frame = pl.DataFrame(
        {
            "day": [datetime.date(2026, 1, 5)], "base": ["EUR"], "quote": ["USD"],
            "rate": pl.Series([Decimal("1.0876543210")], dtype=pl.Decimal(23, 10)),
        }
    )  # fmt: skip
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    block = {
        "kind": "fx_rate",
        "dates": "%d.%m.%Y",  # of other files: a date column is a date whatever is declared
        "columns": {"valid_from": "day", "base_currency": "base", "quote_currency": "quote", "rate": "rate"},
    }
    (row,) = read("parquet", buffer.getvalue(), block).rows("fx_rate")
    assert (row["rate"], row["valid_from"]) == (Decimal("1.0876543210"), datetime.date(2026, 1, 5))
