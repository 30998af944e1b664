"""Which candidates hold: rivals weighed against each other, ties recognised, probabilities attached.

A row is *contested* when all that is proposed for it exceeds what is open of it. Uncontested candidates are judged
alone, contested pairs by `marginals`, contested groups by the odds of all groups they exclude.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Ints, Mask
from reconciliation.matching.marginals import Floats, pair_probabilities
from reconciliation.matching.proposals import SUGGESTED_ODDS, Proposals

MATCHED, SUGGESTED, AMBIGUOUS = range(3)
#: What is said of candidates that were taken.
DECIDED: dict[str, pl.DataType] = {"confidence": pl.Float64(), "margin": pl.Float64(), "status": pl.UInt8()}
DIGITS = 9  # of a probability: its last bits depend on the order in which rows were added up
_FEW = 8  # candidates, one in so many of a side's rows, below which their rows alone are looked at
CLEAR_MARGIN = 0.2  # a winner that leads its rival by less is a tie
_NAMED_SHARE = 0.2  # a rival is named in a tie when it is at least this likely, compared with the best


@dataclass(frozen=True)
class Resolved:
    """Of one yield of a pass: the candidates taken, and those that stay open questions.

    `pairs` and `groups` are the taken rows of the proposals with `confidence`, `margin`, `status`. `tied` are edges
    (left, right, odds, probability) that may yet be decided by elimination; `tied_groups` the same for groups
    (proposal numbers).
    """

    pairs: pl.DataFrame
    groups: pl.DataFrame
    tied: pl.DataFrame
    tied_groups: pl.DataFrame


def resolve(context: LegContext, proposals: Proposals) -> Resolved:
    """Decide what of a pass's proposals holds, by the leg's `precision` and `suggest`."""
    pairs, tied = _resolve_pairs(context, proposals.pairs)
    groups, tied_groups = _resolve_groups(context, proposals)
    if proposals.sure_only:
        pairs, groups = (taken.filter(pl.col("status") == MATCHED) for taken in (pairs, groups))
        tied, tied_groups = tied.clear(), tied_groups.clear()
    return Resolved(pairs, groups, tied, tied_groups)


def only_suggested(resolved: Resolved, members: pl.DataFrame, held: Sequence[Rows]) -> Resolved:
    """The same with what uses one of these rows, by side, suggested at most: a person has said what became of the item, and
    a person has to see what speaks against it. `members` are those of the groups."""
    if not any(len(rows) for rows in held):
        return resolved
    in_pairs = pl.any_horizontal(
        *(pl.col(side).is_in(pl.Series(rows).implode()) for side, rows in zip(("left", "right"), held, strict=True))
    )
    in_groups = members.filter(
        pl.any_horizontal(
            *(
                (pl.col("side") == side) & pl.col("row").is_in(pl.Series(rows).implode())
                for side, rows in enumerate(held)
            )
        )
    )
    most = SUGGESTED_ODDS / (1 + SUGGESTED_ODDS)

    def less(taken: pl.DataFrame, touched: pl.Expr) -> pl.DataFrame:
        return taken.with_columns(
            status=pl.when(touched).then(pl.lit(SUGGESTED, pl.UInt8)).otherwise("status"),
            confidence=pl.when(touched).then(pl.col("confidence").clip(upper_bound=most)).otherwise("confidence"),
        )

    groups = less(resolved.groups, pl.col("proposal").is_in(in_groups["proposal"].unique().implode()))
    return replace(resolved, pairs=less(resolved.pairs, in_pairs), groups=groups)


def _contested(rows: npt.NDArray[np.uint32], applied: Ints, open_amount: Ints) -> Mask:
    """By candidate: whether its row is asked for more than is open."""
    if len(rows) * _FEW < len(open_amount):
        distinct, place = np.unique(rows, return_inverse=True)
        rows, open_amount = place.astype(np.uint32), open_amount[distinct]
    times = np.bincount(rows, minlength=len(open_amount))[rows]
    if times.max(initial=0) <= 1:
        return np.zeros(len(rows), dtype=np.bool_)
    asked = np.bincount(rows, weights=np.abs(applied).astype(np.float64), minlength=len(open_amount))
    asked_here, there = asked[rows], np.abs(open_amount[rows]).astype(np.float64)
    # floats decide only between clear cases: a row asked for once can never be asked for too much
    return np.logical_and(times > 1, asked_here > there * (1 + 1e-12))


def _verdict(context: LegContext, probability: Floats, margin: Floats) -> tuple[Mask, npt.NDArray[np.uint8]]:
    sure = probability >= context.leg.precision
    likely = (probability >= context.leg.suggest) & (margin >= CLEAR_MARGIN)
    return sure | likely, np.where(sure, MATCHED, SUGGESTED).astype(np.uint8)


def _decided(
    candidates: pl.DataFrame, probability: Floats, margin: Floats, status: npt.NDArray[np.uint8], taken: Mask
) -> pl.DataFrame:
    """The candidates taken, with what was decided of them."""
    verdicts = {"confidence": probability, "margin": np.maximum(margin, 0.0), "status": status}
    decided = candidates.hstack(pl.DataFrame(verdicts))
    return decided if taken.all() else decided.filter(pl.Series(taken))


def _none_decided(candidates: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(schema={**candidates.schema, **DECIDED})


def _resolve_pairs(context: LegContext, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    if pairs.is_empty():
        return _none_decided(pairs), _no_ties()
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    odds = pairs["odds"].to_numpy()
    probability = odds / (1 + odds)
    margin = probability.copy()
    rival = _contested(left, pairs["left_applied"].to_numpy(), context.left.open) | _contested(
        right, pairs["right_applied"].to_numpy(), context.right.open
    )
    if rival.any():
        # a pair that shares a row with a contested one is a rival too
        in_left, in_right = np.zeros(len(context.left.open), bool), np.zeros(len(context.right.open), bool)
        in_left[left[rival]] = True
        in_right[right[rival]] = True
        rival = in_left[left] | in_right[right]
        node_l, node_r = context.left.places(left[rival]), context.right.places(right[rival])
        probability[rival] = pair_probabilities(node_l, node_r, odds[rival])
        runner = np.maximum(
            _best_other(node_l, probability[rival]),
            _best_other(node_r, probability[rival]),
        )
        margin[rival] = probability[rival] - runner
    if context.leg.offsets:
        crossing = _crossing(left, right, odds)
        weight = probability / np.maximum(1 - probability, 1e-12)
        margin -= crossing / (1 + weight + crossing)
        probability = weight / (1 + weight + crossing)
    probability, margin = np.round(probability, DIGITS), np.round(margin, DIGITS)
    taken, status = _verdict(context, probability, margin)
    decided = _decided(pairs, probability, margin, status, taken)
    if taken.all():
        return decided, _no_ties()
    used_left, used_right = np.zeros(len(context.left.open), bool), np.zeros(len(context.right.open), bool)
    used_left[left[taken]] = True
    used_right[right[taken]] = True
    loose = ~taken & ~used_left[left] & ~used_right[right]
    tied = pl.DataFrame(
        {"left": left[loose], "right": right[loose], "odds": odds[loose], "probability": probability[loose]}
    )
    return decided, _named(tied)


def _crossing(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32], odds: Floats) -> Floats:
    """By pair of one dataset: the odds of the pairs that have its left item as their right one, or the other way round.

    What undoes a payment is not itself undone by the next one: an item is in one pair, whichever side it is seen on.
    """
    size = int(max(left.max(), right.max())) + 1
    as_left, as_right = (np.bincount(rows, weights=odds, minlength=size) for rows in (left, right))
    return np.asarray(as_right[left] + as_left[right], dtype=np.float64)


def _named(tied: pl.DataFrame) -> pl.DataFrame:
    """The edges worth naming: one of the item's candidates is probably right, and this one is not far behind the
    best."""
    probability = pl.col("probability")
    named = [
        (probability.sum().over(side) >= 0.5) & (probability >= _NAMED_SHARE * probability.max().over(side))
        for side in ("left", "right")
    ]
    return tied.filter(named[0] | named[1])


def _no_ties() -> pl.DataFrame:
    return pl.DataFrame(
        schema={"left": pl.UInt32(), "right": pl.UInt32(), "odds": pl.Float64(), "probability": pl.Float64()}
    )


def _best_other(node: Ints, value: Floats) -> Floats:
    """For each edge the largest value among the other edges of its node, 0 where there is none."""
    order = np.lexsort((-value, node))
    starts = np.ones(len(node), dtype=bool)
    starts[1:] = node[order][1:] != node[order][:-1]
    first_place = np.flatnonzero(starts)
    number = np.cumsum(starts) - 1
    best = value[order][first_place]
    has_second = np.append(np.diff(first_place), len(node) - first_place[-1]) > 1
    second = np.where(has_second, value[order][np.minimum(first_place + 1, len(node) - 1)], 0.0)
    result = np.empty(len(node))
    result[order] = np.where(starts, second[number], best[number])
    return result


def _resolve_groups(context: LegContext, proposals: Proposals) -> tuple[pl.DataFrame, pl.DataFrame]:
    groups, members = proposals.groups, proposals.members
    if groups.is_empty():
        return _none_decided(groups), pl.DataFrame(schema={"proposal": pl.UInt32()})
    proposal = members["proposal"].to_numpy().astype(np.int64)
    side, rows, applied = members["side"].to_numpy(), members["row"].to_numpy(), members["applied"].to_numpy()
    odds_of = np.zeros(int(proposal.max()) + 1)
    odds_of[groups["proposal"].to_numpy()] = groups["odds"].to_numpy()
    rivals, best_rival = np.zeros(len(odds_of)), np.zeros(len(odds_of))
    for number, view in enumerate(context.sides):
        mine = side == number
        if not mine.any():
            continue
        contested = _contested(rows[mine], applied[mine], view.open)
        own = odds_of[proposal[mine]]
        node = np.unique(rows[mine], return_inverse=True)[1].astype(np.int64)
        total = np.bincount(node, weights=np.where(contested, own, 0.0))[node]
        others = np.where(contested, np.maximum(total - own, 0.0), 0.0)
        strongest = np.where(contested, _best_other(node, own), 0.0)
        # a rival that shares several members is counted once: the largest sum over members is the bound used
        np.maximum.at(rivals, proposal[mine], others)
        np.maximum.at(best_rival, proposal[mine], strongest)
    numbers = groups["proposal"].to_numpy()
    own_odds = odds_of[numbers]
    weight = 1 + own_odds + rivals[numbers]
    probability = own_odds / weight
    margin = probability - best_rival[numbers] / weight
    probability, margin = np.round(probability, DIGITS), np.round(margin, DIGITS)
    taken, status = _verdict(context, probability, margin)
    tied = ~taken & (best_rival[numbers] > 0) & ((own_odds + rivals[numbers]) / weight >= 0.5)
    return _decided(groups, probability, margin, status, taken), groups[["proposal"]].filter(pl.Series(tied))
