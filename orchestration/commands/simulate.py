"""`tieout simulate`: the labelled company in real formats, or matcher-ready Parquet of any size."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer


def simulate_command(
    out: Annotated[Path, typer.Option(help="Where to write: OUT/landing and OUT/truth, or the Parquet datasets.")],
    scale: Annotated[
        int | None, typer.Option(min=1, help="Write matcher-ready Parquet with so many bank lines instead of files.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed, another company.")] = None,
    hard: Annotated[bool, typer.Option(help="With --scale: more damage, fewer clean lines.")] = False,
) -> None:
    """Write a labelled company: ninety days of real files with the truth beside, or datasets of any size (--scale)."""
    if hard and scale is None:
        raise typer.BadParameter("only --scale data can be made harder", param_hint="--hard")
    started = time.perf_counter()
    if scale is None:
        _write_world(out, seed)
    else:
        _write_scale(out, scale, seed, hard)
    typer.echo(f"took {time.perf_counter() - started:.1f} s")


def _write_world(out: Path, seed: int | None) -> None:
    from simulation.delivery import write_world
    from simulation.world import DEFAULT_SEED, build_world

    world = build_world(DEFAULT_SEED if seed is None else seed)
    written = write_world(world, out)
    period = f"{world.first_day} to {world.last_day}"
    typer.echo(f"{out / 'landing'}: {written.files} files, {written.size / 1e6:.1f} MB, {period}")
    rows = ", ".join(f"{name} {count}" for name, count in written.truth_rows.items())
    typer.echo(f"{out / 'truth'}: {rows}")


def _write_scale(out: Path, bank_lines: int, seed: int | None, hard: bool) -> None:
    from simulation.scale import write_scale
    from simulation.world import DEFAULT_SEED

    summary = write_scale(out, bank_lines, DEFAULT_SEED if seed is None else seed, hard)
    typer.echo(
        f"{out}: {summary.bank_lines} bank lines, {summary.payments} payments, {summary.open_items} open items, "
        f"{summary.links} links; truth: {summary.edges} edges"
    )
