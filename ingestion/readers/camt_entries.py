"""The entries of a camt message and their transactions, as their containers close: counted, rejected, made into rows.

An entry whose structure repeats is taken by the plan of its shape (`camt_plans`), any other by the handlers here, part
by part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from ingestion.contracts import BANK_ENTRY, BANK_ENTRY_DETAIL
from ingestion.readers import camt_rows as rows
from ingestion.readers import iso20022_fields as iso
from ingestion.readers import iso20022_values as values
from ingestion.readers.camt_plans import (
    EntryPlan,
    TakenTransaction,
    TransactionPlan,
    entry_plan,
    transaction_plan,
)
from ingestion.readers.camt_statement import Statement
from ingestion.readers.camt_taken import TakenRows
from ingestion.readers.iso20022_remittance import RemittanceCollector
from ingestion.readers.xml_layout import Closer, Fields
from ingestion.readers.xml_records import RecordStream
from ingestion.readers.xml_shapes import Planner, Shape, Taker
from ingestion.reading import FileRejected, RecordCounter, Records
from ingestion.record_columns import BATCH_ROWS, RecordColumns, merged_records


class Surroundings(Protocol):
    """What entries need to know of the reading they are part of."""

    counter: RecordCounter

    def open_statement(self) -> Statement:
        """The statement the entry lies in."""
        ...

    def offsets(self, start: int, end: int) -> tuple[int | None, int | None]:
        """The bytes of the file that two parser offsets stand for."""
        ...

    def reject(self, place: str, bad: iso.BadField, start: int, end: int, *, fields: Fields) -> None:
        """Reject the record between two parser offsets."""
        ...


class Entries:
    """Reads the entries of all statements of a file, one after another.

    `flips` says that the bank's `CdtDbtInd` gives the direction of the original where `RvslInd` is true.
    """

    def __init__(self, around: Surroundings, *, flips: bool) -> None:
        self._around = around
        self._flips = flips
        self._entry_rows = RecordColumns(BANK_ENTRY, rows.ENTRY_COLUMNS)
        self._detail_rows = RecordColumns(BANK_ENTRY_DETAIL, rows.DETAIL_COLUMNS)
        self._entry_plans: list[EntryPlan] = []
        self._transaction_plans: list[TransactionPlan] = []
        self._taken = 0  # rows, since the last flush
        self._country: str | None = None  # of the statement's account
        # what is gathered for the entry that is open
        self._remittance = RemittanceCollector()
        self._parts = rows.NO_PARTS
        self._charges: list[Fields] = []  # of the open `Chrgs` block
        self._transaction_charges: list[rows.Charges] = []
        self._transactions: list[rows.Transaction | TakenTransaction] = []
        self._record = 0  # the entry's record number, once handed out
        self._details = 0  # transactions written or rejected
        self._details_written = 0

    @property
    def closers(self) -> dict[str, Closer]:
        """The handlers of the containers of an entry, by box name."""
        return {
            "Charge": self._on_charge,
            "EntryCharges": self._on_entry_charges,
            "TransactionCharges": self._on_transaction_charges,
            "Document": self._remittance.on_document,
            "Structured": self._remittance.on_structured,
            "Transaction": self._on_transaction,
            "Batch": self._on_batch,
            "Entry": self._on_entry,
        }

    @property
    def planners(self) -> Mapping[str, Planner]:
        """Those of the containers that can be taken; with reversals that flip the sign, none."""
        return {} if self._flips else {"Entry": self._plan_entries, "Transaction": self._plan_transactions}

    def begin_statement(self) -> None:
        """A statement has begun, its account is not known yet."""
        self._country = None

    @property
    def waiting(self) -> int:
        """How many rows wait to be handed on."""
        return self._taken + len(self._entry_rows.rows) + len(self._detail_rows.rows)

    def flush(self, records: RecordStream) -> Iterator[Records]:
        """The entries and transactions so far, in file order; forgets them."""
        taken = TakenRows(records.texts, has_offsets=records.source.has_offsets)
        for entries in self._entry_plans:
            taken.add_entries(entries)
        for transactions in self._transaction_plans:
            taken.add_transactions(transactions)
        self._taken = 0
        yield from merged_records(taken.entries(), self._entry_rows)
        yield from merged_records(taken.details(), self._detail_rows)

    # containers of a known shape -------------------------------------------------------------------------------------

    def _plan_entries(self, shape: Shape) -> Taker | None:
        plan = entry_plan(shape, self._around.counter)
        if plan is None:
            return None
        self._entry_plans.append(plan)

        def take(found: re.Match[str], statement: Fields, offset: int) -> bool:
            self._country = iso.country(statement.get("Acct/Id/IBAN"))
            if not plan.take(found, self._around.open_statement(), self._country, offset):
                return False
            self._taken += 1 + len(plan.details)
            return True

        return take

    def _plan_transactions(self, shape: Shape) -> Taker | None:
        plan = transaction_plan(shape)
        if plan is None:
            return None
        self._transaction_plans.append(plan)

        def take(found: re.Match[str], entry: Fields, offset: int) -> bool:
            self._add_transaction(plan.take(found, offset), entry)
            return True

        return take

    # any container ---------------------------------------------------------------------------------------------------

    def _on_charge(self, fields: Fields, _around: Fields, _start: int, _end: int) -> None:
        self._charges.append(fields)

    def _on_entry_charges(self, fields: Fields, _around: Fields, _start: int, _end: int) -> None:
        self._own_parts().charges.append(rows.Charges(fields, self._charges))
        self._charges = []

    def _on_transaction_charges(self, fields: Fields, _around: Fields, _start: int, _end: int) -> None:
        self._transaction_charges.append(rows.Charges(fields, self._charges))
        self._charges = []

    def _on_batch(self, fields: Fields, _around: Fields, _start: int, _end: int) -> None:
        self._own_parts().batches.append(fields)

    def _own_parts(self) -> rows.EntryParts:
        if self._parts is rows.NO_PARTS:
            self._parts = rows.EntryParts([], [])
        return self._parts

    def _on_transaction(self, fields: Fields, entry: Fields, start: int, end: int) -> None:
        charges, self._transaction_charges = self._transaction_charges, []
        self._add_transaction(rows.Transaction(fields, self._remittance.take(), charges, start, end), entry)

    def _add_transaction(self, one: rows.Transaction | TakenTransaction, entry: Fields) -> None:
        self._transactions.append(one)
        if len(self._transactions) >= BATCH_ROWS:
            self._write_early(entry)

    def _write_early(self, entry: Fields) -> None:
        """Write the transactions of a very large entry before it closes; from then on the entry has to be good."""
        try:
            amount = rows.money(entry, flipped=self._is_flipped(entry))
        except iso.BadField as bad:
            raise self._bad_large_entry(bad) from None
        self._write_transactions(amount)

    def _write_transactions(self, entry: rows.Money) -> None:
        around, counter = self._around, self._around.counter
        one = around.open_statement()
        if not self._record:
            self._record = counter.next()
        number = one.entries + one.rejected + 1
        for transaction in self._transactions:
            self._details += 1
            if isinstance(transaction, TakenTransaction):
                transaction.write((counter.next(), one.number, number, self._details), entry, self._country)
                self._details_written += 1
                self._taken += 1
                continue
            start, end = around.offsets(transaction.start, transaction.end)
            place = (counter.last + 1, start, end, one.number, number, self._details)
            try:
                row = rows.detail_row(place, transaction, entry, self._country)
            except iso.BadField as bad:
                where = f"{one.place}, entry {number}, transaction {self._details}"
                around.reject(where, bad, transaction.start, transaction.end, fields=transaction.fields)
                continue
            counter.next()  # the number in the row's place
            self._details_written += 1
            self._detail_rows.rows.append(row)
        self._transactions = []

    def _on_entry(self, fields: Fields, statement: Fields, start: int, end: int) -> None:
        around = self._around
        one = around.open_statement()
        number = one.entries + one.rejected + 1
        if not self._details:
            self._country = iso.country(statement.get("Acct/Id/IBAN"))
        try:
            amount = rows.money(fields, flipped=self._is_flipped(fields))
            place = (*around.offsets(start, end), one.number, number)
            row, status = rows.entry_row(place, fields, amount, self._parts)
        except iso.BadField as bad:
            if self._details:
                raise self._bad_large_entry(bad) from None
            one.rejected += 1
            around.reject(f"{one.place}, entry {number}", bad, start, end, fields=fields)
        else:
            self._write_transactions(amount)
            one.book(amount.currency, amount.signed, status)
            self._entry_rows.rows.append((self._record, *row, self._details_written))
        self._parts = rows.NO_PARTS
        self._transactions = []
        self._record = self._details = self._details_written = 0

    def _is_flipped(self, entry: Fields) -> bool:
        return self._flips and values.flag(entry.get("RvslInd")) is True

    def _bad_large_entry(self, bad: iso.BadField) -> FileRejected:
        one = self._around.open_statement()
        return FileRejected(
            f"an entry of more than {BATCH_ROWS} transactions cannot be read",
            place=f"{one.place}, entry {one.entries + one.rejected + 1}",
            found=f"{bad.name}: {bad.found}", expected=bad.expected, advice="Ask the bank to correct the file.",
        )  # fmt: skip
