"""The readers, one module a format, and the registry that finds one by name.

A reader's module is imported when its format is first asked for, so that a command which reads one format does not pay
for the others. Each module exposes `READERS: dict[str, Reader]`, the formats it serves.
"""

from __future__ import annotations

import importlib

from ingestion.readers.sniffing import sniff
from ingestion.reading import Reader

__all__ = ["FORMATS", "UnknownFormat", "reader", "sniff"]

FORMATS: dict[str, str] = {
    "camt.052": "camt",
    "camt.053": "camt",
    "camt.054": "camt",
    "mt940": "mt940",
    "mt942": "mt940",
    "bai2": "bai2",
    "ofx": "ofx",
    "pain.001": "pain001",
    "pain.002": "pain002",
    "pain.008": "pain008",
    "nacha": "nacha",
    "csv": "declared",
    "xlsx": "declared",
    "json": "declared",
    "parquet": "declared",
    "hub_log": "declared",
    "sap_line_items": "declared",
    "sap_master": "declared",
    "sap_odata": "declared",
    "oracle_bicc": "declared",
    "netsuite_suiteql": "declared",
    "dynamics_odata": "declared",
    "coupa": "declared",
    "fx_rates": "declared",
}
"""Format name -> module of this package that reads it."""


class UnknownFormat(ValueError):  # noqa: N818  (what it says is what happened)
    """No reader has this format name."""


def reader(format: str) -> Reader:
    """The reader of a format; raises `UnknownFormat`, which lists the known names."""
    if format not in FORMATS:
        raise UnknownFormat(f"no reader for format {format!r}; known formats: {', '.join(FORMATS)}")
    module = importlib.import_module(f"{__name__}.{FORMATS[format]}")
    readers: dict[str, Reader] = module.READERS
    return readers[format]
