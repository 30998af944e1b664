"""`make bench`: every measurement the docs quote, one after another, at sizes that end in minutes.

`python -m benchmarks NAME` runs one; each has options of its own: `python -m benchmarks.matching.speed --help`.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS: dict[str, tuple[str, ...]] = {
    "readers.speed": (),
    "readers.memory": ("--megabytes", "256"),
    "matching.quality": ("--lines", "20000"),
    "matching.two_sided_quality": ("--level", "medium"),
    "matching.speed": ("--sizes", "100000"),
    "pipeline.dbt_scale": ("--rows", "20000"),
    "forecasting.backtest": ("treasury", "--cutoffs", "2"),
}
"""Module below `benchmarks` -> the options it is run with here."""


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, or all; the exit status is the number that failed."""
    unknown = sorted(set(chosen) - set(BENCHMARKS))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    failed = 0
    for name in chosen or BENCHMARKS:
        print(f"\n== {name}", flush=True)
        failed += (
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *BENCHMARKS[name]], check=False).returncode != 0
        )
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
