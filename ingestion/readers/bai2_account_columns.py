"""The plain accounts of a BAI2 chunk that a walk has taken, as statement and balance columns and as runs of transactions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import BANK_BALANCE, BANK_STATEMENT, INT, TEXT
from ingestion.currencies import minor_units
from ingestion.readers.bai2_accounts import PlainAccounts, Summaries
from ingestion.readers.bai2_fields import BALANCE_CODES, NATIVE_CODES
from ingestion.readers.bai2_lines import Lines
from ingestion.readers.bai2_structure import Group, Segments, before
from ingestion.readers.byte_slices import Flags, Ints, by_distinct, chosen, text_column
from ingestion.reading import RecordCounter, Records
from ingestion.record_columns import Column, contract_batch, day_array, int_amount_array
from ingestion.references import WRITTEN_OTHERWISE, account_id, is_iban

_LIKE_IBAN = "^[A-Z]{2}[0-9]{2}"
_CODES = tuple(BALANCE_CODES.get(code, code) for code in NATIVE_CODES)
_VERDICTS = ("ok", "off", "none")


class _Run(NamedTuple):
    """Accounts `first` to before `last` of a group that is loaded."""

    first: int
    last: int
    group: Group
    fallback: str  # the currency of accounts that name none
    first_record: int
    first_number: int  # of the accounts of the file
    first_member: int  # of the accounts of the group


class TakenAccounts:
    """Which plain accounts of a chunk belong to which group, and what they become."""

    def __init__(self, lines: Lines, plain: PlainAccounts) -> None:
        self.lines, self.plain = lines, plain
        self.runs: list[_Run] = []
        code = plain.summaries.code
        self.is_balance = (code < 100) | ((code >= 900) & (code <= 919))  # the others are totals of activity
        self.balances = np.bincount(plain.summaries.account[self.is_balance], minlength=len(plain.header))
        # record numbers: the account's, then its balances', then its transactions'
        self.records_before = before(1 + self.balances + plain.last - plain.first)
        self.totals_before = before(plain.total)

    def take(self, first: int, last: int, group: Group, fallback: str, counter: RecordCounter, number: int) -> None:
        """Count the accounts `first` to before `last` to a group; `number` is the first's in the file."""
        self.runs.append(_Run(first, last, group, fallback, counter.last + 1, number, group.totals.members + 1))
        counter.last += int(self.records_before[last] - self.records_before[first])
        group.totals.members += last - first
        group.totals.total += int(self.totals_before[last] - self.totals_before[first])

    def columns(self) -> AccountColumns:
        """The accounts taken, one by one."""
        return AccountColumns(self)


