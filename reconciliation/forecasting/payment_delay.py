"""When an open item will be paid: a discrete-time hazard on payment days from the due date.

The hazard at step k is the chance that an item unpaid so far is paid on that payment day. It is counted: paid at k
over at risk at k, where an item is at risk from its entry until it is paid or, still open, until today (censored).
Each party's counts are shrunk to its entity's, those to the ledger's, those to a weak prior, each by
pseudo-observations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconciliation.forecasting.minor_amounts import Real, Whole

FIRST_STEP, LAST_STEP = -90, 60  # payment days from the due date; earlier nothing is paid, later the hazard stays
STEPS = LAST_STEP - FIRST_STEP + 1
GROUP_PSEUDO_OBSERVATIONS = 20.0
PRIOR_PSEUDO_OBSERVATIONS = 4.0
MOST_CERTAIN = 0.97  # chance of payment on a day, however well it suits a party
_STEP_OF_DUE = -FIRST_STEP
_EARLIEST = 30  # payment days before the due date before which only parties seen to do so pay


@dataclass(frozen=True)
class Observed:
    """Items as the model sees them, all whole numbers, one element an item.

    `group` and `party` number the entities and parties of one ledger; `entry`, `end` are steps from the due date:
    the first at risk and the last one observed; `paid` whether the item was paid at `end` or is still open after
    it; `weight` how much it counts.
    """

    group: Whole
    party: Whole
    entry: Whole
    end: Whole
    paid: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    weight: Real


def prior() -> Real:
    """What is believed before any payment is seen: little before the due date, most on it or soon after, and of what
    is long overdue little again.
    """
    late = np.maximum(np.arange(STEPS) - _STEP_OF_DUE, 0)
    hazard = 0.25 * 10.0 / np.maximum(late, 10.0)
    hazard[: _STEP_OF_DUE - _EARLIEST] = 0.0
    hazard[_STEP_OF_DUE - _EARLIEST : _STEP_OF_DUE] = 0.01
    hazard[_STEP_OF_DUE] = 0.5
    return hazard


def hazards(observed: Observed, parties: int, groups: int, group_of_party: Whole, pseudo: float, smooth: int) -> Real:
    """The hazard per party and step (parties x STEPS), each between 0 and 1.

    `smooth` widens the count of ledger and entity to the neighbouring steps (0 on pay-run days, 2 on business days,
    where single days are thin).
    """
    at_risk, paid = counts(observed, observed.party, parties)
    group_risk, group_paid = np.zeros((groups, STEPS)), np.zeros((groups, STEPS))
    np.add.at(group_risk, group_of_party, at_risk)
    np.add.at(group_paid, group_of_party, paid)
    ledger_paid, ledger_risk = group_paid.sum(axis=0, keepdims=True), group_risk.sum(axis=0, keepdims=True)
    smooth_ledger = _shrunk(
        _smoothed(ledger_paid, smooth), _smoothed(ledger_risk, smooth), prior()[None, :], PRIOR_PSEUDO_OBSERVATIONS
    )
    ledger = _shrunk(ledger_paid, ledger_risk, smooth_ledger, GROUP_PSEUDO_OBSERVATIONS)
    by_group = _shrunk(group_paid, group_risk, ledger, GROUP_PSEUDO_OBSERVATIONS)
    return _shrunk(paid, at_risk, by_group[group_of_party], pseudo)


def chances(hazard: Real, party: Whole, step: Whole, days: int, factors: Real | None = None) -> Real:
    """The chance of payment on each of the next `days` payment days, and after them: items x (days + 1), rows sum to 1.

    `step` is the step of the first of these days for each item; the item is unpaid so far. `factors` (items x days)
    says on which of the days a party rather pays, one where nothing does.
    """
    steps = step[:, None] + np.arange(days)[None, :]
    each = hazard[party[:, None], np.clip(steps, FIRST_STEP, LAST_STEP) - FIRST_STEP]
    each = np.where(steps < FIRST_STEP, 0.0, each)
    if factors is not None:
        each = np.where(factors == 1.0, each, np.minimum(each * factors, MOST_CERTAIN))
    unpaid = np.cumprod(1.0 - each, axis=1)
    before = np.concatenate([np.ones((len(step), 1)), unpaid[:, :-1]], axis=1) if days else np.ones((len(step), 0))
    last = unpaid[:, -1:] if days else np.ones((len(step), 1))
    return np.concatenate([before * each, last], axis=1)


def counts(observed: Observed, row: Whole, rows: int) -> tuple[Real, Real]:
    """At risk and paid per row and step; the last step stands for every later one, and counts each of them."""
    entry = np.clip(observed.entry, FIRST_STEP, LAST_STEP) - FIRST_STEP
    end = np.clip(observed.end, FIRST_STEP - 1, LAST_STEP) - FIRST_STEP
    seen = end >= entry
    change = np.zeros((rows, STEPS + 1))
    np.add.at(change, (row[seen], entry[seen]), observed.weight[seen])
    np.add.at(change, (row[seen], end[seen] + 1), -observed.weight[seen])
    later = np.maximum(observed.end - np.maximum(observed.entry, LAST_STEP), 0)
    paid = np.zeros((rows, STEPS))
    counted = seen & observed.paid
    np.add.at(paid, (row[counted], end[counted]), observed.weight[counted])
    at_risk = np.maximum(np.cumsum(change, axis=1)[:, :STEPS], 0.0)
    np.add.at(at_risk[:, -1], row, later * observed.weight)
    return at_risk, paid


def _shrunk(paid: Real, at_risk: Real, towards: Real, pseudo: float) -> Real:
    return np.clip((paid + pseudo * towards) / (at_risk + pseudo), 0.0, 1.0)


def _smoothed(counts: Real, reach: int) -> Real:
    if not reach:
        return counts
    weights = np.ones(2 * reach + 1) / (2 * reach + 1)
    padded = np.pad(counts, ((0, 0), (reach, reach)), mode="edge")
    return np.stack([np.convolve(row, weights, mode="valid") for row in padded])
