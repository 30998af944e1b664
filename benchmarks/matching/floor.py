"""The floor a matching run is compared with: reading the three tables and joining them on their exact keys, in Polars.

`python -m benchmarks.matching.floor DIR [--wide]`. Nothing is decided here; no run that looks at the data is faster.
The floor reads what its joins and a comparison of amounts need; `--wide` carries every column through the joins.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

_NEEDED = ("item_id", "amount", "currency", "date", "entity", "references")


def exact_key_joins(directory: Path, wide: bool = False) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return bank lines with the payments whose reference they carry, and payments with the documents they pay."""
    lines, payments, items = (
        scan if wide else scan.select(_NEEDED)
        for scan in (
            pl.scan_parquet(directory / f"{name}.parquet") for name in ("bank_lines", "payments", "open_items")
        )
    )
    links = pl.scan_parquet(directory / "links.parquet")
    cash = (
        lines.with_columns(reference="references")
        .explode("reference")
        .drop_nulls("reference")
        .join(
            payments.with_columns(reference="references").explode("reference"),
            on=["reference", "entity"],
            how="inner",
            suffix="_payment",
        )
    )
    ledger = links.join(payments, left_on="left_id", right_on="item_id", how="inner", suffix="_payment").join(
        items, left_on="right_id", right_on="item_id", how="inner", suffix="_item"
    )
    return cash.collect(), ledger.collect()


if __name__ == "__main__":
    found = exact_key_joins(Path(sys.argv[1]), wide="--wide" in sys.argv[2:])
    print([frame.height for frame in found])
