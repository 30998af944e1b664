"""What legs decided: their tables and figures, without the suggestions and ties that gave way to later legs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from reconciliation.matching.encoding import Encoding
from reconciliation.matching.rules import Leg, Rules
from reconciliation.matching.sign_check import sign_warning
from reconciliation.matching.summaries import LegFigures


def summary(
    rules: Rules, encoding: Encoding, outcomes: Sequence[LegOutcome], encoded: float, total: float
) -> dict[str, object]:
    """The figures of a run, as summary.json has them; `encoded` and `total` are seconds."""
    warnings = (sign_warning(made.leg, *made.signs) for made in outcomes)
    return {
        "rules_version": rules.version,
        "datasets": {name: data.height for name, data in encoding.datasets.items()},
        "float_columns": {name: list(columns) for name, columns in encoding.float_columns.items()},
        "legs": {made.leg.name: made.figures.shown() for made in outcomes},
        "warnings": [warning for warning in warnings if warning is not None],
        "seconds": {"encode": round(encoded, 3), "total": round(total, 3)},
    }


@dataclass(frozen=True)
class LegOutcome:
    """What a leg decided: its tables (`results.LegTables`), the standing matches of later legs and the suggestions of earlier ones
    that gave way to it, what the latter held (`doubts.HELD`) and leave open (UNMATCHED), its figures, and how many amounts met
    with equal and with opposite signs."""

    leg: Leg
    groups: pl.DataFrame
    items: pl.DataFrame
    unmatched: pl.DataFrame
    gave_way: pl.DataFrame
    freed: pl.DataFrame
    reopened: pl.DataFrame
    figures: LegFigures
    signs: tuple[int, int]

    def certain(self) -> LegOutcome:
        """Without suggestions and ties, which may give way to a later leg."""
        sure = self.groups.filter(pl.col("status") == "matched")
        return replace(self, groups=sure, items=self.items.join(sure.select("group_id"), on="group_id", how="semi"))

    def doubtful(self) -> LegOutcome:
        """The suggestions and ties alone."""
        unsure = self.groups.filter(pl.col("status") != "matched")
        items = self.items.join(unsure.select("group_id"), on="group_id", how="semi")
        return replace(self, groups=unsure, items=items, unmatched=self.unmatched.clear())

    def without(self, freed: pl.DataFrame, reopened: pl.DataFrame) -> LegOutcome:
        """Without what gave way to later legs (`doubts.HELD`), and with what that leaves open (UNMATCHED)."""
        freed, told = (each.filter(pl.col("leg") == self.leg.name) for each in (freed, reopened))
        gone = self.groups.filter(pl.col("group_id").is_in(freed["group_id"].implode()))
        if gone.is_empty():
            return self
        self.figures.lose(gone, freed.join(gone, on="group_id", how="semi"), told)
        kept = ~pl.col("group_id").is_in(gone["group_id"].implode())
        groups, items = (each.filter(kept) for each in (self.groups, self.items))
        return replace(self, groups=groups, items=items, unmatched=pl.concat([self.unmatched, told]))

    def figures_only(self, before: LegOutcome | None) -> LegOutcome:
        """The figures without the tables, with those of the same leg over other items."""
        signs = self.signs
        if before is not None:
            before.figures.add(self.figures)
            signs = (self.signs[0] + before.signs[0], self.signs[1] + before.signs[1])
        figures = self.figures if before is None else before.figures
        groups, items, unmatched = self.groups.clear(), self.items.clear(), self.unmatched.clear()
        none = self.gave_way.clear(), self.freed.clear(), self.reopened.clear()
        return LegOutcome(self.leg, groups, items, unmatched, *none, figures, signs)


def settled_doubts(outcomes: Sequence[LegOutcome]) -> list[LegOutcome]:
    """What legs decided, without the suggestions and ties that gave way to later ones of them."""
    freed, reopened = (
        pl.concat(each) for each in zip(*((made.freed, made.reopened) for made in outcomes), strict=True)
    )
    return [made.without(freed, reopened) for made in outcomes]
