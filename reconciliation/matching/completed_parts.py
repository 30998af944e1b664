"""Parts that turn out to be the whole rest: a bank line pays one invoice it names and, found later, another to the cent.

That one item settles a part of another says little about their amounts, and is often only suggested. Where all that was
then left of both has been matched, the amounts do agree, and the suggestion is as sure as its evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints
from reconciliation.matching.resolution import MATCHED, SUGGESTED
from reconciliation.matching.taken import Taken


def with_completed_parts(context: LegContext, taken: Sequence[Taken]) -> list[Taken]:
    """What a leg took, when all its passes are done; suggested parts of items of which nothing is open, and that no other
    suggestion touches, are weighed as amounts that agree (`Taken.part`)."""
    parts = [each for each in taken if each.part < 1 and _suggests(each)]
    if not parts:
        return list(taken)
    touched = [np.zeros(len(view.open), dtype=np.int64) for view in context.sides]
    for each in taken:
        for counts, uses in zip(touched, each.uses, strict=True):
            np.add.at(counts, uses.row[uses.status == SUGGESTED], 1)
    return [_weighed_again(context, each, touched) if each.part < 1 else each for each in taken]


def _suggests(taken: Taken) -> bool:
    return any((uses.status == SUGGESTED).any() for uses in taken.uses)


def _weighed_again(context: LegContext, taken: Taken, touched: Sequence[Ints]) -> Taken:
    whole = np.zeros(taken.pairs.height + taken.groups.height, dtype=np.bool_)
    for uses in taken.uses:
        whole[uses.candidate[uses.status == SUGGESTED]] = True
    for view, counts, uses in zip(context.sides, touched, taken.uses, strict=True):
        rest = (view.open[uses.row] != 0) | (counts[uses.row] > 1)
        whole[uses.candidate[(uses.status == SUGGESTED) & rest]] = False
    weighed = [
        _surer(frame, whole[start : start + frame.height], taken.part, context.leg.precision)
        for frame, start in ((taken.pairs, 0), (taken.groups, taken.pairs.height))
    ]
    return replace(taken, pairs=weighed[0], groups=weighed[1])


def _surer(
    candidates: pl.DataFrame, whole: np.ndarray[tuple[int], np.dtype[np.bool_]], part: float, precision: float
) -> pl.DataFrame:
    if not whole.any():
        return candidates
    odds = pl.col("confidence") / (1 - pl.col("confidence")) / part
    surer = (odds / (1 + odds)).round(9)
    # what speaks for others gets smaller as what speaks for this gets larger
    others = (pl.col("confidence") - pl.col("margin")) * (1 - surer) / (1 - pl.col("confidence"))
    chosen = pl.Series(whole)
    return candidates.with_columns(
        pl.when(chosen).then(surer).otherwise("confidence").alias("confidence"),
        pl.when(chosen).then((surer - others).round(9)).otherwise("margin").alias("margin"),
        pl.when(chosen & (surer >= precision)).then(pl.lit(MATCHED, pl.UInt8)).otherwise("status").alias("status"),
    )
