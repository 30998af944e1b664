"""What a build changes of the process it puts back, also where the build fails and on a system without glibc."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from orchestration.process_memory import for_many_statements, for_matching_alone


@pytest.fixture(autouse=True)
def usual_collector() -> Iterator[None]:
    """Python's own threshold, whatever ran in this process before; and what was set afterwards."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_the_collector_is_as_it_was_after_a_build_that_failed() -> None:
    before = gc.get_threshold()
    with pytest.raises(RuntimeError), for_many_statements():
        assert gc.get_threshold()[0] > before[0]
        raise RuntimeError
    assert gc.get_threshold() == before


def test_a_build_needs_no_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", no_library)
    with for_many_statements():
        assert gc.isenabled()


def test_what_the_environment_says_of_polars_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"POLARS_MAX_THREADS": "4"}
    monkeypatch.setattr(os, "environ", environment)
    for_matching_alone()
    assert environment["POLARS_MAX_THREADS"] == "4"
    assert "dirty_decay_ms" in environment["_RJEM_MALLOC_CONF"]


def test_the_match_command_has_one_thread() -> None:
    program = """
from orchestration.cli import run_command
try:
    run_command("match", ["--help"])
finally:
    import polars
    print(polars.thread_pool_size())
"""
    environment = {name: value for name, value in os.environ.items() if name != "POLARS_MAX_THREADS"}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.splitlines()[-1] == "1"
