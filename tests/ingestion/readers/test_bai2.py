"""BAI2 as banks write it (format-traps 16 and 17)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from iso20022_files import Reading, outcome, read

from ingestion.reading import FileRejected


def report(
    *transactions: str, summaries: str = "010,10000,,,015,10000,,", currency: str = "USD", status: str = "1",
    total: int | None = None, group_currency: str = "USD", as_of: str = "260331,2400", kind: str = "2",
) -> bytes:  # fmt: skip
    """One account with its trailers; `total` is the sum where the amounts of `transactions` are not plain."""
    rows = ["01,SENDER,US,260401,0600,17,80,10,2/", f"02,US,SENDER,{status},{as_of},{group_currency},{kind}/"]
    account = [f"03,4711,{currency},{summaries}/", *transactions]
    if total is None:
        fields = summaries.split(",")
        total = sum(int(fields[at]) for at in range(1, len(fields), 4) if fields[at])
        total += sum(int(row.split(",")[2]) for row in transactions if row.startswith("16,"))
    rows += [*account, f"49,{total},{len(account) + 1}/"]
    rows += [f"98,{total},1,{len(rows)}/", f"99,{total},1,{len(rows) + 2}/"]
    return ("\n".join(rows) + "\n").encode()


def only(reading: Reading, kind: str = "bank_entry") -> dict[str, object]:
    (row,) = reading[kind]
    return row


def test_a_report_with_its_balances_and_transactions() -> None:
    summaries = "010,10000,,,015,12500,,,045,12000,,,100,5000,1,,400,2500,1,"
    reading = read(
        report(
            "16,165,5000,V,260330,,BANK1,CUST1,ACH credit/", "16,475,2500,0,BANK2,,Cheque, no 7/", summaries=summaries
        ),
        "bai2",
    )
    one = only(reading, "bank_statement")
    assert (one["account_id"], one["account_currency"], one["kind"], one["statement_id"]) == (
        "4711", "USD", "statement", "2026-03-31",
    )  # fmt: skip
    assert (one["opening_balance"], one["closing_balance"], one["net_amount"]) == (100, 125, 25)
    assert (one["balance_check"], one["entry_count"], one["declared_entries"], one["declared_net"]) == ("ok", 2, 2, 25)
    credit, debit = reading["bank_entry"]
    assert (credit["signed_amount"], debit["signed_amount"]) == (Decimal(50), Decimal(-25))
    assert (credit["value_date"], debit["value_date"]) == (date(2026, 3, 30), date(2026, 3, 31))
    assert (credit["account_servicer_reference"], credit["customer_reference"]) == ("BANK1", "CUST1")
    assert debit["text"] == "Cheque, no 7", "a comma belongs to the text"
    assert (debit["native_code"], debit["family_code"]) == ("475", "ICHQ")
    assert [row["code"] for row in reading["bank_balance"]] == ["OPBD", "CLBD", "CLAV"]
    assert reading.facts is not None and all(one.agrees for one in reading.facts.control_totals)


@pytest.mark.parametrize(
    ("funds", "value"),
    [("", None), ("0,", date(2026, 3, 31)), ("1,", None), ("2,", None), ("Z,", None), ("V,260402,,", date(2026, 4, 2)),
     ("V,260402,2359,", date(2026, 4, 2)), ("S,100,200,0,", None), ("D,2,0,100,1,200,", None)],
)  # fmt: skip
def test_the_funds_type_moves_the_fields(funds: str, value: date | None) -> None:
    row = only(read(report(f"16,195,300,{funds or ','}BANK,CUST,text/"), "bai2"))
    assert (row["account_servicer_reference"], row["customer_reference"], row["text"]) == ("BANK", "CUST", "text")
    assert row["value_date"] == value


def test_continuations_of_any_record() -> None:
    data = report("16,195,300,Z,B,C,one/", "88,two, and/or three", "88,four/")
    assert only(read(data, "bai2"))["text"] == "one\ntwo, and/or three\nfour"
    split = report("16,195,300", "88,V,260402,,B,C,text/")
    row = only(read(split, "bai2"))
    assert (row["value_date"], row["account_servicer_reference"]) == (date(2026, 4, 2), "B")
    balances = report(summaries="010,10000,,/\n88,015,10000,,", total=20000)
    reading = outcome(balances, "bai2")
    assert isinstance(reading, FileRejected), "the line that goes on counts as a record"


@pytest.mark.parametrize("before", ["010,10000", "010,10000,", "010,10000,,"])
@pytest.mark.parametrize("after", ["015,20000,,", "015,20000", "015,20000,,,040,7,,"])
def test_fields_left_out_before_a_continuation_are_empty(before: str, after: str) -> None:
    codes = {"OPBD": "100", "CLBD": "200", "OPAV": "0.07"}
    total = 30007 if "040" in after else 30000
    data = report(summaries=f"{before}/\n88,{after}", total=total).replace(b",2/\n98", b",3/\n98")
    data = data.replace(b",1,4/", b",1,5/").replace(b",1,6/", b",1,7/")
    reading = read(data, "bai2")
    expected = [(code, Decimal(amount)) for code, amount in codes.items() if code != "OPAV" or total == 30007]
    assert [(row["code"], row["amount"]) for row in reading["bank_balance"]] == expected


def test_a_continuation_that_can_be_read_in_two_ways_is_refused() -> None:
    verdict = outcome(report(summaries="010,10000/\n88,015,0,,", total=10000), "bai2")
    assert isinstance(verdict, FileRejected)
    assert "balances" in verdict.reason and "two ways" in verdict.expected and "account 1" in verdict.place


@pytest.mark.parametrize(
    "first", ["16,195,300,Z,B,C,/", "16,195,300,Z,B,C,", "16,195,300,Z,B,C,  /", "16,195,300,Z,B,C/"]
)
def test_a_text_that_begins_in_its_continuation_has_no_empty_line_before_it(first: str) -> None:
    assert only(read(report(first, "88,one/", "88,two/"), "bai2"))["text"] == "one\ntwo"


@pytest.mark.parametrize(
    ("code", "sign"), [("142", 1), ("399", 1), ("475", -1), ("699", -1), ("925", 1), ("959", 1), ("965", -1)]
)
def test_the_direction_is_in_the_type_code(code: str, sign: int) -> None:
    assert only(read(report(f"16,{code},300,Z,,,/"), "bai2"))["signed_amount"] == sign * 3


def test_decimals_by_currency() -> None:
    yen = read(report("16,195,300,Z,,,/", currency="JPY"), "bai2")
    assert only(yen)["amount"] == 300 and only(yen, "bank_statement")["opening_balance"] == 10000
    dinar = read(report("16,195,300,Z,,,/", currency="", group_currency="KWD"), "bai2")
    assert (only(dinar)["amount"], only(dinar)["currency"]) == (Decimal("0.3"), "KWD")
    assert only(read(report("16,195,300,Z,,,/", currency="", group_currency=""), "bai2"))["currency"] == "USD"


def test_signed_summaries_and_amounts_beyond_64_bits() -> None:
    reading = read(report("16,195,300,Z,,,/", summaries="010,-10000,,,015,-9700,,"), "bai2")
    one = only(reading, "bank_statement")
    assert (one["opening_balance"], one["closing_balance"], one["balance_check"]) == (-100, -97, "ok")
    assert [row["credit_debit"] for row in reading["bank_balance"]] == ["DBIT", "DBIT"]
    assert only(read(report("16,195,12345678901234567,Z,,,/"), "bai2"))["amount"] == Decimal("123456789012345.67")


@pytest.mark.parametrize(("time", "expected"), [("2400", "23:59:59"), ("9999", "23:59:59"), ("0630", "06:30:00")])
def test_the_end_of_the_day(time: str, expected: str) -> None:
    reading = read(report(as_of=f"260331,{time}", kind="3"), "bai2")
    assert reading["bank_balance"][0]["date_time"] == f"2026-03-31T{expected}"
    assert only(reading, "bank_statement")["kind"] == "report", "as of the same day: intraday"


@pytest.mark.parametrize(("status", "word"), [("2", "deletion"), ("4", "test")])
def test_deletions_and_tests_are_not_loaded(status: str, word: str) -> None:
    reading = read(report("16,195,300,Z,,,/", status=status), "bai2")
    assert not reading.records
    (reject,) = reading.rejects
    assert word in reject.found and "1 transactions" in reject.found


def test_a_correction_is_loaded_and_said() -> None:
    reading = read(report("16,195,300,Z,,,/", status="3"), "bai2")
    assert len(reading["bank_entry"]) == 1
    assert reading.facts is not None and "correction" in reading.facts.warnings[0]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("16,890,,,,,note/", "type code"),
        ("16,010,300,Z,,,/", "type code"),
        ("16,XYZ,300,Z,,,/", "type code"),
        ("16,195,300,V,260230,,,,/", "value date"),
        ("16,195,300,Q,,,/", "funds type"),
    ],
)
def test_a_transaction_that_cannot_be_read_is_rejected_and_the_rest_kept(line: str, field: str) -> None:
    total = 20000 + 100 + (300 if "300" in line else 0)
    reading = read(report("16,195,100,Z,,,/", line, total=total), "bai2")
    (reject,) = reading.rejects
    assert reject.field == field and "entry 2" in reject.place and reject.line == 5
    assert only(reading)["amount"] == 1
    assert only(reading, "bank_statement")["entry_count"] == 1


GOOD = report("16,195,300,Z,,,/")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"49,20300,3", b"49,20301,3", "control total in minor units of USD of record 49"),
        (b"49,20300,3", b"49,20300,4", "number of records of record 49"),
        (b"98,20300,1,", b"98,20300,2,", "number of accounts"),
        (b"98,20300,1,", b"98,20200,1,", "record 98"),
        (b"99,20300,1,", b"99,20300,3,", "number of groups"),
        (b"99,20300,1,7", b"99,20300,1,8", "number of records of record 99"),
        (b"16,195,300", b"16,195,301", "control total"),
        (b"03,4711,USD", b"03,4711,XXX", "currency is unknown"),
        (b"02,US,SENDER,1", b"02,US,SENDER,7", "status is unknown"),
        (b"260331,2400", b"269931,2400", "as-of date"),
        (b"02,US", b"07,US", "no BAI2 record"),
        (b"49,20300,3/\n", b"", "out of order"),
        (b"01,SENDER", b"1,SENDER", "file header"),
    ],
)
def test_wrong_totals_and_order_are_refused(old: bytes, new: bytes, reason: str) -> None:
    verdict = outcome(GOOD.replace(old, new, 1), "bai2")
    assert isinstance(verdict, FileRejected)
    assert reason in verdict.reason and verdict.place and verdict.advice


def test_a_trailer_may_declare_nothing() -> None:
    data = (
        GOOD.replace(b"49,20300,3/", b"49,,/").replace(b"98,20300,1,5/", b"98,,,/").replace(b"99,20300,1,7/", b"99,,,/")
    )
    assert len(read(data, "bai2")["bank_entry"]) == 1


def test_an_account_reported_twice_for_the_day_is_two_statements() -> None:
    lines = GOOD.decode().splitlines()
    twice = [*lines[:5], *lines[2:5], "98,40600,2,8/", "99,40600,1,10/"]
    identities = [row["identity"] for row in read("\n".join(twice), "bai2")["bank_statement"]]
    assert len(set(identities)) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"/\n", b"/   \n"),
        lambda data: data.replace(b"\n", b"\n\n"),
        lambda data: data.rstrip(b"\n"),
        lambda data: data + b"\x1a",
    ],
)
def test_line_ends_and_padding_change_nothing(change: object) -> None:
    assert callable(change)
    assert read(change(GOOD), "bai2").content() == read(GOOD, "bai2").content()


@pytest.mark.parametrize("code", ["656", "661", "698"])
def test_charges_of_the_bank_are_known_as_such(code: str) -> None:
    """Account analysis and miscellaneous fees: no document is expected for them."""
    assert only(read(report(f"16,{code},3500,Z,,,ACCOUNT FEE/"), "bai2"))["subfamily_code"] == "CHRG"


def test_byte_ranges_point_at_the_transactions() -> None:
    data = report("16,195,100,Z,,,one/", "88,more/", "16,195,200,Z,,,two/")
    for row in read(data, "bai2")["bank_entry"]:
        piece = data[row["byte_start"] : row["byte_end"]]
        assert piece.startswith(b"16,195") and piece.count(b"16,195") == 1
        assert data[: row["byte_start"]].count(b"\n") + 1 == row["file_line"]


@pytest.mark.parametrize(("data", "reason"), [(b"", "empty"), (b"\x00", "NUL"), (b"hello\n", "file header")])
def test_files_that_are_no_reports_are_refused(data: bytes, reason: str) -> None:
    verdict = outcome(data, "bai2")
    assert isinstance(verdict, FileRejected) and reason in verdict.reason
