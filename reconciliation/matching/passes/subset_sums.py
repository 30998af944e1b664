"""Lump sums without references: the only set of a counterparty's items within a window that adds up to the amount."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.amount_differences import discounts
from reconciliation.matching.chance import reach_of, widened
from reconciliation.matching.common_numbers import names_other_numbers
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.contradiction import spoken_against
from reconciliation.matching.encoding import Mask
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.meant_elsewhere import meant_elsewhere
from reconciliation.matching.mistaken_numbers import price_shares
from reconciliation.matching.named_items import named_beside
from reconciliation.matching.other_sums import fit_otherwise
from reconciliation.matching.parties import left_parties
from reconciliation.matching.party_codes import right_parties
from reconciliation.matching.passes.dated import DatedPass
from reconciliation.matching.proposals import KIND, SUGGESTED_ODDS, Proposals
from reconciliation.matching.subset_search import unique_subsets

_AROUND = 60  # days around a window in which a part of the same amount leaves a doubt which one is meant
_CLOSE_DAYS = 14  # items of one amount no further apart than that do not tell whose part a line is
_LATE_DAYS = 5  # that a discount may be taken late
_TAILS = (0.15, 0.01)  # of the date distances of surer pairs, left out at either end of a learned window


class SubsetSums(DatedPass):
    """Subsets of one side's items of the same counterparty whose date lies in a window around the other side's item.

    `one` names the side of the lump sum. The `windows` ([before, after]: days of the left date minus the right) are tried from the
    narrowest; a solution that chance explains more often than `max_chance` is left. With `net` the right items are taken less
    their cash discount, where it may be taken yet; `right_date` is then best its last day.
    """

    KIND: ClassVar[str] = "subset_sum"

    kind: Literal["subset_sum"] = "subset_sum"
    one: Literal["left", "right"] = "left"
    net: bool = False
    windows: tuple[tuple[int, int], ...] = ((5, 3), (8, 6), (12, 10))
    max_candidates: Annotated[int, Field(ge=2, le=40)] = 24
    max_size: Annotated[int, Field(ge=2, le=40)] = 24
    max_chance: float = 0.03
    max_pairs: int = 200_000
    odds: float = 1e5

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Solutions per window, narrowest first."""
        windows = self._windows(context)
        widest = tuple(max(each) for each in zip(*windows, strict=True))
        found, crowded = self._pairs(context, *widest)
        for before, after in windows:
            if crowded:  # a series that made too many pairs may make fewer by now
                found, crowded = self._pairs(context, *widest)
            found = context.still_open(found)  # what an earlier window settled is settled whole
            if found.is_empty():
                return
            pairs = self._doubtful_marked(found, pl.col("lag").is_between(-before, after))
            edges = pairs.select("left", "right", "doubtful", mine="open", other="open_right").unique(["left", "right"])
            fits = context.compatible(
                edges["left"].to_numpy().astype(np.uint32), edges["right"].to_numpy().astype(np.uint32)
            )
            edges = edges.filter(pl.Series(fits))
            rest = pl.Series(self._is_rest(context, edges[self.one].to_numpy()), dtype=pl.Boolean)
            edges = edges.with_columns(
                pl.when(pl.col("doubtful") | rest).then(SUGGESTED_ODDS).otherwise(self.odds).alias("odds"),
                pl.lit(0, pl.UInt16).alias("evidence"),
            )
            if self.net:
                edges = _less_discounts(context, edges)
            for proposals in unique_subsets(
                context,
                edges,
                self.one,
                1.0,
                ("the only set of this counterparty's items that adds up to the amount",),
                max_candidates=self.max_candidates,
                least_only=2,
                max_size=self.max_size,
                max_chance=self.max_chance,
            ):
                if self.net:
                    proposals = _whole(context, proposals)
                yield self._weighed(context, proposals)

    def _weighed(self, context: LegContext, proposals: Proposals) -> Proposals:
        """Sums less believed of which a text says otherwise; of lump sums also those that other items make up too. What is meant for
        another leg is no sum of this one's."""
        proposals = _not_meant_elsewhere(context, proposals)
        sure = proposals.groups.filter(pl.col("odds") >= context.leg.sure_odds).select("proposal")
        if sure.is_empty():
            return proposals
        pairs = _member_pairs(proposals.members.join(sure, on="proposal", how="semi"))
        rows = pairs["left"].to_numpy()
        against = spoken_against(context, rows, pairs["right"].to_numpy())
        pairs = pairs.with_columns(against=pl.Series(against))
        if self.one == "left":  # a range names its first and its last item only
            others = pl.Series(_names_others(context, pairs))
            doubtful = [pairs.filter(pl.col("against").all().over("proposal")), pairs.filter(others)]
            doubtful.append(fit_otherwise(context, pairs))
        else:  # who pays a price pays for an item of that price
            at_price = pl.Series(price_shares(context, context.left.open[rows], pairs["right"].to_numpy()) > 0)
            doubtful = [pairs.filter(pl.col("against") | at_price)]
        of_doubt = pl.col("proposal").is_in(
            pl.concat(each.select("proposal") for each in doubtful)["proposal"].unique().implode()
        )
        odds = pl.when(of_doubt).then(pl.col("odds").clip(upper_bound=SUGGESTED_ODDS)).otherwise("odds")
        return replace(proposals, groups=proposals.groups.with_columns(odds))

    def _windows(self, context: LegContext) -> list[tuple[int, int]]:
        """Those declared, and where many surer pairs lie further apart, those in which most and nearly all of them lie."""
        lags = self.lags(context)
        widest = (max(before for before, _ in self.windows), max(after for _, after in self.windows))
        if widened(*widest, lags) == widest:
            return list(self.windows)
        learned = [reach_of(lags, tail) for tail in _TAILS]
        return [*self.windows, *((-reach[0], reach[1]) for reach in learned if reach is not None)]

    def _is_rest(self, context: LegContext, rows: Rows) -> Mask:
        """By row of the lump sum's side: whether a part of it is settled; the rest was never meant as one sum."""
        view = context.left if self.one == "left" else context.right
        return np.asarray(view.open[rows] != view.dataset.amount[rows], dtype=np.bool_)

    def _pairs(self, context: LegContext, before: int, after: int) -> tuple[pl.DataFrame, bool]:
        """Pairs of one counterparty with their `lag`, those of one amount of any date, and whether there were counterparties with
        too many of them."""
        wanted, known = left_parties(context), right_parties(context)
        wanted = wanted.join(known, on="party", how="semi")
        known = known.join(wanted, on="party", how="semi").sort("row")
        left = context.left.selected(wanted["row"].unique().sort().to_numpy()).join(wanted, on="row")
        right = self.dated(context.right, known["row"].to_numpy()).with_columns(known["party"])
        pairs, crowded = key_pairs(left, right, ["party", "currency"], self.max_pairs)
        lag = pl.col("date").cast(pl.Int64) - pl.col("date_right").cast(pl.Int64)
        pairs = pairs.with_columns(lag.alias("lag")).select("left", "right", "party", "open", "open_right", "lag")
        inside, equal = pl.col("lag").is_between(-before, after), pl.col("open") == pl.col("open_right")
        if self.one == "right":
            around = pl.col("lag").is_between(-before - _AROUND, after + _AROUND)
            return _of_the_nearest(pairs.filter(around | equal), equal).drop("party"), not crowded.is_empty()
        return pairs.filter(inside | equal).drop("party"), not crowded.is_empty()

    def _doubtful_marked(self, pairs: pl.DataFrame, inside: pl.Expr) -> pl.DataFrame:
        """The pairs inside a window, with `doubtful`: whether a candidate has an equal outside it, which only its date tells
        from it, or one item of the counterparty, of any date, has the whole amount alone."""
        one, amount = ("left", "open_right") if self.one == "left" else ("right", "open")
        marked = pairs.filter(inside)
        if marked.height < pairs.height:
            twins = pairs.filter(~inside).select(one, amount, twin=pl.lit(True)).unique()
            marked = marked.join(twins, on=[one, amount], how="left")
        alone = pairs.filter(pl.col("open") == pl.col("open_right")).select(one, alone=pl.lit(True)).unique()
        marked = marked.join(alone, on=one, how="left")
        others = [name for name in ("twin", "alone", "near_another") if name in marked.columns]
        return marked.with_columns(doubtful=pl.any_horizontal(others).fill_null(False))


