"""Lists of an ERP that come again as they were: which of them says something new?

The same bytes again add nothing where they tell of what has happened: statements, payments, postings. A list of what the ERP holds
(all open items, suppliers, their bank accounts) says how things stand when it is made. Came it otherwise in between, then the old
list once more says that things have changed back: it is loaded anew. Came it last time as it comes now, then nothing has
changed: it is registered as a repetition, and shows that the source still delivers. An ERP may write each list over the one
before, under one name: then the time of the file tells the deliveries apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from ingestion.contracts import COUNTERPARTY, COUNTERPARTY_BANK_ACCOUNT, PAYMENT_TERMS
from ingestion.sources import SourceConfig
from orchestration.landing import LandedFile
from orchestration.parsing import Parsed

_ERP = "erp"
_LISTS = frozenset(contract.kind for contract in (COUNTERPARTY, COUNTERPARTY_BANK_ACCOUNT, PAYMENT_TERMS))


@dataclass(frozen=True)
class Registered:
    """What `raw.delivery` knows of a source."""

    deliveries: frozenset[str]
    taken: tuple[tuple[datetime, str, str], ...]  # received_at, file name, sha256 of what was not refused, oldest first


def registered_of(connection: duckdb.DuckDBPyConnection, source: SourceConfig) -> Registered:
    """The deliveries of a source that are registered, and what came in which order."""
    rows = connection.execute(
        "SELECT delivery_id, received_at, file_name, sha256, status FROM raw.delivery WHERE source = ? "
        "ORDER BY received_at, file_name, delivery_id",
        [source.name],
    ).fetchall()
    loaded = {sha256 for _, _, _, sha256, status in rows if status in ("loaded", "partly")}
    return Registered(
        frozenset(delivery for delivery, *_ in rows),
        tuple((received_at, name, sha256) for _, received_at, name, sha256, _ in rows if sha256 in loaded),
    )


def unregistered(source: SourceConfig, files: Sequence[LandedFile], registered: Registered) -> list[LandedFile]:
    """The landed files that are not registered yet, in their order.

    A list that an ERP wrote over another one of the same name, or over itself, is a delivery of its own.
    """
    last_under_name = {name: (received_at, sha256) for received_at, name, sha256 in registered.taken}
    last = registered.taken[-1][2] if registered.taken else None
    found = []
    for file in files:
        if file.delivery_id not in registered.deliveries:
            found.append(file)
        elif source.group == _ERP and file.name in last_under_name:
            received_at, sha256 = last_under_name[file.name]
            again = replace(file, is_again=True)
            came_again = file.received_at > received_at and (file.sha256 == last or file.sha256 != sha256)
            if came_again and again.delivery_id not in registered.deliveries:
                found.append(again)
    return found


def returned(source: SourceConfig, new: Sequence[LandedFile], registered: Registered) -> frozenset[str]:
    """The new deliveries whose bytes the source has delivered before, but other ones since."""
    if source.group != _ERP:
        return frozenset()
    order = sorted(
        [(received_at, name, sha256, "") for received_at, name, sha256 in registered.taken]
        + [(file.received_at, file.name, file.sha256, file.delivery_id) for file in new]
    )
    back, seen, before = set(), set(), None
    for _, _, sha256, delivery in order:
        if delivery and sha256 in seen and sha256 != before:
            back.add(delivery)
        seen.add(sha256)
        before = sha256
    return frozenset(back)


def is_list(source: SourceConfig, parsed: Parsed) -> bool:
    """Whether a delivery says how things stand, and not what has happened or changed."""
    return source.snapshot or (bool(parsed.batches) and _LISTS.issuperset(parsed.batches))
