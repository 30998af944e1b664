"""MT940 and MT942 as banks write them (format-traps 12 to 15)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from iso20022_files import Reading, outcome, read

from ingestion.reading import FileRejected

HEAD = ":20:REF\n:25:12345678/1020304050\n:28C:7/2\n:60F:C260301EUR100,00\n"
TAIL = ":62F:C260331EUR100,00\n-\n"


def entries(*lines: str, head: str = HEAD, tail: str = TAIL, format: str = "mt940") -> Reading:
    return read(head + "\n".join(lines) + "\n" + tail, format)


def entry(line: str, *more: str) -> dict[str, object]:
    rows = entries(line, *more)["bank_entry"]
    assert len(rows) == 1, rows
    return rows[0]


def detail(*texts: str) -> dict[str, object]:
    (row,) = entries(":61:260310C1,00NTRFNONREF", *texts)["bank_entry_detail"]
    return row


def test_a_statement_with_its_balances_and_entries() -> None:
    reading = read(
        HEAD + ":61:2603100310C50,00NTRFINV-7//BANK1\n:86:Invoice 7\n:61:260311D20,5NCHGNONREF\n"
        ":62F:C260331EUR129,50\n:64:C260331EUR99,\n:65:C260401EUR98,\n:86:text of the statement\n-\n",
        "mt940",
    )
    (one,) = reading["bank_statement"]
    assert (one["account_id"], one["statement_id"], one["electronic_sequence"], one["page"]) == (
        "12345678/1020304050", "REF", 7, 2,
    )  # fmt: skip
    assert (one["opening_balance"], one["closing_balance"], one["net_amount"]) == (
        Decimal(100), Decimal("129.5"), Decimal("29.5"),
    )  # fmt: skip
    assert (one["balance_check"], one["entry_count"], one["kind"], one["last_page"]) == ("ok", 2, "statement", True)
    first, second = reading["bank_entry"]
    assert (first["account_servicer_reference"], first["customer_reference"]) == ("BANK1", "INV-7")
    assert (second["account_servicer_reference"], second["customer_reference"]) == (None, None)
    assert (first["booking_date"], first["value_date"]) == (date(2026, 3, 10), date(2026, 3, 10))
    assert (first["family_code"], second["subfamily_code"]) == ("RCDT", "CHRG")
    assert [row["code"] for row in reading["bank_balance"]] == ["OPBD", "CLBD", "CLAV", "FWAV"]
    assert second["text"] is None, "the text after the balances is the statement's, not the last entry's"
    assert not reading.rejects


@pytest.mark.parametrize(
    ("mark", "signed", "reversal"),
    [("C", 5, False), ("D", -5, False), ("RC", -5, True), ("RD", 5, True), ("CR", 5, False), ("DR", -5, False),
     ("RDR", 5, True), ("RCR", -5, True)],
)  # fmt: skip
def test_the_mark_gives_the_direction(mark: str, signed: int, reversal: bool) -> None:
    row = entry(f":61:2603100310{mark}5,00NTRFNONREF")
    assert (row["signed_amount"], row["reversal"]) == (Decimal(signed), reversal)


def test_expected_entries_of_an_interim_report_are_not_booked() -> None:
    data = (
        ":20:R\n:25:1234\n:28C:1\n:34F:EUR0,\n:13D:2603101530+0100\n:61:260310EC5,00NTRFNONREF\n"
        ":61:260310ED1,00NTRFNONREF\n:61:260310C2,00NTRFNONREF\n:90D:1EUR1,\n:90C:2EUR7,\n-\n"
    )
    reading = read(data, "mt942")
    assert [row["status"] for row in reading["bank_entry"]] == ["PDNG", "PDNG", "BOOK"]
    (one,) = reading["bank_statement"]
    assert (one["kind"], one["net_amount"], one["balance_check"]) == ("report", Decimal(2), "none")
    assert one["created_at"] == "2026-03-10T15:30:00+01:00"
    assert (one["declared_entries"], one["declared_net"]) == (3, Decimal(6))


@pytest.mark.parametrize(
    ("line", "booked"),
    [
        (":61:2601021231C1,00NTRFNONREF", date(2025, 12, 31)),
        (":61:2512310102C1,00NTRFNONREF", date(2026, 1, 2)),
        (":61:260102C1,00NTRFNONREF", None),
        (":61:260102    C1,00NTRFNONREF", None),
    ],
)
def test_an_entry_date_has_no_year(line: str, booked: date | None) -> None:
    head = HEAD.replace("C260301", "C251231")
    (row,) = entries(line, head=head)["bank_entry"]
    assert row["booking_date"] == booked


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("1234,5", "1234.5"), ("1234,", "1234"), ("0,01", "0.01"), ("1.234,56", "1234.56"), ("1234.56", "1234.56"),
     ("99999999999999999,99", "99999999999999999.99"), ("0,", "0")],
)  # fmt: skip
def test_amounts_are_exact(amount: str, expected: str) -> None:
    assert entry(f":61:260310C{amount}NTRFNONREF")["amount"] == Decimal(expected)


@pytest.mark.parametrize(
    ("rest", "kind", "reference"),
    [(" NTRFREF-1//B", "NTRF", "REF-1"), ("\tS103REF-1//B", "S103", "REF-1"), ("  FCHG REF-1//B", "FCHG", "REF-1"),
     (" 4711//B", None, "4711"), (" //B", None, None)],
)  # fmt: skip
def test_a_blank_before_the_type_is_none_of_its_letters(rest: str, kind: str | None, reference: str | None) -> None:
    row = entry(f":61:260310C10,00{rest}")
    assert (row["native_code"], row["customer_reference"]) == (kind, reference)
    assert (row["account_servicer_reference"], row["amount"]) == ("B", 10)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (":61:260310C1,00 TRFNONREF", ":61:"),
        (":61:260310C1,00 REF 1", ":61:"),
        (":61:260230C1,00NTRFNONREF", ":61:"),
        (":61:2603101340C1,00NTRFNONREF", ":61:"),
        (":61:260310C1,234567NTRFNONREF", ":61:"),
        (":61:260310C1.234NTRFNONREF", ":61:"),
        (":61:260310X1,00NTRFNONREF", ":61:"),
        (":61:nonsense", ":61:"),
        (":61:260310D-1,00NTRFNONREF", ":61: amount"),
    ],
)
def test_an_entry_that_cannot_be_read_is_rejected_and_the_rest_kept(line: str, field: str) -> None:
    reading = entries(":61:260310C1,00NTRFNONREF", line, ":61:260310C2,00NTRFNONREF")
    (reject,) = reading.rejects
    assert (reject.field, reject.line) == (field, 6)
    assert "entry 2" in reject.place and reject.expected and reject.advice
    assert [row["amount"] for row in reading["bank_entry"]] == [1, 2]
    assert [row["balance_check"] for row in reading["bank_statement"]] == ["off"]


def test_a_minus_after_the_mark_is_settled_by_the_balances_or_not_at_all() -> None:
    (row,) = entries(":61:260310D-104,12NTRFNONREF", tail=":62F:D260331EUR4,12\n-\n")["bank_entry"]
    assert row["signed_amount"] == Decimal("-104.12")


def test_pages_and_the_balances_between_them() -> None:
    data = (
        ":20:A\n:25:1234\n:28C:5/1\n:60F:C260301EUR0,\n:61:260301C1,00NTRFNONREF\n:62M:C260301EUR1,\n"
        ":28C:5/2\n:60M:C260301EUR1,\n:61:260301C2,00NTRFNONREF\n:62F:C260301EUR3,\n-\n"
    )
    reading = read(data, "mt940")
    first, second = reading["bank_statement"]
    assert [(one["page"], one["last_page"], one["balance_check"]) for one in (first, second)] == [
        (1, False, "ok"), (2, True, "ok"),
    ]  # fmt: skip
    assert first["account_id"] == second["account_id"] == "1234"
    assert first["identity"] != second["identity"]
    assert {row["sub_code"] for row in reading["bank_balance"]} == {None, "INTM"}


@pytest.mark.parametrize(
    ("field", "account", "scheme", "currency", "servicer"),
    [
        ("DE89370400440532013000", "DE89370400440532013000", "IBAN", None, None),
        ("DE89370400440532013000EUR", "DE89370400440532013000", "IBAN", "EUR", None),
        ("COBADEFF/DE89370400440532013000", "DE89370400440532013000", "IBAN", None, "COBADEFF"),
        ("12345678/1020304050", "12345678/1020304050", "OTHER", None, "12345678"),
        ("0123456789USD", "0123456789", "OTHER", "USD", None),
    ],
)
def test_the_account_field(field: str, account: str, scheme: str, currency: str | None, servicer: str | None) -> None:
    head = f":20:R\n:25:{field}\n:28C:1\n:60F:C260301{currency or 'EUR'}0,\n"
    (one,) = entries(":61:260310C1,00NTRFNONREF", head=head)["bank_statement"]
    assert (one["account_id"], one["account_scheme"], one["servicer_id"]) == (account, scheme, servicer)


def test_german_subfields() -> None:
    row = detail(
        ":86:166?00GUTSCHRIFT?109310?20EREF+E2E-4711?21KREF+K1?22MREF+M-1?23SVWZ+Rechnung 4711 vom\n"
        "?24 1.3.?30COBADEFFXXX?31DE89370400440532013000?32Muster?33mann GmbH?34000"
    )
    assert (row["end_to_end_id"], row["instruction_id"], row["mandate_id"]) == ("E2E-4711", "K1", "M-1")
    assert str(row["remittance_unstructured"]).startswith("Rechnung 4711 vom")
    assert (row["debtor_account"], row["debtor_agent"]) == ("DE89370400440532013000", "COBADEFFXXX")
    assert "Muster" in str(row["debtor_name"])


def test_the_german_transaction_code_decides_before_the_swift_type() -> None:
    row = entry(":61:260310C1,00NMSCNONREF", ":86:152?00DAUERAUFTRAG?20Miete")
    assert (row["native_code"], row["native_issuer"], row["subfamily_code"]) == ("NMSC+152", "DK", "STDO")


def test_slash_code_words() -> None:
    row = detail(":86:/EREF/E2E-9/REMI/USTD//Invoice 12/34//IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/Jansen BV/")
    assert (row["end_to_end_id"], row["debtor_name"]) == ("E2E-9", "Jansen BV")
    assert (row["debtor_account"], row["debtor_agent"]) == ("NL91ABNA0417164300", "ABNANL2A")
    assert "Invoice 12/34" in str(row["remittance_unstructured"])


def test_a_reference_ends_where_its_subfield_is_not_full() -> None:
    row = detail(":86:159?00RETOURE?20EREF+TFNR 40005 00005?21MTLG:Konto gesperrt Ruecku?22eberweisung")
    assert (row["end_to_end_id"], row["remittance_unstructured"]) == (
        "TFNR 40005 00005", "MTLG:Konto gesperrt Ruecku\neberweisung",
    )  # fmt: skip
    row = detail(":86:166?20EREF+PAYMENT-2026-000000001?2123456?22SVWZ+Rent")
    assert (row["end_to_end_id"], row["remittance_unstructured"]) == ("PAYMENT-2026-00000000123456", "Rent")


def test_a_subfield_of_the_banks_own_is_no_part_of_the_name_before_it() -> None:
    row = detail(":86:166?20Rent?30PBNKDEFF?31DE89370400440532013000?32Karl Kaufmann?70Firma Kaufmann?71 und Soehne")
    assert (row["debtor_name"], row["additional_info"]) == ("Karl Kaufmann", "?70Firma Kaufmann\n?71 und Soehne")
    row = detail(":86:805?20Fee?3012345678?1199887766")
    assert (row["debtor_agent"], row["additional_info"]) == ("12345678", "?1199887766")
    row = detail(":86:166?20WHY?70 EUR?32Karl")
    assert row["remittance_unstructured"] == "WHY?70 EUR", "within the purpose it may be text"


def test_the_first_line_of_a_field_may_be_full_beside_its_tag() -> None:
    first = ":86:/CNTP/NL91ABNA0417164300/ABNANL2A/JANSEN///REMI/USTD//INV-202"
    second = "6-0417 and whatever else may be said until the line is full, 17.4"
    assert len(first) == len(second) == 65
    row = detail(first, second, "2/")
    assert row["remittance_unstructured"] == "INV-2026-0417 and whatever else may be said until the line is full, 17.42"
    row = detail(first, "6-0418/")
    assert row["remittance_unstructured"] == "INV-2026-0418"
    row = detail(first.replace("JANSEN", "JAN"), "2 MAY/")
    assert row["remittance_unstructured"] == "INV-202\n2 MAY", "a shorter one ends there"


def test_nothing_after_the_name_of_a_party_is_lost() -> None:
    row = detail(":86:/CNTP/NL91ABNA0417164300/ABNANL2A/JANSEN BV///", "REMI/USTD//Invoice 7/")
    assert (row["debtor_name"], row["remittance_unstructured"]) == ("JANSEN BV", "Invoice 7")
    row = detail(":86:/CNTP/NL91ABNA0417164300/ABNANL2A/JANSEN BV/AMSTERDAM//REMI/USTD//Invoice 7/")
    assert (row["debtor_name"], row["remittance_unstructured"], row["additional_info"]) == (
        "JANSEN BV", "Invoice 7", "AMSTERDAM",
    )  # fmt: skip


def test_free_text_and_references_by_check_digit() -> None:
    assert detail(":86:one\ntwo")["remittance_unstructured"] == "one\ntwo"
    row = detail(":86:RF18539007547034")
    assert (row["structured_reference"], row["structured_reference_type"]) == ("RF18539007547034", "SCOR")
    assert detail(":86:RF19539007547034")["structured_reference"] is None


def test_foreign_amount_and_charges() -> None:
    row = entry(":61:260310C88,00NTRFNONREF//X\n/OCMT/USD100,00/CHGS/EUR2,50/")
    assert (row["instructed_amount"], row["instructed_currency"]) == (Decimal(100), "USD")
    assert (row["charges_amount"], row["charges_currency"]) == (Decimal("2.5"), "EUR")


@pytest.mark.parametrize(
    ("raw", "encoding"), [("Müller".encode(), None), ("Müller".encode("cp1252"), None), ("Łódź".encode("cp1250"), "cp1250")]
)  # fmt: skip
def test_encodings(raw: bytes, encoding: str | None) -> None:
    data = (HEAD + ":61:260310C1,00NTRFNONREF\n:86:").encode() + raw + b"\n" + TAIL.encode()
    options = {"encoding": encoding} if encoding else {}
    (row,) = read(data, "mt940", **options)["bank_entry_detail"]
    assert row["remittance_unstructured"] in ("Müller", "Łódź")


def test_swift_envelopes_and_line_ends_change_nothing() -> None:
    plain = HEAD + ":61:260310C1,00NTRFNONREF\n:86:text\n" + TAIL
    block = plain.removesuffix("-\n")
    enveloped = "{1:F01BANKDEFFAXXX0000000000}{2:O9400000260401BANKDEFFAXXXN}{4:\n" + block + "-}{5:{CHK:0}}\n"
    ours = read(plain, "mt940").content()
    for other in (enveloped, plain.replace("\n", "\r\n"), plain.replace("\n", "\r"), "\n\n" + plain):
        assert read(other, "mt940").content() == ours


def test_byte_ranges_point_at_the_entries() -> None:
    data = (HEAD + ":61:260310C1,00NTRFNONREF\n:86:Zürich\n:61:260310C2,00NTRFNONREF\n" + TAIL).encode()
    for row in read(data, "mt940")["bank_entry"]:
        piece = data[row["byte_start"] : row["byte_end"]]
        assert piece.startswith(b":61:") and piece.count(b":61:") == 1
        assert data[: row["byte_start"]].count(b"\n") + 1 == row["file_line"]


def test_a_currency_may_come_last_or_from_the_source() -> None:
    head = ":20:R\n:25:1234\n:28C:1\n"
    (row,) = entries(":61:260310C1,00NTRFNONREF", head=head, tail=":62F:C260331CHF1,\n-\n")["bank_entry"]
    assert row["currency"] == "CHF"
    without = read(head + ":61:260310C1,00NTRFNONREF\n:86:x\n-\n", "mt940")
    assert [one.field for one in without.rejects] == ["currency"] and not without["bank_entry"]
    assert not without["bank_entry_detail"], "nothing of a rejected entry is loaded"
    with_ = read(head + ":61:260310C1,00NTRFNONREF\n:86:x\n-\n", "mt940", currency="SEK")
    assert [row["currency"] for row in with_["bank_entry"]] == ["SEK"]


def test_a_missing_closing_balance_is_said() -> None:
    reading = entries(":61:260310C1,00NTRFNONREF", tail="")
    assert [one.field for one in reading.rejects] == [":62F:"]
    assert [row["balance_check"] for row in reading["bank_statement"]] == ["none"]


def test_twins_stay_two() -> None:
    line = ":61:2603100310C50,00NTRFNONREF//SAME"
    assert len(entries(line, ":86:x", line, ":86:x")["bank_entry"]) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no MT940"),
        (b"hello world", "no MT940"),
        (b"\x00\x01", "NUL"),
        (":20:R\n".encode("utf-16"), "NUL"),
        (b":20:R\n:25:1\n:60F:C260301EUR0,\n:86:" + b"x" * 300_000, "longer than any"),
        (b"{1:F01BANK}{2:O940}{4:\n:20:R\n:25:1\n:60F:C260301EUR0,\n:62F:C260301EUR0,\n", "cut off"),
    ],
)
def test_files_that_are_no_statements_are_refused(data: bytes, reason: str) -> None:
    verdict = outcome(data, "mt940")
    assert isinstance(verdict, FileRejected)
    assert reason in verdict.reason and verdict.expected and verdict.advice


@pytest.mark.parametrize(
    ("old", "new"), [("\n", " "), ("\n:61:", "\n  :61:"), ("\n:86:", " :86:"), ("\n:62F:", "\t:62F:")]
)
def test_a_field_within_a_line_is_not_swallowed(old: str, new: str) -> None:
    text = HEAD + ":61:260310C1,00NTRFNONREF//B1\n:86:one :61: and :60F: in a text\n" + TAIL
    assert len(read(text, "mt940")["bank_entry"]) == 1
    verdict = outcome(text.replace(old, new).encode(), "mt940")
    assert isinstance(verdict, FileRejected) and verdict.reason == "a field does not begin a line of its own"


def test_a_byte_order_mark_hides_no_field() -> None:
    plain = (HEAD + ":61:260310C1,00NTRFNONREF\n" + TAIL).encode()
    marked = read(b"\xef\xbb\xbf" + plain, "mt940")
    assert [row["statement_id"] for row in marked["bank_statement"]] == ["REF"]
    assert [row["byte_start"] - 3 for row in marked["bank_entry"]] == [plain.index(b":61:")]


def test_a_dash_alone_in_a_line_of_text_ends_no_statement() -> None:
    lines = (":61:260310C2,00NTRFNONREF", ":86:text", "-", "more", ":61:260310D2,00NTRFNONREF", ":86:b", "-")
    for head in (HEAD, HEAD.replace("\n", "\r\n")):
        reading = entries(*lines, head=head)
        assert [row["text"] for row in reading["bank_entry"]] == ["text\n-\nmore", "b\n-"]
        assert [row["balance_check"] for row in reading["bank_statement"]] == ["ok"] and not reading.rejects


@pytest.mark.parametrize("end", ["-\r\r\n", " -\n", "\x1a", "-\x1a", "\n\x1a"])
def test_ends_of_a_message_by_other_means(end: str) -> None:
    reading = entries(":61:260310C1,00NTRFNONREF", tail=":62F:C260331EUR101,00\n" + end)
    assert [row["balance_check"] for row in reading["bank_statement"]] == ["ok"] and not reading.rejects


def test_files_put_together_with_their_end_of_file_marks() -> None:
    one = HEAD + ":62F:C260331EUR100,00\r\n\x1a"
    reading = read(one + one, "mt940")
    assert [row["balance_check"] for row in reading["bank_statement"]] == ["ok", "ok"] and not reading.rejects
    assert [row["file_line"] for row in reading["bank_statement"]] == [1, 6]


@pytest.mark.parametrize(
    ("field", "account", "servicer", "currency"),
    [
        (":25P:DE89370400440532013000\nCOBADEFFXXX", "DE89370400440532013000", "COBADEFFXXX", "EUR"),
        (":25:NL91ABNA0417164300 EUR", "NL91ABNA0417164300", None, "EUR"),
        (":25:10020030/0012345 EUR", "10020030/0012345", "10020030", "EUR"),
    ],
)
def test_an_account_is_its_number_alone(field: str, account: str, servicer: str | None, currency: str) -> None:
    (one,) = read(f":20:R\n{field}\n:28C:1\n:60F:C260301EUR0,\n" + ":62F:C260301EUR0,\n-\n", "mt940")["bank_statement"]
    assert (one["account_id"], one["servicer_id"], one["account_currency"]) == (account, servicer, currency)


def test_yen_may_end_with_a_point_and_half_a_euro_begin_with_the_comma() -> None:
    head = ":20:R\n:25:1\n:28C:1\n:60F:C260301JPY00000001000.\n"
    (one,) = entries(":61:260310D500.NTRFNONREF", head=head, tail=":62F:C260310JPY500.\n-\n")["bank_statement"]
    assert (one["opening_balance"], one["net_amount"], one["balance_check"]) == (Decimal(1000), Decimal(-500), "ok")
    assert entry(":61:260310D,50NTRFNONREF")["signed_amount"] == Decimal("-0.5")
    assert entries(":61:260310D1.000NTRFNONREF").rejects, "a thousand or one: not guessed"


def test_expected_entries_count_in_the_declared_sums_of_an_interim_report() -> None:
    head = ":20:R\n:25:1\n:28C:1\n:34F:EUR0,\n:13D:2603101200+0100\n"
    tail = ":90D:1EUR1,\n:90C:1EUR150,\n-\n"
    reading = entries(":61:260310EC150,00NTRFNONREF", ":61:260310D1,00NTRFNONREF", head=head, tail=tail, format="mt942")
    assert reading.facts is not None and all(total.agrees for total in reading.facts.control_totals)


def test_a_balance_report_lists_no_entries_to_check() -> None:
    fields = ":20:R\n:25:1\n:28:1\n:60F:C260301EUR1,\n:90D:1EUR1,\n:90C:1EUR2,\n:62F:C260301EUR2,\n"
    reading = read("{1:F01BANK}{2:O9410934}{4:\n" + fields + "-}", "mt942")
    assert [row["balance_check"] for row in reading["bank_statement"]] == ["none"]


def test_a_dutch_payment_reference_is_no_finnish_one_however_its_digits_fall() -> None:
    row = detail(":86:/REMI/STRD/CUR/9001123412341234/")
    assert (row["structured_reference"], row["structured_reference_type"]) == ("9001123412341234", None)
    assert detail(":86:/REMI/STRD/ISO/RF18539007547034/")["structured_reference_type"] == "SCOR"
