"""Models generated from the ISO 20022 schemas as oracle: what a file holds by its XSD is what the readers find.

The package `pyiso20022` has the models and `xsdata` fills them; neither is part of the product. A file that lacks what its
schema requires is nothing a model can hold: it is skipped here, and read in `tests/samples`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import schema_models
from iso20022_files import Reading, Style, balance, camt, entry, outcome, read, statement
from schema_models import Row
from test_pain import batch, initiation, payment, report

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
CODE = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
DETAIL = (
    "<TxDtls><Refs><PmtInfId>P1</PmtInfId><EndToEndId>{id}</EndToEndId></Refs>{own}<AmtDtls><InstdAmt><Amt Ccy='USD'>7.5</Amt>"
    "</InstdAmt><TxAmt><Amt Ccy='EUR'>{amount}</Amt></TxAmt></AmtDtls><RltdPties><Dbtr>{party}</Dbtr><DbtrAcct><Id><IBAN>"
    "DE89370400440532013000</IBAN></Id></DbtrAcct><CdtrAcct><Id>{number}</Id></CdtrAcct></RltdPties>"
    "<RmtInf><Ustrd>one</Ustrd><Ustrd> t&amp;o </Ustrd></RmtInf></TxDtls>"
)


def ours(
    rows: Sequence[Mapping[str, object]], like: Mapping[str, object], *keys: str
) -> dict[tuple[object, ...], list[Row]]:
    """The columns that the oracle has too, dates as text, under the number of what the rows belong to."""
    found = defaultdict(list)
    for row in rows:
        values = {name: row[name] for name in like if name in row}
        found[tuple(row[key] for key in keys)].append(
            {name: str(value) if name.endswith("_date") and value else value for name, value in values.items()}
        )
    return found


def assert_same_statements(reading: Reading, theirs: list[Row]) -> None:
    entries = [entry for one in theirs for entry in one["entries"]]
    details = [detail for entry in entries for detail in entry["details"]]
    found_entries = ours(reading["bank_entry"], entries[0] if entries else {}, "statement_number")
    found_details = ours(
        reading["bank_entry_detail"], details[0] if details else {}, "statement_number", "entry_number"
    )
    balances = defaultdict(list)
    for row in reading["bank_balance"]:
        balances[row["statement_number"]].append((row["code"], row["signed_amount"]))
    found = []
    for one in reading["bank_statement"]:
        number = one["statement_number"]
        inside = [
            values | {"details": found_details[number, row["entry_number"]]}
            for row, values in zip(
                [row for row in reading["bank_entry"] if row["statement_number"] == number],
                found_entries[(number,)],
                strict=True,
            )
        ]
        found.append(
            {"statement_id": one["statement_id"], "account_id": one["account_id"], "balances": balances[number],
             "entries": inside}
        )  # fmt: skip
    assert found == theirs


def assert_same_batches(reading: Reading, theirs: list[Row]) -> None:
    payments = ours(reading["payment_instruction"], theirs[0]["payments"][0], "payment_information_id")
    (groups,) = ours(reading["payment_batch"], theirs[0]).values()
    assert [one | {"payments": payments[(one["payment_information_id"],)]} for one in groups] == theirs


ROOTS = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"), "camt.053": ("BkToCstmrStmt", "Stmt"), "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}  # fmt: skip


@pytest.mark.parametrize("format", ROOTS)
@pytest.mark.parametrize("version", range(1, 15))
def test_a_statement_of_every_version(format: str, version: int) -> None:
    root, element = ROOTS[format]
    party = "<Pty><Nm>M\u00fcller</Nm></Pty>" if version >= 7 else "<Nm>M\u00fcller</Nm>"
    number = "<Othr><Id>4711</Id></Othr>" if version >= 2 else "<PrtryAcct><Id>4711</Id></PrtryAcct>"
    own = "<Amt Ccy='EUR'>2</Amt><CdtDbtInd>CRDT</CdtDbtInd>" if version >= 3 else ""
    details = [DETAIL.format(id=id, amount=amount, party=party, number=number, own=own)
               for id, amount in (("E1", "1.00001"), ("NOTPROVIDED", "2"))]  # fmt: skip
    inside = "".join(details) if version == 1 else f"<NtryDtls>{''.join(details)}</NtryDtls>"
    status = "<Cd>BOOK</Cd>" if version >= 7 else "BOOK"
    balances = (balance("OPBD", "5", "DBIT"), balance("CLBD", "99.5")) if element != "Ntfctn" else ()
    data = camt(
        statement(*balances,
                  entry("123456789012.34", details=CODE + inside, status=status),
                  entry("3", "DBIT", more="<RvslInd>true</RvslInd>", details=CODE, status=status,
                        dates="<BookgDt><DtTm>2026-03-31T23:30:00-05:00</DtTm></BookgDt>"), element=element),
        statement(*balances[:1], identifier="S2", account=number, element=element),
        version=f"{format}.001.{version:02}", root=f"{root}V01" if version == 1 else root,
    )  # fmt: skip
    if version == 1:  # which has neither of them
        data = data.replace(b"<CdOrPrtry>", b"").replace(b"</CdOrPrtry>", b"").replace(b"<PmtInfId>P1</PmtInfId>", b"")
    assert_same_statements(read(data, format), list(schema_models.statements(schema_models.message(data))))


def assert_same_statuses(reading: Reading, theirs: list[Row]) -> None:
    assert [{name: row[name] for name in theirs[0]} for row in reading["payment_status"]] == theirs


@pytest.mark.parametrize("version", ["03", "04", "05", "06", "07", "08", "09", "10", "11", "12"])
def test_a_payment_file_of_every_version(version: str) -> None:
    bank = "BIC" if version == "03" else "BICFI"
    free = "<RmtInf><Ustrd>for</Ustrd><Ustrd>goods</Ustrd></RmtInf>"
    equivalent = '<EqvtAmt><Amt Ccy="CHF">12.50</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>'
    day = "2026-04-02" if version < "08" else "<Dt>2026-04-02</Dt>"
    first = batch(payment(more=free), payment(2, id="NOTPROVIDED"), day=day)
    data = initiation(
        first, batch(payment(3, amount=equivalent), id="P2", day=day), sums="<NbOfTxs>3</NbOfTxs>", version=version
    ).replace(b"<BIC>COBADEFFXXX</BIC>", f"<{bank}>COBADEFFXXX</{bank}>".encode())
    assert_same_batches(read(data, "pain.001"), list(schema_models.batches(schema_models.message(data))))


@pytest.mark.parametrize("version", ["02", "03", "04", "05", "06", "07", "09", "10"])
def test_a_direct_debit_file_of_every_version(version: str) -> None:
    bank = "BIC" if version == "02" else "BICFI"
    payments = "".join(
        f"<DrctDbtTxInf><PmtId><InstrId>I{id}</InstrId><EndToEndId>{id}</EndToEndId></PmtId><InstdAmt Ccy='EUR'>{amount}</InstdAmt>"
        "<DrctDbtTx><MndtRltdInf><MndtId>MND-1</MndtId></MndtRltdInf></DrctDbtTx><DbtrAgt><FinInstnId>"
        f"<{bank}>COBADEFFXXX</{bank}></FinInstnId></DbtrAgt><Dbtr><Nm>Kunde</Nm></Dbtr><DbtrAcct><Id><IBAN>"
        "DE89370400440532013000</IBAN></Id></DbtrAcct><RmtInf><Ustrd>fee</Ustrd></RmtInf></DrctDbtTxInf>"
        for id, amount in (("E1", "7.00"), ("NOTPROVIDED", "0.01"))
    )
    data = Style(namespace=f"urn:iso:std:iso:20022:tech:xsd:pain.008.001.{version}").write(
        "<CstmrDrctDbtInitn><GrpHdr><MsgId>D1</MsgId><CreDtTm>2026-04-01T08:00:00</CreDtTm><NbOfTxs>2</NbOfTxs><InitgPty/></GrpHdr>"
        "<PmtInf><PmtInfId>P1</PmtInfId><PmtMtd>DD</PmtMtd><ReqdColltnDt>2026-04-05</ReqdColltnDt><Cdtr><Nm>Wir</Nm></Cdtr>"
        "<CdtrAcct><Id><Othr><Id>4711</Id></Othr></Id></CdtrAcct><CdtrAgt><FinInstnId/></CdtrAgt>"
        f"{payments}</PmtInf></CstmrDrctDbtInitn>"
    )
    assert_same_batches(read(data, "pain.008"), list(schema_models.batches(schema_models.message(data))))


@pytest.mark.parametrize("version", range(3, 15))
def test_a_status_report_of_every_version(version: int) -> None:
    why = "<StsRsnInf><Rsn><{kind}>{code}</{kind}></Rsn><AddtlInf>no such</AddtlInf><AddtlInf>account</AddtlInf></StsRsnInf>"
    original = "<OrgnlTxRef><Amt><InstdAmt Ccy='JPY'>20</InstdAmt></Amt></OrgnlTxRef>"
    refused = why.format(kind="Cd", code="AC01") + why.format(kind="Prtry", code="X9")
    parts = (
        "<OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId><OrgnlNbOfTxs>2</OrgnlNbOfTxs><OrgnlCtrlSum>30.5</OrgnlCtrlSum>"
        "<PmtInfSts>PART</PmtInfSts><TxInfAndSts><OrgnlInstrId>I2</OrgnlInstrId><OrgnlEndToEndId>E2</OrgnlEndToEndId>"
        f"<TxSts>RJCT</TxSts>{refused}{original}</TxInfAndSts><TxInfAndSts><OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId>"
        "<TxSts>ACSP</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>P2</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts>{why.format(kind='Cd', code='DU01')}"
        "</OrgnlPmtInfAndSts>"
    )
    data = report(parts, group="<GrpSts>PART</GrpSts>").replace(b"pain.002.001.10", b"pain.002.001.%02d" % version)
    assert_same_statuses(read(data, "pain.002"), list(schema_models.statuses(schema_models.message(data))))


def sample_files(*formats: str) -> list[Path]:
    found = (path for format in formats for path in (SAMPLES / format).rglob("*.xml"))
    return sorted(found)


def by_its_schema(data: bytes) -> object:
    try:
        root = schema_models.message(data)
    except TypeError as lacking:
        pytest.skip(f"not valid by its schema: {lacking}")
    return root if root is not None else pytest.skip("no schema of the package is for it")


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.exists(), reason=f"no sample files at {SAMPLES}")
@pytest.mark.parametrize("path", sample_files("camt.052", "camt.053", "camt.054"), ids=lambda path: path.name)
def test_statements_of_others(path: Path) -> None:
    data = path.read_bytes()
    reading = outcome(data, path.relative_to(SAMPLES).parts[0])
    if not isinstance(reading, Reading):
        pytest.skip("refused; test_iso20022_samples says why")
    assert_same_statements(reading, list(schema_models.statements(by_its_schema(data))))


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.exists(), reason=f"no sample files at {SAMPLES}")
@pytest.mark.parametrize("path", sample_files("pain.001"), ids=lambda path: path.name)
def test_payments_of_others(path: Path) -> None:
    data = path.read_bytes()
    reading = outcome(data, "pain.001")
    if not isinstance(reading, Reading):
        pytest.skip("refused; test_iso20022_samples says why")
    assert_same_batches(reading, list(schema_models.batches(by_its_schema(data))))


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.exists(), reason=f"no sample files at {SAMPLES}")
@pytest.mark.parametrize("path", sample_files("pain.002"), ids=lambda path: path.name)
def test_statuses_of_others(path: Path) -> None:
    data = path.read_bytes()
    reading = outcome(data, "pain.002")
    if not isinstance(reading, Reading):
        pytest.skip("refused; test_iso20022_samples says why")
    assert_same_statuses(reading, list(schema_models.statuses(by_its_schema(data))))
