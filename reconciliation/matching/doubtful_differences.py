"""Amounts that differ, and what else may be the reason than a charge: what the payer deducted, another item of the counterparty."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.amount_differences import fee_taken
from reconciliation.matching.amount_rules import AmountRule
from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Mask
from reconciliation.matching.named_items import list_goes_on
from reconciliation.matching.other_sums import of_several_parties, rest_is_another
from reconciliation.matching.proposals import SUGGESTED_ODDS
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.purposes import deducted

_AS_SURELY = 0.1  # of the odds of another item named, from which a payer means both


def charged(context: LegContext, edges: pl.DataFrame, rule: AmountRule) -> Mask:
    """Whether a bank's charge explains that less came than was asked: not where the text says that the payer has deducted it."""
    taken = fee_taken(context, edges, rule)
    if taken.any():
        texts = context.left.dataset.take(["text"], edges["left"].to_numpy()[taken])["text"]
        said = pl.DataFrame({"said": ascii_upper_series(texts)}).select(~deducted(pl.col("said")))
        taken[taken] = said.to_series().to_numpy()
    return taken


def in_doubt(context: LegContext, kept: pl.DataFrame, edges: pl.DataFrame, rule: AmountRule) -> pl.DataFrame:
    """Edges of amounts that differ (without `edges`, those of sums), suggestions at most where other items may explain the
    difference: the left item names others of the `edges` as surely, what it names is of several counterparties, or the
    rest is what another item of the counterparty comes to, or two; or its text is cut off in another number."""
    if rule.rule == "rounding" or kept.is_empty():
        return kept
    total = pl.col("other").sum().over("left") if edges.is_empty() else pl.col("other")
    rests = kept.select("left", "right", rest=pl.col("mine") - total)
    found = [_named_beside(kept, edges), of_several_parties(context, kept) if edges.is_empty() else kept.clear()]
    # what a machine has sent names one item, and the whole of what was paid
    typed = kept["typed"] if "typed" in kept.columns else pl.repeat(True, kept.height, eager=True)
    found.append(rest_is_another(context, rests.filter(typed & (kept["odds"] * rule.factor >= context.leg.sure_odds))))
    found.append(kept.filter(pl.Series(list_goes_on(context, kept["left"].to_numpy(), kept["right"].to_numpy()))))
    doubtful = pl.concat([each[["left", "right"]] for each in found])
    if doubtful.is_empty():
        return kept
    doubtful = doubtful.unique().with_columns(doubtful=True)
    marked = kept.join(doubtful, on=["left", "right"], how="left", maintain_order="left")
    most = pl.col("odds").clip(upper_bound=SUGGESTED_ODDS / rule.factor)
    return marked.with_columns(odds=pl.when("doubtful").then(most).otherwise("odds")).drop("doubtful")


def _named_beside(kept: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Those edges whose left item names other right items about as surely."""
    named = edges.filter(pl.col("odds") >= pl.col("odds").max().over("left") * _AS_SURELY)
    beside = kept.join(named.select("left", named="right"), on="left").filter(pl.col("right") != pl.col("named"))
    return beside.select("left", "right")
