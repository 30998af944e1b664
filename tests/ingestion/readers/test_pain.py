"""Payment initiations and status reports (format-traps 18 and 19)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from iso20022_files import Style, outcome, read

from ingestion.reading import FileRejected

PAYMENT = """
  <CdtTrfTxInf><PmtId><InstrId>I{n}</InstrId><EndToEndId>{id}</EndToEndId></PmtId>
    <Amt>{amount}</Amt><CdtrAgt><FinInstnId><BIC>COBADEFFXXX</BIC></FinInstnId></CdtrAgt>
    <Cdtr><Nm>Lieferant {n}</Nm><PstlAdr><Ctry>DE</Ctry></PstlAdr></Cdtr>
    <CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>{more}</CdtTrfTxInf>"""


def payment(n: int = 1, amount: str = '<InstdAmt Ccy="EUR">10.00</InstdAmt>', id: str = "", more: str = "") -> str:
    return PAYMENT.format(n=n, amount=amount, id=id or f"E{n}", more=more)


def batch(*payments: str, id: str = "P1", sums: str = "", day: str = "2026-04-02") -> str:
    return f"""
 <PmtInf><PmtInfId>{id}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg>{sums}
  <PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf><ReqdExctnDt>{day}</ReqdExctnDt><Dbtr><Nm>Wir AG</Nm></Dbtr>
  <DbtrAcct><Id><IBAN>CH9300762011623852957</IBAN></Id><Ccy>EUR</Ccy></DbtrAcct>
  <DbtrAgt><FinInstnId><BICFI>UBSWCHZH</BICFI></FinInstnId></DbtrAgt>{"".join(payments)}
 </PmtInf>"""


def initiation(
    *batches: str, sums: str = "<NbOfTxs>1</NbOfTxs>", version: str = "03", id: str = "<MsgId>M1</MsgId>"
) -> bytes:
    header = f"<GrpHdr>{id}<CreDtTm>2026-04-01T08:00:00</CreDtTm>{sums}<InitgPty><Nm>Wir AG</Nm></InitgPty></GrpHdr>"
    body = f"<CstmrCdtTrfInitn>{header}{''.join(batches)}</CstmrCdtTrfInitn>"
    return Style(namespace=f"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}").write(body)


def test_a_credit_transfer_with_all_its_parts() -> None:
    document = (
        "<RmtInf><Ustrd>for</Ustrd><Ustrd>goods</Ustrd><Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp>"
        "<Nb>INV-7</Nb><RltdDt>2026-03-01</RltdDt></RfrdDocInf><RfrdDocAmt><DuePyblAmt Ccy='EUR'>10.20</DuePyblAmt>"
        "<DscntApldAmt Ccy='EUR'>0.20</DscntApldAmt><RmtdAmt Ccy='EUR'>10.00</RmtdAmt></RfrdDocAmt>"
        "<CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>"
    )
    sums = "<NbOfTxs>2</NbOfTxs><CtrlSum>30.0</CtrlSum>"
    second = payment(2, '<InstdAmt Ccy="EUR">20</InstdAmt>', "NOTPROVIDED")
    reading = read(initiation(batch(payment(more=document), second, sums=sums), sums=sums), "pain.001")
    (message,) = reading["payment_message"]
    assert (message["identity"], message["direction"]) == ("pain.001|M1", "credit_transfer")
    assert (message["declared_sum"], message["computed_sum"], message["computed_count"]) == (
        Decimal(30),
        Decimal(30),
        2,
    )
    (group,) = reading["payment_batch"]
    assert (group["payment_information_id"], group["batch_booking"], group["service_level"]) == ("P1", True, "SEPA")
    assert (group["requested_execution_date"], group["debtor_agent"]) == (date(2026, 4, 2), "UBSWCHZH")
    first, other = reading["payment_instruction"]
    assert (first["amount"], first["currency"], first["own_account"]) == (Decimal(10), "EUR", "CH9300762011623852957")
    assert (first["counterparty_name"], first["counterparty_country"]) == ("Lieferant 1", "DE")
    assert (first["structured_reference_type"], first["remittance_unstructured"]) == ("SCOR", "for\ngoods")
    assert (other["end_to_end_id"], other["transaction_number"]) == (None, 2)
    (paid,) = reading["payment_remittance"]
    assert (paid["document_type"], paid["document_number"], paid["document_date"]) == (
        "CINV",
        "INV-7",
        date(2026, 3, 1),
    )
    assert (paid["due_amount"], paid["discount_amount"], paid["remitted_amount"]) == (
        Decimal("10.2"), Decimal("0.2"), Decimal(10),
    )  # fmt: skip
    assert reading.facts is not None and reading.facts.identity == "M1"
    assert all(total.agrees for total in reading.facts.control_totals) and len(reading.facts.control_totals) == 4


def test_an_equivalent_amount_counts_into_the_control_sum() -> None:
    amount = '<EqvtAmt><Amt Ccy="CHF">12.50</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>'
    reading = read(
        initiation(batch(payment(amount=amount)), sums="<NbOfTxs>1</NbOfTxs><CtrlSum>12.5</CtrlSum>"), "pain.001"
    )
    (row,) = reading["payment_instruction"]
    assert (row["equivalent_amount"], row["equivalent_currency"], row["amount"]) == (
        Decimal("12.5"),
        "CHF",
        Decimal("12.5"),
    )


def test_a_bank_that_is_not_provided_is_none() -> None:
    """As EPC rules have it where the IBAN says enough."""
    nobody = b"<FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>"
    data = initiation(batch(payment())).replace(b"<FinInstnId><BIC>COBADEFFXXX</BIC></FinInstnId>", nobody)
    assert read(data, "pain.001")["payment_instruction"][0]["counterparty_agent"] is None


@pytest.mark.parametrize("version", ["08", "09", "12"])
def test_the_execution_date_is_a_choice_from_version_eight_on(version: str) -> None:
    data = initiation(batch(payment(), day="<Dt>2026-04-03</Dt>"), version=version)
    assert read(data, "pain.001")["payment_instruction"][0]["requested_execution_date"] == date(2026, 4, 3)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (initiation(batch(payment()), sums="<NbOfTxs>2</NbOfTxs>"), "NbOfTxs of GrpHdr"),
        (initiation(batch(payment()), sums="<NbOfTxs>one</NbOfTxs>"), "NbOfTxs of GrpHdr"),
        (initiation(batch(payment()), sums="<NbOfTxs>1</NbOfTxs><CtrlSum>9.99</CtrlSum>"), "CtrlSum of GrpHdr"),
        (initiation(batch(payment()), sums="<NbOfTxs>1</NbOfTxs><CtrlSum>NaN</CtrlSum>"), "CtrlSum of GrpHdr"),
        (initiation(batch(payment(), sums="<CtrlSum>10.01</CtrlSum>")), "CtrlSum of PmtInf P1"),
        (initiation(batch(payment(), sums="<NbOfTxs>3</NbOfTxs>")), "NbOfTxs of PmtInf P1"),
        (initiation(batch(payment(amount='<InstdAmt Ccy="EUR">ten</InstdAmt>'))), "payment 1 (E1), Amt/InstdAmt"),
        (initiation(batch(payment(amount="<InstdAmt>10</InstdAmt>"))), "payment 1 (E1), Amt/InstdAmt/@Ccy"),
        (initiation(batch(payment(amount=""))), "payment 1 (E1), Amt/InstdAmt"),
        (initiation(batch(payment(), day="soon")), "PmtInf P1, ReqdExctnDt"),
        (initiation(batch(payment()), id=""), "GrpHdr/MsgId"),
    ],
)
def test_a_payment_file_is_good_as_a_whole_or_not_at_all(data: bytes, place: str) -> None:
    with pytest.raises(FileRejected) as verdict:
        read(data, "pain.001")
    assert verdict.value.place.startswith(f"{place}, line ")
    assert verdict.value.found and verdict.value.expected and verdict.value.advice


def test_several_batches_add_up() -> None:
    sums = "<NbOfTxs>3</NbOfTxs><CtrlSum>30</CtrlSum>"
    reading = read(initiation(batch(payment(1), payment(2)), batch(payment(3), id="P2"), sums=sums), "pain.001")
    assert [(row["computed_count"], row["computed_sum"]) for row in reading["payment_batch"]] == [
        (2, Decimal(20)),
        (1, Decimal(10)),
    ]
    assert [row["payment_information_id"] for row in reading["payment_instruction"]] == ["P1", "P1", "P2"]


def test_a_direct_debit_is_seen_from_the_creditor() -> None:
    body = """<CstmrDrctDbtInitn><GrpHdr><MsgId>D1</MsgId><NbOfTxs>1</NbOfTxs></GrpHdr>
      <PmtInf><PmtInfId>P1</PmtInfId><PmtMtd>DD</PmtMtd><ReqdColltnDt>2026-04-05</ReqdColltnDt><Cdtr><Nm>Wir</Nm></Cdtr>
      <CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct><DrctDbtTxInf>
      <PmtId><EndToEndId>E1</EndToEndId></PmtId><InstdAmt Ccy="EUR">7.00</InstdAmt><DrctDbtTx><MndtRltdInf>
      <MndtId>MND-1</MndtId></MndtRltdInf></DrctDbtTx><Dbtr><Nm>Kunde</Nm></Dbtr></DrctDbtTxInf></PmtInf></CstmrDrctDbtInitn>"""
    reading = read(Style(namespace="urn:iso:std:iso:20022:tech:xsd:pain.008.001.02").write(body), "pain.008")
    (row,) = reading["payment_instruction"]
    assert (row["counterparty_name"], row["mandate_id"], row["amount"]) == ("Kunde", "MND-1", Decimal(7))
    assert (row["own_account"], row["requested_execution_date"]) == ("DE89370400440532013000", date(2026, 4, 5))
    assert reading["payment_message"][0]["direction"] == "direct_debit"


GROUP = """<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.03</OrgnlMsgNmId>
  <OrgnlNbOfTxs>2</OrgnlNbOfTxs><OrgnlCtrlSum>30.00</OrgnlCtrlSum>{}</OrgnlGrpInfAndSts>"""


def report(*parts: str, group: str = "") -> bytes:
    header = "<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-04-01T09:00:00Z</CreDtTm></GrpHdr>"
    body = f"<CstmrPmtStsRpt>{header}{GROUP.format(group)}{''.join(parts)}</CstmrPmtStsRpt>"
    return Style(namespace="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10").write(body)


def test_an_acceptance_of_the_whole_message_names_no_payment() -> None:
    (row,) = read(report(group="<GrpSts>ACSC</GrpSts>"), "pain.002")["payment_status"]
    assert (row["level"], row["status"], row["original_message_id"]) == ("message", "ACSC", "M1")
    assert (row["report_id"], row["original_count"], row["original_sum"]) == ("R1", 2, Decimal(30))
    assert row["reported_at"] == "2026-04-01T09:00:00Z"


def test_part_lists_the_exceptions() -> None:
    parts = """<OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId><PmtInfSts>PART</PmtInfSts><TxInfAndSts>
      <OrgnlInstrId>I2</OrgnlInstrId><OrgnlEndToEndId>E2</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC01</Cd>
      </Rsn><AddtlInf>no such</AddtlInf><AddtlInf>account</AddtlInf></StsRsnInf><OrgnlTxRef><Amt>
      <InstdAmt Ccy="EUR">20.00</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts></OrgnlPmtInfAndSts>"""
    rows = {row["level"]: row for row in read(report(parts), "pain.002")["payment_status"]}
    assert set(rows) == {"batch", "transaction"}, "the message itself has no status, and none is made up"
    refused = rows["transaction"]
    assert (refused["status"], refused["reason_code"], refused["reason_text"]) == ("RJCT", "AC01", "no such\naccount")
    assert (refused["original_end_to_end_id"], refused["original_payment_information_id"]) == ("E2", "P1")
    assert (refused["original_amount"], refused["original_currency"]) == (Decimal(20), "EUR")
    assert (rows["batch"]["status"], rows["batch"]["original_payment_information_id"]) == ("PART", "P1")


def test_verification_of_payee_codes_are_kept() -> None:
    parts = """<OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId>
      <TxSts>RVNM</TxSts></TxInfAndSts><TxInfAndSts><OrgnlEndToEndId>E2</OrgnlEndToEndId></TxInfAndSts></OrgnlPmtInfAndSts>"""
    reading = read(report(parts), "pain.002")
    assert [row["status"] for row in reading["payment_status"]] == ["RVNM"]
    (reject,) = reading.rejects
    assert (reject.field, reject.place.split(",")[0]) == ("TxSts", "transaction E2")


def test_a_report_without_any_status_is_refused() -> None:
    with pytest.raises(FileRejected, match="no status"):
        read(report(), "pain.002")


@pytest.mark.parametrize("format", ["pain.001", "pain.002", "pain.008"])
def test_a_file_of_another_message_is_refused(format: str) -> None:
    data = report(group="<GrpSts>ACSC</GrpSts>") if format != "pain.002" else initiation(batch(payment()))
    found = outcome(data, format)
    assert isinstance(found, FileRejected) and format in found.reason


def test_a_payment_file_cut_off_anywhere_is_refused() -> None:
    data = initiation(batch(payment(1), payment(2)), sums="<NbOfTxs>2</NbOfTxs>")
    for end in range(0, len(data) - 1, 11):
        assert isinstance(outcome(data[:end], "pain.001"), FileRejected), end
