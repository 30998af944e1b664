"""Writes labelled, matcher-ready Parquet of any size: what `tieout simulate --scale N` makes.

    out/bank_lines.parquet  payments.parquet  open_items.parquet  links.parquet     the datasets, in the item shape
    out/truth/edges.parquet                 left_dataset, left_id, right_dataset, right_id, amount, kind
    out/truth/bank_lines.parquet            item_id, kind, expected, decidable, difference, difference_kind
    out/truth/payments.parquet              item_id, kind, decidable, rejected

In the truth each line's amount is the sum of its edges (where it is the left side) plus its difference, exactly. The
data is made in chunks, each from its own random stream, so that memory does not grow with the number of lines. Legal
entities and accounts are shared by all chunks, parties belong to one. Kinds and rates: simulation/scale_kinds.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from simulation.scale_chunk import make_chunk
from simulation.scale_kinds import ScaleProfile
from simulation.scale_parties import make_masters

CHUNK_LINES = 250_000
MAX_BANK_LINES = 100_000_000
_FILES = {
    "bank_lines": "bank_lines.parquet",
    "payments": "payments.parquet",
    "open_items": "open_items.parquet",
    "links": "links.parquet",
    "edges": "truth/edges.parquet",
    "line_truth": "truth/bank_lines.parquet",
    "payment_truth": "truth/payments.parquet",
}


@dataclass(frozen=True)
class ScaleSummary:
    """How many rows each table of a data set has."""

    bank_lines: int
    payments: int
    open_items: int
    links: int
    edges: int
    decidable: int


def write_scale(
    out: Path, bank_lines: int, seed: int, hard: bool = False, profile: ScaleProfile | None = None
) -> ScaleSummary:
    """Write a data set with exactly `bank_lines` bank lines into `out` and return its counts.

    hard: more damage and fewer clean lines; ignored when a `profile` is given. The same arguments write the same rows
    in the same order. Raises ValueError for a size out of range or shares that leave no room for the rest.
    """
    if not 1 <= bank_lines <= MAX_BANK_LINES:
        raise ValueError(f"bank_lines is {bank_lines}; expected 1 to {MAX_BANK_LINES}")
    chosen = profile or ScaleProfile.shipped(hard)
    masters = make_masters(seed, chosen, bank_lines)
    (out / "truth").mkdir(parents=True, exist_ok=True)
    writers: dict[str, pq.ParquetWriter] = {}
    counts = dict.fromkeys(_FILES, 0)
    decidable = 0
    try:
        for chunk, start in enumerate(range(0, bank_lines, CHUNK_LINES)):
            frames = make_chunk(seed, chunk, min(CHUNK_LINES, bank_lines - start), chosen, masters)
            decidable += int(frames.line_truth["decidable"].sum())
            for name, file in _FILES.items():
                table = getattr(frames, name).to_arrow()
                counts[name] += table.num_rows
                if name not in writers:
                    writers[name] = pq.ParquetWriter(out / file, table.schema, compression="zstd")
                writers[name].write_table(table)
    finally:
        for writer in writers.values():
            writer.close()
    return ScaleSummary(
        bank_lines=counts["bank_lines"],
        payments=counts["payments"],
        open_items=counts["open_items"],
        links=counts["links"],
        edges=counts["edges"],
        decidable=decidable,
    )
