"""Speed and memory of the engine against the floor: `python -m benchmarks.matching.speed --sizes 100000 1000000`.

Per size, each in a process of its own: the floor (benchmarks/matching/floor.py), on all threads as any Polars script, and a
full run of the engine as `tieout match` sets it up; CPU and wall seconds, peak memory, their ratio, and the factor against
half the rows. Then, at `--checks-at` lines: a run with 1 % new items over a ledger of the rest, and a hash of the sorted
result over shuffled rows and thread counts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import polars as pl

from benchmarks.measure import Cost, as_shipped, measure, median, pinned, python, table
from simulation.scale import write_scale

DATASETS = ("bank_lines", "payments", "open_items")
_RUNS = ((300_000, 3), (3_000_000, 2))  # up to so many lines, so many runs; above one


def engine(directory: Path, out: Path, *more: str) -> list[str]:
    """Return the command of one engine run."""
    return python("benchmarks.matching.engine_run", str(directory), str(out), *more)


def runs_at(lines: int) -> int:
    """Return how many runs the median is taken of."""
    return next((runs for limit, runs in _RUNS if lines <= limit), 1)


def data(folder: Path, lines: int, seed: int, hard: bool) -> Path:
    """Return the folder of a data set of a size, making it when it is not there yet."""
    directory = folder / f"{'hard' if hard else 'shipped'}_{lines}_seed_{seed}"
    if not (directory / "truth/payments.parquet").exists():
        write_scale(directory, lines, seed, hard=hard)
    return directory


def compare_sizes(folder: Path, sizes: list[int], seed: int, hard: bool) -> list[dict[str, float]]:
    """Return one row per size: floor and engine cost, and their ratio of CPU seconds."""
    rows: list[dict[str, float]] = []
    for lines in sizes:
        directory = data(folder, lines, seed, hard)
        floor = median(python("benchmarks.matching.floor", str(directory)), runs_at(lines), pinned())
        full = median(engine(directory, folder / "out"), runs_at(lines), as_shipped())
        half = data(folder, lines // 2, seed, hard)
        half_cost = median(engine(half, folder / "out_half"), runs_at(lines), as_shipped())
        wide = median(python("benchmarks.matching.floor", str(directory), "--wide"), 1, pinned())
        rows.append(_row(lines, floor, wide, full) | {"twice": full.ratio(half_cost)})
        print(_shown(rows[-1:]), flush=True)
    return rows


def _row(lines: int, floor: Cost, wide: Cost, full: Cost) -> dict[str, float]:
    return {
        "lines": lines,
        "floor CPU": floor.cpu,
        "floor GB": floor.peak_gb,
        "wide CPU": wide.cpu,
        "CPU": full.cpu,
        "wall": full.wall,
        "GB": full.peak_gb,
        "ratio": full.ratio(floor),
        "to wide": full.ratio(wide),
    }


def incremental(folder: Path, directory: Path) -> dict[str, float]:
    """Return the cost of two runs with the latest 1 % of the bank lines new over a ledger of the rest, and the full run's.

    One run is given all items, as `tieout run` gives those of the last 400 days: what stands teaches, is shown to the passes
    again, and gives way to an earlier leg. The other is given only new and open items. What the two settle of the new lines is
    set side by side.
    """
    days = pl.read_parquet(directory / "bank_lines.parquet", columns=["item_id", "date"]).sort("date", "item_id")
    new = days.tail(max(days.height // 100, 1))["item_id"]
    before = folder / "before"
    shutil.rmtree(before, ignore_errors=True)
    before.mkdir()
    for name in ("payments", "open_items", "links"):
        (before / f"{name}.parquet").symlink_to((directory / f"{name}.parquet").resolve())
    lines = pl.read_parquet(directory / "bank_lines.parquet")
    lines.filter(~pl.col("item_id").is_in(new.implode())).write_parquet(before / "bank_lines.parquet")
    full = measure(engine(before, folder / "out_before"), as_shipped())
    again = measure(engine(directory, folder / "out_again", "--ledger", str(folder / "out_before")), as_shipped())
    nightly = open_items_only(folder, directory, folder / "out_before")
    cost = measure(engine(nightly, folder / "out_nightly", "--ledger", str(folder / "out_before")), as_shipped())
    return {
        "full CPU": full.cpu,
        "all items with ledger CPU": again.cpu,
        "open items with ledger CPU": cost.cpu,
        "all items share": again.ratio(full),
        "open items share": cost.ratio(full),
        **settled_alike(folder / "out_again", folder / "out_nightly", new),
    }


def settled_alike(every: Path, some: Path, lines: pl.Series) -> dict[str, float]:
    """Return how many of these bank lines a run over all items has settled, and what became of them in one over open
    items: settled with something else, not settled, settled only there."""
    one, other = settled_with(every, lines), settled_with(some, lines)
    both = one.join(other, on="line", how="full", coalesce=True, suffix="_open")
    return {
        "new lines settled, all items": one.height,
        "settled otherwise, open items": both.filter(pl.col("with") != pl.col("with_open")).height,
        "settled not, open items": both["with_open"].null_count(),
        "settled only, open items": both["with"].null_count(),
    }


def settled_with(out: Path, lines: pl.Series) -> pl.DataFrame:
    """Return `line` and, as one text, all items `with` it in matched groups of a run."""
    groups = pl.read_parquet(out / "match_group.parquet").filter(pl.col("status") == "matched")
    items = pl.read_parquet(out / "match_item.parquet").join(groups, on="group_id", how="semi")
    own = items.filter(pl.col("dataset") == "bank_lines", pl.col("item_id").is_in(lines.implode()))
    named = items.join(own.select("group_id", line="item_id"), on="group_id")
    each = pl.format("{} {} {}", "dataset", "item_id", "applied_amount")
    return named.group_by("line").agg(each.unique().sort().str.join(", ").alias("with"))


def open_items_only(folder: Path, directory: Path, earlier: Path) -> Path:
    """Return a folder with the items that an earlier run left open, and those that are new."""
    groups = pl.read_parquet(earlier / "match_group.parquet").filter(pl.col("status") == "matched")
    applied = pl.read_parquet(earlier / "match_item.parquet").join(groups.select("group_id", "leg"), on="group_id")
    nightly = folder / "nightly"
    nightly.mkdir(exist_ok=True)
    touched = applied.group_by("dataset", "item_id").agg(pl.col("leg").n_unique().alias("legs"))
    for name in DATASETS:
        needed = 2 if name == "payments" else 1  # a payment is done when both bank and ledger side are
        done = touched.filter((pl.col("dataset") == name) & (pl.col("legs") >= needed))
        items = pl.read_parquet(directory / f"{name}.parquet").join(done, on="item_id", how="anti")
        items.write_parquet(nightly / f"{name}.parquet")
    payments = pl.read_parquet(nightly / "payments.parquet", columns=["item_id"])
    links = pl.read_parquet(directory / "links.parquet").join(
        payments, left_on="left_id", right_on="item_id", how="semi"
    )
    links.write_parquet(nightly / "links.parquet")
    return nightly


def result_hash(out: Path) -> str:
    """Return a hash of the result that does not depend on row order, over all columns that say what was decided."""
    import hashlib

    digest = hashlib.sha256()
    groups = pl.read_parquet(out / "match_group.parquet").sort("group_id")
    items = pl.read_parquet(out / "match_item.parquet").sort("group_id", "dataset", "item_id", "applied_amount")
    unmatched = pl.read_parquet(out / "unmatched.parquet").sort("leg", "dataset", "item_id")
    for frame in (groups, items, unmatched):
        digest.update(frame.write_json().encode())
    return digest.hexdigest()[:16]


def determinism(folder: Path, directory: Path, shuffles: int) -> dict[str, str]:
    """Return the hash of the result for the rows as written, shuffled, and with one thread."""
    hashes: dict[str, str] = {}
    for number in range(shuffles + 1):
        source = directory if number == 0 else folder / f"shuffled_{number}"
        if number:
            source.mkdir(exist_ok=True)
            for name in (*DATASETS, "links"):
                frame = pl.read_parquet(directory / f"{name}.parquet")
                frame.sample(fraction=1.0, shuffle=True, seed=number).write_parquet(source / f"{name}.parquet")
        out = folder / "out_hash"
        threads = {"POLARS_MAX_THREADS": "1"} if number == shuffles else {}
        measure(engine(source, out), as_shipped() | threads)
        name = "as written" if number == 0 else f"shuffle {number}" + (", one thread" if threads else "")
        hashes[name] = result_hash(out)
    return hashes


def _shown(rows: list[dict[str, float]]) -> str:
    header = list(rows[0])
    body = [[f"{row[name]:,.0f}" if name == "lines" else f"{row[name]:.2f}" for name in header] for row in rows]
    return table(header, body)


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000])
    arguments.add_argument(
        "--checks-at", type=int, default=100_000, help="lines for incremental and determinism; 0: none"
    )
    arguments.add_argument("--shuffles", type=int, default=3)
    arguments.add_argument("--seed", type=int, default=20_260)
    arguments.add_argument("--hard", action="store_true", help="the hard rates instead of the shipped ones")
    arguments.add_argument("--folder", type=Path, help="keeps the data sets there for the next time")
    arguments.add_argument("--json", type=Path, help="write the figures there too")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report: dict[str, object] = {"sizes": (rows := compare_sizes(folder, chosen.sizes, chosen.seed, chosen.hard))}
        if rows:
            print("\n" + _shown(rows))
        if chosen.checks_at:
            directory = data(folder, chosen.checks_at, chosen.seed, chosen.hard)
            report["incremental"] = (costs := incremental(folder, directory))
            print("\n" + table(["incremental", ""], [[name, f"{value:.3f}"] for name, value in costs.items()]))
            report["determinism"] = (hashes := determinism(folder, directory, chosen.shuffles))
            print("\n" + table(["determinism", "hash"], [[name, value] for name, value in hashes.items()]))
        if chosen.json:
            chosen.json.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
