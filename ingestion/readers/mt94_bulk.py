"""The plain entries of an MT940 chunk as entry and detail rows, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.bank_transaction_codes import from_gvc, from_swift
from ingestion.contracts import BANK_ENTRY, BANK_ENTRY_DETAIL, INT, TEXT
from ingestion.readers.byte_slices import WHITE, Flags, Ints, chosen, text_column, trimmed, without, words
from ingestion.readers.mt94_cut import Fields
from ingestion.readers.mt94_fields import MARKS, NO_REFERENCE, entry_day
from ingestion.readers.mt94_plain import MARK_ORDER, PlainEntries
from ingestion.readers.mt94_sepa_columns import TextColumns
from ingestion.readers.mt94_statement import Statement
from ingestion.readers.mt94_supplements import FOREIGN_WORDS, foreign_columns, with_supplements
from ingestion.readers.mt94_text_columns import text_columns
from ingestion.reading import RecordCounter, Records
from ingestion.record_columns import Column, contract_batch, day_array, int_amount_array, positions

_LOW = 10**9  # amounts are summed in two parts, for many large ones would not fit 64 bits
_HIGH_LIMIT = 10**9  # of the high part: such a sum fits 64 bits, with two balances beside it
_DAYS = 100_000  # more than there are days since 1970 in any date of two-digit years
_NO_DAY = np.iinfo(np.int64).min
_MARKS = [MARKS[mark] for mark in MARK_ORDER]
_BOOKED = np.array([status == "BOOK" for *_, status in _MARKS])
_PARTY = ("name", "account", "agent")
_DETAIL_TEXTS = {
    "instruction_id": "instruction_id",
    "end_to_end_id": "end_to_end_id",
    "mandate_id": "mandate_id",
    "ultimate_debtor_name": "ultimate_debtor",
    "ultimate_creditor_name": "ultimate_creditor",
    "remittance_unstructured": "remittance",
    "structured_reference": "structured_reference",
    "structured_reference_type": "structured_reference_type",
    "purpose_code": "purpose",
    "return_reason_code": "return_reason",
    "additional_info": "additional",
}


@dataclass
class _Runs:
    """Runs of entries, each of one statement, and what the statement said when they were read; one element each."""

    first: list[int] = field(default_factory=list)  # among the plain entries
    last: list[int] = field(default_factory=list)  # the one after the last
    statement: list[int] = field(default_factory=list)
    currency: list[str] = field(default_factory=list)
    opening_day: list[int] = field(default_factory=list)
    first_record: list[int] = field(default_factory=list)
    first_entry: list[int] = field(default_factory=list)
    account: list[str | None] = field(default_factory=list)


class BulkEntries:
    """The plain entries of a chunk that have found their statement."""

    def __init__(self, fields: Fields, plain: PlainEntries) -> None:
        self.fields, self.plain = fields, plain
        self.runs = _Runs()
        self.details_before = _before(plain.has_text | plain.has_supplement)
        signed, booked = plain.amount * plain.sign, _BOOKED[plain.mark]
        self.net_before = _sums_before(signed * booked)
        self.expected_before = None if booked.all() else _sums_before(signed * ~booked)

    def take(self, first: int, last: int, statement: Statement, counter: RecordCounter) -> None:
        """Count the entries `first` to before `last` to the statement, whose currency is known."""
        opening, runs = statement.opening, self.runs
        runs.first.append(first)
        runs.last.append(last)
        runs.statement.append(statement.number)
        runs.currency.append(statement.currency or "")
        runs.opening_day.append(_NO_DAY if opening is None or opening.date is None else opening.date)
        runs.first_record.append(counter.last + 1)
        runs.first_entry.append(statement.entries + statement.rejected + len(statement.doubtful) + 1)
        runs.account.append(None if statement.account is None else statement.account.account_id)
        counter.last += last - first + int(self.details_before[last] - self.details_before[first])
        statement.entries += last - first
        statement.net += _sum_between(self.net_before, first, last)
        if self.expected_before is not None:
            statement.expected += _sum_between(self.expected_before, first, last)

    def take_statements(
        self, first: Ints, last: Ints, statement: Ints, currency: Sequence[str], opening_day: Ints, first_record: Ints,
        account: Sequence[str],
    ) -> None:  # fmt: skip
        """Take all entries of many statements, whose record numbers are given already."""
        runs = self.runs
        runs.first.extend(first.tolist())
        runs.last.extend(last.tolist())
        runs.statement.extend(statement.tolist())
        runs.currency.extend(currency)
        runs.opening_day.extend(opening_day.tolist())
        runs.first_record.extend(first_record.tolist())
        runs.first_entry.extend([1] * len(first))
        runs.account.extend(account)

    def records_between(self, first: Ints, last: Ints) -> Ints:
        """How many records the entries `first` to before `last` are, with their details."""
        found: Ints = last - first + self.details_before[last] - self.details_before[first]
        return found

    def net_between(self, first: Ints, last: Ints) -> tuple[Ints, Flags]:
        """The net of the booked entries `first` to before `last`, scaled by 100,000; and which fit 64 bits with room to spare."""
        high, low = (part[last] - part[first] for part in self.net_before)
        fits: Flags = np.abs(high) < _HIGH_LIMIT
        return np.where(fits, high, 0) * _LOW + low, fits

    def records(self) -> tuple[Records | None, Records | None]:
        """The entries and their details, which only entries with a text have; None where there are none."""
        runs, plain, fields = self.runs, self.plain, self.fields
        first = np.array(runs.first, dtype=np.int64)
        sizes = np.array(runs.last, dtype=np.int64) - first
        which = np.repeat(np.arange(len(sizes)), sizes)
        if not len(which):
            return None, None
        step = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows = first[which] + step
        before = self.details_before[rows] - self.details_before[first][which]
        texts = plain.texts.chosen(plain.text[rows])
        said = text_columns(texts.chosen(np.flatnonzero(plain.has_text[rows])))
        detailed, text = plain.has_text[rows], texts.column()
        if plain.has_supplement[rows].any():
            supplements = plain.supplements.chosen(plain.text[rows])
            said, detailed, text = with_supplements(said, detailed, text, supplements, runs.account, which)
        opening = np.array(runs.opening_day)[which]
        mark = positions(plain.mark[rows])
        count = len(rows)
        currencies = list(dict.fromkeys(runs.currency))
        currency = np.array([currencies.index(one) for one in runs.currency])[which]
        place: dict[str, Column] = {
            "record_number": pa.array(np.array(runs.first_record)[which] + step + before, INT),
            "file_line": pa.array(plain.line[rows], INT),
            "byte_start": pa.array(plain.start[rows] + fields.offset, INT),
            "byte_end": pa.array(plain.end[rows] + fields.offset, INT),
            "statement_number": pa.array(np.array(runs.statement)[which], INT),
            "entry_number": pa.array(np.array(runs.first_entry)[which] + step, INT),
        }
        signed = plain.amount[rows] * plain.sign[rows]
        columns: dict[str, Column] = {
            **place,
            "account_servicer_reference": self._reference(plain.bank_start[rows], plain.bank_end[rows]),
            "customer_reference": self._reference(plain.customer_start[rows], plain.customer_end[rows]),
            "status": chosen([status for *_, status in _MARKS], plain.mark[rows]),
            "amount": int_amount_array(plain.amount[rows]),
            "currency": chosen(currencies, currency),
            "credit_debit": chosen([direction for direction, *_ in _MARKS], plain.mark[rows]),
            "signed_amount": int_amount_array(signed),
            "reversal": pa.array([reversal for _, _, reversal, _ in _MARKS]).take(mark),
            "booking_date": _booking_dates(plain.month_day[rows], plain.value_day[rows], opening),
            "value_date": day_array(plain.value_day[rows]),
            **self._codes(rows, detailed, said),
            "detail_count": pa.array(detailed.astype(np.int64)),
            "text": text,
            **(foreign_columns(text) if any(word in fields.data for word in FOREIGN_WORDS) else {}),
        }
        entries = Records(BANK_ENTRY.kind, contract_batch(BANK_ENTRY, columns, count))
        if not detailed.any():
            return entries, None
        credit = plain.sign[rows][detailed] > 0
        return entries, _details(place, detailed, said, credit)

    def _reference(self, start: Ints, end: Ints) -> Column:
        return without(text_column(self.fields.data, *trimmed(self.fields.array, start, end, WHITE)), NO_REFERENCE)

    def _codes(self, rows: Ints, detailed: Flags, said: TextColumns) -> dict[str, Column]:
        """Transaction codes: the German one of the text decides before the SWIFT type of the entry."""
        plain, array = self.plain, self.fields.array
        business = np.full(len(rows), -1, dtype=np.int64)
        if "transaction_code" in said:
            business[detailed] = said["transaction_code"].cast(pa.int64()).fill_null(-1).to_numpy()
        size = plain.kind_end[rows] - plain.kind_start[rows]
        kind = words(array, plain.kind_start[rows], size).astype(np.int64)
        credit = plain.sign[rows] > 0
        distinct, which = np.unique((kind * 2 + credit) * 1001 + business + 1, return_inverse=True)
        found = [_code(*divmod(one, 1001)) for one in distinct.tolist()]
        names = ("domain_code", "family_code", "subfamily_code", "native_code", "native_issuer")
        taken = positions(which)
        return {name: pa.array([one[place] for one in found], TEXT).take(taken) for place, name in enumerate(names)}


def _before(values: Ints | Flags) -> Ints:
    """The sum of all values before each place, and of all at the end."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)])


