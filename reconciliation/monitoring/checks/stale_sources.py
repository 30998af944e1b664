"""Sources that have not delivered when they should have, against their arrival calendar or their own habit, or that cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from reconciliation.business_days import business_days
from reconciliation.monitoring.arrival_habits import silences_between, usual_silence
from reconciliation.monitoring.arrivals import arrival_calendar
from reconciliation.monitoring.config import StaleSource
from reconciliation.monitoring.findings import Row, Value, rows_of
from reconciliation.monitoring.inputs import MonitoringInputs

DAYS_OF_A_HABIT = 6  # on which a source has delivered, below which it has none
NEXT_STEP = "Ask the owner of the source whether the export or the channel failed; deliver again, a repeat is harmless"


def find(inputs: MonitoringInputs, settings: StaleSource, default_calendar: str, as_of: date) -> pl.DataFrame:
    """One finding per source with an arrival calendar whose deliveries due by `known_at` have not come, per source without one that is
    silent for longer than ever was usual of it, and per source whose last attempt to ask it failed.

    A delivery serves every due moment up to the first one after its receipt. Age: due moments missed, business days beyond what was
    usual; days since the first failed attempt where none was missed.
    """
    found: list[Row] = []
    for source in inputs.sources.sort("source").iter_rows(named=True):
        if source["source"] in settings.exempt:
            continue
        outage = _outage(source, as_of)
        if source["calendar"] is None:
            silent = outage or _silence(source, inputs, settings, default_calendar, as_of)
            found += [silent] if silent else []
            continue
        lag = 1 if source["lag_days"] is None else source["lag_days"]
        calendar = arrival_calendar(
            source["calendar"], source["due_by"], source["timezone"], lag, source["calendar"], as_of
        )
        last = source["last_received_at"]
        missed = calendar.missed_moments(last, inputs.known_at, as_of) if last is not None else None
        if missed is not None and len(missed) <= settings.tolerance_days:
            found += [outage] if outage else []
            continue
        what = _named(source)
        if missed is None:
            message = f"{what} has never delivered"
        else:
            message = (
                f"{what} delivered last on {last.astimezone(calendar.zone):%Y-%m-%d %H:%M} local time; "
                f"{len(missed)} due deliver{'ies have' if len(missed) != 1 else 'y has'} not come since "
                f"{missed[0]:%Y-%m-%d %H:%M}"
            )
        if outage:
            message += f"; asked in vain: {source['unreachable_because']}"
        since = None if missed is None else missed[0].date()
        found.append(_finding(source, message, since, settings.critical_days if missed is None else len(missed)))
    return rows_of(found)


def _silence(
    source: Mapping[str, Value], inputs: MonitoringInputs, settings: StaleSource, default_calendar: str, as_of: date
) -> Row | None:
    """What is to be said of a source that has delivered on enough days to have a habit, and is silent for longer: in business days that
    are over, at the least two of them, which a holiday nobody has declared is not.
    """
    days = inputs.arrivals.filter(pl.col("source") == source["source"]).unique("received_on")
    came = days.sort("received_on")["received_on"]
    if len(came) < DAYS_OF_A_HABIT:
        return None
    calendar = business_days(_calendar(source, inputs, default_calendar), as_of)
    usual = max(usual_silence(silences_between(came, calendar)), 1)
    today = inputs.known_at.astimezone(ZoneInfo(str(source["timezone"])) if source["timezone"] else UTC).date()
    silent = calendar.between(came[-1], min(as_of, today - timedelta(days=1)))
    beyond = silent - usual - settings.tolerance_days
    if beyond <= 0:
        return None
    message = (
        f"{_named(source)} delivered last on {came[-1]}: {silent} business days without a delivery, "
        f"where up to {usual} {'were' if usual != 1 else 'was'} usual"
    )
    return _finding(source, message, calendar.add(came[-1], usual + 1), beyond)


def _calendar(source: Mapping[str, Value], inputs: MonitoringInputs, default_calendar: str) -> str:
    """The calendar of the source's account, else the one that all accounts of its entity have."""
    for name in ("account_id", "entity_id"):
        own = pl.col(name) == pl.lit(source[name], pl.String)
        found = inputs.accounts.filter(own)["calendar"].drop_nulls().unique()
        if len(found) == 1:
            return str(found[0])
    return default_calendar


def _outage(source: Mapping[str, Value], as_of: date) -> Row | None:
    """What is to be said of a source that could not be asked, or not all of whose offers could be brought."""
    since = source["unreachable_since"]
    if not isinstance(since, datetime):
        return None
    message = f"{_named(source)} was asked in vain since {since:%Y-%m-%d %H:%M} UTC: {source['unreachable_because']}"
    return _finding(source, message, since.date(), max(0, (as_of - since.date()).days))


def _named(source: Mapping[str, Value]) -> str:
    return f"{source['source']} ({source['title']})" if source["title"] else str(source["source"])


def _finding(source: Mapping[str, Value], message: str, since: date | None, days: int | None) -> Row:
    return {
        "object_type": "source",
        "object_id": source["source"],
        "entity": source["entity_id"],
        "account": None,  # an account's staleness is its own check's word
        "currency": None,
        "amount": None,
        "owner": source["owner"],
        "message": message,
        "next_step": NEXT_STEP,
        "since": since,
        "days": days,
    }
