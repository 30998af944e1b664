"""What explains an amount to the cent and is undecided, as a rival of what later passes find with a difference.

Of two sums that come to one amount nothing is taken: the amount stays open, and to a later pass it may look like another one less a
charge, or like a slip of the keyboard. It is neither while one of the two sums is likelier right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import Floats
from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Mask
from reconciliation.matching.proposals import KIND, SUGGESTED_ODDS, Proposals, each_set_once
from reconciliation.matching.resolution import CLEAR_MARGIN, DIGITS, SUGGESTED, Resolved

_LEAST = 0.05  # odds below which a candidate is nobody's rival
_EVEN = 1.0  # odds from which it is likelier than not that one of the undecided is right
_SIDES = ("left", "right")


class UndecidedRivals:
    """What the passes of a leg have proposed so far that agrees to the cent and of which all is still open."""

    def __init__(self, context: LegContext) -> None:
        self._context = context
        self._pairs: list[pl.DataFrame] = []
        self._groups: list[tuple[pl.DataFrame, pl.DataFrame]] = []

    def add(self, proposals: Proposals) -> None:
        """Keep what a pass has proposed and is undecided: after what was taken is applied."""
        likely = (pl.col("difference_kind") == KIND["none"]) & (pl.col("odds") >= _LEAST)
        pairs = proposals.pairs.filter(likely).select("left", "right", "odds", "left_applied", "right_applied")
        pairs = pairs.filter(pl.Series(self._whole(pairs))).select("left", "right", "odds")
        if not pairs.is_empty():
            self._pairs.append(pairs)
        groups, members = self._open(proposals.groups.filter(likely), proposals.members)
        if not groups.is_empty():
            self._groups.append((groups, members))

    def weighed(self, resolved: Resolved, members: pl.DataFrame, *, sure_only: bool) -> Resolved:
        """What was decided, less what leaves a difference where the undecided are likelier; beside them it is suggested at most.
        `members` are those of the groups."""
        if not self._pairs and not self._groups:
            return resolved
        pairs, groups = resolved.pairs, resolved.groups
        near_pairs = pairs["difference_kind"].to_numpy() != KIND["none"]
        near_pairs |= ~self._whole(pairs)
        near_groups = groups["difference_kind"].to_numpy() != KIND["none"]
        if not near_pairs.any() and not near_groups.any():
            return resolved
        rivals = self._rivals()
        of_pairs = np.maximum(*(odds[pairs[name].to_numpy()] for odds, name in zip(rivals, _SIDES, strict=True)))
        side, row = members["side"].to_numpy(), members["row"].to_numpy()
        of_members = np.zeros(len(row))
        for number, odds in enumerate(rivals):
            of_members[side == number] = odds[row[side == number]]
        most = members.select("proposal", rivals=pl.Series(of_members, dtype=pl.Float64))
        most = most.group_by("proposal").agg(pl.col("rivals").max())
        of_groups = groups.select("proposal").join(most, on="proposal", how="left", maintain_order="left")["rivals"]
        return replace(
            resolved,
            pairs=self._doubted(pairs, np.where(near_pairs, of_pairs, 0.0), sure_only),
            groups=self._doubted(groups, np.where(near_groups, of_groups.fill_null(0.0).to_numpy(), 0.0), sure_only),
        )

    def _doubted(self, decided: pl.DataFrame, rivals: Floats, sure_only: bool) -> pl.DataFrame:
        if not (rivals > 0).any():
            return decided
        leg = self._context.leg
        sure = decided["confidence"].to_numpy()
        own = sure / np.maximum(1 - sure, 1e-12)
        # a discount that is granted agrees to the cent as well
        outranked = (rivals >= _EVEN) & (decided["difference_kind"].to_numpy() != KIND["discount"])
        own = np.where(outranked, np.minimum(own, SUGGESTED_ODDS), own)
        confidence = np.round(own / (1 + own + rivals), DIGITS)
        margin = np.round(np.maximum((own - rivals) / (1 + own + rivals), 0.0), DIGITS)
        matched = confidence >= leg.precision
        likely = (confidence >= leg.suggest) & (margin >= CLEAR_MARGIN) & (not sure_only)
        beside = rivals > 0
        told = decided.with_columns(
            confidence=pl.Series(np.where(beside, confidence, sure)),
            margin=pl.Series(np.where(beside, np.minimum(margin, decided["margin"].to_numpy()), decided["margin"])),
            status=pl.Series(np.where(beside & ~matched, SUGGESTED, decided["status"].to_numpy()).astype(np.uint8)),
        )
        return told.filter(pl.Series(~beside | matched | likely, dtype=pl.Boolean))

    def _rivals(self) -> tuple[Floats, Floats]:
        """By side and row: the odds of all that is undecided about it, each set of items once."""
        odds = np.zeros(len(self._context.left.open)), np.zeros(len(self._context.right.open))
        if self._pairs:
            pairs = self._context.still_open(pl.concat(self._pairs))
            pairs = pairs.group_by("left", "right").agg(pl.col("odds").max()).sort("left", "right")
            self._pairs = [] if pairs.is_empty() else [pairs]
            for amounts, name in zip(odds, _SIDES, strict=True):
                np.add.at(amounts, pairs[name].to_numpy(), pairs["odds"].to_numpy())
        if self._groups:
            groups, members = self._open(*_numbered(self._groups))
            groups, members = each_set_once(groups, members)
            self._groups = [] if groups.is_empty() else [(groups, members)]
            told = members.join(groups.select("proposal", "odds"), on="proposal", maintain_order="left")
            for number, amounts in enumerate(odds):
                own = told.filter(pl.col("side") == number)
                np.add.at(amounts, own["row"].to_numpy(), own["odds"].to_numpy())
        return odds

    def _open(self, groups: pl.DataFrame, members: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The groups of which every member is open, and their members."""
        if groups.is_empty():
            return groups, members.clear()
        members = members.join(groups.select("proposal"), on="proposal", how="semi", maintain_order="left")
        side, row = members["side"].to_numpy(), members["row"].to_numpy()
        is_open = np.zeros(len(row), dtype=np.bool_)
        for number, view in enumerate(self._context.sides):
            is_open[side == number] = view.open[row[side == number]] != 0
        gone = members.filter(pl.Series(~is_open, dtype=pl.Boolean))
        if gone.is_empty():
            return groups, members
        live = groups.join(gone, on="proposal", how="anti", maintain_order="left")
        return live, members.join(gone, on="proposal", how="anti", maintain_order="left")

    def _whole(self, pairs: pl.DataFrame) -> Mask:
        """By pair: whether it uses all that is open of its two items."""
        whole = np.ones(pairs.height, dtype=np.bool_)
        for view, name in zip(self._context.sides, _SIDES, strict=True):
            whole &= view.open[pairs[name].to_numpy()] == pairs[f"{name}_applied"].to_numpy()
        return whole


def _numbered(parts: Sequence[tuple[pl.DataFrame, pl.DataFrame]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Groups and members of several proposals, numbered anew."""
    base = 0
    groups, members = [], []
    for own, of_own in parts:
        shift = pl.lit(base, pl.UInt32)
        groups.append(own.with_columns(pl.col("proposal") + shift))
        members.append(of_own.with_columns(pl.col("proposal") + shift))
        base += int(str(own["proposal"].max())) + 1
    return pl.concat(groups), pl.concat(members)
