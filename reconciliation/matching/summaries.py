"""Figures of a leg's run: rates by item and by value, per pass, and seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
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
        for code, status in enumerate(STATUSES):
            rows, applied = _applied(taken, number, code)
            count = len(np.unique(rows))
            figures[status] = count
            if code < 2:
                amount = float(np.abs(applied.astype(np.float64)).sum())
                figures[f"{status}_rate"] = round(count / items, 6) if items else None
                # minor units of several currencies are added as they are: a share for orientation
                figures[f"{status}_value_rate"] = round(amount / value, 6) if value else None
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


def _applied(taken: Sequence[Taken], side: int, status: int) -> tuple[Rows, Ints]:
    rows, amounts = [np.zeros(0, dtype=np.uint32)], [np.zeros(0, dtype=np.int64)]
    row, amount = ("left", "left_applied") if side == 0 else ("right", "right_applied")
    for each in taken:
        if not each.pairs.is_empty():
            own = each.pairs.filter(pl.col("status") == status)
            rows.append(own[row].to_numpy())
            amounts.append(own[amount].to_numpy())
        if not each.groups.is_empty():
            numbers = each.groups.filter(pl.col("status") == status).select("proposal")
            members = each.members.join(numbers, on="proposal", how="semi").filter(pl.col("side") == side)
            rows.append(members["row"].to_numpy())
            amounts.append(members["applied"].to_numpy())
    return np.concatenate(rows), np.concatenate(amounts)
