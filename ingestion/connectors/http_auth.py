"""Logins over HTTP: the headers that a request carries, and the tokens behind them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

from ingestion.connectors.contracts import Clock, TransferFailed
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.options import Auth, BasicAuth, ClientCredentials, HeaderAuth

TOKEN_SECONDS = 300.0  # the life of a token whose server does not say
EARLY_SECONDS = 30.0  # a token that ends while a request travels is no token

Post = Callable[[str, bytes, Mapping[str, str]], bytes]
"""Sends a form to an address, with retries, and gives the body of the answer."""


@dataclass
class _Token:
    text: str
    ends: float  # on the monotonic clock


class Login:
    """The headers of one source's login; secrets are taken from the environment at once, so that a missing one is told
    before anything is sent."""

    def __init__(self, auth: Auth, credentials: Credentials, clock: Clock) -> None:
        self._auth, self._credentials, self._clock = auth, credentials, clock
        self._token: _Token | None = None
        self._secret = ""
        if isinstance(auth, BasicAuth):
            self._secret = credentials.get(auth.password_env)
        elif isinstance(auth, HeaderAuth):
            self._secret = credentials.get(auth.value_env)
        elif isinstance(auth, ClientCredentials):
            self._secret = credentials.get(auth.client_secret_env)

    @property
    def renews(self) -> bool:
        """Whether a refusal may be cured by a new token."""
        return isinstance(self._auth, ClientCredentials)

    def forget(self) -> None:
        """The token was refused."""
        self._token = None

    def headers(self, post: Post) -> dict[str, str]:
        """The headers of a request; raises `TransferFailed` where the token server gives no token."""
        auth = self._auth
        if isinstance(auth, BasicAuth):
            return {"Authorization": self._basic(auth.user, self._secret)}
        if isinstance(auth, HeaderAuth):
            return {auth.header: auth.prefix + self._secret}
        if isinstance(auth, ClientCredentials):
            if self._token is None or self._clock.monotonic() >= self._token.ends:
                self._token = self._asked(auth, post)
            return {"Authorization": f"Bearer {self._token.text}"}
        return {}

    def _basic(self, user: str, password: str) -> str:
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._credentials.hide(encoded)
        return f"Basic {encoded}"

    def _asked(self, auth: ClientCredentials, post: Post) -> _Token:
        form = {"grant_type": "client_credentials", **auth.parameters}
        if auth.scope:
            form["scope"] = auth.scope
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if auth.client_in == "header":  # RFC 6749, 2.3.1: both parts are form-encoded first
            headers["Authorization"] = self._basic(quote_plus(auth.client_id), quote_plus(self._secret))
        else:
            form |= {"client_id": auth.client_id, "client_secret": self._secret}
        asked_at = self._clock.monotonic()
        try:
            answer = json.loads(post(auth.token_url, urlencode(form).encode(), headers))
            token = answer["access_token"]
            life = float(answer.get("expires_in") or TOKEN_SECONDS)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise TransferFailed(f"{auth.token_url}: the answer holds no access_token") from None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise TransferFailed(f"{auth.token_url}: the access_token is not a token")
        self._credentials.hide(token)
        return _Token(token, asked_at + max(life - EARLY_SECONDS, 0.0))
