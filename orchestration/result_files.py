"""The files of a run: match_group, match_item and unmatched as Parquet, summary.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import polars as pl

if TYPE_CHECKING:
    import pyarrow.parquet as pq

TABLES = ("match_group", "match_item", "unmatched")
WORKBOOK = "result.xlsx"
_IDS = ("group_id", "item_id")  # in no order: their least and largest tell a reader nothing
_DISTINCT = (*_IDS, "applied_amount", "open_amount", "left_total", "right_total")  # seldom repeated


class ResultFiles:
    """Writes results piece by piece. Each file appears whole or not at all; the summary, last, says that all are
    there."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, writer in self._writers.items():
            writer.close()
            if error is not None:
                self._unfinished(f"{name}.parquet").unlink(missing_ok=True)

    def append(self, groups: pl.DataFrame, items: pl.DataFrame, unmatched: pl.DataFrame) -> None:
        """Add rows to the three tables."""
        import pyarrow.parquet as pq

        if not self._writers:
            self._out.mkdir(parents=True, exist_ok=True)
            for name in (
                "summary.json",
                WORKBOOK,
            ):  # those of an earlier run: a workbook beside other results is a wrong answer
                (self._out / name).unlink(missing_ok=True)
        for name, frame in zip(TABLES, (groups, items, unmatched), strict=True):
            rows = frame.to_arrow(compat_level=pl.CompatLevel.newest())  # texts as they are, not copied to be written
            if name not in self._writers:
                self._writers[name] = pq.ParquetWriter(
                    self._unfinished(f"{name}.parquet"),
                    rows.schema,
                    compression="zstd",
                    compression_level=1,
                    use_dictionary=[column for column in frame.columns if column not in _DISTINCT],  # type: ignore[arg-type]
                    write_statistics=[column for column in frame.columns if column not in _IDS],
                    store_schema=False,  # files hold texts, however they stood in memory
                )
            if frame.height:
                self._writers[name].write_table(rows)

    def finish(self, summary: Mapping[str, object]) -> None:
        """Put all files in their places."""
        for name, writer in self._writers.items():
            writer.close()
            self._unfinished(f"{name}.parquet").replace(self._out / f"{name}.parquet")
        self._writers.clear()
        unfinished = self._unfinished("summary.json")
        unfinished.write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
        unfinished.replace(self._out / "summary.json")

    def _unfinished(self, name: str) -> Path:
        return self._out / f".{name}.unfinished"
