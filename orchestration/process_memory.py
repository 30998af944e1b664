"""How the process works during long jobs: Python looks for cycles seldom; while dbt builds, what a statement frees, the next one
takes; matching alone has one thread, and keeps for a while what it frees.

Left alone, Python's collector goes through all that libraries hold, some hundred thousand objects, again and again: up to a tenth of what
matching a night's items costs. And glibc gives each large block back to the system and has it made anew and cleared for the next
statement, as the allocator of Polars does after half a second. Matching is thousands of short steps, each waiting for the one before: a
second thread for each step costs a tenth of the CPU time, and nothing is done sooner.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h: M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
_LARGEST_KEPT = 32 * 1024 * 1024
"""Bytes of the largest block that is kept when it is freed; glibc allows no more."""
_END_KEPT = 1024 * 1024 * 1024
"""Bytes kept where the end of the heap is free."""
_SELDOM = 70_000
"""Objects after which Python looks for cycles: a hundred times as many as usual."""
_ALONE = {
    "POLARS_MAX_THREADS": "1",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:10000,muzzy_decay_ms:10000",
    "OPENBLAS_NUM_THREADS": "1",
}
"""What Polars and numpy read when they are imported: threads of Polars' pool; milliseconds that freed memory is kept (over a million
lines ten seconds save a twentieth of the CPU time, that of clearing pages anew, for a fiftieth more memory); threads for matrices."""


def for_matching_alone() -> None:
    """Set the process up for matching and nothing else. To be called before Polars is imported; what the environment says stands."""
    for name, value in _ALONE.items():
        os.environ.setdefault(name, value)
    gc.set_threshold(_SELDOM, *gc.get_threshold()[1:])  # what is imported stays


@contextmanager
def few_collections() -> Iterator[None]:
    """For the length of a job: what it holds is not gone through for cycles again and again."""
    young, middle, old = gc.get_threshold()
    gc.set_threshold(max(young, _SELDOM), middle, old)
    gc.freeze()  # and what is there already, most of it imported, not at all
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(young, middle, old)


@contextmanager
def for_many_statements() -> Iterator[None]:
    """For the length of a build. At its end what was kept goes back to the system; on another C library only Python is told."""
    libc = _glibc()
    if libc is not None:
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
        libc.mallopt(_TRIM_THRESHOLD, _END_KEPT)
    try:
        with few_collections():
            yield
    finally:
        if libc is not None:
            libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """The C library, where it is glibc."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        return libc if all(hasattr(libc, name) for name in ("gnu_get_libc_version", "mallopt", "malloc_trim")) else None
    except OSError:
        return None
