"""Bank lists of other projects: each is proposed a declaration, and read by it, or refused with a reason.

The manifest has no separate reading of them; `ENTRIES` is one, counted by hand and by a plain scan of the dated rows.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import yaml

from ingestion.declaration_inference import InferenceError, infer
from ingestion.readers import reader
from ingestion.reading import Records, Reject
from ingestion.sources import Declaration, SourceConfig
from orchestration.cli import main

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
FOLDER = SAMPLES / "csv_bank" / "BananaAccounting__Switzerland"
HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "onboard-a-bank-csv.md"
pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not FOLDER.exists(), reason=f"no sample files at {FOLDER}"),
]

ENTRIES = {
    "csv_acrevisbank_example_format1_20250611.csv": (15, 0, "none"),
    "csv_akb_example_format3_20241018.csv": (17, 0, "ok"),
    "csv_bcv_example_format1_20260608.csv": (11, 0, "none"),
    "csv_bekb_example_format1_20230908.csv": (9, 0, "ok"),
    "csv_bkb_example_format1A_20163006.csv": (4, 0, "ok"),
    "csv_bkb_example_format1B_20230122.csv": (7, 0, "ok"),
    "csv_bkb_example_format2_20240326.csv": (6, 0, "off"),
    "csv_bkb_example_format2_20240327.csv": (4, 0, "ok"),
    "csv_blkb_example_format1_20080718.csv": (8, 0, "ok"),
    "csv_blkb_example_format1_20190218.csv": (16, 0, "ok"),
    "csv_blkb_example_format4_20260202.csv": (4, 0, "ok"),
    "csv_cic_example_format1_20250519.csv": (3, 0, "none"),
    "csv_clerbank_example_format1_CHF_20251002.csv": (5, 0, "ok"),
    "csv_clerbank_example_format1_CHF_20260724.csv": (3, 0, "off"),
    "csv_cornerbank_example_format1_en_20211104.csv": (12, 0, "none"),
    "csv_cornerbank_example_format3_CHF_20250610.csv": (2, 0, "ok"),
    "csv_cornerbank_example_format3_CHF_details_20250610.csv": (2, 0, "ok"),
    "csv_creditsuisse_example_format5_20251003.csv": (13, 0, "none"),
    "csv_efg_example_format1_20260709.csv": (9, 0, "ok"),
    "csv_example_format1_20080304.csv": (2, 0, "none"),
    "csv_example_format2_20101028.csv": (7, 0, "ok"),
    "csv_example_format4_20171215.csv": (6, 0, "ok"),
    "csv_example_format5_20250326.csv": (5, 0, "ok"),
    "csv_example_valiant_transactions_FR.csv": (23, 0, "ok"),
    "csv_hypobank_vorarlberg_example_format1_20260227.csv": (6, 0, "none"),
    "csv_lkb_example_format2_20160920.csv": (15, 0, "ok"),
    "csv_lkb_example_format3_20161130.csv": (18, 0, "ok"),
    "csv_lkb_example_format5_20231102.csv": (3, 0, "none"),
    "csv_lkb_example_format5_20231102_details.csv": (3, 0, "none"),
    "csv_migrosbank_example_format1_20230906.csv": (1, 0, "none"),
    "csv_migrosbank_example_format1_20230908.csv": (24, 0, "none"),
    "csv_migrosbank_example_format1_20231010.csv": (14, 0, "none"),
    "csv_migrosbank_example_format2_20241108.csv": (9, 0, "none"),
    "csv_migrosbank_example_format2_de_20260301.csv": (2, 0, "ok"),
    "csv_migrosbank_example_format2_fr_20250104.csv": (4, 0, "none"),
    "csv_postfinance_example_format1_20170731-SBU.csv": (3, 0, "none"),
    "csv_postfinance_example_format1_CreditCard_20230929.csv": (3, 0, "none"),
    "csv_postfinance_example_format2_CreditCard_20241118-DE.csv": (4, 0, "none"),
    "csv_postfinance_example_format2_CreditCard_20241118-EN.csv": (4, 0, "none"),
    "csv_postfinance_example_format2_CreditCard_20241118-FR.csv": (4, 0, "none"),
    "csv_postfinance_example_format2_CreditCard_20241118-IT.csv": (4, 0, "none"),
    "csv_postfinance_example_format6_20240226-FR.csv": (2, 0, "none"),
    "csv_postfinance_example_format6_20240407-noenddate.csv": (2, 0, "none"),
    "csv_swisscard_example_format1_de_20230502.csv": (10, 0, "none"),
    "csv_swisscard_example_format2_de_20260415.csv": (1, 0, "none"),
    "csv_swisscard_example_format2_en_20241015.csv": (3, 1, "none"),
    "csv_swisscard_example_format2_it_20240916.csv": (5, 1, "none"),
    "csv_swkb_example_format1_20240729.csv": (11, 0, "none"),
    "csv_tkb_example_format3_20170629.csv": (7, 0, "none"),
    "csv_tkb_example_format4_20240229.csv": (7, 0, "off"),
    "csv_twint_example_format1_business_20250902.csv": (4, 0, "none"),
    "csv_ubs_example_format2_de_20220928.csv": (10, 0, "off"),
    "csv_ubs_example_format2_en_20220928.csv": (10, 0, "off"),
    "csv_ubs_example_format2_fr_20220928.csv": (10, 0, "off"),
    "csv_ubs_example_format2_it_20220928.csv": (10, 0, "off"),
    "csv_ubs_example_format3_de_20241115.csv": (2, 0, "ok"),
    "csv_ubs_example_format3_fr_20251022.csv": (2, 0, "ok"),
    "csv_ubs_example_format3_fr_20260731.csv": (5, 0, "off"),
    "csv_ubs_example_format3_it_triplequotes_20240621.csv": (6, 0, "off"),
    "csv_ubs_example_formatCc1_20171027.csv": (9, 1, "none"),
    "csv_viseca_one_example_format3a_20250611.csv": (13, 0, "none"),
    "csv_yuh_example_format1_20250218.csv": (6, 1, "none"),
    "csv_zkb_example_format2_20230615.csv": (6, 0, "ok"),
    "csv_zkb_example_format3_20170130A.csv": (7, 0, "ok"),
    "csv_zkb_example_format3_20170130B.csv": (4, 0, "ok"),
    "csv_zkb_example_format3_20220614.csv": (6, 0, "ok"),
    "csv_zkb_example_format6_20230615.csv": (6, 0, "ok"),
    "csv_zuger_example_format1_20240822.csv": (12, 0, "none"),
    "neon_example.csv": (3, 0, "none"),
}
"""File -> (entries, rejects, verdict of the balance equation)."""

REFUSED = {"csv_postfinance_example_format1_20030903-B.csv": "NUL bytes"}  # a binary tail behind the list
REJECTS = {
    "csv_ubs_example_formatCc1_20171027.csv": "(empty)",  # a purchase not booked yet: no amount, no currency
    "csv_swisscard_example_format2_en_20241015.csv": "(empty)",  # a pending purchase: no amount in CHF yet
    "csv_swisscard_example_format2_it_20240916.csv": "(empty)",
    "csv_yuh_example_format1_20250218.csv": "(empty)",  # a purchase of shares without money: no currency
}


def read(data: bytes, block: dict[str, object]) -> tuple[list[dict[str, object]], list[Reject], list[str]]:
    source = SourceConfig(
        name="sample", title="sample", system="bank", format="csv", path="x", owner="x", group="bank",
        declaration=Declaration.model_validate(block),
    )  # fmt: skip
    entries: list[dict[str, object]] = []
    rejects: list[Reject] = []
    verdicts: list[str] = []
    for event in reader("csv").read(io.BytesIO(data), source):
        if isinstance(event, Records) and event.kind == "bank_entry":
            entries += event.batch.to_pylist()
        elif isinstance(event, Records) and event.kind == "bank_statement":
            verdicts += [row["balance_check"] for row in event.batch.to_pylist()]
        elif isinstance(event, Reject):
            rejects.append(event)
    return entries, rejects, verdicts


def test_every_file_is_accounted_for() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*ENTRIES, *REFUSED}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_proposed_declaration_reads_the_file(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    proposal = infer(data)
    if any(note.topic == "currency" for note in proposal.questions):
        proposal = infer(data, currency="CHF")
    lines = proposal.yaml()
    assert len(lines.splitlines()) <= 18, "and two lines, `format` and `declaration`, above them"
    entries, rejects, verdicts = read(data, yaml.safe_load(lines))
    assert (len(entries), len(rejects), ",".join(verdicts)) == ENTRIES[name]
    assert [reject.found for reject in rejects] == [REJECTS.get(name)] * len(rejects)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(InferenceError, match=REFUSED[name]):
        infer((FOLDER / name).read_bytes())


def shown_declarations() -> dict[str, dict[str, object]]:
    """The blocks of the how-to page, each under the name of its sample file."""
    found: dict[str, dict[str, object]] = {}
    for part in HOW_TO.read_text("utf-8").split("```yaml\n")[1:]:
        text = part.split("```")[0]
        name = text.splitlines()[0].removeprefix("# ")
        if name.endswith(".csv"):
            assert len(text.splitlines()) - 1 <= 20, name
            found[name] = yaml.safe_load(text)["declaration"]
    return found


def test_five_different_formats_by_hand_in_at_most_twenty_lines() -> None:
    shown = shown_declarations()
    assert len(shown) >= 5
    for name, block in shown.items():
        entries, rejects, verdicts = read((FOLDER / name).read_bytes(), block)
        assert (len(entries), len(rejects), ",".join(verdicts)) == ENTRIES[name], name


@pytest.mark.parametrize(
    "name",
    [
        "csv_ubs_example_format3_de_20241115.csv", "csv_zkb_example_format6_20230615.csv", "csv_akb_example_format3_20241018.csv",
        "csv_efg_example_format1_20260709.csv", "csv_blkb_example_format4_20260202.csv",
    ],
)  # fmt: skip
def test_what_infer_prints_for_five_formats_loads_as_it_stands(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["source", "infer", str(FOLDER / name)])
    proposed = capsys.readouterr().out.split("\n\n")[0]
    assert len(proposed.splitlines()) <= 20
    block = yaml.safe_load(proposed)
    assert block["format"] == "csv"
    entries, rejects, verdicts = read((FOLDER / name).read_bytes(), block["declaration"])
    assert (len(entries), len(rejects), ",".join(verdicts)) == ENTRIES[name]


def test_a_hand_written_declaration_agrees_with_the_proposed_one() -> None:
    for name, block in shown_declarations().items():
        data = (FOLDER / name).read_bytes()
        proposed, _, _ = read(data, infer(data, currency="CHF").block)
        by_hand, _, _ = read(data, block)
        figures = ("booking_date", "value_date", "signed_amount", "currency")
        assert [[row[one] for one in figures] for row in proposed] == [
            [row[one] for one in figures] for row in by_hand
        ], name


def test_a_plain_scan_finds_no_dated_row_more() -> None:
    """Rows whose first date cell stands where the list has its dates, counted without any of the reader's code."""
    for name in ("csv_akb_example_format3_20241018.csv", "csv_lkb_example_format3_20161130.csv", "neon_example.csv"):
        text = (FOLDER / name).read_text("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=";") if row and row[0][:1].isdigit()]
        assert len(rows) == ENTRIES[name][0]
