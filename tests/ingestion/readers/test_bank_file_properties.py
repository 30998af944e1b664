"""Whatever a statement holds, writing it and reading it back gives the same; whatever is done to its bytes, the reader
answers with records, rejects or a refusal, never with another exception.

`TIEOUT_FUZZ=long` feeds the readers damaged files for minutes instead of seconds.
"""

from __future__ import annotations

import pytest
from accidents import damaged, examples
from bank_file_writers import Account, Line, bai2, mt940, nacha, nacha_addendum, nacha_entry, ofx
from hypothesis import given, settings
from hypothesis import strategies as st
from iso20022_files import Reading, outcome, read

from ingestion.reading import FileRejected

EXAMPLES = settings(max_examples=25, derandomize=True, deadline=None)
FUZZ = examples(60)

WORDS = st.text("ABCXYZ abcxyz 0123456789", min_size=1, max_size=30).map(lambda text: " ".join(text.split()) or "X")
CENTS = st.one_of(st.integers(-5_000_00, 5_000_00), st.integers(-(10**14), 10**14)).filter(bool)
LINES = st.builds(Line, CENTS, st.text("ABC0123456789", min_size=1, max_size=16), WORDS, st.integers(0, 30))
NUMBERS = st.text("123456789", min_size=6, max_size=12)
ACCOUNTS = st.lists(
    st.builds(Account, NUMBERS, st.integers(-(10**13), 10**13), st.lists(LINES, max_size=8).map(tuple)),
    min_size=1, max_size=3,
)  # fmt: skip
ENDS = st.sampled_from(["\n", "\r\n"])

TWO = (
    Account("1020304050", 1000_00, (Line(250_50, "R1", "Invoice 7"), Line(-10_00, "R2", "Fee", 3))),
    Account("998877", -5_00, (Line(7_00, "R3", "Refund", 30),)),
)
FILES = {
    "mt940": mt940(*TWO),
    "mt942": mt940(*TWO),
    "bai2": bai2(*TWO),
    "ofx": ofx(*TWO) + ofx(*TWO, xml=True),
    "nacha": nacha([nacha_entry(1234, 1, addenda=1), nacha_addendum("RMR*IV*7**12.34\\")], [nacha_entry(-99, 2)]),
}


def movements(reading: Reading) -> list[tuple[object, ...]]:
    return [(row["statement_number"], row["signed_amount"], row["account_servicer_reference"], row["text"])
            for row in reading["bank_entry"]]  # fmt: skip


def expected(accounts: list[Account]) -> list[tuple[object, ...]]:
    return [
        (number, line.amount, line.reference, line.text)
        for number, account in enumerate(accounts, 1)
        for line in account.lines
    ]


@EXAMPLES
@given(ACCOUNTS, ENDS)
def test_mt940_written_and_read_is_the_same(accounts: list[Account], end: str) -> None:
    reading = read(mt940(*accounts, end=end), "mt940")
    assert movements(reading) == expected(accounts)
    days = [line.day for account in accounts for line in account.lines]
    assert [row["booking_date"] for row in reading["bank_entry"]] == days
    assert [row["balance_check"] for row in reading["bank_statement"]] == ["ok"] * len(accounts)
    assert not reading.rejects


@EXAMPLES
@given(ACCOUNTS, ENDS)
def test_bai2_written_and_read_is_the_same(accounts: list[Account], end: str) -> None:
    reading = read(bai2(*accounts, end=end), "bai2")
    assert movements(reading) == expected(accounts)
    assert [row["value_date"] for row in reading["bank_entry"]] == [
        line.day for account in accounts for line in account.lines
    ]
    assert [row["balance_check"] for row in reading["bank_statement"]] == ["ok"] * len(accounts)
    assert not reading.rejects


@EXAMPLES
@given(ACCOUNTS, ENDS, st.booleans(), st.booleans())
def test_ofx_written_and_read_is_the_same(accounts: list[Account], end: str, xml: bool, comma: bool) -> None:
    reading = read(ofx(*accounts, xml=xml, comma=comma, end=end), "ofx")
    assert movements(reading) == expected(accounts)
    assert [row["booking_date"] for row in reading["bank_entry"]] == [
        line.day for account in accounts for line in account.lines
    ]
    closings = [int(row["closing_balance"] * 100) for row in reading["bank_statement"]]
    assert closings == [account.closing for account in accounts]
    assert not reading.rejects


