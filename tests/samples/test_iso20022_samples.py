"""camt and pain files of other projects: each is read or refused with a reason, and agrees with a separate reading of
it.

`independent_read` of the manifest counts statements, entries and transactions and checks the balance equation. Where
the two readings differ, the file is named here with who is right and why.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.readers import reader, sniff
from ingestion.reading import FileFacts, FileRejected, Records, Reject
from ingestion.sources import SourceConfig

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
MANIFEST = SAMPLES / "manifest.tsv"
pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not MANIFEST.exists(), reason=f"no sample files at {SAMPLES}"),
]

ONE_ITBD = (
    "the only booked balance is one ITBD. The other reading takes it for the opening balance; ISO 20022 calls it a "
    "position in the course of the day, which may lie before or after the entries. It is kept as a balance, and neither"
)
OTHER_CURRENCY = (
    "the account is in EUR, its OPBD in EUR, its CLBD in SEK. The other reading compares the numbers; there is no closing "
    "balance in the account's currency, so nothing to check"
)
GARBLED = "the amount of the entry is no number (a template's placeholder, or 12..34): rejected; the other counts it"
ENVELOPE = (
    "the SWIFT envelope names one version, the namespace of the message another; the namespace says what was read"
)

EXPLAINED: dict[str, tuple[set[str], str]] = {
    "camt.052/genkgo__camt/camt052.v1.xml": (
        {"statements", "entries"},
        "version 01 ends its root element in V01, which the other reading does not know",
    ),
    "camt.052/genkgo__camt/camt052.v4.xml": ({"balances"}, ONE_ITBD),
    "camt.052/genkgo__camt/camt052.v6.xml": ({"balances"}, ONE_ITBD),
    "camt.052/genkgo__camt/camt052.v6.Amt-zero.xml": ({"balances"}, ONE_ITBD),
    "camt.053/prowide__prowide-iso20022/camt.053.001.07.xml": ({"balances"}, ONE_ITBD),
    "camt.053/sebastienrousseau__bankstatementparser/camt053_garbled_amount.xml": ({"entries"}, GARBLED),
    "camt.053/sebastienrousseau__bankstatementparser/camt053_no_namespace.xml": (
        {"version"},
        "without a namespace no version is known; the message is told by its root element",
    ),
    "camt.053/sebastienrousseau__camt053/template.xml": ({"entries"}, GARBLED),
    "camt.053/sebastienrousseau__camt053/2_template.xml": ({"entries"}, GARBLED),
    "camt.053/sebastienrousseau__camt053/statement.xml": ({"entries"}, GARBLED),
    **{
        f"camt.053/genkgo__camt/camt053.{name}.xml": ({"balances", "verdicts"}, OTHER_CURRENCY)
        for name in ("v2.minimal", "v2.minimal.ultimate", "v2.with-party-ids", "v3", "v4", "v8")
    },
    **{
        f"{kind}/ballerina-platform__module-ballerinax-financial.iso20022-to-swiftmt/CBPR__{name}.xml": (parts, why)
        for kind, name, parts, why in (
            ("camt.052", "c.52.1.a_camt.052toCdtr", {"version", "balances"}, f"{ENVELOPE}; {ONE_ITBD}"),
            ("camt.052", "c.52.1.c_camt.052-CtoD", {"version", "balances"}, f"{ENVELOPE}; {ONE_ITBD}"),
            ("camt.053", "c.109.1.2_camt.053-BtoA", {"version"}, ENVELOPE),
            ("camt.053", "c.56.4.1_camt.053-DtoE", {"version"}, ENVELOPE),
            ("camt.053", "p.2.3.1.a_camt.053-CtoD", {"version"}, ENVELOPE),
            ("camt.053", "p.2.4.1_camt.053-DtoE", {"version"}, ENVELOPE),
            ("camt.053", "p.2.5.1_camt.053-BtoDbtr", {"version"}, ENVELOPE),
            ("camt.054", "c.54.3.1_camt.054-BtoA", {"version"}, ENVELOPE),
            ("camt.054", "c.56.4.1_camt.054-DtoE", {"version"}, ENVELOPE),
            ("camt.054", "c.56.4.1_camt.054-EtoF", {"version"}, ENVELOPE),
        )
    },
}

# Refused although the other reading found nothing wrong with the sums: what it did not look at.
PLACEHOLDERS = "a template: the amount of a payment is a placeholder"
REFUSED_PAYMENTS = {
    "pain.001/sebastienrousseau__pain001/template.xml": PLACEHOLDERS,
    "pain.001/sebastienrousseau__pain001/2_template.xml": PLACEHOLDERS,
    "pain.001/sebastienrousseau__pain001/7_template.xml": PLACEHOLDERS,
    "pain.001/svapnil__iso20022.js/pain_001_v3_sepa.xml": "the execution date is the text YYYY-MM-DD",
}


@dataclass
class Found:
    """What tieout made of a file."""

    records: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    facts: FileFacts | None = None
    verdict: FileRejected | None = None

    def __getitem__(self, kind: str) -> list[dict[str, object]]:
        return self.records.get(kind, [])


def rows(*formats: str) -> list[dict[str, str]]:
    if not MANIFEST.exists():
        return []
    with MANIFEST.open(encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream, delimiter="\t") if row["format"] in formats]


def read(row: dict[str, str]) -> Found:
    found = Found()
    source = SourceConfig(
        name="x", title="x", system="bank", format=row["format"], path="*", owner="x", group="bank"
    )  # fmt: skip
    try:
        with (SAMPLES / row["file"]).open("rb") as stream:
            for event in reader(row["format"]).read(stream, source):
                if isinstance(event, Records):
                    found.records.setdefault(event.kind, []).extend(event.batch.to_pylist())
                elif isinstance(event, Reject):
                    found.rejects.append(event)
                else:
                    found.facts = event
    except FileRejected as verdict:
        found.verdict = verdict
    return found


def decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


@pytest.mark.parametrize("row", rows("camt.052", "camt.053", "camt.054"), ids=lambda row: row["file"])
def test_statements_agree_with_another_reading(row: dict[str, str]) -> None:
    found, other = read(row), json.loads(row["independent_read"])
    if found.verdict is not None:
        assert found.verdict.reason and found.verdict.place and found.verdict.advice
        assert other["stmts"] == 0, "only a file without any statement is refused"
        return
    assert found.facts is not None
    statements = found["bank_statement"]
    verdicts = Counter(one["balance_check"] for one in statements)
    differences = {
        "version": found.facts.format != other["version"],
        "statements": len(statements) != other["stmts"],
        "entries": len(found["bank_entry"]) != other["entries"],
        "details": len(found["bank_entry_detail"]) != other["txdtls"],
        "verdicts": (verdicts["ok"], verdicts["off"])
        != (other["flags"].get("balchk:ok", 0), other["flags"].get("balchk:off", 0)),
        "accounts": any(
            (one["account_id"] or "") != theirs[0].replace(" ", "")
            for one, theirs in zip(statements, other["st"], strict=False)
        ),
        "balances": any(
            (one["opening_balance"], one["closing_balance"]) != (decimal(theirs[2]), decimal(theirs[3]))
            for one, theirs in zip(statements, other["st"], strict=False)
            if "{" not in theirs[0]
        ),
    }
    expected, _ = EXPLAINED.get(row["file"], (set(), ""))
    assert {name for name, differs in differences.items() if differs} == expected
    assert all(one.place and one.found and one.expected and one.advice for one in found.rejects)
    assert len(found["bank_entry"]) == sum(int(str(one["entry_count"])) for one in statements)


@pytest.mark.parametrize("row", rows("pain.001"), ids=lambda row: row["file"])
def test_payments_agree_with_another_reading_and_wrong_sums_are_refused(row: dict[str, str]) -> None:
    found, other = read(row), json.loads(row["independent_read"])
    wrong = [flag for flag in other["flags"] if not flag.endswith(":ok")]
    if found.verdict is not None:
        assert found.verdict.reason and found.verdict.place and found.verdict.found and found.verdict.advice
        assert wrong or row["file"] in REFUSED_PAYMENTS
        return
    assert not wrong
    assert found.facts is not None and found.facts.format == other["version"]
    assert len(found["payment_instruction"]) == other["entries"]
    assert all(total.agrees for total in found.facts.control_totals)
    assert not found.rejects


@pytest.mark.parametrize("row", rows("pain.002"), ids=lambda row: row["file"])
def test_statuses_agree_with_another_reading(row: dict[str, str]) -> None:
    found, other = read(row), json.loads(row["independent_read"])
    if found.verdict is not None:
        assert found.verdict.reason and found.verdict.place and found.verdict.advice
        assert not other.get("flags"), "only a file without any status is refused"
        return
    names = {"message": "GrpSts", "batch": "PmtInfSts", "transaction": "TxSts"}
    statuses = Counter(f"{names[str(one['level'])]}:{one['status']}" for one in found["payment_status"])
    assert statuses == Counter(other["flags"])


@pytest.mark.parametrize(
    "row", rows("camt.052", "camt.053", "camt.054", "pain.001", "pain.002"), ids=lambda row: row["file"]
)
def test_the_format_is_told_by_the_content(row: dict[str, str]) -> None:
    with (SAMPLES / row["file"]).open("rb") as stream:
        told = sniff(stream.read(65536))
    broken = ("invalid_file2", "invalid_pain_v11.xml")
    assert told == row["format"] or row["file"].endswith(broken)
