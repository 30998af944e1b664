"""The order of BAI2 records and their control totals: 01 02 03 16 49 98 99, each trailer proven.

Accounts written plainly are taken many at once (`bai2_accounts`), where an account may stand. All other records that are no
transactions are walked one by one; the transactions between two of them belong to one account and are counted as a run.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from ingestion.currencies import CURRENCIES
from ingestion.readers.bai2_account_columns import AccountColumns, TakenAccounts
from ingestion.readers.bai2_accounts import plain_accounts
from ingestion.readers.bai2_details import Details
from ingestion.readers.bai2_fields import AS_OF_REPORT, GROUP_STATUS, amount, clock, day, iso_day, summaries
from ingestion.readers.bai2_lines import Lines
from ingestion.readers.bai2_rows import AccountRows, set_aside
from ingestion.readers.bai2_structure import Account, Group, Runs, Segment, Segments, Totals
from ingestion.reading import ControlTotal, FileRejected, RecordCounter, Reject

_WARNING_LIMIT = 50


class Walked:
    """What the walk through a chunk found: the runs of transactions of loaded accounts, and the accounts taken at once."""

    def __init__(self, walked: list[Segment], taken: AccountColumns) -> None:
        self.taken = taken
        self.segments = Segments.of(walked).merged(taken.segments())
        self._places = {one.account.number: one.account.totals.place for one in walked}

    def place(self, account: int) -> str:
        """How a reject names an account, by its number in the file."""
        return self._places.get(account) or self.taken.place(account)


class Walk:
    """Where the walk through a file stands, and what it found; `currency` is that of accounts which name none."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.counter = RecordCounter()
        self.rows = AccountRows()
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.controls: list[ControlTotal] = []
        self.file: Totals | None = None
        self.group: Group | None = None
        self.account: Account | None = None
        self.files = self.groups = self.accounts = 0
        self.file_id: str | None = None
        self.created_at: str | None = None
        self.physical = 0  # physical records before this chunk
        self.last_line = 0

    def chunk(self, lines: Lines, found: Details) -> Walked:
        """Walk the records of a chunk."""
        others = np.flatnonzero(lines.code != 16)
        records, transactions_before = others.tolist(), np.searchsorted(found.index, others).tolist()
        sums = Runs(found)
        plain = plain_accounts(lines, found, sums)
        taken = TakenAccounts(lines, plain)
        plain_at = dict(zip(plain.header.tolist(), range(len(plain.header)), strict=True))
        run_ends = plain.run_ends().tolist()
        walked: list[Segment] = []
        at = done = 0
        while at < len(records):
            done = self._transactions(lines, found, sums, walked, done, transactions_before[at])
            first = plain_at.get(records[at])
            if first is not None and self._take(taken, first, run_ends[first]):
                at += 2 * (run_ends[first] - first)
                done = int(plain.last[run_ends[first] - 1])
                continue
            self._record(lines, records[at])
            at += 1
        self._transactions(lines, found, sums, walked, done, len(found.index))
        if len(lines.line):
            self.last_line = int(lines.line[-1])
        self.physical += lines.physical_total
        return Walked(walked, taken.columns())

    def _transactions(
        self, lines: Lines, found: Details, sums: Runs, walked: list[Segment], first: int, last: int
    ) -> int:
        """The transactions `first` to before `last`, which belong to the open account; gives `last`."""
        if last > first:
            account, group = self.account, self.group
            if account is None or group is None:
                raise self._misplaced(lines, int(found.index[first]), "transaction (16)", "an account (03) before it")
            if account.loaded:
                walked.append(Segment(first, last, account, group, self.counter.last + 1, account.seen + 1))
                self.counter.last += last - first
            sums.add(account, first, last)
        return last

    def _take(self, taken: TakenAccounts, first: int, last: int) -> bool:
        """Take plain accounts at once, where an account may stand here and their group is loaded."""
        group = self.group
        if group is None or self.account is not None or not group.loaded:
            return False
        fallback = group.currency or self.currency
        if fallback not in CURRENCIES:
            return False
        taken.take(first, last, group, fallback, self.counter, self.accounts + 1)
        self.accounts += last - first
        return True

    def finish(self) -> None:
        """The file has ended: every part of it must have its trailer."""
        open_part = "account" if self.account else "group" if self.group else "file" if self.file else ""
        if open_part or not self.files:
            raise FileRejected(
                f"the file is cut off: its last {open_part} has no trailer" if open_part else "the file is empty",
                place=f"line {self.last_line}",
                found="the end of the file",
                expected={"account": "record 49", "group": "record 98"}.get(open_part, "record 99"),
                advice="Ask the bank to send the file again.",
            )

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
        self.file = Totals(f"file {self.files}" if self.files > 1 else "the file", self._ordinal(lines, index))
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
        self.group = Group(
            Totals(place, self._ordinal(lines, index)),
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
        parts = [part.split(",") for part in lines.parts(index)]
        given = summaries([parts[0][2:], *parts[1:]] if len(parts[0]) > 1 else [fields[2:]])
        if isinstance(given, str):
            raise FileRejected(
                "an account's balances cannot be read",
                place=place,
                found=",".join(fields)[:200],
                expected=given,
                advice="Ask the bank to correct the file.",
            )
        account = Account(
            Totals(place, self._ordinal(lines, index), sum(one.amount for one in given)),
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
        if account.loaded:
            self.rows.add_balances(account, group, int(lines.byte_end[index]), self.counter)

    def _on_account_trailer(self, lines: Lines, index: int, fields: list[str]) -> None:
        account, group = self.account, self.group
        if account is None or group is None:
            raise self._misplaced(lines, index, "account trailer (49)", "an account 03 before it")
        self._prove(account.totals, lines, index, "49", _part(fields, 0), None, _part(fields, 1), account.currency)
        group.totals.total += account.totals.total
        group.totals.provable &= account.totals.provable
        self.account = None
        if account.loaded:
            self.rows.add_statement(account, group, int(lines.byte_end[index]), self.file_id, self.created_at)
        else:
            self.rejects.append(set_aside(account, group, int(lines.byte_end[index])))

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
        totals: Totals,
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

    def _warn(self, text: str) -> None:
        if len(self.warnings) < _WARNING_LIMIT:
            self.warnings.append(text)
        else:
            self.warnings[-1] = "there are more warnings than are listed"


def _part(fields: list[str], number: int) -> str:
    return fields[number].strip() if number < len(fields) else ""


_HANDLERS = {
    1: Walk._on_file,
    2: Walk._on_group,
    3: Walk._on_account,
    49: Walk._on_account_trailer,
    98: Walk._on_group_trailer,
    99: Walk._on_file_trailer,
}