def _less_discounts(context: LegContext, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges with the right items' amounts less the discounts that may be taken at the left item's date; of lump sums with no
    such item none."""
    taken = pl.Series("taken", discounts(context, edges, _LATE_DAYS))
    less = edges.with_columns(taken).filter((pl.col("taken") != 0).any().over("left"))
    return less.with_columns(other=pl.col("other") - pl.col("other").sign() * pl.col("taken")).drop("taken")


def _whole(context: LegContext, proposals: Proposals) -> Proposals:
    """Proposals of net sums with the right items settled whole, the rest as discount; without those that take none."""
    right = pl.col("side") == 1
    opened = pl.Series(
        context.right.open[proposals.members["row"].to_numpy() * (proposals.members["side"] == 1).to_numpy()]
    )
    members = proposals.members.with_columns(whole=pl.when(right).then(opened).otherwise("applied"))
    net = members.filter(pl.col("whole") != pl.col("applied")).select("proposal").unique()
    groups = proposals.groups.join(net, on="proposal", how="semi", maintain_order="left")
    groups = groups.with_columns(difference_kind=pl.lit(KIND["discount"], pl.UInt8))
    members = members.join(net, on="proposal", how="semi", maintain_order="left")
    return replace(proposals, groups=groups, members=members.with_columns(applied="whole").drop("whole"))


def _member_pairs(members: pl.DataFrame) -> pl.DataFrame:
    """`proposal`, `left`, `right` of every left and right member of each proposal."""
    left, right = (
        members.filter(pl.col("side") == side).select("proposal", **{name: "row"})
        for side, name in enumerate(("left", "right"))
    )
    return left.join(right, on="proposal")


def _not_meant_elsewhere(context: LegContext, proposals: Proposals) -> Proposals:
    """The proposals without those whose left item names a document of its amount that none of them pays."""
    if not any(each.beside for each in context.leg.passes):
        return proposals
    pairs = _member_pairs(proposals.members)
    left, right = (pairs[side].to_numpy() for side in ("left", "right"))
    gone = pairs.filter(pl.Series(meant_elsewhere(context, left, right), dtype=pl.Boolean)).select("proposal").unique()
    if gone.is_empty():
        return proposals
    groups, members = (
        each.join(gone, on="proposal", how="anti", maintain_order="left")
        for each in (proposals.groups, proposals.members)
    )
    return replace(proposals, groups=groups, members=members)


def _of_the_nearest(pairs: pl.DataFrame, equal: pl.Expr) -> pl.DataFrame:
    """The pairs of lines and items of one counterparty: a line that is part of items of one amount only with the nearest of
    them, and with `near_another`: whether one is hardly further off. Half a rent is half the rent of about that day."""
    far, series = pl.col("lag").abs(), ["left", "party", "open_right"]
    near = pairs.filter(equal | (far <= far.min().over(series) + _CLOSE_DAYS))
    return near.with_columns(near_another=~equal & (pl.len().over(series) > 1))


def _names_others(context: LegContext, members: pl.DataFrame) -> Mask:
    """By member (`proposal`, `left`, `right`): whether its left item names an open item of the counterparty that is no member."""
    beside = named_beside(context, members["left"].to_numpy(), members["right"].to_numpy())
    beside = beside.filter(pl.Series(context.right.is_open[beside["named"].to_numpy()], dtype=pl.Boolean))
    own = members.select("left", named="right")
    others = beside.join(own, on=["left", "named"], how="anti")
    found = np.zeros(members.height, dtype=np.bool_)
    found[others["pair"].to_numpy()] = True
    return np.asarray(found | names_other_numbers(context, members), dtype=np.bool_)
