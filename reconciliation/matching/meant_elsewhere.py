"""Left items that name a document which no part of the right item pays: a bank line that names a bill by its number, to the cent of
its amount, beside a payment of that amount that was made for another bill, or to somebody else.

Number and amount together are no slip. Such a line is left for the leg in which it meets the document itself.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.counterparty_keys import same_parties
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.named_items import named_by


def meant_elsewhere(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left item names an item of its own amount in a dataset that the leg's passes read through, and
    the right one is linked to others there, names others, or is of another counterparty."""
    elsewhere = np.zeros(len(left), dtype=np.bool_)
    beside = dict.fromkeys(name for each in context.leg.passes for name in each.beside)
    for other in (context.datasets[name] for name in beside if name in context.datasets):
        elsewhere |= _named_in(context, other, left, right)
    return elsewhere


def _named_in(context: LegContext, other: Dataset, left: Rows, right: Rows) -> Mask:
    elsewhere = np.zeros(len(left), dtype=np.bool_)
    named = named_by(context.left.dataset, left, other)
    if named.is_empty():
        return elsewhere
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair")
    named = named.filter("telling").select("left", "named").unique()
    line, bill = named["left"].to_numpy(), named["named"].to_numpy()
    equal = context.left.open[line] == other.amount[bill]
    equal &= context.left.dataset.currency[line] == other.currency[bill]
    met = pairs.join(named.filter(pl.Series(equal, dtype=pl.Boolean)), on="left")
    if met.is_empty():
        return elsewhere
    paid = _paid(context, other, met["right"].unique().to_numpy())
    met = met.join(
        paid.select("right").unique().with_columns(known=pl.lit(True)), on="right", how="left", maintain_order="left"
    )
    met = met.join(paid.with_columns(own=pl.lit(True)), on=["right", "named"], how="left", maintain_order="left")
    rows = met["right"].to_numpy(), met["named"].to_numpy()
    shown, same = same_parties((context.right.dataset, rows[0]), (other, rows[1]))
    strange = pl.col("known").fill_null(False) | pl.Series(shown & ~same)
    # beside a pair's other rows, not within it: the column is of all of them
    told = met.with_columns(its=pl.col("own").fill_null(False) | ~strange).group_by("pair").agg(pl.col("its").any())
    elsewhere[told.filter(~pl.col("its"))["pair"].to_numpy()] = True
    return elsewhere


def _paid(context: LegContext, other: Dataset, right: Rows) -> pl.DataFrame:
    """`right`, `named`: the rows of another dataset that these right rows are linked to, or name."""
    named = named_by(context.right.dataset, right, other).select(right="left", named="named")
    return pl.concat([context.linked(other, right), named]).unique()
