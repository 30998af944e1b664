"""The events of a run whose history is not kept: each goes to who listens while the run lasts, and nowhere else.

Dagster's storage in memory is a database all the same: writing a thousand events to it, and asking it for each input of each asset,
was a third of a run in which little is new.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster import AssetKey, EventLogEntry
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.event_log.in_memory import InMemoryEventLogStorage


class ForgottenEvents(InMemoryEventLogStorage):
    """Remembers nothing; the result of the run holds its events."""

    def store_event(self, event: EventLogEntry) -> None:
        """Drop it."""

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> Sequence[AssetRecord]:
        """None: nothing was made before this run that its history would know of."""
        return []
