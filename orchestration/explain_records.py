"""One record of a delivered file, as an auditor asks for it: `FILE|RECORD`, `FILE:LINE` or the delivery's id instead of the file's name."""

from __future__ import annotations

import re

import duckdb

from ingestion.contracts import CONTRACTS
from orchestration.audit.record_fates import FATES, make_record_fates

Row = dict[str, object]

_BY_NUMBER = re.compile(r"(.+)\|([0-9]{1,18})")
_BY_LINE = re.compile(r"(.+):([0-9]{1,18})")
_TOLD_ELSEWHERE = {"delivery_id", "record_number", "file_line", "byte_start", "byte_end", "extra"}


def named_records(connection: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """The records that a text names, as `delivery_id|record_number`; of a line in several deliveries of one name, each."""
    for pattern, column in ((_BY_NUMBER, "record_number"), (_BY_LINE, "file_line")):
        match = pattern.fullmatch(text)
        if match is None:
            continue
        deliveries = [
            row[0]
            for row in connection.execute(
                "SELECT delivery_id FROM raw.delivery WHERE $1 IN (delivery_id, file_name) ORDER BY received_at",
                [match[1]],
            ).fetchall()
        ]
        if not deliveries:
            continue
        found = [
            f"{delivery}|{number}"
            for kind in (*CONTRACTS, "reject")
            for delivery, number in connection.execute(
                f"SELECT delivery_id, record_number FROM raw.{kind} WHERE delivery_id IN (SELECT unnest($1::VARCHAR[])) "
                f"AND {'line' if kind == 'reject' and column == 'file_line' else column} = $2 ORDER BY ALL",
                [deliveries, int(match[2])],
            ).fetchall()
        ]
        if found:
            return sorted(set(found))
    return []


def record_facts(connection: duckdb.DuckDBPyConnection, record: str) -> Row:
    """What a record says, what became of it, and the object it is part of (`object_type`, `object_id`)."""
    delivery, _, number = record.rpartition("|")
    make_record_fates(connection)
    fate = connection.execute(
        "SELECT kind, fate, object_type, object_id FROM record_fate WHERE delivery_id = ? AND record_number = ?",
        [delivery, int(number)],
    ).fetchone()
    if fate is None:
        refused = _one(connection, "reject", delivery, number)
        return {"id": record, "kind": "reject", "became": "refused, see the exception queue"} | refused
    said = _one(connection, str(fate[0]), delivery, number)
    became = {"kind": fate[0], "became": FATES[str(fate[1])], "object_type": fate[2], "object_id": fate[3]}
    return {"id": record} | became | {name: value for name, value in said.items() if name not in _TOLD_ELSEWHERE}


def delivery_fates(connection: duckdb.DuckDBPyConnection, delivery: str) -> list[Row]:
    """What became of the records of a delivery: kind, became, records."""
    make_record_fates(connection)
    return [
        {"kind": kind, "became": FATES[fate], "records": count}
        for kind, fate, count in connection.execute(
            "SELECT kind, fate, count(*) FROM record_fate WHERE delivery_id = ? GROUP BY ALL ORDER BY ALL", [delivery]
        ).fetchall()
    ]


def _one(connection: duckdb.DuckDBPyConnection, kind: str, delivery: str, number: str) -> Row:
    cursor = connection.execute(
        f"SELECT * FROM raw.{kind} WHERE delivery_id = ? AND record_number = ?", [delivery, int(number)]
    )
    names = [column[0] for column in cursor.description or ()]
    row = cursor.fetchone()
    return {} if row is None else dict(zip(names, row, strict=True))
