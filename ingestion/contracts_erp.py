"""The records of ERP systems: counterparties, open items, approvals, purchasing, and the rates they are valued at."""

from __future__ import annotations

from ingestion.contract import AMOUNT, BOOL, DATE, INT, RATE, TEXT, contract

_ERP_REQUIRED = "source_system"

COUNTERPARTY = contract(
    "counterparty",
    "a supplier or customer as its system delivers it",
    _ERP_REQUIRED + " source_id role",
    source_system=TEXT,
    company_code=TEXT,
    source_id=TEXT,
    role=TEXT,  # supplier or customer
    name=TEXT,
    street=TEXT,
    postal_code=TEXT,
    city=TEXT,
    country=TEXT,
    tax_id=TEXT,
    vat_id=TEXT,
    email=TEXT,
    currency=TEXT,
    payment_terms=TEXT,
    payment_block=TEXT,
    deleted=BOOL,
    changed_at=TEXT,
    changed_by=TEXT,
    extra=TEXT,  # JSON object of the delivered fields the contract does not name
)

COUNTERPARTY_BANK_ACCOUNT = contract(
    "counterparty_bank_account",
    "a bank account of a supplier or customer as its system delivers it",
    _ERP_REQUIRED + " source_id",
    source_system=TEXT,
    source_id=TEXT,
    role=TEXT,
    iban=TEXT,
    account_number=TEXT,
    bank_code=TEXT,
    bic=TEXT,
    currency=TEXT,
    holder_name=TEXT,
    valid_from=DATE,
    valid_to=DATE,
    changed_at=TEXT,
    changed_by=TEXT,
    extra=TEXT,
)

OPEN_ITEM = contract(
    "open_item",
    "a line of the AP or AR sub-ledger, open or cleared, as its system delivers it",
    _ERP_REQUIRED + " company_code document_number ledger amount currency",
    source_system=TEXT,
    company_code=TEXT,
    document_number=TEXT,
    fiscal_year=TEXT,
    line_item=TEXT,
    ledger=TEXT,  # payable or receivable
    counterparty_id=TEXT,
    document_type=TEXT,
    status=TEXT,
    debit_credit=TEXT,  # as delivered: S/H, D/C, DR/CR, or null where the amount is signed
    amount=AMOUNT,  # as delivered, in document currency
    currency=TEXT,
    local_amount=AMOUNT,
    local_currency=TEXT,
    open_amount=AMOUNT,
    document_date=DATE,
    posting_date=DATE,
    due_date=DATE,
    payment_terms=TEXT,
    discount_percent=RATE,
    discount_amount=AMOUNT,
    discount_date=DATE,
    reference=TEXT,  # the supplier's invoice number
    assignment=TEXT,
    text=TEXT,
    payment_reference=TEXT,  # structured creditor reference to pay with
    invoice_reference=TEXT,  # document a credit memo or residual belongs to
    purchase_order=TEXT,
    payment_block=TEXT,
    payment_method=TEXT,
    approval_status=TEXT,
    approved_at=TEXT,
    approved_by=TEXT,
    clearing_document=TEXT,
    clearing_date=DATE,
    created_at=TEXT,
    created_by=TEXT,
    changed_at=TEXT,
    extra=TEXT,
)

APPROVAL = contract(
    "approval",
    "a step of an approval workflow on a document",
    _ERP_REQUIRED + " document_number status",
    source_system=TEXT,
    company_code=TEXT,
    document_number=TEXT,
    fiscal_year=TEXT,
    step=TEXT,
    status=TEXT,  # submitted, approved, rejected, as delivered
    actor=TEXT,
    at=TEXT,
    amount=AMOUNT,
    currency=TEXT,
    extra=TEXT,
)

PAYMENT_TERMS = contract(
    "payment_terms",
    "a due-date and discount rule",
    _ERP_REQUIRED + " terms_id",
    source_system=TEXT,
    terms_id=TEXT,
    description=TEXT,
    net_days=INT,
    discount_days_1=INT,
    discount_percent_1=RATE,
    discount_days_2=INT,
    discount_percent_2=RATE,
    extra=TEXT,
)

PURCHASE_ORDER = contract(
    "purchase_order",
    "a purchase order line",
    _ERP_REQUIRED + " number line_number",
    source_system=TEXT,
    company_code=TEXT,
    number=TEXT,
    line_number=TEXT,
    counterparty_id=TEXT,
    order_date=DATE,
    quantity=AMOUNT,
    unit_price=AMOUNT,
    amount=AMOUNT,
    currency=TEXT,
    status=TEXT,
    extra=TEXT,
)

GOODS_RECEIPT = contract(
    "goods_receipt",
    "a goods receipt line",
    _ERP_REQUIRED + " number line_number",
    source_system=TEXT,
    company_code=TEXT,
    number=TEXT,
    line_number=TEXT,
    purchase_order=TEXT,
    purchase_order_line=TEXT,
    receipt_date=DATE,
    quantity=AMOUNT,
    amount=AMOUNT,
    currency=TEXT,
    extra=TEXT,
)

FX_RATE = contract(
    "fx_rate",
    "an exchange rate: one unit of base_currency costs `rate` units of quote_currency",
    "base_currency quote_currency rate valid_from",
    provider=TEXT,
    rate_type=TEXT,
    base_currency=TEXT,
    quote_currency=TEXT,
    rate=RATE,
    valid_from=DATE,
)
