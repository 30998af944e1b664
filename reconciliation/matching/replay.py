"""The matches that stand, shown once more to the passes: what a pass weighs does not depend on how many runs there were.

A pass learns from all that is open when its turn comes: how often amounts meet by chance, who has no partner, how dense
a series is. Were the items of a standing match gone beforehand, each run would judge the same question by another
measure. So they take part until the pass that matched them has found them again, or the leg is over. They are shown,
never given away: a match that stands keeps its items, whatever is proposed for them now.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.resolution import Resolved

_FREE, _KEPT = -1, -2  # in no standing match; in one that is not the one proposed

Held = tuple[pl.DataFrame, pl.DataFrame]


class Replay:
    """The standing matches in a run of one leg.

    `held` has by side the members of matches that the leg finds again: row, group (numbered from 0 over both sides). The
    sides of `context` show them as open; `left` is what is left of each item without them.
    """

    def __init__(self, context: LegContext, held: Held, left: tuple[Ints, Ints]) -> None:
        self._context, self._held, self._left = context, held, left
        shown = [view.open != rest for view, rest in zip(context.sides, left, strict=True)]
        self._any = any(each.any() for each in shown)
        self._group: list[npt.NDArray[np.int64]] = []
        if not self._any:
            return
        for kept, own in zip(shown, held, strict=True):
            group = np.where(kept, _KEPT, _FREE)
            group[own["row"].to_numpy()] = own["group"].to_numpy()
            self._group.append(group)
        sides = held[:1] if context.leg.offsets else held  # of one dataset both sides show the same items
        self._size = np.bincount(np.concatenate([each["group"].to_numpy() for each in sides]).astype(np.int64))

    def settled(self, proposals: Proposals, resolved: Resolved) -> Resolved | None:
        """What was taken and is new, with what was found again closed; nothing where it is at odds with a match that
        stands: the proposals are then to be resolved without those that are (`undisputed`)."""
        if not self._any:
            return resolved
        pairs, groups = self._of_pairs(resolved.pairs), self._of_groups(resolved.groups, proposals.members)
        if (pairs == _KEPT).any() or (groups == _KEPT).any():
            return None
        self._close(np.concatenate([pairs[pairs >= 0], groups[groups >= 0]]))
        self._context.learn_lags(resolved.pairs.filter(pl.Series(pairs >= 0, dtype=pl.Boolean)))
        return replace(
            resolved,
            pairs=resolved.pairs.filter(pl.Series(pairs == _FREE, dtype=pl.Boolean)),
            groups=resolved.groups.filter(pl.Series(groups == _FREE, dtype=pl.Boolean)),
        )

    def undisputed(self, proposals: Proposals) -> Proposals:
        """The proposals that leave the standing matches alone, or are one."""
        fits = self._of_groups(proposals.groups, proposals.members) != _KEPT
        groups = proposals.groups.filter(pl.Series(fits, dtype=pl.Boolean))
        return replace(
            proposals,
            pairs=proposals.pairs.filter(pl.Series(self._of_pairs(proposals.pairs) != _KEPT, dtype=pl.Boolean)),
            groups=groups,
            members=proposals.members.join(groups.select("proposal"), on="proposal", how="semi", maintain_order="left"),
        )

    def finish(self) -> None:
        """Close what was not found again."""
        if not self._any:
            return
        for view, group, rest in zip(self._context.sides, self._group, self._left, strict=True):
            still = group != _FREE
            view.open[still] = rest[still]
            group[still] = _FREE
        self._any = False

    def _of_pairs(self, pairs: pl.DataFrame) -> Ints:
        """By pair: the standing match it is, _FREE where it touches none, _KEPT where it touches one and is another."""
        one, two = self._group[0][pairs["left"].to_numpy()], self._group[1][pairs["right"].to_numpy()]
        return self._told(np.minimum(one, two), np.maximum(one, two), np.full(len(one), 2))

    def _of_groups(self, groups: pl.DataFrame, members: pl.DataFrame) -> Ints:
        """The same by group."""
        if groups.is_empty():
            return np.zeros(0, dtype=np.int64)
        side, row = members["side"].to_numpy(), members["row"].to_numpy()
        group = np.full(len(row), _FREE, dtype=np.int64)
        for number, known in enumerate(self._group):
            group[side == number] = known[row[side == number]]
        told = members.select("proposal", pl.Series("group", group)).group_by("proposal")
        spans = told.agg(least=pl.col("group").min(), most=pl.col("group").max(), count=pl.len())
        each = groups.select("proposal").join(spans, on="proposal", how="left", maintain_order="left")
        return self._told(*(each[name].to_numpy().astype(np.int64) for name in ("least", "most", "count")))

    def _told(self, least: Ints, most: Ints, count: Ints) -> Ints:
        whole = (least == most) & (least >= 0)
        whole[whole] = self._size[least[whole]] == count[whole]
        free = (least == _FREE) & (most == _FREE)
        return np.where(whole, least, np.where(free, _FREE, _KEPT))

    def _close(self, groups: Ints) -> None:
        closing = np.zeros(len(self._size) + 1, dtype=np.bool_)
        closing[groups] = True
        for view, held, known in zip(self._context.sides, self._held, self._group, strict=True):
            rows = held["row"].to_numpy()[closing[held["group"].to_numpy()]]
            view.open[rows] = 0
            known[rows] = _FREE
