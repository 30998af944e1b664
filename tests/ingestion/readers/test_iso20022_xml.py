"""Any way to write the same XML gives the same content; what is hostile or damaged is refused."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iso20022_files import Reading, Style, balance, camt, entry, message, outcome, read, statement

from ingestion.readers import camt_plans, xml_records, xml_shapes
from ingestion.reading import FileRejected

NAME = (
    "<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>{}</Nm></Dbtr></RltdPties>"
    "<RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls></NtryDtls>"
)


def body(*details: tuple[str, str]) -> str:
    entries = [entry(f"{number}.50", "CRDT" if number % 2 else "DBIT", NAME.format(*texts))
               for number, texts in enumerate(details, 1)]  # fmt: skip
    return message(statement(balance("OPBD", "10"), balance("CLBD", "10"), *entries))


TEXTS = (
    ("Müller &amp; Söhne", "a &lt;b&gt; c"),
    ("Lódz", "x"),
    ("A", "B"),
    ("C", "D"),
)
BODY = body(*TEXTS)
PLAIN = read(Style().write(BODY)).content()


@pytest.mark.parametrize(
    "style",
    [
        Style(prefix="ns2"),
        Style(prefix="a.b-c"),
        Style(indent=False),
        Style(quote="'"),
        Style(comments=True),
        Style(envelope=True),
        Style(envelope=True, prefix="p", comments=True, indent=False),
        Style(bom=b"\xef\xbb\xbf"),
        Style(encoding="iso-8859-1"),
        Style(encoding="windows-1252", prefix="x"),
        Style(encoding="iso-8859-15"),
        Style(encoding="utf-16"),
        Style(encoding="utf-16-le", bom=b"\xff\xfe"),
        Style(encoding="gb18030"),
        Style(namespace="http://bank.example/camt.053.001.08"),
    ],
    ids=lambda style: repr(style)[6:60],
)
def test_the_same_content_however_it_is_written(style: Style) -> None:
    assert read(style.write(BODY)).content() == PLAIN


@pytest.mark.parametrize(
    ("written", "stands_for"),
    [
        ("a<!-- no -->b", "ab"),
        ("a <!-- no --> b", "a  b"),
        ("<![CDATA[<Nm>&amp;]]>", "<Nm>&amp;"),
        ("x<![CDATA[ > ]]>y", "x > y"),
        ("a<?pi <Ntry> ?>b", "ab"),
        ("&#65;&#x42;&quot;&apos;", "AB\"'"),
        ("&lt;/Nm&gt;", "</Nm>"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("  padded\t", "padded"),
        ("à\u00a0", "à\u00a0"),
        ("]] >", "]] >"),
    ],
)
def test_text_is_what_the_xml_means(written: str, stands_for: str) -> None:
    reading = read(Style().write(body((written, "x"))))
    assert reading["bank_entry_detail"][0]["debtor_name"] == stands_for


def test_attributes_in_any_order_and_with_any_content() -> None:
    plain = '<Amt Ccy="EUR">1.50</Amt>'
    for other in (
        '<Amt a="x>y" Ccy="EUR">1.50</Amt>',
        "<Amt Ccy='EUR' b='\"' >1.50</Amt>",
        '<Amt\n  z="&lt;" \n Ccy = "EUR"\n>1.50</Amt >',
        '<Amt Ccy="E&#85;R">1.50</Amt>',
    ):
        assert plain in BODY
        assert read(Style().write(BODY.replace(plain, other))).content() == PLAIN, other


def test_namespaces_declared_again_on_the_way() -> None:
    namespace = Style().namespace
    prefixed = re.sub(r"<(/?)(\w)", r"<\1q:\2", BODY[BODY.index("<Stmt>") : BODY.index("</Stmt>") + 7])
    prefixed = prefixed.replace("<q:Stmt>", f'<q:Stmt xmlns:q="{namespace}">', 1)
    mixed = BODY[: BODY.index("<Stmt>")] + prefixed + BODY[BODY.index("</Stmt>") + 7 :]
    assert read(Style().write(mixed)).content() == PLAIN
    again = BODY.replace("<Ntry>", f'<Ntry xmlns="{namespace}">')
    assert read(Style().write(again)).content() == PLAIN


def test_supplementary_data_in_another_namespace_is_passed_over() -> None:
    extra = "<SplmtryData><Envlp><Ntry xmlns='urn:other'><Amt Ccy='USD'>9</Amt></Ntry></Envlp></SplmtryData>"
    assert read(Style().write(BODY.replace("</Stmt>", f"{extra}</Stmt>"))).content() == PLAIN


def test_elements_of_another_namespace_are_not_lost_silently() -> None:
    reading = read(Style().write(BODY.replace("<Ntry>", "<Ntry xmlns='urn:typing-error'>", 1)))
    assert reading.content() == PLAIN
    assert reading.facts is not None and "urn:typing-error" in reading.facts.warnings[0]


def test_empty_elements() -> None:
    assert read(Style().write(BODY.replace("</RmtInf>", "<Ustrd/><Strd/><Strd></Strd></RmtInf>"))).content() == PLAIN
    reading = read(Style().write(message("<Stmt/>", statement(entry()))))
    assert len(reading["bank_statement"]) == 2


BOMB = b"<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;&b;'>]>"
EXTERNAL = b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'>"
DATA = Style().write(BODY)


@pytest.mark.parametrize(
    "data",
    [
        DATA.replace(b"\n<Document", BOMB + b"<Document"),
        DATA.replace(b"\n<Document", EXTERNAL + b"<Document"),
        DATA.replace(b"<Nm>A</Nm>", b"<Nm>&unknown;</Nm>"),
        DATA.replace(b"<Nm>A</Nm>", b"<Nm>A\0</Nm>"),
        DATA.replace(b"<Nm>A</Nm>", b"<Nm>\xff</Nm>"),
        DATA.replace(b"<Nm>A</Nm>", b"<Nm>\x1b[31m</Nm>"),
        DATA.replace(b"<Nm>A</Nm>", b"<d>" * 500 + b"</d>" * 500),
        DATA.replace(b"<Nm>A</Nm>", b"<Nm>" + b"x" * (5 << 20) + b"</Nm>"),
        DATA.replace(b"<Nm>A</Nm>", b"<Nm a='" + b"x" * (9 << 20) + b"'/>"),
        DATA.replace(b"<Nm>A</Nm>", b"<!--" + b"x" * (9 << 20) + b"-->"),
        DATA.replace(b"encoding='utf-8'", b"encoding='rot13'"),
        DATA.replace(b"encoding='utf-8'", b"encoding='us-ascii'"),
        DATA + DATA,
        DATA.replace(b"</Ntry>", b"</Entry>", 1),
        b"<a>" * 100_000,
    ],
    ids=[
        "entity bomb", "external entity", "unknown entity", "NUL", "not UTF-8", "control character", "deep nesting",
        "long text", "long attribute", "long comment", "codec", "wrong encoding",
        "two documents", "mismatch", "open tags",
    ],
)  # fmt: skip
def test_hostile_and_damaged_files_are_refused(data: bytes) -> None:
    with pytest.raises(FileRejected) as verdict:
        read(data)
    assert verdict.value.reason and verdict.value.advice


def test_many_different_names_do_not_fill_the_memory() -> None:
    junk = "".join(f"<u{number}/>" for number in range(50_000))
    assert read(Style().write(BODY.replace("</Stmt>", f"<X>{junk}</X></Stmt>"))).content() == PLAIN


def test_a_file_cut_off_anywhere_is_refused() -> None:
    for end in range(0, len(DATA) - 1, 7):
        assert isinstance(outcome(DATA[:end]), FileRejected), end


class _Dribble:
    """A stream that gives a few bytes at a time, so that chunks end at every possible place."""

    def __init__(self, data: bytes, size: int) -> None:
        self.pieces: Iterator[bytes] = (data[at : at + size] for at in range(0, len(data), size))

    def read(self, _size: int = -1) -> bytes:
        return next(self.pieces, b"")


@pytest.mark.parametrize("style", [Style(), Style(comments=True), Style(encoding="utf-16"), Style(prefix="é")])
@pytest.mark.parametrize("size", [1, 3, 64, 1000])
def test_chunks_may_end_anywhere(style: Style, size: int) -> None:
    data = style.write(BODY + " " * 3000)
    assert read(_Dribble(data, size)).content() == PLAIN  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1), max_size=8))
def test_any_text_comes_back(names: list[str]) -> None:
    from xml.sax.saxutils import escape

    data = Style().write(body(*((escape(name), "x") for name in names)))
    found = [row["debtor_name"] for row in read(data)["bank_entry_detail"]]
    assert found == [name.strip(" \t\r\n") or None for name in names]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_corrupted_bytes_never_end_in_anything_but_a_reading_or_a_verdict(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    data = bytearray(DATA)
    for _ in range(chance.choice((1, 2, 5, 20))):
        at = chance.randrange(len(data))
        kind = chance.randrange(3)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + chance.randrange(1, 30)]
        else:
            data[at:at] = chance.choice(
                (b"<Ntry>", b"</Ntry>", b"<!--", b"]]>", b"&", b"'", b'"', b"<![CDATA[", b"\xc3", b"<?")
            )
    found = outcome(bytes(data))
    assert isinstance(found, (Reading, FileRejected))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    assert isinstance(outcome(data), (Reading, FileRejected))
    assert isinstance(outcome(camt()[:-40] + data), (Reading, FileRejected))


# Repeated containers are read by their shape; whatever is in them, the walk tag by tag finds the same.
SHAPED = (
    NAME,
    "<NtryDtls><TxDtls><Amt Ccy='EUR'>1</Amt><RmtInf><Ustrd>{}</Ustrd><Ustrd>{}</Ustrd></RmtInf></TxDtls></NtryDtls>",
    "<NtryDtls><TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs></TxDtls>\n  "
    "<TxDtls><AddtlTxInf>{}</AddtlTxInf></TxDtls></NtryDtls>",
    "<Chrgs><Rcrd><Amt Ccy='EUR'>1</Amt></Rcrd></Chrgs><AddtlNtryInf>{}</AddtlNtryInf><Other>{}</Other><Empty/>",
    "<NtryDtls><TxDtls><RmtInf><Strd><RfrdDocInf><Nb>{}</Nb></RfrdDocInf><AddtlRmtInf>{}</AddtlRmtInf></Strd></RmtInf>"
    "</TxDtls></NtryDtls>",
)
CELLS = st.sampled_from(
    ["plain", "  padded ", "", " ", "&amp;", "&#32;", "&lt;Ntry&gt;", "é\u00a0", "a\r\nb", "x>y", "NOTPROVIDED"]
)
LEAVES = st.one_of(CELLS, st.sampled_from(["<b/>", "<Cd>x</Cd>", "x<b>y</b>z"]))
ASIDES = st.sampled_from(["", "", "", "<!-- <Ntry> -->", "<AddtlStmtInf>a<![CDATA[</Ntry>]]>b</AddtlStmtInf>"])


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 4), LEAVES, CELLS), min_size=1, max_size=12), st.integers(0, 4), ASIDES)
def test_shapes_find_what_the_walk_finds(cells: list[tuple[int, str, str]], extra: int, aside: str) -> None:
    entries = [entry(f"{n}.00", details=SHAPED[kind].format(*texts)) for n, (kind, *texts) in enumerate(cells, 1)]
    repeated = [entry("5.00", "DBIT", SHAPED[extra].format("same", "shape"))] * 15
    data = Style().write(message(statement(*repeated, *entries, *entries, aside, *repeated)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml_records, "_DRAFTS", 0)
        walked = read(data)
    shaped = read(data)
    assert shaped.records == walked.records, "the byte ranges included"
    assert shaped.rejects == walked.rejects
    assert shaped.facts == walked.facts


def test_a_structure_that_was_seen_twice_is_read_by_its_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    emitted, taken = [], []
    emit, take = xml_shapes.Shape.emit, camt_plans.EntryPlan.take
    monkeypatch.setattr(xml_shapes.Shape, "emit", lambda self, *given: emitted.append(1) or emit(self, *given))
    monkeypatch.setattr(camt_plans.EntryPlan, "take", lambda self, *given: taken.append(1) or take(self, *given))
    data = Style().write(message(statement(*[entry(f"{n}.00", details=NAME.format(n, n)) for n in range(1, 101)])))
    read(data)
    assert len(taken) >= 80 and not emitted
    taken.clear()
    read(data, reversal_flips_sign=True)
    assert len(emitted) >= 80 and not taken, "what is flipped is read one by one"


def test_byte_ranges_hold_behind_shapes_and_in_every_chunk() -> None:
    data = Style().write(
        message(*[statement(*[entry(f"{n}.00", details=NAME.format(n, n)) for n in range(1, 400)])] * 3)
    )
    reading = read(data)
    for kind, tag in (("bank_statement", b"Stmt"), ("bank_entry", b"Ntry"), ("bank_entry_detail", b"TxDtls")):
        for row in reading[kind]:
            piece = data[row["byte_start"] : row["byte_end"]]
            assert (
                piece.startswith(b"<%b>" % tag) and piece.endswith(b"</%b>" % tag) and piece.count(b"<%b>" % tag) == 1
            )
