"""The measuring of child processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.measure import ChildFailedError, Cost, measure, table


def test_measures_cpu_and_memory_of_the_child() -> None:
    """From a fresh interpreter: Linux counts the pages of the process that started the child into the child's peak."""
    script = (
        "import sys; from benchmarks.measure import measure; "
        "cost = measure([sys.executable, '-c', 'data = bytearray(200_000_000); print(sum(range(3_000_000)))']); "
        "print(cost.peak_gb, cost.cpu)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    peak_gb, cpu = map(float, told.stdout.split())
    assert 0.2 < peak_gb < 0.6
    assert cpu > 0
    assert Cost(1, cpu, peak_gb).ratio(Cost(1, cpu / 2, 0)) == pytest.approx(2)


def test_says_what_a_failing_child_said() -> None:
    with pytest.raises(ChildFailedError, match=r"ended with 1:\n.*no such thing"):
        measure([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_a_table_puts_figures_to_the_right() -> None:
    assert table(["kind", "n"], [["a", "1"], ["bcdef", "20"]]).splitlines() == [
        "kind    n",
        "---------",
        "a       1",
        "bcdef  20",
    ]
