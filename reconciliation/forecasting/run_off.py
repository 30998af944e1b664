"""The run-off layer: what usually moves on a day and is not yet on the books at the cut-off.

Two things are learned per account and direction. What usually moves on such a day (`calendar_model`), from the
statements without the recurring series. And, per horizon bucket, which share of the money that moved was not on the
books yet when one stood that far before it: next week's payments are nearly all known invoices, those of week ten
hardly any.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from reconciliation.business_days import Days, business_days
from reconciliation.forecasting.calendar_model import usual
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.history import SILENT_AFTER, covered_days, unseen_from
from reconciliation.forecasting.horizon import BUCKETS, Horizon
from reconciliation.forecasting.inputs import ForecastInputs
from reconciliation.forecasting.layer import LAYER
from reconciliation.forecasting.minor_amounts import Real, amounts, minor_unit_points, rounded
from reconciliation.forecasting.recurring import Series
from reconciliation.frames import empty

CUTOFFS = 26  # weekly looks back for the share that is on the books
LEAST_SHARE = 0.02  # of the spread: even a fully known week has movements nobody announced


def layer(inputs: ForecastInputs, series: list[Series], config: ForecastingConfig, horizon: Horizon) -> pl.DataFrame:
    """The layer (LAYER): a row per business day for every account with enough history, other accounts none.

    What usually moves on days that the opening balance does not hold yet stands at `as_of`. How uncertain the days
    before the last of them are is in the stale balance's interval.
    """
    settings = config.run_off
    if not settings.enabled:
        return empty(LAYER)
    movements = _without(inputs, series)
    covered = covered_days(inputs, config, horizon.as_of)
    calendars = dict(inputs.accounts.select("account_id", "calendar").iter_rows())
    shares = _unknown_shares(inputs, movements, horizon.as_of)
    unseen = {(account, currency): first for account, currency, first in unseen_from(inputs, horizon.as_of).iter_rows()}
    parts = []
    for (entity, account, currency), span in covered.group_by("entity", "account", "currency", maintain_order=True):
        history = span["date"].to_numpy().astype("datetime64[D]")[-settings.history_days :]
        mine = movements.filter((pl.col("account") == account) & (pl.col("currency") == currency))
        if len(history) < settings.minimum_days or mine.is_empty():
            continue
        if _date(history[-1]) < horizon.as_of - SILENT_AFTER:
            continue
        calendar = business_days(calendars.get(str(account)) or config.default_calendar, horizon.as_of)
        ahead = calendar.days(unseen.get((str(account), str(currency)), horizon.first), horizon.last)
        around = calendar.days(_date(history[0]) - timedelta(days=40), horizon.last + timedelta(days=40))
        expected, variance = np.zeros(len(ahead)), np.zeros(len(ahead))
        for incoming in (True, False):
            values = _daily(mine.filter(pl.col("incoming") == incoming), history)
            if not values.any():
                continue
            model = usual(history, values, around)
            share = _share_per_day(shares.get((entity, currency, incoming)), ahead, horizon.as_of)
            expected += np.maximum(model.predict(ahead), 0.0) * share * (1 if incoming else -1)
            variance += model.spread(ahead) ** 2 * np.maximum(share, LEAST_SHARE)
        days, expected, variance = _rolled_forward(ahead, expected, variance, horizon.as_of)
        rows = pl.DataFrame({"date": days}).select(
            pl.lit(entity, pl.String).alias("entity"),
            pl.lit(account, pl.String).alias("account"),
            pl.lit(currency, pl.String).alias("currency"),
            pl.col("date").cast(pl.Date),
        )
        unit = minor_unit_points(rows["currency"])
        parts.append(
            rows.with_columns(
                amounts(rounded(expected, unit)), pl.Series("spread", np.sqrt(variance), dtype=pl.Float64)
            )
        )
    if not parts:
        return empty(LAYER)
    return (
        pl.concat(parts)
        .with_columns(
            pl.lit("run_off").alias("layer"),
            pl.lit("statistical").alias("certainty"),
            pl.lit(0, pl.Int64).alias("item_count"),
            pl.lit("calendar of the account's own statements, less the share already on the books").alias("sources"),
        )
        .select(pl.col(name).cast(kind) for name, kind in LAYER.items())
    )


def _rolled_forward(days: Days, expected: Real, variance: Real, as_of: date) -> tuple[Days, Real, Real]:
    """Days up to `as_of` as one, with the variance of the last of them."""
    past = int(np.searchsorted(days, np.datetime64(as_of), side="right"))
    if not past:
        return days, expected, variance
    return (
        np.concatenate([[np.datetime64(as_of)], days[past:]]),
        np.concatenate([[expected[:past].sum()], expected[past:]]),
        variance[past - 1 :],
    )


def learned_from(inputs: ForecastInputs, series: list[Series]) -> pl.DataFrame:
    """The flows that belong to no recurring series: what usually moves is learned from these."""
    theirs = [number for one in series for number in one.lines]
    return inputs.flows.with_row_index("number").filter(~pl.col("number").is_in(theirs)).drop("number")


def _without(inputs: ForecastInputs, series: list[Series]) -> pl.DataFrame:
    """Booked movements outside the recurring series: entity, account, currency, date, incoming, value (unsigned)."""
    return (
        learned_from(inputs, series)
        .with_columns((pl.col("amount") > 0).alias("incoming"))
        .select(
            pl.col("entity_id").alias("entity"),
            pl.col("account_id").alias("account"),
            "currency",
            "date",
            "incoming",
            pl.col("amount").abs().cast(pl.Float64).alias("value"),
        )
        .sort("account", "currency", "date", "value")
    )


def _daily(movements: pl.DataFrame, history: Days) -> Real:
    """Sums per business day; what is booked on a day off counts to the next business day."""
    places = np.searchsorted(history, movements["date"].to_numpy().astype("datetime64[D]"))
    values = movements["value"].to_numpy()
    late_enough = movements["date"].to_numpy().astype("datetime64[D]") >= history[0]
    used = (places < len(history)) & late_enough
    return np.bincount(places[used], values[used], minlength=len(history)).astype(np.float64)


def _share_per_day(shares: dict[str, float] | None, days: Days, as_of: date) -> Real:
    """The share not on the books per day, straight lines between the middles of the buckets; 1 where nothing is
    known.
    """
    if shares is None:
        return np.ones(len(days))
    middles = [(first + last) / 2 for _, first, last in BUCKETS]
    ahead = (days - np.datetime64(as_of)).astype(np.int64)
    return np.interp(ahead, middles, [shares[name] for name, _, _ in BUCKETS])


def _unknown_shares(
    inputs: ForecastInputs, movements: pl.DataFrame, as_of: date
) -> dict[tuple[object, object, bool], dict[str, float]]:
    """Per entity, currency and direction and per bucket: the share of money moved that was not on the books at the
    cut-off.

    On the books are items entered by then and payments without an item made by then. A bucket no cut-off reaches
    takes the share of the one before it; an entity without books has no entry.
    """
    on_books = pl.concat(
        [
            inputs.open_items.filter(pl.col("paid_on").is_not_null()).select(
                pl.col("entity_id").alias("entity"),
                "currency",
                (pl.col("amount") > 0).alias("incoming"),
                pl.col("entered_on").alias("known"),
                pl.col("paid_on").alias("date"),
                pl.col("amount").abs().cast(pl.Float64).alias("value"),
            ),
            inputs.payments.filter(
                pl.col("booked_on").is_not_null() & ~pl.col("settles_item").fill_null(value=False)
            ).select(
                pl.col("entity_id").alias("entity"),
                "currency",
                (pl.col("amount") > 0).alias("incoming"),
                pl.col("created_on").alias("known"),
                pl.col("booked_on").alias("date"),
                pl.col("amount").abs().cast(pl.Float64).alias("value"),
            ),
        ]
    )
    ends = inputs.balances.filter(pl.col("covered_until").is_not_null() & pl.col("covered_from").is_not_null())
    spans = ends.group_by(pl.col("entity_id").alias("entity"), "currency").agg(
        pl.col("covered_from").max(), pl.col("covered_until").min()
    )
    found: dict[tuple[object, object, bool], dict[str, float]] = {}
    for entity, currency, first, until in spans.sort("entity", "currency", nulls_last=True).iter_rows():
        for incoming in (True, False):
            same = pl.col("entity").eq_missing(pl.lit(entity)) & pl.col("currency").eq_missing(
                pl.lit(currency, pl.String)
            )
            booked = on_books.filter(same & (pl.col("incoming") == incoming))
            moved = movements.filter(same & (pl.col("incoming") == incoming))
            if booked.is_empty() or moved.is_empty():
                continue
            found[(entity, currency, incoming)] = _shares_of(booked, moved, first, until, as_of)
    return found


def _shares_of(booked: pl.DataFrame, moved: pl.DataFrame, first: date, until: date, as_of: date) -> dict[str, float]:
    known = booked["known"].fill_null(booked["date"]).to_numpy().astype("datetime64[D]").astype(np.int64)
    paid = booked["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    value = booked["value"].to_numpy()
    moved_on = moved["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    moved_value = moved["value"].to_numpy()
    start, end = (int(np.datetime64(day).astype(np.int64)) for day in (first, min(until, as_of)))
    shares: dict[str, float] = {}
    before = 0.0
    for name, low, high in BUCKETS:
        total = announced = 0.0
        for cutoff in range(end - low, max(start, end - 7 * CUTOFFS - low), -7):
            last = min(cutoff + high, end)
            total += float(moved_value[(moved_on >= cutoff + low) & (moved_on <= last)].sum())
            announced += float(value[(paid >= cutoff + low) & (paid <= last) & (known <= cutoff)].sum())
        shares[name] = max(1.0 - announced / total, 0.0) if total else before
        before = shares[name]
    return shares


def _date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))
