"""What in a bank's list could be mistaken: rows that are no entries or broken ones, states and accounts."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml
from declared_files import Outcome, read

from ingestion.declaration_inference import Proposal, infer


def loaded(proposal: Proposal, data: bytes) -> Outcome:
    """The file by the proposed block, after a round through YAML as it stands in sources.yml."""
    return read("csv", data, yaml.safe_load(proposal.yaml()))


@pytest.mark.parametrize("heading", ["2026;;;", "1;;;", "15;;;", "03;;;"])
@pytest.mark.parametrize("last", [True, False])
def test_a_heading_that_a_date_begins_with_takes_no_entry_with_it(heading: str, last: bool) -> None:
    for dates in (("2026-03-13", "2026-03-15"), ("13.03.2026", "15.03.2026"), ("03/13/2026", "03/15/2026")):
        first, second = f"{dates[0]};Fee;-5,00;EUR", f"{dates[1]};Sale;10,00;EUR"
        lines = [first, second, heading] if last else [first, heading, second]
        data = "\n".join(["Datum;Text;Betrag;W\u00e4hrung", *lines, ""]).encode()
        assert loaded(infer(data), data).amounts == [Decimal("-5.00000"), Decimal("10.00000")], dates


def test_a_closing_line_of_the_day_of_the_last_entry_takes_no_entry_with_it() -> None:
    data = b"Date,Description,Amount,Currency\n03/13/2026,Fee,-5.00,USD\n03/16/2026,Sale,10.00,USD\n03/16/2026,Balance 5.00\n"
    assert loaded(infer(data), data).amounts == [Decimal("-5.00000"), Decimal("10.00000")]


def test_a_total_without_a_date_is_no_entry() -> None:
    data = b"Date;Text;Amount;Currency\n2026-03-13;Fee;-5,00;EUR\n2026-03-14;Sale;10,00;EUR\n;Total;5,00;EUR\n"
    outcome = loaded(infer(data), data)
    assert outcome.amounts == [Decimal("-5.00000"), Decimal("10.00000")]
    assert [(one.place, one.field, one.amount) for one in outcome.rejects] == [("line 4", "booking_date", Decimal(5))]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("03/15/2026,Sale,1,010.00,USD", "(row)"),
        ("03/15/2026,Sale", "(row)"),
        ("02/31/2026,Sale,7.00,USD", "booking_date"),
        ("03/15/2026/23,Sale,7.00,USD", "booking_date"),
        ("########,Sale,7.00,USD", "booking_date"),
        ("tomorrow,Sale,7.00,USD", "booking_date"),
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_a_broken_entry_is_a_reject_and_takes_no_other_with_it(row: str, field: str, last: bool) -> None:
    good = ["03/13/2026,Fee,-5.00,USD", "03/15/2026,Sale,10.00,USD"]
    rows = [*good, row] if last else [good[0], row, good[1]]
    data = "\n".join(["Date,Description,Amount,Currency", *rows, ""]).encode()
    outcome = loaded(infer(data), data)
    assert outcome.amounts == [Decimal("-5.00000"), Decimal("10.00000")]
    assert [reject.field for reject in outcome.rejects] == [field]


@pytest.mark.parametrize(
    "row", ["Total,,12.00,USD", "Total,of the month,12.00,USD", "Pending,Sale,12.00,USD", "Sum,,12.00,"]
)
def test_words_in_place_of_the_day_may_say_why_a_row_is_no_entry(row: str) -> None:
    data = f"Date,Description,Amount,Currency\n03/13/2026,Fee,-5.00,USD\n03/15/2026,Sale,10.00,USD\n{row}\n".encode()
    outcome = loaded(infer(data), data)
    assert (outcome.amounts, outcome.rejects) == ([Decimal("-5.00000"), Decimal("10.00000")], [])


@pytest.mark.parametrize(
    ("first", "last"),
    [("Opening balance", "Closing balance"), ("Saldo anterior", "Saldo final"), ("Balance brought forward", "")],
)
@pytest.mark.parametrize("running", [True, False])
def test_a_balance_written_as_an_entry_is_none(first: str, last: str, running: bool) -> None:
    rows = [
        ("2026-03-01", first, "100.00", "100.00"),
        ("2026-03-02", "Balance of invoice 7", "10.00", "110.00"),
        ("2026-03-03", "Rent", "-30.00", "80.00"),
        *([("2026-03-03", last, "80.00", "80.00")] if last else []),
    ]
    lines = [
        ",".join([day, text, amount, "USD", *([balance] if running else [])]) for day, text, amount, balance in rows
    ]
    header = "Date,Description,Amount,Currency" + ",Balance" * running
    data = "\n".join([header, *lines, ""]).encode()
    outcome = loaded(infer(data), data)
    assert outcome.amounts == [Decimal("10.00000"), Decimal("-30.00000")]
    (statement,) = outcome.rows("bank_statement")
    assert statement["opening_balance"] == (Decimal(100) if running or last else None)


def test_a_status_nobody_knows_is_a_question_and_hides_none_of_the_others() -> None:
    states = ["Completed", "Declined", "Canceled", "Pending", "Reversed"]
    rows = [f"2026-03-1{at},Shop,-{at + 1}.00,USD,{state}" for at, state in enumerate(states)]
    data = "\n".join(["Date,Description,Amount,Currency,Status", *rows, ""]).encode()
    proposal = infer(data)
    assert [note.topic for note in proposal.questions] == ["status"] and "Reversed" in proposal.questions[0].text
    outcome = loaded(proposal, data)
    assert [(row["signed_amount"], row["status"]) for row in outcome.rows("bank_entry")] == [
        (Decimal(-1), "BOOK"), (Decimal(-4), "PDNG"),
    ]  # fmt: skip
    assert [(one.place, one.field) for one in outcome.rejects] == [("line 6", "status")]


def test_a_few_accounts_again_and_again_are_a_question_not_one_account() -> None:
    rows = [f"{account},2026-03-0{day},Text,{day}.00,USD" for day in (1, 2, 3) for account in ("1110001", "2220002")]
    data = "\n".join(["Account Number,Date,Description,Amount,Currency", *rows, ""]).encode()
    assert [note.text for note in infer(data).questions if note.topic == "account"] == [
        "'Account Number' holds 2 accounts: own ones (map it to account_id) or the other parties'"
    ]


def test_a_line_of_stars_above_the_list_does_not_end_it() -> None:
    """A statement that frames its list with the same line: what stands first was taken for what ends it, and no entry was left."""
    frame = "*****,****,****,****\n"
    rows = '13/03/26,Rent,"1,25,000.00",\n15/03/26,Sale,,"50,000.00"\n'
    closing = 'SUMMARY :-\nOpening Balance,Dr Count\n"10,00,000.00",1\n'
    data = f"Date,Narration,Withdrawal Amt.,Deposit Amt.\n{frame}{rows}{frame}{closing}".encode()
    outcome = loaded(infer(data, currency="INR"), data)
    assert outcome.amounts == [Decimal("-125000.00000"), Decimal("50000.00000")]


def test_states_in_words_nobody_knows_are_asked_about() -> None:
    data = "Dato;Tekst;Beløb;Status\n13-03-2026;Leje;-8,00;Ja\n15-03-2026;Salg;2,00;Måske\n".encode()
    (question,) = [note.text for note in infer(data, currency="DKK").questions if note.topic == "status"]
    assert "'Status' says Ja, Måske" in question


def test_entries_that_wait_are_not_booked() -> None:
    data = "Dato;Tekst;Beløb;Saldo;Status\n13-03-2026;Salg;2,00;7,00;Udført\n15-03-2026;Leje;-8,00;;Venter\n".encode()
    outcome = loaded(infer(data, currency="DKK"), data)
    assert [row["status"] for row in outcome.rows("bank_entry")] == ["BOOK", "PDNG"]
    assert outcome.rows("bank_statement")[0]["closing_balance"] == 7


def test_the_number_of_a_cheque_is_kept() -> None:
    data = b"Date,Description,Amount Debit,Amount Credit,Check Number\n03/30/2026,Check,-500.00,,1043\n03/31/2026,Sale,,9.00,\n"
    outcome = loaded(infer(data, currency="USD"), data)
    assert [row["cheque_number"] for row in outcome.rows("bank_entry_detail")] == ["1043"]
    assert outcome.amounts == [Decimal("-500.00000"), Decimal("9.00000")]


@pytest.mark.parametrize(("closing", "check"), [("3.230,00", "ok"), ("3.231,00", "off")])
def test_balances_in_rows_of_the_list_are_checked(closing: str, check: str) -> None:
    rows = f"13.03.2026;Abschlag;150,00;S\n15.03.2026;RE 77;2.380,00;H\n01.03.2026;Anfangssaldo;1.000,00;H\n;Endsaldo;{closing};H\n"
    data = f"Buchungstag;Verwendungszweck;Betrag EUR;S/H\n{rows}".encode()
    outcome = loaded(infer(data), data)
    assert outcome.amounts == [Decimal("-150.00000"), Decimal("2380.00000")]
    statement = outcome.rows("bank_statement")[0]
    assert (statement["opening_balance"], statement["balance_check"]) == (1000, check)


def test_a_balance_that_several_rows_state_is_none_of_the_list() -> None:
    """One a page, or one a day: which of them the list begins with is not known."""
    page = "13.03.2026;Abschlag;-150,00;\n;Anfangssaldo;;850,00\n"
    data = f"Buchungstag;Verwendungszweck;Betrag EUR;Saldo EUR\n;Anfangssaldo;;1.000,00\n{page}".encode()
    outcome = loaded(infer(data), data)
    assert outcome.amounts == [Decimal("-150.00000")]
    assert outcome.rows("bank_statement")[0]["opening_balance"] is None


def test_a_balance_above_the_list_may_part_thousands_where_the_entries_do_not() -> None:
    head = '"currency";"CZK"\n"openingBalance";"1 000,00"\n"closingBalance";"2 250,00"\n\n'
    rows = '"02.03.2026";"-250,00";"energie"\n"15.03.2026";"1500,00";"faktura"\n'
    data = f'{head}"Datum";"Objem";"Poznámka"\n{rows}'.encode()
    outcome = loaded(infer(data), data)
    assert outcome.amounts == [Decimal("-250.00000"), Decimal("1500.00000")]
    assert outcome.rows("bank_statement")[0]["balance_check"] == "ok"


def test_a_column_of_nothing_but_states_is_one_whatever_its_name() -> None:
    """Savings banks say in `Info` which entries only wait: those were counted as booked."""
    rows = "13.03.26;Strom;-150,00;Umsatz vorgemerkt\n15.03.26;RE 77;1.190,00;Umsatz gebucht\n"
    data = f"Buchungstag;Verwendungszweck;Betrag EUR;Info\n{rows}".encode()
    proposal = infer(data)
    assert "rows that say Umsatz vorgemerkt in 'Info' wait and are not booked" in [note.text for note in proposal.notes]
    outcome = loaded(proposal, data)
    assert [row["status"] for row in outcome.rows("bank_entry")] == ["PDNG", "BOOK"]
    assert outcome.rows("bank_statement")[0]["net_amount"] == 1190


def test_texts_written_as_formulas_are_texts() -> None:
    rows = '2026-03-13,"=""0012345""",Rent,-5.00\n2026-03-15,"=""0012345""",Sale,7.00\n'
    data = f"Date,Account,Description,Amount USD\n{rows}".encode()
    assert loaded(infer(data), data).rows("bank_statement")[0]["account_id"] == "0012345"


def test_a_list_of_a_card_asks_what_plus_is() -> None:
    data = b"Datum;Beschreibung;Karteninhaber;Betrag EUR\n13.03.2026;Hotel;A Smith;250,00\n15.03.2026;Zahlung;A Smith;-250,00\n"
    (question,) = [note.text for note in infer(data).questions if note.topic == "sign"]
    assert "'Karteninhaber'" in question


def test_greek_sides_and_a_currency_behind_the_name_of_the_bank() -> None:
    rows = "13/03/2026;A;250,00;\u03a7\n15/03/2026;B;500,00;\u03a0\n"
    data = (
        f"Account:;DBS Current 001 SGD\n\nDate;Text;Amount;\u03a0\u03c1\u03cc\u03c3\u03b7\u03bc\u03bf\n{rows}".encode()
    )
    outcome = loaded(infer(data), data)
    assert outcome.amounts == [Decimal("-250.00000"), Decimal("500.00000")]
    assert outcome.rows("bank_statement")[0]["account_currency"] == "SGD"
