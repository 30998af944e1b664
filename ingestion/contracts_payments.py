"""The records of payments: messages, batches, instructions, what they settle, and what became of them."""

from __future__ import annotations

from ingestion.contract import AMOUNT, BOOL, DATE, INT, TEXT, contract

PAYMENT_MESSAGE = contract(
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

PAYMENT_BATCH = contract(
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

PAYMENT_INSTRUCTION = contract(
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

PAYMENT_REMITTANCE = contract(
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

PAYMENT_STATUS = contract(
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

PAYMENT_EVENT = contract(
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
