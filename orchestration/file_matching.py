"""The matching engine on files of any size: what is too large for memory is cut into parts of whole legal entities on disk, and
matched part by part."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from orchestration.item_files import scan_items, scan_links, scan_rates
from orchestration.process_memory import few_collections
from orchestration.result_files import ResultFiles
from reconciliation.contracts import LINK
from reconciliation.matching import Part, Rules, entity_parts, match, match_in_parts
from reconciliation.matching.item_frames import item_frame, link_frame

ROWS = 4_000_000  # items that are matched at a time
_PART = "part"


def match_files(
    items: Mapping[str, Path | pl.LazyFrame],
    rules: Rules,
    out: Path,
    *,
    links: Path | None = None,
    rates: Path | None = None,
    rows: int = ROWS,
) -> Mapping[str, object]:
    """Match the items of files (dataset -> file, or what `scan_items` has read of it), write match_group.parquet, match_item.parquet,
    unmatched.parquet and summary.json to `out`, and return the summary.

    More than `rows` items are matched in parts, so that memory is bounded by a part. Raises MatchingError as
    `reconciliation.matching.match` does.
    """
    frames = {
        name: given if isinstance(given, pl.LazyFrame) else scan_items(given)
        for name, given in items.items()
        if name in rules.datasets
    }
    known = None if links is None else scan_links(links)
    quotes = None if rates is None else scan_rates(rates)
    for name, frame in frames.items():
        item_frame(frame, name)  # cutting casts the entity: a column of the wrong type has to be told before
    numbers = entity_parts(frames, rows)
    with few_collections(), ResultFiles(out) as files:
        if numbers is None:
            result = match(frames, rules, links=known, rates=quotes)
            files.append(result.groups, result.items, result.unmatched)
            files.finish(result.summary)
            return result.summary
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.parts", dir=out.parent) as folder:
            parts = _split(frames, known, numbers, Path(folder))
            summary = match_in_parts(
                parts, rules, lambda made: files.append(made.groups, made.items, made.unmatched), quotes
            )
        files.finish(summary)
        return summary


def _split(
    items: Mapping[str, pl.LazyFrame], links: pl.LazyFrame | None, numbers: Mapping[str, int], folder: Path
) -> list[Part]:
    """Write each part's items and links to files of its own in `folder`."""
    count = max(numbers.values()) + 1
    # a join is done batch by batch, where a replacement would hold the whole column
    part_of = pl.LazyFrame(
        {"entity": list(numbers), _PART: list(numbers.values())}, schema_overrides={_PART: pl.UInt16}
    )
    scans = {
        name: _written(
            frame.with_columns(pl.col("entity").cast(pl.String)).join(part_of, on="entity"),
            folder / "items" / name,
            count,
        )
        for name, frame in items.items()
    }
    linked: list[pl.LazyFrame] | list[None] = [None] * count
    named = set() if links is None else set(links.select(pl.col("left_dataset").unique()).collect().to_series())
    if links is not None and named & scans.keys():
        owners = [
            scan.select(
                pl.lit(name).alias("left_dataset"),
                pl.col("item_id").cast(pl.String).hash().alias("id"),
                pl.lit(number, pl.UInt16).alias(_PART),
            )
            for name, of_parts in scans.items()
            if name in named
            for number, scan in enumerate(of_parts)
        ]
        # a hash that two ids share puts the link into both parts, where the ids themselves tell
        given = link_frame(links).with_columns(pl.col("left_id").hash().alias("id"))
        located = given.join(pl.concat(owners).unique(), on=["left_dataset", "id"]).select(*LINK, _PART)
        linked = _written(located, folder / "links", count)
    return [Part({name: each[number] for name, each in scans.items()}, linked[number]) for number in range(count)]


def _written(frame: pl.LazyFrame, folder: Path, count: int) -> list[pl.LazyFrame]:
    """Each part's rows, from a file of its own, also where it has none."""
    by_part = pl.PartitionBy(
        folder,
        key=_PART,
        include_key=False,
        approximate_bytes_per_file=None,
        file_path_provider=lambda made: f"{made.partition_keys.item()}.parquet",
    )
    frame.sink_parquet(by_part, mkdir=True, compression="uncompressed", statistics=False, engine="streaming")
    folder.mkdir(parents=True, exist_ok=True)
    empty = frame.drop(_PART).head(0).collect()
    paths = [folder / f"{number}.parquet" for number in range(count)]
    for path in paths:
        if not path.exists():
            empty.write_parquet(path)
    return [pl.scan_parquet(path) for path in paths]
