"""BAI2 cash management reports: groups, accounts, their balances and transactions, all control totals proven.

This module holds the order of records and their totals (01 02 03 16 49 98 99). Where the fields of a million transactions lie
is found for a whole chunk at once in `bai2_lines`; single fields are read in `bai2_fields`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from ingestion.balance_check import check_balance
from ingestion.bank_transaction_codes import from_bai2
from ingestion.contracts import AMOUNT, BANK_BALANCE, BANK_ENTRY, BANK_STATEMENT, DATE, INT
from ingestion.currencies import CURRENCIES, minor_units
from ingestion.readers.bai2_fields import (
    AS_OF_REPORT,
    BALANCE_CODES,
    GROUP_STATUS,
    NON_MONETARY,
    Summary,
    amount,
    clock,
    day,
    directions,
    iso_day,
    summaries,
)
from ingestion.readers.bai2_lines import Cutter, Details, Lines, chunks, details, slices
from ingestion.reading import ControlTotal, FileFacts, FileRejected, Reader, ReaderEvent, RecordCounter, Records, Reject
from ingestion.record_columns import RecordColumns, amount_array, scaled, unscaled
from ingestion.references import account_id, is_iban
from ingestion.sources import SourceConfig

_STATEMENT_COLUMNS = (
    "record_number file_line byte_start byte_end statement_number identity kind message_id statement_id created_at to_date "
    "account_id account_scheme account_currency servicer_id opening_balance opening_date closing_balance closing_date "
    "entry_count net_amount balance_check difference declared_entries declared_net"
)
_BALANCE_COLUMNS = (
    "record_number file_line byte_start byte_end statement_number code native_code amount currency credit_debit "
    "signed_amount date date_time"
)
_WARNING_LIMIT = 50
_ORDER = {1: "file header", 2: "group header", 3: "account", 16: "transaction", 49: "account trailer"}
_DEFAULT_CURRENCY = "USD"  # BAI2: where neither group nor account names one


@dataclass
class _Totals:
    """What a trailer is checked against: sum in minor units, physical records, members."""

    place: str
    first_record: int
    total: int = 0
    members: int = 0
    provable: bool = True  # False where an amount could not be read


@dataclass
class _Group:
    totals: _Totals
    number: int
    originator: str
    status: str
    as_of: int | None
    as_of_time: str | None
    currency: str | None
    kind: str

    @property
    def loaded(self) -> bool:
        """Deletions and tests are reports about reports: nothing of them is a ledger's."""
        return self.status in ("1", "3")


@dataclass
class _Account:
    totals: _Totals
    record: int
    number: int
    line: int
    byte_start: int
    identifier: str
    currency: str
    summaries: list[Summary]
    loaded: bool
    entries: int = 0
    seen: int = 0
    net: int = 0
    dates_missing: bool = False
    rejects: list[Reject] = field(default_factory=list)

    @property
    def factor(self) -> int:
        """From minor units of the currency to units scaled by 100,000."""
        return int(10 ** (5 - minor_units(self.currency)))


