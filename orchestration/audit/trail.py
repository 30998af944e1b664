"""The trail as files an auditor can filter: every record with where it ended, every figure with its parts and their records."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingestion.contracts import CONTRACTS

_PLACES = " UNION ALL ".join(
    f"SELECT delivery_id, record_number, file_line, byte_start, byte_end FROM raw.{kind}" for kind in CONTRACTS
)
_WHERE = "delivery.source, delivery.file_name, delivery.sha256"
_FILES = {
    "records.csv": f"""
        SELECT {_WHERE}, delivery.received_at, fate.record_number AS record, place.file_line AS line, place.byte_start, place.byte_end,
            fate.kind, fate.amount, fate.currency, fate.fate, fate.object_type, fate.object_id, ended.ended
        FROM record_fate AS fate
        JOIN raw.delivery AS delivery USING (delivery_id)
        JOIN ({_PLACES}) AS place ON fate.delivery_id = place.delivery_id AND fate.record_number = place.record_number
        LEFT JOIN (
            SELECT object_type, item_id, string_agg(DISTINCT ended, ', ' ORDER BY ended) AS ended FROM item_end GROUP BY ALL
        ) AS ended ON fate.object_type = ended.object_type AND fate.object_id = ended.item_id
        UNION ALL
        SELECT {_WHERE}, delivery.received_at, reject.record_number, reject.line, reject.byte_start, reject.byte_end,
            'reject', reject.amount, reject.currency, 'reject', 'record', reject.delivery_id || '|' || reject.record_number,
            concat_ws(' ', reject.place || ':', reject.field, 'is', coalesce(reject.found, 'missing'), 'expected ' || reject.expected)
        FROM raw.reject AS reject JOIN raw.delivery AS delivery USING (delivery_id)
        ORDER BY ALL
    """,
    "files.csv": """
        SELECT source, file_name, sha256, bytes, received_at, status, reason, records_read, records_loaded, records_rejected,
            records_duplicate, run_id
        FROM raw.delivery ORDER BY ALL
    """,
    "items.csv": """
        SELECT dataset, face, item_id, amount, currency, ended FROM item_end ORDER BY ALL
    """,
    "figures.csv": f"""
        SELECT part.figure_type AS mart, part.figure_id AS figure, part.object_type, part.object_id, part.amount, part.currency, part.said,
            {_WHERE}, record.record_number AS record
        FROM part
        LEFT JOIN (
            SELECT object_type, object_id, min(delivery_id) AS delivery_id, min(record_number) AS record_number FROM object_record
            WHERE object_type NOT IN ('match', 'ledger', 'source', 'bank_account') GROUP BY ALL
        ) AS record USING (object_type, object_id)
        LEFT JOIN raw.delivery AS delivery ON record.delivery_id = delivery.delivery_id
        ORDER BY ALL
    """,
}


def write_trail(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write the trail that `conservation.audit` has made on this connection; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, sql in _FILES.items():
        path = folder / name
        quoted = str(path).replace("'", "''")
        connection.execute(f"COPY ({sql}) TO '{quoted}' (FORMAT csv, HEADER)")
        written.append(path)
    return written
