"""Whether the two sides of a leg are signed alike: a ledger kept from the bank's view turns every sign round."""

from __future__ import annotations

import numpy as np

from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.encoding import Ints
from reconciliation.matching.rules import Leg
from reconciliation.matching.stable_hash import Words, mix

_LEAST = 5  # amounts of opposite sign that prove a habit; fewer may be returns
_CLEAR = 4  # times as many as amounts of equal sign
_MANY = 100_000  # items of a side beyond which a part of them is looked at first
_PART = np.uint64(1 << 60)  # hashes below are a sixteenth of all
_CURRENCY = np.uint64(0x9E3779B97F4A7C15)


def sign_counts(context: LegContext, at_start: tuple[Ints, Ints]) -> tuple[int, int]:
    """How many amounts that either side shows just once meet with equal, and with opposite signs.

    Of many amounts a part is counted where it says that nothing is wrong. A leg of one dataset brings opposite amounts
    together on purpose: none is counted.
    """
    if context.leg.offsets:
        return 0, 0
    keys = [_keys(view, amounts) for view, amounts in zip(context.sides, at_start, strict=True)]
    crowded = max(map(len, keys)) > _MANY
    # a part of all amounts, the same on both sides, tells as well; all are counted only where it speaks
    equal, opposite = _met(*((each[each < _PART] for each in keys) if crowded else keys))
    return _met(*keys) if crowded and _speaks(equal, opposite) else (equal, opposite)


def sign_warning(leg: Leg, equal: int, opposite: int) -> str | None:
    """A sentence where amounts meet with opposite signs and hardly with equal ones.

    Nothing is turned round: a wrong guess would match money out with money in.
    """
    if not _speaks(equal, opposite):
        return None
    left, right = (side.dataset for side in leg.sides)
    return (
        f"{leg.name}: {opposite} amounts that {left} and {right} show once each have opposite signs, {equal} "
        f"have equal ones; amounts are signed by their effect on cash on both sides, turn the signs of one side round"
    )


def _speaks(equal: int, opposite: int) -> bool:
    return opposite >= _LEAST and opposite >= _CLEAR * equal


def _keys(view: SideView, amounts: Ints) -> Words:
    """Each amount's size and currency as one hash, with the sign as its last bit."""
    rows = np.flatnonzero(amounts)
    with np.errstate(over="ignore"):
        size = np.abs(amounts[rows]).view(np.uint64) + view.dataset.currency[rows] * _CURRENCY
    return mix(size) & ~np.uint64(1) | (amounts[rows] < 0).astype(np.uint64)


def _met(left: Words, right: Words) -> tuple[int, int]:
    """How many amounts that either side shows just once meet with equal, and with opposite signs."""
    met = np.sort(np.concatenate([_once(left), _once(right)]))
    pairs = np.flatnonzero(met[1:] >> np.uint64(1) == met[:-1] >> np.uint64(1))
    equal = int(np.count_nonzero(met[pairs] == met[pairs + 1]))
    return equal, len(pairs) - equal


def _once(keys: Words) -> Words:
    ordered = np.sort(keys)
    size = ordered >> np.uint64(1)
    first, last = np.ones(len(size), dtype=np.bool_), np.ones(len(size), dtype=np.bool_)
    first[1:] = size[1:] != size[:-1]
    last[:-1] = first[1:]
    return ordered[first & last]
