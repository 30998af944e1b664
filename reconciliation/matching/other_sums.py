"""Other ways to make up an amount: two items of the same counterparty that add up to it, or several of one price.

An amount that fits one item, or one set of items, proves little where others of the counterparty fit as well: at a few
prices, 119 and 119 are 238, and so is 238.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Mask
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.marginals import Floats
from reconciliation.matching.party_codes import parties_of
from reconciliation.matching.proposals import SUGGESTED_ODDS

_BEFORE_DAYS, _AFTER_DAYS = 10, 120  # days an item may be paid before its date, and after it
_MOST_PAIRS = 40_000  # pairs of sums and items of one counterparty beyond which none is looked for
_AT_ONE_PRICE = range(3, 13)  # items of one price that are paid together


def less_of_sums(context: LegContext, left: Rows, right: Rows, odds: Floats) -> Floats:
    """By pair of rows of equal amount: its odds, at most those of a suggestion where other items of the counterparty fit too."""
    sure = np.flatnonzero(odds >= context.leg.sure_odds)
    if not len(sure):
        return odds
    less = odds.copy()
    found = sure[_fits_others(context, left[sure], right[sure])]
    less[found] = np.minimum(less[found], SUGGESTED_ODDS)
    return less


def _fits_others(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether other items of the right one's counterparty, open or only suggested for others, add up to the left
    amount too."""
    party = parties_of(context.right, np.unique(right))
    asked = pl.DataFrame({"left": left, "row": right}).with_row_index("case").join(party, on="row")
    ways = _ways(context, asked)
    found = np.zeros(len(left), dtype=np.bool_)
    found[ways["case"].to_numpy()] = True
    return found


def of_several_parties(context: LegContext, members: pl.DataFrame) -> pl.DataFrame:
    """The `left`, `right` rows of those members of sums (one left item, several right ones) that are of more than one counterparty."""
    party = parties_of(context.right, members["right"].unique().sort().to_numpy())
    known = members.select("left", "right").join(party.rename({"row": "right"}), on="right")
    several = known.filter(pl.col("party").n_unique().over("left") > 1).select("left").unique()
    return members.select("left", "right").join(several, on="left", how="semi")


