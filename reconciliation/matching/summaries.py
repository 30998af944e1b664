"""Figures of a leg's run: rates by item and by value, per pass, and seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints
from reconciliation.matching.group_ids import STATUSES
from reconciliation.matching.taken import Taken


@dataclass
class SideFigures:
    """Of one side: open items at the start, those that groups hold by status, and what is left by reason."""

    dataset: str
    items: int = 0
    value: float = 0.0  # minor units of several currencies added as they are: for shares for orientation
    counts: Counter[str] = field(default_factory=Counter)  # items by status
    values: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0.0))  # applied, by status
    reasons: Counter[str] = field(default_factory=Counter)  # unmatched items by reason

    def add(self, other: SideFigures) -> None:
        """Add the figures of other items of the same side."""
        self.items += other.items
        self.value += other.value
        self.counts.update(other.counts)
        self.reasons.update(other.reasons)
        for status in STATUSES:
            self.values[status] += other.values[status]

    def shown(self) -> dict[str, object]:
        """The figures with their rates, as summary.json has them."""
        figures: dict[str, object] = {"dataset": self.dataset, "items": self.items}
        for status in STATUSES:
            figures[status] = self.counts[status]
            if status != "ambiguous":
                figures[f"{status}_rate"] = _share(self.counts[status], self.items)
                figures[f"{status}_value_rate"] = _share(self.values[status], self.value)
        figures["unmatched"] = sum(self.reasons.values())
        figures["unmatched_reasons"] = dict(sorted(self.reasons.items()))
        return figures


@dataclass
class LegFigures:
    """Of one leg: both sides, groups by pass and status, seconds by pass."""

    left: SideFigures
    right: SideFigures
    groups: Counter[tuple[str, str]] = field(default_factory=Counter)  # by pass and status
    seconds: dict[str, float] = field(default_factory=dict)  # by pass, in the order of their run

    def add(self, other: LegFigures) -> None:
        """Add the figures of the same leg's run over other items."""
        self.left.add(other.left)
        self.right.add(other.right)
        self.groups.update(other.groups)
        for name, spent in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def lose(self, groups: pl.DataFrame, held: pl.DataFrame, reopened: pl.DataFrame) -> None:
        """Take off groups (MATCH_GROUP) that gave way and what they held (`doubts.HELD`); `reopened` (UNMATCHED) is what they leave
        open."""
        counts = groups.group_by("pass", "status").len()
        self.groups.subtract({(name, status): count for name, status, count in counts.iter_rows()})
        held = held.group_by("dataset", "status").agg(pl.col("row").n_unique(), pl.col("minor").abs().sum())
        sides = {side.dataset: side for side in (self.right, self.left)}
        for dataset, status, items, minor in held.iter_rows():
            sides[dataset].counts[status] -= items
            sides[dataset].values[status] -= float(minor)
        for dataset, reason, items in reopened.group_by("dataset", "reason").len().iter_rows():
            sides[dataset].reasons[reason] += items

    def shown(self) -> dict[str, object]:
        """The figures as summary.json has them."""
        passes = {
            name: {"seconds": round(spent, 3)} | {status: self.groups[name, status] for status in STATUSES}
            for name, spent in self.seconds.items()
        }
        return {"left": self.left.shown(), "right": self.right.shown(), "passes": passes}


def leg_figures(
    context: LegContext,
    at_start: tuple[Ints, Ints],
    taken: Sequence[Taken],
    unmatched: pl.DataFrame,
    seconds: dict[str, float],
) -> LegFigures:
    """The figures of a leg that has run: `at_start` is what was open of each side, `unmatched` as the tables take it."""
    sides: list[SideFigures] = []
    for number, (view, start) in enumerate(zip(context.sides, at_start, strict=True)):
        own = unmatched.filter(pl.col("side") == number)
        value = float(np.abs(start.astype(np.float64)).sum())
        figures = SideFigures(view.dataset.name, int(np.count_nonzero(start)), value)
        figures.reasons.update(dict(own.group_by("reason").len().iter_rows()))
        _count(figures, taken, number, len(start))
        sides.append(figures)
    groups: Counter[tuple[str, str]] = Counter()
    for each in taken:
        for frame in (each.pairs, each.groups):
            if not frame.is_empty():
                counts = np.bincount(frame["status"].to_numpy(), minlength=len(STATUSES)).tolist()
                groups.update({(each.pass_name, status): count for status, count in zip(STATUSES, counts, strict=True)})
    return LegFigures(sides[0], sides[1], groups, seconds)


def _count(figures: SideFigures, taken: Sequence[Taken], side: int, height: int) -> None:
    """By status: how many of a side's items groups hold, and what they apply of them."""
    seen = np.zeros((len(STATUSES), height), dtype=np.bool_)
    for each in taken:
        uses = each.uses[side]
        sizes = np.abs(uses.applied.astype(np.float64))
        for code in np.unique(uses.status):
            own = uses.status == code
            seen[code][uses.row[own]] = True
            figures.values[STATUSES[code]] += float(sizes[own].sum())
    figures.counts.update({name: int(np.count_nonzero(own)) for name, own in zip(STATUSES, seen, strict=True)})


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None
