"""What came back settles nothing: a payment whose bank line another line undoes has left the account and returned to it.

A side of a leg names the leg that brings such lines together (`undone_by: returns`); whose lines they are, the legs say that have
matched the side's items with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Encoding, Ints, Mask
from reconciliation.matching.payments_returned import payments_returned
from reconciliation.matching.resolution import MATCHED
from reconciliation.matching.rules import Leg, Side
from reconciliation.matching.taken import Taken

#: What the matched groups of a leg hold of its sides, one row an item and group; groups have numbers of their own.
HELD = {"group": pl.UInt32(), "side": pl.UInt8(), "row": pl.UInt32()}
Held = Callable[[Leg], Iterable[pl.DataFrame]]


def held_by(taken: Sequence[Taken], status: int = MATCHED) -> pl.DataFrame:
    """What the groups hold that a leg has matched, or only suggested, of the shape HELD."""
    parts, count = [pl.DataFrame(schema=HELD)], 0
    for each in taken:
        for side, uses in enumerate(each.uses):
            own = uses.status == status
            held = {"group": uses.candidate[own] + count, "side": np.full(own.sum(), side), "row": uses.row[own]}
            parts.append(pl.DataFrame(held, schema=HELD))
        count += each.pairs.height + each.groups.height
    return pl.concat(parts)


def pairs_held(held: pl.DataFrame, side: int) -> pl.DataFrame:
    """`left`, `right`: each row of that side of groups (HELD) with each row of the other side."""
    one, two = (held.filter(pl.col("side") == each) for each in (side, 1 - side))
    return one.select("group", left="row").join(two.select("group", right="row"), on="group").select("left", "right")


def undone_rows(held: pl.DataFrame, lines: int, undone: Mask) -> Rows:
    """The rows on the other side of groups (HELD) all of whose lines, those of the side `lines`, are undone."""
    row, group = held["row"].to_numpy(), held["group"].to_numpy()
    of_lines = held["side"].to_numpy() == lines
    gone = of_lines & undone[np.where(of_lines, row, 0)]
    if not gone.any():
        return np.zeros(0, dtype=np.uint32)
    whole = np.zeros(int(group.max()) + 1, dtype=np.bool_)
    whole[group[gone]] = True
    whole[group[of_lines & ~gone]] = False
    found: Rows = row[~of_lines & whole[group]]
    return found


class CameBack:
    """The items of a run that came back, by dataset and the leg that undoes their lines."""

    def __init__(self, encoding: Encoding, legs: Sequence[Leg]) -> None:
        self._legs = legs
        self._encoding = encoding
        self._told: dict[tuple[str, str], Mask] = {}  # what a return names whose own line it does not undo
        self._masks: dict[tuple[str, str], Mask] = {}
        #: By leg that undoes: its leg, the lines' dataset, and the sides it concerns.
        self._asked: dict[str, tuple[Leg, list[str]]] = {}
        for side in (side for leg in legs for side in leg.sides if side.undone_by is not None):
            by = next(leg for leg in legs if leg.name == side.undone_by)
            # whoever gives a leg without the lines says by the items' kind what came back
            if {side.dataset, by.right.dataset} <= encoding.datasets.keys():
                self._asked.setdefault(by.name, (by, []))[1].append(side.dataset)
                height = encoding.datasets[side.dataset].height
                self._masks[side.dataset, by.name] = np.zeros(height, dtype=np.bool_)

    def part(self, encoding: Encoding, rows: Mapping[str, slice]) -> CameBack:
        """The same of a part of the rows, whose numbers begin anew: what is marked in one is marked in the other."""
        part = CameBack(encoding, self._legs)
        part._masks = {key: mask[rows[key[0]]] for key, mask in self._masks.items()}
        return part

    def of(self, side: Side) -> Mask | None:
        """By row of a side: whether it came back and takes no part for that; None where none can have."""
        key = (side.dataset, str(side.undone_by))
        return self._masks[key] | self._told[key] if key in self._told else self._masks.get(key)

    def tell(self, side: Side, held: Held, doubted: Held) -> Mask:
        """Mark what of a side a return names (`payments_returned`). Gives by row whether it may have come back: by a return that names
        nothing, or whose line is only suggested. `held` and `doubted` give of a leg what its groups hold, matched and suggested."""
        items = self._encoding.datasets[side.dataset]
        if (side.dataset, str(side.undone_by)) not in self._masks:
            return np.zeros(items.height, dtype=np.bool_)
        by = next(leg for leg in self._legs if leg.name == side.undone_by)
        lines = self._encoding.datasets[by.right.dataset]
        explained = _rows_in(held(by), lines.height)
        self._told[side.dataset, by.name], maybe = payments_returned(lines, items, explained)
        perhaps = _rows_in(doubted(by), lines.height)
        return maybe | self._whose(lines.name, perhaps, side.dataset, held) if perhaps.any() else maybe

    def told_by(self, leg: Leg) -> bool:
        """Whether what a leg has matched says anything of what came back."""
        pairs = ({by.right.dataset, dataset} for by, datasets in self._asked.values() for dataset in datasets)
        return leg.name in self._asked or any({side.dataset for side in leg.sides} == pair for pair in pairs)

    def learn(self, name: str, held: Held, rest: Callable[[str, str], Ints]) -> None:
        """Mark what came back by the leg of that name. `held` gives of a leg what its matched groups hold (HELD), `rest` what is open
        of a dataset in a pool."""
        by, datasets = self._asked.get(name, (None, []))
        if by is None:
            return
        lines, pool = by.right.dataset, by.right.pool
        undone = _rows_in(held(by), len(rest(lines, pool))) & (rest(lines, pool) == 0)
        for dataset in datasets if undone.any() else ():
            self._masks[dataset, name] |= self._whose(lines, undone, dataset, held)

    def _whose(self, lines: str, undone: Mask, dataset: str, held: Held) -> Mask:
        """By row of a dataset: whether all lines that it is matched with are among those `undone`."""
        found = np.zeros(self._encoding.datasets[dataset].height, dtype=np.bool_)
        for leg in (each for each in self._legs if {side.dataset for side in each.sides} == {lines, dataset}):
            side = int(leg.left.dataset != lines)
            for groups in held(leg):
                found[undone_rows(groups, side, undone)] = True
        return found


def _rows_in(groups: Iterable[pl.DataFrame], height: int) -> Mask:
    """By row of a dataset of that height, on both sides of a leg: whether groups (HELD) hold it."""
    found = np.zeros(height, dtype=np.bool_)
    for each in groups:
        found[each["row"].to_numpy()] = True
    return found
