"""One run of the engine in a process of its own: `python -m benchmarks.matching.engine_run DIR OUT [--ledger EARLIER]`.

Reads the datasets in DIR, matches them with the payables preset and writes the result tables to OUT, as `tieout match`
does; with an earlier run's OUT as ledger, what that run matched is not open any more.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import polars as pl

from reconciliation.matching import Ledger, match, preset

DATASETS = ("bank_lines", "payments", "open_items")


def run(directory: Path, out: Path, ledger: Path | None) -> None:
    """Match one data set and write match_group, match_item, unmatched and summary."""
    items = {name: pl.scan_parquet(directory / f"{name}.parquet") for name in DATASETS}
    earlier = None
    if ledger is not None:
        groups = pl.scan_parquet(ledger / "match_group.parquet").select(
            "group_id", "leg", "pass", "status", "cardinality"
        )
        earlier = Ledger(
            groups.filter(pl.col("status") == "matched").collect(), pl.read_parquet(ledger / "match_item.parquet")
        )
    result = match(items, preset("payables"), links=pl.scan_parquet(directory / "links.parquet"), ledger=earlier)
    out.mkdir(parents=True, exist_ok=True)
    result.groups.write_parquet(out / "match_group.parquet", compression_level=1)
    result.items.write_parquet(out / "match_item.parquet", compression_level=1)
    result.unmatched.write_parquet(out / "unmatched.parquet", compression_level=1)
    (out / "summary.json").write_text(json.dumps(result.summary, indent=2, default=str))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--ledger", type=Path)
    chosen = arguments.parse_args()
    run(chosen.directory, chosen.out, chosen.ledger)
