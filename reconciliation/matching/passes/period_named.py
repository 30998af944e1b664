"""Bills of the month or the date that the payer names: `Rent February` is February's rent, paid in April too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.billing_periods import bill_periods, dates_named, payers
from reconciliation.matching.context import LegContext
from reconciliation.matching.contradiction import spoken_against
from reconciliation.matching.first_payers import settle_first
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.party_codes import parties_of
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals

_SENTENCES = (
    "the text names the month that the counterparty's item is of",
    "the text names the date of the counterparty's item",
)


class PeriodNamed(PassConfig):
    """Bills of the left item's counterparty for the months that its text names (`billing_periods`), or of the dates, settled by
    `amounts`: one of them, or all of them together. A month or day of a counterparty that would make more than `max_pairs`
    pairs is left to other passes."""

    KIND: ClassVar[str] = "period_named"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["period_named"] = "period_named"
    amounts: AmountRules = (AmountRule(rule="equal"), AmountRule(rule="sum"))
    max_pairs: int = 400
    odds: float = 20_000.0

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of open items of one counterparty and month, or date."""
        lines = payers(context)
        if not lines.is_empty():
            bills = _bills(context, lines)
            bills = bills.join(bill_periods(context, bills["row"].to_numpy()), on="row")
            yield from self._settled(context, lines, bills, "period", 0)
        lines = dates_named(context)
        if not lines.is_empty():
            bills = _bills(context, lines)
            days = pl.Series("day", context.right.dataset.date[bills["row"].to_numpy()].astype(np.int32))
            yield from self._settled(context, lines, bills.with_columns(days), "day", 1)

    def _settled(
        self, context: LegContext, lines: pl.DataFrame, bills: pl.DataFrame, when: str, evidence: int
    ) -> Iterator[Proposals]:
        pairs, _ = key_pairs(lines, bills, ["party", when], self.max_pairs)
        edges = pairs.select("left", "right", alike=pl.col("party").n_unique().over("left") > 1)
        edges = edges.unique(["left", "right"]).sort("left", "right")
        left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
        edges = edges.filter(pl.Series(context.compatible(left, right), dtype=pl.Boolean))
        if edges.is_empty():
            return
        against = spoken_against(context, edges["left"].to_numpy(), edges["right"].to_numpy())
        edges = edges.filter(~pl.Series(against)).with_columns(
            odds=pl.lit(self.odds), evidence=pl.lit(evidence, pl.UInt16), typed=pl.lit(True)
        )
        # who may be one of several has paid a bill of one of them, and no sum
        single = tuple(rule for rule in self.amounts if rule.rule == "equal")
        yield from settle_first(context, edges.filter("alike").drop("alike"), single, _SENTENCES)
        yield from settle_first(context, edges.filter(~pl.col("alike")).drop("alike"), self.amounts, _SENTENCES)


def _bills(context: LegContext, lines: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of the open right items of the lines' counterparties."""
    bills = parties_of(context.right, context.right.rows())
    return bills.join(lines.select("party").unique(), on="party", how="semi")
