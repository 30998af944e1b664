"""The natural keys of the world's objects, as the canonical tables build theirs."""

from __future__ import annotations

from simulation.group import ENTITY
from simulation.migration import NEW_COMPANY_CODE, NEW_SYSTEM
from simulation.model import BankLine, Document, Party, Payment

DYNAMICS_RECORD_BASE = 5637140000


def line_key(line: BankLine) -> str:
    """account id|bank reference."""
    return f"{line.account}|{line.bank_reference}"


def payment_key(payment: Payment) -> str:
    """message id|payment information id|transaction number."""
    batch = payment.batch
    if batch is None or batch.message is None:
        raise ValueError(f"payment {payment.end_to_end_id} is in no file")
    return f"{batch.message.message_id}|{batch.payment_information_id}|{payment.transaction_number}"


def open_item_key(document: Document) -> str:
    """system|company code|document|fiscal year|line; NetSuite has no year and no line, Dynamics no year.

    An item that moved to another ERP goes by its key there.
    """
    if document.moved_to is not None:
        return f"{NEW_SYSTEM}|{NEW_COMPANY_CODE}|{document.moved_to}|{document.fiscal_year}|001"
    return old_open_item_key(document)


def old_open_item_key(document: Document) -> str:
    """The key in the ERP in which a document was entered."""
    entity = ENTITY[document.entity]
    year, line = "", ""
    if entity.erp == "sap":
        year, line = document.fiscal_year, "001"
    elif entity.erp == "dynamics":
        line = str(DYNAMICS_RECORD_BASE + document.internal_id)
    return f"{entity.erp}|{entity.company_code}|{document.number}|{year}|{line}"


def party_key(party: Party) -> str:
    """system|role|source id."""
    return f"{ENTITY[party.entity].erp}|{party.role}|{party.source_id}"
