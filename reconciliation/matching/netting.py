"""What a payment settles beside the items it names: credit memos deducted, items whose number cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.few_of_many import chance_of_few, grids
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.marginals import Floats
from reconciliation.matching.party_codes import right_parties
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals
from reconciliation.matching.subset_sum import MAX_AMOUNT, subset_sums
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.purposes import by_credit_memo

_MAX_MEMOS = 3  # deducted at once
_MAX_CANDIDATES = 30
# Odds that a payment short of what it names deducts a memo that is open, that one does whose text says so, and that one of
# more pays items whose numbers cannot be read: the same in a run over few items and over all.
_DEDUCTED, _SAID, _UNREAD = 30.0, 3000.0, 1.0
_DAYS = 120  # a memo is at most that much older than the payment, and not younger


def netted_groups(
    context: LegContext, edges: pl.DataFrame, factor: float, evidence: Sequence[str], deducted: bool
) -> Iterator[Proposals]:
    """Groups of a left item, all right items it names, and the only set of unnamed items that makes up the rest: those
    `deducted`, or else others of its own sign.

    `edges` as in `settlement`, with `net`, what is paid of the right item. The unnamed items are of the same counterparty as the
    named ones.
    """
    stars = edges.group_by("left").agg(
        pl.col("mine").first(),
        pl.col("net").sum().alias("named"),
        (pl.col("net") != pl.col("other")).any().alias("discounted"),
        pl.col("odds").min(),
        pl.col("evidence").max(),
    )
    stars = stars.with_columns((pl.col("mine") - pl.col("named")).alias("rest")).filter(
        (pl.col("mine") > 0) == (pl.col("named") > 0),
        ((pl.col("rest") > 0) != (pl.col("mine") > 0)) == pl.lit(deducted),
        pl.col("rest") != 0,
        pl.col("mine").abs() <= MAX_AMOUNT,
    )
    if stars.is_empty():
        return
    parties = right_parties(context)
    of_star = (
        edges.join(stars.select("left"), on="left", how="semi")
        .join(parties, left_on="right", right_on="row")
        .select("left", "party")
        .unique()
    )
    of_star = of_star.filter(pl.len().over("left") == 1)  # items of several counterparties are no one's netting
    memos = parties.join(of_star.select("party").unique(), on="party", how="semi")
    memos = context.right.selected(memos["row"].to_numpy()).select("row", "open", "date", memos["party"])
    asked = of_star.join(stars, on="left").rename({"left": "row"})
    pairs, _ = key_pairs(asked, memos, ["party"], 100_000)
    days = pl.Series(context.left.dataset.date[pairs["left"].to_numpy()].astype(np.int64)) - pairs["date"].cast(
        pl.Int64
    )
    fits = context.compatible(pairs["left"].to_numpy().astype(np.uint32), pairs["right"].to_numpy().astype(np.uint32))
    pairs = (
        pairs.filter(days.is_between(0, _DAYS) & pl.Series(fits))
        .filter((pl.col("open") > 0) == (pl.col("rest") > 0), pl.col("open").abs() <= pl.col("rest").abs())
        .join(edges.select("left", "right"), on=["left", "right"], how="anti")
    )
    pairs = pairs.filter(pl.len().over("left") <= _MAX_CANDIDATES)
    if pairs.is_empty():
        return
    order = context.right.order(pairs["right"].to_numpy().astype(np.uint32))
    pairs = pairs.with_columns(pl.Series("order", order)).sort("left", "order")
    cases = pairs.group_by("left", maintain_order=True).agg(
        pl.len(),
        pl.col("rest").first(),
        pl.col("named").first(),
        pl.col("open").abs().sum().alias("candidates"),
        pl.col("open").alias("amounts"),
    )
    offsets = np.concatenate([[0], np.cumsum(cases["len"].to_numpy())]).astype(np.int64)
    found = subset_sums(cases["rest"].to_numpy(), offsets, pairs["open"].to_numpy(), max_size=_MAX_MEMOS)
    only = np.flatnonzero((found.count == 1) & ~found.exhausted)
    if not len(only):
        return
    chosen = [found.solution(int(case), 0) for case in only]
    lengths = np.asarray([len(each) for each in chosen])
    numbers = np.arange(len(only), dtype=np.uint32)
    centers = cases[only].select("left").with_columns(pl.Series("proposal", numbers)).join(stars, on="left")
    memo = pairs[np.concatenate(chosen)].select(row="right", applied="open")
    memo = memo.with_columns(pl.Series("proposal", np.repeat(numbers, lengths)))
    named = edges.join(centers.select("left", "proposal"), on="left").select("proposal", row="right", applied="other")
    members = pl.concat(
        [
            centers.select("proposal", pl.lit(0, pl.UInt8).alias("side"), row="left", applied="mine"),
            pl.concat([named, memo.select("proposal", "row", "applied")]).select(
                "proposal", pl.lit(1, pl.UInt8).alias("side"), "row", "applied"
            ),
        ]
    ).cast(MEMBERS)  # type: ignore[arg-type]
    of_case = cases[only]
    # what is short without a reason may be short by anything up to what is named
    reach = np.maximum(of_case["candidates"].to_numpy(), np.abs(of_case["named"].to_numpy()) if deducted else 0)
    chance = chance_of_few(of_case["len"].to_numpy().astype(np.int64), lengths, reach, grids(of_case["amounts"]))
    unlikely = pl.Series(_prior(context, of_case["left"].to_numpy(), deducted) / chance)
    groups = (
        centers.sort("proposal")
        .select(
            "proposal",
            pl.when("discounted").then(KIND["discount"]).otherwise(KIND["none"]).alias("difference_kind"),
            pl.min_horizontal(pl.col("odds") * factor, unlikely).alias("odds"),
            "evidence",
        )
        .cast(GROUPS)  # type: ignore[arg-type]
    )
    also = "credit memos deducted" if deducted else "and others of the same counterparty make up the rest"
    yield Proposals(groups=groups, members=members, evidence=[f"{each}, {also}" for each in evidence])


def _prior(context: LegContext, left: Rows, deducted: bool) -> Floats:
    """By left item: the odds that items it does not name make up the rest, before their amounts are looked at."""
    if not deducted:
        return np.full(len(left), _UNREAD)
    said = pl.DataFrame({"said": ascii_upper_series(context.left.dataset.take(["text"], left)["text"])})
    return np.where(said.select(by_credit_memo(pl.col("said"))).to_series().to_numpy(), _SAID, _DEDUCTED)
