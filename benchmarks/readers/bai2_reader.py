"""How fast BAI2 is read, as a ratio to a Python pass over its lines, with the `bai2` package beside.

    python benchmarks/readers/bai2_reader.py [--transactions N] [--rounds R]

All ways run in one process, in turns, and the best of the rounds counts, in CPU seconds. The line pass opens the file and
looks at every line; the reading proves all totals and ends in Arrow batches. The package reads a tenth of the
transactions, counted tenfold.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bai2 import bai2 as package

from ingestion.readers import reader
from ingestion.reading import Records
from ingestion.sources import SourceConfig

SOURCE = SourceConfig(name="bench", title="bench", system="bank", format="bai2", path="*", owner="bench", group="bank")


def write(path: Path, transactions: int) -> None:
    """Accounts of a thousand transactions each; every fourth goes on in a record 88, every third is value-dated."""
    rows = ["01,SENDER,US,260401,0600,1,80,10,2/", "02,US,SENDER,1,260331,2400,USD,2/"]
    accounts = group = 0
    for first in range(0, transactions, 1000):
        accounts += 1
        start, total = len(rows), 20_000
        rows.append(f"03,{first + 1:09d},USD,010,10000,,,015,10000,,/")
        for number in range(first, min(transactions, first + 1000)):
            cents = number * 37 % 99_999 + 1
            total += cents
            funds = "V,260402,," if number % 3 == 0 else "Z,"
            text = f"16,{475 if number % 2 else 165},{cents},{funds}REF{number:012d},CUST{number},ACME Ltd invoice {number}/"
            rows.append(text)
            if number % 4 == 0:
                rows.append(f"88,further text of {number}/")
        rows.append(f"49,{total},{len(rows) - start + 1}/")
        group += total
    rows.append(f"98,{group},{accounts},{len(rows)}/")
    rows.append(f"99,{group},1,{len(rows) + 1}/")
    path.write_text("\n".join(rows) + "\n", "ascii")


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def line_pass(path: Path) -> int:
    """Every line once, asked whether a transaction begins: the least a Python reader does."""
    found = 0
    with path.open("rb") as stream:
        for line in stream:
            if line.startswith(b"16,"):
                found += 1
    return found


def reading(path: Path) -> int:
    """The entries, from bytes to Arrow batches; the batches are let go."""
    with path.open("rb") as stream:
        return sum(
            event.batch.num_rows
            for event in reader("bai2").read(stream, SOURCE)
            if isinstance(event, Records) and event.kind == "bank_entry"
        )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, small = Path(folder) / "bai2.txt", Path(folder) / "small.txt"
        write(path, given.transactions)
        write(small, max(1, given.transactions // 10))
        entries = reading(path)
        lines = read = other = float("inf")
        for turn in range(given.rounds):
            lines = min(lines, seconds(lambda: line_pass(path)))
            read = min(read, seconds(lambda: reading(path)))
            if turn < 2:
                other = min(other, 10 * seconds(lambda: package.parse_from_string(small.read_text("ascii"))))
        print(f"{path.stat().st_size / (1 << 20):.1f} MiB, {entries} transactions")
        print(f"Python line pass  {lines:8.3f} s")
        print(
            f"tieout            {read:8.3f} s   ratio {read / lines:6.1f} (bar: 5)    {entries / read:9.0f} entries/s"
        )
        print(f"bai2 package      {other:8.3f} s   ratio {other / lines:6.1f}")


if __name__ == "__main__":
    main()
