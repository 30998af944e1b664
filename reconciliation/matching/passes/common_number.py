"""Open items of one counterparty whose text or references show a number that the left item shows too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.billing_periods import another_period
from reconciliation.matching.common_numbers import numbers_met
from reconciliation.matching.context import LegContext
from reconciliation.matching.first_payers import settle_first
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals

_SERIAL, _OF_SERIAL = 5, 20.0  # digits of a bill's own number within its series, from which it is surer by so much
_SURE_SIZE = 4  # digits; a shorter number is less sure, by a power of ten for each


class CommonNumber(PassConfig):
    """Bills of the left item's counterparty that show a number of its text (`common_numbers`), settled by `amounts`."""

    KIND: ClassVar[str] = "common_number"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["common_number"] = "common_number"
    amounts: AmountRules = (AmountRule(rule="equal"), AmountRule(rule="sum"), AmountRule(rule="subset"))
    odds: float = 20_000.0

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of open items of one counterparty that show a number in common."""
        edges = numbers_met(context)
        if edges.is_empty():
            return
        left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
        edges = edges.filter(pl.Series(context.compatible(left, right), dtype=pl.Boolean))
        if edges.is_empty():
            return
        against = another_period(context, edges["left"].to_numpy(), edges["right"].to_numpy())
        short = (pl.col("size").cast(pl.Float64) - _SURE_SIZE).clip(upper_bound=0.0)
        serial = pl.when(pl.col("serial") >= _SERIAL).then(_OF_SERIAL).otherwise(1.0)
        edges = edges.filter(~pl.Series(against)).select(
            "left",
            "right",
            odds=pl.lit(self.odds) * pl.lit(10.0).pow(short) * serial,
            evidence=pl.lit(0, pl.UInt16),
            typed=pl.lit(True),
        )
        yield from settle_first(
            context, edges, self.amounts, ("both show the same number, which no other of this counterparty's does",)
        )
