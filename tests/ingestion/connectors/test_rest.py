"""REST lists: by next link in the answer or its header, by offset with total and has_more, as NetSuite's SuiteQL has it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from erp_server import START, ErpServer, FakeTime, Fault, records

from ingestion.connectors.contracts import TransferFailed, TransferState
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.extraction import Extractor, Unproven
from ingestion.connectors.options import RestOptions
from ingestion.connectors.rest import rest_records

SUITEQL = {
    "method": "POST",
    "headers": {"Prefer": "transient"},
    "body": {"q": "SELECT * FROM vendor"},
    "records": "/items",
    "total": "/totalResults",
    "paging": {"kind": "offset", "page_size": 3, "has_more": "/hasMore"},
}
PAGINGS = {
    "suiteql": SUITEQL,
    "suiteql by link": SUITEQL | {"paging": {"kind": "next_link", "field": "/links/next"}},
    "offset and total": {"records": "/items", "total": "/totalResults", "paging": {"kind": "offset", "page_size": 3}},
    "link header": {"records": "/items", "total_header": "X-Total-Count", "paging": {"kind": "next_link"}},
    "without a total": {"records": "/items", "unproven": True, "paging": {"kind": "next_link"}},
}


@pytest.fixture
def erp() -> Iterator[ErpServer]:
    with ErpServer(records(7)) as server:
        yield server


def extractor(erp: ErpServer, **options: object) -> Extractor:
    given = RestOptions.model_validate({"url": f"{erp.url}/rest/vendors", "key": ["Id"]} | options)
    return rest_records("vendors", given, Credentials({}), FakeTime().clock)


def extracted(connector: Extractor, state: TransferState | None = None) -> tuple[str, int | None]:
    (delivery,) = connector.deliveries(state or TransferState())
    return b"".join(delivery.chunks()).decode(), delivery.rows


@pytest.mark.parametrize("paging", PAGINGS)
def test_all_pages_are_one_document(erp: ErpServer, paging: str) -> None:
    document, rows = extracted(extractor(erp, **PAGINGS[paging]))
    assert rows == 7 and [row["Id"] for row in json.loads(document)["items"]] == [str(number) for number in range(1, 8)]
    assert all(record in document for record in erp.records)
    assert len(erp.seen) == 3


def test_a_query_in_the_body_goes_with_every_page(erp: ErpServer) -> None:
    extracted(extractor(erp, **SUITEQL))
    assert [seen.method for seen in erp.seen] == ["POST"] * 3
    assert {seen.body for seen in erp.seen} == {b'{"q": "SELECT * FROM vendor"}'}
    assert [(seen.query["limit"], seen.query["offset"]) for seen in erp.seen] == [("3", "0"), ("3", "3"), ("3", "6")]
    assert {seen.headers["prefer"] for seen in erp.seen} == {"transient"}


@pytest.mark.parametrize("paging", [name for name in PAGINGS if name != "without a total"])
@pytest.mark.parametrize("wrong", [6, 9])
def test_a_count_that_differs_is_not_the_whole(erp: ErpServer, paging: str, wrong: int) -> None:
    erp.count = wrong
    with pytest.raises(Unproven, match=rf"server counts {wrong}|empty page after 7 records"):
        extracted(extractor(erp, **PAGINGS[paging]))


def test_one_page_that_is_not_all_is_not_the_whole(erp: ErpServer) -> None:
    with pytest.raises(Unproven, match="3 records came in 1 pages, the server counts 7"):
        extracted(extractor(erp, records="/items", total="/totalResults"))


def test_an_error_page_with_status_200_is_no_empty_list(erp: ErpServer) -> None:
    erp.faults.extend([Fault(200, body=b'{"error": "maintenance"}')] * 4)
    with pytest.raises(TransferFailed, match="has no 'items'; it has error"):
        extracted(extractor(erp, **SUITEQL))


def test_a_list_alone_is_a_document_too(erp: ErpServer) -> None:
    erp.faults.append(Fault(200, (("X-Total-Count", "2"),), b'[{"Id":"1"}, {"Id":"2"}]'))
    document, rows = extracted(extractor(erp, records="", total_header="X-Total-Count"))
    assert json.loads(document) == [{"Id": "1"}, {"Id": "2"}] and rows == 2


def test_changed_since_is_filled_in(erp: ErpServer) -> None:
    changed = SUITEQL | {
        "body": {"q": "SELECT * FROM vendor WHERE ChangedAt ge {changed_since}"},
        "changed": {"overlap_minutes": 60, "start": "2026-01-01T00:00:00Z"},
    }
    (first,) = extractor(erp, **changed).deliveries(TransferState())
    assert b"".join(first.chunks()) and first.rows == 7 and b"ge 2026-01-01T00:00:00Z" in erp.seen[0].body
    state = first.remembered(TransferState())
    assert state.changed_until == START
    assert extracted(extractor(erp, **changed), state)[1] == 2  # of 03:00 and 04:00
    assert b"ge 2026-09-30T03:00:00Z" in erp.seen[-1].body
