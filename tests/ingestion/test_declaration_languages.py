"""Lists of banks in other scripts, code pages and notations are read right, or refused with the reason."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml
from declared_files import Outcome, read

from ingestion.declaration_inference import InferenceError, infer


def by_inference(text: str, encoding: str) -> Outcome:
    data = text.encode(encoding)
    return read("csv", data, yaml.safe_load(infer(data, currency="XXX").yaml()))


@pytest.mark.parametrize(
    ("encoding", "text", "words"),
    [
        ("gb18030", "交易日期,摘要,借方金额,贷方金额,余额\n{0},货款,{1},,{3}\n{4},收款,,{2},{5}\n", ["货款", "收款"]),
        ("cp932", "日付,摘要,お支払金額,お預り金額,差引残高\n{0},振込 ｶ)ﾔﾏﾀﾞ,{1},,{3}\n{4},入金,,{2},{5}\n", ["振込 ｶ)ﾔﾏﾀﾞ", "入金"]),
        ("cp949", "거래일자,적요,출금액,입금액,잔액\n{0},이체,{1},,{3}\n{4},급여,,{2},{5}\n", ["이체", "급여"]),
        ("cp1251", "Дата операции,Назначение платежа,Дебет,Кредит,Остаток\n{0},Оплата,{1},,{3}\n{4},Возврат,,{2},{5}\n",
         ["Оплата", "Возврат"]),
        ("cp1253", "Ημερομηνία,Περιγραφή,Χρέωση,Πίστωση,Υπόλοιπο\n{0},ΠΛΗΡΩΜΗ,{1},,{3}\n{4},ΚΑΤΑΘΕΣΗ,,{2},{5}\n", ["ΠΛΗΡΩΜΗ", "ΚΑΤΑΘΕΣΗ"]),
        ("cp1255", "תאריך,תיאור,חובה,זכות,יתרה\n{0},העברה,{1},,{3}\n{4},הפקדה,,{2},{5}\n", ["העברה", "הפקדה"]),
        ("utf-8", "التاريخ,البيان,مدين,دائن,الرصيد\n{0},تحويل,{1},,{3}\n{4},ايداع,,{2},{5}\n", ["تحويل", "ايداع"]),
        ("utf-8", "Ngày giao dịch,Diễn giải,Ghi nợ,Ghi có,Số dư\n{0},Chuyển,{1},,{3}\n{4},Nộp,,{2},{5}\n", ["Chuyển", "Nộp"]),
        ("cp1250", "Data operacji,Opis,Obciążenia,Uznania,Saldo\n{0},DLA ŻÓŁĆ,{1},,{3}\n{4},WPŁATA,,{2},{5}\n", ["DLA ŻÓŁĆ", "WPŁATA"]),
        ("cp1252", "Data,Histórico,Débito (R$),Crédito (R$),Saldo (R$)\n{0},PAGAMENTO À VISTA,{1},,{3}\n{4},DEPÓSITO,,{2},{5}\n",
         ["PAGAMENTO À VISTA", "DEPÓSITO"]),
        ("cp1254", "Tarih,Açıklama,Borç,Alacak,Bakiye\n{0},EFT ŞİRKET,{1},,{3}\n{4},HAVALE,,{2},{5}\n", ["EFT ŞİRKET", "HAVALE"]),
        ("utf-8", "Date,Description,Withdrawal (-),Deposit (+),Balance\n{0},A,{1},,{3}\n{4},B,,{2},{5}\n", ["A", "B"]),
    ],
)  # fmt: skip
def test_names_of_columns_in_many_languages_tell_the_code_page_too(encoding: str, text: str, words: list[str]) -> None:
    filled = text.format("2026/03/01", "1200.00", "3000.50", "8800.00", "2026/03/13", "11800.50")
    outcome = by_inference(filled, encoding)
    assert outcome.amounts == [Decimal("-1200.00000"), Decimal("3000.50000")]
    assert outcome.texts == words
    assert outcome.rows("bank_statement")[0]["balance_check"] == "ok"


@pytest.mark.parametrize("k", ["K", "Kreedit"])
def test_sides_in_letters_of_the_baltic_banks(k: str) -> None:
    outcome = by_inference(
        f"Kuupäev;Selgitus;Summa;Valuuta;Deebet/Kreedit\n01.03.2026;a;12,00;EUR;D\n13.03.2026;b;30,50;EUR;{k}\n",
        "utf-8",
    )
    assert outcome.amounts == [Decimal("-12.00000"), Decimal("30.50000")]


@pytest.mark.parametrize(
    "words",
    [
        ("Likutis pradžiai", "Apyvarta", "Likutis pabaigai"),
        ("Algsaldo", "Käive", "lõppsaldo"),
        ("期初余额", "Turnover", "期末余额"),
    ],
)
def test_balances_and_turnovers_among_the_entries_are_none(words: tuple[str, str, str]) -> None:
    opening, turnover, closing = words
    outcome = by_inference(
        f"DATA,TEKSTAS,SUMA,VALIUTA,D/K\n2012-01-01,{opening},100.00,LTL,K\n2012-01-02,shop,30.00,LTL,D\n2012-01-10,salary,50.00,LTL,K\n"
        f"2012-01-31,{turnover},30.00,LTL,D\n2012-01-31,{turnover},50.00,LTL,K\n2012-01-31,{closing},120.00,LTL,K\n",
        "utf-8",
    )
    assert outcome.amounts == [Decimal("-30.00000"), Decimal("50.00000")]


def test_digits_of_other_scripts() -> None:
    outcome = by_inference(
        "Date,Description,Amount,Balance\n٢٠٢٦/٠٣/٠١,a,-١٬٢٠٠٫٠٠,٨٬٨٠٠٫٠٠\n２０２６/０３/１３,b,３，０００．５０,１１，８００．５０\n",
        "utf-8",
    )
    assert outcome.amounts == [Decimal("-1200.00000"), Decimal("3000.50000")]


def test_a_triangle_is_the_minus_of_japanese_lists() -> None:
    outcome = by_inference(
        "取引日,入出金(円),残高(円),摘要\n20260301,▲12000,88000,a\n20260313,△440,87560,b\n20260314,5,87565,c\n", "utf-8"
    )
    assert outcome.amounts == [Decimal("-12000.00000"), Decimal("-440.00000"), Decimal("5.00000")]


@pytest.mark.parametrize("years", [("2569", "2569"), ("1404", "1405"), ("1447", "1447")])
def test_years_of_other_calendars_are_refused(years: tuple[str, str]) -> None:
    with pytest.raises(InferenceError, match="another calendar"):
        by_inference(f"Date,Description,Amount\n01/03/{years[0]},a,-12.00\n13/03/{years[1]},b,30.50\n", "utf-8")
    declared = {"dates": "%d/%m/%Y", "kind": "bank_entry", "constants": {"currency": "THB"}, "delimiter": ",",
                "columns": {"booking_date": "Date", "amount": "Amount"}}  # fmt: skip
    outcome = read("csv", f"Date,Amount\n01/03/{years[0]},1.00\n13/03/2026,2.00\n".encode(), declared)
    assert (outcome.amounts, [one.field for one in outcome.rejects]) == ([Decimal("2.00000")], ["booking_date"])


def test_thousands_are_told_by_a_number_that_needs_none() -> None:
    head = "Date,Description,Amount,Balance\n"
    outcome = by_inference(head + '2026-03-01,a,"-12,000","88,000"\n2026-03-13,b,-440,"87,560"\n', "utf-8")
    assert outcome.amounts == [Decimal("-12000.00000"), Decimal("-440.00000")]
    open_ = infer((head + '2026-03-01,a,"-12,000","88,000"\n2026-03-13,b,"-1,440","86,560"\n').encode())
    assert [note.topic for note in open_.questions if note.topic == "numbers"] == ["numbers"]
    open_ = infer((head + '2026-03-01,a,"-12,125","88,125"\n2026-03-13,b,"-440","87,685"\n').encode())
    assert [note.topic for note in open_.questions if note.topic == "numbers"] == ["numbers"], "decimals taken away"


def test_a_currency_without_decimals_tells_thousands() -> None:
    outcome = by_inference('取引日,摘要,金額,通貨\n20260301,a,"-9,000",JPY\n20260313,b,"12,345",JPY\n', "cp932")
    assert outcome.amounts == [Decimal("-9000.00000"), Decimal("12345.00000")]
    outcome = by_inference(
        "Data;Opis;Kwota;Saldo (JPY)\n2026-03-01;a;-9.000;91.000\n2026-03-13;b;1.345;92.345\n", "utf-8"
    )
    assert outcome.amounts == [Decimal("-9000.00000"), Decimal("1345.00000")]
    open_ = infer(b"Date;Text;Amount;Currency\n2026-03-01;a;-9,000;EUR\n2026-03-13;b;12,345;EUR\n")
    assert [note.topic for note in open_.questions if note.topic == "numbers"] == ["numbers"]


def test_letters_of_no_known_code_page_are_asked_about() -> None:
    data = "Date;Description;Amount\n01.03.2026;Оплата по счету;-5,00\n13.03.2026;Возврат;7,00\n".encode("mac-cyrillic")
    assert [note.topic for note in infer(data).questions if note.topic == "encoding"] == ["encoding"]


def test_hungarian_days_end_in_a_point() -> None:
    text = "Könyvelés dátuma;Összeg;Devizanem;Közlemény\n2026.03.02.;-150 000,00;HUF;Számla\n2026.03.13.;2 500,00;HUF;Vevő\n"
    outcome = by_inference(text, "utf-16")
    assert [str(row["booking_date"]) for row in outcome.rows("bank_entry")] == ["2026-03-02", "2026-03-13"]
    assert outcome.amounts == [Decimal("-150000.00000"), Decimal("2500.00000")]


def test_turkish_lira_in_the_amounts() -> None:
    text = "Tarih;İşlem Tutarı;Bakiye;Açıklama\n02.03.2026;-1.250,00 TL;48.750,00 TL;EFT\n13.03.2026;12.000,00 TL;60.750,00 TL;HAVALE\n"
    outcome = by_inference(text, "cp1254")
    assert [row["currency"] for row in outcome.rows("bank_entry")] == ["TRY", "TRY"]
    assert outcome.rows("bank_statement")[0]["balance_check"] == "ok"


def test_a_balance_after_each_dutch_booking_proves_the_list() -> None:
    rows = "20260313;Webshop;Bij;1.250,00;2.250,00\n20260302;KPN;Af;49,90;1.000,00\n"
    outcome = by_inference(f"Datum;Naam / Omschrijving;Af Bij;Bedrag (EUR);Saldo na mutatie\n{rows}", "utf-8")
    assert outcome.rows("bank_statement")[0]["balance_check"] == "ok"
