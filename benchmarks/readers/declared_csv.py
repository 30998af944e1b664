"""How fast declared CSV is read, as a ratio to reading the same bytes as text with Polars (bar: 3).

    python -m benchmarks.readers.declared_csv [--rows 400000]

Three files: a bank's list without quotes, one with quoted texts, and an ERP extract. Both readings run in this
process, on the same bytes, in CPU seconds of all threads, the best of three each. The declared reading ends with
typed Arrow batches of the contract, counted.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from ingestion.declaration_catalogue import choices
from ingestion.readers import reader
from ingestion.readers.csv_table import csv_table
from ingestion.reading import Records, Reject
from ingestion.sources import Declaration, SourceConfig

BANK = {
    "delimiter": ";",
    "dates": "%d.%m.%Y",
    "numbers": {"decimal": ",", "thousands": "."},
    "kind": "bank_entry",
    "constants": {"currency": "EUR"},
    "columns": {
        "booking_date": "Buchungstag", "value_date": "Valuta", "amount": "Betrag", "running_balance": "Saldo",
        "account_servicer_reference": "Referenz", "text": "Verwendungszweck",
    },
}  # fmt: skip


def bank_csv(rows: int, quoted: bool) -> bytes:
    rng = np.random.default_rng(7)
    mark = '"' if quoted else ""
    lines = ["Buchungstag;Valuta;Betrag;Saldo;Referenz;Verwendungszweck"]
    balance = 0
    for number in range(rows):
        cents = int(rng.integers(-999_999, 999_999))
        balance += cents
        day = f"{1 + number * 27 // rows:02d}.03.2026"
        text = f"{mark}Rechnung {100_000 + number} Kunde {number % 997}{'; Skonto' if quoted else ''}{mark}"
        lines.append(f"{day};{day};{_german(cents)};{_german(balance)};R{number:010d};{text}")
    return ("\n".join(lines) + "\n").encode()


def _german(cents: int) -> str:
    whole = f"{abs(cents) // 100:,}".replace(",", ".")
    return f"{'-' if cents < 0 else ''}{whole},{abs(cents) % 100:02d}"


def sap_csv(rows: int) -> bytes:
    lines = [
        "BUKRS;BELNR;GJAHR;BUZEI;LIFNR;BLART;SHKZG;WRBTR;WAERS;BLDAT;BUDAT;NETDT;ZTERM;XBLNR;ZUONR;SGTXT;AUGBL;AUGDT"
    ]
    lines += [
        f"1000;{5_100_000_000 + n};2026;001;{n % 5000:010d};KR;H;{n % 99_999}.{n % 100:02d};EUR;"
        f"20260105;20260106;20260205;N030;INV-{n};{n % 7};Invoice {n};;00000000"
        for n in range(rows)
    ]
    return ("\n".join(lines) + "\n").encode()


def declared(data: bytes, format: str, block: dict[str, object] | None) -> int:
    source = SourceConfig(
        name="bench", title="bench", system="bank", format=format, path="x", owner="x", group="bank",
        declaration=Declaration.model_validate(block) if block else None,
    )  # fmt: skip
    rows = 0
    for event in reader(format).read(io.BytesIO(data), source):
        if isinstance(event, Records) and event.kind in ("bank_entry", "open_item"):
            rows += event.batch.num_rows
        assert not isinstance(event, Reject), event
    return rows


def cut(data: bytes, format: str, block: dict[str, object] | None) -> int:
    """The reader's first half alone: rows cut and proven regular, with line and bytes of each, not typed yet."""
    _, table = csv_table(io.BytesIO(data), choices(format, block or {}))
    return sum(one.frame.height for one in table.blocks)


def best(action: Callable[[], int]) -> float:
    times = []
    for _ in range(3):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=400_000)
    rows: int = parser.parse_args().rows
    table = Table(
        "file",
        "MB",
        "Polars text, CPU s",
        "rows cut, CPU s",
        "ratio",
        "typed records, CPU s",
        "ratio",
        title="declared CSV against a Polars text read",
    )
    for name, data, format, block in (
        ("bank, no quotes", bank_csv(rows, quoted=False), "csv", BANK),
        ("bank, quoted text", bank_csv(rows, quoted=True), "csv", BANK),
        ("SAP line items", sap_csv(rows), "sap_line_items", None),
    ):
        assert declared(data, format, block) == rows
        text = best(lambda data=data: pl.read_csv(data, separator=";", infer_schema=False).height)  # type: ignore[misc]
        full = best(lambda data=data, format=format, block=block: declared(data, format, block))  # type: ignore[misc]
        rows_cut = best(lambda data=data, format=format, block=block: cut(data, format, block))  # type: ignore[misc]
        figures = (f"{text:.2f}", f"{rows_cut:.2f}", f"{rows_cut / text:.1f}", f"{full:.2f}", f"{full / text:.1f}")
        table.add_row(name, f"{len(data) / 1e6:.0f}", *figures)
    Console().print(table)


if __name__ == "__main__":
    main()
