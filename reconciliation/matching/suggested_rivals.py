"""What else a pass would propose, were the items open that are only suggested elsewhere.

A suggestion takes its items, so that later passes do not see them. But it may be wrong, and then they are rivals: of two twins the
one is suggested for somebody, and the other is no surer anybody else's for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import Floats
from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.resolution import DIGITS, MATCHED, SUGGESTED, Resolved
from reconciliation.matching.taken import Taken

Sides = tuple[Ints, Ints]
Rivals = tuple[Floats, Floats]  # by side and row: the odds of what a pass would propose for it besides


def held_by_suggestions(context: LegContext, taken: Sequence[Taken]) -> Sides:
    """By side and row: what suggestions have applied."""
    held = np.zeros_like(context.left.open), np.zeros_like(context.right.open)
    for each in taken:
        for amounts, uses in zip(held, each.uses, strict=True):
            own = uses.status == SUGGESTED
            np.add.at(amounts, uses.row[own], uses.applied[own])
    return held


class SuggestedRivals:
    """The rivals of what a pass matches that earlier passes of the leg have suggested for others."""

    def __init__(self, context: LegContext, each: PassConfig, taken: Sequence[Taken]) -> None:
        self._context, self._pass = context, each
        asked = each.WEIGHS_SUGGESTED and not context.leg.offsets
        held = held_by_suggestions(context, taken) if asked else None
        self._held = held if held is not None and any(amounts.any() for amounts in held) else None
        self._free = _free(context, taken if self._held is not None else [])
        self._rivals: Rivals | None = None

    def weighed(self, resolved: Resolved, members: pl.DataFrame) -> Resolved:
        """What was decided, with suggestions made of the matches that rivals leave in doubt. `members` are those of its groups."""
        if self._held is None or not any(
            (each["status"] == MATCHED).any() for each in (resolved.pairs, resolved.groups)
        ):
            return resolved
        if self._rivals is None:
            self._rivals = self._proposed(self._held)
        pairs, groups, precision = resolved.pairs, resolved.groups, self._context.leg.precision
        left, right = (each[pairs[name].to_numpy()] for each, name in zip(self._rivals, ("left", "right"), strict=True))
        told = members.select("proposal", rivals=pl.Series(_by_member(members, self._rivals), dtype=pl.Float64))
        most = told.group_by("proposal").agg(pl.col("rivals").max())
        of_groups = groups.select("proposal").join(most, on="proposal", how="left", maintain_order="left")["rivals"]
        return replace(
            resolved,
            pairs=_doubted(pairs, np.maximum(left, right), precision),
            groups=_doubted(groups, of_groups.fill_null(0.0).to_numpy(), precision),
        )

    def _proposed(self, held: Sides) -> Rivals:
        """By side and row: the odds of all that the pass would propose for an item and some that suggestions hold."""
        left, right = (
            replace(view, open=view.open + amounts, _read={})
            for view, amounts in zip(self._context.sides, held, strict=True)
        )
        reopened = replace(self._context, left=left, right=right, cache=dict(self._context.cache))
        rivals = np.zeros(len(held[0])), np.zeros(len(held[1]))
        for proposals in self._pass.propose(reopened):
            # nothing is taken, so that the same may be proposed several times
            for most, odds in zip(rivals, _of_held(proposals, self._free), strict=True):
                np.maximum(most, odds, out=most)
        return rivals


def _doubted(decided: pl.DataFrame, rivals: Floats, precision: float) -> pl.DataFrame:
    """Pairs or groups with `rivals` (odds) that they were not weighed against."""
    sure = pl.col("confidence")
    weight = 1 + pl.Series("rivals", rivals, dtype=pl.Float64) * (1 - sure)
    doubtful = (pl.col("status") == MATCHED) & (sure / weight < precision)
    return decided.with_columns(
        confidence=pl.when(doubtful).then((sure / weight).round(DIGITS)).otherwise(sure),
        margin=pl.when(doubtful).then(((sure - (weight - 1)) / weight).clip(0.0).round(DIGITS)).otherwise("margin"),
        status=pl.when(doubtful).then(pl.lit(SUGGESTED, pl.UInt8)).otherwise("status"),
    )


def _free(context: LegContext, taken: Sequence[Taken]) -> Rivals:
    """By side and row: how likely it is that no suggestion that holds the item is right."""
    free = np.ones(len(context.left.open)), np.ones(len(context.right.open))
    for each in taken:
        for rest, uses in zip(free, each.uses, strict=True):
            own = uses.status == SUGGESTED
            np.minimum.at(rest, uses.row[own], 1 - uses.confidence[own])
    return free


def _of_held(proposals: Proposals, free: Rivals) -> Rivals:
    """By side and row: the odds of the proposals for it and any item that may be `free` though a suggestion holds it."""
    odds = np.zeros(len(free[0])), np.zeros(len(free[1]))
    pairs = proposals.pairs.select("left", "right", "odds")
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    at_most = np.minimum(free[0][left], free[1][right])
    own_odds = np.where(at_most < 1, pairs["odds"].to_numpy() * at_most, 0.0)
    for amounts, rows in zip(odds, (left, right), strict=True):
        np.add.at(amounts, rows, own_odds)
    members = proposals.members.join(proposals.groups.select("proposal", "odds"), on="proposal")
    members = members.with_columns(free=pl.Series(_by_member(members, free), dtype=pl.Float64))
    members = members.with_columns(pl.col("free").min().over("proposal")).filter(pl.col("free") < 1)
    members = members.with_columns(pl.col("odds") * pl.col("free"))
    for number, amounts in enumerate(odds):
        own = members.filter(pl.col("side") == number)
        np.add.at(amounts, own["row"].to_numpy(), own["odds"].to_numpy())
    return odds


def _by_member(members: pl.DataFrame, told: Rivals) -> Floats:
    """What is told of each member by its side and row."""
    side, row = members["side"].to_numpy(), members["row"].to_numpy()
    of_member = np.zeros(len(row))
    for number, each in enumerate(told):
        of_member[side == number] = each[row[side == number]]
    return of_member
