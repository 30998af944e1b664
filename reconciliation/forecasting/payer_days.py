"""On which days of a week and of a month a party pays, beyond what its delay from the due date says.

Customers have pay runs of their own: on Fridays, on the 15th, at the month's end. A factor per party and kind of day
is what was paid on such days over what the payment delays alone expected there, shrunk to the factor of its entity, that
to one. Where due dates bunch, so do the expected payments, and the factor stays near one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconciliation.business_days import Days
from reconciliation.forecasting.calendar_model import weekdays
from reconciliation.forecasting.minor_amounts import Real, Whole
from reconciliation.forecasting.payment_delay import FIRST_STEP, LAST_STEP, MOST_CERTAIN

WEEKDAYS = 7
AT_START, AT_END = 2, 3  # business days of a month told from its start and its end
PLACES = AT_START + AT_END + 31
PARTY_PSEUDO, GROUP_PSEUDO = 2.0, 20.0  # payments of a kind of day that the party, the entity is weighed against
LARGEST = 12.0
STEPS_AT_ONCE = 4_000_000  # the newest items at risk on so many days in all are looked at: bounds memory


@dataclass(frozen=True)
class PayerDays:
    """Factors of the hazard: parties x weekdays, parties x places in the month."""

    of_weekday: Real
    of_place: Real

    def factors(self, party: Whole, days: Days, start: int, count: int) -> Real:
        """The factor of each party (one an item) on the `count` days from place `start` of an axis on."""
        chosen = slice(start, start + count)
        weekday, place = weekdays(days)[chosen], month_places(days)[chosen]
        return np.asarray(self.of_weekday[party][:, weekday] * self.of_place[party][:, place])


@dataclass(frozen=True)
class Waiting:
    """Items as they waited on an axis of days: places of the due date, of the first and the last day at risk."""

    days: Days
    party: Whole
    due: Whole
    entry: Whole
    end: Whole
    paid: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def month_places(days: Days) -> Whole:
    """Where in its month a day is (consecutive business days): the first or last ones by their place, others by date."""
    month = days.astype("datetime64[M]")
    number, place = month.astype(np.int64), np.arange(len(days))
    from_start = place - np.searchsorted(number, number, side="left")
    to_end = np.searchsorted(number, number, side="right") - 1 - place
    by_date = AT_START + AT_END + (days.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
    inner = np.where(to_end < AT_END, AT_START + to_end, by_date)
    return np.where(from_start < AT_START, from_start, inner).astype(np.int64)


def payer_days(waiting: list[Waiting], hazard: Real, group_of_party: Whole, groups: int) -> PayerDays:
    """The factors of every party; of those that are in no `waiting` they are one."""
    parties = len(group_of_party)
    paths = [_path(one, hazard) for one in waiting if len(one.party)]
    if not paths:
        return PayerDays(np.ones((parties, WEEKDAYS)), np.ones((parties, PLACES)))
    party, weekday, place, expected, paid = (np.concatenate(parts) for parts in zip(*paths, strict=True))
    of_weekday = _factor(party, weekday.astype(np.int64), expected, paid, WEEKDAYS, group_of_party, groups)
    expected = expected * of_weekday[party, weekday]
    of_place = _factor(party, place.astype(np.int64), expected, paid, PLACES, group_of_party, groups)
    # the product may expect more or fewer payments than there were: in all it must not
    expected = np.minimum(expected * of_place[party, place], MOST_CERTAIN)
    in_all = _factor(party, np.zeros(len(party), dtype=np.int64), expected, paid, 1, group_of_party, groups)
    return PayerDays(of_weekday * in_all, of_place)


def _path(one: Waiting, hazard: Real) -> tuple[Whole, Whole, Whole, Real, Real]:
    """Every day every item was at risk on: party, weekday, place in the month, hazard, and whether it was paid."""
    entry = np.maximum(one.entry, one.due + FIRST_STEP)
    end = np.minimum(one.end, one.due + LAST_STEP)
    order = np.argsort(-one.end, kind="stable")
    length = np.maximum(end - entry + 1, 0)[order]
    order = order[np.cumsum(length) <= STEPS_AT_ONCE]
    length = length[: len(order)]
    item = np.repeat(order, length)
    at = np.arange(len(item)) - np.repeat(np.cumsum(length) - length, length) + entry[item]
    expected = hazard[one.party[item], at - one.due[item] - FIRST_STEP]
    paid = (one.paid[item] & (at == one.end[item])).astype(np.float64)
    return one.party[item], weekdays(one.days)[at], month_places(one.days)[at], expected, paid


def _factor(
    party: Whole, kind: Whole, expected: Real, paid: Real, kinds: int, group_of_party: Whole, groups: int
) -> Real:
    parties = len(group_of_party)

    def counted(values: Real) -> Real:
        cells = np.bincount(party * kinds + kind, values, minlength=parties * kinds).astype(np.float64)
        return cells.reshape(parties, kinds)

    own_expected, own_paid = counted(expected), counted(paid)
    group_expected, group_paid = np.zeros((groups, kinds)), np.zeros((groups, kinds))
    np.add.at(group_expected, group_of_party, own_expected)
    np.add.at(group_paid, group_of_party, own_paid)
    of_group = (group_paid + GROUP_PSEUDO) / (group_expected + GROUP_PSEUDO)
    found = (own_paid + PARTY_PSEUDO * of_group[group_of_party]) / (own_expected + PARTY_PSEUDO)
    return np.minimum(found, LARGEST)
