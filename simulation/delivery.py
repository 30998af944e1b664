"""Write a world to disk: `landing/` as the systems deliver it, `truth/` beside it, which the pipeline never reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from simulation.deliveries import deliveries
from simulation.delivery_problems import with_problems
from simulation.truth import truth_tables
from simulation.world import World


@dataclass(frozen=True)
class Written:
    """What was written: number of files and bytes under landing/, and rows per truth table."""

    files: int
    size: int
    truth_rows: dict[str, int]


def write_world(world: World, out: Path) -> Written:
    """Write `out/landing/...` and `out/truth/*.parquet`.

    Each landing file's modification time is the UTC moment of its delivery: the landing folder's times are
    `received_at`. The same world writes the same bytes and times.
    """
    files, outcomes = with_problems(world, deliveries(world))
    size = 0
    for file in files:
        path = out / "landing" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        moment = round(file.at.timestamp()) * 10**9
        os.utime(path, ns=(moment, moment))
        size += len(file.content)
    tables = truth_tables(world, outcomes)
    (out / "truth").mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.write_parquet(out / "truth" / f"{name}.parquet")
    return Written(len(files), size, {name: table.height for name, table in tables.items()})
