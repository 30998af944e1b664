"""The measuring of child processes."""

from __future__ import annotations

import sys

import pytest

from benchmarks.measure import ChildFailedError, Cost, measure, table


def test_measures_cpu_and_memory_of_the_child() -> None:
    cost = measure([sys.executable, "-c", "data = bytearray(200_000_000); print(sum(range(3_000_000)))"])
    assert 0.2 < cost.peak_gb < 3  # the child holds 200 MB; a process of the same memory map may be counted with it
    assert cost.cpu > 0
    assert cost.ratio(Cost(1, cost.cpu / 2, 0)) == pytest.approx(2)


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
