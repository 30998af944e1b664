"""Pairs that somebody has stated: a remittance advice, an ERP clearing, a payment run's own list of invoices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.context import LegContext
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.settlement import settle


class KnownLinks(PassConfig):
    """Known links of the leg's two datasets, settled by `amounts`."""

    KIND: ClassVar[str] = "links"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["links"] = "links"
    amounts: AmountRules = (
        AmountRule(rule="equal"),
        AmountRule(rule="sum"),
        AmountRule(rule="linked"),
        AmountRule(rule="discount", days=5),
        AmountRule(rule="rounding"),
        AmountRule(rule="partial", odds=0.1),
    )
    odds: float = 1e7

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Linked pairs among the open items."""
        links = context.links(context.left.dataset.name, context.right.dataset.name)
        if links.is_empty():
            return
        fits = context.compatible(links["left"].to_numpy(), links["right"].to_numpy())
        edges = links.filter(pl.Series(fits)).with_columns(
            pl.lit(self.odds).alias("odds"), pl.lit(0, pl.UInt16).alias("evidence")
        )
        yield from settle(context, edges, self.amounts, ("a known link names both",))