class Bai2Reader:
    """BAI2, prior day (statements) and same day (reports)."""

    format = "bai2"
    version = "1"
    kinds = (BANK_STATEMENT.kind, BANK_BALANCE.kind, BANK_ENTRY.kind)

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Statements, balances and entries; see `ingestion.reading.Reader`.

        Options: `currency` where neither group nor account names one (BAI2 says USD). Raises `FileRejected` where records
        stand out of order, a trailer is missing, or a control total or record count is wrong.
        """
        return _Reading(source).run(stream)


class _Reading:
    """The state of reading one file."""

    def __init__(self, source: SourceConfig) -> None:
        currency = source.options.get("currency")
        self.currency = currency if isinstance(currency, str) and currency in CURRENCIES else _DEFAULT_CURRENCY
        self.counter = RecordCounter()
        self.statements = RecordColumns(BANK_STATEMENT, tuple(_STATEMENT_COLUMNS.split()))
        self.balances = RecordColumns(BANK_BALANCE, tuple(_BALANCE_COLUMNS.split()))
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.controls: list[ControlTotal] = []
        self.directions = directions()
        self.file: _Totals | None = None
        self.group: _Group | None = None
        self.account: _Account | None = None
        self.files = self.groups = self.accounts = 0
        self.file_id: str | None = None
        self.created_at: str | None = None
        self.identities: dict[str, int] = {}
        self.physical = 0  # physical records before this chunk
        self.last_line = 0

    def run(self, stream: BinaryIO) -> Iterator[ReaderEvent]:
        cutter = Cutter()
        for raw, offset in chunks(stream):
            lines = cutter.cut(raw, offset)
            found = details(lines)
            segments = self._segments(lines, found)
            self.physical += lines.physical_total
            yield from self._entries(lines, found, segments)
            yield from self.statements.flush()
            yield from self.balances.flush()
            yield from self.rejects
            self.rejects = []
        open_part = "account" if self.account else "group" if self.group else "file" if self.file else ""
        if open_part or not self.files:
            raise FileRejected(
                f"the file is cut off: its last {open_part} has no trailer" if open_part else "the file is empty",
                place=f"line {self.last_line}",
                found="the end of the file",
                expected={"account": "record 49", "group": "record 98"}.get(open_part, "record 99"),
                advice="Ask the bank to send the file again.",
            )
        yield FileFacts("bai2", self.file_id, self.created_at, tuple(self.controls), tuple(self.warnings))

    # -- order and totals -------------------------------------------------------------------------------------------

    def _segments(self, lines: Lines, found: Details) -> list[tuple[int, int, _Account, _Group, int, int]]:
        """Walk the records that are no transactions; between two of them lie the transactions of one account.

        A segment is (first, last) transaction, account, group, first record number, first entry number.
        """
        others = np.flatnonzero(lines.code != 16)
        before = np.searchsorted(found.index, others)
        sums = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(found.amount)])
        special = sorted(set(found.large) | set(found.unreadable))
        segments: list[tuple[int, int, _Account, _Group, int, int]] = []
        done = 0

        def take(upto: int) -> None:
            nonlocal done
            if upto == done:
                return
            account, group = self.account, self.group
            if account is None or group is None:
                raise self._misplaced(lines, int(found.index[done]), "transaction (16)", "an account (03) before it")
            totals = account.totals
            totals.total += int(sums[upto] - sums[done])
            for row in special:
                if done <= row < upto:
                    totals.total += found.large.get(row, 0)
                    if found.unreadable.get(row, ("", ""))[0] == "amount":
                        totals.provable = False
            if account.loaded:
                segments.append((done, upto, account, group, self.counter.last + 1, account.seen + 1))
                self.counter.last += upto - done
            account.seen += upto - done
            self._net(found, account, done, upto)
            done = upto

        for at, other in zip(before.tolist(), others.tolist(), strict=True):
            take(at)
            self._record(lines, other)
        take(len(found.index))
        if len(lines.line):
            self.last_line = int(lines.line[-1])
        return segments

    def _net(self, found: Details, account: _Account, first: int, last: int) -> None:
        """Add a run of transactions to the account's net amount and entry count."""
        if not account.loaded:
            return
        code = found.type_code[first:last]
        sign = self.directions[np.clip(code, 0, 999)]
        sign = np.where(code < 0, 0, sign)
        account.net += int(np.sum(found.amount[first:last] * sign))
        good = sign != 0
        for row, value in found.large.items():
            if first <= row < last:
                account.net += value * int(sign[row - first])
        for row in self._bad_dates(found, first, last):
            good[row - first] = False
            account.net -= self._amount(found, row) * int(sign[row - first])
        for row in found.unreadable:
            if first <= row < last and good[row - first]:
                good[row - first] = False
                account.net -= self._amount(found, row) * int(sign[row - first])
        account.entries += int(good.sum())

    @staticmethod
    def _amount(found: Details, row: int) -> int:
        return found.large.get(row, int(found.amount[row]))

    @staticmethod
    def _bad_dates(found: Details, first: int, last: int) -> list[int]:
        """Value-dated transactions whose date is none."""
        dates = found.value_date
        if dates is None:
            return []
        return [
            row
            for row in range(first, last)
            if (text := dates[row]) is not None and text.strip() and day(text.strip()) is None
        ]

    def _record(self, lines: Lines, index: int) -> None:
        code = int(lines.code[index])
        handler = _HANDLERS.get(code)
        if handler is None:
            text = lines.text[lines.start[index] : lines.end[index]][:60].decode("utf-8", "replace")
            raise FileRejected(
                "a line is no BAI2 record",
                place=f"line {lines.line[index]}",
                found=text,
                expected="record 01, 02, 03, 16, 49, 88, 98 or 99, a comma after its code",
                advice="Ask the bank for the file as it was made; line breaks inside records break it.",
            )
        handler(self, lines, index, lines.content(index).split(","))

    def _misplaced(self, lines: Lines, index: int, what: str, expected: str) -> FileRejected:
        return FileRejected(
            f"a {what} stands out of order",
            place=f"line {lines.line[index]}",
            found=lines.text[lines.start[index] : lines.end[index]][:60].decode("utf-8", "replace"),
            expected=expected,
            advice="Records are missing or the file is damaged. Ask the bank to send it again.",
        )

    def _ordinal(self, lines: Lines, index: int) -> int:
        """The number of the physical record a logical record begins with, from 0 over the file."""
        return self.physical + int(lines.physical[index])

    def _after(self, lines: Lines, index: int) -> int:
        """The physical records up to the end of this logical one, continuations included."""
        nxt = index + 1
        return self.physical + (int(lines.physical[nxt]) if nxt < len(lines.physical) else lines.physical_total)

    def _on_file(self, lines: Lines, index: int, fields: list[str]) -> None:
        if self.file is not None:
            raise self._misplaced(lines, index, "file header (01)", "the trailer 99 of the file before it")
        self.files += 1
        self.file = _Totals(f"file {self.files}" if self.files > 1 else "the file", self._ordinal(lines, index))
        sender, date_text, time_text, file_id = (_part(fields, number) for number in (0, 2, 3, 4))
        days, time_of_day = day(date_text), clock(time_text)
        if self.files == 1:
            # the sender numbers its files anew each day
            self.file_id = "|".join((sender, _part(fields, 1), date_text, time_text, file_id))
            if days is not None:
                self.created_at = iso_day(days) + (f"T{time_of_day}" if time_of_day else "")
        if days is None:
            self._warn(f"line {lines.line[index]}: the file's creation date {date_text!r} is no date")

    def _on_group(self, lines: Lines, index: int, fields: list[str]) -> None:
        if self.file is None or self.group is not None:
            raise self._misplaced(
                lines, index, "group header (02)", "a file header 01, and the trailer 98 of the group before it"
            )
        self.groups += 1
        self.file.members += 1
        status, currency = _part(fields, 2), _part(fields, 5)
        number = self.file.members
        place = f"group {number}"
        if status not in GROUP_STATUS:
            raise FileRejected(
                "a group's status is unknown",
                place=f"{place}, line {lines.line[index]}",
                found=status,
                expected="1 (update), 2 (deletion), 3 (correction) or 4 (test only)",
                advice="Ask the bank what the status means before the group is loaded.",
            )
        as_of, time_text = day(_part(fields, 3)), _part(fields, 4)
        if as_of is None:
            raise FileRejected(
                "a group has no as-of date",
                place=f"{place}, line {lines.line[index]}",
                found=_part(fields, 3),
                expected="a date YYMMDD",
                advice="Without it no transaction of the group has a booking date. Ask the bank to correct the file.",
            )
        self.group = _Group(
            _Totals(place, self._ordinal(lines, index)),
            number,
            _part(fields, 1),
            status,
            as_of,
            clock(time_text),
            currency or None,
            "report" if _part(fields, 6) in AS_OF_REPORT else "statement",
        )
        if status == "3":
            self._warn(f"{place}, line {lines.line[index]}: a correction of a group sent before")

    def _on_account(self, lines: Lines, index: int, fields: list[str]) -> None:
        group = self.group
        if group is None or self.account is not None:
            raise self._misplaced(
                lines, index, "account (03)", "a group header 02, and the trailer 49 of the account before it"
            )
        self.accounts += 1
        group.totals.members += 1
        line = int(lines.line[index])
        place = f"group {group.number}, account {group.totals.members} ({_part(fields, 0)}), line {line}"
        currency = _part(fields, 1) or group.currency or self.currency
        if currency not in CURRENCIES:
            raise FileRejected(
                "an account's currency is unknown",
                place=place,
                found=currency,
                expected="an ISO 4217 currency: the decimals of every amount depend on it",
                advice="Ask the bank to correct the file.",
            )
        given = summaries(fields[2:])
        if isinstance(given, str):
            raise FileRejected(
                "an account's balances cannot be read",
                place=place,
                found=",".join(fields)[:200],
                expected=given,
                advice="Ask the bank to correct the file.",
            )
        account = _Account(
            _Totals(place, self._ordinal(lines, index), sum(one.amount for one in given)),
            self.counter.next(),
            self.accounts,
            line,
            int(lines.byte_start[index]),
            _part(fields, 0),
            currency,
            given,
            group.loaded,
        )
        self.account = account
        if not group.loaded:
            return
        for one in given:
            if int(one.code) >= 100 and not 900 <= int(one.code) <= 919:
                continue  # totals of activity, not balances
            value = one.amount * account.factor
            self.balances.rows.append(
                (
                    self.counter.next(),
                    line,
                    account.byte_start,
                    int(lines.byte_end[index]),
                    account.number,
                    BALANCE_CODES.get(one.code, one.code),
                    one.code,
                    abs(value),
                    currency,
                    "DBIT" if value < 0 else "CRDT",
                    value,
                    group.as_of,
                    f"{iso_day(group.as_of or 0)}T{group.as_of_time}" if group.as_of_time else None,
                )
            )

    def _on_account_trailer(self, lines: Lines, index: int, fields: list[str]) -> None:
        account, group = self.account, self.group
        if account is None or group is None:
            raise self._misplaced(lines, index, "account trailer (49)", "an account 03 before it")
        self._prove(account.totals, lines, index, "49", _part(fields, 0), None, _part(fields, 1), account.currency)
        group.totals.total += account.totals.total
        group.totals.provable &= account.totals.provable
        self.account = None
        if account.loaded:
            self._finish(account, group, int(lines.byte_end[index]))
        else:
            self._set_aside(account, group, lines, index)

    def _on_group_trailer(self, lines: Lines, index: int, fields: list[str]) -> None:
        group, file = self.group, self.file
        if group is None or file is None or self.account is not None:
            raise self._misplaced(lines, index, "group trailer (98)", "a group 02, and a trailer 49 for each account")
        self._prove(
            group.totals, lines, index, "98", _part(fields, 0), _part(fields, 1), _part(fields, 2), group.currency
        )
        file.total += group.totals.total
        file.provable &= group.totals.provable
        self.group = None

    def _on_file_trailer(self, lines: Lines, index: int, fields: list[str]) -> None:
        file = self.file
        if file is None or self.group is not None:
            raise self._misplaced(lines, index, "file trailer (99)", "a file 01, and a trailer 98 for each group")
        self._prove(file, lines, index, "99", _part(fields, 0), _part(fields, 1), _part(fields, 2), None)
        self.file = None

    def _prove(
        self,
        totals: _Totals,
        lines: Lines,
        index: int,
        code: str,
        declared_sum: str,
        declared_members: str | None,
        declared_records: str,
        currency: str | None,
    ) -> None:
        """Compare a trailer with what was counted; an empty field declares nothing."""
        records = self._after(lines, index) - totals.first_record
        members = {"98": "number of accounts", "99": "number of groups"}.get(code, "")
        unit = f"minor units of {currency}" if currency else "minor units"
        checks = [(f"control total in {unit}", declared_sum, totals.total)] if totals.provable else []
        if declared_members is not None:
            checks.append((members, declared_members, totals.members))
        checks.append(("number of records", declared_records, records))
        if not totals.provable:
            self._warn(f"{totals.place}: the control total could not be proven, for an amount could not be read")
        for name, text, computed in checks:
            if not text:
                continue
            declared = amount(text)
            if declared is None or declared != computed:
                raise FileRejected(
                    f"a control total of the file is wrong: {name} of record {code}",
                    place=f"{totals.place}; trailer in line {lines.line[index]}",
                    found=f"declared {text}, computed {computed}",
                    expected="the declared and the computed total to be equal",
                    advice="The file is incomplete or damaged. Ask the bank to send it again.",
                )
            if code != "49":
                self.controls.append(
                    ControlTotal(f"{name}, record {code}, {totals.place}", Decimal(declared), Decimal(computed))
                )

    # -- rows -------------------------------------------------------------------------------------------------------

    def _finish(self, account: _Account, group: _Group, end: int) -> None:
        """The statement row of a loaded account."""
        factor = account.factor
        by_code = {one.code: one for one in reversed(account.summaries)}
        opening, closing = by_code.get("010"), by_code.get("015")
        verdict, difference = check_balance(
            unscaled(opening.amount * factor) if opening else None,
            unscaled(account.net * factor),
            unscaled(closing.amount * factor) if closing else None,
        )
        as_of = iso_day(group.as_of or 0)
        statement_id = f"{as_of}T{group.as_of_time}" if group.kind == "report" and group.as_of_time else as_of
        number = account_id(account.identifier)
        identity = "|".join((number, account.currency, group.kind, statement_id))
        occurrence = self.identities[identity] = self.identities.get(identity, 0) + 1
        if occurrence > 1:
            identity = f"{identity}|{occurrence}"  # the bank reports the account twice for the day
        credits, debits = by_code.get("100"), by_code.get("400")
        counted = [one.count for one in (credits, debits) if one is not None and one.count is not None]
        self.statements.rows.append(
            (
                account.record,
                account.line,
                account.byte_start,
                end,
                account.number,
                identity,
                group.kind,
                self.file_id,
                statement_id,
                self.created_at,
                group.as_of,
                number,
                "IBAN" if is_iban(number) else "OTHER",
                account.currency,
                group.originator or None,
                opening.amount * factor if opening else None,
                group.as_of if opening else None,
                closing.amount * factor if closing else None,
                group.as_of if closing else None,
                account.entries,
                account.net * factor,
                verdict,
                None if difference is None else scaled(difference),
                sum(counted) if len(counted) == 2 else None,
                (credits.amount - debits.amount) * factor if credits and debits else None,
            )
        )

    def _set_aside(self, account: _Account, group: _Group, lines: Lines, index: int) -> None:
        """An account of a deletion or test group: its place in the record is a reject that says so."""
        status = GROUP_STATUS[group.status]
        advice = (
            "Nothing of it was loaded. Find the report it withdraws and decide whether it has to be taken back."
            if group.status == "2"
            else "Nothing of it was loaded, as it is a test."
        )
        self.rejects.append(
            Reject(
                account.record,
                account.totals.place,
                "group status (02)",
                f"{group.status} ({status}), {account.seen} transactions as of {iso_day(group.as_of or 0)}",
                "1 (update) or 3 (correction)",
                advice,
                line=account.line,
                byte_start=account.byte_start,
                byte_end=int(lines.byte_end[index]),
                currency=account.currency,
            )
        )

    def _entries(
        self, lines: Lines, found: Details, segments: list[tuple[int, int, _Account, _Group, int, int]]
    ) -> Iterator[ReaderEvent]:
        """The entry rows of a chunk, all at once."""
        if not segments:
            return
        sizes = np.array([last - first for first, last, *_ in segments])
        rows = np.concatenate([np.arange(first, last) for first, last, *_ in segments])
        which = np.repeat(np.arange(len(segments)), sizes)
        step = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        factor = np.array([account.factor for _, _, account, *_ in segments], dtype=np.int64)[which]
        as_of = np.array([group.as_of for _, _, _, group, *_ in segments], dtype=np.int32)[which]
        statement = np.array([account.number for _, _, account, *_ in segments], dtype=np.int64)[which]
        record = np.array([one[4] for one in segments], dtype=np.int64)[which] + step
        entry = np.array([one[5] for one in segments], dtype=np.int64)[which] + step
        code = found.type_code[rows]
        sign = np.where(code < 0, 0, self.directions[np.clip(code, 0, 999)])
        bad = sign == 0
        value_date: list[int | None] | None = None
        if found.value_date is not None:
            value_date = [None if text is None else day(text.strip()) for text in (found.value_date[r] for r in rows)]
        for first, last, *_ in segments:
            for row in self._bad_dates(found, first, last):
                bad[np.searchsorted(rows, row)] = True
        if found.unreadable:
            bad |= np.isin(rows, list(found.unreadable))
        if bad.any():
            for at in np.flatnonzero(bad).tolist():
                self._reject_entry(lines, found, segments[which[at]], rows[at], int(record[at]), int(entry[at]))
            kept = ~bad
            if value_date is not None:
                value_date = [one for one, keep in zip(value_date, kept, strict=True) if keep]
            rows, which, factor, as_of, statement = rows[kept], which[kept], factor[kept], as_of[kept], statement[kept]
            record, entry, code, sign = record[kept], entry[kept], code[kept], sign[kept]
        count = len(rows)
        if not count:
            return
        scaled_amount = found.amount[rows] * factor
        signed = scaled_amount * sign
        size: pa.Array[pa.Scalar[pa.DataType]] = _amounts(np.abs(signed))
        signed_column = _amounts(signed)
        large = [at for at in range(count) if int(rows[at]) in found.large] if found.large else []
        if large:
            exact: list[int | None] = signed.tolist()
            for at in large:
                exact[at] = found.large[int(rows[at])] * int(factor[at]) * int(sign[at])
                signed[at] = 1 if (exact[at] or 0) >= 0 else -1
            signed_column = amount_array(exact)
            size = amount_array([None if value is None else abs(value) for value in exact])
        negative = (signed < 0) | ((signed == 0) & (sign < 0))
        index = found.index[rows]
        codes, inverse = np.unique(code, return_inverse=True)
        native = [f"{one:03d}" for one in codes.tolist()]
        iso = [from_bai2(one) for one in native]
        currencies = [account.currency for _, _, account, *_ in segments]
        days = pa.array(as_of, pa.int32()).cast(DATE)
        immediate = found.immediate[rows]
        if value_date is not None:
            merged = [int(as_of[at]) if immediate[at] else one for at, one in enumerate(value_date)]
            value_days = pa.array(merged, pa.int32()).cast(DATE)
        else:
            value_days = pa.array(as_of, pa.int32(), mask=~immediate).cast(DATE)
        text = slices(lines, found.text_start[rows], found.text_end[rows])
        if lines.separator in lines.text:
            text = pa.compute.replace_substring(text, lines.separator.decode(), "\n")  # type: ignore[type-var]
        columns: dict[str, pa.Array[pa.Scalar[pa.DataType]]] = {
            "record_number": pa.array(record, INT),
            "file_line": pa.array(lines.line[index], INT),
            "byte_start": pa.array(lines.byte_start[index], INT),
            "byte_end": pa.array(lines.byte_end[index], INT),
            "statement_number": pa.array(statement, INT),
            "entry_number": pa.array(entry, INT),
            "account_servicer_reference": slices(lines, found.bank_start[rows], found.bank_end[rows]),
            "customer_reference": slices(lines, found.customer_start[rows], found.customer_end[rows]),
            "status": _repeated(["BOOK"], np.zeros(count, dtype=np.int64)),
            "amount": size,
            "currency": _repeated(currencies, which),
            "credit_debit": _repeated(["CRDT", "DBIT"], negative.astype(np.int64)),
            "signed_amount": signed_column,
            "reversal": pa.array(negative != (sign < 0)),
            "booking_date": days,
            "value_date": value_days,
            "domain_code": _repeated([one.domain if one else None for one in iso], inverse),
            "family_code": _repeated([one.family if one else None for one in iso], inverse),
            "subfamily_code": _repeated([one.subfamily if one else None for one in iso], inverse),
            "native_code": _repeated(native, inverse),
            "native_issuer": _repeated(["BAI2"], np.zeros(count, dtype=np.int64)),
            "detail_count": pa.array(np.zeros(count, dtype=np.int64), INT),
            "text": text,
        }
        arrays = [columns.get(name) for name in BANK_ENTRY.names]
        filled = [
            pa.nulls(count, kind)  # type: ignore[call-overload]  # the stubs list no open type
            if one is None
            else one
            for one, (_, kind) in zip(arrays, BANK_ENTRY.columns, strict=True)
        ]
        yield Records(BANK_ENTRY.kind, pa.RecordBatch.from_arrays(filled, schema=BANK_ENTRY.schema))

    def _reject_entry(
        self,
        lines: Lines,
        found: Details,
        segment: tuple[int, int, _Account, _Group, int, int],
        row: int,
        record: int,
        entry: int,
    ) -> None:
        """A transaction that cannot be loaded, and why."""
        account = segment[2]
        index = int(found.index[row])
        code = int(found.type_code[row])
        unreadable = found.unreadable.get(row)
        value: Decimal | None = unscaled(abs(self._amount(found, row)) * account.factor)
        expected = "a three-digit type code, an amount in digits, a funds type 0, 1, 2, S, V, D or Z"
        if unreadable is not None:
            what, text = unreadable
            value = None if what == "amount" else value
        elif code == NON_MONETARY:
            what, text, expected = "type code", "890 (non-monetary information)", "a transaction with an amount"
        elif self.directions[max(0, min(code, 999))] == 0:
            what, text = "type code", f"{code:03d}"
            expected = "a code of a credit (100-399, 920-959) or a debit (400-699, 960-999)"
        else:
            what, expected = "value date", "a date YYMMDD of the calendar"
            text = (found.value_date[row] or "") if found.value_date else ""
        raw = lines.text[lines.start[index] : lines.end[index]].replace(lines.separator, b"\n88,")
        self.rejects.append(
            Reject(
                record,
                f"{account.totals.place}: entry {entry}, line {lines.line[index]}",
                what,
                text,
                expected,
                "The entry was not loaded; the account's balances will differ by it. Ask the bank what it means.",
                raw.decode("utf-8", "replace")[:2000],
                int(lines.line[index]),
                int(lines.byte_start[index]),
                int(lines.byte_end[index]),
                value,
                account.currency,
            )
        )

    def _warn(self, text: str) -> None:
        if len(self.warnings) < _WARNING_LIMIT:
            self.warnings.append(text)
        else:
            self.warnings[-1] = "there are more warnings than are listed"


def _part(fields: list[str], number: int) -> str:
    return fields[number].strip() if number < len(fields) else ""


def _amounts(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Array[pa.Scalar[pa.DataType]]:
    """Scaled int64 amounts as DECIMAL(23,5) without a Python object each."""
    words = np.empty((len(values), 2), dtype=np.int64)
    words[:, 0] = values
    words[:, 1] = values >> 63
    return pa.Array.from_buffers(AMOUNT, len(values), [None, pa.py_buffer(words.tobytes())])


def _repeated(
    values: list[str] | list[str | None], which: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> pa.Array[pa.Scalar[pa.DataType]]:
    """A text column of few distinct values, each row's by its number."""
    return pa.array(values, pa.string()).take(which)


_HANDLERS = {
    1: _Reading._on_file,
    2: _Reading._on_group,
    3: _Reading._on_account,
    49: _Reading._on_account_trailer,
    98: _Reading._on_group_trailer,
    99: _Reading._on_file_trailer,
}

READERS: dict[str, Reader] = {"bai2": Bai2Reader()}
