"""Bank lists by declaration: signs, statements, balances, rows that belong together, and files that mean harm."""

from __future__ import annotations

import datetime
import io
import zipfile
from decimal import Decimal

import pytest
import xlsxwriter
from declared_files import BANK, bank, read

HEADER = b"Date;Amount;Text\n"
RATES = {"kind": "fx_rate", "columns": {"base_currency": "a", "quote_currency": "b", "rate": "c", "valid_from": "d"}}
ONE = HEADER + b"2026-01-02;-12.50;rent\n"


def test_a_line_becomes_an_entry_of_a_statement() -> None:
    outcome = bank(ONE, constants={"currency": "EUR", "account_id": "DE89 3704 0044 0532 0130 00"})
    (entry,) = outcome.rows("bank_entry")
    assert (entry["amount"], entry["credit_debit"]) == (Decimal("12.50000"), "DBIT")
    assert entry["signed_amount"] == Decimal("-12.50000")
    assert ONE[entry["byte_start"] : entry["byte_end"]] == b"2026-01-02;-12.50;rent\n"  # type: ignore[misc]
    (statement,) = outcome.rows("bank_statement")
    assert (statement["account_id"], statement["account_scheme"]) == ("DE89370400440532013000", "IBAN")
    assert (statement["entry_count"], statement["net_amount"]) == (1, Decimal("-12.50000"))
    assert statement["balance_check"] == "none"


def test_the_lines_above_the_header_give_account_currency_and_balances() -> None:
    data = (
        b"Kontonummer:;DE89 3704 0044 0532 0130 00\nAnfangssaldo: CHF 100.00\nEndsaldo:;87.50\n\nDate;Amount;Text\n"
        b"2026-01-02;-12.50;rent\n"
    )
    block = {
        **BANK,
        "constants": {},
        "preamble": {
            "account_id": "Kontonummer",
            "currency": {"label": "Anfangssaldo", "pattern": "([A-Z]{3})"},
            "opening_balance": {"label": "Anfangssaldo", "pattern": "([0-9.]+)$"},
            "closing_balance": ["Schlusssaldo", "Endsaldo"],
        },
    }
    (statement,) = read("csv", data, block).rows("bank_statement")
    assert (statement["account_id"], statement["account_currency"]) == ("DE89370400440532013000", "CHF")
    assert (statement["opening_balance"], statement["balance_check"]) == (Decimal("100.00000"), "ok")
    refused = read("csv", data.replace(b"Endsaldo", b"Kein Saldo"), block).refused
    assert refused is not None
    assert refused.reason == "the lines above the header do not say closing_balance"


def test_debit_and_credit_columns() -> None:
    columns = {"booking_date": "Date", "debit": "Out", "credit": "In"}
    data = b"Date;Out;In\n2026-01-02;5.00;\n2026-01-02;0.00;7.00\n2026-01-02;5.00;7.00\n2026-01-02;;\n"
    outcome = bank(data, columns=columns)
    assert outcome.amounts == [Decimal("-5.00000"), Decimal("7.00000")]
    assert [reject.place for reject in outcome.rejects] == ["line 4", "line 5"]
    assert "exactly one of the two" in outcome.rejects[0].expected


def test_a_mark_that_contradicts_the_sign_is_a_reject() -> None:
    columns = {**BANK["columns"], "credit_debit": {"from": "Text", "map": {"D": "DBIT", "C": "CRDT"}}}
    outcome = bank(HEADER + b"2026-01-02;5.00;D\n2026-01-02;-5.00;C\n2026-01-02;5.00;X\n", columns=columns)
    assert outcome.amounts == [Decimal("-5.00000")]
    assert [(r.place, r.found) for r in outcome.rejects] == [("line 3", "-5.00000 marked CRDT"), ("line 4", "X")]


@pytest.mark.parametrize(("order", "lines"), [
    ("newest first", b"2026-01-03;3;c;6\n2026-01-02;2;b;3\n2026-01-01;1;a;1\n"),
    ("oldest first", b"2026-01-01;1;a;1\n2026-01-02;2;b;3\n2026-01-03;3;c;6\n"),
])  # fmt: skip
def test_balances_come_from_the_running_balance_in_the_order_of_time(order: str, lines: bytes) -> None:
    columns = {**BANK["columns"], "running_balance": "Balance"}
    (statement,) = bank(b"Date;Amount;Text;Balance\n" + lines, columns=columns).rows("bank_statement")
    assert (statement["opening_balance"], statement["closing_balance"]) == (Decimal("0.00000"), Decimal("6.00000"))


def test_a_running_balance_that_breaks_is_told_and_not_repaired() -> None:
    columns = {**BANK["columns"], "running_balance": "Balance"}
    outcome = bank(b"Date;Amount;Text;Balance\n2026-01-01;1;a;1\n2026-01-02;2;b;99\n", columns=columns)
    assert outcome.facts is not None
    assert "does not follow from the entries at 1 places (line 3)" in outcome.facts.warnings[0]


