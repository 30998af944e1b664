"""Which of an item's candidates add up to it: exact search, solutions counted, chance estimated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals
from reconciliation.matching.subset_sum import MAX_AMOUNT, subset_sums

ALTERNATIVES = 3  # solutions looked for: the second proves a tie, the third is named with it
_PRIOR = 9.0  # odds that an item with candidates is settled by some of them


def unique_subsets(
    context: LegContext,
    edges: pl.DataFrame,
    center: str,
    factor: float,
    evidence: Sequence[str],
    *,
    max_candidates: int,
    least_only: int = 1,
    max_size: int = 64,
    max_chance: float = 1.0,
) -> Iterator[Proposals]:
    """Candidate groups of each `center` item ("left" or "right") and a subset of its edges' other items.

    `edges` as in `settlement`, with the open amounts `mine` (left) and `other` (right). An only solution has the odds
    of its weakest edge, or those that it is no chance hit where they are smaller; several solutions have equal odds and so
    are a tie. An only solution of fewer than `least_only` items is not proposed. Items with more than
    `max_candidates` candidates are left with the reason `too_many_candidates`.
    """
    if edges.is_empty():
        return
    other = "right" if center == "left" else "left"
    own_amount, other_amount = ("mine", "other") if center == "left" else ("other", "mine")
    side, other_side = (0, 1) if center == "left" else (1, 0)
    centers, place, times = np.unique(edges[center].to_numpy(), return_inverse=True, return_counts=True)
    if times.max() < 2:
        return
    counted = edges.with_columns(pl.Series("count", times[place]))
    notes = _notes(side, centers[times > max_candidates], "too_many_candidates")
    cases = counted.filter(
        pl.col("count").is_between(2, max_candidates),
        pl.col("mine").abs() <= MAX_AMOUNT,
        pl.col("other").abs() <= MAX_AMOUNT,
    )
    reach = pl.col(other_amount)
    # what all candidates of the item's own sign add up to has to reach it at least
    same = pl.when((reach > 0) == (pl.col(own_amount) > 0)).then(reach.abs()).otherwise(0).sum().over(center)
    cases = cases.filter(same >= pl.col(own_amount).abs())
    if cases.is_empty():
        if not notes.is_empty():
            yield Proposals(notes=notes)
        return
    # candidates in the order of their ids, so that the alternatives named are the same in any order of rows
    ids = context.sides[other_side].order(cases[other].to_numpy())
    cases = cases.with_columns(pl.Series("order", ids)).sort(center, "order")
    sizes = cases.group_by(center, maintain_order=True).agg(
        pl.len(), pl.col(own_amount).first().alias("target"), pl.col("evidence").max()
    )
    offsets = np.concatenate([[0], np.cumsum(sizes["len"].to_numpy())]).astype(np.int64)
    found = subset_sums(
        sizes["target"].to_numpy(),
        offsets,
        cases[other_amount].to_numpy(),
        max_size=max_size,
        alternatives=ALTERNATIVES,
    )
    if found.exhausted.any():
        exhausted = _notes(side, sizes[center].to_numpy()[found.exhausted], "search_budget")
        notes = pl.concat([notes, exhausted])
    # an only solution of one item is an equal amount: other passes judge those
    first = found.starts[:, 1] - found.starts[:, 0]
    single = (found.count == 1) & (first < least_only)
    solved = np.flatnonzero((found.count > 0) & ~found.exhausted & (found.chance <= max_chance) & ~single)
    numbers, case_of = [], []
    members: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    for case in solved:  # solved cases only, each the outcome of a search
        for number in range(int(found.count[case])):
            chosen = found.solution(int(case), number)
            members.append(chosen)
            numbers.append(len(chosen))
            case_of.append(case)
    if not members:
        if not notes.is_empty():
            yield Proposals(notes=notes)
        return
    lengths, chosen_cases = np.asarray(numbers), np.asarray(case_of)
    picked = cases[np.concatenate(members)].select("odds", row=other, applied=other_amount)
    around = picked.with_columns(
        pl.Series("proposal", np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)),
        pl.lit(other_side, pl.UInt8).alias("side"),
    )
    weakest = around.group_by("proposal").agg(pl.col("odds").min()).sort("proposal")["odds"].to_numpy()
    head = sizes[chosen_cases]
    middle = head.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("proposal"),
        pl.lit(side, pl.UInt8).alias("side"),
        row=center,
        applied="target",
    )
    chance = np.maximum(found.chance[chosen_cases], 1e-12)
    odds = np.minimum(weakest * factor, _PRIOR / chance)
    groups = pl.DataFrame(
        {
            "proposal": np.arange(len(lengths), dtype=np.uint32),
            "difference_kind": np.full(len(lengths), KIND["none"], dtype=np.uint8),
            "odds": odds,
            "evidence": head["evidence"],
        }
    ).cast(GROUPS)  # type: ignore[arg-type]
    shaped = pl.concat([middle.select(list(MEMBERS)), around.select(list(MEMBERS))]).cast(MEMBERS)  # type: ignore[arg-type]
    yield Proposals(groups=groups, members=shaped, evidence=evidence, notes=notes)


def _notes(side: int, rows: Rows, reason: str) -> pl.DataFrame:
    """`reason` for each of these rows of a side, of the shape of `Proposals.notes`."""
    shape = {"side": pl.UInt8, "row": pl.UInt32, "reason": pl.String}
    return pl.DataFrame({"side": np.full(len(rows), side), "row": rows, "reason": [reason] * len(rows)}, schema=shape)