def _sums_before(amounts: Ints) -> tuple[Ints, Ints]:
    """The sum of all amounts before each place, in two parts."""
    return _before(amounts // _LOW), _before(amounts % _LOW)


def _sum_between(sums: tuple[Ints, Ints], first: int, last: int) -> int:
    high, low = sums
    return int(high[last] - high[first]) * _LOW + int(low[last] - low[first])


def _code(kind_and_side: int, business_number: int) -> tuple[str | None, ...]:
    """ISO domain, family and sub-family, the bank's own code and its issuer."""
    number, credit = divmod(kind_and_side, 2)
    kind = number.to_bytes(4, "little").decode() if number else ""
    business = f"{business_number - 1:03d}" if business_number else ""
    iso = (from_gvc(business, bool(credit)) if business else None) or (from_swift(kind, bool(credit)) if kind else None)
    native = "+".join(filter(None, (kind.strip(), business))) or None
    issuer = "DK" if business else "SWIFT" if native else None
    return (*(iso or (None, None, None)), native, issuer)


def _booking_dates(month_day: Ints, value_day: Ints, opening: Ints) -> Column:
    """Entry dates have no year: each is found by value date and opening balance, once for all entries that have the same."""
    dated = month_day >= 0
    anchors = value_day * _DAYS + np.where(opening == _NO_DAY, 0, opening + 1)
    distinct, which = np.unique(np.where(dated, anchors * 10_000 + month_day, 0), return_inverse=True)
    days = [_booking_day(one) if one else 0 for one in distinct.tolist()]
    return day_array(np.array(days, dtype=np.int32)[which], ~dated)


def _booking_day(number: int) -> int:
    """The day of an entry date MMDD, by the value date and the opening balance's day plus one, all in one number."""
    anchors, month_day = divmod(number, 10_000)
    value, after_opening = divmod(anchors, _DAYS)
    found = entry_day(f"{month_day:04d}", value, after_opening - 1 if after_opening else None)
    assert found is not None  # noqa: S101  (plain dates are of every year, so one is within half a year)
    return found


def _details(place: dict[str, Column], detailed: Flags, said: TextColumns, credit: Flags) -> Records:
    count = len(credit)
    columns: dict[str, Column] = {name: column.filter(detailed) for name, column in place.items()}
    columns["record_number"] = pc.add(columns["record_number"], 1)  # after its entry
    columns["detail_number"] = pa.array(np.ones(count, dtype=np.int64))
    columns.update({name: said[of] for name, of in _DETAIL_TEXTS.items() if of in said})
    received, nobody = pa.array(credit), pa.scalar(None, TEXT)
    for name in _PARTY:
        if name in said:
            columns[f"debtor_{name}"] = pc.if_else(received, said[name], nobody)
            columns[f"creditor_{name}"] = pc.if_else(received, nobody, said[name])
    return Records(BANK_ENTRY_DETAIL.kind, contract_batch(BANK_ENTRY_DETAIL, columns, count))
