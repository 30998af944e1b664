"""The payment hub's log as JSON lines: one event a line, in order of time, absent fields left out."""

from __future__ import annotations

import json
from collections.abc import Iterable

from simulation.model import HubEvent


def hub_log(events: Iterable[HubEvent]) -> bytes:
    """Events of one day; amounts are written as text, so that no reader takes them through a float."""
    rows = []
    for event in events:
        row = {
            "event_id": event.event_id,
            "event": event.event,
            "event_at": event.at.isoformat(timespec="seconds"),
            "message_id": event.message_id,
            "payment_information_id": event.payment_information_id,
            "end_to_end_id": event.end_to_end_id,
            "channel": "EBICS" if event.bank != "continental" else "SFTP",
            "bank": event.bank,
            "actor": event.actor,
            "amount": None if event.amount is None else f"{event.amount:f}",
            "currency": event.currency,
            "reason": event.reason,
        }
        rows.append(json.dumps({name: value for name, value in row.items() if value is not None}))
    return "".join(row + "\n" for row in rows).encode()
