"""What NACHA entries become: payments as instructed, the documents they settle, and status reports on earlier payments.

A return (addenda 99) is a payment that came back: RJCT with its reason code. A notification of change (98) says that
the payment was made with corrected data: ACWC. An acknowledgement (ACK, ATX) says that it arrived: RCVD.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestion.contracts import (
    PAYMENT_BATCH,
    PAYMENT_INSTRUCTION,
    PAYMENT_MESSAGE,
    PAYMENT_REMITTANCE,
    PAYMENT_STATUS,
)
from ingestion.readers import nacha_addenda as addenda
from ingestion.readers import nacha_records as layout
from ingestion.readers.nacha_records import Record
from ingestion.reading import RecordCounter
from ingestion.record_columns import RecordColumns

CURRENCY = "USD"
CENT = 1000  # in units scaled by 100,000
CORPORATE = frozenset({"CTX", "ATX", "TRX", "ENR"})
CONSUMER = frozenset({"CIE", "MTE"})
ACKNOWLEDGEMENTS = frozenset({"ACK", "ATX"})
TRUNCATED = frozenset({"TRC", "XCK"})
_CHEQUES = frozenset({"ARC", "BOC", "POP", "RCK", "TRC", "XCK"})  # the entry's number is that of a check
_PLACE = "record_number file_line byte_start byte_end "
_IDS = "message_id payment_information_id "
_MESSAGE_COLUMNS = (
    _PLACE + "identity message_id direction created_at initiating_party declared_sum computed_count computed_sum"
)
_BATCH_COLUMNS = (
    _PLACE + _IDS + "payment_method declared_sum computed_count computed_sum local_instrument category_purpose "
    "requested_execution_date debtor_name debtor_account debtor_account_currency debtor_agent"
)
_INSTRUCTION_COLUMNS = (
    _PLACE + _IDS + "transaction_number instruction_id end_to_end_id amount currency requested_execution_date "
    "own_account counterparty_name counterparty_account counterparty_agent counterparty_country cheque_number "
    "remittance_unstructured"
)
_REMITTANCE_COLUMNS = (
    _PLACE + _IDS + "transaction_number end_to_end_id document_type document_number due_amount discount_amount "
    "remitted_amount currency"
)
_STATUS_COLUMNS = (
    _PLACE
    + "report_id level reported_at original_instruction_id original_end_to_end_id status reason_code reason_text "
    "original_amount original_currency"
)
DIRECTIONS = {True: "credit_transfer", False: "direct_debit"}


@dataclass
class Tally:
    """What was instructed in one direction: of a file or a batch. Sums in cents."""

    count: int = 0
    total: int = 0

    def add(self, cents: int) -> None:
        """One more payment."""
        self.count += 1
        self.total += cents


@dataclass
class Batch:
    """A batch while it is being read; sums in cents."""

    record: Record
    ordinal: int
    number: str
    fields: dict[str, str]
    information_id: str  # without the direction, see `message_id`
    count: int = 0
    hash: int = 0
    debits: int = 0
    credits: int = 0
    payments: dict[bool, Tally] = field(default_factory=dict)  # by whether it is a credit
    balanced_by: dict[bool, int] = field(default_factory=dict)  # what entries on the own account make up for

    @property
    def sec(self) -> str:
        """The standard entry class: PPD, CCD, CTX, WEB, ..."""
        return self.fields["sec"]

    @property
    def place(self) -> str:
        """How a message names this batch."""
        return f"batch {self.ordinal} ({self.sec} {self.number})"

    @property
    def effective(self) -> int | None:
        """The day the originator wants the payments settled."""
        return layout.day(self.fields["effective"])


@dataclass(frozen=True)
class Entry:
    """An entry with its addenda, its figures read."""

    record: Record
    addenda: list[Record]
    fields: dict[str, str]
    cents: int
    credit: bool


def message_id(file_id: str, credit: bool) -> str:
    """The message a payment belongs to: a file may hold both directions, a message has one."""
    return file_id if credit else f"{file_id}/DD"


class Output:
    """The rows of a file, by contract."""

    def __init__(self, counter: RecordCounter, own_account: str | None) -> None:
        self.counter = counter
        self.own_account = own_account
        self.messages = RecordColumns(PAYMENT_MESSAGE, tuple(_MESSAGE_COLUMNS.split()))
        self.batches = RecordColumns(PAYMENT_BATCH, tuple(_BATCH_COLUMNS.split()))
        self.instructions = RecordColumns(PAYMENT_INSTRUCTION, tuple(_INSTRUCTION_COLUMNS.split()))
        self.remittances = RecordColumns(PAYMENT_REMITTANCE, tuple(_REMITTANCE_COLUMNS.split()))
        self.statuses = RecordColumns(PAYMENT_STATUS, tuple(_STATUS_COLUMNS.split()))
        self.transactions = 0

    @property
    def all(self) -> tuple[RecordColumns, ...]:
        """The five kinds."""
        return (self.messages, self.batches, self.instructions, self.remittances, self.statuses)

    def _place(self, first: Record, last: Record, number: int | None = None) -> tuple[int, int, int, int]:
        return (self.counter.next() if number is None else number, first.line, first.start, last.end)

    def next_numbers(self) -> tuple[int, int]:
        """The record number and the ordinal of a payment that is added later."""
        self.transactions += 1
        return self.counter.next(), self.transactions

    def add_instruction(self, file_id: str, batch: Batch, entry: Entry, numbers: tuple[int, int]) -> None:
        """A payment as instructed, and the documents its addenda name."""
        record_number, transaction = numbers
        fields, last = entry.fields, entry.addenda[-1] if entry.addenda else entry.record
        ids = (message_id(file_id, entry.credit), f"{message_id(file_id, entry.credit)}-{batch.information_id}")
        reference, cheque = fields["id"] or None, None
        if batch.sec in _CHEQUES:
            reference, cheque = None, (fields["id"][:9].strip() if batch.sec == "POP" else fields["id"]) or None
        name, country, text = fields["name"] or None, None, addenda.remittance(entry.addenda)
        if batch.sec in TRUNCATED:
            text = fields["processed"] or None
        if batch.sec == "IAT":
            by_kind = {addenda.kind(one): one for one in entry.addenda}
            name = by_kind["10"].field((46, 81)) or None if "10" in by_kind else None
            reference = by_kind["15"].field((3, 18)) or None if "15" in by_kind else None
            country = by_kind["16"].field((38, 73))[:2] or None if "16" in by_kind else batch.fields["country"] or None
            free = [one.field((3, 83)) for one in entry.addenda if addenda.kind(one) == "17"]
            text = "\n".join(part for part in free if part) or None
        batch.payments.setdefault(entry.credit, Tally()).add(entry.cents)
        self.instructions.rows.append(
            (
                *self._place(entry.record, last, record_number),
                *ids,
                transaction,
                fields["trace"] or None,
                reference,
                entry.cents * CENT,
                CURRENCY,
                batch.effective,
                self.own_account,
                name,
                fields["account"] or None,
                fields["rdfi"] + fields["check"],
                country,
                cheque,
                text,
            )
        )
        for said in addenda.settled(text):
            self.remittances.rows.append(
                (
                    *self._place(entry.record, last),
                    *ids,
                    transaction,
                    reference,
                    said.document_type,
                    said.number,
                    said.due,
                    said.discount,
                    said.remitted,
                    CURRENCY,
                )
            )

    def add_status(
        self, file_id: str, reported_at: str | None, entry: Entry, status: str, said: addenda.Return | None
    ) -> None:
        """A report on an earlier payment: a return, a notification of change, or without `said` an acknowledgement."""
        last = entry.addenda[-1] if entry.addenda else entry.record
        trace = said.original_trace if said else entry.fields["id"]
        self.statuses.rows.append(
            (
                *self._place(entry.record, last),
                file_id,
                "transaction",
                reported_at,
                trace or None,
                (entry.fields["id"] or None) if said else None,
                status,
                said.code if said else None,
                said.text if said else None,
                entry.cents * CENT if entry.cents else None,
                CURRENCY if entry.cents else None,
            )
        )

    def add_batch(self, file_id: str, batch: Batch, control: Record, *, sums_are_payments: bool) -> None:
        """The batch, once for each direction its payments have."""
        for credit, tally in sorted(batch.payments.items(), reverse=True):
            message = message_id(file_id, credit)
            declared = (batch.credits if credit else batch.debits) if sums_are_payments else None
            self.batches.rows.append(
                (
                    *self._place(batch.record, control),
                    message,
                    f"{message}-{batch.information_id}",
                    "TRF" if credit else "DD",
                    None if declared is None else declared * CENT,
                    tally.count,
                    tally.total * CENT,
                    batch.sec,
                    batch.fields["description"] or None,
                    batch.effective,
                    batch.fields.get("company") or None,
                    self.own_account,
                    CURRENCY,
                    batch.fields["odfi"] or None,
                )
            )

    def add_message(
        self, file_id: str, credit: bool, tally: Tally, header: Record, control: Record,
        created_at: str | None, party: str | None, declared: int | None,
    ) -> None:  # fmt: skip
        """One direction of the file as a message; `declared`: the file's own total in cents, where of payments."""
        identity = message_id(file_id, credit)
        self.messages.rows.append(
            (
                *self._place(header, control),
                identity,
                identity,
                DIRECTIONS[credit],
                created_at,
                party,
                None if declared is None else declared * CENT,
                tally.count,
                tally.total * CENT,
            )
        )
