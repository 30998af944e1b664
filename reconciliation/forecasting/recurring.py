"""The recurring layer: flows that come again by themselves (payroll, tax, rent, loan instalments), found in the
statements.

A series is what one party moves under one text, or under all its texts, or in one size, on one account in one
direction (`series_lines`). It recurs when its last occurrences keep a cadence, and an amount or at least its order of
magnitude. It is expected until a cycle passes without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from reconciliation.business_days import BusinessDays, business_days
from reconciliation.contracts import AMOUNT
from reconciliation.forecasting.cadence import NEWEST, TWICE_A_MONTH, Cadence, cadence
from reconciliation.forecasting.config import ForecastingConfig, Recurring
from reconciliation.forecasting.history import SILENT_AFTER
from reconciliation.forecasting.horizon import Horizon
from reconciliation.forecasting.inputs import ForecastInputs
from reconciliation.forecasting.layer import LAYER
from reconciliation.forecasting.minor_amounts import POINTS_PER_UNIT, Whole, amounts, points
from reconciliation.forecasting.series_lines import GROUPINGS, TWICE, Occurrences, candidates, numbered
from reconciliation.frames import empty

PAYMENT_NEAR = timedelta(days=5)
# a flow whose amount varies recurs where its days are certain
VARYING_OCCURRENCES, VARYING_OFF, VARYING_SPREAD = 5, 0.5, 0.4
VARYING_QUARTERS = 4  # occurrences, where they are months apart
ODD_SHARE = 1 / 3  # of five or more occurrences, such as bonus months, may have another amount
STEADY = 0.1  # most amounts within this of each other: another amount is no chance
STEPPED = 0.05  # two new amounts within this of each other are a new level
# an account on which nothing can have come three months yet: what came twice, a month apart and alike, is expected too
YOUNG = timedelta(days=95)
FEWEST = 3  # occurrences that the config asks for at least; who asks for more gets no fewer on a young account

Ahead = tuple[str, float, tuple[tuple[date, int], ...]]  # cadence, spread of the amount, days with their amounts


@dataclass(frozen=True)
class Series:
    """A recurring flow: where, how often, and its next days in the horizon with their amounts (points).

    `lines` are the rows of the flows that belong to it, by number; `days` is empty for a flow that has ended.
    """

    entity: str | None
    account: str
    currency: str
    name: str
    incoming: bool
    cadence: str
    spread: float
    days: tuple[tuple[date, int], ...]
    lines: tuple[int, ...]

    @property
    def title(self) -> str:
        """How often, and by what it is known."""
        return f"{self.cadence} {self.name}"


def find_series(inputs: ForecastInputs, config: ForecastingConfig, horizon: Horizon) -> list[Series]:
    """The series that recur, with their next days up to the horizon's end; none for one that has missed a cycle."""
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
    is_young = (pl.col("covered_from") > horizon.as_of - YOUNG) & (settings.occurrences <= FEWEST)
    young = inputs.balances.filter(is_young)["account_id"].unique().to_list()
    lines = numbered(inputs.flows)
    found: list[Series] = []
    for grouping in GROUPINGS:
        taken: list[int] = []
        for key, occurrences, line_numbers in candidates(lines, grouping, settings.occurrences, horizon.as_of, young):
            entity, account, currency, incoming = key
            until = covered.get((account, currency))
            if until is None:
                continue
            calendar = business_days(calendars.get(account) or config.default_calendar, horizon.as_of)
            flows = _flows_of(occurrences, calendar, until, horizon, settings)
            if not flows:
                continue
            numbers = tuple(line_numbers())
            found += [
                Series(entity, account, currency, occurrences.name, incoming, rhythm, spread, days, numbers)
                for rhythm, spread, days in flows
            ]
            taken += numbers
        lines = lines.filter(~pl.col("number").is_in(taken))
    return found


def _flows_of(
    occurrences: Occurrences, calendar: BusinessDays, until: date, horizon: Horizon, settings: Recurring
) -> list[Ahead]:
    """What one candidate is expected to do: nothing, one flow, or two where
    it comes on two days a month, each with an amount of its own.
    """
    rhythm = cadence(occurrences.days, calendar, horizon.as_of, float(settings.day_tolerance))
    if rhythm is None:
        return []
    if rhythm.title != TWICE_A_MONTH:
        one = _flow_of(occurrences, rhythm, calendar, until, horizon, settings)
        return [] if one is None else [one]
    halves = [_flows_of(occurrences.every_second(start), calendar, until, horizon, settings) for start in (0, 1)]
    return [(TWICE_A_MONTH, spread, ahead) for half in halves for _, spread, ahead in half] if all(halves) else []


def _flow_of(
    occurrences: Occurrences,
    rhythm: Cadence,
    calendar: BusinessDays,
    until: date,
    horizon: Horizon,
    settings: Recurring,
) -> Ahead | None:
    days, whole = occurrences.days, occurrences.amounts
    last = whole[-NEWEST:]
    typical = _typical(last, rhythm, settings.amount_tolerance)
    if typical is None:
        return None
    off = np.abs(last - typical)
    is_steady = float(np.median(off)) <= STEADY * abs(typical)
    bonus = _bonus_months(days, whole, settings.amount_tolerance) if is_steady and rhythm.title == "monthly" else {}
    upcoming = _expected(rhythm.upcoming(), until, horizon, calendar, settings)
    dated = tuple((day, round(typical * bonus.get(day.month, 1.0))) for day in upcoming)
    usual = last[off <= max(settings.amount_tolerance, 2 * VARYING_SPREAD) * abs(typical)]
    return rhythm.title, float(np.std(usual)) / POINTS_PER_UNIT, dated


