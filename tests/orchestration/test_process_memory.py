"""What a build changes of the process it puts back, also where the build fails and on a system without glibc."""

from __future__ import annotations

import gc

import pytest

from orchestration.process_memory import for_many_statements


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
