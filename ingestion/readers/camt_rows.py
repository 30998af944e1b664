"""The rows a camt message becomes: entries and their transactions, from the fields of their containers.

Only what is written is taken over: an entry's amount is never copied into its transactions, a reversal indicator does
not turn a sign (`CdtDbtInd` already is the direction). A field that makes a record unusable raises `BadField`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ingestion.readers import iso20022_values as values
from ingestion.readers.camt_layout import STATUSES
from ingestion.readers.iso20022_fields import (
    BadField,
    Picker,
    account_paths,
    agent_paths,
    country,
    day_of,
    joined,
    optional_amount,
    party_paths,
)
from ingestion.readers.iso20022_remittance import NOTHING, REFERENCE_STARTS, Structured, remittance
from ingestion.readers.xml_records import Fields
from ingestion.record_columns import Row
from ingestion.references import account_id

ENTRY_TEXTS: dict[str, tuple[str, ...]] = {
    "entry_reference": ("NtryRef",),
    "status": ("Sts/Cd", "Sts", "Sts/Prtry"),
    "booking_time": ("BookgDt/DtTm",),
    "domain_code": ("BkTxCd/Domn/Cd",),
    "family_code": ("BkTxCd/Domn/Fmly/Cd",),
    "subfamily_code": ("BkTxCd/Domn/Fmly/SubFmlyCd",),
    "native_code": ("BkTxCd/Prtry/Cd",),
    "native_issuer": ("BkTxCd/Prtry/Issr",),
    "text": ("AddtlNtryInf",),
}
DETAIL_IDENTIFIERS: dict[str, tuple[str, ...]] = {
    "message_id": ("Refs/MsgId",),
    "payment_information_id": ("Refs/PmtInfId",),
    "instruction_id": ("Refs/InstrId",),
    "end_to_end_id": ("Refs/EndToEndId",),
    "transaction_id": ("Refs/TxId",),
    "mandate_id": ("Refs/MndtId",),
    "account_servicer_reference": ("Refs/AcctSvcrRef",),
    "debtor_agent": agent_paths("RltdAgts/DbtrAgt"),
    "creditor_agent": agent_paths("RltdAgts/CdtrAgt"),
}
DETAIL_TEXTS: dict[str, tuple[str, ...]] = {
    "uetr": ("Refs/UETR",),
    "cheque_number": ("Refs/ChqNb",),
    "clearing_system_reference": ("Refs/ClrSysRef",),
    "debtor_name": party_paths("RltdPties/Dbtr"),
    "ultimate_debtor_name": party_paths("RltdPties/UltmtDbtr"),
    "creditor_name": party_paths("RltdPties/Cdtr"),
    "ultimate_creditor_name": party_paths("RltdPties/UltmtCdtr"),
    "purpose_code": ("Purp/Cd", "Purp/Prtry"),
    "return_reason_code": ("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry", "RtrInf/RtrRsn/Cd", "RtrInf/RtrRsn/Prtry"),
    "return_reason_text": ("RtrInf/AddtlInf", "RtrInf/AddtlRtrRsnInf"),
    "remittance_unstructured": ("RmtInf/Ustrd",),
}

ENTRY_COLUMNS = (
    *[
        "record_number",
        "byte_start",
        "byte_end",
        "statement_number",
        "entry_number",
        "amount",
        "currency",
        "credit_debit",
        "signed_amount",
    ],
    *[
        "account_servicer_reference",
        "reversal",
        "booking_date",
        "value_date",
        "instructed_amount",
        "instructed_currency",
    ],
    *["charges_amount", "charges_currency", "charges_included"],
    *["batch_message_id", "batch_payment_information_id", "batch_count"],
    *ENTRY_TEXTS,
    "detail_count",
)
DETAIL_COLUMNS = (
    *["record_number", "byte_start", "byte_end", "statement_number", "entry_number", "detail_number"],
    *["amount", "currency", "credit_debit", "signed_amount", "instructed_amount", "instructed_currency"],
    *["transaction_amount", "transaction_currency", "exchange_rate", "source_currency", "target_currency"],
    *["charges_amount", "charges_currency", "debtor_account", "creditor_account"],
    *["structured_reference", "structured_reference_type", "referred_documents", "additional_info"],
    *DETAIL_IDENTIFIERS,
    *DETAIL_TEXTS,
)


_pick_entry = Picker(
    [
        ("AcctSvcrRef",),
        ("RvslInd",),
        ("BookgDt/Dt", "BookgDt/DtTm"),
        ("ValDt/Dt", "ValDt/DtTm"),
        ("AmtDtls/InstdAmt/Amt",),
        *ENTRY_TEXTS.values(),
    ]
)
_pick_detail = Picker(
    [
        ("Amt",),
        ("Amt@Ccy",),
        ("CdtDbtInd",),
        ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt"),
        account_paths("RltdPties/DbtrAcct"),
        account_paths("RltdPties/CdtrAcct"),
        ("AddtlTxInf",),
        *DETAIL_IDENTIFIERS.values(),
        *DETAIL_TEXTS.values(),
    ]
)
_DETAIL_HEAD = 7


@dataclass
class Charges:
    """One `Chrgs` block: from version 04 a total and records, in 02 and 03 one charge (or the total) a block."""

    fields: Fields
    records: list[Fields]


class Transaction(NamedTuple):
    """A `TxDtls` block as it closed, until its entry is known to be good."""

    fields: Fields
    structured: list[Structured]
    charges: list[Charges]
    start: int  # parser offsets
    end: int


class EntryParts(NamedTuple):
    """What came with an entry besides its own fields and its transactions."""

    charges: list[Charges]
    batches: list[Fields]


NO_PARTS = EntryParts([], [])
"""Of an entry with neither; never added to."""


class Money(NamedTuple):
    """An amount with its currency and direction; `signed` is positive when it increases the account."""

    amount: int
    currency: str
    credit_debit: str
    signed: int
    increases: bool


def money(fields: Fields, *, flipped: bool = False) -> Money:
    """The amount of an entry or a balance; raises `BadField` where a part of it is missing or garbled."""
    try:
        amount = values.amount(fields.get("Amt"))
    except ValueError as error:
        raise BadField("Amt", fields.get("Amt"), str(error)) from None
    try:
        currency = values.currency(fields.get("Amt@Ccy"))
    except ValueError as error:
        raise BadField("Amt/@Ccy", fields.get("Amt@Ccy"), str(error)) from None
    indicator = fields.get("CdtDbtInd")
    if indicator == "CRDT":
        return Money(amount, currency, indicator, -amount if flipped else amount, not flipped)
    if indicator == "DBIT":
        return Money(amount, currency, indicator, amount if flipped else -amount, flipped)
    raise BadField("CdtDbtInd", indicator, values.EXPECTED_DIRECTION)


def total_charges(charges: list[Charges]) -> tuple[int | None, str | None, bool | None]:
    """What the charges cost the account owner, with currency, and whether the amount includes them.

    The total the bank states comes first, else the sum of its parts (a credit lowers it). Parts in several currencies
    have no sum.
    """
    if not charges:
        return None, None, None
    total: int | None = None
    currency: str | None = None
    included: bool | None = None
    sums: dict[str | None, int] = {}
    for block in charges:
        stated, stated_currency = optional_amount(block.fields, "TtlChrgsAndTaxAmt")
        if stated is not None and total is None:
            total, currency = stated, stated_currency
        for part in (block.fields, *block.records):
            amount, part_currency = optional_amount(part, "Amt")
            if amount is not None:
                sign = -1 if part.get("CdtDbtInd") == "CRDT" else 1
                sums[part_currency] = sums.get(part_currency, 0) + sign * amount
            if included is None:
                included = values.flag(part.get("ChrgInclInd"))
    if total is None and len(sums) == 1:
        currency, total = next(iter(sums.items()))
    return total, currency, included


def entry_row(
    place: tuple[int | None, int | None, int, int], fields: Fields, amount: Money, parts: EntryParts
) -> tuple[Row, str]:
    """The row of an entry between its record number and its `detail_count`, and the entry's status.

    `place` is its bytes, statement and ordinal. Raises `BadField`.
    """
    reference, reversal, booked, valued, instructed_text, *texts = _pick_entry(fields)
    charges, charges_currency, included = total_charges(parts.charges) if parts.charges else (None, None, None)
    instructed, instructed_currency = (
        optional_amount(fields, "AmtDtls/InstdAmt/Amt") if instructed_text is not None else (None, None)
    )
    status = texts[1]
    if status is None or (status not in STATUSES and fields.get("Sts/Prtry") is None):
        raise BadField("Sts", status, "BOOK, PDNG, INFO or FUTR")
    row = (
        *place,
        amount.amount,
        amount.currency,
        amount.credit_debit,
        amount.signed,
        values.given(reference),
        values.flag(reversal) if reversal is not None else None,
        day_of("BookgDt", booked),
        day_of("ValDt", valued),
        instructed,
        instructed_currency,
        charges,
        charges_currency,
        included,
        *(_batch(parts.batches[0]) if parts.batches else _NO_BATCH),
        *texts,
    )
    return row, status


_NO_BATCH: tuple[None, None, None] = (None, None, None)


def _batch(fields: Fields) -> tuple[str | None, str | None, int | None]:
    """The message and the payment information a batch-booked entry names, and how many payments it has."""
    return fields.get("MsgId"), fields.get("PmtInfId"), values.count(fields.get("NbOfTxs"))


def detail_row(place: tuple[int | None, ...], one: Transaction, entry: Money, own_country: str | None) -> Row:
    """The row of a transaction inside an entry. Raises `BadField` where an amount is garbled.

    `place` is its record number, its bytes, the statement, the entry and its ordinal in the entry.

    Versions 02 and 03 have no amount of the transaction itself; there it is `TxAmt`, where that is in the entry's
    currency. The direction, where the bank gives none, is the entry's.
    """
    fields = one.fields
    picked = _pick_detail(fields)
    amount_text, currency, credit_debit, other_amount, debtor_account, creditor_account, note = picked[:_DETAIL_HEAD]
    amount: int | None = None
    if amount_text is not None:
        try:
            amount = values.amount(amount_text)
        except ValueError as error:
            raise BadField("Amt", amount_text, str(error)) from None
    else:
        currency = None
    amounts: Row = _NO_AMOUNTS
    if other_amount is not None:
        amounts = _amount_details(fields)
        if amount is None and amounts[2] is not None and amounts[3] == entry.currency:
            amount, currency = amounts[2], entry.currency  # type: ignore[assignment]
    signed = None if amount is None else _signed(amount, credit_debit, entry)
    charges, charges_currency, _ = total_charges(one.charges) if one.charges else (None, None, None)
    debtor_account = account_id(debtor_account) if debtor_account is not None else None
    creditor_account = account_id(creditor_account) if creditor_account is not None else None
    text = picked[-1]
    said = NOTHING
    if one.structured or (text is not None and text[0] in REFERENCE_STARTS):
        said = remittance(one.structured, text, country(creditor_account) or own_country)
    identifiers = picked[_DETAIL_HEAD : _DETAIL_HEAD + len(DETAIL_IDENTIFIERS)]
    return (
        *place,
        amount,
        currency,
        credit_debit,
        signed,
        *amounts,
        charges,
        charges_currency,
        debtor_account,
        creditor_account,
        said.reference,
        said.reference_type,
        said.documents,
        joined(note, said.additional) if said.additional is not None else note,
        *[None if one is None or one.upper() in values.NOT_GIVEN else one for one in identifiers],
        *picked[_DETAIL_HEAD + len(DETAIL_IDENTIFIERS) :],
    )


_NO_AMOUNTS: Row = (None,) * 7


def _amount_details(fields: Fields) -> Row:
    """Instructed amount and currency, transaction amount and currency; exchange rate, source and target currency."""
    get = fields.get
    instructed = optional_amount(fields, "AmtDtls/InstdAmt/Amt")
    transacted = optional_amount(fields, "AmtDtls/TxAmt/Amt")
    for way in ("TxAmt", "InstdAmt", "CntrValAmt"):
        rate = values.rate(get(f"AmtDtls/{way}/CcyXchg/XchgRate"))
        if rate is not None:
            exchange = (rate, get(f"AmtDtls/{way}/CcyXchg/SrcCcy"), get(f"AmtDtls/{way}/CcyXchg/TrgtCcy"))
            return (*instructed, *transacted, *exchange)
    return (*instructed, *transacted, None, None, None)


def _signed(amount: int, credit_debit: str | None, entry: Money) -> int:
    """A transaction's amount, positive when it increases the account."""
    if credit_debit is None or credit_debit == entry.credit_debit:
        return amount if entry.increases else -amount
    if credit_debit not in ("CRDT", "DBIT"):
        raise BadField("CdtDbtInd", credit_debit, values.EXPECTED_DIRECTION)
    return -amount if entry.increases else amount
