"""Is a delivery new, a repetition, or in conflict with what is known? (DESIGN 4; identity of statements and messages)

A statement (or a payment message) that is known with the same content is a repetition: counted, not loaded again. Known
with other content, it is a conflict: the whole delivery is refused until a person decides. The content hash is taken over
the business columns, so that another file layout, message id or creation time does not make other content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from ingestion.contracts import CONTRACTS

if TYPE_CHECKING:
    from orchestration.parsing import Parsed

_NOT_CONTENT = frozenset(
    {
        "record_number", "file_line", "byte_start", "byte_end", "statement_number", "identity", "message_id",
        "created_at", "copy_duplicate", "report_id",
    }
)  # fmt: skip
_STATEMENT_KINDS = ("bank_statement", "bank_balance", "bank_entry", "bank_entry_detail")


@dataclass(frozen=True)
class Identity:
    """What makes a statement or a message the same one, and a hash of what it says."""

    identity: str
    content_hash: str
    delivery_id: str
    statement_number: int | None


@dataclass
class Verdict:
    """What becomes of one delivery."""

    status: str = "loaded"  # loaded, partly, duplicate, quarantined, conflict
    reason: str | None = None
    repeated_whole: bool = False
    repeated_statements: list[int] = field(default_factory=list)
    new_identities: list[Identity] = field(default_factory=list)


def judge(
    connection: duckdb.DuckDBPyConnection, incoming: Sequence[str], group: Sequence[Parsed]
) -> dict[str, Verdict]:
    """A verdict per delivery of a group, in the group's order; an earlier delivery wins over a later one."""
    of_delivery: dict[str, list[Identity]] = {}
    for identity in _statement_identities(connection, incoming):
        of_delivery.setdefault(identity.delivery_id, []).append(identity)
    of_delivery |= _message_identities(connection, incoming, group, of_delivery)
    known = _known(connection, [one.identity for found in of_delivery.values() for one in found])
    verdicts = {}
    for parsed in group:
        delivery_id = parsed.file.delivery_id
        verdict = _verdict(parsed, of_delivery.get(delivery_id, []), known)
        known |= {one.identity: (one.content_hash, parsed.file.name) for one in verdict.new_identities}
        verdicts[delivery_id] = verdict
    return verdicts


def _verdict(parsed: Parsed, identities: Iterable[Identity], known: dict[str, tuple[str, str]]) -> Verdict:
    failure = parsed.failure
    if failure is not None:
        parts = [failure.reason, failure.place and f"at {failure.place}", failure.found and f"found {failure.found}",
                 failure.expected and f"expected {failure.expected}", failure.advice]  # fmt: skip
        return Verdict("quarantined", "; ".join(part for part in parts if part))
    verdict = Verdict("partly" if parsed.rejects else "loaded")
    seen = dict(known)
    for one in identities:
        if one.identity not in seen:
            seen[one.identity] = (one.content_hash, parsed.file.name)
            verdict.new_identities.append(one)
        elif seen[one.identity][0] != one.content_hash:
            return Verdict(
                "conflict",
                f"{_said(one.identity)} is known from {seen[one.identity][1]} with other content; nothing of this file was "
                "loaded: compare the two files, then ask the sender which one holds",
            )
        elif one.statement_number is None:
            verdict.repeated_whole = True
        else:
            verdict.repeated_statements.append(one.statement_number)
    if verdict.repeated_whole or (verdict.repeated_statements and not verdict.new_identities):
        verdict.status = "duplicate"
        verdict.reason = "every statement or message of this file is known with the same content"
    return verdict


def _said(identity: str) -> str:
    """An identity as a sentence names it: its parts without those that are empty."""
    return " ".join(part for part in identity.split("|") if part)


def _content(kind: str, table: str) -> str:
    """A SQL expression: one row's business columns as text, nulls kept apart from empty text."""
    columns = [name for name in CONTRACTS[kind].names if name not in _NOT_CONTENT]
    return "concat_ws('|', " + ", ".join(f"coalesce({table}.\"{name}\"::VARCHAR, '\u2205')" for name in columns) + ")"


def _statement_identities(connection: duckdb.DuckDBPyConnection, incoming: Sequence[str]) -> list[Identity]:
    if "bank_statement" not in incoming:
        return []
    rows = " UNION ALL ".join(
        f"SELECT delivery_id, statement_number, '{kind}' AS kind, {_content(kind, 't')} AS content "
        f"FROM incoming_{kind} t"
        for kind in _STATEMENT_KINDS
        if kind in incoming
    )
    found = connection.execute(
        f"""
        WITH content AS (
            SELECT delivery_id, statement_number,
                   sha256(string_agg(kind || ':' || content, chr(10) ORDER BY kind, content)) AS content_hash
            FROM ({rows}) GROUP BY ALL
        )
        SELECT s.identity, c.content_hash, s.delivery_id, s.statement_number
        FROM incoming_bank_statement s JOIN content c USING (delivery_id, statement_number)
        ORDER BY s.delivery_id, s.statement_number
        """
    ).fetchall()
    return [Identity(*row) for row in found]


def _message_identities(
    connection: duckdb.DuckDBPyConnection,
    incoming: Sequence[str],
    group: Sequence[Parsed],
    statements: dict[str, list[Identity]],
) -> dict[str, list[Identity]]:
    """Identity of files that carry no statement but name themselves: payment messages and status reports."""
    named = {
        parsed.file.delivery_id: f"{parsed.facts.format.split('.001.')[0].split('.002.')[0]}|{parsed.facts.identity}"
        for parsed in group
        if parsed.facts and parsed.facts.identity and parsed.file.delivery_id not in statements
    }
    if not named or not incoming:
        return {}
    rows = " UNION ALL ".join(
        f"SELECT delivery_id, '{kind}' AS kind, {_content(kind, 't')} AS content FROM incoming_{kind} t"
        for kind in incoming
        if kind not in _STATEMENT_KINDS
    )
    if not rows:
        return {}
    hashes = connection.execute(
        f"SELECT delivery_id, sha256(string_agg(kind || ':' || content, chr(10) ORDER BY kind, content)) "
        f"FROM ({rows}) GROUP BY ALL"
    ).fetchall()
    return {
        delivery: [Identity(named[delivery], content_hash, delivery, None)]
        for delivery, content_hash in hashes
        if delivery in named
    }


def _known(connection: duckdb.DuckDBPyConnection, identities: Sequence[str]) -> dict[str, tuple[str, str]]:
    rows = connection.execute(
        "SELECT identity, content_hash, file_name FROM raw.identity JOIN raw.delivery USING (delivery_id) "
        "WHERE identity IN (SELECT unnest(?::VARCHAR[]))",
        [list(identities)],
    ).fetchall()
    return {identity: (content_hash, file) for identity, content_hash, file in rows}
