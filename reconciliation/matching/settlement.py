"""From evidence to candidates: edges say which items may belong together, amount rules say how their amounts agree.

An edge is a pair of a left and a right row with the odds of its evidence. The star of an item is all its edges: a
bank line that names three invoices, an invoice that two payments name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from reconciliation.matching.amount_differences import discounts, mistyped, short_or_over, within
from reconciliation.matching.amount_rules import AmountRule
from reconciliation.matching.clusters import balances, falling_apart
from reconciliation.matching.common_numbers import names_more
from reconciliation.matching.context import LegContext
from reconciliation.matching.customer_numbers import telling_which
from reconciliation.matching.doubtful_differences import charged, in_doubt
from reconciliation.matching.edge_candidates import pairs_frame, star_groups, summary
from reconciliation.matching.encoding import Mask
from reconciliation.matching.itemised import itemised
from reconciliation.matching.joins import has_repeats
from reconciliation.matching.marginals import components
from reconciliation.matching.mistaken_numbers import less_of_a_price
from reconciliation.matching.named_items import names_its_amount, names_settled
from reconciliation.matching.parts_of_numbers import beside_its_amount, of_one_counterparty
from reconciliation.matching.party_evidence import with_parties
from reconciliation.matching.proposals import MEMBERS, SUGGESTED_ODDS, Proposals
from reconciliation.matching.stated_differences import stated
from reconciliation.matching.usual_charges import likelier_charges
from reconciliation.matching.withheld import withheld

MAX_CLUSTER = 5000  # items of both sides that are looked at as one sum; more is no evidence but a shared word
MAX_SUBSET = 24  # candidates among which a subset is searched

_FEW = 10_000  # edges below which those of single ones are not sorted out first
_ON_SUMS = ("stated", "rounding", "fee", "deviation")
_ONE_TO_ONE = ("equal", "withheld", "stated", "rounding", "fee", "fx", "typing_error", "deviation")


def settle(
    context: LegContext, edges: pl.DataFrame, rules: Sequence[AmountRule], evidence: Sequence[str]
) -> Iterator[Proposals]:
    """Candidates from edges, one yield per amount rule.

    `edges` has left, right (rows, distinct pairs that are compatible), odds, evidence (index of the sentence) and,
    for the rules `linked` and `withheld`, amount (minor units, signed as the right item, null where unknown). `whole` (optional) says
    whether the identifier was read whole, not a part of it; `typed` (optional) whether people wrote it, who mistype numbers;
    `shared` (optional) that several right items carry it, of which one it does not say; `serial` that it is a serial number alone.
    """
    for rule in rules:
        live = edges = _live(context, edges)  # what is settled by one rule is not opened by the next
        if rule.differs and "shared" in live.columns:
            live = telling_which(context, live, in_part=rule.rule == "partial")
        if edges.is_empty():
            return
        if live.is_empty():
            continue
        if rule.rule not in _ONE_TO_ONE:  # those weigh the few that agree in amount
            live = with_parties(context, live, rule)
        if rule.rule in ("sum", "discount", "itemised"):
            live = of_one_counterparty(context, live)
        yield from _SETTLERS[rule.rule](context, live, rule, evidence)


def _live(context: LegContext, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges whose items are both open, with the open amounts."""
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    mine, other = context.left.open[left], context.right.open[right]
    alive = (mine != 0) & (other != 0)
    if not alive.all():
        edges, mine, other = edges.filter(pl.Series(alive)), mine[alive], other[alive]
    given = (column for column in edges if column.name not in ("mine", "other"))
    return pl.DataFrame([*given, pl.Series("mine", mine), pl.Series("other", other)])


def _equal(context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]) -> Iterator[Proposals]:
    equal = with_parties(context, edges.filter(pl.col("mine") == pl.col("other")), rule)
    if not equal.is_empty():
        if "typed" in equal.columns and equal["typed"].all():
            equal = beside_its_amount(context, less_of_a_price(context, equal))
        yield Proposals(pairs=pairs_frame(equal, "mine", "other", "none", rule.factor), evidence=evidence)


