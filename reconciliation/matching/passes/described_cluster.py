"""Several items of either side that speak of one party and add up to the same: instalments against a split booking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import polars as pl

from reconciliation.matching.clusters import balances
from reconciliation.matching.context import LegContext
from reconciliation.matching.described import learned_lags, related_pairs
from reconciliation.matching.encoding import Ints
from reconciliation.matching.marginals import components
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals

_SENTENCE = "all open items of one day on either side whose texts share rare words, equal in total"


class DescribedCluster(PassConfig):
    """Two or more items a side: all of one left day and one right day that texts connect, where both totals are
    equal.

    Texts connect two items that have as many nats in common as one of `nats` says, tried from the strictest. The
    odds are how often an open item belongs to such a cluster (`prior`), times how likely the date distance is, over
    the chance that two totals of that size agree.
    """

    KIND: ClassVar[str] = "described_cluster"

    kind: Literal["described_cluster"] = "described_cluster"
    window: int = 10
    nats: tuple[float, ...] = (8.0, 5.5, 3.5)
    prior: float = 0.05

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Clusters of equal totals, by ever looser texts."""
        for nats in self.nats:
            pairs = related_pairs(context, self.window, nats).filter((pl.col("mine") > 0) == (pl.col("other") > 0))
            if pairs.is_empty():
                continue
            days = context.left.dataset.date[pairs["left"].to_numpy()]
            pairs = pairs.with_columns(pl.Series("day", days))
            # an item meets the items of each other day by itself: a node is an item and the day it is looked at with
            one, two = (_dense(pairs, side) for side in ("left", "right"))
            pairs = pairs.with_columns(pl.Series("label", components(one, two)))
            totals = pairs.group_by("label").agg(
                pl.col("lag").first(),
                *(pl.col(side).n_unique().alias(f"{side}s") for side in ("left", "right")),
            )
            members = pl.concat(
                [
                    pairs.select("label", pl.lit(number, pl.UInt8).alias("side"), row=side, applied=amount).unique()
                    for number, (side, amount) in enumerate((("left", "mine"), ("right", "other")))
                ]
            )
            sums = members.group_by("label").agg(
                pl.col("applied").filter(pl.col("side") == 0).sum().alias("left_total"),
                pl.col("applied").filter(pl.col("side") == 1).sum().alias("right_total"),
            )
            equal = (
                totals.join(sums, on="label")
                .filter(pl.col("left_total") == pl.col("right_total"), pl.col("lefts") > 1, pl.col("rights") > 1)
                .join(balances(members).filter(pl.col("sums") == 1), on="label", how="semi")
                .sort("label")
                .with_row_index("proposal")
            )
            if equal.is_empty():
                continue
            share = learned_lags(context, self.window)[equal["lag"].to_numpy() + self.window]
            agreeing = 2.0 / equal["left_total"].abs().to_numpy()
            odds = self.prior / (1 - self.prior) * share / agreeing
            groups = equal.select(
                "proposal",
                pl.lit(KIND["none"], pl.UInt8).alias("difference_kind"),
                pl.Series("odds", odds),
                pl.lit(0, pl.UInt16).alias("evidence"),
            )
            chosen = members.join(equal.select("label", "proposal"), on="label").select(list(MEMBERS))
            yield Proposals(
                groups=groups.cast(GROUPS),  # type: ignore[arg-type]
                members=chosen.cast(MEMBERS).sort("proposal", "side", "row"),  # type: ignore[arg-type]
                evidence=(_SENTENCE,),
            )


def _dense(pairs: pl.DataFrame, side: str) -> Ints:
    """The dense number of each pair's node on a side: the item, and the day of the other."""
    ranks: Ints = (pairs.select(pl.struct(side, "day", "lag").rank("dense").cast(pl.Int64)).to_series() - 1).to_numpy()
    return ranks
