"""How much older payments still say of how an entity pays, or is paid: a company short of cash pays later month by month, and what it
did last year says nothing any more.

The newest twelve weeks are foretold from what was known before them, with all payments alike and with older ones counting less. Where
the latter foretells them much better, older payments count less for the weeks to come. That holds where payments are made in runs, a
week or two apart: on single days lateness that grows passes through steps that the newest payments have just left, and all that is
overdue would be expected at once.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reconciliation.forecasting.minor_amounts import Real, Whole
from reconciliation.forecasting.payment_delay import Observed, counts, hazards

NEWEST = 84  # days that are foretold
HALF_LIVES = (120.0, 40.0)  # days after which a payment counts half
TELLING = 12.0  # natural logarithm of how many times likelier the newest weeks must be: below it is chance
LEAST_CHANCE = 1e-4


def item_weights(
    observed: Observed,
    until: Whole,
    ago: Whole,
    in_runs: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    group_of_party: Whole,
    pseudo: float,
    smooth: int,
) -> Real:
    """How much each item counts, one unless its group pays `in_runs` and its habits have changed. `until` is the last step of each item
    before the newest weeks, `ago` how many days ago it was paid, zero for an open one.
    """
    weight = np.ones(len(ago))
    if not in_runs.any():
        return weight
    groups, parties = len(in_runs), len(group_of_party)
    older = replace(observed, end=np.minimum(observed.end, until), paid=observed.paid & (observed.end <= until))
    at_risk, paid = (
        np.maximum(both - before, 0.0)
        for both, before in zip(
            counts(observed, observed.party, parties), counts(older, observed.party, parties), strict=True
        )
    )

    def likelihood(weight: Real) -> Real:
        """The logarithm of how likely each group's newest weeks were."""
        hazard = hazards(replace(older, weight=weight), parties, groups, group_of_party, pseudo, smooth)
        chance = np.clip(hazard, LEAST_CHANCE, 1 - LEAST_CHANCE)
        of_party = (paid * np.log(chance) + np.maximum(at_risk - paid, 0.0) * np.log(1 - chance)).sum(axis=1)
        return np.bincount(group_of_party, of_party, minlength=groups).astype(np.float64)

    alike = likelihood(np.ones(len(ago)))
    best = np.where(in_runs, alike + TELLING, np.inf)
    for half_life in HALF_LIVES:
        found = likelihood(0.5 ** (np.maximum(ago - NEWEST, 0) / half_life))
        weight = np.where((found > best)[observed.group], 0.5 ** (ago / half_life), weight)
        best = np.maximum(best, found)
    return weight
