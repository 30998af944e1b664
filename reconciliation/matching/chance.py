"""Odds that equal amounts mean the same payment, estimated from the data itself, without labels.

A pair that agrees in amount (and party) within the date window may be right or a coincidence. Coincidences do not care for the
window: they are counted where no true partner is expected, outside it (a *decoy* window), and scaled to the window's length. Each
item's own rate is drawn to the rate of all (Gamma-Poisson shrinkage), so that a monthly rent, which meets itself every thirty
days, is less sure than an odd amount that occurs once. True pairs prefer some date distances; what the surer passes accepted
tells which, over a prior that favours short lags.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.marginals import Floats

_LAG_RANGE = 60
_LAG_PRIOR = 20.0  # pairs that the prior on date distances counts for
_ITEM_PRIOR = 1.0  # decoy windows of observation that the common rate counts for in an item's own


def lag_shares(lags: npt.NDArray[np.int64], before: int, after: int) -> Floats:
    """The share of true pairs by date distance from -before to after (left minus right), from accepted pairs' distances."""
    days = np.arange(-before, after + 1)
    prior = np.where(days >= 0, 0.6 ** np.minimum(days, _LAG_RANGE), 0.3 * 0.4 ** np.minimum(-days, _LAG_RANGE)) + 0.002
    prior /= prior.sum()
    inside = lags[(lags >= -before) & (lags <= after)]
    seen = np.bincount(inside + before, minlength=len(days)).astype(np.float64)
    shares: Floats = (seen + _LAG_PRIOR * prior) / (seen.sum() + _LAG_PRIOR)
    return shares


def pair_odds(
    pairs: pl.DataFrame,
    *,
    lags: npt.NDArray[np.int64],
    before: int,
    after: int,
    decoy_days: int,
    partnered: float,
    prior_rate: float,
    prior_items: float,
    tried: int,
) -> pl.DataFrame:
    """Pairs inside the window with their `odds`.

    `pairs` has left, right, lag (days, left minus right) and holds also the pairs up to `decoy_days` outside the window on each
    side. `tried` left items looked for a partner; `partnered` is the share of them expected to have one. `prior_rate` coincidences
    per item and window are assumed with the weight of `prior_items` items.
    """
    width = before + after + 1
    inside = pl.col("lag").is_between(-before, after)
    decoys = pairs.filter(~inside)
    scale = width / (2 * decoy_days)
    common = (decoys.height * scale + prior_rate * prior_items) / (tried + prior_items)
    own = decoys.group_by("left").len("decoys")
    shares = lag_shares(lags, before, after)
    real = pairs.filter(inside)
    if real.is_empty():
        return real.with_columns(pl.lit(0.0).alias("odds"))
    real = real.join(own, on="left", how="left").with_columns(pl.col("decoys").fill_null(0))
    rate = (pl.col("decoys") + _ITEM_PRIOR * common / scale) / (1 + _ITEM_PRIOR) * scale
    share = pl.Series("share", shares[real["lag"].to_numpy() + before])
    odds = (partnered / (1 - partnered)) * share / (rate / width)
    return real.with_columns(odds.alias("odds")).drop("decoys")
