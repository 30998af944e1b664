"""Sets of a counterparty's open items that customers pay by statement: all up to a day, all that is due by then, all of a month.

There are few such sets, however many items are open, so that one which comes to an amount to the cent is hardly chance, where
any other set of so many would be.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.few_of_many import grids

_ORDERS = ("day", "due")
SETS = {"set": pl.UInt32(), "left": pl.UInt32(), "right": pl.UInt32(), "part": pl.Int64(), "chance": pl.Float64()}


def statement_sets(pairs: pl.DataFrame) -> pl.DataFrame:
    """The sets that come to the left item's amount, of those left items that only one set does (SETS).

    `pairs` has `left`, `right`, `whole` (the left amount), `part` (the right one), `day`, `due` (days since 1970-01-01) and `month`
    of all open items of the counterparty. `chance` is how many sets would come to it by chance.
    """
    kinds = []
    for memos in (True, False):
        given = pairs if memos else pairs.filter(pl.col("part").sign() == pl.col("whole").sign())
        kinds += [_up_to(given, order).with_columns(kind=pl.lit(f"{order} {memos}")) for order in _ORDERS]
        kinds.append(_of_months(given).with_columns(kind=pl.lit(f"month {memos}")))
    tried = pl.concat(kinds)
    # a month is as likely as all days together
    of_months = pl.col("kind").str.starts_with("month")
    count = tried.group_by("left").agg(months=of_months.sum(), days=(~of_months).sum())
    met = tried.filter(pl.col("total") == pl.col("whole"), pl.col("items") >= 2)
    members = pl.concat(
        [_members(pairs, met, kind) for kind in met["kind"].unique().sort().to_list()] or [_none(pairs)]
    )
    named = members.group_by("left", "kind", "until").agg(pl.col("right").sort(), pl.col("part").sort_by("right"))
    named = named.group_by("left", "right").agg(pl.col("part").first(), monthly=of_months.any())
    sets = named.filter(pl.len().over("left") == 1).sort("left").join(count, on="left")
    if sets.is_empty():
        return pl.DataFrame(schema=SETS)
    places = sets["part"].list.eval(pl.element().abs()).list.sum() / pl.Series(grids(sets["part"]))
    tries = 2.0 * pl.when("monthly").then("months").otherwise("days")
    sets = sets.with_row_index("set").with_columns(chance=tries / places.clip(lower_bound=1.0))
    return sets.select("set", "left", "right", "part", "chance").explode("right", "part").select(list(SETS))


def _up_to(pairs: pl.DataFrame, order: str) -> pl.DataFrame:
    """`left`, `whole`, `until`, `total`, `items` of the sets of all items up to each day that has one."""
    days = pairs.group_by("left", "whole", until=pl.col(order).cast(pl.Int64)).agg(pl.col("part").sum(), pl.len())
    days = days.sort("left", "until")
    return days.select(
        "left",
        "whole",
        "until",
        total=pl.col("part").cum_sum().over("left"),
        items=pl.col("len").cum_sum().over("left").cast(pl.Int64),
    )


def _of_months(pairs: pl.DataFrame) -> pl.DataFrame:
    """The same of the sets of all items of each month."""
    months = pairs.group_by("left", "whole", until=pl.col("month").cast(pl.Int64))
    return months.agg(total=pl.col("part").sum(), items=pl.len().cast(pl.Int64))


def _members(pairs: pl.DataFrame, met: pl.DataFrame, kind: str) -> pl.DataFrame:
    """`left`, `kind`, `until`, `right`, `part` of the sets of a kind that were met."""
    order, memos = kind.split(" ")
    given = pairs if memos == "True" else pairs.filter(pl.col("part").sign() == pl.col("whole").sign())
    sets = given.join(met.filter(pl.col("kind") == kind).select("left", "kind", "until"), on="left")
    inside = pl.col(order) == pl.col("until") if order == "month" else pl.col(order) <= pl.col("until")
    return sets.filter(inside).select("left", "kind", "until", "right", "part")


def _none(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.clear().select("left", pl.lit("").alias("kind"), pl.lit(0, pl.Int64).alias("until"), "right", "part")