@EXAMPLES
@given(st.lists(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6), min_size=1, max_size=4), ENDS)
def test_nacha_written_and_read_is_the_same(batches: list[list[int]], end: str) -> None:
    data = nacha(*[[nacha_entry(cents, at) for at, cents in enumerate(batch)] for batch in batches], end=end)
    reading = read(data, "nacha")
    signed = [
        int(row["amount"] * 100) * (-1 if str(row["message_id"]).endswith("/DD") else 1)
        for row in reading["payment_instruction"]
    ]
    assert signed == [cents for batch in batches for cents in batch]
    sums = {row["direction"]: int(row["computed_sum"] * 100) for row in reading["payment_message"]}
    given_ = [cents for batch in batches for cents in batch]
    assert sums.get("credit_transfer", 0) == sum(cents for cents in given_ if cents >= 0)
    assert sums.get("direct_debit", 0) == -sum(cents for cents in given_ if cents < 0)


@pytest.mark.parametrize(
    ("format", "data", "last"),
    [
        ("bai2", FILES["bai2"], FILES["bai2"].rindex(b"\n99,")),
        ("ofx", ofx(*TWO), ofx(*TWO).rindex(b"</OFX>") + 5),
        ("nacha", FILES["nacha"], FILES["nacha"].index(b"\n9000002") + 50),
    ],
)
def test_a_file_cut_off_anywhere_is_refused(format: str, data: bytes, last: int) -> None:
    for size in range(0, last, 7):
        assert isinstance(outcome(data[:size], format), FileRejected), data[max(0, size - 40) : size]


def test_an_mt940_cut_off_never_holds_its_balance_with_less_than_was_written() -> None:
    data = FILES["mt940"]
    whole = {row["identity"]: row["entry_count"] for row in read(data, "mt940")["bank_statement"]}
    for size in range(0, len(data), 3):
        reading = outcome(data[:size], "mt940")
        if isinstance(reading, Reading):
            for row in reading["bank_statement"]:
                assert row["balance_check"] != "ok" or whole[row["identity"]] == row["entry_count"]


@pytest.mark.parametrize("format", ["bai2", "nacha"])
def test_a_figure_changed_anywhere_is_found_by_the_totals(format: str) -> None:
    data = FILES[format]
    figures = {"bai2": [b",25050,", b",1000,", b",100000,"], "nacha": [b"0000001234", b"0000000099"]}[format]
    for figure in figures:
        changed = data.replace(figure, figure.replace(b"1", b"2").replace(b"25", b"35").replace(b"99", b"98"), 1)
        assert changed != data
        verdict = outcome(changed, format)
        assert isinstance(verdict, FileRejected) and "control total" in verdict.reason


def assert_consistent(reading: Reading) -> None:
    counted = sum(int(str(row["entry_count"])) for row in reading["bank_statement"])
    assert counted == len(reading["bank_entry"])
    numbers = [row["record_number"] for kind in reading.records for row in reading[kind]]
    numbers += [one.record_number for one in reading.rejects]
    assert len(set(numbers)) == len(numbers), "no record number is given twice"
    assert all(one.place and one.field and one.expected and one.advice for one in reading.rejects)
    for row in reading["bank_statement"]:
        booked = [one for one in reading["bank_entry"] if one["statement_number"] == row["statement_number"]]
        net = sum(one["signed_amount"] for one in booked
                  if one["status"] == "BOOK" and one["currency"] == row["account_currency"])  # fmt: skip
        assert net == row["net_amount"]


@pytest.mark.parametrize("format", list(FILES))
@FUZZ
@given(st.integers(0, 2**32))
def test_fuzz_damaged_files(format: str, seed: int) -> None:
    result = outcome(damaged(FILES[format], seed), format)
    if isinstance(result, FileRejected):
        assert result.reason and result.advice
    else:
        assert_consistent(result)


@pytest.mark.parametrize("format", list(FILES))
@FUZZ
@given(st.binary(max_size=400))
def test_fuzz_any_bytes(format: str, data: bytes) -> None:
    result = outcome(data, format)
    if isinstance(result, Reading):
        assert_consistent(result)
