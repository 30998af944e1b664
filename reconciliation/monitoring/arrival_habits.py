"""How long an account is usually silent, learned from what it sent: daily, weekly, monthly, where something was booked.

A silence is a number of business days in a row without a statement though nothing was missing. Newer silences decide: a bank that
turns from daily to weekly shows it twice, one that turns back within three weeks. Before a second statement came, the days that the
entries of the first one span say what it is a statement of.
"""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.business_days import BusinessDays
from reconciliation.monitoring.arrivals import ArrivalCalendar
from reconciliation.monitoring.inputs import MonitoringInputs

YEAR = timedelta(days=366)
NEWEST = 24  # silences, of which the longest is usual
SHARE_OF = 15  # newest distances between statements, by which it is told whether silence is a habit
SILENT = 8  # one in so many with a silence is a habit, fewer are holidays
PERIOD = 3  # business days: two silences as long and alike are a new period
MONTH = 23  # business days, the most that the entries of a first statement say: what spans more is a history
UNSURE = 0.25  # of the longest silence, by which few silences leave it open
LATE_OF = 8  # newest arrivals, of which the second latest is usual
OUTAGE_OF = 4  # silences, from which on one that is far longer than all others is an outage and no habit

Steps = npt.NDArray[np.int64]


def usual_silence(silences: Steps) -> int:
    """Business days of silence that are usual after silences in order, one for each distance between two statements, zero of those
    that follow one another; zero where silence is no habit.
    """
    if not len(silences):
        return 0
    recent = silences[-SHARE_OF:]
    is_habit = (recent > 0).sum() * (2 if len(recent) < 4 else SILENT) >= len(recent)
    is_new_period = len(silences) > 1 and silences[-2:].min() >= PERIOD and abs(int(silences[-1] - silences[-2])) <= 1
    if not is_habit and not is_new_period:
        return 0
    window = silences[-2:] if not is_habit else silences[-NEWEST:]
    longest = int(window.max())
    if len(window) >= OUTAGE_OF:
        second = int(np.sort(window)[-2])
        longest = second if longest > 2 * second + PERIOD else longest  # an outage
    return longest + math.ceil(UNSURE * longest / math.sqrt(len(window)))


def usual_delay(delays: Steps) -> int:
    """Business days by which statements usually come later than due: the second longest of the newest ones."""
    return int(np.sort(delays[-LATE_OF:])[-2]) if len(delays) > 2 else 0


def silences_of(statements: pl.DataFrame, calendar: ArrivalCalendar) -> Steps:
    """The silences of one account's statements (statement_date, is_gap), a row a day in order; what a gap in the balances says is
    missing is none.
    """
    silences = silences_between(statements["statement_date"], calendar.days)
    return np.asarray(silences[~statements["is_gap"].to_numpy()[1:]])


def silences_between(days: pl.Series, calendar: BusinessDays) -> Steps:
    """The business days between each two of the days, which are in order."""
    came = days.to_numpy().astype("datetime64[D]")
    return np.asarray(np.maximum(calendar.count(came[:-1], came[1:]) - 1, 0))


def delays_of(statements: pl.DataFrame, calendar: ArrivalCalendar) -> Steps:
    """By how many whole business days each of one account's statements (statement_date, known_at) came later than due; of those
    that came together the newest, none of those that came after a newer one.
    """
    came = (
        statements.filter(pl.col("known_at").is_not_null())
        .group_by("known_at")
        .agg(pl.col("statement_date").max())
        .sort("known_at")
        .filter((pl.col("statement_date") > pl.col("statement_date").cum_max().shift()).fill_null(value=True))
    )
    newest = came.tail(LATE_OF)
    return np.array(
        [
            max(calendar.days.between(day, calendar.latest_due(at, at.date())), 0)
            for at, day in newest.select("known_at", "statement_date").iter_rows()
        ],
        dtype=np.int64,
    )


def first_span(inputs: MonitoringInputs, account: str, first: date, calendar: ArrivalCalendar) -> Steps:
    """The silence before an account's only statement, as the days that its entries span say it; none for a few days."""
    booked = inputs.bank_lines.filter((pl.col("account_id") == account) & (pl.col("date") <= first))["date"].min()
    span = calendar.days.between(booked, first) if isinstance(booked, date) else 0
    return np.array([min(span, MONTH)] if span >= PERIOD else [], dtype=np.int64)
