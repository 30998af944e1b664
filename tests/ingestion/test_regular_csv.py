"""A block of regular rows is split at once, and what comes out is what row by row would give; anything else is left alone."""

from __future__ import annotations

import csv
import io
import random

import pytest
from declared_files import BANK, read

from ingestion.readers import csv_table
from ingestion.readers.csv_dialect import Dialect
from ingestion.readers.csv_regular import regular_block

NAMES = ("date", "amount", "text")
PLAIN = Dialect("utf-8", ";", '"')


def rows(data: bytes, dialect: Dialect = PLAIN) -> list[tuple[object, ...]] | None:
    """Line, first and last byte and the cells of each row; None where the block is not regular."""
    found = regular_block(data, dialect, NAMES, 2, 100)
    if found is None:
        return None
    block, length = found
    assert length == data.rfind(b"\n") + 1
    return block.whole().frame.select("#line", "#byte_start", "#byte_end", *NAMES).rows()


def test_rows_come_with_their_places_and_a_rest_is_left_for_later() -> None:
    assert rows(b"1;2;three\n4;;six;\n7") is None, "a row of four fields"
    assert rows(b"1;2;three\n44;;six\n7;8") == [(2, 100, 110, "1", "2", "three"), (3, 110, 118, "44", None, "six")]


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b'1;2;"a; b"\n3;4;cdef\n', ["a; b", "cdef"]),
        (b'"1";"2";"a"\r\n3;4;cdef\r\n', ["a", "cdef"]),
        (b'1;2;"a" b\n3;4;cdef\n', ["a b", "cdef"]),
        (b'1;2;"5"" pipe"\n3;4;"""x"""\n5;"";""""\n', ['5" pipe', '"x"', '"']),
        ("1;2;\"Müller; Söhne\"\n3;4;straße\n".encode("cp1252"), ["Müller; Söhne", "straße"]),
    ],
)  # fmt: skip
def test_quotes_at_the_edges_of_fields_are_regular(data: bytes, texts: list[str]) -> None:
    dialect = PLAIN if data.isascii() else Dialect("cp1252", ";", '"')
    found = rows(data, dialect)
    assert found is not None
    assert [row[-1] for row in found] == texts
    ends = [at for at, byte in enumerate(data, 101) if byte == 10]
    assert [row[2] for row in found] == ends


@pytest.mark.parametrize(
    "data",
    [b'1;2;5" pipe\n3;4;6" pipe\n', b'1;2;"a\nb"\n3;4;cdef\n', b'1;2;"a"b"\n3;4;c"d\n',
     b'1;"2;cdef\n3;4";cdef\n', b"1;2\n3;4;cdef;\n", b"1;2;abcd\r\n3;4;cdef\n", b'"a";"b"\n1;2;cdef\n', b"1;2;abc\n;;\n",
     b"1;2;abc\n\n", b"\n", b"1;2;3"],
)  # fmt: skip
def test_what_is_not_regular_is_left_alone(data: bytes) -> None:
    assert rows(data) is None


def test_all_at_once_is_the_same_as_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)  # noqa: S311
    texts = ["abc", " abc", "a;b", 'a "b"', "", '"', "Müller", "a b ", "x" * 40, "12"]
    regular = 0
    for _ in range(150):
        buffer = io.StringIO(newline="")
        quoting = rng.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])
        writer = csv.writer(buffer, delimiter=";", quoting=quoting, lineterminator=rng.choice(["\n", "\r\n"]))
        writer.writerow(["Date", "Amount", "Text"])
        for _ in range(rng.randint(1, 6)):
            writer.writerow([f"2026-03-{rng.randint(1, 31):02d}", f"{rng.randint(-99999, 99999)}.5", rng.choice(texts)])
        encoding = rng.choice(["utf-8", "cp1252"])
        data = buffer.getvalue().encode(encoding)
        block = {**BANK, "encoding": encoding}
        at_once = read("csv", data, block, group="bank")
        with monkeypatch.context() as patch:
            patch.setattr(csv_table, "regular_block", lambda *_: None)
            assert read("csv", data, block, group="bank") == at_once
        body = data[data.index(b"\n") + 1 :]
        regular += regular_block(body, Dialect(encoding, ";", '"'), ("a", "b", "c"), 1, 0) is not None
    assert regular > 100


def test_a_row_of_nothing_is_blank_whatever_stands_around_it() -> None:
    for other in (b"2026-03-02;5;a\n", b'2026-03-02;5;"a"\n', b"2026-03-02;5;a;\n"):
        outcome = read("csv", b"Date;Amount;Text\n2026-03-01;5;a\n;;\n" + other, BANK, group="bank")
        assert len(outcome.rows("bank_entry")) == 2 and outcome.rejects == []
        assert outcome.facts is not None and outcome.facts.warnings == ("1 rows are no records: blank",)
