"""Charges by which payments are short that name their bills: what many are short by is a charge, and no part or slip."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.amount_differences import bound
from reconciliation.matching.amount_rules import AmountRule
from reconciliation.matching.context import LegContext
from reconciliation.matching.fee_habits import habit_ratios

_MOST = 100.0  # times that a charge which others bear too is likelier
_USUAL = 3.0  # times from which it is one that others bear


def likelier_charges(context: LegContext, edges: pl.DataFrame, rule: AmountRule) -> pl.DataFrame:
    """`left`, `likelier`, `alone` of the left items of edges that are short of what they name (`left`, `right`, `mine`, `other`,
    `odds`): how many times likelier a charge makes it that others bear as well, at least 1; and whether nobody else bears it and it is
    more than what one may bear alone."""
    named = edges.group_by("left", maintain_order=True).agg(
        pl.col("right").first(), pl.col("mine").first(), pl.col("other").sum(), pl.col("odds").min()
    )
    differences = (named["mine"] - named["other"]).to_numpy()
    amounts = named["other"].to_numpy()
    bounds = bound(context, named, rule).astype(np.float64)
    odds = named["odds"].to_numpy() * rule.factor
    ratios = habit_ratios(differences, amounts, bounds, odds / (1 + odds))
    likelier = pl.Series("likelier", np.clip(ratios, 1.0, _MOST))
    much = np.abs(differences) > np.abs(amounts.astype(np.float64)) * rule.alone
    return named.select("left", likelier, alone=pl.Series(much & (ratios < _USUAL), dtype=pl.Boolean))