def _not_over_a_rest(context: LegContext, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges without those that pay more than the rest an earlier settlement has left of the right item.

    Such a rest is a discount or a short pay: nobody pays it with a charge on top, or over-pays it.
    """
    rows = edges["right"].to_numpy()
    whole = context.right.open[rows] == context.right.dataset.amount[rows]
    return edges.filter(pl.Series(whole, dtype=pl.Boolean) | (pl.col("mine").abs() <= pl.col("other").abs()))


def _of_pairs(
    keep: Callable[[LegContext, pl.DataFrame, AmountRule], Mask], kind: Callable[[pl.DataFrame], pl.Series] | str
) -> Callable[[LegContext, pl.DataFrame, AmountRule, Sequence[str]], Iterator[Proposals]]:
    """A settler of pairs that are closed on both sides with a typed difference; a charge, a rounding or a short pay may
    also be taken on the sum of several items that one names."""

    def settler(
        context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]
    ) -> Iterator[Proposals]:
        same_sign = edges.filter((pl.col("mine") > 0) == (pl.col("other") > 0), pl.col("mine") != pl.col("other"))
        same_sign = same_sign if same_sign.is_empty() else _not_over_a_rest(context, same_sign)
        kept = same_sign if same_sign.is_empty() else same_sign.filter(pl.Series(keep(context, same_sign, rule)))
        sums = _near_sums(context, edges, rule, keep) if rule.rule in _ON_SUMS else edges.clear()
        if rule.rule == "fee" and not (kept.is_empty() and sums.is_empty()):
            usual = likelier_charges(
                context, pl.concat([kept.select(sums.columns), sums.join(kept, on="left", how="anti")]), rule
            )
            weighed = edges.join(usual, on="left", how="left", maintain_order="left")
            weighed = weighed.filter(~pl.col("alone").fill_null(False)).drop("alone")
            edges = weighed.with_columns(pl.col("odds") * pl.col("likelier").fill_null(1.0)).drop("likelier")
            kept = edges.join(kept.select("left", "right"), on=["left", "right"], how="semi", maintain_order="left")
        if not kept.is_empty():
            kept = in_doubt(context, with_parties(context, kept, rule), edges, rule)
            typed: str | pl.Expr = kind if isinstance(kind, str) else pl.lit(kind(kept))
            yield Proposals(pairs=pairs_frame(kept, "mine", "other", typed, rule.factor), evidence=evidence)
        if rule.rule in _ON_SUMS:
            sums = _near_sums(context, edges, rule, keep)
            if sums.is_empty():
                return
            sums = with_parties(context, sums, rule)
            sums = in_doubt(context, sums, sums.clear(), rule)
            short = pl.col("mine").abs() < pl.col("other").sum().over("left").abs()
            for side, said in ((short, "short_pay"), (~short, "over_pay")):
                named = kind if isinstance(kind, str) else said
                yield from star_groups(sums.filter(side), "left", named, rule.factor, evidence)

    return settler


def _near_sums(
    context: LegContext,
    edges: pl.DataFrame,
    rule: AmountRule,
    keep: Callable[[LegContext, pl.DataFrame, AmountRule], Mask],
) -> pl.DataFrame:
    """The edges of left items that name several whole right items which add up to nearly the amount."""
    live = _live(context, edges)
    if not has_repeats(live["left"].to_numpy()):
        return live.clear()
    rows = live["right"].to_numpy()
    whole = pl.Series(context.right.open[rows] == context.right.dataset.amount[rows], dtype=pl.Boolean)
    named = live.with_columns(whole.alias("whole")).filter(
        pl.len().over("left") >= 2, pl.col("whole").all().over("left")
    )
    totals = named.group_by("left", maintain_order=True).agg(
        pl.col("right").first(), pl.col("mine").first(), pl.col("other").sum()
    )
    totals = totals.filter((pl.col("mine") > 0) == (pl.col("other") > 0), pl.col("mine") != pl.col("other"))
    near = totals if totals.is_empty() else totals.filter(pl.Series(keep(context, totals, rule), dtype=pl.Boolean))
    return named.join(near.select("left"), on="left", how="semi").drop("whole")


def _discount(
    context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]
) -> Iterator[Proposals]:
    taken = discounts(context, edges, rule.days)
    if not taken.any():
        return
    net = pl.col("other") - pl.col("other").sign() * pl.Series(taken)
    edges = edges.with_columns(net.alias("net"))
    alone = edges.filter(pl.col("mine") == pl.col("net"), pl.col("net") != pl.col("other"))
    if not alone.is_empty():
        yield Proposals(pairs=pairs_frame(alone, "mine", "other", "discount", rule.factor), evidence=evidence)
        edges = _live(context, edges)
    stars = edges.with_columns(pl.col("net").sum().over("left").alias("total"), pl.len().over("left").alias("count"))
    met = stars.filter(pl.col("count") >= 2, pl.col("total") == pl.col("mine"))
    met = met.filter((pl.col("net") != pl.col("other")).any().over("left"))
    yield from star_groups(met, "left", "discount", rule.factor, evidence)


def _sum(context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]) -> Iterator[Proposals]:
    """Stars and clusters of equal totals, those of whole identifiers first: a part of one ties strangers together."""
    if "whole" in edges.columns and not edges["whole"].all():
        yield from _sums(context, edges.filter("whole"), rule, evidence)
    yield from _sums(context, edges, rule, evidence)


def _sums(context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]) -> Iterator[Proposals]:
    for center, own, others in (("left", "mine", "other"), ("right", "other", "mine")):
        live = _live(context, edges)
        if not has_repeats(live[center].to_numpy()):
            continue
        # where one has the whole amount, the others only cancel out: which one it is, a sum does not say
        stars = (
            _of_several(live, center)
            .group_by(center)
            .agg(
                pl.col(own).first(),
                pl.col(others).sum().alias("total"),
                pl.len().alias("count"),
                (pl.col(others) == pl.col(own)).any().alias("whole"),
            )
        )
        equal = stars.filter(pl.col("count") >= 2, pl.col("total") == pl.col(own), ~pl.col("whole"))
        met = live.join(equal.select(center), on=center, how="semi", maintain_order="left")
        if center == "right" and not met.is_empty():
            # who names a bill of just his amount pays that one, or has paid it twice
            elsewhere = names_its_amount(context, met["left"].to_numpy(), met["right"].to_numpy())
            gone = met.filter(pl.Series(elsewhere, dtype=pl.Boolean)).select("right")
            met = met.join(gone, on="right", how="anti", maintain_order="left")
        yield from star_groups(met, center, "none", rule.factor, evidence)
    yield from _many_to_many(_live(context, edges), rule.factor, evidence)


def _of_several(edges: pl.DataFrame, center: str) -> pl.DataFrame:
    """Edges of items that have several, and perhaps others."""
    if edges.height < _FEW:
        return edges
    rows = edges[center].to_numpy()
    return edges.filter(pl.Series(np.bincount(rows)[rows] > 1))


def _many_to_many(edges: pl.DataFrame, factor: float, evidence: Sequence[str]) -> Iterator[Proposals]:
    """Connected items whose totals agree although no single star's do: two payments over three invoices."""
    if not all(has_repeats(edges[side].to_numpy()) for side in ("left", "right")):
        return
    label = components(edges["left"].to_numpy().astype(np.int64), edges["right"].to_numpy().astype(np.int64))
    edges = edges.with_columns(pl.Series("label", label))
    sizes = edges.group_by("label").agg(pl.col("left").n_unique().alias("l"), pl.col("right").n_unique().alias("r"))
    wide = sizes.filter(pl.col("l") >= 2, pl.col("r") >= 2, pl.col("l") + pl.col("r") <= MAX_CLUSTER)
    edges = edges.join(wide.select("label"), on="label", how="semi")
    if edges.is_empty():
        return
    lefts = edges.unique(["label", "left"]).select(
        "label", pl.lit(0, pl.UInt8).alias("side"), row="left", applied="mine"
    )
    rights = edges.unique(["label", "right"]).select(
        "label", pl.lit(1, pl.UInt8).alias("side"), row="right", applied="other"
    )
    members = pl.concat([lefts, rights])
    balance = members.group_by("label").agg(
        (pl.col("applied") * pl.when(pl.col("side") == 0).then(1).otherwise(-1)).sum().alias("balance")
    )
    met = balance.filter(pl.col("balance") == 0).select("label")
    if not met.is_empty():
        apart = balances(members.join(met, on="label", how="semi")).filter(falling_apart())
        met = met.join(apart, on="label", how="anti").sort("label").with_row_index("proposal")
    if met.is_empty():
        return
    edges = edges.join(met, on="label")
    yield Proposals(
        groups=summary(edges["proposal"].to_numpy(), edges, "none", factor),
        members=members.join(met, on="label").select(list(MEMBERS)).cast(MEMBERS),  # type: ignore[arg-type]
        evidence=evidence,
    )


def _subset(context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]) -> Iterator[Proposals]:
    from reconciliation.matching.subset_search import unique_subsets

    for center in ("left", "right"):
        live = _live(context, edges)
        # one item alone is an equal amount, which has been judged as such
        yield from unique_subsets(context, live, center, rule.factor, evidence, max_candidates=MAX_SUBSET, least_only=2)


