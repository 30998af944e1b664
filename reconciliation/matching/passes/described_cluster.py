"""Several items of either side that speak of one party and add up to the same: instalments against a split booking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.clusters import balances, only_parts
from reconciliation.matching.context import LegContext
from reconciliation.matching.described import learned_lags, learned_share, leg_words, related_pairs
from reconciliation.matching.encoding import Ints
from reconciliation.matching.marginals import components
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals
from reconciliation.matching.text.words import silent_rows

_SENTENCES = (
    "all open items of one day on either side whose texts share rare words, equal in total",
    "all open items of one day on either side whose texts share rare words, and the one of its day that makes the totals"
    " equal",
    "the only open items of one day on either side whose texts share rare words that are equal in total",
)
_SIDES = ("left", "right")
_UNLIKE = 4  # how much less likely a text in common with none is than no text
_PRIOR_CLUSTERS = 20.0  # clusters that the configured share of equal ones counts for
_FOUND = "sure clusters"
_CLUSTER = {
    "label": pl.Int64(),
    "side": pl.UInt8(),
    "lag": pl.Int64(),
    "day": pl.Int32(),
    "row": pl.UInt32(),
    "applied": pl.Int64(),
    "tries": pl.Int64(),  # what might have been equal in total by chance as well: other items of the day, other parts
}


class DescribedCluster(PassConfig):
    """Two or more items a side: all of one left day and one right day that texts connect, where both totals are
    equal.

    Texts connect two items that have as many nats in common as one of `nats` says, tried from the strictest. The
    odds are how often such a cluster is equal in total for a reason (`prior`, corrected by the data), times how likely
    the date distance is, over the chance that two totals of that size agree.
    """

    KIND: ClassVar[str] = "described_cluster"
    WEIGHS_SUGGESTED: ClassVar[bool] = True

    kind: Literal["described_cluster"] = "described_cluster"
    window: int = 10
    nats: tuple[float, ...] = (8.0, 5.5, 3.5)
    prior: float = 0.05

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Clusters of equal totals, by ever looser texts; then those to which one item is missing, and those of which
        only a part is equal."""
        for nats in self.nats:
            members = self._clusters(context, nats)
            if members.is_empty():
                continue
            yield from self._balanced(context, members, 0)
            still = _still_open(context, members)
            yield from self._balanced(context, _with_missing(context, still), 1)
            yield from self._balanced(context, _parts(_still_open(context, still)), 2)

    def _clusters(self, context: LegContext, nats: float) -> pl.DataFrame:
        """The members of each cluster: `label`, `side`, `row`, `applied`, `lag`; and the `day` of its side."""
        pairs = related_pairs(context, self.window, nats).filter((pl.col("mine") > 0) == (pl.col("other") > 0))
        if pairs.is_empty():
            return pl.DataFrame(schema=_CLUSTER)
        days = context.left.dataset.date[pairs["left"].to_numpy()]
        pairs = pairs.with_columns(pl.Series("day", days))
        # an item meets the items of each other day by itself: a node is an item and the day it is looked at with
        one, two = (_dense(pairs, side) for side in ("left", "right"))
        pairs = pairs.with_columns(pl.Series("label", components(one, two)))
        parts = []
        for number, (side, amount) in enumerate((("left", "mine"), ("right", "other"))):
            day = pl.col("day") - (pl.col("lag") if side == "right" else 0)
            own = (pl.lit(number, pl.UInt8).alias("side"), day.alias("day"), pl.lit(1, pl.Int64).alias("tries"))
            part = pairs.select("label", "lag", *own, row=side, applied=amount)
            parts.append(part.select(list(_CLUSTER)).cast(_CLUSTER).unique())  # type: ignore[arg-type]
        return pl.concat(parts)

    def _balanced(self, context: LegContext, members: pl.DataFrame, evidence: int) -> Iterator[Proposals]:
        """Clusters whose totals agree, and no part of them alone."""
        totals = members.group_by("label").agg(
            pl.col("lag").first(), pl.col("tries").max(), *(_total(number).alias(f"{side}_total") for number, side in enumerate(_SIDES)),
            *((pl.col("side") == number).sum().alias(f"{side}s") for number, side in enumerate(_SIDES)),
        )  # fmt: skip
        met = totals.filter(
            pl.col("left_total") == pl.col("right_total"),
            pl.col("lefts") + pl.col("rights") > 3,
            pl.min_horizontal("lefts", "rights") > 1,
        )
        own = members.join(met, on="label", how="semi")
        equal = (
            met.join(balances(own).filter(pl.col("sums") == 1), on="label", how="semi")
            .sort("label")
            .with_row_index("proposal")
        )
        if equal.is_empty():
            return
        share = learned_lags(context, self.window)[equal["lag"].to_numpy() + self.window]
        agreeing = 2.0 / equal["left_total"].abs().to_numpy()
        agreeing = agreeing * equal["tries"].to_numpy()
        ratios = share / agreeing
        tested = totals.filter(pl.col("lefts") + pl.col("rights") > 3, pl.min_horizontal("lefts", "rights") > 1).height
        start, weight = self._known(context, evidence)
        prior = learned_share(ratios, equal["label"].to_numpy(), tested, start, weight)
        odds = prior / (1 - prior) * ratios
        self._remember(context, evidence, equal.filter(pl.Series(odds >= context.leg.sure_odds)))
        groups = equal.select(
            "proposal",
            pl.lit(KIND["none"], pl.UInt8).alias("difference_kind"),
            pl.Series("odds", odds),
            pl.lit(evidence, pl.UInt16).alias("evidence"),
        )
        chosen = own.join(equal.select("label", "proposal"), on="label").select(list(MEMBERS))
        yield Proposals(
            groups=groups.cast(GROUPS),  # type: ignore[arg-type]
            members=chosen.cast(MEMBERS).sort("proposal", "side", "row"),  # type: ignore[arg-type]
            evidence=_SENTENCES,
        )

    def _known(self, context: LegContext, evidence: int) -> tuple[float, float]:
        """The share of clusters that are equal in total for a reason, and for how many it counts, by those that were sure."""
        found = context.cache[_FOUND].filter(evidence=evidence).height if _FOUND in context.cache else 0
        weight = _PRIOR_CLUSTERS + found
        return (self.prior * _PRIOR_CLUSTERS + found) / weight, weight

    def _remember(self, context: LegContext, evidence: int, sure: pl.DataFrame) -> None:
        """Keep how many sure clusters there were: what is left when they are gone is no measure of how common they are."""
        own = sure.select(evidence=pl.lit(evidence, pl.UInt16))
        context.cache[_FOUND] = pl.concat([context.cache.get(_FOUND, own.clear()), own])


