"""Entries that balance a batch on the originator's own account, as some banks demand: no payments, though they look like one.

A balanced batch of payroll holds the credits of the employees and one debit of their sum on the employer's account. Taken as a payment
the debit would be money expected from somebody. It is told by what only it has: alone on its side of a mixed batch (service class 200),
it makes debits and credits equal, and its account is with the originating bank. Where both sides have one entry each with that bank,
nothing tells which is which: both stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from ingestion.readers.nacha_rows import Batch, Entry

_MIXED = "200"


@dataclass(frozen=True)
class Held:
    """The first entry on its side of a mixed batch, with the numbers it has in the file, until the batch tells what it is."""

    entry: Entry
    record_number: int
    transaction: int


class Sides:
    """The first entries of each side of the open batch."""

    def __init__(self) -> None:
        self._held: dict[bool, Held] = {}
        self._seen: set[bool] = set()

    def holds_back(self, batch: Batch, entry: Entry) -> bool:
        """Whether an entry may turn out to balance its batch: the first on its side of a mixed one."""
        return batch.fields["service"] == _MIXED and entry.cents > 0 and entry.credit not in self._seen

    def hold(self, one: Held) -> None:
        """Keep it until the batch ends, or another entry of its side comes."""
        self._seen.add(one.entry.credit)
        self._held[one.entry.credit] = one

    def released_by(self, entry: Entry) -> Held | None:
        """The entry that is not alone on its side any more, once."""
        return self._held.pop(entry.credit, None)

    def ended(self, batch: Batch) -> Iterator[tuple[Held, bool]]:
        """What is still held when the batch ends, each with whether it balances it; forgets the batch."""
        own = {side for side, one in self._held.items() if one.entry.fields["rdfi"] == batch.fields["odfi"]}
        balances = batch.debits == batch.credits and len(own) == 1
        for side, one in self._held.items():
            yield one, balances and side in own
        self._held, self._seen = {}, set()


@dataclass
class Offsets:
    """What is said of the entries that balance batches: of one, where it is; of many on one account, how many and how much."""

    _found: dict[tuple[bool, str], list[tuple[str, int]]] = field(default_factory=dict)

    def add(self, batch: Batch, entry: Entry) -> None:
        """Keep where an entry is and its amount."""
        place = f"{batch.place}, line {entry.record.line}"
        self._found.setdefault((entry.credit, entry.fields["account"]), []).append((place, entry.cents))

    def told(self) -> Iterator[str]:
        """One sentence for each account and side: none of them is lost among the warnings of a file of many batches."""
        for (credit, account), found in self._found.items():
            (place, _), total = found[0], Decimal(sum(cents for _, cents in found)).scaleb(-2)
            side = "credit" if credit else "debit"
            if len(found) == 1:
                what, it = (
                    f"the {side} of {total:f} on account {account} of the originating bank balances the batch",
                    "it is",
                )
            else:
                what = f"the {side} on account {account} of the originating bank balances the batch, here and in {len(found) - 1} more"
                it = f"{total:f} in all are"
            yield f"{place}: {what}; {it} no payment"
