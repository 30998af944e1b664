"""Records asked for page by page, put together as one JSON document that is whole by proof, or not at all.

The proof: the number of records that came equals the number the server says there are, no page said another number, and
no record (by its key, where the config names one) came twice. Records are passed on as the text they were delivered as.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ingestion.connectors.contracts import Clock, TransferFailed, TransferState, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.http_client import Answer, HttpClient, Request
from ingestion.connectors.options import HttpOptions
from ingestion.connectors.verbatim_json import Json, NotThePage, Page, read_page, steps

EXTRACT, ROWS = "@tieout.extract", "@tieout.rows"


class Unproven(TransferFailed):
    """What came is not what the server says there is: the data moved while it was read, or pages are missing.

    Worth asking for once more from the start; what came is never used.
    """


@dataclass(frozen=True)
class AskedPage:
    """A page that came: the request, the answer, and what is in it."""

    request: Request
    answer: Answer
    page: Page


class Service(Protocol):
    """How a service is asked, and what its answers say."""

    base_url: str
    records: str  # JSON pointer of the list in an answer
    query: str  # tells two questions apart: another question starts from the beginning
    tells_total: bool
    overlap: timedelta | None  # None: everything is asked for each time
    start: datetime | None  # of the first extraction by change date

    def first(self, since: datetime | None) -> Request:
        """The first request; `since` bounds the change date."""

    def following(self, asked: AskedPage, rows: int, total: int | None) -> Request | None:
        """The request after a page, None after the last; `rows` came so far, of `total`."""

    def total(self, asked: AskedPage) -> Json:
        """How many records there are in all, as this answer says; None where it does not say."""


class Extraction:
    """One delivery: all records of one question."""

    def __init__(
        self, source: str, service: Service, client: HttpClient, options: HttpOptions, asked_at: datetime,
        since: datetime | None,
    ) -> None:  # fmt: skip
        self.name = f"{source}-{asked_at:%Y%m%dT%H%M%S%fZ}.json"
        self._source, self._service, self._client, self._options = source, service, client, options
        self._asked_at, self._since = asked_at, since
        self._rows: int | None = None

    @property
    def rows(self) -> int | None:
        """Records of the document, once it is whole."""
        return self._rows

    def chunks(self) -> Iterator[bytes]:
        """The document, page by page; raises `TransferFailed` where it is not whole (`Unproven` where another try may help)."""
        self._rows = None
        self._client.start()
        rows, total = 0, None
        seen: set[Request] = set()
        keys: set[tuple[str, ...]] = set()
        request: Request | None = self._service.first(self._since)
        while request is not None:
            if request in seen:
                raise TransferFailed(f"{self._service.base_url}: the server sends the same page again and again")
            if len(seen) >= self._options.max_pages:
                raise TransferFailed(f"{self._service.base_url}: more than {self._options.max_pages} pages (max_pages)")
            seen.add(request)
            asked = self._ask(request)
            if rows == 0 and len(seen) == 1:
                yield self._head(asked.page).encode()
            total = self._agreed(total, asked)
            self._check_keys(keys, asked.page)
            if asked.page.records:
                yield ((",\n" if rows else "\n") + ",\n".join(asked.page.records)).encode()
            rows += len(asked.page.records)
            request = self._service.following(asked, rows, total)
        if self._service.tells_total and rows != total:
            raise Unproven(
                f"{self._service.base_url}: {rows} records came in {len(seen)} pages, the server counts {total}; nothing was taken"
            )
        yield self._tail(rows).encode()
        self._rows = rows

    def remembered(self, state: TransferState) -> TransferState:
        """The next extraction by change date starts where this one was asked."""
        if self._service.overlap is None:
            return state
        return state.model_copy(update={"changed_until": self._asked_at, "query": self._service.query})

    def _ask(self, request: Request) -> AskedPage:
        def read(answer: Answer) -> AskedPage:
            try:
                return AskedPage(request, answer, read_page(answer.content, self._service.records, self._options.key))
            except NotThePage as fault:  # half a page, or an error page with status 200: another attempt may be whole
                raise Unreachable(f"{self._service.base_url}: {fault}") from fault

        return self._client.fetch(request, read)

    def _agreed(self, known: int | None, asked: AskedPage) -> int | None:
        """The total, the same on every page that tells it."""
        said = self._service.total(asked)
        if said is None:
            if self._service.tells_total and known is None:
                raise TransferFailed(
                    f"{self._service.base_url}: the server does not say how many records there are, though it was asked to; "
                    "without that number nothing proves that all came"
                )
            return known
        if isinstance(said, bool) or not str(said).isdecimal():
            raise TransferFailed(f"{self._service.base_url}: the server's count is no number: {str(said)[:40]!r}")
        total = int(str(said))
        if known is not None and total != known:
            raise Unproven(f"{self._service.base_url}: the data moved while it was read: {known} records, then {total}")
        return total

    def _check_keys(self, keys: set[tuple[str, ...]], page: Page) -> None:
        for key in page.keys:
            if key in keys:
                shown = ", ".join(f"{name}={value}" for name, value in zip(self._options.key, key, strict=True))
                raise Unproven(
                    f"{self._service.base_url}: record {shown} came twice: the pages shifted while they were read"
                )
            keys.add(key)

    def _head(self, page: Page) -> str:
        """Everything before the records: what was asked, and the entity as the server names it."""
        path = steps(self._service.records)
        if not path:
            return "["
        since = self._since.isoformat() if self._since else None
        facts: dict[str, Json] = {
            EXTRACT: {"source": self._source, "asked_at": self._asked_at.isoformat(), "changed_since": since}
        }
        if isinstance(page.rest, dict) and "@odata.context" in page.rest:
            facts["@odata.context"] = page.rest["@odata.context"]
        opening = "".join(f"{json.dumps(step)}: {{" for step in path[:-1]) + f"{json.dumps(path[-1])}: ["
        return json.dumps(facts)[:-1] + ", " + opening

    def _tail(self, rows: int) -> str:
        depth = len(steps(self._service.records))
        return "\n]" + (f"{'}' * (depth - 1)}, {json.dumps(ROWS)}: {rows}}}\n" if depth else "\n")


class Extractor:
    """The connector over a service: one delivery a run."""

    def __init__(
        self, source: str, service: Service, options: HttpOptions, credentials: Credentials, clock: Clock
    ) -> None:
        self.max_bytes = options.max_bytes
        self._source, self._service, self._options, self._clock = source, service, options, clock
        self._client = HttpClient(service.base_url, options, credentials, clock)

    def deliveries(self, state: TransferState) -> Iterator[Extraction]:
        """The extraction, since the last one less the overlap where the config asks by change date."""
        asked_at = self._clock.now().astimezone(UTC)
        yield Extraction(
            self._source, self._service, self._client, self._options, asked_at, self._since(state, asked_at)
        )

    def _since(self, state: TransferState, asked_at: datetime) -> datetime | None:
        if self._service.overlap is None:
            return None
        if state.changed_until is None or state.query != self._service.query:
            return self._service.start
        return min(state.changed_until, asked_at) - self._service.overlap

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()
