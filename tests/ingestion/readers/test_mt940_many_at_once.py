"""MT940 entries and texts read many at once are the same as read one by one, whatever banks write."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from accidents import examples
from hypothesis import given
from hypothesis import strategies as st
from iso20022_files import read

from ingestion.readers import mt94_walk
from ingestion.readers.byte_slices import Flags, Ints, texts_block
from ingestion.readers.mt94_cut import Fields
from ingestion.readers.mt94_plain import PlainEntries, plain_entries
from ingestion.readers.mt94_plain_statements import PlainStatements, Tags, plain_statements
from ingestion.readers.mt94_text import SEPA_WORDS, SLASH_WORDS, EntryText, read_text
from ingestion.readers.mt94_text_columns import text_columns

FUZZ = examples(60)

VALUES = st.sampled_from(
    ["", "a", "Rechnung 4711", "Müller & Söhne", "x" * 27, "y" * 26, "ü" * 27, "Z" * 60, "é" * 61, "NOTPROVIDED", "NONREF",
     "RF18539007547034", "R F18539007547034", "+++010/8068/17183+++", "210000000003139471430009017", "two  spaces", "tab\there",
     "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "USTD//free text/", "STRD/CUR/123", " lead", "trail ", "/", "//",
     "a/b", "+", "EREF+", "1", "?2", "?20", "line\nline", "–", "non\u00a0breaking", "NL91ABNA0417164300/ABNANL2A/Jansen/",
     "NL91ABNA0417164300/ABNANL2A/J/Delft", "x/\nREMI/y", "w" * 55 + "\n" + "v" * 65, "long reference 1\nand more"]
)  # fmt: skip
SEPA = st.tuples(st.sampled_from(SEPA_WORDS), st.just("+"), VALUES).map("".join)
CODES = st.sampled_from(
    ["00", "10", "20", "21", "22", "23", "29", "30", "31", "32", "33", "34", "35", "38", "60", "61", "63", "40", "99"]
)
GERMAN = st.tuples(
    st.sampled_from(["166", "020", ""]),
    st.sampled_from("???<>@~^"),
    st.lists(st.tuples(CODES, st.one_of(VALUES, SEPA, st.tuples(SEPA, SEPA).map("".join))), max_size=9),
).map(lambda parts: parts[0] + "".join(parts[1] + code + value for code, value in parts[2]))
SLASHES = st.tuples(
    st.sampled_from(["", "", "lead ", " ", "/OTHR/", "x\n"]),
    st.lists(st.tuples(st.just("/"), st.sampled_from(SLASH_WORDS), st.just("/"), VALUES, st.sampled_from(["", "/", "\n", " "]))
             .map("".join), min_size=1, max_size=7).map("".join),
).map("".join)  # fmt: skip
FREE = st.lists(st.one_of(VALUES, SEPA), min_size=1, max_size=4).map("\n".join)
TEXTS = st.one_of(GERMAN, SLASHES, FREE).map(lambda text: text.strip("\r\n"))

LINES = st.tuples(
    st.sampled_from(["260310", "260331", "260228", "260229", "240229", "991231", "260230"]),
    st.sampled_from(["", "    ", "0310", "0229", "1231", "0101", "1301"]),
    st.sampled_from(["C", "D", "RC", "RD", "EC", "ED", "CR", "DR"]),
    st.sampled_from(
        ["0,", "1,5", "123,45", "0,00001", "1.234,56", "1234.56", "12345678901234567,1", "1,123456", "-5,00"]
    ),
    st.sampled_from(["NTRF", "S103", "NMSC", "N   ", "NDDT", ""]),
    st.sampled_from(["NONREF", "INV-7", "KREF+", "", "Ünï", " x "]),
    st.sampled_from(["", "//B123", "//", "///x", "//NONREF", "// y "]),
    st.sampled_from(
        [
            "",
            "",
            "\nmore",
            "\n/OCMT/USD100,00/CHGS/EUR2,50/",
            "\n/OCMT/XXY1,/CHGS/EUR1.5,2",
            "\n \n",
            "\nDE89370400440532013000",
            "\nnl91 abna 0417164300 ",
            "\nDE88370400440532013000",
            "\nRF18539007547034",
            "\ntwo \n  lines",
            "\nÜber",
        ]
    ),
).map("".join)
ENTRIES = st.tuples(LINES, st.one_of(st.none(), TEXTS), st.sampled_from(["", "", "", ":86:second\n", ":NS:01line\n", ":99:?\n"])).map(
    lambda parts: f":61:{parts[0]}\n" + ("" if parts[1] is None else f":86:{parts[1]}\n") + parts[2]
)  # fmt: skip


@FUZZ
@given(st.lists(TEXTS.map(lambda text: text.replace("\u00a0", "")).filter(str.strip), min_size=1, max_size=12))
def test_fuzz_texts_as_columns(texts: list[str]) -> None:
    columns = {name: column.to_pylist() for name, column in text_columns(texts_block(texts)).items()}
    for number, text in enumerate(texts):
        assert EntryText(**{name: values[number] for name, values in columns.items()}) == read_text(text)


@FUZZ
@given(
    st.lists(ENTRIES, max_size=8), st.sampled_from([":60F:C260301EUR0,00\n", ""]), st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "cp1252"]), st.sampled_from([{}, {}, {"encoding": "cp1250"}, {"encoding": "utf-8"}]),
    st.sampled_from(["12345678/1", "DE89370400440532013000"]),
)  # fmt: skip
def test_fuzz_entries_at_once(
    entries: list[str], opening: str, end: str, encoding: str, options: dict[str, object], account: str
) -> None:
    statement = f":20:REF\n:25:{account}\n:28C:1/1\n{opening}{''.join(entries)}:62F:C260331EUR7,00\n-\n"
    data = statement.replace("\n", end).encode(encoding, "replace") * 2
    at_once = read(data, "mt940", **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mt94_walk, "plain_entries", _nothing_is_plain)
        one_by_one = read(data, "mt940", **options)
    assert at_once == one_by_one


def _no_statement_is_plain(chunk: Fields, tags: Tags, plain: PlainEntries, run_end: Ints) -> PlainStatements:
    found = plain_statements(chunk, tags, plain, run_end)
    return found.where(found.field < 0)


def _nothing_is_plain(chunk: Fields, closes: Flags, encoding: str | None) -> PlainEntries:
    return plain_entries(chunk, np.zeros_like(closes), encoding)


@pytest.mark.parametrize("size", [40, 97, 1000])
def test_where_a_file_is_cut_changes_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = "".join(
        f":61:2603100310C{number},00NTRFNONREF//{number}\r\n:86:166?20Text {number}\r\n" for number in range(40)
    )
    data = f":20:R\r\n:25:1/2\r\n:28C:1\r\n:60F:C260301EUR0,00\r\n{entries}:62F:C260331EUR780,00\r\n-\r\n"
    whole = read(data, "mt940")
    monkeypatch.setattr("ingestion.readers.mt94_cut.CHUNK", size)
    assert read(data, "mt940") == whole
    assert len(whole["bank_entry"]) == 40 and whole["bank_statement"][0]["balance_check"] == "ok"


BALANCES = st.tuples(
    st.sampled_from("CCD"), st.sampled_from(["260301", "260331", "260230"]), st.sampled_from(["EUR", "EUR", "USD", "EUX"]),
    st.sampled_from(["0,00", "12,5", "1234567,89", "7,", "1.234,50", "12345678901234,0", "5,123456", "1,00 x", ",5"]),
).map("".join)  # fmt: skip
STATEMENTS = st.tuples(
    st.sampled_from([":20:REF 1\n", ":20:\n", ":20:Müller\n", ":20:" + "x" * 120 + "\n", ""]),
    st.sampled_from([":25:12345678/1\n", ":25:DE89370400440532013000\n", ":25:COBADEFFXXX/1EUR\n", ":25:1/2USD\n", ""]),
    st.sampled_from([":28C:1/1\n", ":28C: 77 \n", ":28:3/2\n", ":28C:1/\n", ":28C:A1\n", ""]),
    st.tuples(st.sampled_from([":60F:", ":60M:"]), BALANCES, st.just("\n")).map("".join),
    st.lists(st.one_of(st.just(":61:2603100310C1,00NTRFNONREF//B1\n:86:text\n"), ENTRIES), max_size=3).map("".join),
    st.tuples(st.sampled_from([":62F:", ":62M:", ":64:"]), BALANCES, st.just("\n")).map("".join),
    st.sampled_from(["", "", ":64:C260331EUR5,00\n", ":65:D260401USD5,\n:86:note\n", ":86:note\n", ":64:C260331EUR\n"]),
    st.sampled_from(["-\n", "-\n", "", "-}\n", "{1:F01}\n"]),
).map("".join)  # fmt: skip


@FUZZ
@given(
    st.lists(STATEMENTS, min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([{}, {"currency": "EUR"}]),
)
def test_fuzz_statements_at_once(statements: list[str], end: str, options: dict[str, object]) -> None:
    data = "".join(statements).replace("\n", end).encode("utf-8")
    at_once = read(data, "mt940", **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mt94_walk, "plain_statements", _no_statement_is_plain)
        assert read(data, "mt940", **options) == at_once


def test_statements_as_banks_write_them_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = (
        ":20:R\n:25:1/2\n:28C:{n}/1\n:60F:C260301EUR0,00\n{entries}:62F:C260331EUR{n},00\n:64:C260331EUR1,00\n-\n"
    )
    entry = ":61:2603100310C1,00NTRFNONREF//B1\n:86:text\n"
    data = "".join(statement.format(n=n, entries=entry * n) for n in range(5))
    walked: list[str] = []
    by_field = mt94_walk.Walk._field
    monkeypatch.setattr(
        mt94_walk.Walk, "_field", lambda self, tag, *rest: (walked.append(tag), by_field(self, tag, *rest))
    )
    found = read(data.encode(), "mt940")
    assert [row["balance_check"] for row in found["bank_statement"]] == ["ok"] * 5 and len(found["bank_entry"]) == 10
    assert walked.count(":20:") == 1, "the last alone, whose end is certain only with the file's"


def test_statements_whose_sums_do_not_fit_64_bits_are_as_exact() -> None:
    entry = ":61:2603100310C9999999999999,99NTRFNONREF\n"
    statement = f":20:R\n:25:1/2\n:28C:1/1\n:60F:C260301EUR0,00\n{entry * 300}:62F:C260331EUR1,00\n-\n"
    first, second = read((statement * 2).encode(), "mt940")["bank_statement"]
    assert first["net_amount"] == second["net_amount"] == 300 * Decimal("9999999999999.99")
    assert first["balance_check"] == "off" and first["difference"] == 1 - 300 * Decimal("9999999999999.99")
