"""The rows of entries and transactions that were taken (`camt_plans`), column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa

from ingestion.contracts import BANK_ENTRY, BANK_ENTRY_DETAIL, BOOL, DATE, INT, RATE, TEXT, TEXTS, Contract
from ingestion.readers import iso20022_values as values
from ingestion.readers.camt_plans import DETAIL_HEAD, ENTRY_HEAD, Block, DetailPlan, EntryPlan, TransactionPlan
from ingestion.readers.camt_rows import DETAIL_IDENTIFIERS, Charges, total_charges
from ingestion.readers.iso20022_fields import country as country_of
from ingestion.readers.iso20022_fields import joined
from ingestion.readers.iso20022_remittance import REFERENCE_STARTS, Remittance, Structured, remittance
from ingestion.readers.shape_leaves import Captured
from ingestion.readers.taken_columns import (
    Ints,
    TakenColumns,
    account_ids,
    amount_column,
    as_they_are,
    given_identifiers,
)
from ingestion.readers.xml_layout import Fields
from ingestion.readers.xml_text import TextResolver
from ingestion.reading import Records
from ingestion.record_columns import Column, amount_array, contract_batch, positions
from ingestion.references import self_identifying_reference

_PLACES = ("record_number", "byte_start", "byte_end", "statement_number", "entry_number")
_AMOUNTS = ("amount", "instructed_amount", "transaction_amount")
_ACCOUNTS = ("debtor_account", "creditor_account")
_Made = TypeVar("_Made")


class TakenRows:
    """Gathers what was taken, shape by shape, and makes one batch of the entries and one of the transactions."""

    def __init__(self, resolver: TextResolver, *, has_offsets: bool) -> None:
        self._resolver = resolver
        self._has_offsets = has_offsets
        self._entries = TakenColumns(resolver)
        self._details = TakenColumns(resolver)
        self._countries: list[str | None] = []  # of the account each transaction is on
        self._entry_charges: dict[int, list[Charges]] = {}  # by row
        self._charges: dict[int, list[Charges]] = {}
        self._structured: dict[int, list[Structured]] = {}

    def add_entries(self, plan: EntryPlan) -> None:
        """Take over the entries of a shape with their transactions; the plan forgets them."""
        rows, plan.rows = plan.rows, []
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        head, marks = columns[:ENTRY_HEAD], columns[ENTRY_HEAD : ENTRY_HEAD + len(plan.marks)]
        captured: Captured = columns[ENTRY_HEAD + len(plan.marks) :]
        record, statement, entry, offset, signed = (np.array(column, dtype=np.int64) for column in head[:5])
        starts, ends = ([np.array(mark, dtype=np.int64) + offset for mark in marks[side::2]] for side in (0, 1))
        numbers = dict(zip(_PLACES, (record, starts[0], ends[0], statement, entry), strict=True))
        numbers |= {"signed_amount": signed, "detail_count": np.full(len(rows), len(plan.details))}
        numbers |= {name: np.array(head[at], dtype=np.int64) for name, at in plan.days}
        self._entry_charges |= self._blocks(plan.charges, captured, self._entries.count, len(rows), Charges)
        self._entries.add(plan.texts, captured, numbers, len(rows))
        for ordinal, detail in enumerate(plan.details, 1):
            places = (record + ordinal, starts[ordinal], ends[ordinal], statement, entry, np.full(len(rows), ordinal))
            self._add_details(detail, captured, places, captured[plan.direction], plan.currency)
            self._countries += head[7]

    def add_transactions(self, plan: TransactionPlan) -> None:
        """Take over the transactions of a shape; the plan forgets them."""
        taken, plan.rows = plan.rows, {}
        for currency, rows in taken.items():
            columns = list(zip(*rows, strict=True))
            record, statement, entry, ordinal, start, end = (np.array(column, dtype=np.int64) for column in columns[:6])
            places = (record, start, end, statement, entry, ordinal)
            self._add_details(plan.detail, columns[DETAIL_HEAD:], places, columns[6], currency)
            self._countries += columns[7]

    def _add_details(
        self, plan: DetailPlan, captured: Captured, places: tuple[Ints, ...], directions: Sequence[str], currency: str
    ) -> None:
        """`places` are the columns of `_PLACES` and the ordinal in the entry; direction and currency are the entry's."""
        first, count = self._details.count, len(directions)
        self._structured |= self._blocks(plan.structured, captured, first, count, Structured)
        self._charges |= self._blocks(plan.charges, captured, first, count, Charges)
        if plan.direction is not None:
            directions = captured[plan.direction]
        signs = np.array([1 if one == "CRDT" else -1 for one in directions], dtype=np.int64)
        numbers = dict(zip((*_PLACES, "detail_number", "sign"), (*places, signs), strict=True))
        self._details.add(plan.texts | plan.amount_in(currency), captured, numbers, count)

    def _blocks(
        self,
        blocks: Sequence[Block],
        captured: Captured,
        first: int,
        count: int,
        made: Callable[[Fields, list[Fields]], _Made],
    ) -> dict[int, list[_Made]]:
        """The inner containers of each of the next `count` rows, from row `first` on."""
        if not blocks:
            return {}
        found: list[list[_Made]] = [[] for _ in range(count)]
        for block in blocks:
            fields = block.leaves.fields(captured, count, self._resolver)
            inner = [one.fields(captured, count, self._resolver) for one in block.inner]
            for row, of_row in enumerate(found):
                of_row.append(made(fields[row], [one[row] for one in inner]))
        return dict(enumerate(found, first))

    # columns --------------------------------------------------------------------------------------------------------

    def entries(self) -> Records | None:
        """The entries, in the order of their record numbers."""
        taken = self._entries
        if not taken.count:
            return None
        signed, present = taken.numbers("signed_amount")
        columns: dict[str, Column | None] = {
            "amount": amount_column(np.abs(signed), present),
            "signed_amount": amount_column(signed, present),
            "instructed_amount": amount_column(*taken.amounts("instructed_amount")),
            "reversal": taken.column("reversal", BOOL, lambda texts: [values.flag(text) for text in texts]),
            "batch_count": taken.column("batch_count", INT, lambda texts: [values.count(text) for text in texts]),
            "account_servicer_reference": taken.column("account_servicer_reference", TEXT, given_identifiers),
        }
        columns |= _charge_columns(self._entry_charges, taken.count)
        return self._records(BANK_ENTRY, taken, columns)

    def details(self) -> Records | None:
        """The transactions, in the order of their record numbers."""
        taken = self._details
        if not taken.count:
            return None
        amount, has_amount = taken.amounts("amount")
        columns: dict[str, Column | None] = {name: amount_column(*taken.amounts(name)) for name in _AMOUNTS}
        columns["signed_amount"] = amount_column(amount * taken.numbers("sign")[0], has_amount)
        columns["exchange_rate"] = taken.column(
            "exchange_rate", RATE, lambda texts: [values.rate(text) for text in texts]
        )
        columns |= {name: taken.column(name, TEXT, given_identifiers) for name in DETAIL_IDENTIFIERS}
        columns |= {name: taken.column(name, TEXT, account_ids) for name in _ACCOUNTS}
        columns |= self._remittance()
        charges = _charge_columns(self._charges, taken.count)
        charges.pop("charges_included", None)
        return self._records(BANK_ENTRY_DETAIL, taken, columns | charges)

    def _remittance(self) -> dict[str, Column | None]:
        """What structured remittance information says, and free text that is a reference as a whole."""
        texts, notes = (
            self._details.cells("remittance_unstructured", as_they_are),
            self._details.cells("additional_info", as_they_are),
        )
        said: dict[int, Remittance] = {
            row: Remittance(*found)
            for row, text in enumerate(texts)
            if text is not None and text[0] in REFERENCE_STARTS and (found := self_identifying_reference(text))
        }
        if self._structured:
            creditors = self._details.cells("creditor_account", account_ids)
            for row, blocks in self._structured.items():
                own = country_of(creditors[row]) or self._countries[row]
                said[row] = remittance(blocks, texts[row], own)
        if not said:
            return {}
        references: list[str | None] = [None] * len(texts)
        kinds: list[str | None] = [None] * len(texts)
        documents: list[tuple[str, ...] | None] = [None] * len(texts)
        for row, one in said.items():
            references[row], kinds[row], documents[row] = one.reference, one.reference_type, one.documents
            if one.additional is not None:
                notes[row] = joined(notes[row], one.additional)
        return {
            "structured_reference": pa.array(references, TEXT),
            "structured_reference_type": pa.array(kinds, TEXT),
            "referred_documents": pa.array(documents, TEXTS),
            "additional_info": pa.array(notes, TEXT),
        }

    def _records(self, contract: Contract, taken: TakenColumns, given: dict[str, Column | None]) -> Records:
        """A batch in file order: the columns given, and the others as they were taken."""
        columns = {name: column for name, column in given.items() if column is not None}
        for name, kind in contract.columns:
            if name in given or (name in ("byte_start", "byte_end") and not self._has_offsets):
                continue
            if taken.has_numbers(name):
                numbers, present = taken.numbers(name)
                whole = pa.array(numbers, mask=None if present.all() else ~present)
                columns[name] = whole.cast(pa.int32()).cast(DATE) if kind == DATE else whole
            elif (column := taken.column(name, kind)) is not None:
                columns[name] = column
        batch = contract_batch(contract, columns, taken.count)
        order = np.argsort(taken.numbers("record_number")[0], kind="stable")
        return Records(contract.kind, batch.take(positions(order)))


def _charge_columns(charges: dict[int, list[Charges]], count: int) -> dict[str, Column | None]:
    """The total charges of rows (`camt_rows.total_charges`)."""
    if not charges:
        return {}
    none = total_charges([])
    totals = [total_charges(charges[row]) if row in charges else none for row in range(count)]
    amounts, currencies, included = zip(*totals, strict=True)
    return {
        "charges_amount": amount_array(amounts),
        "charges_currency": pa.array(currencies, TEXT),
        "charges_included": pa.array(included, BOOL),
    }
