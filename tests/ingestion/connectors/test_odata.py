"""OData of both versions: every page followed, the count proven, a change date with overlap; and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from erp_server import START, ErpServer, FakeTime, Fault, records

from ingestion.connectors.contracts import TransferFailed, TransferState, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.extraction import Extractor, Unproven
from ingestion.connectors.odata import odata_records
from ingestion.connectors.options import ODataOptions

VERSIONS = {"v2": "2.0", "v4": "4.0"}


@pytest.fixture
def erp() -> Iterator[ErpServer]:
    with ErpServer(records(7)) as server:
        yield server


@pytest.fixture(params=["v2", "v4"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def extractor(erp: ErpServer, version: str, time: FakeTime | None = None, **options: object) -> Extractor:
    given = {"service": f"{erp.url}/{version}", "entity_set": "Vendors", "version": VERSIONS[version], "key": ["Id"]}
    return odata_records(
        "vendors",
        ODataOptions.model_validate(given | options),
        Credentials({"SECRET": "s3cr&t"}),
        (time or FakeTime()).clock,
    )


def extracted(connector: Extractor, state: TransferState | None = None) -> tuple[str, int | None]:
    """The document of the one delivery and its rows."""
    (delivery,) = connector.deliveries(state or TransferState())
    try:
        return b"".join(delivery.chunks()).decode(), delivery.rows
    finally:
        connector.close()


def ids(document: str, version: str) -> list[str]:
    whole = json.loads(document)
    return [row["Id"] for row in (whole["d"]["results"] if version == "v2" else whole["value"])]


def test_all_pages_are_one_document_whose_records_are_as_delivered(erp: ErpServer, version: str) -> None:
    document, rows = extracted(extractor(erp, version))
    assert rows == 7 and ids(document, version) == [str(number) for number in range(1, 8)]
    assert all(record in document for record in erp.records)  # 90071992547409931.10 is no float
    assert len(erp.seen) == 3
    assert json.loads(document)["@tieout.rows"] == 7


def test_the_question_is_what_the_version_understands(erp: ErpServer) -> None:
    more = {"select": ["Id", "Amount"], "filter": "Company eq '1000'", "parameters": {"sap-client": "100"}}
    extracted(extractor(erp, "v2", **more))
    extracted(extractor(erp, "v4", page_size=500, **more))
    v2, v4 = erp.seen[0], erp.seen[3]
    assert v2.query["$inlinecount"] == "allpages" and v2.query["$format"] == "json" and "$count" not in v2.query
    assert v4.query["$count"] == "true" and v4.headers["prefer"] == "odata.maxpagesize=500"
    for seen in (v2, v4):
        assert (seen.query["$select"], seen.query["$filter"]) == ("Id,Amount", "(Company eq '1000')")
        assert (seen.query["$orderby"], seen.query["sap-client"]) == ("Id", "100")


def test_a_service_without_next_links_is_skipped_through(erp: ErpServer, version: str) -> None:
    erp.links = False
    document, rows = extracted(extractor(erp, version, paging="skip", page_size=2))
    assert rows == 7 and len(ids(document, version)) == 7
    assert [seen.query.get("$skip") for seen in erp.seen] == [None, "2", "4", "6"]


def test_skipping_looks_behind_a_full_last_page(erp: ErpServer, version: str) -> None:
    erp.links, erp.count = False, 6
    with pytest.raises(Unproven, match="7 records came in 3 pages, the server counts 6"):
        extracted(extractor(erp, version, paging="skip", page_size=3))


def test_pages_that_end_early_are_not_the_whole(erp: ErpServer, version: str) -> None:
    """The trap of automatic paginators: 3 of 7 records, and a warning at most."""
    erp.links = False
    with pytest.raises(Unproven, match="3 records came in 1 pages, the server counts 7"):
        extracted(extractor(erp, version))


@pytest.mark.parametrize("wrong", [6, 8])
def test_a_count_that_differs_is_not_the_whole(erp: ErpServer, version: str, wrong: int) -> None:
    erp.count = wrong
    with pytest.raises(Unproven, match=f"7 records came in 3 pages, the server counts {wrong}"):
        extracted(extractor(erp, version))


def test_no_count_at_all_is_a_failure(erp: ErpServer, version: str) -> None:
    erp.count_on = ()
    with pytest.raises(TransferFailed, match="does not say how many"):
        extracted(extractor(erp, version))


def test_the_count_may_be_on_the_first_page_only(erp: ErpServer, version: str) -> None:
    erp.count_on = (0,)
    assert extracted(extractor(erp, version))[1] == 7


def test_a_record_that_comes_twice_shows_that_pages_shifted(erp: ErpServer, version: str) -> None:
    erp.records[5] = erp.records[0]
    with pytest.raises(Unproven, match="Id=1 came twice"):
        extracted(extractor(erp, version))


def test_a_next_link_to_the_same_page_ends(erp: ErpServer, version: str) -> None:
    erp.next_link = f"{erp.url}/{version}/Vendors?$skiptoken=3"
    erp.records += records(20)[7:]
    with pytest.raises(TransferFailed, match=r"same page again|came twice"):
        extracted(extractor(erp, version))
    with pytest.raises(TransferFailed, match="same page again"):
        extracted(extractor(erp, version, key=[]))


def test_a_next_link_to_another_host_is_not_followed(erp: ErpServer, version: str) -> None:
    with ErpServer([]) as other:
        erp.next_link = f"{other.url}/{version}/Vendors"
        with pytest.raises(TransferFailed, match="another host"):
            extracted(extractor(erp, version))
        assert other.seen == []


def test_a_relative_next_link_is_followed(erp: ErpServer) -> None:
    erp.next_link = "Vendors?$skiptoken=3"
    erp.records = erp.records[:6]
    assert extracted(extractor(erp, "v4"))[1] == 6


def test_nothing_there_is_an_empty_list_only_because_the_server_says_zero(erp: ErpServer, version: str) -> None:
    erp.records = []
    document, rows = extracted(extractor(erp, version))
    assert rows == 0 and ids(document, version) == []


def test_by_change_date_with_overlap(erp: ErpServer, version: str) -> None:
    time = FakeTime()
    changed = {"changed": {"field": "ChangedAt", "overlap_minutes": 90}}
    (first,) = extractor(erp, version, time, **changed).deliveries(TransferState())
    assert b"".join(first.chunks()) and first.rows == 7 and "$filter" not in erp.seen[0].query
    state = first.remembered(TransferState())
    assert state.changed_until == START
    document, rows = extracted(extractor(erp, version, time, **changed), state)
    assert ids(document, version) == ["6", "7"] and rows == 2  # changed since 02:30
    literal = "datetimeoffset'2026-09-30T02:30:00Z'" if version == "v2" else "2026-09-30T02:30:00Z"
    assert erp.seen[-1].query["$filter"] == f"ChangedAt ge {literal}"


def test_another_question_starts_from_the_beginning(erp: ErpServer) -> None:
    changed = {"changed": {"field": "ChangedAt", "overlap_minutes": 1}}
    (first,) = extractor(erp, "v4", **changed).deliveries(TransferState())
    state = first.remembered(TransferState())
    assert extracted(extractor(erp, "v4", filter="Amount gt 0", **changed), state)[1] == 7


def test_a_clock_that_was_ahead_leaves_no_gap(erp: ErpServer) -> None:
    changed = {"changed": {"field": "ChangedAt", "overlap_minutes": 60}}
    (first,) = extractor(erp, "v4", FakeTime(START + timedelta(days=300)), **changed).deliveries(TransferState())
    extracted(extractor(erp, "v4", **changed), first.remembered(TransferState()))
    assert erp.seen[-1].query["$filter"] == "ChangedAt ge 2026-09-30T03:00:00Z"


# attempts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [Fault(503), Fault(half=True), Fault(drop=True), Fault(502, body=b"<html>")],
    ids=["503", "half", "drop", "502"],
)
def test_a_passing_fault_is_tried_again_with_longer_waits(erp: ErpServer, version: str, fault: Fault) -> None:
    time = FakeTime()
    erp.faults.extend([None, fault, fault])
    assert extracted(extractor(erp, version, time))[1] == 7
    assert time.slept == [1.0, 2.0] and len(erp.seen) == 5


def test_attempts_end(erp: ErpServer) -> None:
    time = FakeTime()
    erp.faults.extend([Fault(503)] * 9)
    with pytest.raises(Unreachable, match=r"503 .*no luck \(attempt 4 of 4\)"):
        extracted(extractor(erp, "v4", time))
    assert time.slept == [1.0, 2.0, 4.0] and len(erp.seen) == 4


def test_retry_after_is_obeyed_in_seconds_and_as_a_date(erp: ErpServer) -> None:
    time = FakeTime()
    erp.faults.extend(
        [Fault(429, (("Retry-After", "17"),)), Fault(429, (("Retry-After", "Wed, 30 Sep 2026 04:00:40 GMT"),))]
    )
    assert extracted(extractor(erp, "v4", time))[1] == 7
    assert time.slept == [17.0, 23.0]


def test_a_wait_beyond_the_limit_is_left_to_the_next_run(erp: ErpServer) -> None:
    time = FakeTime()
    erp.faults.append(Fault(429, (("Retry-After", "3600"),)))
    with pytest.raises(Unreachable, match="asks to wait 3600 s"):
        extracted(extractor(erp, "v4", time))
    assert time.slept == []


@pytest.mark.parametrize("status", [400, 403, 404, 501])
def test_a_refusal_is_not_tried_again(erp: ErpServer, status: int) -> None:
    erp.faults.append(Fault(status, body=b'{"error":{"message":"Resource not found for segment\x00 Vendors"}}'))
    with pytest.raises(TransferFailed, match=f"{status} .*Resource not found for segment Vendors") as refused:
        extracted(extractor(erp, "v4"))
    assert not isinstance(refused.value, Unreachable) and len(erp.seen) == 1


def test_a_slow_answer_is_a_failed_attempt(erp: ErpServer) -> None:
    erp.faults.extend([Fault(hang=True), Fault(hang=True)])
    with pytest.raises(Unreachable, match=r"no answer within 0\.1 s \(attempt 2 of 2\)"):
        extracted(extractor(erp, "v4", timeout_seconds=0.1, attempts=2))


def test_the_whole_has_a_deadline(erp: ErpServer) -> None:
    erp.faults.extend([Fault(503)] * 3)
    with pytest.raises(TransferFailed, match="deadline_seconds"):
        extracted(extractor(erp, "v4", deadline_seconds=5))


def test_a_redirect_is_told_not_followed(erp: ErpServer) -> None:
    erp.faults.append(Fault(302, (("Location", "https://elsewhere.example/"),)))
    with pytest.raises(TransferFailed, match="redirect"):
        extracted(extractor(erp, "v4"))


def test_an_answer_beyond_the_limit_is_refused(erp: ErpServer) -> None:
    with pytest.raises(TransferFailed, match="max_response_bytes"):
        extracted(extractor(erp, "v4", max_response_bytes=200))


def test_more_pages_than_allowed_are_refused(erp: ErpServer) -> None:
    with pytest.raises(TransferFailed, match="max_pages"):
        extracted(extractor(erp, "v4", max_pages=2))


def test_the_rate_limit_spaces_requests(erp: ErpServer) -> None:
    time = FakeTime()
    extracted(extractor(erp, "v4", time, requests_per_minute=30))
    assert time.slept == [2.0, 2.0]


# logins ---------------------------------------------------------------------------------------------------------------


def test_basic_auth(erp: ErpServer) -> None:
    erp.login = "Basic dGllb3V0OnMzY3ImdA=="
    assert extracted(extractor(erp, "v2", auth={"kind": "basic", "user": "tieout", "password_env": "SECRET"}))[1] == 7


def test_a_key_in_a_header(erp: ErpServer) -> None:
    auth = {"kind": "header", "header": "X-API-Key", "value_env": "SECRET"}
    extracted(extractor(erp, "v4", auth=auth))
    assert erp.seen[0].headers["x-api-key"] == "s3cr&t"


@pytest.mark.parametrize("client_in", ["header", "body"])
def test_client_credentials_give_a_token_which_is_renewed_when_refused(erp: ErpServer, client_in: str) -> None:
    auth = {
        "kind": "oauth2",
        "token_url": f"{erp.url}/token",
        "client_id": "tieout",
        "client_secret_env": "SECRET",
        "scope": "read",
        "client_in": client_in,
    }
    erp.faults.extend([None, None, Fault(401), None])
    assert extracted(extractor(erp, "v4", auth=auth))[1] == 7
    assert [seen.path for seen in erp.seen] == [
        "/token",
        "/v4/Vendors",
        "/v4/Vendors",
        "/token",
        "/v4/Vendors",
        "/v4/Vendors",
    ]
    asked = erp.seen[0]
    assert asked.method == "POST" and b"grant_type=client_credentials" in asked.body and b"scope=read" in asked.body
    assert (b"client_secret=s3cr%26t" in asked.body) == (client_in == "body")
    assert ("authorization" in asked.headers) == (client_in == "header")
    assert erp.seen[-1].headers["authorization"] == "Bearer token-2"


def test_a_token_that_stays_refused_ends(erp: ErpServer) -> None:
    auth = {"kind": "oauth2", "token_url": f"{erp.url}/token", "client_id": "tieout", "client_secret_env": "SECRET"}
    erp.faults.extend([None, Fault(401), None, Fault(401)])
    with pytest.raises(TransferFailed, match="also with a new token"):
        extracted(extractor(erp, "v4", auth=auth))


def test_a_missing_secret_is_named_before_anything_is_sent(erp: ErpServer) -> None:
    with pytest.raises(TransferFailed, match="environment variable ERP_PASSWORD is not set"):
        extractor(erp, "v4", auth={"kind": "basic", "user": "tieout", "password_env": "ERP_PASSWORD"})
    assert erp.seen == []
