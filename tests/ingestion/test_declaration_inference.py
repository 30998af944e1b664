"""A proposed declaration: in each language, with each decision proven, said to be custom, or left open as a
question."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
import xlsxwriter
import yaml
from declared_files import Outcome, read

from ingestion.declaration_inference import InferenceError, Proposal, infer
from ingestion.declaration_recognition import recognise
from ingestion.file_recognition import recognise_file
from ingestion.reading import FileRejected

LISTS = {
    "German": "Buchungstag;Wertstellung;Empfänger;Verwendungszweck;Betrag;Saldo EUR\n"
    "28.02.2026;01.03.2026;Müller GmbH;Rechnung 7;-1.234,56;8.765,44\n"
    "27.02.2026;27.02.2026;Kunde;Zahlung;10.000,00;10.000,00\n",
    "English": "Booking Date,Value Date,Description,Money out,Money in,Balance (GBP)\n"
    '28/02/2026,01/03/2026,Rent,"1,234.56",,"8,765.44"\n27/02/2026,27/02/2026,Sale,,"10,000.00","10,000.00"\n',
    "French": "Date comptable;Date de valeur;Libellé;Débit (EUR);Crédit (EUR);Solde\n"
    "28/02/2026;01/03/2026;Loyer;1 234,56;;8 765,44\n27/02/2026;27/02/2026;Vente;;10 000,00;10 000,00\n",
    "Italian": "Data contabile;Data valuta;Causale;Addebito;Accredito;Divisa;Saldo\n"
    "28/02/2026;01/03/2026;Affitto;-1.234,56;;EUR;8.765,44\n27/02/2026;27/02/2026;Vendita;;10.000,00;EUR;10.000,00\n",
    "Dutch": "Datum;Rentedatum;Naam tegenpartij;Tegenrekening;Omschrijving;Af Bij;Bedrag (EUR)\n"
    "20260228;20260301;Huis BV;NL91ABNA0417164300;Huur;Af;1234,56\n"
    "20260227;20260227;Klant;NL20INGB0001234567;Bet;Bij;10000,00\n",
    "Spanish": "Fecha operación;Fecha valor;Concepto;Importe;Moneda;Saldo\n"
    "28/02/2026;01/03/2026;Alquiler;-1.234,56;EUR;8.765,44\n27/02/2026;27/02/2026;Venta;10.000,00;EUR;10.000,00\n",
    "Portuguese": "Data Lançamento;Data Valor;Descrição;Débito;Crédito;Moeda\n"
    "28-02-2026;01-03-2026;Renda;1.234,56;;EUR\n27-02-2026;27-02-2026;Venda;;10.000,00;EUR\n",
    "Swedish": "Bokföringsdag;Valutadag;Text;Belopp;Saldo SEK\n"
    "2026-02-28;2026-03-01;Hyra;-1 234,56;8 765,44\n2026-02-27;2026-02-27;Kund;10 000,00;10 000,00\n",
    "Norwegian": "Bokført dato;Rentedato;Forklaring;Ut fra konto;Inn på konto;Valuta\n"
    "28.02.2026;01.03.2026;Leie;1234,56;;NOK\n27.02.2026;27.02.2026;Kunde;;10000,00;NOK\n",
    "Danish": "Bogført;Tekst;Beløb;Saldo DKK\n28-02-2026;Leje;-1.234,56;8.765,44\n"
    "27-02-2026;Kunde;10.000,00;10.000,00\n",
    "Finnish": "Kirjauspäivä;Arvopäivä;Saaja/Maksaja;Viesti;Määrä;Valuutta\n"
    "28.2.2026;1.3.2026;Talo Oy;Vuokra;-1234,56;EUR\n27.2.2026;27.2.2026;Asiakas;Maksu;10000,00;EUR\n",
    "Polish": "Data księgowania;Data waluty;Nadawca / Odbiorca;Tytułem;Kwota operacji;Waluta;Saldo po operacji\n"
    "28.02.2026;01.03.2026;Dom sp. z o.o.;Czynsz;-1 234,56;PLN;8 765,44\n"
    "27.02.2026;27.02.2026;Klient;Sprzedaż;10 000,00;PLN;10 000,00\n",
    "Czech": "Datum zaúčtování;Datum valuty;Název protiúčtu;Zpráva pro příjemce;Částka;Měna;Zůstatek\n"
    "28.02.2026;01.03.2026;Dům s.r.o.;Nájem;-1 234,56;CZK;8 765,44\n"
    "27.02.2026;27.02.2026;Zákazník;Prodej;10 000,00;CZK;10 000,00\n",
    "Hungarian": "Könyvelés dátuma;Értéknap;Közlemény;Összeg;Pénznem;Egyenleg\n"
    "2026.02.28;2026.03.01;Bérlet;-1 234,56;HUF;8 765,44\n2026.02.27;2026.02.27;Eladás;10 000,00;HUF;10 000,00\n",
    "of programs": "transaction_date,ValueDate,description,amount,currency,running_balance\n"
    "2026-02-28,2026-03-01,Rent,-1234.56,EUR,8765.44\n2026-02-27,2026-02-27,Sale,10000.00,EUR,10000.00\n",
}  # fmt: skip


def loaded(proposal: Proposal, data: bytes) -> Outcome:
    """The file by the proposed block, after a round through YAML as it stands in sources.yml."""
    return read("csv", data, yaml.safe_load(proposal.yaml()))


@pytest.mark.parametrize("language", LISTS)
def test_the_same_two_entries_in_every_language(language: str) -> None:
    data = LISTS[language].encode()
    proposal = infer(data)
    assert proposal.questions == []
    outcome = loaded(proposal, data)
    assert outcome.rejects == []
    assert outcome.amounts == [Decimal("-1234.56000"), Decimal("10000.00000")]
    assert [str(row["booking_date"]) for row in outcome.rows("bank_entry")] == ["2026-02-28", "2026-02-27"]
    assert all(row["text"] for row in outcome.rows("bank_entry"))
    assert len(proposal.yaml().splitlines()) <= 20
    (statement,) = outcome.rows("bank_statement")
    has_balance = any(
        word in LISTS[language] for word in ("Saldo", "Solde", "Balance", "Zůstatek", "Egyenleg", "running")
    )
    assert statement["balance_check"] == ("ok" if has_balance else "none")


def test_day_and_month_that_cannot_be_told_apart_are_a_question() -> None:
    proposal = infer(b"Date,Description,Amount (USD)\n03/04/2026,a,-1.00\n04/05/2026,b,2.00\n05/06/2026,c,3.00\n")
    assert proposal.block["dates"] == ["%d/%m/%Y", "%m/%d/%Y"]
    assert [note.topic for note in proposal.questions] == ["dates"]
    assert "03/04/2026 can be read as %d/%m/%Y or %m/%d/%Y" in proposal.questions[0].text


def test_the_order_of_rows_tells_day_from_month_and_that_is_said() -> None:
    proposal = infer(b"Date,Description,Amount (USD)\n03/04/2026,a,-1.00\n03/07/2026,b,2.00\n04/01/2026,c,3.00\n")
    assert proposal.block["dates"] == "%m/%d/%Y"
    assert any("in order of time" in note.text for note in proposal.notes)


def test_thousands_or_decimals_that_cannot_be_told_apart_are_a_question() -> None:
    proposal = infer(b"Date;Description;Amount (EUR)\n2026-01-02;a;-1.234\n2026-01-03;b;2.345\n")
    assert [note.topic for note in proposal.questions] == ["numbers"]
    assert "1.234 can be read as 1234 or 1.234" in proposal.questions[0].text


def test_the_running_balance_proves_that_plus_is_a_debit() -> None:
    proposal = infer(
        b"Date;Description;Amount (EUR);Balance\n2026-01-02;a;10.00;90.00\n"
        b"2026-01-03;b;20.00;70.00\n2026-01-04;c;-5.00;75.00\n"
    )
    assert proposal.block["sign"] == "plus_is_debit"
    assert any(note.text == "2 of 2 balances follow from the one before, oldest first" for note in proposal.notes)


def test_amounts_without_any_minus_are_a_question() -> None:
    proposal = infer(b"Date;Description;Amount (EUR)\n2026-01-02;a;10.00\n2026-01-03;b;20.00\n")
    assert [note.topic for note in proposal.questions] == ["sign"]


def test_a_file_without_a_currency_asks_for_it_and_takes_the_answer() -> None:
    data = b"Date;Description;Amount\n2026-01-02;a;-10.00\n"
    assert [note.topic for note in infer(data).questions] == ["currency"]
    assert infer(data, currency="CHF").block["constants"] == {"currency": "CHF"}


def test_facts_above_the_header_totals_and_footers_are_found() -> None:
    data = (
        "Kontonummer:;DE89370400440532013000\nAnfangssaldo:;100,00\nSchlusssaldo:;87,50\n\n"
        "Buchungstag;Text;Betrag;Währung\nUmsatztotal;;-12,50;\n02.01.2026;Miete;-12,50;EUR\n\nHinweis: ohne Gewähr\n"
    ).encode()
    proposal = infer(data)
    assert proposal.block["preamble"] == {
        "account_id": "Kontonummer", "opening_balance": "Anfangssaldo", "closing_balance": "Schlusssaldo",
    }  # fmt: skip
    outcome = loaded(proposal, data)
    assert outcome.rejects == []
    assert [row["balance_check"] for row in outcome.rows("bank_statement")] == ["ok"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "cp850", "utf-16"])
def test_encodings_are_recognised(encoding: str) -> None:
    data = LISTS["German"].encode(encoding)
    (first, _) = loaded(infer(data), data).rows("bank_entry")
    assert first["amount"] == Decimal("1234.56000")


@pytest.mark.parametrize("data", [b"", b"no table here\n", b"a;b\n1;2\n", b"\x00\x01", b"lifnr;name\n1;x\n"])
def test_what_is_no_list_of_entries_is_said(data: bytes) -> None:
    with pytest.raises(InferenceError):
        infer(data)


def test_extracts_of_known_systems_are_recognised_by_their_columns() -> None:
    sap = b"MANDT,LIFNR,NAME1,LAND1,KTOKK,KUNNR\n800,1,A,DE,KRED,\n"
    assert recognise(io.BytesIO(sap)) == ("sap_master", "suppliers")
    bill = b'{"items":[{"id":"1","type":"VendBill","foreigntotal":"1","currency":"USD","subsidiary":"1"}]}'
    assert recognise(io.BytesIO(bill)) == ("netsuite_suiteql", "transactions")
    assert recognise(io.BytesIO(LISTS["German"].encode())) is None


def test_names_in_a_central_european_code_page_are_read() -> None:
    data = LISTS["Czech"].encode("cp1250")
    proposal = infer(data)
    assert proposal.block["encoding"] == "windows-1250"
    assert loaded(proposal, data).rows("bank_entry_detail")[0]["creditor_name"] == "Dům s.r.o."


def test_of_several_dates_that_no_name_tells_apart_none_is_taken_silently() -> None:
    data = (
        b"first,last,text,amount,currency\n2026-02-01,2026-02-28,Rent,-1.00,EUR\n2026-02-01,2026-02-28,Sale,2.00,EUR\n"
    )
    assert [(note.topic, note.text) for note in infer(data).questions] == [
        ("booking_date", "'first', of first, last: none by its name")
    ]


def test_a_closing_line_of_another_width_is_no_entry_even_below_a_single_one() -> None:
    data = (
        "Buchungstag;Wert;Umsatzart;Betrag;Soll;Haben;W\u00e4hrung\n1.3.2026;1.3.2026;Geb\u00fchr;-12,9;-12,9;;EUR\n"
        "Kontostand;1.4.2026;;;2.110,9;EUR\n"
    ).encode()
    proposal = infer(data)
    assert proposal.block["footer"] == "Kontostand"
    assert loaded(proposal, data).amounts == [Decimal("-12.90000")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("Date,Name,Code,Quantity,Currency\n2026-02-01,Soap,1234567,2,EUR\n", "by its cells alone"),
        ("Date,Text,Amount,Currency\n2026-02-01,Soap,-29.000,EUR\n2026-02-02,Tea,10.000,EUR\n", "29000 or 29.000"),
        ("first,last,amount,currency\n2026-02-01,2026-02-28,-1.00,EUR\n", "none by its name"),
    ],
)
def test_a_file_that_leaves_its_amounts_open_is_not_read_by_a_guess(data: str, words: str) -> None:
    with pytest.raises(FileRejected) as refused:
        recognise_file(io.BytesIO(data.encode()), "list.csv")
    assert words in refused.value.found and "source infer" in refused.value.advice


def test_one_word_in_a_line_makes_no_extract_of_a_system() -> None:
    data = b"Group,Account,Description,Amount\nSupplier,,,\n,1000,Cash,5\n"
    assert recognise(io.BytesIO(data)) is None


def shown(text: str) -> tuple[list[Decimal], Outcome]:
    """A list read by the declaration inferred from it, as it would be shown."""
    proposal = infer(text.encode())
    assert proposal.questions == []
    outcome = loaded(proposal, text.encode())
    return outcome.amounts, outcome


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-12,34 €", "1.000,00 €"),
        ("€ -12,34", "€ 1.000,00"),
        ("-12,34 EUR", "1.000,00 EUR"),
        ("EUR -12,34", "EUR 1.000,00"),
        ("-€12,34", "€1.000,00"),
        ("- €12,34", "€1.000,00"),
        ("(€12,34)", "€1.000,00"),
        ("12,34 €-", "1.000,00 €"),
    ],
)
def test_currency_marks_in_the_amounts_are_taken_off_and_tell_the_currency(one: str, other: str) -> None:
    amounts, outcome = shown(f"Datum;Text;Betrag\n31.01.2026;Miete;{one}\n30.01.2026;Kunde;{other}\n")
    assert amounts == [Decimal("-12.34000"), Decimal("1000.00000")]
    assert {row["currency"] for row in outcome.rows("bank_entry")} == {"EUR"}


def test_a_column_that_says_debit_or_credit_is_the_side_whatever_its_name() -> None:
    amounts, _ = shown(
        "Date,Type,Amount,Currency,Description\n2026-01-31,Debit,5,EUR,Rent\n2026-01-30,Credit,7,EUR,Sale\n"
    )
    assert amounts == [Decimal(-5), Decimal(7)]


def test_an_account_that_stands_in_some_rows_only_is_the_other_partys() -> None:
    text = "Date,Account number,Description,Amount (EUR)\n2026-01-31,,Rent,-5.00\n2026-01-30,DE12,Sale,7.00\n"
    (statement,) = shown(text)[1].rows("bank_statement")
    assert (statement["account_id"], statement["entry_count"]) == (None, 2)


def test_an_iban_above_the_header_is_the_account_whatever_stands_before_it() -> None:
    text = '"Girokonto";"DE89370400440532013000"\n""\nDatum;Text;Betrag (€)\n31.01.2026;Miete;-5,00\n30.01.2026;Kunde;7,50\n'
    (statement,) = shown(text)[1].rows("bank_statement")
    assert statement["account_id"] == "DE89370400440532013000"


CHARGED = "Date,Description,Amount,Fee,Currency,Balance\n2026-01-29,Start,1.00,0.00,EUR,101.00\n2026-01-30,Card,-5.00,1.00,EUR,"


def test_charges_beside_the_amounts_are_a_question_unless_proven_to_be_in_them() -> None:
    assert [note.topic for note in infer((CHARGED + "95.00\n").encode()).questions] == ["balance", "amount"]
    assert shown(CHARGED + "96.00\n")[0] == [Decimal(1), Decimal(-5)], "the balance falls by the amount alone"
    net = "Date,Description,Gross,Fee,Net,Currency\n2026-01-30,Sale,100.00,-1.00,99.00,EUR\n2026-01-31,Rent,-5.00,0.00,-5.00,EUR\n"
    assert shown(net)[0] == [Decimal(99), Decimal(-5)], "net is gross less fee"


def test_a_list_without_a_currency_is_shown_as_having_none() -> None:
    data = b"Date,Description,Amount\n2026-01-31,Rent,-5.00\n"
    found = recognise_file(io.BytesIO(data), "list.csv")
    assert found.source.declaration is not None
    assert found.source.declaration.model_dump()["constants"] == {"currency": "XXX"}
    assert any("no currency" in note for note in found.notes)


def test_lines_of_a_balance_between_the_entries_are_no_entries() -> None:
    text = (
        "Data contabile;Data valuta;Descrizione;Accrediti;Addebiti (EUR)\n;;Saldo contabile iniziale in Euro;;100,00\n"
        "18.04.26;18.04.26;Saldo fattura 7;640,00;\n19.04.26;19.04.26;PAGAMENTO;;-22,88\n;;Saldo contabile finale in Euro;;717,12\n"
    )
    amounts, outcome = shown(text)
    assert amounts == [Decimal(640), Decimal("-22.88")]
    assert outcome.rejects == [] and outcome.facts is not None
    assert "2 rows are no records: balance" in outcome.facts.warnings


def test_a_list_far_wider_than_a_bank_s_takes_no_long_time() -> None:
    wide = ",".join(f"name {column}" for column in range(300)) + "\n"
    with pytest.raises(InferenceError):
        infer((wide + ("AAAA-1,bb 2 cc," * 100 + "\n") * 200).encode())


def test_the_list_of_a_workbook_may_stand_behind_a_cover_sheet() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.add_worksheet("Cover").write_row(0, 0, ["Report of", "a bank"])
        sheet = book.add_worksheet("List")
        for number, row in enumerate([["Date", "Text", "Amount (EUR)"], ["2026-01-31", "Rent", "-5.00"]]):
            sheet.write_row(number, 0, row)
    stream.seek(0)
    found = recognise_file(stream, "list.xlsx").source
    assert found.declaration is not None
    outcome = read("xlsx", stream.getvalue(), found.declaration.model_dump())
    assert outcome.amounts == [Decimal(-5)]


def test_a_list_that_is_mostly_above_zero_asks_what_plus_is() -> None:
    rows = "".join(f"2026-01-0{day},Shop,{day}.50,EUR\n" for day in range(1, 8)) + "2026-01-08,Payment,-30.00,EUR\n"
    (question,) = infer(("Date,Description,Amount,Currency\n" + rows).encode()).questions
    assert question.topic == "sign" and "7 of 8 amounts are above zero" in question.text


def test_indian_groups_of_two_are_read_as_such() -> None:
    text = (
        'Date,Narration,Withdrawal,Deposit,Currency,Balance\n30/01/2026,Sale,,"1,00,000.00",INR,"12,00,000.00"\n'
        '31/01/2026,Rent,"5,000.50",,INR,"11,94,999.50"\n'
    )
    amounts, outcome = shown(text)
    assert amounts == [Decimal(100000), Decimal("-5000.50")]
    (statement,) = outcome.rows("bank_statement")
    assert (statement["closing_balance"], statement["balance_check"]) == (Decimal("1194999.50"), "ok")


def test_a_day_before_a_time_with_one_digit_of_an_hour() -> None:
    data = (
        b"Completed Date,Description,Amount,Currency\n2026-03-13 6:11:59,a,-5.00,EUR\n2026-03-14 16:11:59,b,7.00,EUR\n"
    )
    outcome = read("csv", data, yaml.safe_load(infer(data).yaml()))
    assert (outcome.amounts, outcome.rejects) == ([Decimal("-5.00000"), Decimal("7.00000")], [])


def test_the_currency_in_the_name_of_another_column_is_not_that_of_the_amounts() -> None:
    rows = "2026-03-13,a,USDC,-100.00,-78.50\n2026-03-14,b,USDC,20.00,15.70\n"
    proposal = infer(f"Date,Description,Currency,Amount,Native Amount (in USD)\n{rows}".encode())
    assert [note.topic for note in proposal.questions if note.topic == "currency"] == ["currency"]
    proposal = infer(f"Date,Description,Unit,Amount (USD),Native Amount (in GBP)\n{rows}".encode())
    assert proposal.block["constants"] == {"currency": "USD"}


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (
            "Date,Transaction Type,Num,Vendor,Due Date,Amount,Open Balance",
            "01/15/2026,Bill,INV-1,ACME,02/14/2026,12.00,12.00",
        ),
        (
            "Belegdatum,Belegnummer,Text,Konto,F\u00e4llig am,Betrag,Rest",
            "15.01.2026,510,a,ACME,14.02.2026,12.00,12.00",
        ),
    ],
)
def test_a_list_of_open_items_is_none_of_bank_entries(names: str, row: str) -> None:
    with pytest.raises(InferenceError, match="open items"):
        infer(f"{names}\n{row}\n{row}\n".encode())


def test_a_list_with_two_words_of_a_known_system_is_not_its_extract() -> None:
    data = b"Payment Date,Payment Number,Supplier,Invoice Number,Amount,Currency\n2026-01-15,P1,ACME,INV1,12.00,EUR\n"
    assert recognise(io.BytesIO(data)) is None
    assert recognise(io.BytesIO(b"Supplier,SupplierName,Country\n1,ACME,DE\n")) == ("sap_odata", "suppliers")


def test_an_empty_sheet_is_no_list() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.add_worksheet("Sheet1")
    stream.seek(0)
    with pytest.raises(FileRejected):
        recognise_file(stream, "empty.xlsx")


@pytest.mark.parametrize("sides", [("支出", "不计收支", "支出"), ("debit", "debit", "debit"), ("Expense", "支出", "")])
def test_a_column_that_tells_some_sides_leaves_the_amounts_open(sides: tuple[str, str, str]) -> None:
    rows = "".join(f"2026-03-1{number},shop,{side},12.3{number}\n" for number, side in enumerate(sides))
    proposal = infer(f"Date,Description,Kind,Amount\n{rows}".encode())
    assert [note.topic for note in proposal.questions if note.topic in ("amount", "sign")] == ["amount"]
