"""Entries that balance a batch on the originator's own account, as some banks demand: no payments, though they look like one.

A balanced batch of payroll holds the credits of the employees and one debit of their sum on the employer's account. Taken as a payment
the debit would be money expected from somebody. It is told by what only it has: alone on its side of a mixed batch (service class 200),
it makes debits and credits equal, and its account is with the originating bank. Where both sides have one entry each with that bank,
nothing tells which is which: both stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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


def told(batch: Batch, entry: Entry) -> str:
    """What is said of an entry that balances its batch."""
    side, amount = "credit" if entry.credit else "debit", Decimal(entry.cents).scaleb(-2)
    return (
        f"{batch.place}, line {entry.record.line}: the {side} of {amount:f} on account {entry.fields['account']} of the "
        "originating bank balances the batch; it is no payment"
    )
