"""Secrets: taken from the environment variables that the config names, and kept out of every message."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from ingestion.connectors.contracts import TransferFailed

HIDDEN = "***"


class Credentials:
    """The secrets of one source, as far as they were asked for."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._secrets: set[str] = set()

    def get(self, variable: str) -> str:
        """The value of an environment variable; raises `TransferFailed`, which names the variable, where it is not set."""
        value = self._environment.get(variable, "")
        if not value.strip():
            raise TransferFailed(f"the environment variable {variable} is not set; the config takes a secret from it")
        self.hide(value)
        return value

    def hide(self, secret: str) -> None:
        """Keep a secret that came another way (a token, an encoded password) out of messages too."""
        self._secrets |= {form for form in (secret, secret.strip(), quote(secret), quote_plus(secret)) if form}

    def scrubbed(self, message: str) -> str:
        """The message without any secret; the longest first, so that no part of one is left."""
        for secret in sorted(self._secrets, key=lambda one: (-len(one), one)):
            message = message.replace(secret, HIDDEN)
        return message
