"""SAP extracts under the technical field names: line items (BSIK/BSAK, BSID/BSAD), LFA1, LFBK with IBAN, KNA1, T052.

Amounts carry no sign: SHKZG says debit (S) or credit (H). An unapproved invoice is blocked for payment (ZLSPR `R`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from simulation.extracts import ItemState, first_shown
from simulation.fx import Rates, convert, cross_rate
from simulation.group import ENTITY, TERMS
from simulation.model import Document, Party, Terms
from simulation.purchasing import PurchaseOrder, Receipt
from simulation.writers.delimited import delimited

ITEM_FIELDS = (
    "UMSKZ",
    "AUGDT",
    "AUGBL",
    "ZUONR",
    "GJAHR",
    "BELNR",
    "BUZEI",
    "BUDAT",
    "BLDAT",
    "CPUDT",
    "WAERS",
    "XBLNR",
    "BLART",
    "BSCHL",
    "SHKZG",
    "DMBTR",
    "HWAER",
    "WRBTR",
    "SGTXT",
    "ZFBDT",
    "ZTERM",
    "ZBD1T",
    "ZBD2T",
    "ZBD1P",
    "NETDT",
    "SK1DT",
    "WSKTO",
    "ZLSCH",
    "ZLSPR",
    "REBZG",
    "EBELN",
    "KIDNO",
    "USNAM",
)
_PARTY_FIELDS = ("NAME1", "STRAS", "PSTLZ", "ORT01", "LAND1", "STCEG", "SMTP_ADDR", "WAERS", "ZTERM", "BUKRS", "ERNAM")
_TYPES = {
    ("payable", "credit_memo"): ("KG", "21", "S"),
    ("payable", "payment"): ("ZP", "25", "S"),
    ("receivable", "invoice"): ("RV", "01", "S"),
    ("receivable", "credit_memo"): ("DG", "11", "H"),
    ("receivable", "payment"): ("DZ", "15", "H"),
}


def line_items(states: Iterable[ItemState], ledger: str, rates: Rates, company_code: str | None = None) -> bytes:
    """Line items of one sub-ledger; `company_code` where it is not the entity's usual one."""
    party = "LIFNR" if ledger == "payable" else "KUNNR"
    rows = (_item(state, party, rates) | ({"BUKRS": company_code} if company_code else {}) for state in states)
    return delimited(rows, ("BUKRS", party, *ITEM_FIELDS))


def _day(value: date | None) -> str:
    return "00000000" if value is None else f"{value:%Y%m%d}"


def _type(document: Document) -> tuple[str, str, str]:
    if (document.ledger, document.kind) == ("payable", "invoice"):
        return ("RE" if document.purchase_order else "KR", "31", "H")
    return _TYPES[document.ledger, document.kind]


def _item(state: ItemState, party: str, rates: Rates) -> dict[str, object]:
    document = state.document
    terms = TERMS[document.terms]
    kind, posting_key, side = _type(document)
    entity = ENTITY[document.entity]
    local = document.amount
    if document.currency != entity.currency:
        day = max(document.posting_date, min(rates))
        local = convert(document.amount, cross_rate(rates, day, document.currency, entity.currency), entity.currency)
    is_invoice = document.kind == "invoice"
    return {
        "BUKRS": entity.company_code,
        party: document.party.source_id,
        "AUGDT": _day(state.clearing_date),
        "AUGBL": state.clearing_document,
        "ZUONR": document.assignment,
        "GJAHR": document.fiscal_year,
        "BELNR": document.number,
        "BUZEI": "001",
        "BUDAT": _day(document.posting_date),
        "BLDAT": _day(document.document_date),
        "CPUDT": _day(document.created_at.date()),
        "WAERS": document.currency,
        "XBLNR": document.reference,
        "BLART": kind,
        "BSCHL": posting_key,
        "SHKZG": side,
        "DMBTR": f"{local:f}",
        "HWAER": entity.currency,
        "WRBTR": f"{document.amount:f}",
        "SGTXT": document.text,
        "ZFBDT": _day(document.document_date),
        "ZTERM": document.terms if document.kind != "payment" else None,
        "ZBD1T": (terms.discount_days or terms.net_days) if is_invoice else 0,
        "ZBD2T": terms.net_days if is_invoice and terms.discount_days else 0,
        "ZBD1P": f"{terms.discount_percent if is_invoice and document.discount_date else 0:.3f}",
        "NETDT": _day(document.due_date),
        "SK1DT": _day(document.discount_date),
        "WSKTO": f"{document.discount_amount:f}" if document.discount_date else None,
        "ZLSCH": "L" if document.party.direct_debit else ("T" if document.ledger == "payable" else None),
        "ZLSPR": "R" if document.ledger == "payable" and document.kind != "payment" and not state.is_approved else None,
        "REBZG": document.applies_to.number if document.applies_to else None,
        "EBELN": document.purchase_order,
        "KIDNO": document.payment_reference,
        "USNAM": document.created_by,
    }


