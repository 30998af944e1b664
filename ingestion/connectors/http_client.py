"""Requests over HTTP with limits on everything: attempts, waits, time, bytes, rate; TLS verified, no redirects.

The address and the login belong together: a next link to another host is refused, so that no password follows it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from ingestion.connectors.contracts import Clock, TransferFailed, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.http_auth import Login
from ingestion.connectors.options import HttpOptions
from ingestion.connectors.retrying import with_retries

WORTH_ANOTHER_ATTEMPT = (408, 425, 429, 500, 502, 503, 504)
SHOWN = 300
TOKEN_BYTES = 1 << 16

Result = TypeVar("Result")


@dataclass(frozen=True)
class Request:
    """One request; `url` is whole, its query included."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What came back with status 200."""

    url: str
    content: bytes
    headers: Mapping[str, str]  # names in lower case


class HttpClient:
    """The requests of one source to one host."""

    def __init__(self, base_url: str, options: HttpOptions, credentials: Credentials, clock: Clock) -> None:
        self._origin = _origin(base_url)
        self._options, self._credentials, self._clock = options, credentials, clock
        self._login = Login(options.auth, credentials, clock)
        self._next_at = 0.0  # on the monotonic clock: the rate limit
        self._ends: float | None = None
        try:
            verify = ssl.create_default_context(cafile=options.ca_bundle) if options.ca_bundle else True
        except OSError as error:
            raise TransferFailed(f"ca_bundle: {options.ca_bundle} cannot be read: {error}") from error
        self._client = httpx.Client(
            timeout=httpx.Timeout(options.timeout_seconds),
            verify=verify,
            follow_redirects=False,
            headers={"User-Agent": "tieout", "Accept": "application/json", **options.headers},
        )

    def start(self) -> None:
        """From now on, `deadline_seconds` count."""
        self._ends = self._clock.monotonic() + self._options.deadline_seconds

    def fetch(self, request: Request, read: Callable[[Answer], Result]) -> Result:
        """What `read` makes of the answer to a request, after as many attempts as allowed.

        `read` raises `Unreachable` where the answer is not whole: that attempt has failed then. Raises `Unreachable` where the
        server is down, overloaded or breaks off, `TransferFailed` where it refuses, answers too much, redirects, or where the
        request would leave the host.
        """
        if _origin(request.url) != self._origin:
            raise TransferFailed(
                f"the server points to another host, {_shown_url(request.url)}; it was not followed, since the login of "
                f"{self._origin[1]} must not be sent there"
            )
        renewed = False
        while True:
            answer = with_retries(lambda: self._authorised(request, read), self._options, self._clock)
            if answer is not None:
                return answer
            if renewed:
                raise TransferFailed(
                    f"{_shown_url(request.url)}: 401, also with a new token: the client may not read this"
                )
            self._login.forget()
            renewed = True

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _authorised(self, request: Request, read: Callable[[Answer], Result]) -> Result | None:
        """One attempt; None where the token was refused and may be renewed."""
        headers = {**dict(request.headers), **self._login.headers(self._post_form)}
        answer = self._sent(request, headers, self._options.max_response_bytes, renewable=self._login.renews)
        return None if answer is None else read(answer)

    def _post_form(self, url: str, content: bytes, headers: Mapping[str, str]) -> bytes:
        """To the token server; the attempts are those of the request that needs the token."""
        answer = self._sent(Request(url, "POST", content=content), headers, TOKEN_BYTES, renewable=False)
        assert answer is not None  # noqa: S101  (only renewable requests give none)
        return answer.content

    def _sent(self, request: Request, headers: Mapping[str, str], limit: int, *, renewable: bool) -> Answer | None:
        self._keep_the_rate()
        shown = _shown_url(request.url)
        try:
            with self._client.stream(
                request.method, request.url, headers=dict(headers), content=request.content
            ) as response:
                if response.status_code == 401 and renewable:
                    return None
                if response.status_code != 200:
                    raise self._refusal(response, shown)
                return Answer(request.url, self._body(response, limit, shown), dict(response.headers))
        except httpx.TimeoutException as error:
            raise Unreachable(f"{shown}: no answer within {self._options.timeout_seconds:g} s") from error
        except httpx.DecodingError as error:
            raise Unreachable(f"{shown}: the answer cannot be unpacked") from error
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise TransferFailed(f"{shown}: the server's certificate is not valid: {error}") from error
            raise Unreachable(f"{shown}: not reachable: {error or type(error).__name__}") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise TransferFailed(f"{shown}: {type(error).__name__}: {error}") from error

    def _body(self, response: httpx.Response, limit: int, shown: str) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > limit:
                raise TransferFailed(
                    f"{shown}: the answer is longer than the {limit} bytes allowed (max_response_bytes); ask for smaller pages"
                )
            self._keep_the_deadline()
        return bytes(body)

    def _keep_the_rate(self) -> None:
        self._keep_the_deadline()
        if self._options.requests_per_minute is None:
            return
        now = self._clock.monotonic()
        if now < self._next_at:
            self._clock.sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 60.0 / self._options.requests_per_minute

    def _keep_the_deadline(self) -> None:
        if self._ends is not None and self._clock.monotonic() > self._ends:
            raise TransferFailed(
                f"not done after {self._options.deadline_seconds:g} s (deadline_seconds); ask for less, or allow more"
            )

    def _refusal(self, response: httpx.Response, shown: str) -> TransferFailed:
        status = response.status_code
        if response.is_redirect:
            return TransferFailed(f"{shown}: {status}, a redirect; give the address it leads to in the config")
        text = ""
        for chunk in response.iter_bytes():
            text = chunk[:SHOWN].decode("utf-8", "replace")
            break
        said = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
        message = f"{shown}: {status} {response.reason_phrase}" + (f": {said}" if said else "")
        if status in WORTH_ANOTHER_ATTEMPT:
            return Unreachable(message, retry_after=self._retry_after(response.headers.get("Retry-After")))
        if status in (401, 403):
            return TransferFailed(f"{message}; check the login and what it may read")
        return TransferFailed(message)

    def _retry_after(self, value: str | None) -> float | None:
        """Seconds, or a date (RFC 9110, 10.2.3)."""
        if not value:
            return None
        if value.strip().isdecimal():
            return float(value)
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            return None
        return max((moment - self._clock.now()).total_seconds(), 0.0)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme, (parts.hostname or "").lower(), port or (443 if parts.scheme == "https" else 80)


def _shown_url(url: str) -> str:
    """Without the query, which may hold what is nobody's business (skip tokens, filters)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
