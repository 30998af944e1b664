"""What a BAI2 file is made of while it is read: file, groups and accounts, and what their trailers are checked against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ingestion.currencies import minor_units
from ingestion.readers.bai2_details import Details
from ingestion.readers.bai2_fields import Summary
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


class Runs:
    """Sums over runs of a chunk's transactions, for the totals and the net amount of their account."""

    def __init__(self, found: Details) -> None:
        self.found = found
        self.total = _before(found.amount)
        self.net = _before(np.where(found.good, found.amount * found.sign, 0))
        self.good = _before(found.good)
        self.special = sorted(set(found.large) | set(found.unreadable))

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


def _before(values: Ints | Flags) -> Ints:
    """The sum of all values before each place, and of all at the end."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)])
