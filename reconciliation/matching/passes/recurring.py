"""Equal amounts of one counterparty, again and again: rents, subscriptions, standing prices. The dates tell them apart.

A monthly amount meets an equal one every month, so that an equal amount alone proves nothing; but each item also has
its own partner nearby. The whole series is weighed at once: how likely each date distance is, how often an item of such
a series has no partner at all, and what the other items of the series need (`resolution`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.chance import Window, lag_shares
from reconciliation.matching.context import LegContext
from reconciliation.matching.contradiction import doubted, spoken_against
from reconciliation.matching.counterparty_keys import name_keys
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.joins import among, key_pairs
from reconciliation.matching.marginals import Floats, pair_probabilities
from reconciliation.matching.other_sums import less_of_sums
from reconciliation.matching.parties import left_parties
from reconciliation.matching.party_codes import parties_of
from reconciliation.matching.passes.dated import WindowPass
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.text import name_similarity

_LIKE = 0.92  # similarity of two names that mean one counterparty; two people of one given name are less alike
_MAX_NAMES = 50  # counterparties of an amount in an entity whose names are compared
_ALONE, _ALONE_OF = 1.0, 50.0  # lines of a series without a partner assumed before any is seen, of so many
_SPARE, _SPARE_OF = 1.0, 20.0  # the same for items that no line wants
_CLOSE_DAYS, _CLOSE_ODDS = 14, 100.0  # rivals no further apart than that leave a doubt
# surer pairs that say enough of dates, and how likely a pair of a series has to be to say as much
_TAUGHT, _TEACHES = 500, 0.95
_SMOOTH = 31  # days over which what is seen of late payments is spread
_NEVER = 1e-300
_SERVED = 0.5  # probability from which an item is thought to have a line
_LATE = 0.03  # of payments that come later than all that is known of, as far as is known before any is seen
_UNSEEN = 0.2  # further items of the amount assumed around a line that sees none


class Recurring(WindowPass):
    """Equal amounts of the same counterparty within `before` to `after` days (left date minus right date), or as far apart
    as surer pairs lie; while few are known, at least `before_unknown` days before.

    `right_date` chooses the right side's date. Items of the series up to `around` days outside that window say how dense
    the series is. A series that would make more than `max_pairs` pairs is left to other passes.
    """

    KIND: ClassVar[str] = "recurring"

    kind: Literal["recurring"] = "recurring"
    around: int = 60
    max_pairs: int = 40_000

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of equal amount and counterparty, with the odds that they belong together."""
        lags = self.lags(context)
        window = self.window(lags, self.around)
        pairs = self._pairs(context, window)
        if pairs.is_empty():
            return
        inside = pairs.filter("inside")
        pairs = _without_payers_of_others(context, pairs, inside)
        wanted, lines = inside["left"].n_unique(), pairs["left"].n_unique()
        served, items = inside["right"].n_unique(), pairs["right"].n_unique()
        alone = (lines - wanted + _ALONE) / (lines + _ALONE_OF)
        spare = (items - served + _SPARE) / (items + _SPARE_OF)
        near = inside.with_columns(pl.lit(0, pl.UInt16).alias("evidence")).join(
            pairs.group_by("left").agg((~pl.col("inside")).sum().alias("others")), on="left", maintain_order="left"
        )
        density = (near["others"].to_numpy() + _UNSEEN) / (2 * self.around) * spare
        odds = (1 - alone) / alone / density
        place = near["lag"].to_numpy() + window.before
        shares, late = lag_shares(lags, window), self._late(lags, window)
        if len(lags) < _TAUGHT:  # where little else tells when customers pay, the series themselves do
            lags = np.concatenate([lags, _likely_lags(near, odds * shares[place])])
            # but not how many pay late: the nearest is the likely one
            shares = (1 - _LATE) * lag_shares(lags, window) + _LATE / window.width
            late = np.full(self.around, _LATE / self.around)
        odds = odds * shares[place]
        odds = np.minimum(odds, shares[place] / _overdue(pairs, near, odds, window, late))
        # two of a series so close in date may have been taken in any order: worth a suggestion, never more
        odds = np.where(_crowded(near, "left") | _crowded(near, "right"), np.minimum(odds, _CLOSE_ODDS), odds)
        rows = near["left"].to_numpy(), near["right"].to_numpy()
        odds = less_of_sums(context, *rows, doubted(context, *rows, odds))
        yield Proposals(
            pairs=pairs_frame(near.with_columns(pl.Series("odds", odds)), "open", "open", "none", 1.0),
            evidence=("equal amount of the same counterparty, the nearest in date of its series, {days}",),
        )

    def _late(self, lags: npt.NDArray[np.int64], window: Window) -> Floats:
        """By day after the window, as far as items of the series are looked at: the share of payments that come so late."""
        behind = lags[(lags > window.after) & (lags <= window.after + self.around)] - window.after - 1
        seen = np.convolve(np.bincount(behind, minlength=self.around), np.full(_SMOOTH, 1 / _SMOOTH), mode="same")
        late: Floats = (seen + 1 / self.around) / (len(lags) + 1 / _LATE)
        return late

    def _pairs(self, context: LegContext, window: Window) -> pl.DataFrame:
        """Left, right, open, lag, inside: of every series, also pairs outside the window."""
        rows, others = context.left.rows(), context.right.rows()
        mine, theirs = context.left.open[rows], context.right.open[others]
        left = context.left.selected(rows[among(mine, theirs)]).select("row", "open", "currency", "entity", "date")
        right = self.dated(context.right, others[among(theirs, mine)])
        right = right.select("row", "open", "currency", "entity", "date")
        right = right.join(left.select("open", "currency").unique(), on=["open", "currency"], how="semi")
        right = right.join(parties_of(context.right, right["row"].to_numpy()), on="row")
        left = left.join(right.select("open", "currency").unique(), on=["open", "currency"], how="semi")
        known = left_parties(context)
        unnamed = left.join(known, on="row", how="anti")
        known = pl.concat([known, _like_names(context, unnamed, right)])
        pairs, _ = key_pairs(left.join(known, on="row"), right, ["party", "open", "currency"], self.max_pairs)
        first, last = window.reach
        lag = pl.col("date").cast(pl.Int64) - pl.col("date_right").cast(pl.Int64)
        pairs = pairs.with_columns(lag.alias("lag")).filter(pl.col("lag").is_between(first, last))
        fits = context.compatible(
            pairs["left"].to_numpy().astype(np.uint32), pairs["right"].to_numpy().astype(np.uint32)
        )
        inside = pl.col("lag").is_between(-window.before, window.after)
        return (
            pairs.filter(pl.Series(fits))
            .unique(["left", "right"])
            .sort("left", "right")
            .select("left", "right", "open", "lag", inside.alias("inside"))
        )


