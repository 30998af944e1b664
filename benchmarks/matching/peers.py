"""The engine beside what a team would otherwise use: `python -m benchmarks.matching.peers --lines 100000`.

Plain SQL in DuckDB and a cascade of pandas merges, both with the same simple rules, and Splink with a sensible model
and greedy one-to-one. Prints CPU and wall seconds, peak memory, precision and recall of bank lines. pandas and Splink
are no dependencies of the project; they are measured with an interpreter that has them:

    python -m venv /tmp/peers && /tmp/peers/bin/pip install splink pandas pyarrow
    python -m benchmarks.matching.peers --python /tmp/peers/bin/python
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from benchmarks.matching.truth_comparison import Score, Truth, compare
from benchmarks.measure import ChildFailedError, Cost, as_shipped, measure, pinned, python, table
from simulation.scale import write_scale

_HERE = Path(__file__).parent
_NEEDS = {"peer_pandas": "pandas", "peer_splink": "splink"}


def pairs_as_groups(found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a peer's pairs (line, dataset, other) as groups and members, so that all are judged alike."""
    groups = found.select(group_id="line").unique(maintain_order=True)
    groups = groups.with_columns(leg=pl.lit(""), status=pl.lit("matched"), confidence=pl.lit(1.0)).with_columns(
        pl.lit("").alias("pass")
    )
    lines = groups.select("group_id", dataset=pl.lit("bank_lines"), item_id="group_id")
    return groups, pl.concat([lines, found.select(group_id="line", dataset="dataset", item_id="other")])


def has_module(interpreter: str, module: str) -> bool:
    """Return whether an interpreter can import a module."""
    found = subprocess.run([interpreter, "-c", f"import {module}"], capture_output=True, check=False)
    return found.returncode == 0


def run(directory: Path, out: Path, interpreter: str, names: list[str]) -> list[list[str]]:
    """Measure and judge engine and peers on one data set; rows of the table."""
    truth = Truth.read(directory)
    rows: list[list[str]] = []
    if "engine" in names:
        cost = measure(python("benchmarks.matching.engine_run", str(directory), str(out / "engine")), as_shipped())
        groups = pl.read_parquet(out / "engine/match_group.parquet")
        items = pl.read_parquet(out / "engine/match_item.parquet")
        rows.append(_row("tieout, matched", cost, compare(groups, items, truth)))
        rows.append(_row("tieout, with suggested", cost, compare(groups, items, truth, ("matched", "suggested"))))
    for name in names:
        if name == "engine":
            continue
        file = f"peer_{name}"
        chosen = interpreter if file in _NEEDS else sys.executable
        if file in _NEEDS and not has_module(chosen, _NEEDS[file]):
            rows.append(
                [name, f"{_NEEDS[file]} is not importable by {Path(chosen).name}; see --python", "", "", "", ""]
            )
            continue
        result = out / f"{file}.parquet"
        try:
            cost = measure([chosen, str(_HERE / f"{file}.py"), str(directory), str(result)], pinned())
        except ChildFailedError as error:
            rows.append([name, f"failed: {str(error).splitlines()[-1][:80]}", "", "", "", ""])
            continue
        rows.append(_row(name, cost, compare(*pairs_as_groups(pl.read_parquet(result)), truth)))
    return rows


def _row(name: str, cost: Cost, score: Score) -> list[str]:
    return [
        name,
        f"{cost.cpu:.1f}",
        f"{cost.wall:.1f}",
        f"{cost.peak_gb:.2f}",
        f"{score.line_precision:.5f}",
        f"{score.line_recall:.4f}",
    ]


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lines", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, help="drawn from the clock if not given")
    arguments.add_argument("--data", type=Path, help="an existing data set instead")
    arguments.add_argument("--python", default=sys.executable, help="an interpreter that has pandas and splink")
    arguments.add_argument("--peers", nargs="*", default=["engine", "duckdb", "pandas", "splink"])
    arguments.add_argument("--json", type=Path, help="write the table there too")
    chosen = arguments.parse_args()
    seed = chosen.seed if chosen.seed is not None else time.time_ns() % 1_000_000
    with tempfile.TemporaryDirectory() as temporary:
        directory = chosen.data or Path(temporary) / "data"
        if chosen.data is None:
            print(f"seed {seed}, {chosen.lines} bank lines, hard")
            write_scale(directory, chosen.lines, seed, hard=True)
        rows = run(directory, Path(temporary), chosen.python, chosen.peers)
    header = ["", "CPU s", "wall s", "peak GB", "precision", "recall"]
    print(table(header, rows))
    if chosen.json:
        chosen.json.write_text(json.dumps([dict(zip(header, row, strict=True)) for row in rows], indent=2))


if __name__ == "__main__":
    main()
