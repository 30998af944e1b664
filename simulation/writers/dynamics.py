"""Dynamics 365 Finance as OData V4 answers: VendTrans, CustTrans, vendors, their bank accounts, customers.

AmountCur is signed as the sub-ledger is: a vendor invoice is negative, its payment positive. A date that is not set is
1900-01-01. Numbers are JSON numbers, as the service writes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulation.extracts import ItemState
from simulation.group import ENTITY
from simulation.keys import DYNAMICS_RECORD_BASE
from simulation.model import ZERO, Document, Party

_ROOT = "https://nordwerk.operations.dynamics.example/data/$metadata"
_NEVER = "1900-01-01T00:00:00Z"


def answer(entity: str, rows: list[dict[str, object]]) -> bytes:
    """An OData page; decimals are written digit for digit."""
    lines = [_object({"@odata.etag": f'W/"JzA{number:06d}"', **row}) for number, row in enumerate(rows, start=1)]
    body = ",\n".join(lines)
    return f'{{"@odata.context":"{_ROOT}#{entity}","value":[\n{body}\n]}}\n'.encode()


def _object(row: dict[str, object]) -> str:
    parts = [
        f"{json.dumps(name)}:{value:f}" if isinstance(value, Decimal) else f"{json.dumps(name)}:{json.dumps(value)}"
        for name, value in row.items()
    ]
    return "{" + ",".join(parts) + "}"


def _day(value: date | None) -> str:
    return _NEVER if value is None else f"{value.isoformat()}T12:00:00Z"


def _moment(entity: str, local: datetime | None) -> str:
    """A moment of the entity's own time as OData gives it, in UTC."""
    if local is None:
        return _NEVER
    moment = local.replace(tzinfo=ZoneInfo(ENTITY[entity].timezone)).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def transactions(states: Iterable[ItemState], ledger: str) -> bytes:
    """VendTrans or CustTrans joined with their open transaction."""
    entity = "VendTransBiEntities" if ledger == "payable" else "CustTransBiEntities"
    return answer(entity, [_transaction(state, ledger) for state in states])


def _transaction(state: ItemState, ledger: str) -> dict[str, object]:
    document = state.document
    negative = (ledger == "payable") == (document.kind == "invoice")
    sign = -1 if negative else 1
    is_item = document.kind != "payment"
    row: dict[str, object] = {
        "dataAreaId": ENTITY[document.entity].company_code,
        "RecId1": DYNAMICS_RECORD_BASE + document.internal_id,
        "AccountNum": document.party.source_id,
        "Voucher": document.number,
        "TransType": ("Purch" if ledger == "payable" else "Sales") if is_item else "Payment",
        "Invoice": document.reference if is_item else "",
        "TransDate": _day(document.posting_date),
        "DocumentDate": _day(document.document_date),
        "DueDate": _day(document.due_date if is_item else None),
        "AmountCur": sign * document.amount,
        "SettleAmountCur": sign * (document.amount - state.open_amount),
        "OpenAmountCur": sign * state.open_amount,
        "CurrencyCode": document.currency,
        "CashDiscDate": _day(document.discount_date),
        "CashDiscAmount": document.discount_amount if document.discount_date else ZERO,
        "PaymTermId": document.terms if is_item else "",
        "PaymReference": document.assignment or document.payment_reference or "",
        "PaymMode": _payment_mode(document),
        "Txt": document.text,
        "Closed": _day(state.clearing_date),
        "LastSettleVoucher": state.clearing_document or "",
        "CreatedDateTime1": _moment(document.entity, document.created_at),
        "CreatedBy1": document.created_by,
    }
    if ledger == "payable" and is_item:
        row |= {
            "Approved": "Yes" if state.is_approved else "No",
            "ApprovedDate": _moment(document.entity, document.approved_at if state.is_approved else None),
            "Approver": document.approved_by if state.is_approved and document.approved_by else "",
            "PurchId": document.purchase_order or "",
        }
    return row


def _payment_mode(document: Document) -> str:
    """The method of payment: DD where the vendor draws its invoices itself."""
    if document.party.direct_debit:
        return "DD"
    return "SEPA" if document.currency in ("EUR", "CHF") else "WIRE"


def vendors(group: Iterable[Party]) -> bytes:
    """VendorsV2."""
    rows: list[dict[str, object]] = [
        {
            "dataAreaId": ENTITY[p.entity].company_code,
            "VendorAccountNumber": p.source_id,
            "VendorOrganizationName": p.name,
            "AddressStreet": p.street,
            "AddressZipCode": p.postal_code,
            "AddressCity": p.city,
            "AddressCountryRegionISOCode": p.country,
            "TaxExemptNumber": p.vat_id,
            "PrimaryEmailAddress": p.email,
            "CurrencyCode": p.currency,
            "DefaultPaymentTermsName": p.terms,
            "OnHoldStatus": "No",
        }
        for p in group
    ]
    return answer("VendorsV2", rows)


def customers(group: Iterable[Party]) -> bytes:
    """CustomersV3."""
    rows: list[dict[str, object]] = [
        {
            "dataAreaId": ENTITY[p.entity].company_code,
            "CustomerAccount": p.source_id,
            "OrganizationName": p.name,
            "AddressStreet": p.street,
            "AddressZipCode": p.postal_code,
            "AddressCity": p.city,
            "AddressCountryRegionISOCode": p.country,
            "TaxExemptNumber": p.vat_id,
            "PrimaryContactEmail": p.email,
            "SalesCurrencyCode": p.currency,
            "PaymentTerms": p.terms,
            "OnHoldStatus": "No",
        }
        for p in group
    ]
    return answer("CustomersV3", rows)


def vendor_bank_accounts(group: Iterable[Party], day: date) -> bytes:
    """VendorBankAccounts: the account in use."""
    rows: list[dict[str, object]] = []
    for party in group:
        account = party.account_on(day)
        rows.append(
            {
                "dataAreaId": ENTITY[party.entity].company_code,
                "VendorAccountNumber": party.source_id,
                "VendorBankAccountId": "MAIN",
                "IBAN": account.iban or "",
                "BankAccountNumber": account.number or "",
                "RoutingNumber": account.bank_code,
                "SWIFTCode": account.bic,
                "CurrencyCode": account.currency,
                "AccountHolderName": party.name,
                "ModifiedDateTime1": f"{(account.known_from or date(2024, 2, 12)).isoformat()}T13:05:00Z",
                "ModifiedBy1": account.changed_by,
            }
        )
    return answer("VendorBankAccounts", rows)
