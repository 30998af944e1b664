"""The open items layer: each item's remaining amount, spread over the days on which it may be paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from reconciliation.business_days import Days, business_days
from reconciliation.forecasting.changed_habits import NEWEST, item_weights
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.history import unseen_from
from reconciliation.forecasting.horizon import Horizon
from reconciliation.forecasting.inputs import ForecastInputs
from reconciliation.forecasting.layer import LAYER
from reconciliation.forecasting.minor_amounts import Real, Whole, amounts, minor_unit_points, points, spread_out
from reconciliation.forecasting.payer_days import Waiting, payer_days
from reconciliation.forecasting.payment_days import PaymentDays, payment_days
from reconciliation.forecasting.payment_delay import Observed, chances, hazards
from reconciliation.frames import empty

CHUNK = 4_000  # items spread at once: bounds memory at about 4,000 x 100 numbers
INSTRUCTED_SHARE = 0.5  # of paid items: above it an item is not paid unless a payment says so
SOURCES = "open items; payment delay of each counterparty, shrunk to its entity and ledger"


@dataclass(frozen=True)
class Schedule:
    """Open items of one entity and ledger with their chances of payment.

    `rows` are the items (open_item_id, entity, currency, account, remaining); `chances` is items x (days + 1), the last
    column everything after the horizon; `days` are the payment days in the horizon.
    """

    rows: pl.DataFrame
    chances: Real
    days: Days


def schedules(
    inputs: ForecastInputs, accounts: pl.DataFrame, config: ForecastingConfig, horizon: Horizon
) -> Iterator[Schedule]:
    """The schedule of each entity and ledger, in order of their names.

    An item without a due date is taken as due on the day it was entered. Only what is in `inputs` is used: pass
    `known_by(...)` for an earlier day.
    """
    items = inputs.open_items.with_columns(
        pl.coalesce("due_date", "entered_on").alias("due"), pl.col("entity_id").fill_null("").alias("group")
    ).sort("ledger", "group", "open_item_id")
    for (_,), ledger in items.filter(pl.col("due").is_not_null()).group_by("ledger", maintain_order=True):
        yield from _of_ledger(ledger, inputs, accounts, config, horizon)


def _of_ledger(
    items: pl.DataFrame, inputs: ForecastInputs, accounts: pl.DataFrame, config: ForecastingConfig, horizon: Horizon
) -> Iterator[Schedule]:
    payable = items["ledger"][0] == "payable"
    groups = items["group"].unique().sort().to_list()
    axes = {group: _axis(items.filter(pl.col("group") == group), inputs, config, horizon, payable) for group in groups}
    items = items.with_columns(
        pl.col("group").replace_strict(groups, range(len(groups)), return_dtype=pl.Int64).alias("group_number"),
        pl.concat_str("group", pl.col("party").fill_null(""), separator="\x1f").rank("dense").cast(pl.Int64).alias("p"),
    ).with_columns((pl.col("p") - 1).alias("party_number"))
    group, party = _whole(items["group_number"]), _whole(items["party_number"])
    due, entry, end, ahead, until = (np.zeros(items.height, dtype=np.int64) for _ in range(5))
    located = _located(items, accounts)
    first_open = _first_open_days(items, located, axes, inputs, horizon)
    is_paid = items["paid_on"].is_not_null().to_numpy()
    for number, name in enumerate(groups):
        mine, axis = group == number, axes[name]
        due[mine] = axis.place(_days(items["due"])[mine])
        entry[mine] = axis.place(_days(items["entered_on"].fill_null(items["due"]))[mine])
        paid_at = axis.place(_days(items["paid_on"].fill_null(horizon.as_of))[mine])
        ahead[mine] = axis.place(first_open[mine])
        unseen = np.minimum(first_open[mine], np.datetime64(horizon.first))
        end[mine] = np.where(is_paid[mine], paid_at, axis.place(unseen) - 1)
        until[mine] = axis.place(np.array([np.datetime64(horizon.as_of) - np.timedelta64(NEWEST, "D")])) - 1
    # an item that a payment on its way settles says nothing yet: it is neither paid nor still waiting
    settled = points(items["remaining"]) == 0
    counts = is_paid | ~settled
    observed = Observed(
        group[counts], party[counts], (entry - due)[counts], (end - due)[counts], is_paid[counts], np.ones(counts.sum())
    )
    parties = int(party.max()) + 1
    group_of_party = np.zeros(parties, dtype=np.int64)
    group_of_party[party] = group
    on_runs = all(axis.is_run for axis in axes.values())
    smooth, pseudo = 0 if on_runs else 2, config.payment_delay.pseudo_observations
    ago = (np.datetime64(horizon.as_of) - _days(items["paid_on"].fill_null(horizon.as_of))).astype(np.int64)
    in_runs = np.array([axes[name].is_run for name in groups])
    weight = item_weights(observed, (until - due)[counts], ago[counts], in_runs, group_of_party, pseudo, smooth)
    hazard = hazards(replace(observed, weight=weight), parties, len(groups), group_of_party, pseudo, smooth)
    waiting = []
    for number, name in enumerate(groups):
        if not axes[name].is_run:
            mine = counts & (group == number)
            waiting.append(Waiting(axes[name].days, *(one[mine] for one in (party, due, entry, end, is_paid))))
    habits = payer_days(waiting, hazard, group_of_party, len(groups))
    for number, name in enumerate(groups):
        for start in np.unique(ahead[(group == number) & ~settled]):
            mine = (group == number) & ~settled & (ahead == start)
            days = axes[name].days[start:]
            days = days[days <= np.datetime64(horizon.last)]
            factors = None if axes[name].is_run else habits.factors(party[mine], axes[name].days, start, len(days))
            chance = chances(hazard, party[mine], (ahead - due)[mine], len(days), factors)
            yield Schedule(located.filter(pl.Series(mine)), *_rolled_forward(chance, days, horizon))


def _rolled_forward(chance: Real, days: Days, horizon: Horizon) -> tuple[Real, Days]:
    """Days up to `as_of`, which no statement shows yet, as one."""
    past = int(np.searchsorted(days, np.datetime64(horizon.as_of), side="right"))
    if not past:
        return chance, days
    first = chance[:, :past].sum(axis=1, keepdims=True)
    return np.concatenate([first, chance[:, past:]], axis=1), np.append(np.datetime64(horizon.as_of), days[past:])


def layer(found: list[Schedule], horizon: Horizon) -> pl.DataFrame:
    """The schedules as layers `open_items` and `beyond_horizon` (LAYER): exact amounts, summed per account and day.

    Every item's cells add up to its remaining amount. The spread of a cell is that of independent items, each paid
    on the day or not.
    """
    parts = [part for schedule in found for part in _cells(schedule, horizon)]
    if not parts:
        return empty(LAYER)
    return (
        pl.concat(parts)
        .group_by("entity", "account", "currency", "date")
        .agg(pl.col("amount").sum(), pl.col("variance").sum().sqrt().alias("spread"), pl.col("item_count").sum())
        .with_columns(
            pl.when(pl.col("date") == horizon.beyond)
            .then(pl.lit("beyond_horizon"))
            .otherwise(pl.lit("open_items"))
            .alias("layer"),
            pl.lit("expected").alias("certainty"),
            pl.lit(SOURCES).alias("sources"),
        )
        .select(pl.col(name).cast(kind) for name, kind in LAYER.items())
    )


def of_each_item(found: list[Schedule], horizon: Horizon) -> Iterator[pl.DataFrame]:
    """What each item adds to each day, chunk by chunk: open_item_id, entity, account, currency, date, amount; `beyond` is the day
    that stands for everything later.
    """
    for schedule in found:
        days = np.append(schedule.days, np.datetime64(horizon.beyond))
        for rows, _, cells in _spread(schedule):
            item, day = np.nonzero(cells)
            yield (
                rows[item]
                .select("open_item_id", "entity", "account", "currency")
                .with_columns(pl.Series("date", days[day]).cast(pl.Date), amounts(cells[item, day]))
            )


def _spread(schedule: Schedule) -> Iterator[tuple[pl.DataFrame, Real, Whole]]:
    """The items with their chances and their amounts a day, chunk by chunk."""
    for start in range(0, schedule.rows.height, CHUNK):
        rows = schedule.rows[start : start + CHUNK]
        weights = schedule.chances[start : start + CHUNK]
        yield rows, weights, spread_out(points(rows["remaining"]), weights, minor_unit_points(rows["currency"]))


def _cells(schedule: Schedule, horizon: Horizon) -> Iterator[pl.DataFrame]:
    """Sums per account, currency and day, chunk by chunk of items."""
    days = np.append(schedule.days, np.datetime64(horizon.beyond))
    for rows, weights, cells in _spread(schedule):
        value = points(rows["remaining"]) / 100_000
        variance = (value**2)[:, None] * weights * (1.0 - weights)
        keys = rows.select("entity", "account", "currency").with_row_index("item")
        for (entity, account, currency), part in keys.group_by("entity", "account", "currency", maintain_order=True):
            places = part["item"].to_numpy()
            sums, counts = cells[places].sum(axis=0), (cells[places] != 0).sum(axis=0)
            used = counts > 0
            yield pl.DataFrame(
                {
                    "date": days[used],
                    "amount": amounts(sums[used]),
                    "variance": variance[places].sum(axis=0)[used],
                    "item_count": counts[used].astype(np.int64),
                }
            ).select(
                pl.lit(entity, pl.String).alias("entity"),
                pl.lit(account, pl.String).alias("account"),
                pl.lit(currency, pl.String).alias("currency"),
                pl.col("date").cast(pl.Date),
                "amount",
                "variance",
                "item_count",
            )


def _axis(
    items: pl.DataFrame, inputs: ForecastInputs, config: ForecastingConfig, horizon: Horizon, payable: bool
) -> PaymentDays:
    """The payment days of one entity's ledger, on the calendar of the entity's first account."""
    entity = items["entity_id"][0]
    calendars = (
        inputs.accounts.filter(pl.col("entity_id") == pl.lit(entity, pl.String))
        .sort("account_id")["calendar"]
        .drop_nulls()
    )
    calendar = business_days(calendars[0] if len(calendars) else config.default_calendar, horizon.as_of)
    paid = _days(items["paid_on"].drop_nulls())
    return payment_days(paid, calendar, horizon.as_of, config.payment_delay, runs=payable)


def _first_open_days(
    items: pl.DataFrame,
    located: pl.DataFrame,
    axes: dict[str, PaymentDays],
    inputs: ForecastInputs,
    horizon: Horizon,
) -> Days:
    """The first day each item may be paid on: the first one its account's balance and statements do not show, and
    where it is paid by instructions the first one none is made for.

    A pay run whose payments are made is closed: what is not on it waits for the next one.
    """
    unseen = located.join(
        unseen_from(inputs, horizon.as_of), on=["account", "currency"], how="left", maintain_order="left"
    )
    first = _days(unseen["first"].fill_null(horizon.first))
    groups = items["group"].to_numpy()
    paid = items.filter(pl.col("paid_on").is_not_null())
    share = dict(paid.group_by("group").agg(pl.col("instructed_on").is_not_null().mean()).iter_rows())
    for group, axis in axes.items():
        mine = groups == group
        if axis.is_run:
            first[mine] = np.maximum(first[mine], np.datetime64(_after_closed_runs(group, inputs, horizon)))
        elif share.get(group, 0.0) >= INSTRUCTED_SHARE:
            first[mine] = np.datetime64(horizon.first)
    return first


def _after_closed_runs(group: str, inputs: ForecastInputs, horizon: Horizon) -> date:
    closed = inputs.payments.filter(
        (pl.col("entity_id").fill_null("") == group)
        & pl.col("settles_item").fill_null(value=False)
        & (pl.col("amount") < 0)
        & pl.col("booked_on").is_null()
        & (pl.col("execution_date") >= horizon.first)
    )["execution_date"].to_list()
    return min(closed, default=horizon.as_of) + timedelta(days=1)


def _located(items: pl.DataFrame, accounts: pl.DataFrame, *more: pl.Expr) -> pl.DataFrame:
    return (
        items.with_columns(pl.col("entity_id").alias("entity"), (pl.col("amount") > 0).alias("incoming"))
        .join(accounts, on=["entity", "currency", "incoming"], how="left", maintain_order="left")
        .select("open_item_id", "entity", "currency", "account", "remaining", *more)
    )


def _days(series: pl.Series) -> Days:
    return series.cast(pl.Date).to_numpy().astype("datetime64[D]")


def _whole(series: pl.Series) -> Whole:
    return series.to_numpy().astype(np.int64)


def naive_days(
    inputs: ForecastInputs, accounts: pl.DataFrame, config: ForecastingConfig, horizon: Horizon
) -> pl.DataFrame:
    """What a due-date calendar would forecast: account, currency, date, amount. Overdue items come the next
    business day.
    """
    calendar = business_days(config.default_calendar, horizon.as_of)
    items = inputs.open_items.filter(pl.col("remaining") != 0)
    due = pl.max_horizontal(pl.coalesce("due_date", "entered_on"), pl.lit(horizon.first)).alias("due")
    dated = _located(items, accounts, due).filter(pl.col("due") <= horizon.last)
    days = dated.select("due").unique().drop_nulls()
    rolled = pl.Series("date", [calendar.on_or_after(day) for day in days["due"]], dtype=pl.Date)
    return (
        dated.join(days.with_columns(rolled), on="due")
        .group_by("account", "currency", "date")
        .agg(pl.col("remaining").sum().alias("amount"))
    )
