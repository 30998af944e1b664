"""The rows a camt message becomes: entries and their transactions, from the fields of their containers.

Only what is written is taken over: an entry's amount is never copied into its transactions, a reversal indicator does
not turn a sign (`CdtDbtInd` already is the direction). A field that makes a record unusable raises `BadField`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ingestion.readers import iso20022_values as values
from ingestion.readers.iso20022_remittance import NOTHING, Structured, remittance
from ingestion.readers.xml_records import Fields
from ingestion.record_columns import Row

ENTRY_COLUMNS = (
    "record_number byte_start byte_end statement_number entry_number entry_reference account_servicer_reference "
    "status amount currency credit_debit signed_amount reversal booking_date booking_time value_date domain_code "
    "family_code subfamily_code native_code native_issuer instructed_amount instructed_currency charges_amount "
    "charges_currency charges_included batch_message_id batch_payment_information_id batch_count text "
    "detail_count"
)
DETAIL_COLUMNS = (
    "record_number byte_start byte_end statement_number entry_number detail_number amount currency credit_debit "
    "signed_amount instructed_amount instructed_currency transaction_amount transaction_currency exchange_rate "
    "source_currency target_currency charges_amount charges_currency message_id payment_information_id "
    "instruction_id end_to_end_id transaction_id uetr mandate_id cheque_number clearing_system_reference "
    "account_servicer_reference debtor_name debtor_account debtor_agent ultimate_debtor_name creditor_name "
    "creditor_account creditor_agent ultimate_creditor_name remittance_unstructured structured_reference "
    "structured_reference_type referred_documents purpose_code return_reason_code return_reason_text "
    "additional_info"
)


class BadField(ValueError):  # noqa: N818  (what it says is what was found)
    """A field a record cannot do without is missing or garbled."""

    def __init__(self, name: str, found: str | None, expected: str) -> None:
        super().__init__(f"{name}: found {found!r}, expected {expected}")
        self.name = name
        self.found = "nothing" if found is None else found
        self.expected = expected


@dataclass
class Charges:
    """One `Chrgs` block: from version 04 a total and records, in 02 and 03 one charge (or the total) a block."""

    fields: Fields
    records: list[Fields]


@dataclass
class Transaction:
    """A `TxDtls` block as it closed, until its entry is known to be good."""

    fields: Fields
    structured: list[Structured]
    charges: list[Charges]
    start: int  # parser offsets
    end: int


@dataclass
class EntryParts:
    """What came with an entry besides its own fields."""

    charges: list[Charges] = field(default_factory=list)
    batches: list[Fields] = field(default_factory=list)


@dataclass(frozen=True)
class Money:
    """An amount with its currency and direction; `signed` is positive when it increases the account."""

    amount: int
    currency: str
    credit_debit: str
    signed: int


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
        return Money(amount, currency, indicator, -amount if flipped else amount)
    if indicator == "DBIT":
        return Money(amount, currency, indicator, amount if flipped else -amount)
    raise BadField("CdtDbtInd", indicator, values.EXPECTED_DIRECTION)


def optional_amount(fields: Fields, path: str) -> tuple[int | None, str | None]:
    """An amount that need not be there, with its currency; raises `BadField` where it is there and garbled."""
    text = fields.get(path)
    if text is None:
        return None, None
    try:
        return values.amount(text), fields.get(f"{path}@Ccy")
    except ValueError as error:
        raise BadField(path, text, str(error)) from None


def local_day(fields: Fields, path: str) -> int | None:
    """The day of a date choice (`Dt` or `DtTm`), None where it is absent; raises `BadField` where it is no date."""
    text = fields.get(f"{path}/Dt") or fields.get(f"{path}/DtTm") or fields.get(path)
    if text is None:
        return None
    try:
        return values.day(text)
    except ValueError as error:
        raise BadField(path, text, str(error)) from None


def entry_status(fields: Fields) -> str:
    """The status of an entry, a text up to version 07 and a choice from 08 on; raises `BadField` where there is
    none."""
    status = fields.get("Sts/Cd") or fields.get("Sts") or fields.get("Sts/Prtry")
    if status is None:
        raise BadField("Sts", None, "BOOK, PDNG, INFO or FUTR")
    return status


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


def entry_row(place: tuple[int | None, int | None, int, int], fields: Fields, amount: Money, parts: EntryParts) -> Row:
    """The row of an entry between its record number and its `detail_count`; `place` is its bytes, statement and
    ordinal.

    Raises `BadField`.
    """
    get = fields.get
    charges, charges_currency, included = total_charges(parts.charges) if parts.charges else (None, None, None)
    batch = parts.batches[0] if parts.batches else {}
    instructed, instructed_currency = optional_amount(fields, "AmtDtls/InstdAmt/Amt")
    return (
        *place,
        get("NtryRef"),
        values.given(get("AcctSvcrRef")),
        entry_status(fields),
        amount.amount,
        amount.currency,
        amount.credit_debit,
        amount.signed,
        values.flag(get("RvslInd")),
        local_day(fields, "BookgDt"),
        get("BookgDt/DtTm"),
        local_day(fields, "ValDt"),
        get("BkTxCd/Domn/Cd"),
        get("BkTxCd/Domn/Fmly/Cd"),
        get("BkTxCd/Domn/Fmly/SubFmlyCd"),
        get("BkTxCd/Prtry/Cd"),
        get("BkTxCd/Prtry/Issr"),
        instructed,
        instructed_currency,
        charges,
        charges_currency,
        included,
        batch.get("MsgId"),
        batch.get("PmtInfId"),
        values.count(batch.get("NbOfTxs")),
        get("AddtlNtryInf"),
    )


def detail_row(
    place: tuple[int | None, int | None, int, int, int], one: Transaction, entry: Money, own_country: str | None
) -> Row:
    """The row of a transaction inside an entry, after its record number. Raises `BadField` where an amount is garbled.

    Versions 02 and 03 have no amount of the transaction itself; there it is `TxAmt`, where that is in the entry's
    currency. The direction, where the bank gives none, is the entry's.
    """
    fields = one.fields
    get = fields.get
    amount, currency = optional_amount(fields, "Amt")
    transacted, transacted_currency = optional_amount(fields, "AmtDtls/TxAmt/Amt")
    instructed, instructed_currency = optional_amount(fields, "AmtDtls/InstdAmt/Amt")
    if amount is None and transacted is not None and transacted_currency == entry.currency:
        amount, currency = transacted, transacted_currency
    credit_debit = get("CdtDbtInd")
    signed = None
    if amount is not None:
        if credit_debit is not None and credit_debit not in ("CRDT", "DBIT"):
            raise BadField("CdtDbtInd", credit_debit, values.EXPECTED_DIRECTION)
        same_way = credit_debit is None or credit_debit == entry.credit_debit
        signed = amount if (entry.signed >= 0) == same_way else -amount
        if entry.signed == 0:
            signed = amount if (credit_debit or entry.credit_debit) == "CRDT" else -amount
    rate: Decimal | None = None
    source = target = None
    for way in ("TxAmt", "InstdAmt", "CntrValAmt"):
        rate = values.rate(get(f"AmtDtls/{way}/CcyXchg/XchgRate"))
        if rate is not None:
            source, target = get(f"AmtDtls/{way}/CcyXchg/SrcCcy"), get(f"AmtDtls/{way}/CcyXchg/TrgtCcy")
            break
    charges, charges_currency, _ = total_charges(one.charges) if one.charges else (None, None, None)
    text = get("RmtInf/Ustrd")
    creditor_account = values.account(fields, "RltdPties/CdtrAcct")
    said = NOTHING
    if one.structured or text is not None:
        said = remittance(one.structured, text, country(creditor_account) or own_country)
    return (
        *place,
        amount,
        currency,
        credit_debit,
        signed,
        instructed,
        instructed_currency,
        transacted,
        transacted_currency,
        rate,
        source,
        target,
        charges,
        charges_currency,
        values.given(get("Refs/MsgId")),
        values.given(get("Refs/PmtInfId")),
        values.given(get("Refs/InstrId")),
        values.given(get("Refs/EndToEndId")),
        values.given(get("Refs/TxId")),
        get("Refs/UETR"),
        values.given(get("Refs/MndtId")),
        get("Refs/ChqNb"),
        get("Refs/ClrSysRef"),
        values.given(get("Refs/AcctSvcrRef")),
        party(fields, "RltdPties/Dbtr"),
        values.account(fields, "RltdPties/DbtrAcct"),
        agent(fields, "RltdAgts/DbtrAgt"),
        party(fields, "RltdPties/UltmtDbtr"),
        party(fields, "RltdPties/Cdtr"),
        creditor_account,
        agent(fields, "RltdAgts/CdtrAgt"),
        party(fields, "RltdPties/UltmtCdtr"),
        text,
        said.reference,
        said.reference_type,
        said.documents,
        get("Purp/Cd") or get("Purp/Prtry"),
        get("RtrInf/Rsn/Cd") or get("RtrInf/Rsn/Prtry") or get("RtrInf/RtrRsn/Cd") or get("RtrInf/RtrRsn/Prtry"),
        get("RtrInf/AddtlInf") or get("RtrInf/AddtlRtrRsnInf"),
        joined(get("AddtlTxInf"), said.additional),
    )


def party(fields: Fields, path: str) -> str | None:
    """The name of a party, wrapped in `Pty` (or `Agt`, a bank) from version 08 on."""
    return fields.get(f"{path}/Nm") or fields.get(f"{path}/Pty/Nm") or fields.get(f"{path}/Agt/FinInstnId/Nm")


def agent(fields: Fields, path: str) -> str | None:
    """A bank: its BIC, else its clearing code, its other identification, its name."""
    for leaf in ("BICFI", "BIC", "CmbndId/BIC", "ClrSysMmbId/MmbId", "Othr/Id", "PrtryId/Id", "Nm"):
        if found := fields.get(f"{path}/FinInstnId/{leaf}"):
            return found
    return None


def country(account: str | None) -> str | None:
    """The country of an account that is an IBAN."""
    return account[:2] if account is not None and account[:2].isalpha() and account[2:4].isdigit() else None


def joined(*texts: str | None) -> str | None:
    """The texts that are there, one a line."""
    return "\n".join(text for text in texts if text) or None
