"""How far the amounts of an edge lie apart, and what may explain it: a tolerance, a fee, a slip, a cash discount.

Edges are those of `settlement`, with the open amounts `mine` (left) and `other` (right) in minor units.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from reconciliation.matching.amount_rules import AmountRule
from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints, Mask
from reconciliation.matching.proposals import KIND
from reconciliation.matching.typing_errors import looks_mistyped

_LARGEST = 3  # a fee is at most one in so many of the amount


def bound(context: LegContext, edges: pl.DataFrame, rule: AmountRule, of: Literal["left", "right"] = "right") -> Ints:
    """The tolerance of each edge in minor units of one side's currency: the larger of the absolute one and the share of the
    right amount."""
    encoding = context.encoding
    units = np.asarray(
        [
            int(rule.tolerance(currency).scaleb(exponent))
            for currency, exponent in zip(encoding.currencies, encoding.exponents, strict=True)
        ],
        dtype=np.int64,
    )
    side = context.left if of == "left" else context.right
    absolute = units[side.dataset.currency[edges[of].to_numpy()]]
    relative = np.floor(np.abs(edges["other"].to_numpy().astype(np.float64)) * rule.share).astype(np.int64)
    return np.asarray(np.maximum(absolute, relative), dtype=np.int64)


def within(context: LegContext, edges: pl.DataFrame, rule: AmountRule) -> Mask:
    """Whether the amounts lie within the tolerance."""
    apart = np.abs(edges["mine"].to_numpy() - edges["other"].to_numpy())
    return np.asarray(apart <= bound(context, edges, rule), dtype=np.bool_)


def fee_taken(context: LegContext, edges: pl.DataFrame, rule: AmountRule) -> Mask:
    """A fee only ever costs: the left side (the bank) moves less money to us, or more away from us; at most a third of what is
    paid, as who pays less than that pays a part."""
    difference = edges["mine"].to_numpy() - edges["other"].to_numpy()
    most = np.minimum(bound(context, edges, rule), np.abs(edges["other"].to_numpy()) // _LARGEST)
    return np.asarray((difference < 0) & (-difference <= most), dtype=np.bool_)


def mistyped(context: LegContext, edges: pl.DataFrame, rule: AmountRule) -> Mask:
    """Whether one amount looks like the other with a slip of the keys."""
    return looks_mistyped(edges["mine"], edges["other"])


def short_or_over(edges: pl.DataFrame) -> pl.Series:
    """The kind of difference: less paid than asked, or more."""
    short = edges["mine"].abs() < edges["other"].abs()
    return pl.select(pl.when(short).then(KIND["short_pay"]).otherwise(KIND["over_pay"])).to_series().cast(pl.UInt8)


def discounts(context: LegContext, edges: pl.DataFrame, days: int) -> Ints:
    """By edge: the discount that may be taken on the right item at the left item's date, in minor units, else 0."""
    data = context.right.dataset
    if "discounts" not in context.cache:
        context.cache["discounts"] = _granted(context)
    amount, until = (context.cache["discounts"][name].to_numpy() for name in ("amount", "until"))
    if not len(amount):
        return np.zeros(edges.height, dtype=np.int64)
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    in_time = context.left.dataset.date[left] <= until[right] + days
    full = context.right.open[right] == data.amount[right]  # a discount is taken on the whole item
    return np.where(in_time & full, amount[right], 0)


def _granted(context: LegContext) -> pl.DataFrame:
    """By right row: the `amount` of the discount on an open item, in minor units, and the day `until` which it may be taken; no
    rows where no item has any."""
    data = context.right.dataset
    given = data.read(["discount_amount", "discount_until"], context.right.is_open)
    known = given.filter(pl.col("discount_amount").fill_null(0) != 0)
    height = 0 if known.is_empty() else data.height
    rows = known["row"].to_numpy()
    factors = np.asarray([10 ** (5 - exponent) for exponent in context.encoding.exponents], dtype=np.int64)
    amount = np.zeros(height, dtype=np.int64)
    amount[rows] = (
        known["discount_amount"].to_physical().abs().cast(pl.Int64).to_numpy() // factors[data.currency[rows]]
    )
    until = np.full(height, np.iinfo(np.int32).max, dtype=np.int64)  # no last day given: any day
    last = known["discount_until"].to_physical().fill_null(np.iinfo(np.int32).max - 10_000)
    until[rows] = last.cast(pl.Int64).to_numpy()
    return pl.DataFrame({"amount": amount, "until": until})


def discount_amounts(context: LegContext) -> Ints:
    """By right row, open or not: its cash discount in minor units, not negative, 0 where it has none."""
    data = context.right.dataset
    given = data.read(["discount_amount"])["discount_amount"].fill_null(0).to_physical().abs().cast(pl.Int64).to_numpy()
    factors = np.asarray([10 ** (5 - exponent) for exponent in context.encoding.exponents], dtype=np.int64)
    return np.asarray(given // factors[data.currency], dtype=np.int64)
