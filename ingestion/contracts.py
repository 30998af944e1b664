"""The record contracts of the raw layer: what every reader emits, whatever the format.

One `Contract` is one kind of record and one raw table (`raw.<kind>`). Readers emit Arrow batches with exactly these
columns; the loader adds `delivery_id`. Values are kept as delivered: interpretation belongs to staging. Conventions:

* amounts are DECIMAL(23,5): every ISO 20022 amount exactly; `credit_debit` is `CRDT` or `DBIT` as delivered;
* `signed_amount` is positive when it increases the account;
* dates are the sender's local dates; a timestamp is ISO 8601 text and keeps its offset;
* `record_number` counts the records of a delivery from 1 over all kinds, in file order, rejects included;
* `byte_start`/`byte_end` locate the record in the file where the format allows it, `file_line` where it is line based.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

AMOUNT = pa.decimal128(23, 5)
RATE = pa.decimal128(23, 10)
TEXT = pa.string()
DATE = pa.date32()
INT = pa.int64()
BOOL = pa.bool_()
TEXTS = pa.list_(pa.string())


@dataclass(frozen=True)
class Contract:
    """One kind of raw record: its columns, which of them are required, and what one row is."""

    kind: str
    grain: str
    columns: tuple[tuple[str, pa.DataType], ...]
    required: frozenset[str]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema every batch of this kind has, in this column order."""
        return pa.schema([pa.field(name, kind, nullable=name not in self.required) for name, kind in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in contract order."""
        return tuple(name for name, _ in self.columns)


_PLACE: tuple[tuple[str, pa.DataType], ...] = (
    ("record_number", INT),
    ("file_line", INT),
    ("byte_start", INT),
    ("byte_end", INT),
)


def _contract(kind: str, grain: str, required: str, /, **columns: pa.DataType) -> Contract:
    return Contract(kind, grain, _PLACE + tuple(columns.items()), frozenset(required.split()) | {"record_number"})


BANK_STATEMENT = _contract(
    "bank_statement",
    "a statement, or a page of one, of one account",
    "statement_number identity kind balance_check entry_count",
    statement_number=INT,  # ordinal in the delivery, from 1; joins balances, entries and details
    identity=TEXT,  # account|currency|kind|statement id|sequence|page|date: what makes two statements the same one
    kind=TEXT,  # statement (camt.053, MT940, BAI2 prior day, OFX, CSV), report (camt.052, MT942), notification (camt.054)
    message_id=TEXT,
    statement_id=TEXT,
    electronic_sequence=INT,
    legal_sequence=INT,
    page=INT,
    last_page=BOOL,
    copy_duplicate=TEXT,  # CODU, COPY, DUPL
    created_at=TEXT,
    from_date=DATE,
    to_date=DATE,
    account_id=TEXT,  # IBAN without spaces, or the bank's account number, as delivered
    account_scheme=TEXT,  # IBAN or OTHER
    account_currency=TEXT,
    account_name=TEXT,
    account_owner=TEXT,
    servicer_id=TEXT,  # BIC or the bank's own code
    opening_balance=AMOUNT,  # signed
    opening_date=DATE,
    closing_balance=AMOUNT,  # signed
    closing_date=DATE,
    entry_count=INT,
    net_amount=AMOUNT,  # signed sum of the booked entries
    balance_check=TEXT,  # ok, off, none: opening + booked entries = closing; reported, never repaired
    difference=AMOUNT,  # closing - (opening + net) where both balances are there
    declared_entries=INT,
    declared_net=AMOUNT,
)

BANK_BALANCE = _contract(
    "bank_balance",
    "a balance on a statement",
    "statement_number code amount currency credit_debit signed_amount",
    statement_number=INT,
    code=TEXT,  # ISO 20022 balance type: OPBD, CLBD, ITBD, PRCD, CLAV, FWAV, INFO, ... or the bank's own
    sub_code=TEXT,  # ISO balance sub type, e.g. INTM for an intermediate page
    native_code=TEXT,  # the format's own: 60F, 62M, BAI2 015, ...
    amount=AMOUNT,
    currency=TEXT,
    credit_debit=TEXT,
    signed_amount=AMOUNT,
    date=DATE,
    date_time=TEXT,
)

BANK_ENTRY = _contract(
    "bank_entry",
    "an entry of a statement; a batch-booked entry is one row, its parts are bank_entry_detail",
    "statement_number entry_number amount currency credit_debit signed_amount status",
    statement_number=INT,
    entry_number=INT,  # ordinal in its statement, from 1
    entry_reference=TEXT,
    account_servicer_reference=TEXT,  # the bank's reference (AcctSvcrRef, :61: after //, FITID): unique per account only
    customer_reference=TEXT,  # the account owner's reference on the entry (:61:), where not NONREF
    status=TEXT,  # BOOK, PDNG, INFO, FUTR
    amount=AMOUNT,
    currency=TEXT,
    credit_debit=TEXT,
    signed_amount=AMOUNT,
    reversal=BOOL,  # as delivered; does not flip the sign
    booking_date=DATE,
    booking_time=TEXT,
    value_date=DATE,
    domain_code=TEXT,  # ISO 20022 bank transaction code
    family_code=TEXT,
    subfamily_code=TEXT,
    native_code=TEXT,  # the bank's own transaction code (GVC, SWIFT type, BAI2 type)
    native_issuer=TEXT,
    instructed_amount=AMOUNT,
    instructed_currency=TEXT,
    charges_amount=AMOUNT,  # total charges reported on the entry, positive when they cost the account owner
    charges_currency=TEXT,
    charges_included=BOOL,
    batch_message_id=TEXT,
    batch_payment_information_id=TEXT,
    batch_count=INT,
    detail_count=INT,
    text=TEXT,  # the bank's free text on the entry, line breaks kept as \n
)

BANK_ENTRY_DETAIL = _contract(
    "bank_entry_detail",
    "one transaction inside an entry, as the bank itemises it",
    "statement_number entry_number detail_number",
    statement_number=INT,
    entry_number=INT,
    detail_number=INT,
    amount=AMOUNT,  # null where the bank gives none: the entry's amount is never copied into a detail
    currency=TEXT,
    credit_debit=TEXT,
    signed_amount=AMOUNT,
    instructed_amount=AMOUNT,
    instructed_currency=TEXT,
    transaction_amount=AMOUNT,
    transaction_currency=TEXT,
    exchange_rate=RATE,
    source_currency=TEXT,
    target_currency=TEXT,
    charges_amount=AMOUNT,
    charges_currency=TEXT,
    message_id=TEXT,
    payment_information_id=TEXT,
    instruction_id=TEXT,
    end_to_end_id=TEXT,  # null where NOTPROVIDED
    transaction_id=TEXT,
    uetr=TEXT,
    mandate_id=TEXT,
    cheque_number=TEXT,
    clearing_system_reference=TEXT,
    account_servicer_reference=TEXT,
    debtor_name=TEXT,
    debtor_account=TEXT,
    debtor_agent=TEXT,
    ultimate_debtor_name=TEXT,
    creditor_name=TEXT,
    creditor_account=TEXT,
    creditor_agent=TEXT,
    ultimate_creditor_name=TEXT,
    remittance_unstructured=TEXT,  # lines joined with \n
    structured_reference=TEXT,
    structured_reference_type=TEXT,  # SCOR, QRR, OGM, VIITE, KID, OCR ...: verified by check digit
    referred_documents=TEXTS,  # document numbers of structured remittance
    purpose_code=TEXT,
    return_reason_code=TEXT,
    return_reason_text=TEXT,
    additional_info=TEXT,
)

PAYMENT_MESSAGE = _contract(
    "payment_message",
    "a payment file as sent (pain.001, pain.008, NACHA file header)",
    "identity message_id direction",
    identity=TEXT,
    message_id=TEXT,
    direction=TEXT,  # credit_transfer or direct_debit
    created_at=TEXT,
    initiating_party=TEXT,
    declared_count=INT,
    declared_sum=AMOUNT,
    computed_count=INT,
    computed_sum=AMOUNT,
)

PAYMENT_BATCH = _contract(
    "payment_batch",
    "a payment information block: the group a bank may book as one entry",
    "message_id payment_information_id",
    message_id=TEXT,
    payment_information_id=TEXT,
    payment_method=TEXT,
    batch_booking=BOOL,
    declared_count=INT,
    declared_sum=AMOUNT,
    computed_count=INT,
    computed_sum=AMOUNT,
    service_level=TEXT,
    local_instrument=TEXT,
    category_purpose=TEXT,
    requested_execution_date=DATE,
    debtor_name=TEXT,  # the own party: debtor of a credit transfer, creditor of a direct debit
    debtor_account=TEXT,
    debtor_account_currency=TEXT,
    debtor_agent=TEXT,
    charge_bearer=TEXT,
)

PAYMENT_INSTRUCTION = _contract(
    "payment_instruction",
    "one payment as instructed",
    "message_id payment_information_id transaction_number amount currency",
    message_id=TEXT,
    payment_information_id=TEXT,
    transaction_number=INT,  # ordinal in the file, from 1
    instruction_id=TEXT,
    end_to_end_id=TEXT,
    uetr=TEXT,
    amount=AMOUNT,  # unsigned, as instructed
    currency=TEXT,
    equivalent_amount=AMOUNT,
    equivalent_currency=TEXT,
    requested_execution_date=DATE,
    own_account=TEXT,
    counterparty_name=TEXT,
    counterparty_account=TEXT,
    counterparty_agent=TEXT,
    counterparty_country=TEXT,
    ultimate_debtor_name=TEXT,
    ultimate_creditor_name=TEXT,
    mandate_id=TEXT,
    cheque_number=TEXT,
    remittance_unstructured=TEXT,
    structured_reference=TEXT,
    structured_reference_type=TEXT,
    purpose_code=TEXT,
)

PAYMENT_REMITTANCE = _contract(
    "payment_remittance",
    "a document a payment says it settles (structured remittance)",
    "message_id payment_information_id transaction_number document_number",
    message_id=TEXT,
    payment_information_id=TEXT,
    transaction_number=INT,
    end_to_end_id=TEXT,
    document_type=TEXT,  # CINV, CREN, ...
    document_number=TEXT,
    document_date=DATE,
    due_amount=AMOUNT,
    discount_amount=AMOUNT,
    credit_note_amount=AMOUNT,
    remitted_amount=AMOUNT,
    currency=TEXT,
)

PAYMENT_STATUS = _contract(
    "payment_status",
    "one status report on a message, batch or payment (pain.002, NACHA return)",
    "level status",
    report_id=TEXT,
    level=TEXT,  # message, batch, transaction
    reported_at=TEXT,
    original_message_id=TEXT,
    original_message_name=TEXT,
    original_payment_information_id=TEXT,
    original_instruction_id=TEXT,
    original_end_to_end_id=TEXT,
    status=TEXT,  # ISO: RCVD, ACTC, ACCP, ACSP, ACSC, PART, RJCT, PDNG, CANC, ...
    reason_code=TEXT,
    reason_text=TEXT,
    accepted_at=TEXT,
    original_amount=AMOUNT,
    original_currency=TEXT,
    original_count=INT,
    original_sum=AMOUNT,
)

PAYMENT_EVENT = _contract(
    "payment_event",
    "a step of a payment as the payment hub logs it",
    "event event_at",
    event_id=TEXT,
    event=TEXT,  # created, approved, released, sent, acknowledged, rejected, cancelled, ...
    event_at=TEXT,
    message_id=TEXT,
    payment_information_id=TEXT,
    end_to_end_id=TEXT,
    channel=TEXT,
    bank=TEXT,
    actor=TEXT,
    amount=AMOUNT,
    currency=TEXT,
    reason=TEXT,
)

_ERP_REQUIRED = "source_system"

COUNTERPARTY = _contract(
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

COUNTERPARTY_BANK_ACCOUNT = _contract(
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

OPEN_ITEM = _contract(
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

APPROVAL = _contract(
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

PAYMENT_TERMS = _contract(
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

PURCHASE_ORDER = _contract(
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

GOODS_RECEIPT = _contract(
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

FX_RATE = _contract(
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

CONTRACTS: dict[str, Contract] = {
    contract.kind: contract
    for contract in (
        BANK_STATEMENT,
        BANK_BALANCE,
        BANK_ENTRY,
        BANK_ENTRY_DETAIL,
        PAYMENT_MESSAGE,
        PAYMENT_BATCH,
        PAYMENT_INSTRUCTION,
        PAYMENT_REMITTANCE,
        PAYMENT_STATUS,
        PAYMENT_EVENT,
        COUNTERPARTY,
        COUNTERPARTY_BANK_ACCOUNT,
        OPEN_ITEM,
        APPROVAL,
        PAYMENT_TERMS,
        PURCHASE_ORDER,
        GOODS_RECEIPT,
        FX_RATE,
    )
}
