"""How fast the readers are, as ratios to the least a pass over the same bytes costs, public packages beside them.

    python -m benchmarks.readers.speed [--format camt.053 ...] [--shapes] [--size 1.0] [--rounds 5]

All ways run in one process, in turns, on the same file, in CPU seconds of all threads; the best of the rounds counts. A
reading goes from bytes to typed Arrow batches of the contracts, which are counted and let go. The floor is a raw expat pass
without handlers (camt.053, pain.001), a Python pass over the lines that looks at each (MT940, BAI2), a Polars read of all columns as
text (CSV). A package reads a tenth of the file, counted tenfold; the models of `pyiso20022` stand for what code generated
from the schemas costs.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import table
from benchmarks.readers.courses import COURSES, SHAPES, Course
from ingestion.readers import reader
from ingestion.reading import Records, Reject
from ingestion.sources import Declaration, SourceConfig


def read(course: Course, path: Path) -> int:
    """Read a file to its end; how many entries or line items it had."""
    source = SourceConfig(
        name="bench", title="bench", system="bank", format=course.format, path="*", owner="bench", group="bank",
        declaration=Declaration.model_validate(course.block) if course.block else None,
    )  # fmt: skip
    rows = 0
    with path.open("rb") as stream:
        for event in reader(course.format).read(stream, source):
            if isinstance(event, Records) and event.kind in ("bank_entry", "open_item", "payment_instruction"):
                rows += event.batch.num_rows
            assert not isinstance(event, Reject), event
    return rows


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call, of all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Packages log and warn about every line; that is not their reading."""
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def run(course: Course, size: float, rounds: int) -> list[str]:
    """Measure one course; a row of the table."""
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path, tenth = Path(folder) / "whole", Path(folder) / "tenth"
        course.write(path, size)
        course.write(tenth, size / 10)
        rows = read(course, path)
        floor = ours = other = float("inf")
        for turn in range(rounds):
            floor = min(floor, seconds(lambda: course.floor(path)))
            ours = min(ours, seconds(lambda: read(course, path)))
            if course.package is not None and turn < 2:
                other = min(other, 10 * seconds(partial(course.package[1], tenth)))
        megabytes = path.stat().st_size / 1e6
    name = course.package[0] if course.package else ""
    beside = (f"{other:.3f}", f"{other / floor:.1f}") if course.package else ("", "")
    bar = "" if course.bar is None else f"{course.bar:g}"
    figures = (f"{floor:.3f}", f"{ours:.3f}", f"{ours / floor:.1f}", bar, f"{rows / ours:,.0f}")
    return [course.title, f"{megabytes:.1f}", f"{rows:,}", *figures, name, *beside]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", action="append", choices=sorted({course.format for course in (*COURSES, *SHAPES)}))
    parser.add_argument("--shapes", action="store_true", help="the shapes of each format instead of one file of it")
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    measured = SHAPES if given.shapes else COURSES
    chosen = [course for course in measured if not given.format or course.format in given.format]
    header = ("file", "MB", "rows", "floor, s", "tieout, s", "ratio", "bar", "rows/s", "package", "s", "ratio")
    print(table(header, [run(course, given.size, given.rounds) for course in chosen]))


if __name__ == "__main__":
    main()
