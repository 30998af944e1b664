"""Quality of the engine on fresh labelled data: `python -m benchmarks.matching.quality --lines 100000 --seeds 3`.

Prints precision of what was matched (edges, groups, bank lines), recall of what is decidable, a table per kind of bank
line, and how honest `ambiguous` was. The seeds come from the clock unless given, so that nobody tunes to them; they are
printed, so that a finding can be repeated. `--preset receivables` matches the customers' money alone: bank credits against
their open items.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import polars as pl

from benchmarks.matching.truth_comparison import LUMP_SUMS, Truth, ambiguity, by_kind, compare, receipts_only
from benchmarks.measure import table
from reconciliation.matching import match, preset
from simulation.scale import write_scale

DATASETS = ("bank_lines", "payments", "open_items")
_BANDS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)


def evaluate(directory: Path, name: str = "payables") -> dict[str, object]:
    """Match one data set with a preset (payables or receivables) and return its figures."""
    items = {each: pl.scan_parquet(directory / f"{each}.parquet") for each in DATASETS}
    links: pl.LazyFrame | None = pl.scan_parquet(directory / "links.parquet")
    truth = Truth.read(directory)
    if name == "receivables":
        truth = receipts_only(truth)
        of_truth = (pl.lit("bank_lines/") + pl.col("item_id")).is_in(truth.lines["item"].implode())
        of_customers = pl.col("counterparty_id").str.starts_with("C")
        items = {
            "bank_lines": items["bank_lines"].filter(of_truth),
            "open_items": items["open_items"].filter(of_customers),
        }
        links = None
    start = time.process_time()
    result = match(items, preset(name), links=links)
    seconds = time.process_time() - start
    matched = compare(result.groups, result.items, truth)
    proposed = compare(result.groups, result.items, truth, ("matched", "suggested"))
    lump = matched.lines.filter(pl.col("kind").is_in(LUMP_SUMS) & pl.col("decidable"))
    lump_proposed = proposed.lines.filter(pl.col("kind").is_in(LUMP_SUMS) & pl.col("decidable"))
    noise = matched.lines.filter(pl.col("expected") == "unmatched")
    figures = {
        "edge precision": matched.edge_precision,
        "group precision": matched.group_precision,
        "line precision": matched.line_precision,
        "recall of decidable lines": matched.line_recall,
        "recall with suggested": proposed.line_recall,
        "line precision with suggested": proposed.line_precision,
        "lump sums found": _mean(lump, "found"),
        "lump sum precision": 1 - _mean(lump.filter(pl.col("claimed") > 0), "wrong"),
        "lump sums found or suggested": _mean(lump_proposed, "found"),
        "lump sum precision with suggested": 1 - _mean(lump_proposed.filter(pl.col("claimed") > 0), "wrong"),
        "noise lines explained": _mean(noise, "wrong"),
        **ambiguity(result.groups, result.items, truth),
        "CPU seconds": seconds,
    }
    wrong = matched.groups.filter(pl.col("false") > 0)
    return {
        "figures": figures,
        "kinds": by_kind(matched, proposed).to_dicts(),
        "wrong groups": wrong.group_by("leg", "pass", "kind")
        .len()
        .sort("len", "leg", "pass", descending=True)
        .to_dicts(),
        "reliability": _reliability(proposed.groups),
        "reliability by pass": _by_pass(proposed.groups),
    }


def _mean(frame: pl.DataFrame, column: str) -> float:
    value = frame[column].mean()
    return float(value) if isinstance(value, int | float) else float("nan")


def _reliability(groups: pl.DataFrame) -> list[dict[str, object]]:
    """Return, per band of stated confidence, how many groups it holds and what share of them was right."""
    above = pl.sum_horizontal(pl.col("confidence") > limit for limit in _BANDS)
    names = [f"up to {limit}" for limit in (*_BANDS, 1)]
    bands = groups.with_columns(band=above.replace_strict(dict(enumerate(names)), return_dtype=pl.String))
    return (
        bands.group_by("band")
        .agg(groups=pl.len(), stated=pl.col("confidence").mean(), right=(pl.col("false").fill_null(0) == 0).mean())
        .sort("stated")
        .to_dicts()
    )


def _by_pass(groups: pl.DataFrame) -> list[dict[str, object]]:
    """Return the same per kind of evidence and status: what the passes state, and what of it was right."""
    rated = groups.group_by("leg", "pass", "status").agg(
        groups=pl.len(), stated=pl.col("confidence").mean(), right=(pl.col("false").fill_null(0) == 0).mean()
    )
    return rated.sort("leg", "status", "groups", descending=[False, True, True]).to_dicts()


def show(report: dict[str, object]) -> str:
    """Return one data set's report as text."""
    figures, kinds = report["figures"], report["kinds"]
    assert isinstance(figures, dict) and isinstance(kinds, list)
    rows = [[name, f"{value:.5f}" if value < 2 else f"{value:.1f}"] for name, value in figures.items()]
    parts = [table(["figure", "value"], rows)]
    header = list(kinds[0])
    parts.append(table(header, [[_cell(row[name]) for name in header] for row in kinds]))
    for name in ("wrong groups", "reliability", "reliability by pass"):
        entries = report[name]
        if isinstance(entries, list) and entries:
            parts.append(f"{name}\n" + table(list(entries[0]), [[_cell(v) for v in row.values()] for row in entries]))
    return "\n\n".join(parts)


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str("" if value is None else value)


def main() -> None:
    """Run the benchmark from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lines", type=int, default=100_000)
    arguments.add_argument("--seeds", type=int, default=1, help="how many fresh seeds")
    arguments.add_argument("--seed", type=int, help="the first seed; drawn from the clock if not given")
    arguments.add_argument("--preset", choices=("payables", "receivables"), default="payables")
    arguments.add_argument("--easy", action="store_true", help="the shipped rates instead of the hard ones")
    arguments.add_argument("--data", type=Path, help="compare on an existing data set instead")
    arguments.add_argument("--json", type=Path, help="write the figures there too")
    chosen = arguments.parse_args()
    first = chosen.seed if chosen.seed is not None else time.time_ns() % 1_000_000
    reports: dict[str, object] = {}
    if chosen.data:
        reports[str(chosen.data)] = evaluate(chosen.data, chosen.preset)
    for seed in range(first, first + (0 if chosen.data else chosen.seeds)):
        with tempfile.TemporaryDirectory() as directory:
            write_scale(Path(directory), chosen.lines, seed, hard=not chosen.easy)
            reports[f"seed {seed}, {chosen.lines} bank lines"] = evaluate(Path(directory), chosen.preset)
    for name, report in reports.items():
        assert isinstance(report, dict)
        print(f"== {name}\n{show(report)}\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(reports, indent=2))


if __name__ == "__main__":
    main()
