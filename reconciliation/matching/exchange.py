"""Exchange rates as the engine reads them: of each day and currency, against one base; amounts converted exactly."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.contracts import RATE
from reconciliation.matching.context import Rows, SideView
from reconciliation.matching.encoding import Encoding, Ints
from reconciliation.matching.errors import MatchingError

RATE_PLACES = 10  # decimals of a rate


def rate_frame(given: pl.LazyFrame | pl.DataFrame) -> pl.DataFrame:
    """Rates of the RATE shape as `currency`, `day` (days since 1970-01-01), `units` (units one unit of the base costs,
    times ten to the tenth), sorted; the base itself is not listed.

    A pair quoted more than once a day keeps its smallest rate. Raises MatchingError when a column is missing, a rate
    is not above zero, or the rates have more than one base.
    """
    frame = given.lazy().collect()
    missing = [name for name in RATE if name not in frame.columns]
    if missing:
        raise MatchingError(f"rates: required columns {', '.join(missing)} missing; required are {', '.join(RATE)}")
    rates = frame.select(pl.col(name).cast(kind) for name, kind in RATE.items()).drop_nulls()
    rates = rates.filter(pl.col("base_currency") != pl.col("quote_currency"))
    wrong = rates.filter(pl.col("rate") <= 0)
    if not wrong.is_empty():
        row = wrong.row(0, named=True)
        raise MatchingError(
            f"rates: {row['base_currency']}/{row['quote_currency']} of {row['valid_from']} is {row['rate']}; "
            "a rate is above zero"
        )
    bases = rates["base_currency"].unique().sort().to_list()
    if len(bases) > 1:
        raise MatchingError(f"rates: given against {', '.join(bases)}; expected quotes against one base currency")
    return (
        rates.select(
            currency="quote_currency",
            base="base_currency",
            day=pl.col("valid_from").to_physical(),
            units=pl.col("rate").cast(pl.Decimal(38, RATE_PLACES)).to_physical().cast(pl.Int64),
        )
        .group_by("currency", "base", "day")
        .agg(pl.col("units").min())
        .sort("currency", "day")
    )


def valued(
    rates: pl.DataFrame, encoding: Encoding, left: tuple[SideView, Rows], right: tuple[SideView, Rows], max_age: int
) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """What open right items are worth in the left items' currency at the left items' date, in minor units, and where a
    rate is known: the newest of the date or of at most `max_age` days before."""
    view, rows = left
    days = view.dataset.date[rows]
    quotes = [
        _units(rates, encoding, side.dataset.currency[each], days, max_age) for side, each in ((view, rows), right)
    ]
    known = (quotes[0] > 0) & (quotes[1] > 0)
    exponents = np.asarray(encoding.exponents, dtype=np.int64)
    lifted = exponents[view.dataset.currency[rows]] - exponents[right[0].dataset.currency[right[1]]]
    open_amount = right[0].open[right[1]][known].astype(object)  # Python's integers: no product overflows
    above = open_amount * quotes[0][known].astype(object) * _power(lifted[known])
    below = quotes[1][known].astype(object) * _power(-lifted[known])
    half_away = (2 * abs(above) + below) // (2 * below) * np.where(above < 0, -1, 1)
    value = np.zeros(len(rows), dtype=np.int64)
    fits = np.asarray(abs(half_away) < 2**62, dtype=np.bool_) if len(half_away) else np.zeros(0, dtype=np.bool_)
    known[known] = fits
    value[known] = half_away[fits].astype(np.int64)
    return value, known


def _power(exponent: Ints) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.asarray([10 ** max(int(each), 0) for each in exponent], dtype=object)


def _units(rates: pl.DataFrame, encoding: Encoding, currency: np.ndarray, days: np.ndarray, max_age: int) -> Ints:
    """Units per unit of the base, times ten to the tenth; 0 where no rate is near."""
    if rates.is_empty():
        return np.zeros(len(currency), dtype=np.int64)
    base = rates["base"].first()
    asked = pl.DataFrame(
        {"currency": pl.Series(list(encoding.currencies), dtype=pl.String).gather(currency), "day": days}
    ).with_row_index("place")
    found = asked.sort("day").join_asof(
        rates.select("currency", "day", "units").sort("day"), on="day", by="currency", strategy="backward",
        tolerance=max_age, check_sortedness=False,
    )  # fmt: skip
    units = found.sort("place").select(
        pl.when(pl.col("currency") == base).then(10**RATE_PLACES).otherwise(pl.col("units").fill_null(0))
    )
    return np.asarray(units.to_series().to_numpy(), dtype=np.int64)
