"""NetSuite as SuiteQL answers over REST: lower-case columns, texts for values, null columns left out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from simulation.extracts import ItemState
from simulation.group import ENTITY
from simulation.model import Document, Party

_TYPES = {
    ("payable", "invoice"): "VendBill",
    ("payable", "credit_memo"): "VendCred",
    ("payable", "payment"): "VendPymt",
    ("receivable", "invoice"): "CustInvc",
    ("receivable", "credit_memo"): "CustCred",
    ("receivable", "payment"): "CustPymt",
}


def answer(items: list[dict[str, object]]) -> bytes:
    """A page of a SuiteQL result; NetSuite leaves out columns that are null."""
    shown = [{"links": [], **{name: value for name, value in item.items() if value is not None}} for item in items]
    page = {"links": [], "count": len(shown), "hasMore": False, "items": shown, "offset": 0, "totalResults": len(shown)}
    return (json.dumps(page, indent=1) + "\n").encode()


def transactions(states: Iterable[ItemState]) -> bytes:
    """Bills, credits, invoices and payments by their main line."""
    return answer([_transaction(state) for state in states])


def _status(state: ItemState) -> str:
    document = state.document
    if document.kind == "payment":
        return "C" if document.ledger == "receivable" else "A"
    if state.is_cleared:
        return "B"
    return "D" if document.ledger == "payable" and document.kind == "invoice" and not state.is_approved else "A"


def _transaction(state: ItemState) -> dict[str, object]:
    document = state.document
    # the main line of a bill, a credit memo to a customer and a customer's payment is a credit
    payable_credit = (document.ledger == "payable") == (document.kind == "invoice")
    signed = -document.amount if payable_credit else document.amount
    is_item = document.kind != "payment"
    return {
        "id": str(document.internal_id),
        "transactionnumber": document.number,
        "tranid": document.reference or document.number,
        "type": _TYPES[document.ledger, document.kind],
        "subsidiary": ENTITY[document.entity].company_code,
        "entity": document.party.source_id,
        "status": _status(state),
        "foreigntotal": f"{signed:f}",
        "foreignamountunpaid": f"{state.open_amount:f}" if is_item else None,
        "currencysymbol": document.currency,
        "trandate": document.document_date.isoformat(),
        "postingdate": document.posting_date.isoformat(),
        "duedate": document.due_date.isoformat() if is_item else None,
        "terms": document.terms if is_item else None,
        "discountamount": f"{document.discount_amount:f}" if document.discount_date else None,
        "discountdate": document.discount_date.isoformat() if document.discount_date else None,
        "memo": document.text,
        "appliedto": document.applies_to.number if document.applies_to else None,
        "purchaseorder": document.purchase_order,
        "paymentmethod": "Direct Debit" if document.party.direct_debit else None,
        "paymenthold": "F" if document.ledger == "payable" and is_item else None,
        **_approval(document, state),
        "payingtransaction": state.clearing_document,
        "closedate": state.clearing_date.isoformat() if state.clearing_date else None,
        "createddate": document.created_at.isoformat(sep=" ", timespec="seconds"),
        "createdby": document.created_by,
    }


def _approval(document: Document, state: ItemState) -> dict[str, object]:
    if document.ledger != "payable" or document.kind == "payment":
        return {}
    approved = document.approved_at if state.is_approved else None
    return {
        "approvalstatus": "2" if state.is_approved else "1",
        "approveddate": approved.isoformat(sep=" ", timespec="seconds") if approved else None,
        "approvedby": document.approved_by if approved else None,
    }


def parties(group: Iterable[Party]) -> bytes:
    """Vendor or customer records."""
    return answer(
        [
            {
                "id": p.source_id,
                "entityid": f"{p.role[:4].upper()}{p.source_id}",
                "companyname": p.name,
                "addr1": p.street,
                "zip": p.postal_code,
                "city": p.city,
                "country": p.country,
                "taxidnum": p.vat_id,
                "email": p.email,
                "currencysymbol": p.currency,
                "terms": p.terms,
                "subsidiary": ENTITY[p.entity].company_code,
                "isinactive": "F",
            }
            for p in group
        ]
    )


def vendor_banks(group: Iterable[Party], day: date) -> bytes:
    """Bank details of vendors as Electronic Bank Payments keeps them."""
    rows = []
    for party in group:
        account = party.account_on(day)
        changed = account.known_from or date(2024, 2, 12)
        rows.append(
            {
                "id": f"9{party.source_id}",
                "custrecord_2663_parent_vendor": party.source_id,
                "custrecord_2663_entity_iban": account.iban,
                "custrecord_2663_entity_acct_no": account.number,
                "custrecord_2663_entity_bank_no": account.bank_code,
                "custrecord_2663_entity_bic": account.bic,
                "custrecord_2663_entity_acct_name": party.name,
                "currencysymbol": account.currency,
                "lastmodified": f"{changed.isoformat()} 14:05:00",
                "lastmodifiedby": account.changed_by,
            }
        )
    return answer([dict(row) for row in rows])
