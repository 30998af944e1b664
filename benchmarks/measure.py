"""Measures child processes: wall and CPU seconds and peak memory, as the kernel accounts them, and prints ratios.

A measurement is a process of its own, so that neither imports nor caches of one leak into another.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a process cost. Seconds; peak memory is the resident set of the process itself, in GB (10^9 bytes)."""

    wall: float
    cpu: float
    peak_gb: float

    def ratio(self, base: Cost) -> float:
        """CPU seconds in units of another cost's."""
        return self.cpu / base.cpu if base.cpu else float("nan")


class ChildFailedError(RuntimeError):
    """A measured process ended with an error; the message holds the end of what it said."""


def measure(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end and return its cost. Raises ChildFailedError when it does not exit with 0."""
    start = time.perf_counter()
    with Path(os.devnull).open("rb") as nothing:
        child = subprocess.Popen(
            list(command),
            stdin=nothing,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
    said = child.stdout.read() if child.stdout else b""
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.stdout:
        child.stdout.close()
    if child.returncode != 0:
        raise ChildFailedError(
            f"{' '.join(command[:6])} ... ended with {child.returncode}:\n{said.decode(errors='replace')[-3000:]}"
        )
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e9)


def median(command: Sequence[str], runs: int, env: Mapping[str, str] | None = None) -> Cost:
    """Run a command several times and return the run of median CPU time."""
    costs = sorted((measure(command, env) for _ in range(runs)), key=lambda cost: cost.cpu)
    return costs[statistics.median_low(range(len(costs)))]


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this checkout with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a plain text table, figures to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = []
    for row in (header, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines)


def pinned() -> dict[str, str]:
    """Return the environment that makes figures comparable: as many threads as the machine has cores."""
    return {"POLARS_MAX_THREADS": str(os.cpu_count() or 1), **as_shipped()}


def as_shipped() -> dict[str, str]:
    """Return the environment of a command that sets its own threads."""
    return {"PYTHONHASHSEED": "0"}
