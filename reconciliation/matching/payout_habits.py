"""What is usual of payouts: how many days late they come, of how many days, for which items; by the words of their texts.

Each of the three is learned by itself. That they go together (a weekend's payout comes a day late) is then learned from how
much oftener they do than each by itself lets expect; and that of payouts worded alike, from how much oftener than among all:
what one processor does says little of a bank deposit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

PARTS = ("lag", "length", "family")  # columns of candidates; each has a column of its share before any habit is known
HABITS = {
    "wording": pl.String(),
    "lag": pl.Int64(),
    "length": pl.Int64(),
    "family": pl.String(),
    "times": pl.Float64(),
}
_PRIOR = 3.0  # payouts that the shares known before count for
_TOGETHER = 1.0  # payouts that come as expected, before any is seen


def share_column(part: str) -> str:
    """The column of candidates that says how likely their `part` is before any habit is known."""
    return f"{part}_share"


def known_days() -> list[pl.Expr]:
    """The columns of candidates where it is known for which items each payout is."""
    shares = [pl.lit(1.0).alias(share_column(part)) for part in PARTS]
    return [pl.lit(0, pl.Int64).alias("lag"), pl.lit(0, pl.Int64).alias("length"), *shares,
            pl.lit("").alias("family"), pl.lit("").alias("wording")]  # fmt: skip


def habits_of(explained: pl.DataFrame) -> pl.DataFrame:
    """The habits (HABITS) of explained candidates (`times` each is believed)."""
    keys = [name for name in HABITS if name != "times"]
    habits = explained.group_by(keys).agg(pl.col("times").sum()).sort(keys)
    return habits.select(list(HABITS)).cast(HABITS)  # type: ignore[arg-type]


def habit_shares(candidates: pl.DataFrame, habits: pl.DataFrame, own: float = 0.0) -> Floats:
    """By candidate: how likely a payout worded like it is for such days and items. So much of the habits is the candidate's
    `own`, and does not speak for it."""
    every = max(float(habits["times"].sum()) - own, 0.0)
    share = np.ones(candidates.height)
    for part in PARTS:
        before = candidates[share_column(part)].to_numpy()
        share = share * (before * _PRIOR + _seen(candidates, habits, [part], own)) / (_PRIOR + every)
    alike = _seen(candidates, habits, ["wording"], own)
    for keys, known in ((PARTS, np.full(len(share), every)), (("wording", *PARTS), alike)):
        # what was never seen has been counted against each part already
        share = share * (_TOGETHER + _seen(candidates, habits, keys, own)) / (_TOGETHER + known * share)
    return share


def _seen(candidates: pl.DataFrame, habits: pl.DataFrame, keys: Sequence[str], own: float) -> Floats:
    """How often the `keys` of each candidate were seen."""
    counted = habits.group_by(keys).agg(pl.col("times").sum())
    seen = candidates.select(keys).join(counted, on=keys, how="left", maintain_order="left")["times"].fill_null(0.0)
    return np.maximum(seen.to_numpy() - own, 0.0)
