"""One run of the engine in a process of its own: `python -m benchmarks.matching.engine_run DIR OUT [--ledger EARLIER]`.

Reads the datasets in DIR, matches them with the payables preset and writes the result tables to OUT, as `tieout match`
does; with an earlier run's OUT as ledger, what that run matched is not open any more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from orchestration.process_memory import few_collections, for_matching_alone

for_matching_alone()

import polars as pl  # noqa: E402 - Polars reads the settings when it is imported

from orchestration.file_matching import match_files  # noqa: E402
from orchestration.result_files import ResultFiles  # noqa: E402
from reconciliation.matching import StoredLedger, match, preset  # noqa: E402

DATASETS = ("bank_lines", "payments", "open_items")


def run(directory: Path, out: Path, ledger: Path | None) -> None:
    """Match one data set and write match_group, match_item, unmatched and summary."""
    files = {name: directory / f"{name}.parquet" for name in DATASETS}
    links = directory / "links.parquet"
    if ledger is None:
        match_files(files, preset("payables"), out, links=links)
        return
    groups, members = (pl.scan_parquet(ledger / f"{name}.parquet") for name in ("match_group", "match_item"))
    earlier = StoredLedger(groups.filter(pl.col("status") == "matched"), members)
    items = {name: pl.scan_parquet(path) for name, path in files.items()}
    with few_collections(), ResultFiles(out) as written:
        result = match(items, preset("payables"), links=pl.scan_parquet(links), ledger=earlier)
        written.append(result.groups, result.items, result.unmatched)
        written.finish(result.summary)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--ledger", type=Path)
    chosen = arguments.parse_args()
    run(chosen.directory, chosen.out, chosen.ledger)