def rest_is_another(context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
    """The `left`, `right` rows of those pairs (with `rest`, minor units) whose rest is what another item of the right one's
    counterparty comes to, or two, open or only suggested for others: a bill that is paid as well, a credit memo deducted."""
    none = pairs.select("left", "right").clear()
    if pairs.is_empty():
        return none
    party = parties_of(context.right, pairs["right"].unique().sort().to_numpy())
    asked = pairs.join(party.rename({"row": "right"}), on="right").with_row_index("case")
    left = asked["left"].to_numpy()
    data = context.left.dataset
    asked = asked.with_columns(currency=pl.Series(data.currency[left]), day=pl.Series(data.date[left]))
    there = _items(context, asked.select("party").unique())
    met, _ = key_pairs(asked.drop("left", "right").with_columns(row="case"), there, ["party", "currency"], _MOST_PAIRS)
    apart = pl.col("day").cast(pl.Int64) - pl.col("day_right").cast(pl.Int64)
    named = asked.select("case", "left").join(pairs.select("left", named="right"), on="left")
    near = (
        met.rename({"right": "there"})
        .filter(apart.is_between(-_BEFORE_DAYS, _AFTER_DAYS))
        .join(named, left_on=["case", "there"], right_on=["case", "named"], how="anti")
    )
    one = near.select("case", "there", "part", lacking=pl.col("rest") - pl.col("part"))
    two = one.join(one, left_on=["case", "lacking"], right_on=["case", "part"], suffix="_two")
    two = two.filter(pl.col("there") != pl.col("there_two"))
    found = pl.concat([each.select("case") for each in (one.filter(pl.col("lacking") == 0), two)])
    return asked.join(found.unique(), on="case", how="semi").select("left", "right")


def fit_otherwise(context: LegContext, members: pl.DataFrame) -> pl.DataFrame:
    """The `proposal` of those groups of one left item and several right ones (`proposal`, `left`, `right`) beside which other
    items of their counterparty, or some of them with others, add up to the left amount too."""
    party = parties_of(context.right, members["right"].unique().sort().to_numpy())
    asked = members.group_by("proposal", maintain_order=True).agg(pl.col("left", "right").first())
    asked = asked.rename({"right": "row"}).with_row_index("case").join(party, on="row")
    ways = _ways(context, asked)
    if ways.is_empty():
        return asked.select("proposal").clear()
    amounts = members.with_columns(part=pl.Series(context.right.dataset.amount[members["right"].to_numpy()]))
    own = asked.select("proposal", "case").join(amounts, on="proposal").select("case", "right", "part")
    size = own.group_by("case").agg(
        pl.len().alias("size"), pl.col("part").n_unique().alias("prices"), pl.col("part").first()
    )
    told = ways.join(size, on="case")
    inside = told.select("one", "two", "case").with_row_index("way")
    for side in ("one", "two"):
        inside = inside.join(
            own.select("case", right_own="right"), left_on=["case", side], right_on=["case", "right_own"], how="semi"
        )
    told = told.with_row_index("way").join(inside.select("way"), on="way", how="anti")
    same_price = (pl.col("count") == pl.col("size")) & (pl.col("prices") == 1) & (pl.col("price") == pl.col("part"))
    other = told.filter(~same_price.fill_null(False) | (pl.col("there") > pl.col("count")))
    return asked.join(other.select("case").unique(), on="case", how="semi").select("proposal")


def _ways(context: LegContext, asked: pl.DataFrame) -> pl.DataFrame:
    """By `case` of those asked (`case`, `left`, `row` not to be used, `party`): `one`, `two`, rows of two items that add up to the
    left amount; or `price`, `count` items of which do, and how many are `there`."""
    left = asked["left"].to_numpy()
    wanted = asked.with_columns(
        whole=pl.Series(context.left.open[left]),
        currency=pl.Series(context.left.dataset.currency[left]),
        day=pl.Series(context.left.dataset.date[left]),
    ).drop("left")
    there = _items(context, wanted.select("party").unique())
    met, _ = key_pairs(
        wanted.rename({"row": "own"}).with_columns(row="case"), there, ["party", "currency"], _MOST_PAIRS
    )
    met = met.select(
        "case", "whole", row="right", part="part", day_apart=pl.col("day") - pl.col("day_right"), own="own"
    )
    met = met.filter(
        pl.col("day_apart").is_between(-_BEFORE_DAYS, _AFTER_DAYS),
        pl.col("part").sign() == pl.col("whole").sign(),
        pl.col("part").abs() < pl.col("whole").abs(),
    ).unique(["case", "row"])
    pairs = met.with_columns(rest=pl.col("whole") - pl.col("part")).join(
        met.select("case", "row", "part"), left_on=["case", "rest"], right_on=["case", "part"], suffix="_two"
    )
    pairs = pairs.filter(pl.col("row") < pl.col("row_two")).select("case", one="row", two="row_two")
    prices = met.group_by("case", "whole", price="part").len("there")
    count = pl.col("whole") // pl.col("price")
    prices = prices.filter(
        pl.col("whole") % pl.col("price") == 0, count.is_in(list(_AT_ONE_PRICE)), pl.col("there") >= count
    )
    prices = prices.select("case", "price", "there", count=count)
    return pl.concat([pairs, prices], how="diagonal")


def _items(context: LegContext, parties: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party`, `part` (amount), `currency`, `day` of the right items of some parties (`party`) that are open, or taken by a
    suggestion only."""
    there = context.right.is_open
    there[context.suggested] = True
    known = parties_of(context.right, np.flatnonzero(there).astype(np.uint32)).join(parties, on="party", how="semi")
    rows = known["row"].to_numpy()
    data = context.right.dataset
    part = np.where(context.right.open[rows] != 0, context.right.open[rows], data.amount[rows])
    return known.with_columns(
        part=pl.Series(part), currency=pl.Series(data.currency[rows]), day=pl.Series(data.date[rows])
    )
