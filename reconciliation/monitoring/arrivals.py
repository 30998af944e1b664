"""When statements and deliveries are due: the expected-arrival calendar of accounts and sources.

A statement covers a business day of its account's calendar and is due by the account's local cut-off time, a number of
business days later. What is due at the run's `known_at` is a matter of the account's own time zone, not of the group's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from reconciliation.business_days import BusinessDays, business_days


@dataclass(frozen=True)
class ArrivalCalendar:
    """Business days, the local time by which a delivery is due, and how many business days after the day it covers."""

    days: BusinessDays
    due_by: time
    zone: ZoneInfo
    lag_days: int

    def due_at(self, covered: date) -> datetime:
        """The moment by which the delivery that covers a business day is due."""
        return datetime.combine(self.days.add(covered, self.lag_days), self.due_by, tzinfo=self.zone)

    def covered_by(self, received: datetime) -> date:
        """The business day that a delivery received then covers."""
        return self.days.add(self.days.on_or_before(received.astimezone(self.zone).date()), -self.lag_days)

    def latest_due(self, known_at: datetime, as_of: date) -> date:
        """The newest business day, not after `as_of`, whose delivery was due by `known_at`."""
        day = self.days.on_or_before(min(as_of, known_at.astimezone(self.zone).date()))
        while self.due_at(day) > known_at:
            day = self.days.add(day, -1)
        return day

    def missed(self, last_covered: date, known_at: datetime, as_of: date) -> int:
        """How many deliveries after the one that covers `last_covered` were due and have not come."""
        return max(self.days.between(last_covered, self.latest_due(known_at, as_of)), 0)

    def first_missed(self, last_covered: date) -> date:
        """The local day on which the first delivery after `last_covered` was due."""
        return self.days.add(self.days.add(last_covered, 1), self.lag_days)

    def missed_moments(self, last_received: datetime, known_at: datetime, as_of: date) -> list[datetime]:
        """The due moments that passed after the newest delivery came, oldest first, the last one needing a delivery
        of its own.

        A delivery that came since the second-newest due moment serves the newest one: what comes early is not late.
        """
        newest = self.latest_due(known_at, as_of)
        moments: list[datetime] = []
        day = newest
        while len(moments) < _MOST and self.due_at(self.days.add(day, -1)) >= last_received.astimezone(UTC):
            moments.append(self.due_at(day))
            day = self.days.add(day, -1)
        return moments[::-1]


_MOST = 400


def arrival_calendar(
    calendar: str | None, due_by: str | None, timezone: str | None, lag_days: int, default: str, around: date
) -> ArrivalCalendar:
    """The arrival calendar of an account or source as its config gives it.

    Without a calendar the default one is used, without a time the end of the day, without a zone UTC. Raises
    `UnknownCalendarError`, and `ValueError` for a time that is none.
    """
    return ArrivalCalendar(
        days=business_days(calendar or default, around),
        due_by=time.fromisoformat(due_by) if due_by else time(23, 59, 59),
        zone=ZoneInfo(timezone or "UTC"),
        lag_days=lag_days,
    )
