"""OData V2 and V4: the query, the count and the next link of each version.

V2 (as SAP Gateway speaks it): `$inlinecount=allpages`, `d.__count`, `d.__next`. V4: `$count=true`, `@odata.count`,
`@odata.nextLink`, `Prefer: odata.maxpagesize`. A service that sends no next links is paged by `$top` and `$skip`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urljoin

from ingestion.connectors.contracts import Clock
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.extraction import AskedPage, Extractor
from ingestion.connectors.http_client import Request
from ingestion.connectors.options import ChangedField, ODataOptions
from ingestion.connectors.verbatim_json import Json, value_at

UNCHANGED_IN_QUERIES = "$,()'/:"


def odata_records(source: str, options: ODataOptions, credentials: Credentials, clock: Clock) -> Extractor:
    """The connector of an entity set; raises `TransferFailed` where a secret is missing."""
    return Extractor(source, ODataService(options), options, credentials, clock)


class ODataService:
    """The questions to one entity set."""

    tells_total = True

    def __init__(self, options: ODataOptions) -> None:
        self._options = options
        self._is_v2 = options.version == "2.0"
        self.base_url = f"{options.service.rstrip('/')}/{options.entity_set}"
        self.records = "/d/results" if self._is_v2 else "/value"
        self.overlap = timedelta(minutes=options.changed.overlap_minutes) if options.changed else None
        self.start = options.changed.start if options.changed else None
        asked = {"service", "entity_set", "version", "select", "expand", "filter", "parameters", "changed"}
        self.query = options.model_dump_json(include=asked)

    def first(self, since: datetime | None) -> Request:
        """The first page: everything, or what changed since."""
        return self._request(self._parameters(since))

    def following(self, asked: AskedPage, rows: int, total: int | None) -> Request | None:
        """By the server's link; else, where the config says so, by skipping what came."""
        link = value_at(asked.page.rest, "/d/__next") if self._is_v2 else _v4(asked.page.rest, "nextLink")
        if isinstance(link, str) and link:
            return Request(urljoin(asked.request.url, link), headers=asked.request.headers)
        came = len(asked.page.records)
        is_full = self._options.page_size is not None and came >= self._options.page_size
        # a full page at the total is looked behind: the total may be wrong
        if self._options.paging == "skip" and came and total is not None and (rows < total or is_full):
            base, _, query = asked.request.url.partition("?")
            kept = [part for part in query.split("&") if not part.startswith(("$skip=", "$skiptoken="))]
            return Request(f"{base}?{'&'.join(kept)}&$skip={rows}", headers=asked.request.headers)
        return None

    def total(self, asked: AskedPage) -> Json:
        """`d.__count` or `@odata.count`; some servers send it with the first page only."""
        return value_at(asked.page.rest, "/d/__count") if self._is_v2 else _v4(asked.page.rest, "count")

    def _parameters(self, since: datetime | None) -> dict[str, str]:
        options = self._options
        parameters = {"$inlinecount": "allpages", "$format": "json"} if self._is_v2 else {"$count": "true"}
        conditions = [f"({options.filter})"] if options.filter else []
        if options.changed and since:
            conditions.append(f"{options.changed.field} ge {self._literal(options.changed, since)}")
        if conditions:
            parameters["$filter"] = " and ".join(conditions)
        for name, values in (("$select", options.select), ("$expand", options.expand), ("$orderby", options.key)):
            if values:
                parameters[name] = ",".join(values)
        if options.paging == "skip":
            parameters["$top"] = str(options.page_size)
        return parameters | options.parameters

    def _request(self, parameters: dict[str, str]) -> Request:
        query = urlencode(parameters, quote_via=quote, safe=UNCHANGED_IN_QUERIES)
        headers = [("MaxDataServiceVersion", "2.0")] if self._is_v2 else [("OData-MaxVersion", "4.0")]
        if not self._is_v2 and self._options.page_size and self._options.paging == "next_link":
            headers.append(("Prefer", f"odata.maxpagesize={self._options.page_size}"))
        return Request(f"{self.base_url}?{query}", headers=tuple(headers))

    def _literal(self, changed: ChangedField, since: datetime) -> str:
        """A moment as the version writes it; a `Date` or a `DateTime` has no offset and is taken as UTC."""
        moment = since.astimezone(UTC)
        if changed.type == "Date":
            day = f"{moment:%Y-%m-%d}"
            return f"datetime'{day}T00:00:00'" if self._is_v2 else day
        text = f"{moment:%Y-%m-%dT%H:%M:%S}"
        if not self._is_v2:
            return f"{text}Z"
        return f"datetimeoffset'{text}Z'" if changed.type == "DateTimeOffset" else f"datetime'{text}'"


def _v4(rest: Json, name: str) -> Json:
    """A control field of V4; 4.01 may leave out the prefix."""
    if not isinstance(rest, dict):
        return None
    return rest.get(f"@odata.{name}", rest.get(f"@{name}"))
