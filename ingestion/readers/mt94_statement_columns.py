"""The plain statements of an MT940 chunk that a walk has taken, as statement and balance columns, all at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import BANK_BALANCE, BANK_STATEMENT, BOOL, INT, TEXT
from ingestion.readers.byte_slices import Ints, chosen, text_column
from ingestion.readers.mt94_bulk import BulkEntries
from ingestion.readers.mt94_cut import Fields
from ingestion.readers.mt94_plain_statements import BALANCE_KINDS, PlainStatements
from ingestion.reading import RecordCounter, Records
from ingestion.record_columns import Column, contract_batch, day_array, int_amount_array, positions

_CODES, _NATIVE_CODES = (tuple(names) for names in zip(*BALANCE_KINDS, strict=True))
_SUB_CODES = tuple("INTM" if native.endswith("M") else None for native in _NATIVE_CODES)
_IS_LAST = tuple(native == "62F" for native in _NATIVE_CODES)
_VERDICTS, _EMPTY = ("ok", "off"), pa.scalar("", TEXT)


class TakenStatements:
    """Which plain statements of a chunk were taken under which numbers, and what they become."""

    def __init__(self, fields: Fields, plain: PlainStatements, bulk: BulkEntries) -> None:
        net, fits = bulk.net_between(plain.first_entry, plain.last_entry)
        self.fields, self.bulk, self.plain, self.net = fields, bulk, plain.where(fits), net[fits]
        plain = self.plain
        self.number_of = dict(zip(plain.field.tolist(), range(len(plain.field)), strict=True))
        self.run_ends = plain.run_ends().tolist()
        self.entry_records = bulk.records_between(plain.first_entry, plain.last_entry)
        further = plain.further_last - plain.further_first
        # record numbers: the statement's, its opening balance's, its entries', its closing and further balances'
        self.records_before = np.concatenate([[0], np.cumsum(3 + self.entry_records + further)])
        self.rows: list[Ints] = []  # numbers of statements taken
        self.first_records: list[Ints] = []
        self.numbers: list[Ints] = []

    def take(self, first: int, last: int, counter: RecordCounter, statements: int) -> None:
        """Take the statements `first` to before `last`, so many statements after the first of the file."""
        plain, rows = self.plain, np.arange(first, last)
        record = counter.last + 1 + self.records_before[first:last] - self.records_before[first]
        number = statements + 1 + rows - first
        self.rows.append(rows)
        self.first_records.append(record)
        self.numbers.append(number)
        counter.last += int(self.records_before[last] - self.records_before[first])
        balances = plain.balances
        self.bulk.take_statements(
            plain.first_entry[rows],
            plain.last_entry[rows],
            number,
            [balances.currencies[one] for one in balances.currency[plain.opening[rows]].tolist()],
            balances.day[plain.opening[rows]],
            record + 2,
            [plain.accounts[one].account_id for one in plain.account[rows].tolist()],
        )

    def records(self) -> tuple[Records | None, Records | None]:
        """The statements and their balances; None where there are none."""
        if not self.rows:
            return None, None
        rows, record, number = (np.concatenate(parts) for parts in (self.rows, self.first_records, self.numbers))
        return self._statements(rows, record, number), self._balances(rows, record, number)

    def _statements(self, rows: Ints, record: Ints, number: Ints) -> Records:
        """The statements, their arithmetic checked."""
        plain, fields, count = self.plain, self.fields, len(rows)
        balances, opening, closing = plain.balances, plain.opening[rows], plain.closing[rows]
        net = self.net[rows]
        difference = balances.amount[closing] - balances.amount[opening] - net
        account = plain.account[rows]
        account_id = chosen([one.account_id for one in plain.accounts], account)
        currency = chosen(balances.currencies, balances.currency[opening])
        reference = text_column(fields.data, plain.reference_start[rows], plain.reference_end[rows])
        sequence, page = plain.sequence[rows], plain.page[rows]
        pages = pa.array(page, INT, mask=page < 0)
        closing_date = day_array(balances.day[closing])
        kind = pa.repeat(pa.scalar("statement", TEXT), count)
        # the codes of the balances tell pages of one number and day apart
        ends = [opens + closes for opens in _NATIVE_CODES for closes in _NATIVE_CODES]
        identity: tuple[Column, ...] = (
            account_id,
            currency,
            kind,
            pc.fill_null(reference, _EMPTY),  # type: ignore[arg-type]
            pa.array(sequence, INT).cast(TEXT),
            pc.fill_null(pages.cast(TEXT), _EMPTY),  # type: ignore[arg-type]
            closing_date.cast(TEXT),
            chosen(ends, balances.kind[opening] * len(_NATIVE_CODES) + balances.kind[closing]),
        )
        columns: dict[str, Column] = {
            "record_number": pa.array(record, INT),
            "file_line": pa.array(plain.line[rows], INT),
            "byte_start": pa.array(plain.start[rows] + fields.offset, INT),
            "byte_end": pa.array(plain.end[rows] + fields.offset, INT),
            "statement_number": pa.array(number, INT),
            "identity": pc.binary_join_element_wise(*identity, "|"),  # type: ignore[call-overload]
            "kind": kind,
            "message_id": reference,
            "statement_id": reference,
            "electronic_sequence": pa.array(sequence, INT),
            "page": pages,
            "last_page": pa.array(_IS_LAST, BOOL).take(positions(balances.kind[closing])),
            "to_date": closing_date,
            "account_id": account_id,
            "account_scheme": chosen([one.scheme for one in plain.accounts], account),
            "account_currency": currency,
            "servicer_id": chosen([one.servicer for one in plain.accounts], account),
            "opening_balance": int_amount_array(balances.amount[opening]),
            "opening_date": day_array(balances.day[opening]),
            "closing_balance": int_amount_array(balances.amount[closing]),
            "closing_date": closing_date,
            "entry_count": pa.array(plain.last_entry[rows] - plain.first_entry[rows], INT),
            "net_amount": int_amount_array(net),
            "balance_check": chosen(_VERDICTS, (difference != 0).view(np.int8)),
            "difference": int_amount_array(difference),
        }
        return Records(BANK_STATEMENT.kind, contract_batch(BANK_STATEMENT, columns, count))

    def _balances(self, rows: Ints, record: Ints, number: Ints) -> Records:
        """The balances, in the order of their records."""
        plain, balances = self.plain, self.plain.balances
        sizes = plain.further_last[rows] - plain.further_first[rows]
        whose = np.repeat(np.arange(len(rows)), sizes)
        step = np.arange(len(whose)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        closing_record = record + 2 + self.entry_records[rows]
        records = np.concatenate([record + 1, closing_record, closing_record[whose] + 1 + step])
        order = np.argsort(records, kind="stable")
        further = plain.further_first[rows][whose] + step
        at = np.concatenate([plain.opening[rows], plain.closing[rows], further])[order]
        kind, signed = balances.kind[at], balances.amount[at]
        columns: dict[str, Column] = {
            "record_number": pa.array(records[order], INT),
            "file_line": pa.array(balances.line[at], INT),
            "byte_start": pa.array(balances.start[at] + self.fields.offset, INT),
            "statement_number": pa.array(np.concatenate([number, number, number[whose]])[order], INT),
            "code": chosen(_CODES, kind),
            "sub_code": chosen(_SUB_CODES, kind),
            "native_code": chosen(_NATIVE_CODES, kind),
            "amount": int_amount_array(np.abs(signed)),
            "currency": chosen(balances.currencies, balances.currency[at]),
            "credit_debit": chosen(("CRDT", "DBIT"), (signed < 0).view(np.int8)),
            "signed_amount": int_amount_array(signed),
            "date": day_array(balances.day[at]),
        }
        return Records(BANK_BALANCE.kind, contract_batch(BANK_BALANCE, columns, len(at)))
