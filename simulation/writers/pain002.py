"""pain.002 status reports: a group status when the file was received, batch statuses when checked, rejects by name."""

from __future__ import annotations

from simulation.group import BANK
from simulation.model import ZERO, StatusReport
from simulation.writers.xml import amount, document, element, text


def pain002(report: StatusReport) -> bytes:
    """A status report in the bank's version of the message."""
    message, bank = report.message, BANK[report.message.bank]
    version = bank.pain002_version
    header = element(
        "GrpHdr",
        text("MsgId", report.report_id),
        text("CreDtTm", report.created_at.isoformat(timespec="seconds")),
        element("DbtrAgt", element("FinInstnId", text("BIC" if version == "001.03" else "BICFI", bank.bic))),
    )
    total = sum((p.amount for p in message.payments), ZERO)
    original = element(
        "OrgnlGrpInfAndSts",
        text("OrgnlMsgId", message.message_id),
        text("OrgnlMsgNmId", f"pain.001.{message.version}"),
        text("OrgnlNbOfTxs", len(message.payments)),
        text("OrgnlCtrlSum", f"{total:f}"),
        text("GrpSts", report.group_status),
    )
    named = {id(batch): status for batch, status in report.batch_statuses}
    batches = []
    for batch in message.batches:
        rows = [
            element(
                "TxInfAndSts",
                text("StsId", f"{report.report_id}-{payment.transaction_number}"),
                text("OrgnlInstrId", payment.instruction_id),
                text("OrgnlEndToEndId", payment.end_to_end_id),
                text("TxSts", status),
                element("StsRsnInf", element("Rsn", text("Cd", reason))),
                element("OrgnlTxRef", element("Amt", amount("InstdAmt", payment.amount, payment.currency))),
            )
            for payment, status, reason in report.transactions
            if payment.batch is batch
        ]
        if id(batch) in named or rows:
            batches.append(
                element(
                    "OrgnlPmtInfAndSts",
                    text("OrgnlPmtInfId", batch.payment_information_id),
                    text("PmtInfSts", named.get(id(batch))),
                    *rows,
                )
            )
    return document(f"pain.002.{version}", element("CstmrPmtStsRpt", header, original, *batches))
