"""BAI2 accounts taken many at once are the same as accounts walked record by record, whatever banks write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from accidents import damaged, examples
from hypothesis import given
from hypothesis import strategies as st
from iso20022_files import outcome, read

from ingestion.readers import bai2_walk
from ingestion.readers.bai2_accounts import PlainAccounts, plain_accounts
from ingestion.readers.bai2_lines import Lines
from ingestion.reading import FileRejected

FUZZ = examples(60)

SUMMARIES = st.tuples(
    st.sampled_from(["010", "015", "040", "100", "400", "901", "950", ""]),
    st.sampled_from(["0", "12500", "-300", "+7", "000000000012500", "", "99999999999999"]),
    st.sampled_from(["", "", "3", "0012"]),
    st.sampled_from(["", "", "Z", "1", "V,260301,", "V,,", "S,1,2,3", "D,1,0,5"]),
    st.sampled_from(["", "", "", "/\n88", "\n88"]),
).map(lambda parts: (f",{','.join(parts[:4])}{parts[4]}" if parts[0] else ",", int(parts[1] or 0) if parts[0] else 0))
TRANSACTIONS = st.tuples(
    st.sampled_from(["165", "475", "890", "777"]), st.sampled_from(["100", "2550", "-5", "9999999999999"]),
    st.sampled_from(["Z", "", "V,260302,", "V,260230,", "S,1,2,3", "D,1,0,5"]), st.sampled_from(["text/", "a, b", "", "x\n88,more/"]),
).map(lambda parts: (f"16,{parts[0]},{parts[1]},{parts[2]},B1,C1,{parts[3]}", int(parts[1])))  # fmt: skip
ACCOUNTS = st.tuples(
    st.sampled_from(["4711", "4711", "0815", "DE89370400440532013000", "de89 3704 0044 0532 0130 00", " 12 ", "Ünï", ""]),
    st.sampled_from(["USD", "", "", "JPY", "KWD"]),
    st.lists(SUMMARIES, max_size=5),
    st.lists(TRANSACTIONS, max_size=3),
)  # fmt: skip
Parts = tuple[str, str, list[tuple[str, int]], list[tuple[str, int]]]


def account_lines(account: Parts) -> tuple[list[str], int]:
    """The records of an account, and the sum its trailer declares."""
    identifier, currency, summaries, transactions = account
    text = f"03,{identifier},{currency}{''.join(text for text, _ in summaries)}/"
    lines = "\n".join([text, *(text for text, _ in transactions)]).split("\n")
    total = sum(amount for _, amount in (*summaries, *transactions))
    return [*lines, f"49,{total},{len(lines) + 1}/"], total


def report(accounts: list[Parts], status: str, currency: str, kind: str) -> bytes:
    """A file of two groups of the same accounts."""
    rows, total = ["01,S,R,260401,0600,1,80,10,2/"], 0
    for group in range(2):
        start = len(rows)
        rows.append(f"02,R,BANK{group},{status if group else '1'},260331,{'0630' if group else ''},{currency},{kind}/")
        sums = []
        for account in accounts:
            lines, amount = account_lines(account)
            rows += lines
            sums.append(amount)
        rows.append(f"98,{sum(sums)},{len(sums)},{len(rows) - start + 1}/")
        total += sum(sums)
    rows.append(f"99,{total},2,{len(rows) + 1}/")
    return "\n".join(rows).encode() + b"\n"


def walked(data: bytes) -> object:
    """What becomes of a file whose accounts are walked record by record."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bai2_walk, "plain_accounts", lambda *given: _none_of(plain_accounts(*given)))
        return verdict(data)


def _none_of(plain: PlainAccounts) -> PlainAccounts:
    none = plain.header < 0
    kept = {name: getattr(plain, name)[none] for name in ("header", "trailer", "first", "last", "total")}
    return plain._replace(**kept, summaries=plain.summaries.where(none))


def verdict(data: bytes) -> object:
    found = outcome(data, "bai2")
    if isinstance(found, FileRejected):
        return (found.reason, found.place, found.found, found.expected)
    return found


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    """Accounts are taken at once however few there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingestion.readers.bai2_accounts.FEW", 0)
        yield


@FUZZ
@given(
    st.lists(ACCOUNTS, max_size=6), st.sampled_from("1123"), st.sampled_from(["USD", "", "EUR", "XXQ"]), st.sampled_from("23")
)  # fmt: skip
def test_fuzz_accounts_at_once(accounts: list[Parts], status: str, currency: str, kind: str) -> None:
    data = report(accounts, status, currency, kind)
    assert verdict(data) == walked(data)


@FUZZ
@given(st.lists(ACCOUNTS, min_size=1, max_size=3), st.integers(0, 2**32))
def test_fuzz_damaged_accounts_at_once(accounts: list[Parts], seed: int) -> None:
    data = damaged(report(accounts, "1", "USD", "2"), seed)
    assert verdict(data) == walked(data)


PLAIN: list[Parts] = [
    (f"{number:09d}", "", [(",010,100,,,015,350,,", 450), ("/\n88,100,250,1,", 250)], [("16,165,250,Z,B,C,text/", 250)])
    for number in range(30)
]


def test_accounts_as_banks_write_them_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    by_record = bai2_walk.Walk._record

    def spied(self: bai2_walk.Walk, lines: Lines, index: int) -> None:
        seen.append(int(lines.code[index]))
        by_record(self, lines, index)

    monkeypatch.setattr(bai2_walk.Walk, "_record", spied)
    found = read(report(PLAIN, "1", "EUR", "2"), "bai2")
    assert len(found["bank_statement"]) == 60 and {row["balance_check"] for row in found["bank_statement"]} == {"ok"}
    assert {row["account_currency"] for row in found["bank_statement"]} == {"EUR"}
    assert 3 not in seen and 49 not in seen


@pytest.mark.parametrize("size", [60, 331, 2000])
def test_where_a_file_is_cut_changes_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = report(PLAIN, "1", "EUR", "3")
    whole = read(data, "bai2")
    monkeypatch.setattr("ingestion.readers.bai2_lines.CHUNK", size)
    assert read(data, "bai2") == whole


def test_an_account_reported_twice_for_a_day_is_numbered_however_it_is_read() -> None:
    odd: Parts = ("000000001", "", [(",010,1,,D,1,0,5", 1)], [])  # availability by days: walked
    data = report([PLAIN[1], odd, PLAIN[1]], "1", "EUR", "2")
    names = [str(row["identity"]) for row in read(data, "bai2")["bank_statement"][:3]]
    assert [name.removeprefix("000000001|EUR|statement|2026-03-31") for name in names] == ["", "|2", "|3"]


def test_a_wrong_total_of_one_account_among_many_is_found() -> None:
    data = report(PLAIN, "1", "EUR", "2").replace(b"49,950,4/", b"49,951,4/", 1)
    found = outcome(data, "bai2")
    assert isinstance(found, FileRejected) and "control total" in found.reason
    assert "account 1 (000000000)" in found.place
