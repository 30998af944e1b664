"""Batches booked without the members that were rejected: what the entry lacks of the batch's total is a few of its
members.

The few that are missing are searched, not the many that are there: banks reject payments one by one, so that of a
hundred members one or two are missing, and there are few ways in which one or two can make up a rest.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.few_of_many import chance_of_few, grids
from reconciliation.matching.marginals import Floats
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals
from reconciliation.matching.reference_index import repeated_references
from reconciliation.matching.subset_sum import MAX_AMOUNT, subset_sums

#: How often one, two, three members of a batch are rejected, of batches that lose any.
SHARES = (0.85, 0.12, 0.03)
_UNPROVEN = (
    10.0  # the most that members count where two or three were not searched, or others fit as well: a suggestion
)
_MOST_SEARCHED = 300  # members among which up to three are searched


def less_rejected(
    context: LegContext, batches: str, found: pl.DataFrame, batched: pl.DataFrame, least_booked: int, through: str = ""
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Groups of an entry and a batch without the only one to three of its members that make up what the entry lacks.

    `batches` is the side ("left", "right") of the members. `found` has `entry` (row) and `batch_id`; `batched` the open
    members (`row`, `open`, `batch_id`).
    Gives GROUPS, whose `odds` are likelihood ratios (a rest found, over rests found by chance) and whose `evidence`
    is 0, with MEMBERS. At least `least_booked` members have to be left. Of several that may be missing those are that were replaced
    (`replaced_rows`, with the documents in `through`).
    """
    entries, members = (context.left, context.right) if batches == "right" else (context.right, context.left)
    heads = _compatible(
        context, batches, _rests(entries, found.select("entry", "batch_id").unique(), batched, least_booked), batched
    )
    if heads.is_empty():
        return Proposals().groups, Proposals().members
    every = heads.select("case", "batch_id", "rest").join(batched.select("batch_id", "row", "open"), on="batch_id")
    # no member larger than the rest is missing; of too many smaller ones, only one that is all of it
    size, rest = pl.col("open").abs(), pl.col("rest").abs()
    crowded = (size <= rest).sum().over("case") > _MOST_SEARCHED
    ordered = every.with_columns(pl.Series("order", members.order(every["row"].to_numpy()))).sort("case", "order")
    alone = _only_few(heads, ordered.filter((size <= rest) & (~crowded | (size == rest))))
    others = heads.join(alone, on="case", how="anti", maintain_order="left")
    again = pl.Series(replaced_rows(context, members, batched, through)).implode()
    replaced = _only_few(others, ordered.filter(size <= rest, pl.col("row").is_in(again)))
    few = [alone, replaced]
    kept = pl.concat(few).sort("case")
    kept = kept.filter(pl.col("count") - pl.col("size") >= least_booked)
    if kept.is_empty():
        return Proposals().groups, Proposals().members
    kept = kept.with_columns(proposal=pl.int_range(pl.len(), dtype=pl.UInt32))
    out = kept.select("case", row="missing").explode("row", empty_as_null=False)
    booked = every.join(kept.select("case", "proposal"), on="case").join(out, on=["case", "row"], how="anti")
    whole = kept.select("proposal", pl.lit(entries.index, pl.UInt8).alias("side"), row="entry", applied="booked")
    parts = booked.select("proposal", pl.lit(members.index, pl.UInt8).alias("side"), row="row", applied="open")
    unproven = every.filter(crowded).select("case").unique()
    odds = pl.Series("odds", _ratios(kept))
    proven = ~kept["case"].is_in(unproven["case"].implode()) & ~kept["case"].is_in(replaced["case"].implode())
    odds = odds.zip_with(proven, odds.clip(upper_bound=_UNPROVEN))
    groups = kept.with_columns(odds).select(
        "proposal", pl.lit(KIND["none"]).alias("difference_kind"), "odds", pl.lit(0).alias("evidence")
    )
    shaped = pl.concat([whole.cast(MEMBERS), parts.cast(MEMBERS)])  # type: ignore[arg-type]
    return groups.cast(GROUPS), shaped  # type: ignore[arg-type]


