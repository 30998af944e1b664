"""How many other items have an amount that would do as well: for a fee, or for a slip of the keyboard."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import Floats, expected_equals
from reconciliation.matching.context import SideView
from reconciliation.matching.described import days_covered
from reconciliation.matching.encoding import Ints

_WIDE = 1.5  # amounts between 1/1.5 and 1.5 times another are of its size
_FLOOR = 0.3  # items that a range without any is taken to hold
_ALIKE = 0.75  # the share of the nats of a pair's texts from which others are as alike
_NO_OTHER = 1e-12  # items a day of an amount that no other has
_STRANGE = 0.1  # the share of the items of a price on both sides that belong to none of these
_SLIPS = 15.0  # amounts that one slip makes of another: neighbours swapped, a digit missing or doubled


def fee_rivals(side: SideView, pairs: pl.DataFrame, bound: Floats) -> Floats:
    """By pair (`mine`, `other` of that side): its open items a day whose amount lies within `bound` of the one, as there are besides
    the other, or as the amounts of that size let expect."""
    items = side.frame()
    amounts = np.sort(items["open"].to_numpy()).astype(np.float64)
    mine, other = (pairs[name].to_numpy().astype(np.float64) for name in ("mine", "other"))
    within = _between(amounts, mine - bound, mine + bound) - 1
    smaller, larger = np.minimum(other / _WIDE, other * _WIDE), np.maximum(other / _WIDE, other * _WIDE)
    alike = _between(amounts, smaller, larger) - 1
    expected = (alike + _FLOOR) * np.minimum(2 * bound / (larger - smaller), 1.0)
    rivals: Floats = np.maximum(within, expected) / days_covered(items)
    return rivals


def party_rivals(related: pl.DataFrame, pairs: pl.DataFrame, bound: Floats) -> Floats:
    """By pair, one of the `related` (`left`, `right`, `other`, `nats` in common): how many items of either side whose texts are as
    alike as its own lie within `bound` by chance."""
    numbered = pairs.select("left", "right", "nats").with_row_index("place")
    most = np.zeros(pairs.height)
    for name in ("left", "right"):
        met = numbered.join(related.select(name, "nats"), on=name, suffix="_met")
        alike = met.filter(pl.col("nats_met") >= _ALIKE * pl.col("nats"))
        most = np.maximum(most, np.bincount(alike["place"].to_numpy(), minlength=pairs.height) - 1)
    rivals: Floats = (most + _FLOOR) * bound / pairs["other"].abs().to_numpy()
    return rivals


def equal_rivals(sides: tuple[SideView, SideView], pairs: pl.DataFrame) -> Floats:
    """By pair (`left`, `right`, `mine`, `other`): the other open items a day of exactly the amount of either of its two, the more of
    both sides; those that both have belong together as these two may, but for a share.

    At a price that many have the usual fee fits the partners of all of them, and amounts do not say whose it is.
    """
    equal, days = [], []
    for view, name, amount in zip(sides, ("left", "right"), ("mine", "other"), strict=True):
        items = view.frame().select("open", "currency", "date")
        own = pairs.select(open=amount, currency=pl.Series(view.dataset.currency[pairs[name].to_numpy()]))
        counts = items.group_by("open", "currency").len("equal")
        met = own.join(counts, on=["open", "currency"], how="left", maintain_order="left")["equal"].fill_null(1)
        equal.append(met.to_numpy().astype(np.float64) - 1)
        days.append(days_covered(items))
    both = np.minimum(*equal) * (1 - _STRANGE)
    rates: Floats = np.maximum(*((others - both) / covered for others, covered in zip(equal, days, strict=True)))
    return np.maximum(rates, _NO_OTHER)


def slip_rivals(side: SideView, pairs: pl.DataFrame) -> Floats:
    """By pair (`right` rows of that side, `other`): its open items a day that a slip makes of another amount; of a price that many
    items have, chance makes many."""
    items = side.frame()
    amounts = items["open"].to_numpy()
    ordered, other = np.sort(amounts), pairs["other"].to_numpy()
    equal = np.searchsorted(ordered, other, side="right") - np.searchsorted(ordered, other) - 1
    currency = side.dataset.currency[pairs["right"].to_numpy()]
    expected = expected_equals(other, currency, amounts, items["currency"].to_numpy(), own=1)
    rivals: Floats = _SLIPS * np.maximum(equal, expected) / days_covered(items)
    return rivals


def _between(ordered: Floats, low: Floats, high: Floats) -> Ints:
    found: Ints = np.searchsorted(ordered, high, side="right") - np.searchsorted(ordered, low)
    return found
