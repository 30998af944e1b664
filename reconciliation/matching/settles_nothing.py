"""Which items of a side settle nothing, though they are open: what came back (`came_back`), and what another item pays
(`paid_by_another`). A side asks for it by `undone_by` and `booked_by`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from reconciliation.matching.came_back import CameBack, Held, held_by, pairs_held
from reconciliation.matching.encoding import Encoding, Ints, Mask
from reconciliation.matching.links import Links
from reconciliation.matching.paid_by_another import paid_by_another
from reconciliation.matching.resolution import SUGGESTED
from reconciliation.matching.rules import Leg, Side
from reconciliation.matching.taken import Taken

#: Why an item settles nothing, in the order of `SettlesNothing.of`.
REASONS = ("came back", "is not what the bank has booked")


class SettlesNothing:
    """The items of a run that settle nothing, learned leg by leg.

    What the ledger's groups hold of earlier runs is asked of `standing` at each call: by leg, frames of the shape `came_back.HELD`.
    """

    def __init__(self, encoding: Encoding, legs: Sequence[Leg]) -> None:
        self._encoding, self._legs = encoding, tuple(legs)
        self._came_back = CameBack(encoding, self._legs)
        self._paid_by_another: dict[tuple[str, str | None], Mask] = {}  # by dataset and the leg that tells
        self._matched: dict[str, pl.DataFrame] = {}  # by leg: what its groups of this run hold (HELD)
        self._suggested: dict[str, pl.DataFrame] = {}  # likewise of what it only suggests

    def part(self, encoding: Encoding, rows: Mapping[str, slice]) -> SettlesNothing:
        """The same of a part of the rows, whose numbers begin anew: what came back in one has in the other."""
        part = SettlesNothing(encoding, self._legs)
        part._came_back = self._came_back.part(encoding, rows)
        return part

    def of(self, side: Side) -> tuple[Mask | None, Mask | None]:
        """By row of a side: what came back, and what another item pays; None where nothing can have."""
        return self._came_back.of(side), self._paid_by_another.get((side.dataset, side.booked_by))

    def learn(self, name: str, standing: Held, rest: Callable[[str, str], Ints]) -> None:
        """Mark what came back by the leg of that name; `rest` gives what is open of a dataset in a pool."""
        self._came_back.learn(name, self._matched_by(standing), rest)

    def settled(self, leg: Leg, taken: Sequence[Taken], standing: Held, rest: Callable[[str, str], Ints]) -> None:
        """Remember what a leg of this run has matched, where it says what came back or what the bank has booked."""
        booking = any(side.booked_by == leg.name for each in self._legs for side in each.sides)
        if booking or self._came_back.told_by(leg):
            self._matched[leg.name], self._suggested[leg.name] = held_by(taken), held_by(taken, SUGGESTED)
            self.learn(leg.name, standing, rest)

    def tell(self, leg: Leg, side: Side, links: Links, standing: Held) -> None:
        """Mark what the legs before have shown of a side of this leg."""
        matched = self._matched_by(standing)
        maybe_back = self._came_back.tell(side, matched, self._suggested_by)
        if side.booked_by is not None:
            paid = self._paid(leg, side, links, matched, maybe_back)
            self._paid_by_another[side.dataset, side.booked_by] = paid

    def _matched_by(self, standing: Held) -> Held:
        """What a leg's matched groups hold, of this run and of the ledger."""

        def matched(leg: Leg) -> Iterator[pl.DataFrame]:
            if leg.name in self._matched:
                yield self._matched[leg.name]
            yield from standing(leg)

        return matched

    def _suggested_by(self, leg: Leg) -> Iterator[pl.DataFrame]:
        if leg.name in self._suggested:
            yield self._suggested[leg.name]

    def _paid(self, leg: Leg, side: Side, links: Links, matched: Held, maybe_back: Mask) -> Mask:
        """By row of a side: whether another item is what the bank has booked for what it is linked to. `maybe_back` are those that
        may have come back."""
        by = next(leg for leg in self._legs if leg.name == side.booked_by)
        number = [each.dataset for each in by.sides].index(side.dataset)
        booked = [held.filter(pl.col("side") == number)["row"].to_numpy() for held in matched(by)]
        place = leg.sides.index(side)
        payments, bills = (self._encoding.datasets[leg.sides[each].dataset] for each in (place, 1 - place))
        takes = np.ones(payments.height, dtype=np.bool_)
        if (undone := self._came_back.of(side)) is not None:
            takes &= ~undone
        if side.takes is not None:
            takes &= payments.read([side.takes])["kind"].to_numpy()
        stated = links(payments.name, bills.name).select("left", "right")
        found = [pairs_held(held, place) for held in matched(leg)]
        return paid_by_another(payments, bills, stated, pl.concat([stated.clear(), *found]), booked, takes, maybe_back)
