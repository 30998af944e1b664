"""pain.001 payment files: version 001.03 as SAP's payment program writes it, 001.09 as the payment hub does.

`NbOfTxs` and `CtrlSum` stand at message and at payment information level, as banks demand.
"""

from __future__ import annotations

from decimal import Decimal

from simulation.group import ACCOUNT, BANK, ENTITY
from simulation.model import ZERO, Payment, PaymentBatch, PaymentMessage
from simulation.writers.xml import amount, document, element, text

_SERVICE_LEVEL = {"SEPA": "SEPA", "ACH": "NURG", "WIRE": "URGP"}


def pain001(message: PaymentMessage, control_sum_error: Decimal = ZERO) -> bytes:
    """A payment file; `control_sum_error` is added to the message's control sum to make a file that must be refused."""
    payments = message.payments
    entity = ENTITY[message.entity]
    header = element(
        "GrpHdr",
        text("MsgId", message.message_id),
        text("CreDtTm", message.created_at.isoformat(timespec="seconds")),
        text("NbOfTxs", len(payments)),
        text("CtrlSum", f"{sum((p.amount for p in payments), ZERO) + control_sum_error:f}"),
        element("InitgPty", text("Nm", entity.name)),
    )
    blocks = [_block(batch, message.version) for batch in message.batches]
    return document(f"pain.001.{message.version}", element("CstmrCdtTrfInitn", header, *blocks))


def _block(batch: PaymentBatch, version: str) -> str:
    account = ACCOUNT[batch.own_account]
    entity, bank = ENTITY[account.entity], BANK[account.bank]
    day = text("ReqdExctnDt", batch.execution_date)
    return element(
        "PmtInf",
        text("PmtInfId", batch.payment_information_id),
        text("PmtMtd", "TRF"),
        text("BtchBookg", "true" if batch.batch_booking else "false"),
        text("NbOfTxs", len(batch.payments)),
        text("CtrlSum", f"{sum((p.amount for p in batch.payments), ZERO):f}"),
        element("PmtTpInf", element("SvcLvl", text("Cd", _SERVICE_LEVEL.get(batch.scheme)))),
        day if version == "001.03" else element("ReqdExctnDt", text("Dt", batch.execution_date)),
        element("Dbtr", text("Nm", entity.name), element("PstlAdr", text("Ctry", entity.country))),
        element("DbtrAcct", _account_id(account.iban, account.number), text("Ccy", account.currency)),
        element("DbtrAgt", element("FinInstnId", text(_bic(version), bank.bic))),
        text("ChrgBr", "SLEV" if batch.scheme == "SEPA" else "SHAR"),
        *(_transaction(payment, version) for payment in batch.payments),
    )


def _bic(version: str) -> str:
    return "BIC" if version == "001.03" else "BICFI"


def _account_id(iban: str | None, number: str | None) -> str:
    return element("Id", text("IBAN", iban) if iban else element("Othr", text("Id", number)))


def _transaction(payment: Payment, version: str) -> str:
    party, account = payment.party, payment.account
    return element(
        "CdtTrfTxInf",
        element("PmtId", text("InstrId", payment.instruction_id), text("EndToEndId", payment.end_to_end_id)),
        element("Amt", amount("InstdAmt", payment.amount, payment.currency)),
        element(
            "CdtrAgt",
            element(
                "FinInstnId",
                text(_bic(version), account.bic),
                None if account.iban else element("ClrSysMmbId", text("MmbId", account.bank_code)),
            ),
        ),
        element(
            "Cdtr", text("Nm", party.name), element("PstlAdr", text("Ctry", party.country), text("AdrLine", party.city))
        ),
        element("CdtrAcct", _account_id(account.iban, account.number)),
        _remittance(payment, version),
    )


def _remittance(payment: Payment, version: str) -> str:
    """Free text in euro payments; the hub itemises the documents, with what is paid for each and the discount taken."""
    if payment.structured_reference:
        reference = element(
            "CdtrRefInf",
            element("Tp", element("CdOrPrtry", text("Cd", "SCOR"))),
            text("Ref", payment.structured_reference),
        )
        return element("RmtInf", element("Strd", reference))
    if version == "001.03":
        return element("RmtInf", text("Ustrd", payment.text))
    strands = []
    for settlement in payment.settlements:
        item = settlement.document
        memo = item.kind == "credit_memo"
        document_info = element(
            "RfrdDocInf",
            element("Tp", element("CdOrPrtry", text("Cd", "CREN" if memo else "CINV"))),
            text("Nb", item.reference),
            text("RltdDt", item.document_date),
        )
        if memo:
            amounts = element("RfrdDocAmt", amount("CdtNoteAmt", abs(settlement.amount), payment.currency))
        else:
            discount = settlement.discount
            amounts = element(
                "RfrdDocAmt",
                amount("DuePyblAmt", item.amount, payment.currency),
                element("DscntApldAmt", amount("Amt", discount, payment.currency)) if discount else None,
                amount("RmtdAmt", settlement.cash, payment.currency),
            )
        strands.append(element("Strd", document_info, amounts))
    return element("RmtInf", *strands)
