"""A run over files into files, of any size: data too large for memory is matched bucket by bucket (`buckets`)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from time import perf_counter

import polars as pl

from reconciliation.matching.buckets import Buckets, plan, split
from reconciliation.matching.decisions import Holds
from reconciliation.matching.encoding import Encoding, encode
from reconciliation.matching.engine import LegOutcome, Run, match, require, summary
from reconciliation.matching.exchange import rate_frame
from reconciliation.matching.links import Links
from reconciliation.matching.result_files import ResultFiles
from reconciliation.matching.rules import Leg, Rules
from reconciliation.matching.state import Pools

_ROWS = 4_000_000  # items that are matched at a time


def match_files(
    items: Mapping[str, Path],
    rules: Rules,
    out: Path,
    *,
    links: Path | None = None,
    rates: Path | None = None,
    rows: int = _ROWS,
) -> Mapping[str, object]:
    """Match the items of Parquet files (dataset -> file) as `match` does, write match_group.parquet, match_item.parquet,
    unmatched.parquet and summary.json to `out`, and return the summary.

    More than `rows` items are matched in buckets of whole entities, one after the other, so that memory is bounded by the
    bucket. Odds are learned within each bucket. Raises MatchingError as `match` does.
    """
    frames = {name: pl.scan_parquet(path) for name, path in items.items()}
    known = None if links is None else pl.scan_parquet(links)
    quotes = None if rates is None else pl.scan_parquet(rates)
    require(frames, rules.legs)
    named = {name: frame for name, frame in frames.items() if name in rules.datasets}
    buckets = plan(named, rows)
    with ResultFiles(out) as files:
        if buckets is None:
            result = match(frames, rules, links=known, rates=quotes)
            files.append(result.groups, result.items, result.unmatched)
            files.finish(result.summary)
            return result.summary
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.buckets", dir=out.parent) as folder:
            figures = _in_buckets(split(named, known, buckets, Path(folder)), rules, quotes, files)
        files.finish(figures)
        return figures


def _in_buckets(buckets: Buckets, rules: Rules, rates: pl.LazyFrame | None, files: ResultFiles) -> Mapping[str, object]:
    started = perf_counter()
    whole = encode({name: pl.concat(pl.scan_parquet(path) for path in paths) for name, paths in buckets.items.items()})
    pools = Pools(whole)
    quotes = None if rates is None else rate_frame(rates)
    encoded = perf_counter() - started
    outcomes: dict[str, LegOutcome] = {}
    for across, legs in groupby(rules.legs, key=lambda leg: leg.across_entities):
        stage = list(legs)
        everything = Run(whole, pools, Links(whole, None), quotes, Holds())
        for run in [everything] if across else _parts(buckets, whole, pools, stage, quotes):
            for leg in stage:
                made = run.leg(leg, rules.version)
                files.append(made.groups, made.items, made.unmatched)
                outcomes[leg.name] = made.figures_only(outcomes.get(leg.name))
    return summary(rules, whole, list(outcomes.values()), encoded, perf_counter() - started)


def _parts(
    buckets: Buckets, whole: Encoding, pools: Pools, legs: Sequence[Leg], rates: pl.DataFrame | None
) -> Iterator[Run]:
    """A run over each bucket, on the amounts that all share."""
    for number, links in enumerate(buckets.links):
        rows = buckets.rows(number)
        datasets = {
            name: whole.datasets[name].part(rows[name].start, rows[name].stop, pl.scan_parquet(paths[number]))
            for name, paths in buckets.items.items()
        }
        encoding = Encoding(datasets, whole.currencies, whole.exponents, whole.float_columns)
        yield Run(encoding, pools.part(encoding, rows, legs), Links(encoding, links), rates, Holds())