def test_a_row_without_date_and_amount_continues_the_row_above_with_all_its_cells() -> None:
    data = b"Date;Amount;Text;Detail\n2026-01-01;1;a;\n;;b;12.30\n;;c;\n2026-01-02;2;d;\n"
    outcome = bank(data, continuation=["Date", "Amount"])
    assert outcome.texts == ["a\nb 12.30\nc", "d"]
    assert outcome.facts is not None
    assert outcome.facts.warnings == ("2 rows are no records: continuation of the row above",)


def test_totals_and_footers_are_counted_not_dropped() -> None:
    data = HEADER + b"2026-01-01;1;a\nTotal;1;\n\nDisclaimer:\nNo; warranty; for; this\n"
    outcome = bank(data, skip=[{"column": "Date", "starts_with": "Total", "reason": "total"}], footer="Disclaimer")
    assert (len(outcome.rows("bank_entry")), outcome.rejects) == (1, [])
    assert outcome.facts is not None
    assert set(outcome.facts.warnings) == {
        "1 rows are no records: total", "1 rows are no records: blank", "2 rows are no records: footer",
    }  # fmt: skip


def test_each_account_and_currency_of_a_file_is_a_statement() -> None:
    columns = {**BANK["columns"], "account_id": "Text", "currency": "Cur"}
    data = b"Date;Amount;Text;Cur\n2026-01-01;1;A1;EUR\n2026-01-01;2;A2;EUR\n2026-01-01;4;A1;USD\n2026-01-02;8;A1;EUR\n"
    outcome = bank(data, columns=columns, constants={})
    assert [(s["account_id"], s["account_currency"], s["net_amount"]) for s in outcome.rows("bank_statement")] == [
        ("A1", "EUR", Decimal("9.00000")), ("A2", "EUR", Decimal("2.00000")), ("A1", "USD", Decimal("4.00000")),
    ]  # fmt: skip
    places = [(row["statement_number"], row["entry_number"]) for row in outcome.rows("bank_entry")]
    assert places == [(1, 1), (2, 1), (3, 1), (1, 2)]


def test_a_currency_sign_is_taken_off_at_the_ends_of_a_number_and_nowhere_else() -> None:
    amount = {"from": "Amount", "without": "$", "numbers": {"minus": "parentheses", "thousands": ","}}
    rows = b"".join(b"2026-01-02;%s;x\n" % one for one in (b"$1,234.50", b"-$2", b"($3.00)", b"4", b"1$5", b"$$6"))
    outcome = bank(HEADER + rows, columns={**BANK["columns"], "amount": amount})
    assert outcome.amounts == [Decimal("1234.5"), Decimal(-2), Decimal(-3), Decimal(4)]
    assert [(reject.field, reject.found) for reject in outcome.rejects] == [("amount", "1$5"), ("amount", "$$6")]


def test_a_currency_that_is_none_is_told() -> None:
    outcome = bank(ONE, constants={"currency": "INE"})
    assert outcome.facts is not None
    assert outcome.facts.warnings == ("statement 1: its currency 'INE' is no ISO 4217 code",)


def test_dates_in_two_possible_forms_load_only_where_both_agree() -> None:
    outcome = bank(HEADER + b"03/04/2026;1;a\n04/04/2026;1;b\n13/04/2026;1;c\n", dates=["%d/%m/%Y", "%m/%d/%Y"])
    assert [row["booking_date"] for row in outcome.rows("bank_entry")] == [
        datetime.date(2026, 4, 4), datetime.date(2026, 4, 13),
    ]  # fmt: skip
    assert [reject.found for reject in outcome.rejects] == ["03/04/2026"]


# every row is a record, a reject, or counted
# ---------------------------------------------------------------------------


def test_ragged_rows_are_rejects_with_their_bytes() -> None:
    data = HEADER + b"2026-01-01;1\n2026-01-02;2;a;b\n2026-01-03;3;ok;;\n"
    outcome = bank(data)
    assert outcome.amounts == [Decimal("3.00000")]  # delimiters behind the last field carry nothing
    assert [data[r.byte_start : r.byte_end] for r in outcome.rejects] == [b"2026-01-01;1\n", b"2026-01-02;2;a;b\n"]


def test_a_quote_inside_a_text_is_a_letter() -> None:
    outcome = bank(HEADER + b'2026-01-01;1;5" pipe\n2026-01-02;2;"a;b"\n2026-01-03;3;"a ""b"""\n')
    assert outcome.texts == ['5" pipe', "a;b", 'a "b"']


def test_a_quote_that_swallows_whole_rows_is_a_reject() -> None:
    outcome = bank(HEADER + b'2026-01-01;1;"open\n2026-01-02;2;foo\n2026-01-03;3;"bar"\n2026-01-04;4;x\n')
    assert outcome.amounts == [Decimal("4.00000")]
    assert [reject.found for reject in outcome.rejects] == ["a field that holds whole rows"]
    assert "2026-01-02;2;foo" in outcome.rejects[0].raw_text


