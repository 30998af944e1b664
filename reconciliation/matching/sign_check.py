"""Whether the two sides of a leg are signed alike: a ledger kept from the bank's view turns every sign round."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints

_LEAST = 5  # amounts of opposite sign that prove a habit; fewer may be returns
_CLEAR = 4  # times as many as amounts of equal sign


def sign_warning(context: LegContext, at_start: tuple[Ints, Ints]) -> str | None:
    """A sentence where the amounts that either side shows just once meet with opposite signs and hardly with equal
    ones.

    Nothing is turned round: a wrong guess would match money out with money in. A leg of one dataset brings opposite
    amounts together on purpose.
    """
    if context.leg.offsets:
        return None
    once = []
    for view, amounts in zip(context.sides, at_start, strict=True):
        frame = pl.DataFrame({"amount": amounts, "currency": view.dataset.currency}).filter(pl.col("amount") != 0)
        size = pl.col("amount").abs()
        once.append(frame.with_columns(size.alias("size")).filter(pl.len().over("size", "currency") == 1))
    met = once[0].join(once[1], on=["size", "currency"])
    equal = met.filter(pl.col("amount") == pl.col("amount_right")).height
    opposite = met.height - equal
    if opposite < _LEAST or opposite < _CLEAR * equal:
        return None
    left, right = (view.dataset.name for view in context.sides)
    return (
        f"{context.leg.name}: {opposite} amounts that {left} and {right} show once each have opposite signs, {equal} "
        f"have equal ones; amounts are signed by their effect on cash on both sides, turn the signs of one side round"
    )
