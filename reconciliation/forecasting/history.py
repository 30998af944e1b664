"""What happened on the accounts: daily movements on the business days that statements cover."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from reconciliation.business_days import business_days
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.inputs import ForecastInputs
from reconciliation.forecasting.minor_amounts import Real

# mean error of a balance so many business days old, as a share of it: measured on real ledgers, used without a history
_AGES = (0.0, 1.0, 3.0, 5.0, 10.0)
_ERRORS = (0.0, 0.034, 0.063, 0.088, 0.123)
_MEAN_TO_DEVIATION = 1.2533  # of a normal distribution: sqrt(pi / 2)
MINIMUM_DAYS = 20
# an account without a statement for a quarter is closed, or nothing can be said of it
SILENT_AFTER = timedelta(days=92)


def covered_days(inputs: ForecastInputs, config: ForecastingConfig, as_of: date) -> pl.DataFrame:
    """The business days each account's statements cover: entity, account, currency, date; gaps left out.

    The last calendar day covered closes the range; a day without movement is covered too.
    """
    calendars = inputs.accounts.select("account_id", "calendar").unique("account_id", keep="any")
    spans = inputs.balances.join(calendars, on="account_id", how="left").filter(
        pl.col("covered_from").is_not_null() & pl.col("covered_until").is_not_null()
    )
    parts = []
    for row in spans.sort("account_id", "currency").iter_rows(named=True):
        calendar = business_days(row["calendar"] or config.default_calendar, as_of)
        first = max(row["covered_from"], as_of - timedelta(days=3 * 366))
        days = calendar.days(first, min(row["covered_until"], as_of))
        parts.append(
            pl.DataFrame({"date": days}).select(
                pl.lit(row["entity_id"], pl.String).alias("entity"),
                pl.lit(row["account_id"], pl.String).alias("account"),
                pl.lit(row["currency"], pl.String).alias("currency"),
                pl.col("date").cast(pl.Date),
            )
        )
    if not parts:
        return pl.DataFrame(schema={"entity": pl.String, "account": pl.String, "currency": pl.String, "date": pl.Date})
    gaps = inputs.gaps.rename({"account_id": "account"})
    every = pl.concat(parts)
    unknown = every.join(gaps, on=["account", "currency"]).filter(
        (pl.col("date") > pl.col("after")) & (pl.col("date") < pl.col("before"))
    )
    return every.join(unknown, on=["account", "currency", "date"], how="anti").sort("account", "currency", "date")


def daily_net(inputs: ForecastInputs, config: ForecastingConfig, as_of: date) -> pl.DataFrame:
    """Net movement per covered business day (columns of `covered_days`, `net` as decimal).

    What is booked on a day off counts to the business day after it, so that no money drops out of a comparison.
    """
    covered = covered_days(inputs, config, as_of)
    moved = inputs.flows.select(pl.col("account_id").alias("account"), "currency", "date", pl.col("amount")).sort(
        "date"
    )
    placed = moved.join_asof(
        covered.select("account", "currency", pl.col("date"), pl.col("date").alias("day")).sort("date"),
        on="date",
        by=["account", "currency"],
        strategy="forward",
        tolerance="6d",
        check_sortedness=False,
    )
    net = (
        placed.filter(pl.col("day").is_not_null())
        .group_by("account", "currency", pl.col("day").alias("date"))
        .agg(pl.col("amount").sum().alias("net"))
    )
    return covered.join(net, on=["account", "currency", "date"], how="left").with_columns(pl.col("net").fill_null(0))


def unseen_from(inputs: ForecastInputs, as_of: date) -> pl.DataFrame:
    """The first day that neither the balance nor the statements of an account show: account, currency, first; at the
    latest the day after `as_of`.

    What moves from then until `as_of` is in no opening balance: the forecast has it at `as_of`.
    """
    latest = pl.max_horizontal("balance_date", "covered_until")
    return (
        inputs.balances.filter(pl.col("balance").is_not_null() & latest.is_not_null())
        .select(
            pl.col("account_id").alias("account"),
            "currency",
            pl.min_horizontal(latest, pl.lit(as_of)).dt.offset_by("1d").alias("first"),
        )
        .unique(["account", "currency"], keep="any")
    )


def stale_spread(
    inputs: ForecastInputs, config: ForecastingConfig, as_of: date, of_a_day: pl.DataFrame
) -> pl.DataFrame:
    """How far an old balance may be off: account, currency, spread (one standard deviation, in units of the
    currency).

    `of_a_day` says it for one day, of an account whose movements since the balance are forecast (account, currency,
    of_a_day). Else it comes from the account's own movements over as many business days as the balance is old, and
    without enough history from shares of the balance that were measured elsewhere. A balance that later statements carry
    on is as old as the last of them. A balance of `as_of` or of the
    business day before it is not old: statements arrive the next morning.
    """
    net = daily_net(inputs, config, as_of)
    calendars = dict(inputs.accounts.select("account_id", "calendar").iter_rows())
    known = {(account, currency): spread for account, currency, spread in of_a_day.iter_rows()}
    found: list[dict[str, str | float]] = []
    for row in inputs.balances.filter(pl.col("balance").is_not_null()).iter_rows(named=True):
        key = {"account": row["account_id"], "currency": row["currency"]}
        calendar = business_days(calendars.get(row["account_id"]) or config.default_calendar, as_of)
        last = row["balance_date"] if row["booked_since"] is None else row["covered_until"]
        age = calendar.between(last, as_of) - 1
        if age <= 0:
            continue
        mine = net.filter((pl.col("account") == row["account_id"]) & (pl.col("currency") == row["currency"]))
        spread = _deviation_over(mine["net"].cast(pl.Float64).to_numpy(), age)
        if (row["account_id"], row["currency"]) in known:
            rolled = known[row["account_id"], row["currency"]] * age**0.5
            spread = rolled if spread is None else min(rolled, spread)
        if spread is None:
            share = float(np.interp(age, _AGES, _ERRORS)) * max(1.0, (age / _AGES[-1]) ** 0.5)
            spread = abs(float(row["balance"])) * share * _MEAN_TO_DEVIATION
        found.append(key | {"spread": spread})
    return pl.DataFrame(found, schema={"account": pl.String, "currency": pl.String, "spread": pl.Float64})


def _deviation_over(net: Real, days: int) -> float | None:
    """Root mean square of the movement over so many days; None with too little history."""
    if len(net) < max(MINIMUM_DAYS, 2 * days):
        return None
    sums = np.convolve(net, np.ones(days), mode="valid")
    return float(np.sqrt(np.mean(sums**2)))