def test_a_quote_never_closed_refuses_the_file() -> None:
    outcome = bank(HEADER + b'2026-01-01;1;"open\n2026-01-02;2;foo\n')
    assert outcome.refused is not None
    assert outcome.refused.reason == "a quoted field is not closed"


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_all_line_ends(ending: bytes) -> None:
    data = (HEADER + b"2026-01-01;1;a\n2026-01-02;2;b\n").replace(b"\n", ending)
    assert bank(data).texts == bank(data.removesuffix(ending)).texts == ["a", "b"]
    assert bank(data.removesuffix(ending) + b"\r\n").texts == ["a", "b"], "old line ends, and a new one at the end"


@pytest.mark.parametrize(("data", "words"), [
    (b"", "the file is empty"),
    (HEADER + b"2026-01-01;1;a\x00b\n", "NUL byte"),
    (bytes(range(128, 256)) * 20, "not text in utf-8"),
    (b"Datum;Betrag\n2026-01-01;1\n", "no header line with the declared columns"),
    (HEADER + b"2026-01-01;1;" + b"x" * 20_000_000 + b"\n", "a row is longer than 8 MB"),
    (b"x" * 20_000_000, "no header line"),
    (HEADER + b'"' * 20_000_000, "longer than 8 MB"),
    (b"PK\x03\x04" + b"x" * 100, "not a readable archive"),
])  # fmt: skip
def test_what_is_no_list_is_refused_with_the_reason(data: bytes, words: str) -> None:
    outcome = bank(data)
    assert outcome.refused is not None
    assert words in outcome.refused.reason


def test_formulas_and_control_characters_stay_text_and_are_never_numbers() -> None:
    outcome = bank(HEADER + b"2026-01-01;=1+1;a\n2026-01-02;2;=cmd|' /C calc'!A0\n2026-01-03;3;a\x1b[31mb\n")
    assert outcome.texts == ["=cmd|' /C calc'!A0", "a\x1b[31mb"]
    assert [(reject.field, reject.found) for reject in outcome.rejects] == [("amount", "=1+1")]


def test_many_blank_lines_cost_little() -> None:
    outcome = bank(HEADER + b"\n" * 3_000_000 + b"2026-01-01;1;a\n")
    assert outcome.texts == ["a"]
    assert outcome.facts is not None
    assert outcome.facts.warnings == ("3000000 rows are no records: blank",)


# archives and workbooks
# ------------------------------------------------------------------------------------------------


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(("data", "words"), [
    (zipped("../../etc/cron.d/x.csv", ONE), "leaves its folder"),
    (zipped("/etc/x.csv", ONE), "leaves its folder"),
    (zipped("a\x1b.csv", ONE), "leaves its folder or is no name"),
    (zipped("bomb.csv", b"0" * 300_000_000), "unfolds to too much"),
    (zipped("a.exe", ONE), "holds no CSV file"),
    (zipped("a.csv", ONE * 50)[:-40], "not a readable archive"),
])  # fmt: skip
def test_hostile_archives_are_refused(data: bytes, words: str) -> None:
    outcome = read("oracle_bicc", data)
    assert outcome.refused is not None
    assert words in outcome.refused.reason


def test_a_zipped_list_reads_like_the_list() -> None:
    assert bank(zipped("list.csv", ONE)).texts == ["rent"]


def test_a_workbook_with_a_far_away_cell_is_refused() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Date", "Amount", "Text"])
        sheet.write(1_048_575, 16_383, "x")
    outcome = read("xlsx", buffer.getvalue(), {key: value for key, value in BANK.items() if key != "delimiter"})
    assert outcome.refused is not None
    assert "spans more than" in outcome.refused.reason


@pytest.mark.parametrize(("data", "words"), [
    (b"[" * 100_000, "nested too deeply"),
    (b'[{"a":"EUR","a":"USD"}]', "not JSON"),
    (b'{"rows": 1}', "do not have the declared fields"),
    (b'[{"a":"EUR","b":"USD","c":1', "not JSON"),
])  # fmt: skip
def test_json_that_is_not_what_was_declared(data: bytes, words: str) -> None:
    outcome = read("json", data, RATES)
    assert outcome.refused is not None
    assert words in outcome.refused.reason


def test_json_numbers_keep_their_digits() -> None:
    data = b"""[{"a": "EUR", "b": "USD", "c": 123456789.0123456789, "d": "2026-01-01"},
                {"a": "EUR", "b": "USD", "c": 1e-3, "d": "2026-01-01"},
                {"a": "EUR", "b": "\\ud800", "c": 1, "d": "2026-01-01"}]"""
    outcome = read("json", data, RATES)
    rates = [row["rate"] for row in outcome.rows("fx_rate")]
    assert rates == [Decimal("123456789.0123456789"), Decimal("0.0010000000")]
    assert [reject.found for reject in outcome.rejects] == ["b holds half a surrogate pair"]
