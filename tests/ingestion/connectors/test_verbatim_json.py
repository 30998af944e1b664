"""Pages of JSON: the records stay the text they came as, and half a page is never a short page."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.connectors.verbatim_json import NotThePage, read_page, value_at

VALUES = (
    st.text(max_size=5)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.none()
    | st.lists(st.booleans())
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=5)
SPACES = st.sampled_from([None, 1, "\t"])


@given(RECORDS, SPACES)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_records_and_the_rest_are_those_of_the_document(
    records: list[dict[str, object]], indent: int | str | None
) -> None:
    document = json.dumps(
        {"a": [1, {"d": "x"}], "d": {"n": "1", "results": records, "__next": None}, "z": ""}, indent=indent
    )
    page = read_page(document.encode(), "/d/results")
    assert [json.loads(text) for text in page.records] == records
    assert all(text in document for text in page.records)
    assert page.rest == {"a": ["1", {"d": "x"}], "d": {"n": "1", "results": [], "__next": None}, "z": ""}


@given(RECORDS, st.data())
@settings(max_examples=60, derandomize=True, deadline=None)
def test_a_document_cut_anywhere_is_refused(records: list[dict[str, object]], data: st.DataObject) -> None:
    content = json.dumps({"value": records, "next": None}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(NotThePage):
        read_page(content[:cut], "/value")


def test_numbers_keep_their_digits() -> None:
    text = '{"value":[{"amount":100.10, "big":90071992547409931.10,"e":1E2}]}'
    assert read_page(text.encode(), "/value").records == ['{"amount":100.10, "big":90071992547409931.10,"e":1E2}']


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"value": {}}', "expected a list"),
        ('{"value": [1]}', "records that are objects"),
        ('{"value": [], "value": []}', "there twice"),
        ('{"value": []} {}', "more after"),
        ('{"value": [{},]}', "after the comma"),
        ('{"value": [{} {}]}', "comma"),
        ('{"value" []}', "colon"),
        ("{value: []}", "expected a key"),
        ('{"error": {"code": 1}}', "has no 'value'; it has error"),
        ("[]", "expected an object"),
        ('{"value": [{"a": NaN}]}', "NaN is not JSON"),
        ("<html>", "expected an object"),
        ("", "expected an object"),
        ('{"value": [' + '{"a":' * 100_000, "nested too deeply"),
        ('{"value": [{"Id": null}]}', "key field 'Id'"),
    ],
)
def test_what_is_no_page_is_told(text: str, reason: str) -> None:
    with pytest.raises(NotThePage, match=reason):
        read_page(text.encode(), "/value", ("Id",) if "Id" in text else ())


def test_a_value_is_found_by_pointer_index_or_relation() -> None:
    document = {"a/b": {"links": [{"rel": "self", "href": "s"}, {"rel": "next", "href": "n"}]}}
    assert value_at(document, "/a~1b/links/next") == "n"
    assert value_at(document, "/a~1b/links/0") == {"rel": "self", "href": "s"}
    assert value_at(document, "/a~1b/links/last") is None is value_at(document, "/a~1b/none/next")
