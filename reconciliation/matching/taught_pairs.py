"""The accepted pairs that a leg's learners look at."""

from __future__ import annotations

import numpy as np

from reconciliation.matching.context import ENOUGH_TAUGHT, LegContext, Rows


def taught_pairs(context: LegContext, pairs: tuple[Rows, Rows] | None = None) -> tuple[Rows, Rows]:
    """Some of the pairs accepted by earlier passes (`pairs`; of none given, those that teach), in the order of their left ids, the
    same ones in any order of rows."""
    left, right = context.taught if pairs is None else pairs
    data = context.left.dataset
    if len(left) > ENOUGH_TAUGHT:
        mixed = (data.amount[left] * 2_654_435_761 + data.date[left]) & 0xFFFF_FFFF
        chosen = mixed < 2**32 * ENOUGH_TAUGHT // len(left)
        left, right = left[chosen], right[chosen]
    if not len(left):
        return left, right
    order = np.lexsort((context.right.order(right), context.left.order(left)))
    return left[order], right[order]
