"""MT940, MT942, BAI2, OFX and NACHA files of other projects: each is read or refused with a reason, and agrees with a
separate reading of it.

`independent_read` of the manifest counts statements and entries, and checks the balance equation of MT940 and the control
totals of BAI2 and NACHA. Where the two readings differ, the file is named here with who is right and why.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from sample_files import Sample, assert_can_be_acted_on, needs_samples, read, samples

from ingestion.readers import sniff

pytestmark = needs_samples

FRAGMENT = "a fragment of one field without any currency: the entry is rejected, an amount without currency is none"
TEST_RESULT = "no bank file: the expected result of the file beside it, in YAML"

# MT940 and MT942: the parts that differ, and why tieout is right.
EXPLAINED: dict[str, tuple[set[str], str]] = {
    "mt940/wolph__mt940/empty_entry_date.sta": ({"entries"}, FRAGMENT),
    "mt940/wolph__mt940/statement_line.sta": ({"entries"}, FRAGMENT),
    "mt940/wolph__mt940/statement_details.sta": ({"entries"}, FRAGMENT),
    "mt940/wolph__mt940/sparkassen.sta": (
        {"entries"},
        "the entry is broken by line ends inside its amount: rejected, the other counts the tag",
    ),
    "mt940/railslove__cmxl/mt940-headers.txt": (
        {"entries", "verdicts", "balances"},
        "the value date 362268 is none and the closing balance is `INR11 27421,94`: both rejected, the other takes 11",
    ),
    "mt940/prowide__prowide-core/sample_JPchar.txt": (
        {"entries"},
        "the value date 345454 is in no calendar: rejected, the other counts the tag",
    ),
    "mt940/mjebrahimi__SharpMt940Lib.Core/StandardBank_few_transactions_GB.txt": (
        {"balances"},
        "the bank writes a decimal point; the other reading drops it and finds a hundred times as much",
    ),
    "mt940/mjebrahimi__SharpMt940Lib.Core/StandardBank_transactions_GB.txt": (
        {"balances"},
        "the bank writes a decimal point; the other reading drops it and finds a hundred times as much",
    ),
    "mt940/wolph__mt940/mt940.txt": (
        {"verdicts"},
        "four blanks for the entry date: the other reading cannot read the entries, and so finds the balance off",
    ),
    "mt940/wolph__mt940/mt940_with_spaces_for_entry_date.txt": (
        {"verdicts"},
        "four blanks for the entry date: the other reading cannot read the entries, and so finds two balances off",
    ),
    "mt940/wolph__mt940/multiline.sta": (
        {"statements", "entries", "verdicts"},
        "after the closing balance and the trailer `-` a lone :61: follows: not an entry of the statement before it, "
        "whose balance holds without it, but of another that does not say its currency",
    ),
    "mt942/andrew-svirin__mt942-php/transactions.mt942": (
        {"entries"},
        "the entry date 1612 is no month and day: rejected, the other does not look at it",
    ),
}
# Rejected beside what the other reading counts alike: the balance or text is not loaded, and why.
PARTLY = {
    "mt940/wolph__mt940/amount_formats.sta": "six opening balances in one statement: the first one counts",
    "mt940/wolph__mt940/gv_codes.sta": "the closing balance is missing",
    "mt940/railslove__cmxl/mt940-with-colon-after-line-break.txt": "the closing balance is missing",
    "mt940/railslove__cmxl/mt940-iso8859-1.txt": "the closing balance is of 31 November",
    "mt940/railslove__cmxl/mt940-deutsche_bank.txt": "a closing balance is of 31 November",
    "mt940/railslove__cmxl/mt940.txt": "a closing balance is of 31 November",
    "mt940/svenstaro__mt940-rs/sepa_snippet_broken.sta": "a text stands under the tag :25: among the entries",
    "mt940/betterplace__mt940_parser/sepa_snippet_broken.txt": "a text stands under the tag :25: among the entries",
    "mt940/svenstaro__mt940-rs/raphaelm.sta": "three closing balances have no currency",
    "mt940/wolph__mt940/transaction_details.yml": TEST_RESULT + ", which holds lines that look like entries",
}
# BAI2: refused although record 49, all that the other reading proves, is right.
REFUSED_BAI2 = {
    "bai2/ministryofjustice__bai2/test_parsers.py.5ba66aca80.bai2__inline_test_string_": "number of groups",
    "bai2/ministryofjustice__bai2/test_parsers.py.d1d336187b.bai2__inline_test_string_": "control total",
    "bai2/ministryofjustice__bai2/test_parsers.py.c95dfecf77.bai2__inline_test_string_": "control total",
    "bai2/ministryofjustice__bai2/test_parsers.py.1e9c9dd20f.bai2__inline_test_string_": "number of records",
    "bai2/moov-io__bai2/sample-parseError.txt": "begin with a BAI2 file header",
}
# BAI2: read although the other reading finds record 49 wrong.
READ_BAI2 = {
    "bai2/ministryofjustice__bai2/svb_us_example.bai2": (
        "the summaries go on in record 88 after an amount: the other reading loses them and finds the sum off"
    ),
}
NO_CURRENCY = "CURDEF is empty: without a currency no amount is certain"
# OFX: the entries or statements that are not loaded, and why.
OFX_EXPLAINED: dict[str, tuple[int, int, str]] = {  # statements, entries
    "ofx/asgrim__ofxparser/ofxdata-banking-xml200.ofx": (1, 0, "the entry has no TRNAMT"),
    "ofx/jseutter__ofxparse/decimal_error.ofx": (1, 0, "the amount is $120, the date the 0th of month 0"),
    "ofx/jseutter__ofxparse/date_missing.ofx": (1, 0, "no date, an empty date, and 31 February"),
}
OFX_REFUSED = {
    "ofx/jseutter__ofxparse/ofx-v102-empty-tags.ofx": NO_CURRENCY,
    "ofx/jseutter__ofxparse/investment_medium.ofx": "an investment statement; the other counts its cash movements",
    "ofx/asgrim__ofxparser/ofxdata-investments-xml.ofx": "an investment statement; the other counts its cash movement",
}
NACHA_REFUSED = {
    "nacha/moov-io__ach/adv-noFileControl.ach": "no control record",
    "nacha/moov-io__ach/adv-invalidBatchEntries.ach": "addenda",
    "nacha/moov-io__ach/issue1620.ach": "number of batches",  # the control record says two, the file holds one
}


def amount(text: object) -> Decimal | None:
    return Decimal(str(text)) if text not in (None, "None", "") else None


@pytest.mark.parametrize("sample", samples("mt940", "mt942"), ids=lambda sample: sample.file)
def test_swift_statements_agree_with_another_reading(sample: Sample) -> None:
    found, other = read(sample), sample.other
    assert_can_be_acted_on(found)
    if other is None:
        assert found.verdict is not None or sample.file in PARTLY, TEST_RESULT
        return
    if found.verdict is not None:
        assert other["stmts"] == 0, "only a file without any statement is refused"
        return
    statements, flags = found["bank_statement"], other["flags"]
    verdicts = Counter(one["balance_check"] for one in statements)
    differences = {
        "statements": len(statements) != other["stmts"],
        "entries": len(found["bank_entry"]) != other["entries"],
        "verdicts": (verdicts["ok"], verdicts["off"]) != (flags.get("balchk:ok", 0), flags.get("balchk:off", 0)),
        "balances": any(
            (one["opening_balance"], one["closing_balance"]) != (amount(theirs[0]), amount(theirs[1]))
            for one, theirs in zip(statements, other["st"], strict=False)
        ),
    }
    expected, _ = EXPLAINED.get(sample.file, (set(), ""))
    assert {name for name, differs in differences.items() if differs} == expected
    if found.rejects:
        assert sample.file in PARTLY or "entries" in expected
    assert len(found["bank_entry"]) == sum(int(str(one["entry_count"])) for one in statements)


@pytest.mark.parametrize("sample", samples("bai2"), ids=lambda sample: sample.file)
def test_bai2_reports_agree_with_another_reading_and_wrong_totals_are_refused(sample: Sample) -> None:
    found, other = read(sample), sample.other
    assert_can_be_acted_on(found)
    assert other is not None
    flags = other["flags"]
    wrong = any(flags.get(name) for name in ("49sum:off", "49cnt:off")) and sample.file not in READ_BAI2
    if found.verdict is not None:
        assert wrong or REFUSED_BAI2[sample.file] in found.verdict.reason
        assert found.verdict.place and found.verdict.found
        return
    assert not wrong and sample.file not in REFUSED_BAI2
    assert (len(found["bank_statement"]), len(found["bank_entry"])) == (other["stmts"], other["entries"])
    assert found.facts is not None and all(one.agrees for one in found.facts.control_totals)
    assert not found.rejects


@pytest.mark.parametrize("sample", samples("ofx"), ids=lambda sample: sample.file)
def test_ofx_statements_agree_with_another_reading(sample: Sample) -> None:
    found, other = read(sample), sample.other
    assert_can_be_acted_on(found)
    assert other is not None
    if found.verdict is not None:
        assert sample.file in OFX_REFUSED or (other["stmts"], other["entries"]) == (0, 0)
        return
    statements, entries, _ = OFX_EXPLAINED.get(sample.file, (other["stmts"], other["entries"], ""))
    assert (len(found["bank_statement"]), len(found["bank_entry"])) == (statements, entries)
    assert len(found["bank_entry"]) + sum("entry" in one.place for one in found.rejects) == other["entries"]
    assert all(one["balance_check"] == "none" for one in found["bank_statement"]), "OFX has no opening balance"


@pytest.mark.parametrize("sample", samples("nacha"), ids=lambda sample: sample.file)
def test_ach_files_agree_with_another_reading_and_wrong_totals_are_refused(sample: Sample) -> None:
    found, other = read(sample), sample.other
    assert_can_be_acted_on(found)
    assert other is not None
    if found.verdict is not None:
        assert NACHA_REFUSED[sample.file] in found.verdict.reason
        return
    assert sample.file not in NACHA_REFUSED
    advices = len(found.rejects) if "sec:ADV" in other["flags"] else 0
    assert len(found.rejects) == advices, "accounting advices are no payments; nothing else is rejected"
    assert len(found["payment_instruction"]) + len(found["payment_status"]) + advices == other["entries"]
    assert found.facts is not None and all(one.agrees for one in found.facts.control_totals)
    if "ctl:off" in other["flags"]:
        assert advices, "the other reading looks for the totals of advices where those of payments stand"


@pytest.mark.parametrize("sample", samples("mt942", "bai2", "ofx", "nacha"), ids=lambda sample: sample.file)
def test_the_format_is_told_by_the_content(sample: Sample) -> None:
    with sample.path.open("rb") as stream:
        told = sniff(stream.read(65536))
    assert told == sample.format or sample.file.endswith("sample-parseError.txt")


@pytest.mark.parametrize("sample", samples("mt940"), ids=lambda sample: sample.file)
def test_mt940_is_told_by_its_tags(sample: Sample) -> None:
    if sample.other is None or not sample.other["stmts"]:
        return
    with sample.path.open("rb") as stream:
        assert sniff(stream.read(65536)) in ("mt940", "mt942")
