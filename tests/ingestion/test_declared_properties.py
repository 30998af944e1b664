"""Whatever a bank writes, a row comes back as it was written, or as a reject: round trips over encodings, dialects and
notations."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from declared_files import bank
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.declaration_evidence import number_evidence, number_value

CHECKED = settings(max_examples=40, deadline=None, derandomize=True)
ENCODINGS = ("utf-8", "utf-8-sig", "windows-1252", "iso-8859-15", "cp850", "utf-16")
texts = st.text(st.sampled_from("aZ9 äöüß€é;,\t|'\"\n.-=+@()"), max_size=12)
amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


def written(amount: Decimal, decimal: str, thousands: str, minus: str) -> str:
    whole, _, cents = f"{abs(amount):.2f}".partition(".")
    grouped = f"{int(whole):,}".replace(",", thousands)
    body = f"{grouped}{decimal}{cents}"
    if amount >= 0:
        return body
    return {"leading": f"-{body}", "trailing": f"{body}-", "parentheses": f"({body})"}[minus]


@CHECKED
@given(st.lists(st.tuples(amounts, texts), max_size=6), st.sampled_from(ENCODINGS), st.sampled_from(";,\t|"))
def test_rows_survive_encoding_delimiter_and_quotes(
    rows: list[tuple[Decimal, str]], encoding: str, delimiter: str
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["Date", "Amount", "Text"])
    writer.writerows(["2026-01-02", f"{amount:.2f}", text] for amount, text in rows)
    data = buffer.getvalue().encode(encoding, "replace")
    expected = [text.encode(encoding, "replace").decode(encoding).strip() or None for _, text in rows]
    outcome = bank(data, encoding=encoding.removesuffix("-sig"), delimiter=delimiter)
    assert outcome.rejects == []
    assert outcome.amounts == [amount for amount, _ in rows]
    assert outcome.texts == expected


@CHECKED
@given(
    st.lists(amounts, min_size=1, max_size=8),
    st.sampled_from([(".", ""), (".", ","), (",", "."), (",", " "), (".", "'")]),
    st.sampled_from(["leading", "trailing", "parentheses"]),
)
def test_amounts_survive_their_notation(values: list[Decimal], marks: tuple[str, str], minus: str) -> None:
    cells = [written(value, *marks, minus) for value in values]
    numbers = {"decimal": marks[0], "thousands": marks[1], "minus": minus}
    data = "Date;Amount;Text\n" + "".join(f"2026-01-02;{cell};x\n" for cell in cells)
    outcome = bank(data.encode(), numbers=numbers)
    assert outcome.rejects == []
    assert outcome.amounts == values


@CHECKED
@given(
    st.lists(amounts, min_size=1, max_size=8),
    st.sampled_from([(".", ""), (".", ","), (",", "."), (",", " "), (".", "'")]),
    st.sampled_from(["leading", "trailing", "parentheses"]),
)
def test_a_notation_is_recognised_or_said_to_be_open(values: list[Decimal], marks: tuple[str, str], minus: str) -> None:
    evidence = number_evidence([written(value, *marks, minus) for value in values])
    assert evidence is not None
    read = [number_value(written(value, *marks, minus), evidence.numbers) for value in values]
    assert read == values or evidence.open


@CHECKED
@given(st.text(st.sampled_from("0123456789.,'- ()+eE"), max_size=10))
def test_a_cell_is_an_exact_number_or_a_reject(cell: str) -> None:
    outcome = bank(f"Date;Amount;Text\n2026-01-02;{cell};x\n".encode(), numbers={"decimal": ",", "thousands": "."})
    if outcome.rejects:
        assert outcome.amounts == []
    else:
        plain = cell.strip().replace(" ", "").replace(".", "").replace(",", ".")
        assert outcome.amounts == [Decimal(plain)]


@CHECKED
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for content in (data, b"Date;Amount;Text\n" + data, b"PK\x03\x04" + data, b"PAR1" + data, b'{"a":' + data):
        outcome = bank(content)
        assert outcome.refused is not None or outcome.facts is not None
