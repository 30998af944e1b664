"""What else speaks for identifiers that a text shows in part only: the serial number of a bill, without the letters and the year before.

So short a number may be anything, but hardly beside the very amount of the item that ends in it, or with the ends of other
items of the same counterparty that all add up to the amount.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.mistaken_numbers import price_shares
from reconciliation.matching.party_codes import party_codes

_LIKELIER = 30.0


def beside_its_amount(context: LegContext, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges of equal amount, those of serial numbers more believed at an amount that is no price of many items."""
    if "serial" not in edges.columns or not edges["serial"].any():
        return edges
    right = edges["right"].to_numpy()
    rare = pl.Series(price_shares(context, context.right.open[right], right) == 0)
    return edges.with_columns(odds=pl.when(pl.col("serial") & rare).then(pl.col("odds") * _LIKELIER).otherwise("odds"))


def of_one_counterparty(context: LegContext, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges of which those of serial numbers are more believed where a left item names several right items, all of one counterparty."""
    if "serial" not in edges.columns or not edges["serial"].any():
        return edges
    party = party_codes(context.right.dataset).gather(edges["right"])
    together = (pl.len() > 1) & (pl.col("party").n_unique() == 1) & pl.col("party").is_not_null().all()
    likelier = pl.col("serial") & together.over("left")
    odds = pl.when(likelier).then(pl.col("odds") * _LIKELIER).otherwise("odds")
    return edges.with_columns(party=party).with_columns(odds=odds).drop("party")
