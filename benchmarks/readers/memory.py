"""How much memory a large camt.053 takes to read: the peak of a process that reads it and lets the batches go (bar: 300 MB).

    python -m benchmarks.readers.memory [--megabytes 1024]

The peak of the same process on a file of a hundredth of the size is beside it: what does not grow with the file.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.measure import measure, python, table
from benchmarks.readers.written_files import write_camt
from ingestion.readers import reader
from ingestion.reading import Records
from ingestion.sources import SourceConfig

SOURCE = SourceConfig(
    name="bench", title="bench", system="bank", format="camt.053", path="*", owner="bench", group="bank"
)


def read(path: Path) -> int:
    """Read a file to its end; how many entries it had."""
    rows = 0
    with path.open("rb") as stream:
        for event in reader("camt.053").read(stream, SOURCE):
            if isinstance(event, Records) and event.kind == "bank_entry":
                rows += event.batch.num_rows
    return rows


def main() -> None:
    """Measure and print the table; with a file, be the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.file:
        print(read(given.file))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "camt053.xml"
        for megabytes in (max(1, given.megabytes // 100), given.megabytes):
            write_camt(path, megabytes=megabytes)
            cost = measure(python("benchmarks.readers.memory", "--file", str(path)))
            size = path.stat().st_size / 1e6
            rows.append([f"{size:.0f}", f"{cost.cpu:.1f}", f"{size / cost.cpu:.1f}", f"{cost.peak_gb * 1000:.0f}"])
    print(table(("file, MB", "CPU s", "MB/s", "peak RSS, MB"), rows))


if __name__ == "__main__":
    main()