def _linked(context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]) -> Iterator[Proposals]:
    """Groups that apply what the links say: those of a left item add up to it, none asks for more than is open."""
    stated = edges.with_columns(
        (pl.col("amount").is_not_null() & (pl.col("amount") != 0)).all().over("left").alias("stated"),
        pl.col("amount").sum().over("left").alias("total"),
        pl.col("amount").sum().over("right").alias("asked"),
    )
    fits = (
        pl.col("stated")
        & (pl.col("total") == pl.col("mine"))
        & (pl.col("asked").abs() <= pl.col("other").abs())
        & (pl.col("amount").sign() == pl.col("other").sign())
    )
    met = stated.filter(fits.all().over("left")).with_columns(other=pl.col("amount"))
    if met.is_empty():
        return
    number = met.select(pl.col("left").rank("dense").cast(pl.UInt32) - 1).to_series()
    met = met.with_columns(number.alias("proposal"))
    # two left items may share a right one, each with its own part: groups that share no row apply them one at a time
    yield from star_groups(met, "left", "none", rule.factor, evidence)


def _itemised(
    context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]
) -> Iterator[Proposals]:
    met = itemised(context, edges, rule.days)
    less = pl.col("discounted").any().over("left")
    for discounted, kind in ((~less, "none"), (less, "discount")):
        yield from star_groups(met.filter(discounted), "left", kind, rule.factor, evidence)


