"""Bills of the month that the payer names: `Rent February` is February's rent, paid in April too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.billing_periods import bill_periods, payers
from reconciliation.matching.context import LegContext
from reconciliation.matching.contradiction import spoken_against
from reconciliation.matching.first_payers import settle_first
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.party_codes import parties_of
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals


class PeriodNamed(PassConfig):
    """Bills of the left item's counterparty for the months that its text names (`billing_periods`), settled by `amounts`: one of
    them, or all of them together. A month of a counterparty that would make more than `max_pairs` pairs is left to other passes."""

    KIND: ClassVar[str] = "period_named"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["period_named"] = "period_named"
    amounts: AmountRules = (AmountRule(rule="equal"), AmountRule(rule="sum"))
    max_pairs: int = 400
    odds: float = 20_000.0

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of open items of one counterparty and month."""
        lines = payers(context)
        if lines.is_empty():
            return
        bills = parties_of(context.right, context.right.rows())
        bills = bills.join(lines.select("party").unique(), on="party", how="semi")
        bills = bills.join(bill_periods(context, bills["row"].to_numpy()), on="row")
        edges, _ = key_pairs(lines, bills, ["party", "period"], self.max_pairs)
        edges = edges.select("left", "right").unique().sort("left", "right")
        left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
        edges = edges.filter(pl.Series(context.compatible(left, right), dtype=pl.Boolean))
        if edges.is_empty():
            return
        against = spoken_against(context, edges["left"].to_numpy(), edges["right"].to_numpy())
        edges = edges.filter(~pl.Series(against)).with_columns(
            odds=pl.lit(self.odds), evidence=pl.lit(0, pl.UInt16), typed=pl.lit(True)
        )
        yield from settle_first(
            context, edges, self.amounts, ("the text names the month that the counterparty's item is of",)
        )