def _only_few(heads: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """The `heads` of whose `cases` only one to three make up the rest, in one way: with `missing` (rows) and their number `size`;
    `among` is how many they are."""
    counts = heads.select("case").join(cases.group_by("case").len(), on="case", how="left", maintain_order="left")
    among = counts["len"].fill_null(0).cast(pl.Int64)
    own = cases.join(heads.select("case"), on="case", how="semi", maintain_order="left")
    bounds = np.concatenate([[0], np.cumsum(among.to_numpy())]).astype(np.int64)
    answer = subset_sums(heads["rest"].to_numpy(), bounds, own["open"].to_numpy(), max_size=len(SHARES), alternatives=2)
    only = np.flatnonzero((answer.count == 1) & ~answer.exhausted)
    rows = own["row"]
    missing = [rows.gather(answer.solution(int(case), 0)) for case in only]
    return heads[only].with_columns(
        among.gather(only).alias("among"),
        pl.Series("missing", missing, dtype=pl.List(pl.UInt32)),
        pl.Series("size", [len(each) for each in missing], dtype=pl.Int64),
    )


def replaced_rows(context: LegContext, members: SideView, batched: pl.DataFrame, through: str) -> Rows:
    """The members (`batched`) that another payment of later or equal date, outside their batch, is linked to the same document as, or
    carries an identifier of."""
    data = members.dataset
    shared = [repeated_references(data).select("row", "key")]
    if through in context.datasets:
        links = context.links(data.name, through)
        several = np.bincount(links["right"].to_numpy()) > 1
        links = links.filter(pl.Series(several[links["right"].to_numpy()], dtype=pl.Boolean))
        shared.append(links.select(row="left", key=pl.col("right").cast(pl.UInt64)))
    told = pl.concat(shared)
    rows = told["row"].to_numpy()
    told = told.with_columns(pl.Series("day", data.date[rows]), data.take(["batch_id"], rows)["batch_id"])
    own = told.join(batched.select("row"), on="row", how="semi")
    # of the batches that share an identifier, however many payments do, the two with the latest: one is not the member's own
    latest = told.group_by("key", "batch_id").agg(pl.col("day").max()).sort("day", descending=True)
    two = latest.group_by("key", maintain_order=True).head(2)
    met = own.join(two, on="key", suffix="_other").filter(
        pl.col("day_other") >= pl.col("day"), pl.col("batch_id").ne_missing(pl.col("batch_id_other"))
    )
    found: Rows = met["row"].unique().sort().to_numpy()
    return found


def _compatible(context: LegContext, batches: str, heads: pl.DataFrame, batched: pl.DataFrame) -> pl.DataFrame:
    """`heads` without those whose entry may not pay every member: another currency, account or entity."""
    met = heads.select("case", "entry", "batch_id").join(batched.select("batch_id", member="row"), on="batch_id")
    left, right = (
        met[each].to_numpy() for each in (("entry", "member") if batches == "right" else ("member", "entry"))
    )
    barred = met.filter(pl.Series(~context.compatible(left, right), dtype=pl.Boolean)).select("case").unique()
    return heads.join(barred, on="case", how="anti", maintain_order="left")


def _rests(entries: SideView, found: pl.DataFrame, batched: pl.DataFrame, least_booked: int) -> pl.DataFrame:
    """Entries that lack no more of a batch than its largest members: `case`, `entry`, `batch_id`, `booked`, `rest`,
    `count`, `grid` (the step all the batch's amounts lie on)."""
    size = pl.col("open").abs()
    totals = (
        batched.join(found, on="batch_id", how="semi")
        .group_by("batch_id")
        .agg(
            pl.col("open").sum().alias("total"),
            pl.len().alias("count"),
            size.top_k(len(SHARES)).sum().alias("largest"),
            (pl.col("open") > 0).n_unique().alias("signs"),
            pl.col("open").alias("amounts"),
        )
    )
    totals = totals.with_columns(pl.Series("grid", grids(totals["amounts"]))).drop("amounts")
    totals = totals.filter(pl.col("count") > least_booked, pl.col("signs") == 1, pl.col("total").abs() <= MAX_AMOUNT)
    met = found.join(totals, on="batch_id")
    met = met.with_columns(pl.Series("booked", entries.open[met["entry"].to_numpy()]))
    met = met.with_columns((pl.col("total") - pl.col("booked")).alias("rest")).filter(
        (pl.col("booked") > 0) == (pl.col("total") > 0),
        pl.col("booked") != 0,
        (pl.col("rest") > 0) == (pl.col("total") > 0),
        pl.col("rest") != 0,
        pl.col("rest").abs() <= pl.col("largest"),
    )
    return met.drop("signs", "largest").sort("entry", "batch_id").with_row_index("case")


def _ratios(kept: pl.DataFrame) -> Floats:
    """By group: how often so many members are rejected, over how often so few make up any given rest by chance."""
    count, size, total, grid = (kept[name].to_numpy().astype(np.int64) for name in ("among", "size", "total", "grid"))
    ratio: Floats = np.asarray(SHARES)[size - 1] / chance_of_few(count, size, total, grid)
    return ratio