def _without_payers_of_others(context: LegContext, pairs: pl.DataFrame, inside: pl.DataFrame) -> pl.DataFrame:
    """The pairs without those of lines that have none inside the window, and name another item: they lack no partner here."""
    far = pairs.join(inside.select("left").unique(), on="left", how="anti")
    if far.is_empty():
        return pairs
    against = spoken_against(context, far["left"].to_numpy(), far["right"].to_numpy())
    others = far.with_columns(against=pl.Series(against))
    others = others.filter(pl.col("against").all().over("left")).select("left").unique()
    return pairs.join(others, on="left", how="anti", maintain_order="left")


def _overdue(pairs: pl.DataFrame, near: pl.DataFrame, odds: Floats, window: Window, late: Floats) -> Floats:
    """By pair inside the window: how likely the line pays one of its series' earlier items that are likely unpaid, as `late` says by
    day after the window."""
    probable = near.select("right", probable=pl.Series(_probabilities(near, odds)))
    served = probable.group_by("right").agg(pl.col("probable").sum()).filter(pl.col("probable") >= _SERVED)
    unpaid = pairs.filter(pl.col("lag") > window.after).join(served, on="right", how="anti")
    unpaid = unpaid.with_columns(late=pl.Series(late[unpaid["lag"].to_numpy() - window.after - 1]))
    each = near.select("left").join(
        unpaid.group_by("left").agg(pl.col("late").sum()), on="left", how="left", maintain_order="left"
    )
    return each["late"].fill_null(_NEVER).to_numpy()


def _likely_lags(near: pl.DataFrame, odds: Floats) -> npt.NDArray[np.int64]:
    """The days between the dates of those pairs that are likely, weighed against each other."""
    return near["lag"].to_numpy()[_probabilities(near, odds) >= _TEACHES]


def _probabilities(near: pl.DataFrame, odds: Floats) -> Floats:
    left, right = (
        np.unique(near[side].to_numpy(), return_inverse=True)[1].astype(np.int64) for side in ("left", "right")
    )
    return pair_probabilities(left, right, odds)


def _crowded(near: pl.DataFrame, center: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether the item has a further candidate whose date is at most two weeks from this one's."""
    one, lag = near[center].to_numpy(), near["lag"].to_numpy()
    order = np.lexsort((lag, one))
    close = (np.diff(one[order]) == 0) & (np.diff(lag[order]) <= _CLOSE_DAYS)
    crowded = np.zeros(len(one), dtype=np.bool_)
    crowded[order[1:]] |= close
    crowded[order[:-1]] |= close
    return crowded


def _like_names(context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of left items whose name is like the name of just one counterparty with such an amount."""
    none = pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    if left.is_empty():
        return none
    names = name_keys(context.left.dataset, left["row"].to_numpy())
    named = left.with_columns(names.alias("name")).drop_nulls("name")
    keys = ["open", "currency", "entity"]
    whom = right.select(*keys, "party", name_keys(context.right.dataset, right["row"].to_numpy()).alias("name"))
    whom = whom.drop_nulls("name").unique()
    whom = whom.filter(pl.len().over(keys) <= _MAX_NAMES)
    met = named.join(whom, on=keys, suffix="_right")
    if met.is_empty():
        return none
    like = met.filter(name_similarity(met["name"], met["name_right"]) >= _LIKE).select("row", "party").unique()
    return like.filter(pl.len().over("row") == 1)
