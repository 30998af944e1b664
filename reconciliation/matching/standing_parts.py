"""Matches that use an item in part, over time: an instalment, a payment of which some bills are known yet.

The leg that made them looks at their items anew in each run, so that the second instalment is weighed as in a run that sees
both. What it finds then contains what stands: the match that stands is left as it is, and the new one is told without it.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from reconciliation.matching.taken import Taken

_CANDIDATE = ["take", "candidate"]
_MEMBER = [*_CANDIDATE, "side", "dataset", "pool", "row"]


def remainders(matched: pl.DataFrame, standing: pl.DataFrame, *, offsets: bool) -> pl.DataFrame:
    """Of candidates that contain standing matches as they are: each member with what is `left` for it to apply and what is
    `held` by those matches; nothing is left of a match that was found again.

    `matched`: take, candidate, side, dataset, pool, row, applied of new matches; `standing`: dataset, pool, row, minor, group.
    Where the two do not agree about an item, or either leaves a difference, which is one of the whole, the candidate is not
    among them.
    """
    sizes = standing.group_by("group").len("size")
    met = standing.join(matched, on=["dataset", "pool", "row"], how="inner")
    inside = met.group_by("group", *_CANDIDATE).len("count").join(sizes, on="group")
    inside = inside.filter(pl.col("count") == pl.col("size"))
    held = met.join(inside, on=["group", *_CANDIDATE], how="semi").group_by(_MEMBER).agg(held=pl.col("minor").sum())
    members = matched.join(inside, on=_CANDIDATE, how="semi").join(held, on=_MEMBER, how="left")
    members = members.with_columns(pl.col("held").fill_null(0)).with_columns(left=pl.col("applied") - pl.col("held"))
    sign = pl.lit(1) if offsets else 1 - 2 * pl.col("side").cast(pl.Int64)
    balanced = ((sign * pl.col("held")).sum() == 0) & ((sign * pl.col("applied")).sum() == 0)
    some = pl.col("left") != 0
    both = some.sum() > 1 if offsets else (some & (pl.col("side") == 0)).any() & (some & (pl.col("side") == 1)).any()
    agrees = (pl.col("left") * pl.col("applied").sign() >= 0).all()
    fits = members.group_by(_CANDIDATE).agg(fits=agrees & (~some.any() | (balanced & both))).filter("fits")
    return members.join(fits, on=_CANDIDATE, how="semi", maintain_order="left")


def reduced(taken: Taken, remainder: pl.DataFrame) -> Taken:
    """What was taken, of some candidates only the remainder: candidate (pairs before groups), side, row, left."""
    if remainder.is_empty():
        return taken
    empty = (
        remainder.group_by("candidate").agg(nothing=(pl.col("left") == 0).all()).filter("nothing").select("candidate")
    )
    pairs, groups, members = taken.pairs, taken.groups, taken.members
    if not pairs.is_empty():
        pairs = pairs.with_row_index("candidate").join(empty, on="candidate", how="anti", maintain_order="left")
        for number, applied in enumerate(("left_applied", "right_applied")):
            own = remainder.filter(pl.col("side") == number).select("candidate", rest="left")
            pairs = pairs.join(own, on="candidate", how="left", maintain_order="left")
            pairs = pairs.with_columns(pl.coalesce("rest", applied).alias(applied)).drop("rest")
        pairs = pairs.drop("candidate")
    if not groups.is_empty():
        numbered = groups.with_row_index("candidate", taken.pairs.height)
        numbered = numbered.join(empty, on="candidate", how="anti", maintain_order="left")
        groups = numbered.drop("candidate")
        whole = members.join(numbered.select("proposal", "candidate"), on="proposal", maintain_order="left")
        rests = remainder.select("candidate", "side", "row", rest="left")
        whole = whole.join(rests, on=["candidate", "side", "row"], how="left", maintain_order="left")
        whole = whole.filter(pl.col("rest").is_null() | (pl.col("rest") != 0))
        members = whole.with_columns(applied=pl.coalesce("rest", "applied")).select(members.columns)
    return replace(taken, pairs=pairs, groups=groups, members=members)
