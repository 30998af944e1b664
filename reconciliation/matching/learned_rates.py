"""Exchange rates where none are given: those at which items that name each other were exchanged.

One such pair may be wrong in its amount or its currency. Several that were exchanged at nearly one rate around one day are not:
their median is the rate of these days, for themselves and for others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import Rows, SideView
from reconciliation.matching.encoding import Encoding
from reconciliation.matching.exchange import RATE_PLACES

_ENOUGH = 5  # pairs of two currencies from which their rate is known
_NEIGHBOURS = 11  # pairs, at most, nearest in time, whose median is the rate of a day
_NEAR, _MOST = 0.02, 0.8  # how far a pair may lie from that median, as a share, and how many pairs have to lie so near
_UNITS = float(10**RATE_PLACES)

Floats = npt.NDArray[np.float64]


def learned_rates(encoding: Encoding, left: tuple[SideView, Rows], right: tuple[SideView, Rows]) -> pl.DataFrame:
    """Rates as `exchange.rate_frame` gives them, from pairs of items that surely belong together (rows of the two sides, no row
    twice), of the days of the left items; empty where too few are of two currencies, or agree.

    All are against the one currency that most of the pairs have.
    """
    one, two = (view.dataset.currency[rows].astype(np.int64) for view, rows in (left, right))
    sizes = [np.abs(view.open[rows]) for view, rows in (left, right)]
    unlike = np.flatnonzero((one != two) & (sizes[0] > 0) & (sizes[1] > 0))
    counts = np.bincount(np.concatenate([one[unlike], two[unlike]]), minlength=1)
    base = int(counts.argmax())
    used = unlike[(one[unlike] == base) | (two[unlike] == base)]
    exponents = np.asarray(encoding.exponents, dtype=np.int64)
    worth = [size[used] / 10.0 ** exponents[code[used]] for size, code in zip(sizes, (one, two), strict=True)]
    of_base = one[used] == base
    quotes = pl.DataFrame(
        {
            "code": np.where(of_base, two[used], one[used]),
            "day": left[0].dataset.date[left[1][used]],
            "rate": np.log(np.where(of_base, worth[1] / worth[0], worth[0] / worth[1])),
        }
    ).sort("code", "day", "rate")
    days = [_rates_of_days(each) for _, each in quotes.group_by("code", maintain_order=True)]
    known = pl.concat(days) if days else quotes.clear()
    return known.select(
        currency=pl.Series([encoding.currencies[code] for code in known["code"]], dtype=pl.String),
        base=pl.lit(encoding.currencies[base] if encoding.currencies else None, pl.String),
        day=pl.col("day"),
        units=(pl.col("rate").exp() * _UNITS).round().cast(pl.Int64),
    )


def _rates_of_days(quotes: pl.DataFrame) -> pl.DataFrame:
    """The rate of each day on which items of one currency were exchanged (`code`, `day`, `rate`: a logarithm), in order of days;
    empty where there are too few or they do not agree."""
    rates = quotes["rate"].to_numpy()
    near = np.abs(rates - _medians(rates)) <= _NEAR
    if near.sum() < _ENOUGH or near.mean() < _MOST:
        return quotes.clear()
    agreed = quotes.filter(pl.Series(near))
    agreed = agreed.with_columns(rate=pl.Series(_medians(agreed["rate"].to_numpy())))
    return agreed.group_by("code", "day", maintain_order=True).agg(pl.col("rate").median())


def _medians(rates: Floats) -> Floats:
    """By pair, in order of time: the median of the pairs around it."""
    width = min(_NEIGHBOURS, len(rates))
    every = np.median(np.lib.stride_tricks.sliding_window_view(rates, width), axis=1)
    place = np.clip(np.arange(len(rates)) - width // 2, 0, len(every) - 1)
    return np.asarray(every[place], dtype=np.float64)
