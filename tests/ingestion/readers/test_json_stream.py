"""A JSON document read through a window says what `json.loads` says of it, wherever the window ends."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers import json_stream
from ingestion.readers.json_stream import outline, records_at
from ingestion.reading import FileRejected

DOCUMENT = """{"@odata.context": "x#Invoices", "d": {"before": [1, {"a": null}],
  "results": [{"id": "1", "amount": -0.10, "text": "é \\"}], \\u00e4"},
   {"id": "2", "amount": 12345678901234567890.50, "lines": [{"n": 1e2}, {}]} , 7 ], "__next": null
  }, "count": 123}"""
POINTERS = ("/d/results", "/value", "/d", "")


def exact(text: str) -> object:
    return json.loads(text, parse_float=str, parse_int=str)


@pytest.fixture(params=[1, 2, 7, 1 << 20])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", request.param)


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_records_are_those_of_the_whole_document(encoding: str) -> None:
    data = DOCUMENT.encode(encoding)
    whole = exact(DOCUMENT)
    assert isinstance(whole, dict)
    assert outline(io.BytesIO(data), POINTERS, 1000) == whole
    assert list(records_at(io.BytesIO(data), "/d/results")) == whole["d"]["results"]
    assert list(records_at(io.BytesIO(data), "/d")) == [whole["d"]]
    assert list(records_at(io.BytesIO(data), "")) == [whole]


@pytest.mark.usefixtures("window")
def test_an_outline_has_the_first_records_only() -> None:
    document = outline(io.BytesIO(DOCUMENT.encode()), POINTERS, 1)
    assert isinstance(document, dict)
    assert [record["id"] for record in document["d"]["results"]] == ["1"]
    assert (document["count"], document["d"]["before"]) == ("123", ["1", {"a": None}])


def verdict(text: str) -> FileRejected | None:
    try:
        outline(io.BytesIO(text.encode()), POINTERS, 1)
        list(records_at(io.BytesIO(text.encode()), "/d/results"))
    except FileRejected as rejected:
        return rejected
    return None


@pytest.mark.usefixtures("window")
def test_a_document_cut_off_anywhere_is_refused_at_the_place_where_it_ends() -> None:
    for end in range(5, len(DOCUMENT), 3):
        with pytest.raises(json.JSONDecodeError) as error:
            exact(DOCUMENT[:end])
        found = verdict(DOCUMENT[:end])
        assert found is not None
        assert found.place == f"line {error.value.lineno}, column {error.value.colno}", DOCUMENT[:end]
        assert found.found == str(error.value)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, len(DOCUMENT) - 1), st.sampled_from(['"', "{", "}", "[", "]", ",", ":", "0", "\\", "x", "\n", ""]),
       st.sampled_from([1, 5, 50, 1 << 20]))  # fmt: skip
def test_a_damaged_document_is_refused_where_json_says(at: int, letter: str, chunk: int) -> None:
    damaged = DOCUMENT[:at] + letter + DOCUMENT[at + 1 :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", chunk)
        found = verdict(damaged)
    try:
        exact(damaged)
    except json.JSONDecodeError as error:
        assert found is not None
        assert found.place == f"line {error.lineno}, column {error.colno}"
    else:
        assert found is None or "there twice" in found.found


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"d": {"results": []}, "d": 1}', "the key 'd' is there twice"),
        ('{"d": {"results": [{"a": 1, "a": 2}]}}', "the key 'a' is there twice"),
        ('{"d": {"results": [{}, {}, {"a": NaN}]}}', "NaN is not JSON"),
        ('{"d": {"results": []}} x', "Extra data"),
    ],
)
def test_what_json_would_let_pass_is_refused(text: str, found: str) -> None:
    rejected = verdict(text)
    assert rejected is not None and found in rejected.found


@pytest.mark.usefixtures("window")
def test_text_that_is_not_utf_8_is_refused_at_its_byte() -> None:
    data = DOCUMENT.encode().replace("é".encode(), b"\xff")
    with pytest.raises(FileRejected) as rejected:
        outline(io.BytesIO(data), POINTERS, 1)
    assert rejected.value.place == f"byte {data.index(0xFF)}"


def test_memory_does_not_grow_with_the_document() -> None:
    records = b",".join(b'{"id": "%d", "text": "%s"}' % (number, b"x" * 200) for number in range(100_000))
    stream = io.BytesIO(b'{"value": [' + records + b"]}")
    del records
    tracemalloc.start()
    try:
        outline(stream, ("/value",), 10)
        assert sum(1 for _ in records_at(stream, "/value")) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()
