"""Entries taken many at a time (`camt_plans`) make the same rows and rejects as entries read one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iso20022_files import Reading, Style, balance, entry, message, read, statement

from ingestion.readers.camt_entries import Entries

TEXT = st.sampled_from(
    ["Rechnung 7", " padded ", "A &amp; B", "é\u00a0", "a\r\nb", "&#228;", "NOTPROVIDED", "not available", "nonref",
     "RF18539007547034", "R F18 5390 0754 7034", "+++090/9337/55493+++", "210000000003139471430009017", "&#32;", " "]
)  # fmt: skip
AMOUNT = st.sampled_from(["10.00"] * 20 + ["7", "0.12345", "+3.00", ".5", "1.123456", "999999999999.99999",
                          "123456789012345678.00", "-1.00", "1,50", ""])  # fmt: skip
DAY = st.sampled_from(["2026-03-31"] * 20 + ["2026-03-01", "2026-02-30", " 2026-03-02 ", "&#50;026-03-01", ""])
ACCOUNT = st.sampled_from(["DE89370400440532013000", "nl91 abna 0417 1643 00", "BE68539007547034", "12 34"])
DIRECTION = st.sampled_from(["CRDT", "DBIT"] * 10 + ["crdt", ""])
CURRENCY = st.sampled_from(["EUR", "EUR", "USD"] * 5 + ["eur"])
STATUS = st.sampled_from(["<Cd>BOOK</Cd>", "BOOK", "<Cd>PDNG</Cd>"] * 5 + ["<Cd>B&#79;OK</Cd>", ""])
RATE = st.sampled_from(["1.25", "0.9"] * 4 + ["x", "1.12345678901"])


@st.composite
def details(draw: st.DrawFn) -> str:
    """A transaction with some of everything a plan knows."""
    some = st.booleans()
    parts = [f"<Refs><EndToEndId>{draw(TEXT)}</EndToEndId><TxId>{draw(TEXT)}</TxId></Refs>"]
    if draw(some):
        parts.append(f"<Amt Ccy='{draw(CURRENCY)}'>{draw(AMOUNT)}</Amt>")
    if draw(some):
        parts.append(f"<CdtDbtInd>{draw(DIRECTION)}</CdtDbtInd>")
    if draw(some):
        rate = f"<CcyXchg><SrcCcy>USD</SrcCcy><XchgRate>{draw(RATE)}</XchgRate></CcyXchg>" if draw(some) else ""
        parts.append(f"<AmtDtls><TxAmt><Amt Ccy='{draw(CURRENCY)}'>{draw(AMOUNT)}</Amt>{rate}</TxAmt></AmtDtls>")
    if draw(some):
        parts.append(f"<Chrgs><Rcrd><Amt Ccy='EUR'>{draw(AMOUNT)}</Amt></Rcrd></Chrgs>")
    parts.append(f"<RltdPties><CdtrAcct><Id><IBAN>{draw(ACCOUNT)}</IBAN></Id></CdtrAcct></RltdPties>")
    free = "".join(f"<Ustrd>{text}</Ustrd>" for text in draw(st.lists(TEXT, max_size=2)))
    reference = f"<CdtrRefInf><Ref>{draw(TEXT)}</Ref></CdtrRefInf><AddtlRmtInf>{draw(TEXT)}</AddtlRmtInf>"
    document = f"<RfrdDocInf><Nb>{draw(TEXT)}</Nb></RfrdDocInf>"
    parts.append(f"<RmtInf>{free}{f'<Strd>{document}{reference}</Strd>' if draw(some) else ''}</RmtInf>")
    return f"<TxDtls>{''.join(parts)}<AddtlTxInf>{draw(TEXT)}</AddtlTxInf></TxDtls>"


@st.composite
def entries(draw: st.DrawFn) -> str:
    """An entry with up to three transactions; `details` of a batch that is too large for a shape are taken alone."""
    batch = f"<Btch><MsgId>{draw(TEXT)}</MsgId><NbOfTxs>{draw(st.sampled_from(['3', 'x']))}</NbOfTxs></Btch>"
    inside = "".join(draw(st.lists(details(), max_size=3)))
    charges = f"<Chrgs><TtlChrgsAndTaxAmt Ccy='EUR'>{draw(AMOUNT)}</TtlChrgsAndTaxAmt></Chrgs>"
    more = f"<RvslInd>{draw(st.sampled_from(['true', 'no']))}</RvslInd>{charges if draw(st.booleans()) else ''}"
    many = "<Empty/>" * (500 if draw(st.integers(0, 4)) == 0 else 0)  # too many tags for a shape
    return entry(
        draw(AMOUNT), draw(DIRECTION), f"<NtryDtls>{batch}{inside}{many}</NtryDtls>", more, draw(STATUS), draw(CURRENCY),
        f"<BookgDt><Dt>{draw(DAY)}</Dt></BookgDt><ValDt><DtTm>{draw(DAY)}T10:00:00</DtTm></ValDt>",
    )  # fmt: skip


@contextmanager
def one_by_one() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Entries, "planners", {})
        yield


def assert_same_either_way(data: bytes) -> Reading:
    taken = read(data)
    with one_by_one():
        single = read(data)
    assert {kind: taken[kind] for kind in taken.records} == {kind: single[kind] for kind in single.records}
    assert taken.rejects == single.rejects
    assert taken.facts == single.facts
    return taken


BEGINNING = [entry("1.00")] * 15  # shapes are looked for once an entry was met, some thousand bytes on


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.lists(entries(), min_size=1, max_size=4), st.sampled_from(["utf-8", "utf-8", "utf-16"]), ACCOUNT)
def test_the_same_rows_many_at_a_time_and_one_by_one(several: list[str], encoding: str, account: str) -> None:
    """Each entry comes four times: the first two make its shape, the others are taken where it is good."""
    one = statement(balance("OPBD", "10"), *BEGINNING, *several * 3)
    other = statement(*several[::-1], account=f"<IBAN>{account}</IBAN>")
    assert_same_either_way(Style(encoding=encoding).write(message(one, other)))


def test_what_is_not_as_it_usually_is_among_what_is_taken() -> None:
    """One bad amount, one bad day, one amount of five decimals in a row of entries of one structure."""
    amounts = ["10.00"] * 5 + ["1,5", "10.00", "0.12345", "10.00"]
    bad_day = entry("10.00").replace("2026-03-31", "2026-02-30")
    reading = assert_same_either_way(Style().write(message(statement(*map(entry, amounts), bad_day, entry("10.00")))))
    assert [one.field for one in reading.rejects] == ["Amt", "BookgDt"]
    assert [row["entry_number"] for row in reading["bank_entry"]] == [1, 2, 3, 4, 5, 7, 8, 9, 11]
    assert reading["bank_entry"][6]["amount"] == Decimal("0.12345")


def test_a_transaction_of_an_entry_that_is_rejected_is_not_loaded() -> None:
    one = "<TxDtls><Refs><TxId>T</TxId></Refs><Amt Ccy='EUR'>1.00</Amt></TxDtls>"
    large = "<NtryDtls>" + one * 300 + "</NtryDtls>"
    reading = assert_same_either_way(
        Style().write(message(statement(entry("1.00", details=large), entry("x", details=large), entry("2.00"))))
    )
    assert len(reading["bank_entry_detail"]) == 300
    assert [row["record_number"] for row in reading["bank_entry"]] == [2, 304]


def test_a_national_reference_is_told_by_the_country_of_the_account() -> None:
    paid = "<RmtInf><Strd><CdtrRefInf><Ref>1234567897</Ref></CdtrRefInf></Strd></RmtInf>"
    several = [entry(details=f"<NtryDtls><TxDtls>{paid}</TxDtls></NtryDtls>")] * 40
    swedish = statement(*several, account="<IBAN>SE4550000000058398257466</IBAN>")
    reading = assert_same_either_way(Style().write(message(swedish)))
    assert {row["structured_reference_type"] for row in reading["bank_entry_detail"]} == {"OCR"}, "elsewhere, a KID"
