"""The packages `mt-940` and `bai2` as oracles: on written and on sample files they find the same movements.

Where they do not, the file is named with who is right and why. Neither package is part of the product.
"""

from __future__ import annotations

import logging
import warnings
from decimal import Decimal
from pathlib import Path

import pytest
from bank_file_writers import Account, Line, bai2, mt940
from iso20022_files import Reading, outcome, read

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
LINES = tuple(
    Line((-1) ** number * (number * 7919 % 900_000 + 1), f"REF{number}", f"Text {number}", number % 28)
    for number in range(200)
)
ACCOUNTS = (Account("1020304050", 1_000_000_00, LINES), Account("5040302010", 0, LINES[:3]))

NO_CURRENCY = "a fragment without any currency: tieout rejects the entry, the package counts in no currency"
REVERSED_CREDIT = "RC cancels a credit; the package adds it, and the statement's balances hold only without it"
DIFFERENT = {
    "wolph__mt940/empty_entry_date.sta": NO_CURRENCY,
    "wolph__mt940/statement_line.sta": NO_CURRENCY,
    "wolph__mt940/statement_details.sta": NO_CURRENCY,
    "wolph__mt940/sparkassen.sta": "the amount is broken by a line end: tieout rejects the entry",
    "wolph__mt940/multiline.sta": "an entry after the end of the statement, in no currency: tieout rejects it",
    "svenstaro__mt940-rs/sepa_mt9401.sta": REVERSED_CREDIT,
    "wolph__mt940/sepa_mt9401.sta": REVERSED_CREDIT,
    "betterplace__mt940_parser/sepa_mt9401.txt": REVERSED_CREDIT,
}


def mt940_package(data: str) -> list[Decimal] | None:
    """The signed amounts the package finds, None where it fails."""
    package = pytest.importorskip("mt940")
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transactions = package.parse(data).transactions
        return [one.data["amount"].amount for one in transactions if one.data.get("amount")]
    except (ValueError, RuntimeError):
        return None
    finally:
        logging.disable(logging.NOTSET)


def bai2_package(data: str) -> list[tuple[str, int]] | None:
    """The type codes and amounts in cents the package finds, None where it fails."""
    package = pytest.importorskip("bai2.bai2")
    exceptions = pytest.importorskip("bai2.exceptions")
    failures = (exceptions.ParsingException, exceptions.NotSupportedYetException, exceptions.IntegrityException)
    try:
        report = package.parse_from_string(data)
    except (ValueError, IndexError, KeyError, *failures):
        return None
    accounts = [account for group in report.children for account in group.children]
    return [(one.type_code.code, one.amount) for account in accounts for one in account.children]


def test_mt940_as_written() -> None:
    data = mt940(*ACCOUNTS)
    amounts = [row["signed_amount"] for row in read(data, "mt940")["bank_entry"]]
    assert amounts == mt940_package(data.decode()) == [line.amount for one in ACCOUNTS for line in one.lines]


def test_bai2_as_written() -> None:
    data = bai2(*ACCOUNTS)
    rows = read(data, "bai2")["bank_entry"]
    ours = [(row["native_code"], int(row["amount"] * 100)) for row in rows]
    assert ours == bai2_package(data.decode())
    assert len(ours) == 203


def sample_files(format: str) -> list[Path]:
    return sorted(path for path in (SAMPLES / format).rglob("*") if path.is_file() and path.suffix != ".yml")


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.exists(), reason=f"no sample files at {SAMPLES}")
@pytest.mark.parametrize("path", [*sample_files("mt940"), *sample_files("mt942")], ids=lambda path: path.name)
def test_mt940_of_others(path: Path) -> None:
    theirs = mt940_package(path.read_text(encoding="utf-8", errors="replace"))
    reading = outcome(path.read_bytes(), path.relative_to(SAMPLES).parts[0])
    if theirs is None or not isinstance(reading, Reading):
        return  # the package fails, or there is no statement; test_bank_file_samples says more
    ours = [row["signed_amount"] for row in reading["bank_entry"]]
    assert (ours == theirs) == ("/".join(path.parts[-2:]) not in DIFFERENT)


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.exists(), reason=f"no sample files at {SAMPLES}")
@pytest.mark.parametrize("path", sample_files("bai2"), ids=lambda path: path.name)
def test_bai2_of_others(path: Path) -> None:
    reading = outcome(path.read_bytes(), "bai2")
    theirs = bai2_package(path.read_text(encoding="utf-8"))
    if theirs is None or not isinstance(reading, Reading):
        return  # wrong totals: test_bank_file_samples says which of the two reads it
    assert [(row["native_code"], int(row["amount"] * 100)) for row in reading["bank_entry"]] == theirs