def _total(side: int) -> pl.Expr:
    return pl.col("applied").filter(pl.col("side") == side).sum()


def _still_open(context: LegContext, members: pl.DataFrame) -> pl.DataFrame:
    """Clusters of which nothing has been taken."""
    is_open = np.zeros(members.height, dtype=np.bool_)
    for number, view in enumerate(context.sides):
        own = (members["side"] == number).to_numpy()
        is_open[own] = view.is_open[members["row"].to_numpy()[own]]
    return members.with_columns(pl.Series("open", is_open)).filter(pl.col("open").all().over("label")).drop("open")


def _parts(members: pl.DataFrame) -> pl.DataFrame:
    """The only parts of clusters that balance."""
    tried = only_parts(members).with_columns(tries=pl.col("parts"))
    return tried.select(list(_CLUSTER)).cast(_CLUSTER)  # type: ignore[arg-type]


def _with_missing(context: LegContext, members: pl.DataFrame) -> pl.DataFrame:
    """Clusters and the one other item of the same day that is what their totals differ by: without a text, or with one that
    is worn beyond recognition."""
    totals = members.group_by("label").agg(
        (_total(0) - _total(1)).alias("more"), pl.col("lag").first(),
        *(pl.col("day").filter(pl.col("side") == number).first().alias(f"day_{number}") for number in (0, 1)),
        pl.col("row").filter(pl.col("side") == 0).first().alias("left"),
    )  # fmt: skip
    totals = totals.filter(pl.col("more") != 0)
    currency = context.left.dataset.currency[totals["left"].to_numpy()]
    totals = totals.with_columns(pl.Series("currency", currency))
    missing = []
    for number, (view, words) in enumerate(zip(context.sides, leg_words(context), strict=True)):
        spoken = words.rows.join(silent_rows(words), on="row", how="anti")
        # of a price that many have one stands on most days
        tries = pl.len().over("currency", "date").cast(pl.Int64) * pl.len().over("currency", "open")
        others = view.frame().select("row", "currency", "open", day="date", tries=tries)
        spoken = others.join(spoken, on="row", how="semi").with_columns(pl.col("tries") * _UNLIKE)
        others = pl.concat([others.join(spoken, on="row", how="anti"), spoken])
        asked = totals.select(
            "label", "currency", "lag", open=pl.col("more") if number == 1 else -pl.col("more"), day=f"day_{number}"
        )
        met = asked.join(others, on=["currency", "open", "day"])
        met = met.join(members.filter(side=number).select("label", "row"), on=["label", "row"], how="anti")
        alone = met.filter(pl.len().over("label") == 1, pl.len().over("row") == 1)
        part = alone.select(
            "label", pl.lit(number, pl.UInt8).alias("side"), "lag", "day", "row", "tries", applied="open"
        )
        missing.append(part.select(list(_CLUSTER)).cast(_CLUSTER))  # type: ignore[arg-type]
    added = pl.concat(missing)
    return pl.concat([members.join(added, on="label", how="semi"), added])


def _dense(pairs: pl.DataFrame, side: str) -> Ints:
    """The dense number of each pair's node on a side: the item, and the day of the other."""
    ranks: Ints = (pairs.select(pl.struct(side, "day", "lag").rank("dense").cast(pl.Int64)).to_series() - 1).to_numpy()
    return ranks