def _typical(last: Whole, rhythm: Cadence, tolerance: float) -> int | None:
    """The amount to expect: the middle one of the last three, or where amounts vary of all; None where they keep
    none.
    """
    newest = _middle(last[-3:])
    if len(last) == TWICE:
        return newest if abs(int(last[1] - last[0])) <= STEPPED * abs(int(last[1])) else None
    odd = np.abs(last - newest) > tolerance * abs(newest)
    if not odd.any() or (len(last) >= VARYING_OCCURRENCES and odd.mean() <= ODD_SHARE):
        return newest
    needed = VARYING_QUARTERS if rhythm.title in ("quarterly", "half-yearly", "yearly") else VARYING_OCCURRENCES
    if len(last) < needed or rhythm.off > VARYING_OFF:
        return None
    middle = _middle(last)
    off = np.abs(last - middle) / abs(middle)
    if float(np.median(off)) > VARYING_SPREAD or float(np.quantile(off, 0.75)) > 2 * VARYING_SPREAD:
        return None
    return newest if abs(int(last[-1] - last[-2])) <= STEPPED * abs(int(last[-1])) else middle


def _middle(whole: Whole) -> int:
    """The median, of two middle ones the smaller."""
    return int(np.sort(whole)[(len(whole) - 1) // 2])


def _bonus_months(days: list[date], whole: Whole, tolerance: float) -> dict[int, float]:
    """Months in which a monthly flow had another amount than around them each year so far, and how many times the
    usual.

    A month seen in one year only counts once a whole year is seen.
    """
    if days[-1] - days[0] < timedelta(days=330):
        return {}
    ratios: dict[int, list[float]] = {}
    for number, day in enumerate(days):
        around = np.concatenate([whole[max(number - 3, 0) : number], whole[number + 1 : number + 4]])
        if len(around) >= 3:
            ratios.setdefault(day.month, []).append(float(whole[number]) / float(_middle(around)))
    return {
        month: float(np.median(seen))
        for month, seen in ratios.items()
        if all(abs(one - 1) > tolerance for one in seen) and (max(seen) < 1 or min(seen) > 1)
    }


def layer(found: list[Series], inputs: ForecastInputs) -> pl.DataFrame:
    """The series as a layer (LAYER). A day near which a payment that settles no item is on its way is left to that
    payment.
    """
    rows = [
        {
            "entity": one.entity,
            "account": one.account,
            "currency": one.currency,
            "date": day,
            "points": amount,
            "spread": one.spread * abs(amount) / max(min(abs(each) for _, each in one.days), 1),
            "sources": one.title,
        }
        for one, day, amount in expected(found, inputs)
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


def expected(found: list[Series], inputs: ForecastInputs) -> Iterator[tuple[Series, date, int]]:
    """Each series with each of its days and the amount of that day, but for days that a payment on its way stands for."""
    waiting = _unsettled_payments(inputs)
    for one in found:
        for day, amount in one.days:
            if not _is_instructed(one, day, amount, waiting):
                yield one, day, amount


def _expected(
    upcoming: Iterator[date], covered_until: date, horizon: Horizon, calendar: BusinessDays, settings: Recurring
) -> Iterator[date]:
    """The days in the horizon; none once statements cover the first one, and the tolerance after it, without
    showing it. A day that no statement covers yet stands at `as_of`; of several covered ones that did not show it, as over a
    holiday week, the last alone does.
    """
    if covered_until < horizon.as_of - SILENT_AFTER:
        return
    missed = False
    first = True
    for day in upcoming:
        if first and calendar.between(day, covered_until) > settings.day_tolerance:
            return
        first = False
        if day <= covered_until:
            missed = True
            continue
        if missed:
            yield calendar.on_or_after(max(covered_until + timedelta(days=1), horizon.as_of))
            missed = False
        if day > horizon.last:
            return
        yield max(day, horizon.as_of)


def _unsettled_payments(inputs: ForecastInputs) -> pl.DataFrame:
    """Payments on their way that settle no item: single, summed by day, by day and day of making, and by day without one
    of them. Payroll goes out as many and is booked as one, and a tax may go out beside it.
    """
    waiting = inputs.payments.filter(
        pl.col("booked_on").is_null() & ~pl.col("settles_item").fill_null(value=False)
    ).select(
        "account_id", "currency", pl.coalesce("execution_date", "created_on").alias("date"), "amount", "created_on"
    )
    day = ["account_id", "currency", "date"]
    total = pl.col("amount").sum().cast(AMOUNT)
    without_one = waiting.with_columns(
        (pl.col("amount").sum().over(day) - pl.col("amount")).cast(AMOUNT).alias("amount")
    ).filter(pl.len().over(day) > 2)
    parts = [
        waiting,
        waiting.group_by(day).agg(total),
        waiting.group_by(*day, "created_on").agg(total),
        without_one,
    ]
    every = pl.concat([part.select(*day, "amount") for part in parts])
    return every.with_columns(pl.Series("points", points(every["amount"]), dtype=pl.Int64))


def _is_instructed(one: Series, day: date, amount: int, waiting: pl.DataFrame) -> bool:
    near = waiting.filter(
        (pl.col("account_id") == one.account)
        & (pl.col("currency") == one.currency)
        & pl.col("date").is_between(day - PAYMENT_NEAR, day + PAYMENT_NEAR)
    )
    found: Whole = near["points"].to_numpy()
    return bool((np.abs(found - amount) <= 0.25 * abs(amount)).any())
