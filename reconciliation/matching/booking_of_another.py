"""Returns that name a payment, and lines of its amount that name other payments, or documents that it does not pay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.named_items import named_by


def of_another_payment(
    context: LegContext, payments: Dataset, documents: Sequence[Dataset], pairs: pl.DataFrame
) -> Mask:
    """By pair (`left`, `right`, rows of one dataset) of opposite amounts: whether the left item names a payment of the right one's
    amount, and the right one others, or documents, and neither one that the left one names nor what that pays."""
    data = context.left.dataset
    another = np.zeros(pairs.height, dtype=np.bool_)
    told = named_by(data, pairs["left"].unique().sort().to_numpy(), payments).filter("telling")
    opposite = payments.amount[told["named"].to_numpy()] == -data.amount[told["left"].to_numpy()]
    meant = told.filter(pl.Series(opposite, dtype=pl.Boolean)).select("left", payment="named").unique()
    asked = pairs.select("left", "right").with_row_index("pair").join(meant, on="left")
    if asked.is_empty():
        return another
    rows, paid = (asked[name].unique().sort().to_numpy() for name in ("right", "payment"))
    itself = meant.select("payment", named="payment").unique()
    found = [_met(asked, named_by(data, rows, payments), itself)]
    for other in documents:
        stated = named_by(payments, paid, other).select(payment="left", named="named")
        linked = context.links(payments.name, other.name).select(payment="left", named="right")
        linked = linked.join(itself.select("payment"), on="payment", how="semi")
        found.append(_met(asked, named_by(data, rows, other), pl.concat([stated, linked]).unique()))
    verdicts = pl.concat(found).group_by("pair").agg(pl.col("own").any())
    another[verdicts.filter(~pl.col("own"))["pair"].to_numpy()] = True
    return another


def _met(asked: pl.DataFrame, named: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """`pair`, `own`: what the right items of `asked` (`pair`, `right`, `payment`) name, and whether it is the payment's `own`."""
    told = named.filter("telling").select(right="left", named="named").unique()
    met = asked.join(told, on="right").join(own.with_columns(own=pl.lit(True)), on=["payment", "named"], how="left")
    return met.select("pair", pl.col("own").fill_null(False))
