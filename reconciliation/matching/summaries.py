"""Figures of a leg's run: rates by item and by value, per pass, and seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints
from reconciliation.matching.group_ids import STATUSES
from reconciliation.matching.results import Taken


def leg_summary(
    context: LegContext,
    at_start: tuple[Ints, Ints],
    taken: Sequence[Taken],
    unmatched: pl.DataFrame,
    seconds: dict[str, float],
) -> dict[str, object]:
    """Per side: open items at the start, matched and suggested ones by count and by share of value; per pass its
    groups."""
    sides: dict[str, object] = {}
    for number, (view, start) in enumerate(zip(context.sides, at_start, strict=True)):
        items = int(np.count_nonzero(start))
        value = float(np.abs(start.astype(np.float64)).sum())
        figures: dict[str, object] = {"dataset": view.dataset.name, "items": items}
        counts, values = _applied(taken, number, len(start))
        for code, status in enumerate(STATUSES):
            figures[status] = counts[code]
            if code < 2:
                figures[f"{status}_rate"] = round(counts[code] / items, 6) if items else None
                # minor units of several currencies are added as they are: a share for orientation
                figures[f"{status}_value_rate"] = round(values[code] / value, 6) if value else None
        own = unmatched.filter(pl.col("side") == number)
        figures["unmatched"] = own.height
        figures["unmatched_reasons"] = dict(sorted(own.group_by("reason").len().iter_rows()))
        sides["left" if number == 0 else "right"] = figures
    passes: dict[str, dict[str, int | float]] = {
        name: {"seconds": round(spent, 3)} | dict.fromkeys(STATUSES, 0) for name, spent in seconds.items()
    }
    for each in taken:
        for frame in (each.pairs, each.groups):
            for code, count in frame.group_by("status").len().iter_rows() if not frame.is_empty() else ():
                passes[each.pass_name][STATUSES[code]] += count
    return {**sides, "passes": passes}


def _applied(taken: Sequence[Taken], side: int, height: int) -> tuple[list[int], list[float]]:
    """By status: how many of a side's items groups hold, and what they apply of them."""
    seen = np.zeros((len(STATUSES), height), dtype=np.bool_)
    values = [0.0] * len(STATUSES)
    row, amount = ("left", "left_applied") if side == 0 else ("right", "right_applied")
    for each in taken:
        members = each.members.filter(pl.col("side") == side).join(
            each.groups.select("proposal", "status"), on="proposal"
        )
        for frame, rows, applied in ((each.pairs, row, amount), (members, "row", "applied")):
            if frame.is_empty():
                continue
            status, numbers, amounts = (frame[name].to_numpy() for name in ("status", rows, applied))
            for code in np.unique(status):
                own = status == code
                seen[code][numbers[own]] = True
                values[code] += float(np.abs(amounts[own].astype(np.float64)).sum())
    return [int(np.count_nonzero(each)) for each in seen], values
