"""Payments that repeat one another: the first one of those alike, and series, as of rent or wages, that are meant to repeat."""

from __future__ import annotations

import polars as pl

SHORTEST_PERIOD = 6  # days: a week less the shift of a holiday
UNEVEN = 5  # days by which a distance differs from the usual one of its series: the months' lengths, weekends, holidays
DAILY = 3  # distances of some days only, from which on it is a habit to pay so often
MONTH = (26, 36)  # days between two payments of one day of the month


def out_of_turn(
    payments: pl.DataFrame, keys: list[str], within_days: int, *, may_be_daily: bool = False
) -> pl.DataFrame:
    """The payments (payment_id, day) that follow one with the same keys within so many days, with its id and day, unless they come
    a month later or at the distance at which the series goes on, or in their month after one that came late. Where they `may_be_daily`
    also unless the series goes on every few days, as an account is filled up: what is sent again every day is no such series.
    """
    gap = pl.col("day").diff().over(keys).dt.total_days()
    period = pl.col("gap") >= SHORTEST_PERIOD
    usual = pl.when(period).then(pl.col("gap"))
    is_series, middle = usual.count().over(keys) > 1, usual.median().over(keys)
    two_months = (pl.col("gap") + pl.col("gap").shift().over(keys)).is_between(2 * MONTH[0], 2 * MONTH[1])
    of_days = pl.col("gap").is_between(1, SHORTEST_PERIOD - 1)
    in_turn = (
        pl.col("gap").is_between(*MONTH)
        | (period & is_series & ((pl.col("gap") - middle).abs() <= UNEVEN))
        | (is_series & middle.is_between(*MONTH) & two_months.fill_null(value=False))
        | (pl.lit(may_be_daily) & of_days & (of_days.sum().over(keys) >= DAILY))
    )
    return (
        payments.filter(pl.all_horizontal(pl.col(*keys).is_not_null()) & pl.col("day").is_not_null())
        .sort(*keys, "day", "payment_id")
        .with_columns(
            pl.col("payment_id").shift().over(keys).alias("first_payment_id"),
            pl.col("day").shift().over(keys).alias("first_day"),
            gap=gap,
        )
        .filter(((pl.col("gap") <= within_days) & ~in_turn).fill_null(value=False))
    )


def first_payments(payments: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Of the payments that agree in the keys the first by its id, with its day: of many alike, none is paired with each other one."""
    return payments.group_by(keys).agg(
        pl.col("payment_id").min().alias("first_payment_id"),
        pl.col("day").sort_by("payment_id").first().alias("first_day"),
    )


def is_later(within_days: int) -> pl.Expr:
    """Whether a payment (day, payment_id) comes after its first one (first_day, first_payment_id), no later than so many days."""
    return (
        (pl.col("day") > pl.col("first_day"))
        | ((pl.col("day") == pl.col("first_day")) & (pl.col("payment_id") > pl.col("first_payment_id")))
    ) & ((pl.col("day") - pl.col("first_day")).dt.total_days() <= within_days)
