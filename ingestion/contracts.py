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

from ingestion.contract import AMOUNT, BOOL, DATE, INT, RATE, TEXT, TEXTS, Contract
from ingestion.contracts_bank import BANK_BALANCE, BANK_ENTRY, BANK_ENTRY_DETAIL, BANK_STATEMENT
from ingestion.contracts_erp import (
    APPROVAL,
    COUNTERPARTY,
    COUNTERPARTY_BANK_ACCOUNT,
    FX_RATE,
    GOODS_RECEIPT,
    OPEN_ITEM,
    PAYMENT_TERMS,
    PURCHASE_ORDER,
)
from ingestion.contracts_payments import (
    PAYMENT_BATCH,
    PAYMENT_EVENT,
    PAYMENT_INSTRUCTION,
    PAYMENT_MESSAGE,
    PAYMENT_REMITTANCE,
    PAYMENT_STATUS,
)

__all__ = [
    "AMOUNT",
    "APPROVAL",
    "BANK_BALANCE",
    "BANK_ENTRY",
    "BANK_ENTRY_DETAIL",
    "BANK_STATEMENT",
    "BOOL",
    "CONTRACTS",
    "COUNTERPARTY",
    "COUNTERPARTY_BANK_ACCOUNT",
    "DATE",
    "FX_RATE",
    "GOODS_RECEIPT",
    "INT",
    "OPEN_ITEM",
    "PAYMENT_BATCH",
    "PAYMENT_EVENT",
    "PAYMENT_INSTRUCTION",
    "PAYMENT_MESSAGE",
    "PAYMENT_REMITTANCE",
    "PAYMENT_STATUS",
    "PAYMENT_TERMS",
    "PURCHASE_ORDER",
    "RATE",
    "TEXT",
    "TEXTS",
    "Contract",
]

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
