"""REST resources that list records as JSON: pages by next link or by offset, with the total the server tells.

`docs/how-to/connect-a-source.md` shows the block for NetSuite's SuiteQL (`totalResults`, `hasMore`).
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urljoin

from ingestion.connectors.contracts import Clock, TransferFailed
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.extraction import AskedPage, Extractor, Unproven
from ingestion.connectors.http_client import Request
from ingestion.connectors.options import NextLink, OffsetPages, RestOptions
from ingestion.connectors.verbatim_json import Json, value_at

CHANGED_SINCE = "{changed_since}"
NEXT_IN_HEADER = re.compile(
    r'<([^>]*)>\s*(?:;[^,<]*)?;\s*rel="?(?:[^",]*\s)?next(?:\s[^",]*)?"?(?=\s*(?:[,;]|$))', re.I
)


def rest_records(source: str, options: RestOptions, credentials: Credentials, clock: Clock) -> Extractor:
    """The connector of a resource; raises `TransferFailed` where a secret is missing."""
    return Extractor(source, RestService(options), options, credentials, clock)


class RestService:
    """The questions to one resource."""

    def __init__(self, options: RestOptions) -> None:
        self._options = options
        self.base_url = options.url.partition("?")[0]
        self.records = options.records
        self.tells_total = not options.unproven
        self.overlap = timedelta(minutes=options.changed.overlap_minutes) if options.changed else None
        self.start = options.changed.start if options.changed else None
        self.query = options.model_dump_json(include={"url", "method", "query", "body", "changed"})

    def first(self, since: datetime | None) -> Request:
        """The first page: everything, or what changed since."""
        options = self._options
        query = {name: self._filled(text, since) for name, text in options.query.items()}
        if isinstance(options.paging, OffsetPages):
            query |= self._window(options.paging, 0)
        headers: tuple[tuple[str, str], ...] = ()
        content = None
        if options.body is not None:
            content = json.dumps({name: self._filled(text, since) for name, text in options.body.items()}).encode()
            headers = (("Content-Type", "application/json"),)
        return Request(self._url(query), options.method, headers, content)

    def following(self, asked: AskedPage, rows: int, total: int | None) -> Request | None:
        """By the link of the answer, or from the next offset on."""
        paging, request = self._options.paging, asked.request
        if isinstance(paging, NextLink):
            link = self._link(paging, asked)
            return (
                None
                if link is None
                else Request(urljoin(request.url, link), request.method, request.headers, request.content)
            )
        if isinstance(paging, OffsetPages) and self._goes_on(paging, asked, rows, total):
            if not asked.page.records:
                raise Unproven(
                    f"{self.base_url}: an empty page after {rows} records, though the server says that more follow"
                )
            url = _with_query(request.url, self._window(paging, rows))
            return Request(url, request.method, request.headers, request.content)
        return None

    def total(self, asked: AskedPage) -> Json:
        """From the answer or its header; None where the server tells none."""
        options = self._options
        if options.total_header is not None:
            return asked.answer.headers.get(options.total_header.lower())
        return value_at(asked.page.rest, options.total) if options.total is not None else None

    def _goes_on(self, paging: OffsetPages, asked: AskedPage, rows: int, total: int | None) -> bool:
        if paging.has_more is None:  # a full page at the total is looked behind: the total may be wrong
            came = len(asked.page.records)
            return total is not None and came > 0 and (rows < total or came >= paging.page_size)
        more = value_at(asked.page.rest, paging.has_more)
        if not isinstance(more, bool):
            raise TransferFailed(f"{self.base_url}: {paging.has_more} is neither true nor false: {str(more)[:40]!r}")
        return more

    def _link(self, paging: NextLink, asked: AskedPage) -> str | None:
        if paging.field is None:
            found = NEXT_IN_HEADER.search(asked.answer.headers.get("link", ""))
            return found.group(1) if found else None
        link = value_at(asked.page.rest, paging.field)
        if link is None or link == "":
            return None
        if not isinstance(link, str):
            raise TransferFailed(f"{self.base_url}: {paging.field} is no address: {str(link)[:40]!r}")
        return link

    def _window(self, paging: OffsetPages, offset: int) -> dict[str, str]:
        return {paging.limit: str(paging.page_size), paging.offset: str(offset)}

    def _url(self, query: dict[str, str]) -> str:
        return _with_query(self._options.url, query)

    def _filled(self, text: str, since: datetime | None) -> str:
        if self._options.changed is None or since is None:
            return text
        return text.replace(CHANGED_SINCE, since.astimezone(UTC).strftime(self._options.changed.format))


def _with_query(url: str, parameters: dict[str, str]) -> str:
    """The address with these parameters, in place of those of the same names."""
    base, _, query = url.partition("?")
    names = tuple(f"{quote(name, safe='')}=" for name in parameters)
    kept = [part for part in query.split("&") if part and not part.startswith(names)]
    added = urlencode(parameters, quote_via=quote) if parameters else ""
    whole = "&".join([*kept, *([added] if added else [])])
    return f"{base}?{whole}" if whole else base
