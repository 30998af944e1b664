"""The 80 % interval: each layer's spread, rescaled by how wrong earlier cut-offs turned out to be (split
conformal).

For each horizon bucket the factor is the quantile of |actual - expected| / spread over the days compared that makes
80 % of them fall inside, with the finite-sample correction of conformal prediction. The spreads of a day's layers
are added, so the lows and highs of the layers add up to the interval of the day.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.history import daily_net
from reconciliation.forecasting.horizon import BUCKETS, Horizon, bucket
from reconciliation.forecasting.inputs import ForecastInputs, known_by
from reconciliation.forecasting.minor_amounts import Real, amounts, minor_unit_points, rounded

COVERAGE = 0.80
NORMAL_80 = 1.2816  # half of an 80 % interval of a normal distribution, in standard deviations
# the first eight reach every horizon bucket with at least twenty business days of one account
WEEKS_BACK = (1, 2, 3, 4, 6, 9, 11, 13, 5, 7, 16, 20, 26)
HISTORY_BEFORE_CUTOFF = timedelta(days=42)

POOLED_DAYS = 20.0  # days of all accounts that an account's own are weighed against
SMALLEST = 1e-3
QUIET = 0.25  # of an account's mean daily movement: less expected, and nothing moved, is a quiet day
SCORE = {
    "account": pl.String(), "currency": pl.String(), "bucket": pl.String(), "ratio": pl.Float64(), "is_quiet": pl.Boolean(),
    "cutoff": pl.Date(), "date": pl.Date(), "error": pl.Float64(), "spread": pl.Float64(),
}  # fmt: skip
USUALLY_ALIKE, MOST_ALIKE = 0.03, 0.5  # correlation of the errors of two days, before any is seen, and at the most
DIGITS = 6  # of a correlation: more would tell of the order of additions
ALL_SUMS, OWN_SUMS = 4.0, 6.0  # sums that what is usual, and what holds for all accounts, are weighed with
_ALIKE = {"account": pl.String(), "currency": pl.String(), "error_correlation": pl.Float64()}
_FACTOR = {
    "account": pl.String(), "currency": pl.String(), "bucket": pl.String(), "factor": pl.Float64(), "days": pl.Int64()
}  # fmt: skip

Movements = Callable[[ForecastInputs, ForecastingConfig, Horizon], pl.DataFrame]


def backtest(inputs: ForecastInputs, config: ForecastingConfig, as_of: date, movements: Movements) -> pl.DataFrame:
    """How wrong forecasts made again as of earlier days were, with what was known then, per account, cut-off and covered day."""
    scores = [
        _scores(inputs, config, as_of - timedelta(weeks=weeks), as_of, movements)
        for weeks in WEEKS_BACK[: config.intervals.cutoffs]
    ]
    return pl.concat([pl.DataFrame(schema=SCORE), *scores])


def calibrate(scores: pl.DataFrame, config: ForecastingConfig) -> pl.DataFrame:
    """Half the interval in spreads per account and horizon bucket: account, currency, bucket, factor, days compared;
    rows without an account hold for every other one.

    From the days of a backtest, each account's own days weighed against those of all accounts, quiet days left out. A bucket
    with fewer than `minimum_days` compared in all gets the wide factor of the config, at least that of the bucket before, and
    says 0 days.
    """
    found: list[dict[str, str | float | int | None]] = []
    before = 0.0
    for name, _, _ in BUCKETS:
        mine = scores.filter(pl.col("bucket") == name)
        moving = mine.filter(~pl.col("is_quiet"))
        pooled = _quantile(moving["ratio"].to_numpy()) if mine.height >= config.intervals.minimum_days else None
        value = max(config.intervals.uncalibrated_factor, before) if pooled is None else pooled
        before = value
        found.append({"bucket": name, "factor": value, "days": 0 if pooled is None else mine.height})
        if pooled is None:
            continue
        for (account, currency), own in moving.group_by("account", "currency", maintain_order=True):
            quantile = _quantile(own["ratio"].to_numpy())
            if quantile is not None:
                weight = own.height / (own.height + POOLED_DAYS)
                found.append(
                    {
                        "account": account, "currency": currency, "bucket": name, "days": own.height,
                        "factor": float(max(quantile, SMALLEST) ** weight * max(value, SMALLEST) ** (1 - weight)),
                    }
                )  # fmt: skip
    return pl.DataFrame(found, schema=_FACTOR)


def correlations(scores: pl.DataFrame, factors: pl.DataFrame) -> pl.DataFrame:
    """How far the errors of an account's days go together: account, currency, error_correlation, between 0 and `MOST_ALIKE`; a row
    without an account holds for every other one.

    Where the errors of days have one correlation c, the variance of their sum is (1 - c) times the sum of variances plus c times
    the square of the sum of deviations. That is held against the errors of sums from each cut-off of the backtest to the end of
    each horizon bucket. A trend that is missed makes errors alike: a balance adds them up.
    """
    own = factors.filter(pl.col("account").is_not_null()).select("account", "currency", "bucket", "factor")
    common = factors.filter(pl.col("account").is_null()).select("bucket", pl.col("factor").alias("common"))
    order = {name: place for place, (name, _, _) in enumerate(BUCKETS)}
    key = ["account", "currency", "cutoff"]
    sums = (
        scores.sort(*key, "date")  # the order in which doubles are added is part of their sum
        .join(common, on="bucket", how="left", maintain_order="left")
        .join(own, on=["account", "currency", "bucket"], how="left", maintain_order="left")
        .with_columns(
            (pl.coalesce("factor", "common") * pl.col("spread") / NORMAL_80).alias("deviation"),
            pl.col("bucket").replace_strict(order, return_dtype=pl.Int64).alias("place"),
        )
        .group_by(*key, "place", maintain_order=True)
        .agg(
            pl.col("error").sum(),
            (pl.col("deviation") ** 2).sum().alias("apart"),
            pl.col("deviation").sum().alias("together"),
        )
        .sort(*key, "place")
        .with_columns(pl.col("error", "apart", "together").cum_sum().over(key))
        .filter(pl.col("apart") > 0)
        .with_columns((pl.col("together") ** 2 / pl.col("apart") - 1).alias("weight"))
        .with_columns(pl.min_horizontal(pl.col("error") ** 2 / pl.col("apart") - 1, "weight").alias("excess"))
    )
    usual = _alike(sums, USUALLY_ALIKE, ALL_SUMS)
    found: list[dict[str, str | float | None]] = [{"error_correlation": usual}]
    for (account, currency), mine in sums.group_by("account", "currency", maintain_order=True):
        alike = _alike(mine, usual, OWN_SUMS)
        found.append({"account": str(account), "currency": str(currency), "error_correlation": alike})
    return pl.DataFrame(found, schema=_ALIKE)


def _alike(sums: pl.DataFrame, usual: float, pseudo: float) -> float:
    """The correlation that explains best by how much sums stray further than errors that cancel out, so many sums of the usual one
    added.
    """
    excess, weight = (sums[name].to_numpy() for name in ("excess", "weight"))
    added = pseudo * (float(weight.mean()) if len(weight) else 1.0)
    if added <= 0:
        return usual
    alike = (float(excess.sum()) + usual * added) / (float(weight.sum()) + added)
    return round(min(max(alike, 0.0), MOST_ALIKE), DIGITS)


def _quantile(ratios: Real) -> float | None:
    """The ratio that 80 % of days stay below, corrected for their number; None for too few days."""
    rank = math.ceil((len(ratios) + 1) * COVERAGE)
    return float(np.sort(ratios)[rank - 1]) if rank <= len(ratios) else None


def with_interval(rows: pl.DataFrame, factors: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """LAYER rows with `low` and `high`, rounded to the minor unit; sources say where an interval is not calibrated."""
    own = factors.filter(pl.col("account").is_not_null()).select("account", "currency", "bucket", "factor")
    common = factors.filter(pl.col("account").is_null()).select(
        "bucket", pl.col("factor").alias("common"), (pl.col("days") == 0).alias("is_wide")
    )
    rows = (
        rows.with_columns(bucket((pl.col("date") - pl.lit(as_of)).dt.total_days()).alias("bucket"))
        .join(common, on="bucket", how="left", maintain_order="left")
        .join(own, on=["account", "currency", "bucket"], how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("layer") == "opening")
            .then(pl.lit(NORMAL_80))
            .otherwise(pl.coalesce("factor", "common"))
            .alias("factor")
        )
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
    """|actual - expected| / spread per account and covered day after the cut-off, and whether the day was quiet:
    nothing moved and little was expected, or nothing uncertain was.

    Quiet days, such as those between pay runs, would say that every interval is wide enough.
    """
    ready = inputs.balances.filter(pl.col("covered_from") <= cutoff - HISTORY_BEFORE_CUTOFF).select(
        pl.col("account_id").alias("account"), "currency"
    )
    if ready.is_empty():
        return pl.DataFrame(schema=SCORE)
    horizon = Horizon(cutoff, config.weeks)
    moves = movements(known_by(inputs, cutoff), config, horizon)
    expected = (
        moves.filter(pl.col("layer") != "beyond_horizon")
        .group_by("account", "currency", "date")
        .agg(pl.col("amount").cast(pl.Float64).sum().alias("expected"), pl.col("spread").sum())
    )
    net = pl.col("net").cast(pl.Float64)
    usual = net.abs().mean().over("account", "currency")
    return (
        daily_net(inputs, config, as_of)
        .with_columns(net.alias("net"), usual.alias("usual"))
        .filter(pl.col("date").is_between(horizon.first, horizon.last))
        .join(ready, on=["account", "currency"], how="semi")
        .join(expected, on=["account", "currency", "date"], how="left")
        .with_columns(pl.col("expected", "spread").fill_null(0.0))
        .select(
            "account",
            "currency",
            "date",
            "spread",
            pl.lit(cutoff).alias("cutoff"),
            (pl.col("net") - pl.col("expected")).alias("error"),
            bucket((pl.col("date") - pl.lit(cutoff)).dt.total_days()).alias("bucket"),
            ((pl.col("net") - pl.col("expected")).abs() / pl.col("spread")).alias("ratio"),
            (
                (pl.col("spread") <= 0) | ((pl.col("net") == 0) & (pl.col("expected").abs() <= QUIET * pl.col("usual")))
            ).alias("is_quiet"),
        )
        .select(pl.col(name).cast(kind) for name, kind in SCORE.items())
    )
