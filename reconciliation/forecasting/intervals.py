"""The 80 % interval: each layer's spread, rescaled by how wrong earlier cut-offs turned out to be (split
conformal).

For each horizon bucket the factor is the quantile of |actual - expected| / spread over the days compared that makes
80 % of them fall inside, with the finite-sample correction of conformal prediction. The spreads of a day's layers
are added, so the lows and highs of the layers add up to the interval of the day.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.history import daily_net
from reconciliation.forecasting.horizon import BUCKETS, Horizon, bucket
from reconciliation.forecasting.inputs import ForecastInputs, known_by
from reconciliation.forecasting.minor_amounts import amounts, minor_unit_points, rounded

COVERAGE = 0.80
NORMAL_80 = 1.2816  # half of an 80 % interval of a normal distribution, in standard deviations
# the first eight reach every horizon bucket with at least twenty business days of one account
WEEKS_BACK = (1, 2, 3, 4, 6, 9, 11, 13, 5, 7, 16, 20, 26)
HISTORY_BEFORE_CUTOFF = timedelta(days=42)

Movements = Callable[[ForecastInputs, ForecastingConfig, Horizon], pl.DataFrame]


@dataclass(frozen=True)
class Factor:
    """Half the interval in spreads, and the number of days it was calibrated on (0: not calibrated)."""

    value: float
    days: int


def calibrate(
    inputs: ForecastInputs, config: ForecastingConfig, as_of: date, movements: Movements
) -> dict[str, Factor]:
    """The factor of each horizon bucket, from forecasts made again as of earlier days with what was known then.

    A bucket with fewer than `minimum_days` compared gets the wide factor of the config, at least that of the bucket
    before.
    """
    scores = [
        _scores(inputs, config, as_of - timedelta(weeks=weeks), as_of, movements)
        for weeks in WEEKS_BACK[: config.intervals.cutoffs]
    ]
    ratios = pl.concat([pl.DataFrame(schema={"bucket": pl.String, "ratio": pl.Float64}), *scores])
    found: dict[str, Factor] = {}
    before = 0.0
    for name, _, _ in BUCKETS:
        mine = np.sort(ratios.filter(pl.col("bucket") == name)["ratio"].to_numpy())
        rank = math.ceil((len(mine) + 1) * COVERAGE)
        if len(mine) >= config.intervals.minimum_days and rank <= len(mine):
            found[name] = Factor(float(mine[rank - 1]), len(mine))
        else:
            found[name] = Factor(max(config.intervals.uncalibrated_factor, before), 0)
        before = found[name].value
    return found


def with_interval(
    rows: pl.DataFrame, factors: dict[str, Factor], config: ForecastingConfig, as_of: date
) -> pl.DataFrame:
    """LAYER rows with `low` and `high`, rounded to the minor unit; sources say where an interval is not calibrated."""
    names = [name for name, _, _ in BUCKETS]
    rows = rows.with_columns(bucket((pl.col("date") - pl.lit(as_of)).dt.total_days()).alias("bucket")).with_columns(
        pl.when(pl.col("layer") == "opening")
        .then(pl.lit(NORMAL_80))
        .otherwise(
            pl.col("bucket").replace_strict(names, [factors[name].value for name in names], return_dtype=pl.Float64)
        )
        .alias("factor"),
        (
            pl.col("bucket").replace_strict(names, [factors[name].days for name in names], return_dtype=pl.Int64) == 0
        ).alias("is_wide"),
    )
    half = rounded((rows["spread"] * rows["factor"]).to_numpy(), minor_unit_points(rows["currency"]))
    wide = pl.col("is_wide") & (pl.col("spread") > 0) & (pl.col("layer") != "opening")
    return rows.with_columns(amounts(half).alias("half")).with_columns(
        (pl.col("amount") - pl.col("half")).cast(AMOUNT).alias("low"),
        (pl.col("amount") + pl.col("half")).cast(AMOUNT).alias("high"),
        pl.when(wide)
        .then(pl.concat_str("sources", pl.lit("; wide interval: too little history to calibrate it")))
        .otherwise("sources")
        .alias("sources"),
    )


def _scores(
    inputs: ForecastInputs, config: ForecastingConfig, cutoff: date, as_of: date, movements: Movements
) -> pl.DataFrame:
    """|actual - expected| / spread per account and covered day after the cut-off."""
    ready = inputs.balances.filter(pl.col("covered_from") <= cutoff - HISTORY_BEFORE_CUTOFF).select(
        pl.col("account_id").alias("account"), "currency"
    )
    if ready.is_empty():
        return pl.DataFrame(schema={"bucket": pl.String, "ratio": pl.Float64})
    horizon = Horizon(cutoff, config.weeks)
    moves = movements(known_by(inputs, cutoff), config, horizon)
    expected = (
        moves.filter(pl.col("layer") != "beyond_horizon")
        .group_by("account", "currency", "date")
        .agg(pl.col("amount").cast(pl.Float64).sum().alias("expected"), pl.col("spread").sum())
    )
    return (
        daily_net(inputs, config, as_of)
        .filter(pl.col("date").is_between(horizon.first, horizon.last))
        .join(ready, on=["account", "currency"], how="semi")
        .join(expected, on=["account", "currency", "date"], how="inner")
        .filter(pl.col("spread") > 0)
        .select(
            bucket((pl.col("date") - pl.lit(cutoff)).dt.total_days()).alias("bucket"),
            ((pl.col("net").cast(pl.Float64) - pl.col("expected")).abs() / pl.col("spread")).alias("ratio"),
        )
    )