def parties(group: Iterable[Party], role: str, company_code: str | None = None) -> bytes:
    """LFA1 or KNA1, joined with the company code's terms; `company_code` where it is not the entity's usual one."""
    key = "LIFNR" if role == "supplier" else "KUNNR"
    rows = (
        {
            key: p.source_id,
            "NAME1": p.name,
            "STRAS": p.street,
            "PSTLZ": p.postal_code,
            "ORT01": p.city,
            "LAND1": p.country,
            "STCEG": p.vat_id,
            "SMTP_ADDR": p.email,
            "WAERS": p.currency,
            "ZTERM": p.terms,
            "BUKRS": company_code or ENTITY[p.entity].company_code,
            "ERNAM": "MASTERDATA",
        }
        for p in group
    )
    return delimited(rows, (key, *_PARTY_FIELDS))


def bank_details(group: Iterable[Party], day: date) -> bytes:
    """LFBK with the IBAN of TIBAN, the SWIFT code of BNKA, and who changed it when."""
    rows = []
    for party in group:
        account = party.account_on(day)
        rows.append(
            {
                "LIFNR": party.source_id,
                "BANKS": party.country,
                "BANKL": account.bank_code,
                "BANKN": (account.iban or account.number or "")[-10:],
                "KOINH": party.name,
                "IBAN": account.iban,
                "SWIFT": account.bic,
                "WAERS": account.currency,
                "UDATE": _day(account.known_from or date(2024, 2, 12)),
                "USERNAME": account.changed_by,
            }
        )
    return delimited(rows, ("LIFNR", "BANKS", "BANKL", "BANKN", "KOINH", "IBAN", "SWIFT", "WAERS", "UDATE", "USERNAME"))


def purchase_orders(orders: Iterable[PurchaseOrder]) -> bytes:
    """EKPO joined with EKKO: item category, whether a receipt is due (WEPOS), whether invoices follow receipts (WEBRE)."""
    rows = (
        {
            "EBELN": order.number,
            "EBELP": "00010",
            "LIFNR": order.party.source_id,
            "BUKRS": ENTITY[order.party.entity].company_code,
            "BEDAT": _day(order.day),
            "MENGE": f"{order.quantity}.000",
            "NETWR": f"{order.amount:f}",
            "WAERS": order.currency,
            "LOEKZ": "",
            "PSTYP": "2" if order.flow == "consignment" else "0",
            "WEPOS": "X" if order.flow.startswith("three_way") else "",
            "WEBRE": "X" if order.flow == "three_way_after_receipt" else "",
        }
        for order in orders
    )
    columns = (
        "EBELN",
        "EBELP",
        "LIFNR",
        "BUKRS",
        "BEDAT",
        "MENGE",
        "NETWR",
        "WAERS",
        "LOEKZ",
        "PSTYP",
        "WEPOS",
        "WEBRE",
    )
    return delimited(rows, columns)


def goods_receipts(receipts: Iterable[Receipt]) -> bytes:
    """MSEG joined with MKPF."""
    rows = (
        {
            "MBLNR": receipt.number,
            "ZEILE": "0001",
            "EBELN": receipt.order.number,
            "EBELP": "00010",
            "BUKRS": ENTITY[receipt.order.party.entity].company_code,
            "BUDAT": _day(receipt.day),
            "MENGE": f"{receipt.quantity}.000",
            "DMBTR": f"{receipt.amount:f}",
            "WAERS": receipt.order.currency,
        }
        for receipt in receipts
    )
    return delimited(rows, ("MBLNR", "ZEILE", "EBELN", "EBELP", "BUKRS", "BUDAT", "MENGE", "DMBTR", "WAERS"))


def payment_terms(terms: Iterable[Terms]) -> bytes:
    """T052 with its text: a discount, then net."""
    rows = (
        {
            "ZTERM": t.terms_id,
            "TEXT1": t.description,
            "ZTAG1": t.discount_days,
            "ZPRZ1": f"{t.discount_percent:.3f}",
            "ZTAG2": 0,
            "ZPRZ2": "0.000",
            "ZTAG3": t.net_days,
        }
        for t in terms
    )
    return delimited(rows, ("ZTERM", "TEXT1", "ZTAG1", "ZPRZ1", "ZTAG2", "ZPRZ2", "ZTAG3"))


def approvals(documents: Iterable[Document], after: date | None, until: date) -> bytes:
    """The approval workflow's log of the German company: submitted and approved, with who and when."""
    rows = []
    for document in documents:
        entity = ENTITY[document.entity]
        steps = (
            ("10", "submitted", document.submitted_at, document.created_by),
            ("20", "approved", document.approved_at, document.approved_by),
        )
        for step, status, at, actor in steps:
            if at is None or first_shown(at) > until or (after is not None and first_shown(at) <= after):
                continue
            rows.append(
                {
                    "company_code": entity.company_code,
                    "document": document.number,
                    "year": document.fiscal_year,
                    "step": step,
                    "status": status,
                    "actor": actor,
                    "at": at.isoformat(timespec="seconds"),
                    "amount": f"{document.amount:f}",
                    "currency": document.currency,
                }
            )
    return delimited(
        rows, ("company_code", "document", "year", "step", "status", "actor", "at", "amount", "currency"), ","
    )
