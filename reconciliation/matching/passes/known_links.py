"""Pairs that somebody has stated: a remittance advice, an ERP clearing, a payment run's own list of invoices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.context import LegContext
from reconciliation.matching.contradiction import spoken_against
from reconciliation.matching.encoding import Mask
from reconciliation.matching.party_codes import party_codes
from reconciliation.matching.party_evidence import OTHER, agrees_elsewhere, party_classes
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.settlement import settle

_STATED = 20.0  # how much more a doubtful link is believed than its counterparties, which are not the same: somebody has stated it
_IN_PART = ("withheld", "partial")  # ways in which the amounts do not agree


class KnownLinks(PassConfig):
    """Known links of the leg's two datasets, settled by `amounts`.

    A link is a mistake as well where the amounts do not agree and the left item speaks of another item, is of another
    counterparty, or comes to what another item of its counterparty does: such a one settles no part of its item, unless
    `doubtful` ones are asked for.
    """

    KIND: ClassVar[str] = "links"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["links"] = "links"
    amounts: AmountRules = (
        AmountRule(rule="equal"),
        AmountRule(rule="sum"),
        AmountRule(rule="linked"),
        AmountRule(rule="discount", days=5),
        AmountRule(rule="rounding"),
        AmountRule(rule="withheld", share=0.25),
        AmountRule(rule="partial", odds=0.1),
    )
    doubtful: bool = False
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
        sentence = ("a known link names both",)
        if self.doubtful:
            strange = party_classes(context, edges["left"].to_numpy(), edges["right"].to_numpy()) == OTHER
            edges = edges.with_columns(odds=pl.when(pl.Series(strange)).then(_STATED * self.odds).otherwise(self.odds))
            yield from settle(context, edges, self.amounts, sentence)
            return
        certain = [rule for rule in self.amounts if rule.rule not in _IN_PART]
        yield from settle(context, edges, certain, sentence)
        edges = context.still_open(edges)
        if edges.is_empty():
            return
        left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
        against = spoken_against(context, left, right) | agrees_elsewhere(context, left, right, sides=(0,))
        strange = party_classes(context, left, right) == OTHER
        for rule in self.amounts:
            if rule.rule in _IN_PART:
                # who pays for several of other names is a broker or a factor, and keeps his share
                doubtful = strange & ~_for_several(context, edges) if rule.rule == "withheld" else strange
                yield from settle(context, edges.filter(pl.Series(~(against | doubtful))), [rule], sentence)


def _for_several(context: LegContext, edges: pl.DataFrame) -> Mask:
    """By edge: whether its left item is linked to items of several counterparties."""
    party = party_codes(context.right.dataset).gather(edges["right"]).alias("party")
    several = edges.select("left", party).select(pl.col("party").n_unique().over("left") > 1)
    found: Mask = several.to_series().to_numpy()
    return found
