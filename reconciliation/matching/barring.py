"""Pairs that a person has rejected: no pass may bring them together again, in a pair or inside a larger group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.joins import pair_keys
from reconciliation.matching.proposals import Proposals


def without_barred(proposals: Proposals, barred: npt.NDArray[np.uint64]) -> Proposals:
    """The proposals that hold none of the barred pairs (`pair_keys`)."""
    pairs, members = proposals.pairs, proposals.members
    if not pairs.is_empty():
        keys = pair_keys(pairs["left"].to_numpy(), pairs["right"].to_numpy())
        pairs = pairs.filter(pl.Series(~np.isin(keys, barred)))
    if not members.is_empty():
        known = pl.DataFrame({"left": (barred >> np.uint64(32)).astype(np.uint32), "right": barred.astype(np.uint32)})
        left = members.filter(pl.col("side") == 0).select("proposal", left="row")
        right = members.filter(pl.col("side") == 1).select("proposal", right="row")
        hit = left.join(known, on="left", how="inner").join(right, on=["proposal", "right"], how="inner")
        members = members.join(hit, on="proposal", how="anti", maintain_order="left")
    groups = proposals.groups.join(members, on="proposal", how="semi", maintain_order="left")
    return replace(proposals, pairs=pairs, groups=groups, members=members)
