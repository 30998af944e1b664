"""The recurring layer: flows that come again by themselves (payroll, tax, rent, loan instalments), found in the
statements.

A series is what one party (or, without one, one text) moves on one account in one direction. It recurs when its
last occurrences keep a cadence and an amount. It is expected until a cycle passes without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from reconciliation.business_days import BusinessDays, business_days
from reconciliation.contracts import AMOUNT
from reconciliation.forecasting.config import ForecastingConfig, Recurring
from reconciliation.forecasting.horizon import Horizon
from reconciliation.forecasting.inputs import ForecastInputs
from reconciliation.forecasting.layer import LAYER
from reconciliation.forecasting.minor_amounts import POINTS_PER_UNIT, Whole, amounts, points
from reconciliation.frames import empty

SERIES = ("entity_id", "account_id", "currency", "series", "incoming")
LAST_OCCURRENCES = 7
PAYMENT_NEAR = timedelta(days=5)
# calendar days between two occurrences, and months a cycle spans (0: counted in days)
CADENCES: tuple[tuple[str, int, int, int], ...] = (
    ("weekly", 5, 9, 0),
    ("biweekly", 12, 16, 0),
    ("monthly", 25, 36, 1),
    ("quarterly", 84, 99, 3),
)

Rule = Callable[[int, int], date]


@dataclass(frozen=True)
class Series:
    """A recurring flow: where, how often, how much (points), and its next days in the horizon."""

    entity: str | None
    account: str
    currency: str
    name: str
    incoming: bool
    cadence: str
    amount: int
    spread: float
    days: tuple[date, ...]


def with_series(flows: pl.DataFrame) -> pl.DataFrame:
    """Flows with `series` (whose flow it is; null where nothing says) and `incoming`.

    Digits of a text are left out: "PAYROLL 2026-03" and "PAYROLL 2026-04" are one series.
    """
    words = pl.col("text").str.to_uppercase().str.replace_all(r"[^\p{L}]+", " ").str.strip_chars().str.slice(0, 60)
    name = pl.col("counterparty_name").str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    filled = [pl.when(one != "").then(one) for one in (pl.col("counterparty_account"), name, words)]
    return flows.with_columns(pl.coalesce(filled).alias("series"), (pl.col("amount") > 0).alias("incoming"))


def find_series(inputs: ForecastInputs, config: ForecastingConfig, horizon: Horizon) -> list[Series]:
    """The series that recur and have not missed a cycle, with their next days up to the horizon's end."""
    settings = config.recurring
    if not settings.enabled:
        return []
    covered = dict(
        zip(
            inputs.balances.select("account_id", "currency").iter_rows(),
            inputs.balances["covered_until"].to_list(),
            strict=True,
        )
    )
    calendars = dict(inputs.accounts.select("account_id", "calendar").iter_rows())
    occurrences = (
        with_series(inputs.flows)
        .filter(pl.col("series").is_not_null() & ~pl.col("settles_item").fill_null(value=False))
        .group_by(*SERIES, "date")
        .agg(pl.col("amount").sum().cast(AMOUNT))
        .filter(pl.len().over(*SERIES) >= settings.occurrences)
        .sort(*SERIES, "date", nulls_last=True)
    )
    found = []
    for (entity, account, currency, name, incoming), one in occurrences.group_by(*SERIES, maintain_order=True):
        until = covered.get((account, currency))
        if until is None:
            continue
        calendar = business_days(calendars.get(str(account)) or config.default_calendar, horizon.as_of)
        last = one.tail(LAST_OCCURRENCES)
        whole = points(last["amount"])
        cadence = _cadence(last["date"].to_list(), calendar, settings)
        typical = int(np.sort(whole[-3:])[(len(whole[-3:]) - 1) // 2])
        if cadence is None or (np.abs(whole - typical) > settings.amount_tolerance * abs(typical)).any():
            continue
        title, upcoming = cadence
        days = tuple(_expected(upcoming, until, horizon, calendar, settings))
        if days:
            spread = float(np.std(whole)) / POINTS_PER_UNIT
            found.append(
                Series(
                    None if entity is None else str(entity), str(account), str(currency), str(name), bool(incoming),
                    title, typical, spread, days,
                )
            )  # fmt: skip
    return found


def layer(found: list[Series], inputs: ForecastInputs) -> pl.DataFrame:
    """The series as a layer (LAYER). A day near which a payment that settles no item is on its way is left to that
    payment.
    """
    waiting = _unsettled_payments(inputs)
    rows = [
        {
            "entity": one.entity,
            "account": one.account,
            "currency": one.currency,
            "date": day,
            "points": one.amount,
            "spread": one.spread,
            "sources": f"{one.cadence} {one.name}",
        }
        for one in found
        for day in one.days
        if not _is_instructed(one, day, waiting)
    ]
    if not rows:
        return empty(LAYER)
    frame = pl.DataFrame(
        rows,
        schema={
            "entity": pl.String, "account": pl.String, "currency": pl.String, "date": pl.Date, "points": pl.Int64,
            "spread": pl.Float64, "sources": pl.String,
        },
    )  # fmt: skip
    return (
        frame.with_columns(amounts(frame["points"].to_numpy()).alias("amount"))
        .group_by("entity", "account", "currency", "date")
        .agg(
            pl.col("amount").sum(),
            (pl.col("spread") ** 2).sum().sqrt().alias("spread"),
            pl.len().alias("item_count"),
            pl.concat_str(pl.lit("recurring: "), pl.col("sources").sort().str.join(", ")).alias("sources"),
        )
        .with_columns(pl.lit("recurring").alias("layer"), pl.lit("expected").alias("certainty"))
        .select(pl.col(name).cast(kind) for name, kind in LAYER.items())
    )


def _cadence(days: list[date], calendar: BusinessDays, settings: Recurring) -> tuple[str, Iterator[date]] | None:
    """The cadence of the occurrences and the days after the last one, without end; None where they keep none."""
    steps = [(later - earlier).days for earlier, later in pairwise(days)]
    for title, shortest, longest, months in CADENCES:
        if not all(shortest <= step <= longest for step in steps):
            continue
        if not months:
            return title, _weekly(days, 7 if title == "weekly" else 14, calendar)
        rules = _month_rules(calendar)
        off = [sum(abs((rule(day.year, day.month) - day).days) for day in days) for rule in rules]
        best = int(np.argmin(off))
        if off[best] <= settings.day_tolerance * len(days):
            return title, _monthly(days[-1], months, rules[best])
    return None


def _month_rules(calendar: BusinessDays) -> list[Rule]:
    """The ways a day of a month is fixed, simplest first: last business days, then calendar days rolled on or back."""

    def month_end(year: int, month: int) -> date:
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)

    def on(day: int, forward: bool) -> Rule:
        def rule(year: int, month: int) -> date:
            nominal = min(date(year, month, 1) + timedelta(days=day - 1), month_end(year, month))
            return calendar.on_or_after(nominal) if forward else calendar.on_or_before(nominal)

        return rule

    def from_end(count: int) -> Rule:
        return lambda year, month: calendar.add(month_end(year, month), -count)

    return [
        *(from_end(count) for count in range(5)),
        *(on(day, forward) for day in range(1, 32) for forward in (True, False)),
    ]


def _monthly(last: date, months: int, rule: Rule) -> Iterator[date]:
    place = last.year * 12 + last.month - 1
    while True:
        place += months
        yield rule(place // 12, place % 12 + 1)


def _weekly(days: list[date], step: int, calendar: BusinessDays) -> Iterator[date]:
    """The usual weekday (the most frequent, the earlier one of two) every `step` days; a day off moves to the next
    day.
    """
    weekdays = [day.weekday() for day in days]
    usual = max(sorted(set(weekdays)), key=weekdays.count)
    nominal = days[-1] - timedelta(days=(days[-1].weekday() - usual + 3) % 7 - 3)
    while True:
        nominal += timedelta(days=step)
        yield calendar.on_or_after(nominal)


def _expected(
    upcoming: Iterator[date], covered_until: date, horizon: Horizon, calendar: BusinessDays, settings: Recurring
) -> Iterator[date]:
    """The days in the horizon; none once statements cover the first one, and the tolerance after it, without
    showing it.
    """
    first = True
    for day in upcoming:
        if day > horizon.last:
            return
        if first and calendar.between(day, covered_until) > settings.day_tolerance:
            return
        first = False
        if day <= covered_until:
            yield calendar.on_or_after(horizon.first)
        else:
            yield max(day, horizon.as_of)


def _unsettled_payments(inputs: ForecastInputs) -> pl.DataFrame:
    """Payments on their way that settle no item, single and summed by day: payroll goes out as many and is booked
    as one.
    """
    waiting = inputs.payments.filter(
        pl.col("booked_on").is_null() & ~pl.col("settles_item").fill_null(value=False)
    ).select("account_id", "currency", pl.coalesce("execution_date", "created_on").alias("date"), "amount")
    days = waiting.group_by("account_id", "currency", "date").agg(pl.col("amount").sum().cast(AMOUNT))
    every = pl.concat([waiting, days.select(waiting.columns)])
    return every.with_columns(pl.Series("points", points(every["amount"]), dtype=pl.Int64))


def _is_instructed(one: Series, day: date, waiting: pl.DataFrame) -> bool:
    near = waiting.filter(
        (pl.col("account_id") == one.account)
        & (pl.col("currency") == one.currency)
        & pl.col("date").is_between(day - PAYMENT_NEAR, day + PAYMENT_NEAR)
    )
    found: Whole = near["points"].to_numpy()
    return bool((np.abs(found - one.amount) <= 0.25 * abs(one.amount)).any())
