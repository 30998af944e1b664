"""The cascade in plain DuckDB SQL: `python peer_duckdb.py DIR OUT.parquet`. Needs duckdb alone."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def run(directory: str, out: str) -> None:
    """Run peer_duckdb.sql on one data set."""
    script = Path(__file__).with_suffix(".sql").read_text()
    with duckdb.connect() as connection:
        connection.execute(script.replace("$DIR", directory).replace("$OUT", out))


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2])
