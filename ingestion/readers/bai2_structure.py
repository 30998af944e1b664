"""What a BAI2 file is made of while it is read: file, groups and accounts, and what their trailers are checked against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ingestion.currencies import minor_units
from ingestion.readers.bai2_details import Details
from ingestion.readers.bai2_fields import Summary, iso_day
from ingestion.readers.byte_slices import Flags, Ints


@dataclass
class Totals:
    """What a trailer is checked against: sum in minor units, physical records, members."""

    place: str
    first_record: int
    total: int = 0
    members: int = 0
    provable: bool = True  # False where an amount could not be read


@dataclass
class Group:
    """A group (02): the accounts a bank reports as of one moment; dates as days since 1970-01-01."""

    totals: Totals
    number: int
    originator: str
    status: str
    as_of: int
    as_of_time: str | None
    currency: str | None
    kind: str  # statement or report

    @property
    def loaded(self) -> bool:
        """Deletions and tests are reports about reports: nothing of them is a ledger's."""
        return self.status in ("1", "3")

    @property
    def as_of_text(self) -> str | None:
        """Date and time of the balances as ISO 8601 text; None where the group names no time."""
        return f"{iso_day(self.as_of)}T{self.as_of_time}" if self.as_of_time else None

    @property
    def statement_id(self) -> str:
        """What tells the statements of an account apart: the day, with the time in reports of the same day."""
        return self.as_of_text or iso_day(self.as_of) if self.kind == "report" else iso_day(self.as_of)


@dataclass
class Account:
    """An account (03) of a group; amounts in minor units of its currency."""

    totals: Totals
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

    @cached_property
    def factor(self) -> int:
        """From minor units of the currency to units scaled by 100,000."""
        return int(10 ** (5 - minor_units(self.currency)))


class Segment(NamedTuple):
    """A run of transactions of one account inside a chunk."""

    first: int  # transaction of the chunk
    last: int  # the one after the run
    account: Account
    group: Group
    first_record: int  # record number of the first
    first_entry: int  # entry number of the first


class Segments(NamedTuple):
    """Runs of transactions inside a chunk, each of one account; one element each, in file order."""

    first: Ints  # transaction of the chunk
    last: Ints  # the one after the run
    first_record: Ints  # record number of the first
    first_entry: Ints  # entry number of the first
    number: Ints  # of the account in the file
    factor: Ints  # from minor units to units scaled by 100,000
    as_of: Ints  # days since 1970-01-01
    currency: Ints  # number in `currencies`
    currencies: list[str]

    @classmethod
    def of(cls, walked: Sequence[Segment]) -> Segments:
        """The runs of accounts that were walked one by one."""
        currencies = sorted({one.account.currency for one in walked})
        return cls(
            first=_ints(one.first for one in walked),
            last=_ints(one.last for one in walked),
            first_record=_ints(one.first_record for one in walked),
            first_entry=_ints(one.first_entry for one in walked),
            number=_ints(one.account.number for one in walked),
            factor=_ints(one.account.factor for one in walked),
            as_of=_ints(one.group.as_of for one in walked),
            currency=_ints(currencies.index(one.account.currency) for one in walked),
            currencies=currencies,
        )

    def merged(self, others: Segments) -> Segments:
        """These runs and others, in file order."""
        if not len(others.first) or not len(self.first):
            return self if len(self.first) else others
        moved = others._replace(currency=others.currency + len(self.currencies))
        order = np.argsort(np.concatenate([self.first, others.first]), kind="stable")

        def both(name: str) -> Ints:
            found: Ints = np.concatenate([getattr(self, name), getattr(moved, name)])[order]
            return found

        columns = {name: both(name) for name in self._fields[:-1]}
        return Segments(**columns, currencies=[*self.currencies, *others.currencies])


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


class Runs:
    """Sums over runs of a chunk's transactions, for the totals and the net amount of their account."""

    def __init__(self, found: Details) -> None:
        self.found = found
        self.total = before(found.amount)
        self.net = before(np.where(found.good, found.amount * found.sign, 0))
        self.good = before(found.good)
        self.special = sorted(set(found.large) | set(found.unreadable))
        self.special_rows = np.array(self.special, dtype=np.int64)

    def add(self, account: Account, first: int, last: int) -> None:
        """Count the transactions from `first` to the one before `last` to the account."""
        found, totals = self.found, account.totals
        totals.total += int(self.total[last] - self.total[first])
        account.seen += last - first
        if account.loaded:
            account.net += int(self.net[last] - self.net[first])
            account.entries += int(self.good[last] - self.good[first])
        for row in self.special:
            if first <= row < last:
                large = found.large.get(row, 0)
                totals.total += large
                if account.loaded and found.good[row]:
                    account.net += large * int(found.sign[row])
                if found.unreadable.get(row, ("", ""))[0] == "amount":
                    totals.provable = False


def before(values: Ints | Flags) -> Ints:
    """The sum of all values before each place, and of all at the end."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)])