def _withheld(
    context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]
) -> Iterator[Proposals]:
    # without amounts, what is named is meant whole, of whomever: a factor pays for many
    told = "amount" in edges.columns
    edges = with_parties(context, edges, rule) if told else edges.with_columns(amount="other")
    short, one = withheld(context, edges, rule.share), pl.len().over("left") == 1
    alone = pairs_frame(short.filter(one), "mine", "other", "short_pay", rule.factor)
    yield Proposals(pairs=alone, evidence=evidence)
    yield from star_groups(short.filter(~one), "left", "short_pay", rule.factor, evidence)


def _partial(
    context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]
) -> Iterator[Proposals]:
    """One item settles part of the other; of several instalments, all together as long as they stay within the item."""
    # what agrees to the cent has been judged as such
    same_sign = edges.filter((pl.col("mine") > 0) == (pl.col("other") > 0), pl.col("mine") != pl.col("other"))
    same_sign = _not_over_a_rest(context, same_sign)
    if same_sign.is_empty():
        return
    most = pl.col("odds").clip(upper_bound=SUGGESTED_ODDS / rule.factor)
    if "shared" in same_sign.columns:  # what is left of those that carry the number is likely meant, and no more
        same_sign = same_sign.with_columns(odds=pl.when("shared").then(most).otherwise("odds"))
    single = same_sign.filter(pl.len().over("left") == 1)
    shared = single.filter(pl.len().over("right") > 1).with_columns(pl.col("mine").sum().over("right").alias("total"))
    within = shared.filter(pl.col("total").abs() < pl.col("other").abs())
    if not within.is_empty():
        shares = star_groups(within.with_columns(other=pl.col("total")), "right", "none", rule.factor, evidence)
        yield from (replace(each, part=rule.factor) for each in shares)
    alone = _live(context, same_sign).filter(pl.len().over("left") == 1, pl.len().over("right") == 1)
    if not alone.is_empty():
        applied = pl.min_horizontal(pl.col("mine").abs(), pl.col("other").abs()) * pl.col("mine").sign()
        alone = alone.with_columns(applied.alias("applied"))
        if "typed" in alone.columns:
            left, right = alone["left"].to_numpy(), alone["right"].to_numpy()
            over = pl.Series(names_more(context, left, right)) & (alone["mine"].abs() > alone["other"].abs())
            again = pl.Series(names_settled(context, left, right)) | over
            alone = alone.with_columns(odds=pl.when(again).then(most).otherwise("odds"))
        pairs = pairs_frame(alone, "applied", "applied", "none", rule.factor)
        yield Proposals(pairs=pairs, evidence=evidence, part=rule.factor)


def _netted(context: LegContext, edges: pl.DataFrame, rule: AmountRule, evidence: Sequence[str]) -> Iterator[Proposals]:
    from reconciliation.matching.netting import netted_groups

    deducted = rule.rule == "netted"
    yield from netted_groups(context, edges.with_columns(net="other"), rule.factor, evidence, deducted=deducted)
    if not deducted:
        return
    # a memo is deducted from what a discount has left to pay as well
    live = _live(context, edges)
    taken = discounts(context, live, rule.days)
    net = pl.col("other") - pl.col("other").sign() * pl.Series(taken)
    live = live.with_columns(net.alias("net")).filter((pl.col("net") != pl.col("other")).any().over("left"))
    if not live.is_empty():
        yield from netted_groups(context, live, rule.factor, evidence, deducted=True)


_SETTLERS: dict[str, Callable[[LegContext, pl.DataFrame, AmountRule, Sequence[str]], Iterator[Proposals]]] = {
    "equal": _equal,
    "sum": _sum,
    "subset": _subset,
    "netted": _netted,
    "completed": _netted,
    "itemised": _itemised,
    "linked": _linked,
    "withheld": _withheld,
    "discount": _discount,
    "stated": _of_pairs(stated, short_or_over),
    "rounding": _of_pairs(within, "rounding"),
    "fee": _of_pairs(charged, "fee"),
    "fx": _of_pairs(within, "fx"),
    "typing_error": _of_pairs(mistyped, "typing_error"),
    "partial": _partial,
    "deviation": _of_pairs(within, short_or_over),
}
