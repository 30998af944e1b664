"""How fast MT940 is read, as a ratio to a Python pass over its lines, with the `mt-940` package beside.

    python benchmarks/readers/mt940_reader.py [--entries N] [--rounds R]

All ways run in one process, in turns, and the best of the rounds counts, in CPU seconds. The line pass opens the file and
looks at every line; the reading ends in Arrow batches. The package reads a tenth of the entries, counted tenfold.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import mt940 as package

from ingestion.readers import reader
from ingestion.reading import Records
from ingestion.sources import SourceConfig

SOURCE = SourceConfig(name="bench", title="bench", system="bank", format="mt940", path="*", owner="bench", group="bank")
TEXTS = (
    ":86:166?00GUTSCHRIFT?109310?20EREF+E2E-{n}?21KREF+K{n}?22SVWZ+Rechnung {n} vom\r\n"
    " 1.3.?30COBADEFFXXX?31DE89370400440532013000?32Muster GmbH {n}",
    ":86:/EREF/E2E-{n}/REMI/USTD//Invoice {n}//IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/Jansen BV/",
    ":86:Payment of invoice {n}\r\nACME Ltd {n}",
)


def write(path: Path, entries: int) -> None:
    """Statements of a thousand entries each, in three dialects of :86:."""
    with path.open("w", encoding="ascii", newline="") as stream:
        for first in range(0, entries, 1000):
            total = 0
            stream.write(f":20:REF{first}\r\n:25:12345678/{first + 1}\r\n:28C:1/1\r\n:60F:C260301EUR0,00\r\n")
            for number in range(first, min(entries, first + 1000)):
                cents = number * 37 % 99_999 + 1
                total += cents
                when = f"2603{number % 28 + 1:02d}03{number % 28 + 1:02d}"
                stream.write(f":61:{when}C{cents // 100},{cents % 100:02d}NTRFNONREF//REF{number:012d}\r\n")
                stream.write(TEXTS[number % 3].format(n=number) + "\r\n")
            stream.write(f":62F:C260331EUR{total // 100},{total % 100:02d}\r\n-\r\n")


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def line_pass(path: Path) -> int:
    """Every line once, asked whether a field begins: the least a Python reader does."""
    fields = 0
    with path.open("rb") as stream:
        for line in stream:
            if line.startswith(b":"):
                fields += 1
    return fields


def reading(path: Path) -> int:
    """The entries, from bytes to Arrow batches; the batches are let go."""
    with path.open("rb") as stream:
        return sum(
            event.batch.num_rows
            for event in reader("mt940").read(stream, SOURCE)
            if isinstance(event, Records) and event.kind == "bank_entry"
        )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path, small = Path(folder) / "mt940.sta", Path(folder) / "small.sta"
        write(path, given.entries)
        write(small, max(1, given.entries // 10))
        entries = reading(path)
        lines = read = other = float("inf")
        for turn in range(given.rounds):
            lines = min(lines, seconds(lambda: line_pass(path)))
            read = min(read, seconds(lambda: reading(path)))
            if turn < 2:
                other = min(other, 10 * seconds(lambda: package.parse(small.read_text("ascii"))))
        print(f"{path.stat().st_size / (1 << 20):.1f} MiB, {entries} entries")
        print(f"Python line pass  {lines:8.3f} s")
        print(
            f"tieout            {read:8.3f} s   ratio {read / lines:6.1f} (bar: 15)   {entries / read:9.0f} entries/s"
        )
        print(f"mt-940 package    {other:8.3f} s   ratio {other / lines:6.1f}")


if __name__ == "__main__":
    main()
