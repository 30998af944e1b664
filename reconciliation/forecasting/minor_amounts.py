"""Amounts as whole numbers, and their exact distribution over days.

A *point* is 0.00001 of a currency, the scale of DECIMAL(23,5). An item's amount is spread over days in whole minor
units by largest remainder; what is finer than a minor unit stays with the likeliest day, so that the days of an
item add up to it.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.minor_units import decimals

POINTS_PER_UNIT = 100_000
_LARGEST = 2**62

Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


def points(amounts: pl.Series) -> Whole:
    """DECIMAL(23,5) amounts as points. Raises `OverflowError` for an amount of more than 46 trillion units."""
    whole = (amounts.cast(pl.Decimal(38, 5)) * POINTS_PER_UNIT).cast(pl.Int128)
    if (whole.abs() > _LARGEST).any():
        raise OverflowError(f"an amount of {amounts.name!r} is too large for exact arithmetic: more than 46 trillion")
    return whole.cast(pl.Int64).to_numpy().astype(np.int64)


def amounts(whole: Whole) -> pl.Series:
    """Points as DECIMAL(23,5) amounts."""
    series = pl.Series("amount", whole, dtype=pl.Int64).cast(pl.Decimal(38, 5))
    return (series * pl.Series([Decimal("0.00001")], dtype=pl.Decimal(38, 5))).cast(AMOUNT)


def minor_unit_points(currencies: pl.Series) -> Whole:
    """How many points the minor unit of each row's currency has: 1000 for EUR, 100000 for JPY."""
    sizes = {currency: 10 ** (5 - decimals(currency)) for currency in currencies.unique().to_list()}
    return currencies.replace_strict(sizes, return_dtype=pl.Int64).to_numpy().astype(np.int64)


def rounded(values: Real, unit_points: Whole) -> Whole:
    """Estimates in units of the currency as points, rounded half to even to the minor unit."""
    return np.rint(values * POINTS_PER_UNIT / unit_points).astype(np.int64) * unit_points


def spread_out(total: Whole, weights: Real, unit_points: Whole) -> Whole:
    """Each row's total over its cells in proportion to the weights: points, whole minor units, adding up exactly.

    `weights` is rows x cells, not negative, each row with a positive sum. Largest remainder (Hamilton's rule); equal
    remainders go to the earlier cell.
    """
    minor, rest = np.divmod(np.abs(total), unit_points)
    share = weights / weights.sum(axis=1, keepdims=True)
    exact = share * minor[:, None].astype(np.float64)
    cells = np.floor(exact).astype(np.int64)
    missing = minor - cells.sum(axis=1)
    order = np.argsort(-(exact - cells), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(order.shape[1])[None, :], axis=1)
    cells += (rank < np.clip(missing, 0, order.shape[1])[:, None]).astype(np.int64)
    # beyond 2**53 minor units a float share is off by more than the cells: the likeliest one takes what is left
    likeliest = share.argmax(axis=1)
    rows = np.arange(len(total))
    cells *= unit_points[:, None]
    cells[rows, likeliest] += minor * unit_points + rest - cells.sum(axis=1)
    return np.asarray(cells * np.sign(total)[:, None], dtype=np.int64)
