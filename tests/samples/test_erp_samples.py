"""ERP tables of other projects (SAP and NetSuite as a replication tool delivers them): read, or refused with what is
missing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ingestion.declaration_recognition import recognise
from ingestion.readers import reader
from ingestion.reading import FileRejected, Records, Reject
from ingestion.sources import SourceConfig

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
FILES = sorted(path for folder in ("erp_sap", "erp_netsuite") for path in (SAMPLES / folder).glob("*/*.csv"))
pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not FILES, reason=f"no sample files at {SAMPLES}"),
]

RECOGNISED = {
    "sap_lfa1_data.csv": ("sap_master", "suppliers", {"counterparty": 3}, ""),
    "sap_kna1_data.csv": ("sap_master", "customers", {"counterparty": 3}, ""),
    "sap_kna1_data_bigquery.csv": ("sap_master", "customers", {"counterparty": 3}, ""),
    "sap_kna1_data_snowflake.csv": ("sap_master", "customers", {"counterparty": 3}, ""),
    "sap_bsak_bck_data.csv": ("sap_line_items", "payables", {"open_item": 2}, ""),
    # invented cells: the amount column holds words
    "sap_bsad_bck_data.csv": ("sap_line_items", "receivables", {}, "a number like 1234.56"),
    # an extract of MATDOC without a material document number
    "sap_matdoc_data.csv": ("sap_master", "goods_receipts", {}, "a value in MBLNR"),
}
"""File -> (format, object, records, what each reject expected). All others are tables no declaration is shipped for."""


def read(path: Path, format: str, name: str = "") -> tuple[Counter[str], list[Reject]]:
    source = SourceConfig(
        name="sample", title="sample", system="sap", format=format, path="x", owner="x", group="erp",
        options={"object": name} if name else {},
    )  # fmt: skip
    records: Counter[str] = Counter()
    rejects: list[Reject] = []
    with path.open("rb") as stream:
        for event in reader(format).read(stream, source):
            if isinstance(event, Records):
                records[event.kind] += event.batch.num_rows
            elif isinstance(event, Reject):
                rejects.append(event)
    return records, rejects


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_table_is_recognised_and_read_or_refused_with_what_is_missing(path: Path) -> None:
    with path.open("rb") as stream:
        found = recognise(stream)
    expected = RECOGNISED.get(path.name)
    if expected is not None:
        format, name, records, words = expected
        assert found == (format, name)
        loaded, rejects = read(path, format, name)
        assert dict(loaded) == records
        assert bool(rejects) == bool(words)
        assert all(words in reject.expected for reject in rejects)
        return
    assert found is None
    format = "sap_line_items" if "erp_sap" in str(path) else "netsuite_suiteql"
    with pytest.raises(FileRejected) as refusal:
        read(path, format)
    assert "missing there: " in refusal.value.expected or "apart" in refusal.value.expected
