"""What a pass gives back: candidate pairs and candidate groups with the odds that each is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

SUGGESTED_ODDS = 50.0  # at most, of what a person has to see: a suggestion, never more

#: One row a candidate pair of a left and a right item. `odds`: how much likelier the evidence is if the two belong
#: together than by chance, times the prior odds; rivals for the same item are weighed against each other with it.
#: `evidence` is the index of the sentence in `Proposals.evidence`; `difference_kind` the index in DIFFERENCE_KINDS.
PAIRS: dict[str, pl.DataType] = {
    "left": pl.UInt32(),
    "right": pl.UInt32(),
    "left_applied": pl.Int64(),
    "right_applied": pl.Int64(),
    "difference_kind": pl.UInt8(),
    "odds": pl.Float64(),
    "evidence": pl.UInt16(),
}

#: One row a candidate group of any shape; `proposal` numbers them from 0.
GROUPS: dict[str, pl.DataType] = {
    "proposal": pl.UInt32(),
    "difference_kind": pl.UInt8(),
    "odds": pl.Float64(),
    "evidence": pl.UInt16(),
}

#: One row a member of a candidate group. `side` is 0 for left, 1 for right; `row` the dense row number in the
#: dataset.
MEMBERS: dict[str, pl.DataType] = {
    "proposal": pl.UInt32(),
    "side": pl.UInt8(),
    "row": pl.UInt32(),
    "applied": pl.Int64(),
}

DIFFERENCE_KINDS = (
    "none",
    "fee",
    "fx",
    "discount",
    "rounding",
    "short_pay",
    "over_pay",
    "return",
    "typing_error",
)
KIND = {name: index for index, name in enumerate(DIFFERENCE_KINDS)}


def _empty(shape: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(schema=shape)


@dataclass(frozen=True)
class Proposals:
    """Candidates of one pass. Pairs and groups may name the same item: the resolution weighs them.

    `evidence` holds sentences; a sentence may name `{days}` (date distance of left and right, filled in later).
    `notes` holds reasons for items that the pass had to leave (columns `side`, `row`, `reason`). `part` is what the odds
    are multiplied with because one item settles a part of the other only: then their amounts say little.
    """

    pairs: pl.DataFrame = field(default_factory=lambda: _empty(PAIRS))
    groups: pl.DataFrame = field(default_factory=lambda: _empty(GROUPS))
    members: pl.DataFrame = field(default_factory=lambda: _empty(MEMBERS))
    evidence: Sequence[str] = ()
    notes: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"side": pl.UInt8(), "row": pl.UInt32(), "reason": pl.String()})
    )
    part: float = 1.0
    sure_only: bool = False  # what is no sure match stays open, unnamed: it will be proposed again


def each_set_once(groups: pl.DataFrame, members: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Candidate groups, each set of items once with its best odds: found in two ways it is no rival of itself."""
    sets = (
        members.sort("proposal", "side", "row")
        .group_by("proposal", maintain_order=True)
        .agg(pl.concat_str("side", "row", separator=":").str.join(",").alias("set"))
    )
    best = (
        groups.join(sets, on="proposal")
        .sort("odds", "proposal", descending=[True, False])
        .unique("set", keep="first", maintain_order=True)
    )
    kept = groups.join(best.select("proposal"), on="proposal", how="semi").sort("proposal")
    return kept, members.join(kept.select("proposal"), on="proposal", how="semi")
