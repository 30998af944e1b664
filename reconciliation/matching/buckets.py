"""Large data cut into buckets of whole legal entities, which fit into memory one after another.

A match never crosses two entities, so that each bucket can be matched alone. Where an item names no entity it may belong
to any, and nothing is cut.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from reconciliation.contracts import LINK
from reconciliation.matching.item_frames import link_frame

_BUCKET = "bucket"


@dataclass(frozen=True)
class Buckets:
    """The files of each bucket: by dataset its Parquet files, bucket by bucket, and the rows of each; links by bucket."""

    items: Mapping[str, Sequence[Path]]
    heights: Mapping[str, Sequence[int]]
    links: Sequence[pl.LazyFrame | None]

    def rows(self, bucket: int) -> dict[str, slice]:
        """By dataset: where a bucket's rows stand among those of all its files in order."""
        bounds = {
            name: [sum(heights[:place]) for place in (bucket, bucket + 1)] for name, heights in self.heights.items()
        }
        return {name: slice(start, stop) for name, (start, stop) in bounds.items()}


def plan(items: Mapping[str, pl.LazyFrame], rows: int) -> dict[str, int] | None:
    """The bucket of each entity, such that none has many more than `rows` items; none where all fit into one, or items
    without an entity stand in the way. The same in any order of rows."""
    counts: Counter[str] = Counter()
    for frame in items.values():
        if "entity" not in frame.collect_schema():
            return None
        for entity, count in frame.group_by(pl.col("entity").cast(pl.String)).len().collect().iter_rows():
            if entity is None:
                return None
            counts[entity] += count
    number = min(-(-sum(counts.values()) // rows), len(counts))
    if number <= 1:
        return None
    # the largest entity first, each into the bucket with the fewest items
    loads = [(0, bucket) for bucket in range(number)]
    buckets: dict[str, int] = {}
    for entity, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        load, bucket = heapq.heappop(loads)
        buckets[entity] = bucket
        heapq.heappush(loads, (load + count, bucket))
    return buckets


def split(
    items: Mapping[str, pl.LazyFrame], links: pl.LazyFrame | None, buckets: Mapping[str, int], folder: Path
) -> Buckets:
    """Write each bucket's items and links to files of its own in `folder`."""
    number = max(buckets.values()) + 1
    files: dict[str, Sequence[Path]] = {}
    heights: dict[str, Sequence[int]] = {}
    for name, frame in items.items():
        bucket = pl.col("entity").cast(pl.String).replace_strict(dict(buckets), return_dtype=pl.UInt16)
        files[name] = _written(frame.with_columns(bucket.alias(_BUCKET)), folder / "items" / name, number)
        heights[name] = [int(pl.scan_parquet(path).select(pl.len()).collect().item()) for path in files[name]]
    if links is None:
        return Buckets(files, heights, [None] * number)
    given = link_frame(links).with_columns(pl.col("left_id").hash().alias("id"))
    owners = [
        pl.scan_parquet(path).select(
            pl.lit(name).alias("left_dataset"),
            pl.col("item_id").cast(pl.String).hash().alias("id"),
            pl.lit(bucket, pl.UInt16).alias(_BUCKET),
        )
        for name, paths in files.items()
        for bucket, path in enumerate(paths)
    ]
    # a hash that two ids share puts the link into both buckets, where the ids themselves tell
    located = given.join(pl.concat(owners).unique(), on=["left_dataset", "id"]).select(*LINK, _BUCKET)
    return Buckets(files, heights, [pl.scan_parquet(path) for path in _written(located, folder / "links", number)])


def _written(frame: pl.LazyFrame, folder: Path, buckets: int) -> list[Path]:
    """The file of each bucket, also of those without a row."""
    paths = [folder / f"{bucket}.parquet" for bucket in range(buckets)]
    by_bucket = pl.PartitionBy(
        folder,
        key=_BUCKET,
        include_key=False,
        approximate_bytes_per_file=None,
        file_path_provider=lambda made: f"{made.partition_keys.item()}.parquet",
    )
    frame.sink_parquet(by_bucket, mkdir=True, compression="uncompressed", engine="streaming")
    folder.mkdir(parents=True, exist_ok=True)
    empty = frame.drop(_BUCKET).head(0).collect()
    for path in paths:
        if not path.exists():
            empty.write_parquet(path)
    return paths