class AccountColumns:
    """The accounts taken from a chunk, one element each: where they stand, their numbers, currencies and groups."""

    def __init__(self, taken: TakenAccounts) -> None:
        self.taken, self.lines, self.plain, self.runs = taken, taken.lines, taken.plain, taken.runs
        first = np.array([run.first for run in self.runs], dtype=np.int64)
        sizes = np.array([run.last for run in self.runs], dtype=np.int64) - first
        self.run = np.repeat(np.arange(len(self.runs)), sizes)
        step = np.arange(len(self.run)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        self.account = first[self.run] + step
        records = taken.records_before
        self.record = (
            self._of_run([run.first_record for run in self.runs]) + records[self.account] - records[first[self.run]]
        )
        self.number = self._of_run([run.first_number for run in self.runs]) + step
        self.as_of = self._of_run([run.group.as_of for run in self.runs])
        own = self.plain.currency[self.account]
        self.currencies = [*self.plain.currencies, *(run.fallback for run in self.runs)]
        self.currency = np.where(own < 0, len(self.plain.currencies) + self.run, own)
        places = {
            name: minor_units(name) for name in {self.currencies[one] for one in np.unique(self.currency).tolist()}
        }
        self.factor = np.array([10 ** (5 - places.get(name, 0)) for name in self.currencies])[self.currency]

    def __len__(self) -> int:
        return len(self.account)

    def _of_run(self, values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)[self.run]

    def segments(self) -> Segments:
        """The transactions of the accounts, as runs; accounts without any are left out."""
        first, last = self.plain.first[self.account], self.plain.last[self.account]
        busy = last > first
        return Segments(
            first=first[busy],
            last=last[busy],
            first_record=(self.record + 1 + self.taken.balances[self.account])[busy],
            first_entry=np.ones(int(busy.sum()), dtype=np.int64),
            number=self.number[busy],
            factor=self.factor[busy],
            as_of=self.as_of[busy],
            currency=self.currency[busy],
            currencies=self.currencies,
        )

    def place(self, number: int) -> str:
        """How a reject names an account, by its number in the file."""
        at = int(np.searchsorted(self.number, number))
        account, run = int(self.account[at]), self.runs[self.run[at]]
        identifier = self.plain.texts.buffer[self.plain.id_start[account] : self.plain.id_end[account]].decode()
        member = run.first_member + account - run.first
        return f"group {run.group.number}, account {member} ({identifier}), line {self.lines.line[self.plain.header[account]]}"

    def balances(self) -> Records | None:
        """The balances of the accounts."""
        summaries = self.plain.summaries
        row_of = np.full(len(self.plain.header), -1)
        row_of[self.account] = np.arange(len(self))
        kept = np.flatnonzero(self.taken.is_balance & (row_of[summaries.account] >= 0))
        if not len(kept):
            return None
        row, code = row_of[summaries.account[kept]], summaries.code[kept]
        header = self.plain.header[self.account[row]]
        nth = np.arange(len(kept)) - np.searchsorted(row, row)
        signed = summaries.amount[kept] * self.factor[row]
        columns: dict[str, Column] = {
            "record_number": pa.array(self.record[row] + 1 + nth, INT),
            **_places(self.lines, header, self.lines.byte_end[header]),
            "statement_number": pa.array(self.number[row], INT),
            "code": chosen(_CODES, code),
            "native_code": chosen(NATIVE_CODES, code),
            "amount": int_amount_array(np.abs(signed)),
            "currency": chosen(self.currencies, self.currency[row]),
            "credit_debit": chosen(("CRDT", "DBIT"), (signed < 0).view(np.int8)),
            "signed_amount": int_amount_array(signed),
            "date": day_array(self.as_of[row]),
            "date_time": chosen([run.group.as_of_text for run in self.runs], self.run[row]),
        }
        return Records(BANK_BALANCE.kind, contract_batch(BANK_BALANCE, columns, len(kept)))

    def statements(self, file_id: str | None, created_at: str | None) -> Records | None:
        """The statements of the accounts, their arithmetic checked; identities are not numbered yet."""
        if not len(self):
            return None
        plain, lines, count = self.plain, self.lines, len(self)
        groups = [run.group for run in self.runs]
        net = plain.net[self.account] * self.factor
        opening, closing, credits, debits = (self._summary(code) for code in (10, 15, 100, 400))
        checked = opening.given & closing.given
        difference = closing.amount - opening.amount - net
        counted = credits.given & debits.given & (credits.items >= 0) & (debits.items >= 0)
        number = by_distinct(
            text_column(plain.texts.buffer, plain.id_start[self.account], plain.id_end[self.account]),
            account_id,
            WRITTEN_OTHERWISE,
        )
        currency = chosen(self.currencies, self.currency)
        header = plain.header[self.account]
        columns: dict[str, Column] = {
            "record_number": pa.array(self.record, INT),
            **_places(lines, header, lines.byte_end[plain.trailer[self.account]]),
            "statement_number": pa.array(self.number, INT),
            "identity": pc.binary_join_element_wise(number, currency, self._rest_of_identity(), "|"),  # type: ignore[call-overload]
            "kind": chosen([group.kind for group in groups], self.run),
            "message_id": pa.repeat(pa.scalar(file_id, TEXT), count),
            "statement_id": chosen([group.statement_id for group in groups], self.run),
            "created_at": pa.repeat(pa.scalar(created_at, TEXT), count),
            "to_date": day_array(self.as_of),
            "account_id": number,
            "account_scheme": _schemes(number),
            "account_currency": currency,
            "servicer_id": chosen([group.originator or None for group in groups], self.run),
            "opening_balance": int_amount_array(opening.amount, opening.given),
            "opening_date": day_array(self.as_of, ~opening.given),
            "closing_balance": int_amount_array(closing.amount, closing.given),
            "closing_date": day_array(self.as_of, ~closing.given),
            "entry_count": pa.array(plain.entries[self.account], INT),
            "net_amount": int_amount_array(net),
            "balance_check": chosen(_VERDICTS, np.where(checked, difference != 0, 2)),
            "difference": int_amount_array(difference, checked),
            "declared_entries": pa.array(credits.items + debits.items, INT, mask=~counted),
            "declared_net": int_amount_array(credits.amount - debits.amount, credits.given & debits.given),
        }
        return Records(BANK_STATEMENT.kind, contract_batch(BANK_STATEMENT, columns, count))

    def _summary(self, code: int) -> _Summary:
        """The first summary of a code of each account, scaled by 100,000; 0 where it has none."""
        summaries: Summaries = self.plain.summaries
        at = summaries.first_of(code, len(self.plain.header))[self.account]
        amount, items = np.append(summaries.amount, 0)[at], np.append(summaries.items, -1)[at]
        return _Summary(at >= 0, np.where(at >= 0, amount * self.factor, 0), items)

    def _rest_of_identity(self) -> Column:
        """What follows account and currency in the identity of a statement."""
        return chosen([f"{run.group.kind}|{run.group.statement_id}" for run in self.runs], self.run)


class _Summary(NamedTuple):
    given: Flags
    amount: Ints
    items: Ints


def _places(lines: Lines, header: Ints, end: Ints) -> dict[str, Column]:
    return {
        "file_line": pa.array(lines.line[header], INT),
        "byte_start": pa.array(lines.byte_start[header], INT),
        "byte_end": pa.array(end, INT),
    }


def _schemes(number: Column) -> Column:
    """IBAN or OTHER."""
    alike = np.asarray(pc.match_substring_regex(number, _LIKE_IBAN))  # type: ignore[arg-type]
    found = np.zeros(len(number), dtype=np.int64)
    for row in np.flatnonzero(alike).tolist():
        found[row] = is_iban(str(number[row].as_py()))
    return chosen(("OTHER", "IBAN"), found)
