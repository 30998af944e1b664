"""The records of bank statements: statements, balances, entries and their details."""

from __future__ import annotations

from ingestion.contract import AMOUNT, BOOL, DATE, INT, RATE, TEXT, TEXTS, contract

BANK_STATEMENT = contract(
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

BANK_BALANCE = contract(
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

BANK_ENTRY = contract(
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

BANK_ENTRY_DETAIL = contract(
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
