"""An ERP on loopback: OData V2 and V4 and a REST list over the same records, with the faults a test asks for."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from ingestion.connectors.contracts import Clock

START = datetime(2026, 9, 30, 4, 0, tzinfo=UTC)


@dataclass
class FakeTime:
    """A clock that stands still but for sleeps, which take no time."""

    moment: datetime = START
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.moment, monotonic=lambda: self.moment.timestamp(), sleep=self.sleep)


@dataclass(frozen=True)
class Fault:
    """What a request gets instead of its answer."""

    status: int = 500
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"no luck"
    half: bool = False  # the true answer, cut in its middle, with status 200
    drop: bool = False  # the connection is closed without a word
    hang: bool = False  # no answer until the server stops


@dataclass
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class ErpServer:
    """Serves `records` (each a JSON text) in pages; use as a context manager."""

    def __init__(self, records: list[str], page_size: int = 3) -> None:
        self.records, self.page_size = records, page_size
        self.count: int | None = None  # a wrong one, where set
        self.count_on: tuple[int, ...] | None = None  # page numbers that tell the count
        self.next_link: str | None = None  # in place of the right one
        self.links = True
        self.faults: deque[Fault | None] = deque()  # for the next requests, in their order; None: as it should be
        self.login: str | None = None  # the Authorization expected
        self.tokens = 0
        self.seen: list[Seen] = []
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ErpServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, seen: Seen) -> tuple[dict[str, str], str]:
        """Headers and body of the right answer."""
        query = seen.query
        chosen = self._chosen(seen)
        kind = seen.path.strip("/").split("/")[0]
        offset = int(query.get("$skiptoken") or query.get("$skip") or query.get("offset") or 0)
        size = min(self.page_size, int(query.get("$top") or query.get("limit") or self.page_size))
        page = chosen[offset : offset + size]
        more = offset + size < len(chosen)
        count = len(chosen) if self.count is None else self.count
        told = self.count_on is None or offset // self.page_size in self.count_on
        link = self.next_link or f"{self.url}{seen.path}?$skiptoken={offset + size}"
        rows = ",".join(page)
        if kind == "v4":
            head = f'"@odata.context":"{self.url}/v4/$metadata#Vendors",' + (f'"@odata.count":{count},' if told else "")
            tail = f',"@odata.nextLink":"{link}"' if more and self.links else ""
            return {}, f'{{{head}"value":[{rows}]{tail}}}'
        if kind == "v2":
            tail = (f',"__count":"{count}"' if told else "") + (f',"__next":"{link}"' if more and self.links else "")
            return {}, f'{{"d":{{"results":[{rows}]{tail}}}}}'
        link = self.next_link or f"{self.url}{seen.path}?offset={offset + size}"
        links = [{"rel": "self", "href": self.url}] + ([{"rel": "next", "href": link}] if more else [])
        facts = f'"links":{json.dumps(links)},"count":{len(page)},"hasMore":{json.dumps(more)},"totalResults":{count}'
        headers = {"X-Total-Count": str(count)} | ({"Link": f'<{link}>; rel="next"'} if more else {})
        return headers, f'{{{facts},"items":[{rows}]}}'

    def _chosen(self, seen: Seen) -> list[str]:
        since = re.search(
            r"ChangedAt ge (?:datetimeoffset')?(\S+?Z)", seen.query.get("$filter", "") + seen.body.decode()
        )
        if since is None:
            return self.records
        return [record for record in self.records if json.loads(record).get("ChangedAt", "") >= since.group(1)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        erp = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen = Seen(self.command, parts.path, query, {k.lower(): v for k, v in self.headers.items()}, body)
                erp.seen.append(seen)
                fault = erp.faults.popleft() if erp.faults else None
                if parts.path == "/token" and fault is None:
                    erp.tokens += 1
                    erp.login = f"Bearer token-{erp.tokens}"
                    token = {"access_token": f"token-{erp.tokens}", "token_type": "bearer", "expires_in": 3600}
                    self._send(200, {}, json.dumps(token).encode())
                elif fault is None and erp.login is not None and self.headers.get("Authorization") != erp.login:
                    self._send(401, {}, b"who are you, " + (self.headers.get("Authorization") or "").encode())
                elif fault is None or fault.half:
                    headers, text = erp.answer(seen)
                    content = text.encode()
                    self._send(200, headers, content[: len(content) // 2] if fault else content)
                elif fault.hang:
                    erp._stopping.wait(10)
                elif fault.drop:
                    self.close_connection = True
                    self.connection.close()
                else:
                    self._send(fault.status, dict(fault.headers), fault.body)

            do_POST = do_GET  # noqa: N815  (the name http.server looks for)

            def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def records(count: int) -> list[str]:
    """Records whose amounts do not fit a float, changed an hour apart, the last at 04:00 on the day of START."""
    changed = [f"{START - timedelta(hours=count - number):%Y-%m-%dT%H:%M:%SZ}" for number in range(1, count + 1)]
    return [
        f'{{"Id":"{number}","Amount":{90071992547409930 + number}.10,"ChangedAt":"{at}"}}'
        for number, at in enumerate(changed, 1)
    ]
