"""Attempts: a limited number of them, with waits that double, and no wait longer than the config allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ingestion.connectors.contracts import Clock, Unreachable
from ingestion.connectors.options import RetryOptions

Result = TypeVar("Result")


def with_retries(action: Callable[[], Result], options: RetryOptions, clock: Clock) -> Result:
    """The result of the first attempt that works.

    Only `Unreachable` is tried again. A server that says how long to wait (`Retry-After`) is obeyed up to
    `longest_wait_seconds`; one that asks for more ends the transfer, the next run tries again. Raises the last `Unreachable`
    with the number of attempts.
    """
    for attempt in range(1, options.attempts + 1):
        try:
            return action()
        except Unreachable as failure:
            asked = failure.retry_after
            if asked is not None and asked > options.longest_wait_seconds:
                raise Unreachable(
                    f"{failure}; the server asks to wait {asked:.0f} s, longer than the {options.longest_wait_seconds:.0f} s "
                    "allowed (longest_wait_seconds); the next run tries again"
                ) from failure
            if attempt == options.attempts:
                raise Unreachable(f"{failure} (attempt {attempt} of {options.attempts})") from failure
            backoff = min(options.first_wait_seconds * 2 ** (attempt - 1), options.longest_wait_seconds)
            clock.sleep(max(backoff, asked or 0.0))
    raise AssertionError("attempts is at least 1")
